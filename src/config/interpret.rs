//! Interprets the tree of a configuration as [`Settings`]: the small sections, and all keys that
//! regctl does not implement.
//!
//! Ignoring a key is a warning if clients lose nothing by it. It is an error if the registry would
//! be open to more people, or would serve other data.

use std::collections::BTreeMap;
use std::path::Path;

use super::access::auth_settings;
use super::acme::AcmeFlags;
use super::collection::own_settings;
use super::error::ConfigError;
use super::health::health_settings;
use super::node::{Node, Value};
use super::places::FilePlaces;
use super::section::{Field, Section, Warnings, unsupported};
use super::settings::{
    IndexPlatforms, LogFormat, LogLevel, LogSettings, Settings, ValidationSettings,
};
use super::storage::storage_settings;
use super::values::{self, BadValue};
use super::wire::http_settings;
use crate::oci::Platform;

/// The top-level keys.
pub(super) const TOP: [&str; 18] = [
    "version",
    "log",
    "loglevel",
    "storage",
    "auth",
    "middleware",
    "reporting",
    "http",
    "notifications",
    "redis",
    "health",
    "catalog",
    "tags",
    "proxy",
    "validation",
    "policy",
    "compatibility",
    "regctl",
];

/// The pattern for an empty list of allowed URLs, as in registry:2. It matches no URL.
const NO_URL: &str = "^$";
/// Default maximum number of entries of a page.
const PAGE: usize = 1000;

/// The source of defaults for missing keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Basis {
    /// registry:2: there is a file.
    File,
    /// regctl: there is no file.
    Nothing,
}

/// The flags, which take precedence.
#[derive(Debug, Clone, Copy)]
pub(super) struct Flags<'a> {
    pub(super) root: Option<&'a Path>,
    pub(super) listen: Option<&'a str>,
    pub(super) accounts: Option<bool>,
    pub(super) tls: Option<&'a str>,
    pub(super) hosts: &'a [String],
    pub(super) acme: &'a AcmeFlags,
}

/// Interprets a tree.
pub(super) fn interpret(
    root: Node,
    basis: Basis,
    flags: Flags<'_>,
    warnings: &mut Warnings,
) -> Result<Settings, ConfigError> {
    if !matches!(&root.value, Value::Map(_) | Value::Null) {
        return Err(ConfigError::Syntax {
            place: root.place,
            reason: "a configuration is keys and their values".to_owned(),
            hint: "begin with version: 0.1",
        });
    }
    let mut top = Section::of(String::new(), root)?;
    version(&mut top, basis)?;
    refuse_dangerous(&mut top, warnings)?;
    let auth = auth_settings(&mut top, warnings)?;
    let own = own_settings(&mut top, auth, flags.accounts, warnings)?;
    let settings = Settings {
        access: own.access,
        workloads: own.workloads,
        oidc: own.oidc,
        log: log_settings(&mut top, warnings)?,
        storage: storage_settings(&mut top, basis, flags.root, warnings)?,
        http: http_settings(&mut top, basis, own.acme, flags, warnings)?,
        health: health_settings(&mut top, warnings)?,
        catalog_limit: page_limit(&mut top, "catalog", "maxentries", warnings)?,
        tag_limit: page_limit(&mut top, "tags", "maxtags", warnings)?,
        validation: validation_settings(&mut top, warnings)?,
        collection: own.collection,
        retention: own.retention,
        index: own.index,
        scrub: own.scrub,
        content: own.content,
        pages: own.pages,
        reach: own.reach,
        audit: own.audit,
        places: FilePlaces::default(),
    };
    for (key, instead) in [
        ("notifications", "is not done yet: no events are sent"),
        (
            "middleware",
            "is not done: requests, repositories and storage are served without it",
        ),
        ("redis", "is not used: regctl keeps its own cache and index"),
        ("reporting", "is not done: failures go to the log only"),
        ("policy", "is not done: content of every class is accepted"),
        (
            "compatibility",
            "is not done: manifests of schema 1 are neither accepted nor served",
        ),
    ] {
        top.ignore(key, instead, warnings);
    }
    top.finish(warnings);
    Ok(settings)
}

/// A file must have a version, and only one version exists.
fn version(top: &mut Section, basis: Basis) -> Result<(), ConfigError> {
    const HINT: &str = "write version: 0.1 at the top";
    let found = top.value("version", |text| match text {
        "0.1" => Ok(()),
        _ => Err(BadValue::not(text, "a version that regctl reads", HINT)),
    })?;
    if found.is_none() && basis == Basis::File {
        return Err(ConfigError::Value {
            place: top.place().clone(),
            key: "version".to_owned(),
            reason: "is missing".to_owned(),
            hint: HINT.to_owned(),
        });
    }
    Ok(())
}

