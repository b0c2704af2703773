//! Creates the rules of the registry from the configuration, and their description for the pages.

use std::path::Path;
use std::time::Duration;

use anyhow::Context as _;

use crate::admin::{AccountsUnused, ConfiguredRetention};
use crate::clock::Millis;
use crate::config::{AccessSettings, IndexPlatforms, Schedule, Settings, ValidationSettings};
use crate::registry::{RequiredChildren, Rules};
use crate::web;

/// The rules of the registry.
pub(super) fn rules(settings: &Settings) -> anyhow::Result<Rules> {
    let ValidationSettings {
        urls_allow,
        urls_deny,
        index_platforms,
        ..
    } = &settings.validation;
    let compile = |patterns: &[String]| {
        patterns
            .iter()
            .map(|pattern| {
                regex::Regex::new(pattern).with_context(|| format!("the pattern {pattern:?}"))
            })
            .collect::<anyhow::Result<Vec<_>>>()
    };
    Ok(Rules {
        delete: settings.storage.delete,
        read_only: settings.storage.read_only,
        // A lease is extended when half of it is left, so an answer is valid for at least that
        // long.
        lease: milliseconds(settings.collection.lease).saturating_mul(2),
        trash: milliseconds(settings.collection.trash),
        events: milliseconds(settings.audit),
        uploads: settings
            .storage
            .upload_purging
            .filter(|purging| !purging.dry_run)
            .map(|purging| milliseconds(purging.age)),
        addresses_allowed: compile(urls_allow)?,
        addresses_denied: compile(urls_deny)?,
        children: match index_platforms {
            IndexPlatforms::All => RequiredChildren::All,
            IndexPlatforms::None => RequiredChildren::None,
            IndexPlatforms::List(platforms) => RequiredChildren::Platforms(
                platforms
                    .iter()
                    .map(|one| (one.os.clone(), one.architecture.clone()))
                    .collect(),
            ),
        },
        required_layers: settings.content.layers,
        known_types: settings.content.known_types,
        verify_reads: settings.content.reads,
    })
}

/// The configured retention.
pub(super) fn retention(settings: &Settings) -> ConfiguredRetention {
    ConfiguredRetention {
        rules: settings.retention.as_slice().into(),
        applies: settings.collection.schedule.is_some() && !settings.storage.read_only,
    }
}

/// Why the accounts of the root have no effect in a server with these settings.
pub(super) fn accounts_unused(settings: &Settings) -> Option<AccountsUnused> {
    match settings.access {
        AccessSettings::Open => Some(AccountsUnused::Open),
        AccessSettings::Htpasswd { .. } => Some(AccountsUnused::Htpasswd),
        AccessSettings::TokenServer(_) => Some(AccountsUnused::TokenServer),
        AccessSettings::Accounts { .. } => None,
    }
}

/// The configuration of collections, for the pages.
pub(super) fn upkeep(settings: &Settings, file: Option<&Path>) -> web::Upkeep {
    let schedule = settings.collection.schedule.as_ref();
    web::Upkeep {
        read_only: settings.storage.read_only,
        schedule: schedule.map(|schedule| match schedule {
            Schedule::Every(interval) => web::Schedule::Every(milliseconds(*interval)),
            Schedule::At(pattern) => web::Schedule::At(pattern.to_string()),
        }),
        untagged: settings.collection.untagged.map(milliseconds),
        file: file.map(Path::to_path_buf),
    }
}

/// A duration in milliseconds.
pub(super) fn milliseconds(duration: Duration) -> Millis {
    Millis::try_from(duration.as_millis()).unwrap_or(Millis::MAX)
}
