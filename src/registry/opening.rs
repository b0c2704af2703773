//! Opening and closing a registry.
//!
//! A read-only store is served without changes: its index is elsewhere, and bytes that are not
//! placed yet are read under their staging keys.

use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use super::cache::Cache;
use super::clock_steps::ClockSteps;
use super::gate::Gate;
use super::journal::{Journal, Recovered};
use super::pulls::Pulls;
use super::verified::VerifiedBlobs;
use super::{Registry, RegistryError, ReindexReport, Rules, Services, layout};
use crate::clock::Clock;
use crate::index::{DiskSpace, Index, LayoutChange, Observer};
use crate::oci::{Context, Task, Visibility};
use crate::store::{Reserve, Step, Store};

/// The setting that records how the last run ended.
const STOPPED: &str = "stopped";
/// Its value after a run that saved and synced everything.
const CLEANLY: &str = "cleanly";

/// Options for opening a registry.
#[derive(Debug, Clone, Default)]
pub struct OpenOptions {
    /// The disk space reserve.
    pub reserve: Option<Arc<Reserve>>,
    /// Whether the store is read-only.
    pub frozen: bool,
}

impl Registry {
    /// Opens the registry of a store and an index file. Applies the remaining journal rows, and
    /// reindexes changes of the layout. If the store is full and refuses the rows, the registry
    /// serves the state of the index.
    pub async fn open(
        store: Arc<dyn Store>,
        index_file: &Path,
        rules: Rules,
        clock: Clock,
    ) -> Result<(Self, ReindexReport), RegistryError> {
        Self::open_with(store, index_file, rules, clock, OpenOptions::default()).await
    }

    /// Like [`Registry::open`], with options.
    pub async fn open_with(
        store: Arc<dyn Store>,
        index_file: &Path,
        rules: Rules,
        clock: Clock,
        options: OpenOptions,
    ) -> Result<(Self, ReindexReport), RegistryError> {
        let OpenOptions { reserve, frozen } = options;
        let cache = Arc::new(Cache::new());
        let journal = Journal::start(&store, Arc::clone(&cache));
        let space = reserve.clone().map(|reserve| reserve as Arc<dyn DiskSpace>);
        let observer = journal.clone();
        let observer: Observer = Arc::new(move |entries| observer.commit(entries));
        let index = Index::open_with(index_file, observer, space).await?;
        let services = Services {
            store,
            journal,
            cache,
            verified: VerifiedBlobs::new(),
            sessions: Arc::default(),
            running: Arc::default(),
            gate: Gate::new(),
            pulls: Pulls::default(),
            clock_steps: ClockSteps::new(&clock),
            clock,
            traffic: AtomicU64::default(),
            relying: Arc::default(),
            compared: AtomicBool::default(),
            unreadable: parking_lot::Mutex::default(),
            incomplete: AtomicBool::default(),
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
        registry.correct_times().await?;
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
        if !registry.journal.is_caught_up() {
            // Reindexing would remove content that the layout does not show yet, and the staged
            // bytes of blobs that were not placed would be swept.
            tracing::error!(
                "the layout can't be updated to the index; changes by other programs are \
                 not reindexed"
            );
            if let Err(error) = registry.note_unseen().await {
                registry.note_failure(layout::REPOSITORIES.to_owned(), &error);
            }
            // Otherwise the removed bytes may have a use again: the next start decides.
            if registry.must_have_read_everything().is_ok() {
                registry.journal.apply_deferred(recovered.removals).await;
            }
            return Ok((registry, ReindexReport::default()));
        }
        registry.checkpoint_journal().await?;
        let staging = Step::RemoveTree {
            key: layout::STAGING.to_owned(),
        };
        if let Err(error) = registry.apply(staging).await {
            tracing::error!(%error, "bytes of unfinished writes can't be removed");
        }
        let reindexed = registry.reindex(&recovered).await?;
        registry.journal.complete_deferred();
        registry.compared.store(true, Ordering::Relaxed);
        Ok((registry, reindexed))
    }

    /// Saves the state in memory, syncs, and closes the index. Call it when no request is running.
    pub async fn close(&self) -> Result<(), RegistryError> {
        let kept = self.save_all().await;
        self.index.close().await;
        kept
    }

    /// Copies the index into a file beside it. Returns the name of the copy.
    pub async fn copy_index(&self) -> Result<String, RegistryError> {
        Ok(self.index.copy_beside().await?)
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
        self.follow_clock().await;
        // Counts of pulls are the least: on a full device the rest is saved without them.
        if let Err(error) = self.save_pulls().await {
            tracing::error!(%error, "the counts of the last pulls could not be saved");
        }
        let uploads = self.save_uploads().await;
        self.checkpoint_journal().await?;
        // This includes the bytes of unfinished uploads, except where only named keys are synced.
        self.store.sync(&[]).await?;
        uploads?;
        if !self.store.syncs_keys() {
            self.index.set_setting(STOPPED, CLEANLY.to_owned()).await?;
        }
        if self.compared.load(Ordering::Relaxed) {
            self.record_agreement().await?;
        }
        Ok(())
    }

    /// Opens a read-only store. Journal rows are not applied.
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
                "the layout of the last run is incomplete and can't be written: changes by other \
                 programs are not reindexed"
            );
            return Ok((self, ReindexReport::default()));
        }
        let reindexed = self.reindex(&Recovered::default()).await?;
        self.compared.store(true, Ordering::Relaxed);
        Ok((self, reindexed))
    }
}
