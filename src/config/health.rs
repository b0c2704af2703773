//! The section `health`: health checks.

use std::path::PathBuf;
use std::time::Duration;

use super::error::{ConfigError, Place};
use super::section::{Section, Warnings};
use super::settings::{FileCheck, HealthCheck, HealthSettings, HttpCheck, TcpCheck};
use super::values;
use super::wire::headers;

/// registry:2's default interval.
const INTERVAL: Duration = Duration::from_secs(10);

pub(super) fn health_settings(
    top: &mut Section,
    warnings: &mut Warnings,
) -> Result<HealthSettings, ConfigError> {
    let mut health = top.section("health")?;
    let mut settings = HealthSettings::default();

    let mut storage = health.section("storagedriver")?;
    let enabled = storage.value("enabled", values::boolean)?;
    let check = health_check(&mut storage)?;
    storage.finish(warnings);
    settings.storage = enabled.unwrap_or(false).then_some(check);

    for mut section in sections(&mut health, "file")? {
        let path = needed(section.text("file")?, "file", &section)?;
        settings.files.push(FileCheck {
            path: PathBuf::from(path),
            check: health_check(&mut section)?,
        });
        section.finish(warnings);
    }
    for mut section in sections(&mut health, "http")? {
        let uri = section.value("uri", values::checked_address)?;
        let check = health_check(&mut section)?;
        settings.http.push(HttpCheck {
            uri: needed(uri, "uri", &section)?,
            headers: headers(&mut section, |_| Ok(()))?,
            status: section
                .value("statuscode", values::status_code)?
                .unwrap_or(200),
            timeout: timeout(&mut section, check)?,
            check,
        });
        section.finish(warnings);
    }
    for mut section in sections(&mut health, "tcp")? {
        let address = section.value("addr", values::peer_address)?;
        let check = health_check(&mut section)?;
        settings.tcp.push(TcpCheck {
            address: needed(address, "addr", &section)?,
            timeout: timeout(&mut section, check)?,
            check,
        });
        section.finish(warnings);
    }
    health.finish(warnings);
    Ok(settings)
}

fn sections(health: &mut Section, key: &str) -> Result<Vec<Section>, ConfigError> {
    health
        .list(key)?
        .into_iter()
        .map(|item| Section::of(item.path, item.node))
        .collect()
}

/// The interval and the threshold; zero means the default, as in registry:2.
fn health_check(section: &mut Section) -> Result<HealthCheck, ConfigError> {
    let interval = section.value("interval", values::duration)?;
    let threshold = section.value("threshold", values::count)?;
    Ok(HealthCheck {
        interval: interval
            .filter(|interval| !interval.is_zero())
            .unwrap_or(INTERVAL),
        threshold: threshold.unwrap_or(1).max(1),
    })
}

/// The timeout of a check. registry:2 has none; here it is at most the interval.
fn timeout(section: &mut Section, check: HealthCheck) -> Result<Duration, ConfigError> {
    let timeout = section.value("timeout", values::duration)?;
    Ok(timeout
        .filter(|timeout| !timeout.is_zero())
        .unwrap_or(check.interval))
}

fn needed<T>(value: Option<T>, key: &str, section: &Section) -> Result<T, ConfigError> {
    value.ok_or_else(|| {
        let place: Place = section.place().clone();
        ConfigError::Value {
            place,
            key: section.path_of(key),
            reason: "is missing".to_owned(),
            hint: "name the target of the check, or remove it".to_owned(),
        }
    })
}
