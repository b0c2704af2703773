//! Background tasks of the server: syncing the journal, saving uploads and pull counts, extending and
//! removing leases, purging uploads, reloading certificates, health checks.

use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval};

use super::certificate::Watched;
use super::health;
use super::self_signed::SelfSigned;
use crate::auth::{Trail, permit_task};
use crate::config::{Settings, UploadPurging};
use crate::http::Health;
use crate::oci::Task;
use crate::registry::{Registry, RegistryError};

/// Interval of syncs of the store, if the journal has rows.
const SYNC: Duration = Duration::from_secs(10);
/// Interval of saving the state of uploads.
const SAVE_UPLOADS: Duration = Duration::from_secs(1);
/// Maximum interval of lease maintenance; short leases have a shorter one.
const VISIT_LEASES: Duration = Duration::from_mins(1);
/// Interval of saving pull counts.
const SAVE_PULLS: Duration = Duration::from_secs(10);
/// Interval of deleting old events, and of looking for times in the future.
const FORGET_EVENTS: Duration = Duration::from_hours(1);
/// Number of repositories whose sizes are counted at once; the pause after that, as a multiple of
/// its duration; and the pause if no repository has changed.
const MEASURED: usize = 128;
const MEASURE_PAUSE: u32 = 20;
const MEASURE: Duration = Duration::from_secs(2);
/// Interval of counting the stored bytes for the chart of their growth.
const COUNT_STORED: Duration = Duration::from_hours(1);
/// Interval of writing sign-ins and refusals to the index.
const WRITE_TRAIL: Duration = Duration::from_secs(1);
/// Interval of checking the certificate files for changes.
const CHECK_CERTIFICATE: Duration = Duration::from_secs(2);

/// Interval of checking the host's names and the end of its certificate.
const CHECK_NAMES: Duration = Duration::from_hours(1);
/// Interval of checking whether its certificate is valid: the clock may have been set.
const CHECK_CLOCK: Duration = Duration::from_mins(1);

/// The background tasks of a server.
#[derive(Default)]
pub(super) struct Tasks(pub(super) JoinSet<()>);

impl Tasks {
    /// Stops all tasks, each between two steps.
    pub(super) async fn stop(mut self) {
        self.0.shutdown().await;
    }
}

/// Starts all tasks.
pub(super) fn start(registry: &Registry, settings: &Settings, health: &Arc<Health>) -> Tasks {
    let mut tasks = JoinSet::new();
    let registry = &registry.acting(&permit_task(Task::Upkeep));
    let every = |period, registry: &Registry| (period, registry.clone());

    let (period, of) = every(SYNC, registry);
    tasks.spawn(repeat(period, "sync the store", move || {
        let registry = of.clone();
        async move { registry.checkpoint_journal().await }
    }));
    let (period, of) = every(SYNC, registry);
    tasks.spawn(repeat(
        period,
        "restore the disk space reserve",
        move || {
            let registry = of.clone();
            async move { registry.restore_reserve().await }
        },
    ));
    let (period, of) = every(SAVE_PULLS, registry);
    tasks.spawn(repeat(period, "save pull counts", move || {
        let registry = of.clone();
        async move { registry.save_pulls().await }
    }));
    let (period, of) = every(SAVE_UPLOADS, registry);
    tasks.spawn(repeat(period, "save the state of uploads", move || {
        let registry = of.clone();
        async move { registry.save_uploads().await }
    }));
    let lease = Duration::from_millis(registry.rules().lease.unsigned_abs());
    let often = (lease / 4).clamp(Duration::from_millis(250), VISIT_LEASES);
    let (period, of) = every(often, registry);
    tasks.spawn(repeat(period, "extend and remove leases", move || {
        let registry = of.clone();
        async move {
            registry.follow_clock().await;
            registry.extend_leases_of_active_uploads().await?;
            registry.drop_ended_leases().await
        }
    }));
    let (period, of) = every(FORGET_EVENTS, registry);
    tasks.spawn(repeat(period, "delete old events", move || {
        let registry = of.clone();
        async move { registry.forget_old_events().await }
    }));
    let (period, of) = every(FORGET_EVENTS, registry);
    tasks.spawn(repeat(period, "correct times in the future", move || {
        let registry = of.clone();
        async move { registry.correct_manifests().await }
    }));
    let (period, of) = every(COUNT_STORED, registry);
    tasks.spawn(repeat(period, "count the stored bytes", move || {
        let registry = of.clone();
        async move { registry.record_stored().await }
    }));
    tasks.spawn(measure(registry.clone()));
    if let Some(purging) = settings
        .storage
        .upload_purging
        .filter(|_| !settings.storage.read_only)
    {
        let (period, of) = every(purging.interval.max(Duration::from_secs(1)), registry);
        tasks.spawn(repeat(period, "purge uploads", move || {
            purge(of.clone(), purging)
        }));
    }
    health::start(&mut tasks, registry, &settings.health, health);
    Tasks(tasks)
}

