//! The section `regctl`: garbage collection, tag retention, and the background check.
//!
//! The terms are those of the commands `gc`, `prune` and `check`. An unknown key in a retention
//! rule is an error: without it the rule would delete more than intended.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use super::access::{AccessSettings, own_access};
use super::acme::{OwnAcme, own_acme};
use super::audit::audit_settings;
use super::content::{ContentSettings, content_settings};
use super::cron::CronPattern;
use super::error::ConfigError;
use super::oidc::{OidcProviderSettings, oidc};
use super::pages::{PagesSettings, pages_settings};
use super::reach::{ReachSettings, reach_settings};
use super::section::{Field, Section, Warnings, refused};
use super::values::{self, BadValue};
use super::workloads::{WorkloadSettings, workloads};
use crate::clock::Millis;
use crate::oci::{RetentionRule, can_be_pattern};

/// Default duration of a lease.
const LEASE: Duration = Duration::from_hours(1);
/// Default time for which deleted tags and manifests can be restored.
const TRASH: Duration = Duration::from_hours(24);
/// Default rate of the background check, in bytes a second.
const SCRUB_RATE: u64 = 4 << 20;
/// Default interval of the background check.
const SCRUB_INTERVAL: Duration = Duration::from_hours(30 * 24);

/// Settings of garbage collection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CollectionSettings {
    /// When the server applies the retention rules and collects; `None`: never.
    pub schedule: Option<Schedule>,
    /// Whether unreferenced manifests are deleted as well, and their minimum age.
    pub untagged: Option<Duration>,
    /// How long a lease lasts: a client may rely on an existing blob for that long.
    pub lease: Duration,
    /// How long deleted tags and manifests can be restored; zero: not at all.
    pub trash: Duration,
}

impl Default for CollectionSettings {
    fn default() -> Self {
        Self {
            schedule: None,
            untagged: None,
            lease: LEASE,
            trash: TRASH,
        }
    }
}

/// When a recurring task runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Schedule {
    /// At a fixed interval after the last run.
    Every(Duration),
    /// At the times of a cron pattern, in the system's time zone.
    At(Box<CronPattern>),
}

impl FromStr for Schedule {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Ok(interval) = values::period(text) {
            return match interval {
                Duration::ZERO => Err("zero".to_owned()),
                interval => Ok(Self::Every(interval)),
            };
        }
        match text.parse::<CronPattern>() {
            Ok(cron) if !cron.occurs() => Err("a day that never comes".to_owned()),
            Ok(cron) => Ok(Self::At(Box::new(cron))),
            Err(()) => Err("neither a cron pattern nor a duration".to_owned()),
        }
    }
}

impl fmt::Display for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Every(interval) => write!(f, "every {}", values::words(*interval)),
            Self::At(cron) => write!(f, "at {cron}"),
        }
    }
}

/// The background check, which reads all content at a limited rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ScrubSettings {
    /// Maximum number of bytes read per second; never zero.
    pub rate: u64,
    /// The time between the starts of two rounds; never zero.
    pub interval: Duration,
}

/// The keys of regctl itself.
pub(super) struct Own {
    pub(super) access: AccessSettings,
    pub(super) collection: CollectionSettings,
    pub(super) retention: Vec<RetentionRule>,
    pub(super) index: Option<PathBuf>,
    pub(super) scrub: Option<ScrubSettings>,
    pub(super) content: ContentSettings,
    pub(super) pages: PagesSettings,
    pub(super) reach: ReachSettings,
    pub(super) audit: Duration,
    pub(super) acme: OwnAcme,
    pub(super) workloads: Vec<WorkloadSettings>,
    pub(super) oidc: Option<OidcProviderSettings>,
}

pub(super) fn own_settings(
    top: &mut Section,
    auth: AccessSettings,
    accounts: Option<bool>,
    warnings: &mut Warnings,
) -> Result<Own, ConfigError> {
    let mut own = top.section("regctl")?;
    let mut section = own.section("gc")?;
    let default = CollectionSettings::default();
    let collection = CollectionSettings {
        schedule: section.value("schedule", schedule)?,
        untagged: section.value("untagged", untagged)?.flatten(),
        lease: section
            .value("lease", values::positive_period)?
            .unwrap_or(default.lease),
        trash: section
            .value("trash", values::period)?
            .unwrap_or(default.trash),
    };
    section.finish(warnings);
    let mut retention = Vec::new();
    if let Some(field) = own.take("retention") {
        let (place, path) = (field.node.place.clone(), field.path.clone());
        for item in field.items()? {
            retention.push(rule(item)?);
        }
        if collection.schedule.is_none() {
            warnings.add(&place, &path, "has no effect without regctl.gc.schedule");
        }
    }
    let index = own.text("index")?.map(PathBuf::from);
    let scrub = scrub(&mut own, warnings)?;
    let content = content_settings(&mut own, warnings)?;
    let pages = pages_settings(&mut own, warnings)?;
    let access = own_access(&mut own, auth, accounts, warnings)?;
    let reach = reach_settings(&mut own, warnings)?;
    let audit = audit_settings(&mut own, warnings)?;
    let workloads = workloads(&mut own, &access, warnings)?;
    let oidc = oidc(&mut own, &access, warnings)?;
    let acme = own_acme(&mut own, warnings)?;
    own.finish(warnings);
    Ok(Own {
        access,
        collection,
        retention,
        index,
        scrub,
        content,
        pages,
        reach,
        audit,
        acme,
        workloads,
        oidc,
    })
}

