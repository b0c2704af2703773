//! Scheduled operations of the server: retention and collection, as in the commands, and the
//! background check.

use std::time::Duration;

use jiff::Zoned;

use super::rules::milliseconds;
use super::tasks::Tasks;
use super::timetable::Timetable;
use crate::admin::{
    Administration, CollectOptions, Decision, Entry, Operation, PruneEntry, Reason, Report,
    RetentionRule, RetentionRules,
};
use crate::auth::permit_task;
use crate::clock::Clock;
use crate::config::{CollectionSettings, Schedule, ScrubSettings, Settings};
use crate::oci::Task;
use crate::registry::Registry;

/// Maximum wait before the clock is read again: it may have been set, or the machine may have slept.
const NAP: Duration = Duration::from_secs(30);
/// Pause after a failed check.
const AFTER_FAILURE: Duration = Duration::from_mins(1);
/// Maximum pause before checking again whether a round is due.
const MAX_PAUSE: Duration = Duration::from_hours(1);

/// Starts the configured tasks; none for a read-only registry.
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
        let administration = administration.acting(&permit_task(Task::Schedule));
        let collection = settings.collection.clone();
        let registry = registry.acting(&permit_task(Task::Schedule));
        let runs = collect(administration, registry, schedule, collection);
        tasks.0.spawn(runs);
    }
    if let Some(scrub) = settings.scrub {
        let registry = registry.acting(&permit_task(Task::Check));
        tasks.0.spawn(scrub_repeatedly(registry, scrub));
    }
}

async fn collect(
    administration: Administration,
    registry: Registry,
    schedule: Schedule,
    collection: CollectionSettings,
) {
    let clock = Clock::system();
    let last = registry.last_schedule().await.unwrap_or_else(|error| {
        tracing::error!(%error, "could not read when the last scheduled collection ended");
        clock.now()
    });
    let mut timetable = Timetable::new(schedule, last, &Zoned::now(), clock.steady());
    while let Some(wait) = timetable.wait(&Zoned::now(), clock.steady()) {
        if !wait.is_zero() {
            tokio::time::sleep(wait.min(NAP)).await;
            continue;
        }
        retain_all(&administration).await;
        collect_after_running(&administration, &collection).await;
        timetable.ran(&Zoned::now(), clock.steady());
        if let Err(error) = registry.note_schedule().await {
            tracing::error!(%error, "could not record the end of a scheduled collection");
        }
    }
}

/// Collects; if another collection is running, waits for it first.
pub(super) async fn collect_after_running(
    administration: &Administration,
    settings: &CollectionSettings,
) {
    let options = CollectOptions {
        untagged: settings.untagged.map(milliseconds),
        ..CollectOptions::default()
    };
    loop {
        let operation = Operation::Collect(options.clone());
        match administration.execute(operation, &|_: Entry| {}).await {
            Ok(Report::CollectReport(report)) => tracing::info!(
                manifests = report.freed.manifests,
                blobs = report.freed.blobs,
                bytes = report.freed.bytes,
                uploads = report.uploads,
                held_bytes = report.held_bytes,
                "collected garbage"
            ),
            Ok(_) => {}
            Err(failure) if matches!(failure.reason, Reason::CollectionRuns { .. }) => {
                tracing::info!("another collection is running; the scheduled one runs after it");
                administration.collection_ended().await;
                continue;
            }
            Err(failure) => tracing::error!(%failure, "could not collect garbage"),
        }
        return;
    }
}

/// Applies the retention rules: those of the configuration, then the saved ones.
async fn retain_all(administration: &Administration) {
    let list = administration.execute(Operation::RetentionRules, &|_: Entry| {});
    match list.await.and_then(RetentionRules::try_from) {
        Ok(list) => {
            for listed in list.rules {
                let Some(rule) = listed.rule else {
                    tracing::error!(
                        rule = listed.id,
                        "a saved retention rule can't be read and is not applied: save it again, \
                         and remove it by regctl retention remove"
                    );
                    continue;
                };
                retain(administration, &rule).await;
            }
        }
        Err(failure) => tracing::error!(%failure, "could not read the retention rules"),
    }
}

async fn retain(administration: &Administration, rule: &RetentionRule) {
    let listener = |entry: Entry| {
        if let Entry::Prune(PruneEntry::Tag {
            repository,
            tag,
            digest,
            decision,
        }) = entry
            && matches!(*decision, Decision::Delete(..))
        {
            tracing::info!(name = %format_args!("{repository}:{tag}"), %digest, "deleted by retention rule");
        }
    };
    let repositories = rule.repositories.join(" ");
    let operation = Operation::Prune {
        rule: rule.clone(),
        dry_run: false,
        lenient: true,
    };
    match administration.execute(operation, &listener).await {
        Ok(Report::PruneReport(report)) => {
            for repository in &report.emptied {
                tracing::warn!(
                    %repository,
                    "a retention rule would delete every tag, so it deleted none; all: true allows it"
                );
            }
            for pattern in &report.unmatched {
                tracing::warn!(
                    repositories,
                    pattern,
                    "a pattern of a retention rule matches nothing"
                );
            }
            tracing::info!(
                repositories,
                tags = report.tags,
                manifests = report.manifests,
                "applied a retention rule"
            );
        }
        Ok(_) => {}
        Err(failure) => {
            tracing::error!(%failure, repositories, "could not apply a retention rule");
        }
    }
}

async fn scrub_repeatedly(registry: Registry, scrub: ScrubSettings) {
    loop {
        let pause = match registry
            .scrub(scrub.rate, milliseconds(scrub.interval))
            .await
        {
            Ok(scrubbed) => {
                for digest in &scrubbed.unreadable {
                    tracing::error!(%digest, "the bytes of a blob can't be read");
                }
                let pause = scrubbed.pause.and_then(|pause| u64::try_from(pause).ok());
                pause.map(Duration::from_millis).unwrap_or_default()
            }
            Err(error) => {
                tracing::error!(%error, "could not check the bytes of blobs");
                AFTER_FAILURE
            }
        };
        tokio::time::sleep(pause.min(MAX_PAUSE)).await;
    }
}