/// Refuses features that regctl lacks and that can't be ignored safely.
fn refuse_dangerous(top: &mut Section, warnings: &mut Warnings) -> Result<(), ConfigError> {
    let mut proxy = top.section("proxy")?;
    if let Some(field) = proxy.take("remoteurl") {
        return Err(unsupported(
            field,
            "enables a pull-through cache, which regctl does not support yet",
            "remove proxy to serve the stored content, or keep the other registry in front",
        ));
    }
    for (_, field) in proxy.rest() {
        warnings.add(
            &field.node.place,
            &field.path,
            "has no effect: there is no proxy.remoteurl",
        );
    }
    Ok(())
}

fn log_settings(top: &mut Section, warnings: &mut Warnings) -> Result<LogSettings, ConfigError> {
    // The older spelling; the newer one takes precedence.
    let level = top.value("loglevel", values::log_level)?;
    let mut log = top.section("log")?;
    let level = log.value("level", values::log_level)?.or(level);
    let format = log.value("formatter", values::log_format)?;
    let mut fields = BTreeMap::new();
    for (name, field) in log.section("fields")?.rest() {
        match field.node.value {
            Value::Scalar(text) => {
                fields.insert(name, text);
            }
            Value::Null => {
                fields.insert(name, String::new());
            }
            Value::List(_) | Value::Map(_) => warnings.add(
                &field.node.place,
                &field.path,
                "is not a plain value: it is left out of the log",
            ),
        }
    }
    let mut access = log.section("accesslog")?;
    let disabled = access.value("disabled", values::boolean)?;
    access.finish(warnings);
    log.ignore(
        "hooks",
        "is not done: messages go to the log only",
        warnings,
    );
    log.ignore(
        "reportcaller",
        "is not done: messages name the part of regctl they come from",
        warnings,
    );
    log.finish(warnings);
    Ok(LogSettings {
        level: level.unwrap_or(LogLevel::Info),
        format: format.unwrap_or(LogFormat::Text),
        fields,
        access_log: !disabled.unwrap_or(false),
    })
}

/// The limit of a page; values that are not positive mean the default, as in registry:2.
fn page_limit(
    top: &mut Section,
    section: &str,
    key: &str,
    warnings: &mut Warnings,
) -> Result<usize, ConfigError> {
    let mut section = top.section(section)?;
    let limit = section.value(key, values::number)?;
    section.finish(warnings);
    Ok(limit
        .and_then(|limit| usize::try_from(limit).ok())
        .filter(|limit| *limit > 0)
        .unwrap_or(PAGE))
}

fn validation_settings(
    top: &mut Section,
    warnings: &mut Warnings,
) -> Result<ValidationSettings, ConfigError> {
    let mut validation = top.section("validation")?;
    let enabled = validation.value("enabled", values::boolean)?;
    let disabled = validation.value("disabled", values::boolean)?;
    let mut manifests = validation.section("manifests")?;
    let mut urls = manifests.section("urls")?;
    let allow = urls.written_list("allow")?;
    let is_written = allow.is_some();
    let mut urls_allow = patterns(allow.unwrap_or_default())?;
    let urls_deny = patterns(urls.list("deny")?)?;
    if is_written && urls_allow.is_empty() && urls_deny.is_empty() {
        urls_allow.push(NO_URL.to_owned());
    }
    urls.finish(warnings);
    let mut indexes = manifests.section("indexes")?;
    let index_platforms = index_platforms(&mut indexes, warnings)?;
    indexes.finish(warnings);
    manifests.finish(warnings);
    validation.finish(warnings);
    // registry:2 first had only `enabled`; since it has `disabled`, that decides unless `enabled`
    // is true.
    if enabled == Some(true) || disabled != Some(true) {
        Ok(ValidationSettings {
            urls_allow,
            urls_deny,
            index_platforms,
            enabled: true,
        })
    } else {
        Ok(ValidationSettings {
            urls_allow: Vec::new(),
            urls_deny: Vec::new(),
            index_platforms: IndexPlatforms::None,
            enabled: false,
        })
    }
}

fn patterns(items: Vec<Field>) -> Result<Vec<String>, ConfigError> {
    items
        .into_iter()
        .map(|item| item.read(values::pattern))
        .collect()
}

fn index_platforms(
    indexes: &mut Section,
    warnings: &mut Warnings,
) -> Result<IndexPlatforms, ConfigError> {
    let choice = indexes.value("platforms", |text| {
        let choice = text.to_ascii_lowercase();
        match choice.as_str() {
            "all" | "none" | "list" => Ok(choice),
            _ => Err(BadValue::not(
                text,
                "a choice of platforms",
                "write all, none or list",
            )),
        }
    })?;
    let mut platforms = Vec::new();
    for item in indexes.list("platformlist")? {
        let mut section = Section::of(item.path, item.node)?;
        let platform = Platform {
            os: section.text("os")?.unwrap_or_default(),
            architecture: section.text("architecture")?.unwrap_or_default(),
            variant: None,
            os_version: None,
        };
        section.finish(warnings);
        platforms.push(platform);
    }
    Ok(match choice.as_deref() {
        Some("all") => IndexPlatforms::All,
        Some("list") => IndexPlatforms::List(platforms),
        // registry:3 reads a missing choice as `all`; here a sparse index is refused only if the
        // file asks for it.
        _ => IndexPlatforms::None,
    })
}
