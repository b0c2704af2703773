//! What the server does beside answering: forgetting the journal, keeping uploads, pulls and leases,
//! purging, taking in certificates, looking after its health.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval};

use super::health;
use crate::config::{Settings, UploadPurging};
use crate::http::{Certificate, Health};
use crate::registry::{Registry, RegistryError};

/// How often the store is synced for the journal, when there is something in it.
const SYNC: Duration = Duration::from_secs(10);
/// How often the state of uploads is kept.
const KEEP_UPLOADS: Duration = Duration::from_secs(1);
/// How often leases are looked after at the least; short ones more often.
const KEEP_LEASES: Duration = Duration::from_mins(1);
/// How often pulls are kept that were counted.
const KEEP_PULLS: Duration = Duration::from_secs(10);
/// How often events are forgotten that are old enough.
const FORGET_EVENTS: Duration = Duration::from_hours(1);
/// How often the files of the certificate are looked at.
const LOOK_AT_CERTIFICATE: Duration = Duration::from_secs(2);

/// The background work of a server.
pub(super) struct Tasks(pub(super) JoinSet<()>);

impl Tasks {
    /// Ends all of it, between two steps.
    pub(super) async fn stop(mut self) {
        self.0.shutdown().await;
    }
}

/// Starts all of it.
pub(super) fn start(
    registry: &Registry,
    settings: &Settings,
    health: &Arc<Health>,
    certificate: Option<Arc<Certificate>>,
) -> Tasks {
    let mut tasks = JoinSet::new();
    let every = |period, registry: &Registry| (period, registry.clone());

    let (period, of) = every(SYNC, registry);
    tasks.spawn(repeat(period, "sync the store", move || {
        let registry = of.clone();
        async move { registry.forget_journal().await }
    }));
    let (period, of) = every(KEEP_PULLS, registry);
    tasks.spawn(repeat(period, "keep the count of pulls", move || {
        let registry = of.clone();
        async move { registry.keep_pulls().await }
    }));
    let (period, of) = every(KEEP_UPLOADS, registry);
    tasks.spawn(repeat(period, "keep the state of uploads", move || {
        let registry = of.clone();
        async move { registry.save_uploads().await }
    }));
    let lease = Duration::from_millis(registry.rules().lease.unsigned_abs());
    let often = (lease / 4).clamp(Duration::from_millis(250), KEEP_LEASES);
    let (period, of) = every(often, registry);
    tasks.spawn(repeat(period, "look after leases", move || {
        let registry = of.clone();
        async move {
            registry.keep_leases_of_moving_uploads().await?;
            registry.drop_ended_leases().await
        }
    }));
    let (period, of) = every(FORGET_EVENTS, registry);
    tasks.spawn(repeat(period, "forget old events", move || {
        let registry = of.clone();
        async move { registry.forget_old_events().await }
    }));
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
    if let Some(certificate) = certificate {
        tasks.spawn(async move {
            let mut ticks = interval(LOOK_AT_CERTIFICATE);
            loop {
                ticks.tick().await;
                match certificate.refresh() {
                    Ok(false) => {}
                    Ok(true) => tracing::info!("the certificate has changed and is in use"),
                    Err(error) => tracing::warn!(%error, "the certificate has changed and can't be used; the old one stays"),
                }
            }
        });
    }
    health::start(&mut tasks, registry, &settings.health, health);
    Tasks(tasks)
}

async fn purge(registry: Registry, purging: UploadPurging) -> Result<(), RegistryError> {
    let age = i64::try_from(purging.age.as_millis()).unwrap_or(i64::MAX);
    let mut purged = 0;
    loop {
        let some = registry.purge_uploads(age, purging.dry_run).await?;
        purged += some;
        // They come by the thousand; a dry run would see the same ones again.
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

/// Does something again and again; a failure is logged, and tried again at its next time.
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
