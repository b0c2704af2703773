//! Opening a registry, and closing it.
//!
//! A store that can't be written to at all is served as it is: its index lies elsewhere, and what
//! the layout does not show yet is read where it waits.

use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use super::cache::Cache;
use super::journal::{Journal, Recovered};
use super::pulls::Pulls;
use super::{Registry, RegistryError, ReindexReport, Rules, Services, layout};
use crate::clock::Clock;
use crate::index::{Index, IndexError, LayoutChange, Observer, Room};
use crate::oci::{Context, Task, Visibility};
use crate::store::{Reserve, Step, Store};

/// The setting that says how the last run ended.
const STOPPED: &str = "stopped";
/// Its value after a stop that kept and synced everything.
const CLEANLY: &str = "cleanly";

/// What a registry has around its store.
#[derive(Debug, Clone, Default)]
pub struct Surroundings {
    /// What is kept for a full device.
    pub reserve: Option<Arc<Reserve>>,
    /// Whether the store can't be written to at all.
    pub frozen: bool,
}

impl Registry {
    /// Opens the registry of a store and an index file. Applies the remaining journal rows, and
    /// reindexes what has changed in the layout. If the store refuses them because it is full, the
    /// registry serves what the index knows.
    pub async fn open(
        store: Arc<dyn Store>,
        index_file: &Path,
        rules: Rules,
        clock: Clock,
    ) -> Result<(Self, ReindexReport), RegistryError> {
        Self::open_within(store, index_file, rules, clock, Surroundings::default()).await
    }

    /// As [`Registry::open`], in these surroundings.
    pub async fn open_within(
        store: Arc<dyn Store>,
        index_file: &Path,
        rules: Rules,
        clock: Clock,
        surroundings: Surroundings,
    ) -> Result<(Self, ReindexReport), RegistryError> {
        let Surroundings { reserve, frozen } = surroundings;
        let cache = Arc::new(Cache::new());
        let journal = Journal::start(&store, Arc::clone(&cache));
        let room = reserve.clone().map(|reserve| reserve as Arc<dyn Room>);
        let open = || {
            let observer = journal.clone();
            let observer: Observer = Arc::new(move |entries| observer.commit(entries));
            Index::open_within(index_file, observer, room.clone())
        };
        let index = match open().await {
            // The reserve is released by now.
            Err(IndexError::Full | IndexError::Quota) if reserve.is_some() => open().await?,
            opened => opened?,
        };
        let services = Services {
            store,
            journal,
            cache,
            sessions: Arc::default(),
            running: Arc::default(),
            pulls: Pulls::default(),
            clock,
            traffic: AtomicU64::default(),
            compared: AtomicBool::default(),
            unreadable: parking_lot::Mutex::default(),
            reserve,
            frozen,
            announced: OnceLock::new(),
        };
        let registry = Self {
            services: Arc::new(services),
            rules: Arc::new(rules),
            index: index.acting(Arc::new(Context::task(Task::Start))),
            visibility: Visibility::Everything,
        };
        registry.discard_hash_states().await?;
        if frozen {
            return registry.open_frozen().await;
        }
        let recovered = registry.journal.recover(&registry.index).await?;
        if recovered.changes > 0 {
            tracing::info!(
                changes = recovered.changes,
                "completed the layout from the journal of the last run"
            );
        }
        if !registry.journal.is_done() {
            // Content that the layout lacks so far would look removed, and the bytes of blobs that
            // were not placed are in the directory that is swept.
            tracing::error!(
                "the layout can\'t be brought up to date with the index; changes by other programs are \
                 not looked for"
            );
            // The store refused changes of other programs as well.
            registry.journal.make_deferred(recovered.removals).await;
            return Ok((registry, ReindexReport::default()));
        }
        registry.forget_journal().await?;
        let staging = Step::RemoveTree {
            key: layout::STAGING.to_owned(),
        };
        registry.apply(staging).await?;
        let reindexed = registry.reindex(&recovered).await?;
        registry.journal.settle_deferred();
        registry.compared.store(true, Ordering::Relaxed);
        Ok((registry, reindexed))
    }

    /// Saves what is in memory, syncs, and closes the index. Called when no request runs.
    pub async fn close(&self) -> Result<(), RegistryError> {
        let kept = self.save_all().await;
        self.index.close().await;
        kept
    }

    /// Discards the saved hash states of uploads after an unclean stop: they may cover bytes that
    /// never reached the device. A continued upload hashes its bytes again.
    async fn discard_hash_states(&self) -> Result<(), RegistryError> {
        if self.index.setting(STOPPED).await?.as_deref() != Some(CLEANLY) {
            self.index.forget_upload_states().await?;
        }
        self.index.set_setting(STOPPED, String::new()).await?;
        Ok(())
    }

    async fn save_all(&self) -> Result<(), RegistryError> {
        self.save_pulls().await?;
        self.save_uploads().await?;
        self.forget_journal().await?;
        // The bytes of unfinished uploads, too.
        self.store.sync().await?;
        self.index.set_setting(STOPPED, CLEANLY.to_owned()).await?;
        if self.compared.load(Ordering::Relaxed) {
            self.record_agreement().await?;
        }
        Ok(())
    }

    /// Opens a store that can't be written to. Journal rows are not applied.
    async fn open_frozen(self) -> Result<(Self, ReindexReport), RegistryError> {
        let entries = self.index.journal().await?;
        let waiting = entries.iter().filter_map(|entry| match &entry.change {
            LayoutChange::BlobPlaced { digest, from } => Some(self.journal.announce(*digest, from)),
            _ => None,
        });
        let waiting: Vec<_> = waiting.collect();
        let _ = self.announced.set(waiting);
        if !entries.is_empty() {
            tracing::warn!(
                "the last run has not completed the layout, and it can't be written to: what other \
                 programs have changed in it is not seen"
            );
            return Ok((self, ReindexReport::default()));
        }
        let reindexed = self.reindex(&Recovered::default()).await?;
        self.compared.store(true, Ordering::Relaxed);
        Ok((self, reindexed))
    }
}