/// Reloads the certificate when its files change.
pub(super) fn reload(tasks: &mut Tasks, watched: Watched) {
    tasks.0.spawn(async move {
        let mut ticks = interval(CHECK_CERTIFICATE);
        // The same error is logged once.
        let mut said = String::new();
        loop {
            ticks.tick().await;
            match watched.refresh() {
                Ok(false) => {}
                Ok(true) => {
                    said.clear();
                    tracing::info!("reloaded the certificate");
                }
                Err(error) if error.to_string() == said => {}
                Err(error) => {
                    said = error.to_string();
                    tracing::warn!(%error, "could not reload the certificate; the old one remains in use");
                }
            }
        }
    });
}

/// Writes sign-ins and refusals to the index, and deletes the oldest refusals.
pub(super) fn keep_trail(tasks: &mut Tasks, trail: Option<&Arc<Trail>>) {
    let Some(trail) = trail else { return };
    let of = Arc::clone(trail);
    tasks.0.spawn(repeat(
        WRITE_TRAIL,
        "record sign-ins and refusals",
        move || {
            let trail = Arc::clone(&of);
            async move { Ok(trail.write().await?) }
        },
    ));
    let of = Arc::clone(trail);
    tasks
        .0
        .spawn(repeat(FORGET_EVENTS, "delete old refusals", move || {
            let trail = Arc::clone(&of);
            async move { Ok(trail.forget().await?) }
        }));
}

/// Writes the last sign-ins and refusals.
pub(super) async fn finish_trail(trail: Option<&Arc<Trail>>) {
    if let Some(trail) = trail
        && let Err(error) = trail.finish().await
    {
        tracing::error!(%error, "the last sign-ins and refusals were not recorded");
    }
}

/// Reissues the certificate of the own authority when it is due.
pub(super) fn renew(tasks: &mut Tasks, own: SelfSigned, watched: Watched) {
    tasks.0.spawn(async move {
        let mut ticks = interval(CHECK_CLOCK);
        let mut ensured: Option<Instant> = None;
        loop {
            ticks.tick().await;
            let recent = ensured.is_some_and(|at| at.elapsed() < CHECK_NAMES);
            if recent && own.is_in_date() {
                continue;
            }
            ensured = Some(Instant::now());
            match own.ensure() {
                Ok(is_new) => {
                    watched.set_renewals(own.renewals());
                    if is_new {
                        tracing::info!("the certificate was reissued");
                    }
                }
                Err(error) => {
                    watched.failed(format!("{error:#}"));
                    tracing::error!("the certificate can't be renewed: {error:#}");
                }
            }
        }
    });
}

/// Counts the sizes of changed repositories, with pauses to limit the load.
async fn measure(registry: Registry) {
    loop {
        let began = Instant::now();
        let counted = registry.measure_repositories(MEASURED).await;
        let pause = began.elapsed() * MEASURE_PAUSE;
        let pause = match counted {
            Ok(MEASURED) => pause,
            Ok(_) => pause.max(MEASURE),
            Err(error) => {
                tracing::error!(%error, "could not count the sizes of repositories");
                COUNT_STORED
            }
        };
        tokio::time::sleep(pause).await;
    }
}

async fn purge(registry: Registry, purging: UploadPurging) -> Result<(), RegistryError> {
    let age = i64::try_from(purging.age.as_millis()).unwrap_or(i64::MAX);
    let mut purged = 0;
    loop {
        let some = registry.purge_uploads(age, purging.dry_run).await?;
        purged += some;
        // A dry run would find the same uploads again.
        if purging.dry_run || some == 0 {
            break;
        }
    }
    if purged > 0 {
        let message = if purging.dry_run {
            "would purge uploads"
        } else {
            "purged uploads"
        };
        tracing::info!(uploads = purged, "{message}");
    }
    Ok(())
}

/// Repeats a task. A failure is logged; the task runs again at its next time.
async fn repeat<F>(period: Duration, what: &'static str, mut work: impl FnMut() -> F + Send)
where
    F: Future<Output = Result<(), RegistryError>> + Send,
{
    let mut ticks = interval(period);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        if let Err(error) = work().await {
            tracing::error!(%error, "could not {what}");
        }
    }
}