fn schedule(text: &str) -> Result<Schedule, BadValue> {
    text.parse().map_err(|what: String| BadValue {
        reason: format!("is {text:?}, which is {what}"),
        hint: "write a cron pattern as in '0 3 * * *', or an interval as in 24h",
    })
}

/// `true`, `false`, or a minimum age.
fn untagged(text: &str) -> Result<Option<Duration>, BadValue> {
    if let Ok(all) = values::boolean(text) {
        return Ok(all.then_some(Duration::ZERO));
    }
    values::period(text).map(Some).map_err(|_| {
        BadValue::not(
            text,
            "true, false or a duration",
            "write true, or the minimum age of manifests, as in 7d",
        )
    })
}

fn rule(item: Field) -> Result<RetentionRule, ConfigError> {
    let (whole, mut section) = {
        let place = item.node.place.clone();
        let path = item.path.clone();
        let node = super::node::Node::null(place);
        (Field { path, node }, Section::of(item.path, item.node)?)
    };
    let rule = RetentionRule {
        repositories: patterns(&mut section, "repositories")?,
        keep_last: section.value("keep-last", values::count)?,
        older_than: section.value("older-than", age)?,
        matching: patterns(&mut section, "match")?,
        exclude: patterns(&mut section, "exclude")?,
        not_pulled_for: section.value("not-pulled-for", age)?,
        all: section.value("all", values::boolean)?.unwrap_or(false),
    };
    if let Some((_, field)) = section.rest().into_iter().next() {
        return Err(refused(
            field,
            "is not a key of a retention rule, and without it the rule could delete too much",
            "the keys are repositories, keep-last, older-than, match, exclude, not-pulled-for, all",
        ));
    }
    if rule.repositories.is_empty() {
        return Err(refused(
            whole,
            "names no repositories",
            "write repositories: 'team/*', or '**' for all",
        ));
    }
    if rule.selects_nothing() {
        return Err(refused(
            whole,
            "does not say which tags to delete",
            "give it keep-last, older-than, match or not-pulled-for",
        ));
    }
    if let Err(error) = rule.check() {
        let hint = "make several rules of it, or correct the age";
        return Err(refused(whole, format!("can't be used: {error}"), hint));
    }
    Ok(rule)
}

/// An age, in milliseconds.
fn age(text: &str) -> Result<Millis, BadValue> {
    let period = values::period(text)?;
    Ok(Millis::try_from(period.as_millis()).unwrap_or(Millis::MAX))
}

fn patterns(section: &mut Section, key: &str) -> Result<Vec<String>, ConfigError> {
    let Some(field) = section.take_written(key) else {
        return Ok(Vec::new());
    };
    if key == "match" && field.is_empty() {
        // Without the key a rule deletes tags of every name.
        let reason = "is empty, so it matches no tag";
        return Err(refused(field, reason, "write patterns, or remove the key"));
    }
    if field.is_empty() {
        return Ok(Vec::new());
    }
    field
        .items()?
        .into_iter()
        .map(|item| {
            item.read(|text| {
                let hint = "write it as in 'v*' or 'team/**'";
                if !can_be_pattern(text) {
                    let what = "a pattern of 1 to 255 ASCII characters without spaces";
                    return Err(BadValue::not(text, what, hint));
                }
                if globset::Glob::new(text).is_err() {
                    return Err(BadValue::not(text, "a pattern", hint));
                }
                Ok(text.to_owned())
            })
        })
        .collect()
}

/// A section with any key enables the check.
fn scrub(own: &mut Section, warnings: &mut Warnings) -> Result<Option<ScrubSettings>, ConfigError> {
    let Some(field) = own.take("scrub") else {
        return Ok(None);
    };
    let mut section = Section::of(field.path, field.node)?;
    let enabled = section.value("enabled", values::boolean)?;
    let settings = ScrubSettings {
        rate: section
            .value("rate", values::byte_rate)?
            .unwrap_or(SCRUB_RATE),
        interval: section
            .value("interval", values::positive_period)?
            .unwrap_or(SCRUB_INTERVAL),
    };
    section.finish(warnings);
    Ok(enabled.unwrap_or(true).then_some(settings))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn schedules() {
        let parsed = |text: &str| text.parse::<Schedule>().unwrap();
        for (text, interval) in [("90m", 90), ("1d", 24 * 60)] {
            let interval = Duration::from_mins(interval);
            assert_eq!(parsed(text), Schedule::Every(interval));
        }
        for text in ["0 3 * * *", "@hourly"] {
            assert!(matches!(parsed(text), Schedule::At(_)), "{text}");
        }
        for text in ["", "0s", "soon", "61 * * * *", "5", "0 0 30 2 *"] {
            assert!(text.parse::<Schedule>().is_err(), "{text:?}");
        }
    }
}
