//! From the configuration to the rules of the registry.

use std::time::Duration;

use anyhow::Context as _;

use crate::clock::Millis;
use crate::config::{IndexPlatforms, Settings, ValidationSettings};
use crate::registry::{RequiredChildren, Rules};

/// What the registry goes by.
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
        // A lease is extended when half of it is left: an answer binds for half of it at least.
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

/// A duration as the registry counts it.
pub(super) fn milliseconds(duration: Duration) -> Millis {
    Millis::try_from(duration.as_millis()).unwrap_or(Millis::MAX)
}
