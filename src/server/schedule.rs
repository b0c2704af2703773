//! What the server does by itself at its time: retention and collection, as the commands do them,
//! and the check that reads everything slowly.

use std::time::Duration;

use jiff::Zoned;

use super::admin::{Administration, Event, FailureKind, Operation, Outcome};
use super::milliseconds;
use super::tasks::Tasks;
use crate::config::{CollectionSettings, RetentionRule, Schedule, ScrubSettings, Settings};
use crate::registry::Registry;

/// How long to wait after a check that failed.
const AFTER_FAILURE: Duration = Duration::from_mins(1);
/// How long to rest at most before looking again whether a round is due.
const REST: Duration = Duration::from_hours(1);

/// Starts what the configuration asks for. A registry that may not be written to is left alone.
pub(super) fn start(
    tasks: &mut Tasks,
    administration: &Administration,
    registry: &Registry,
    settings: &Settings,
) {
    if settings.storage.read_only {
        return;
    }
    if let Some(schedule) = settings.collection.schedule.clone() {
        let (collection, rules) = (settings.collection.clone(), settings.retention.clone());
        let administration = administration.clone();
        tasks
            .0
            .spawn(collect(administration, schedule, collection, rules));
    }
    if let Some(scrub) = settings.scrub {
        tasks.0.spawn(read_everything(registry.clone(), scrub));
    }
}

async fn collect(
    administration: Administration,
    schedule: Schedule,
    collection: CollectionSettings,
    rules: Vec<RetentionRule>,
) {
    while let Some(wait) = schedule.wait(&Zoned::now()) {
        tokio::time::sleep(wait).await;
        for rule in &rules {
            retain(&administration, rule).await;
        }
        let operation = Operation::Collect {
            dry_run: false,
            untagged: collection.untagged.map(milliseconds),
            empty_trash: false,
        };
        match administration.execute(operation, &|_| {}).await {
            Ok(Outcome::Collected(collected)) => tracing::info!(
                manifests = collected.freed.manifests,
                blobs = collected.freed.blobs,
                bytes = collected.freed.bytes,
                uploads = collected.uploads,
                held_bytes = collected.held_bytes,
                "collected garbage"
            ),
            Ok(_) => {}
            Err(failure) if failure.kind == FailureKind::Busy => {
                tracing::info!(%failure, "did not collect garbage");
            }
            Err(failure) => tracing::error!(%failure, "could not collect garbage"),
        }
    }
}

async fn retain(administration: &Administration, rule: &RetentionRule) {
    let told = |event| {
        if let Event::Goes(line) = event {
            tracing::info!(name = line.name, why = line.why, "goes by a retention rule");
        }
    };
    let repositories = rule.repositories.join(" ");
    match administration.retain(rule, &told).await {
        Ok(pruned) => {
            for repository in &pruned.emptied {
                tracing::warn!(
                    %repository,
                    "a retention rule would take every tag, and took none; all: true lets it"
                );
            }
            tracing::info!(
                repositories,
                tags = pruned.tags,
                manifests = pruned.manifests,
                "went by a retention rule"
            );
        }
        Err(failure) => {
            tracing::error!(%failure, repositories, "could not go by a retention rule");
        }
    }
}

async fn read_everything(registry: Registry, scrub: ScrubSettings) {
    loop {
        let rest = match registry
            .scrub(scrub.rate, milliseconds(scrub.interval))
            .await
        {
            Ok(scrubbed) => {
                for digest in &scrubbed.unreadable {
                    tracing::error!(%digest, "the bytes of a blob can't be read");
                }
                let rest = scrubbed.rest.and_then(|rest| u64::try_from(rest).ok());
                rest.map(Duration::from_millis).unwrap_or_default()
            }
            Err(error) => {
                tracing::error!(%error, "could not check the bytes of blobs");
                AFTER_FAILURE
            }
        };
        tokio::time::sleep(rest.min(REST)).await;
    }
}
