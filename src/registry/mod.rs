//! The operations of a registry: uploads, blobs, manifests, tags, referrers, the catalog, and the
//! on-disk layout. Knows neither HTTP nor the command line.
//!
//! A write: durable bytes → one transaction of the index → the layout → the answer. A read queries
//! the index or the cache, then streams from the store; no read walks a directory tree.

mod additions;
mod blobs;
mod browse;
mod cache;
mod catalog;
mod check;
mod collect;
mod describe;
mod error;
mod events;
mod journal;
mod layout;
mod listener;
mod manifests;
mod prune;
mod pulls;
mod receive;
mod referrers;
mod reindex;
mod resume;
mod retain;
mod room;
mod search;
mod sessions;
mod survey;
#[cfg(test)]
#[allow(
    clippy::disallowed_methods,
    reason = "tests play the part of other programs"
)]
mod tests;
mod trash;
mod unmatched;
mod upkeep;
mod uploads;
mod usage;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::clock::{Clock, Millis};
use crate::index::{Index, IndexError, Lease, Observer, Room};
use crate::oci::{Context, Digest, Permit, Task, Visibility};
use crate::store::{Reserve, Step, Store};

pub use crate::index::{FoundByTerm, SearchPage};
pub use blobs::Blob;
pub use cache::Manifest;
pub use catalog::TagListing;
pub use check::{CheckEntry, CheckOptions, CheckReport, Difference, Remedy, Scrubbed};
pub use collect::{CollectEntry, CollectOptions, CollectReport, CollectionStatus, Freed, Progress};
pub use error::RegistryError;
pub use listener::Listener;
pub use manifests::{Incoming, Put};
pub use prune::{PruneEntry, PruneReport};
pub use referrers::Referrers;
pub use reindex::ReindexReport;
pub use retain::{Decision, DeleteReasons, Holder, KeepReason, RetentionPlan, Rule};
pub use uploads::{BodyError, IncomingBody, Upload, UploadedBlob};
pub use usage::{RepositoryUsage, Usage, UsageReport};

pub use crate::index::{
    BlobUser, COUNT_LIMIT, Count, FoundRepositories, Removal, RepositoryOrder, RepositoryRow,
    RepositorySearch, TagOrder, TagPage, TagRow,
};
pub use crate::index::{
    CollectionRecord, Event, EventFilter, Hold, Link, ManifestDeleteReason, ManifestKeepReason,
    Restorable, Restored, Trashed, TrashedKind,
};

use cache::Cache;
use collect::Running;
use journal::Journal;
use pulls::Pulls;
use sessions::Sessions;

/// The permissions and limits of the configuration.
#[derive(Debug, Clone)]
#[allow(
    clippy::struct_excessive_bools,
    reason = "each is a switch of the configuration by itself"
)]
pub struct Rules {
    /// Whether tags, manifests and blobs may be deleted.
    pub delete: bool,
    /// Whether all changes are refused.
    pub read_only: bool,
    /// Length of a new lease in milliseconds; the answer that a blob exists is valid for at least
    /// half of it.
    pub lease: Millis,
    /// How long deletions can be restored, in milliseconds; 0: not at all.
    pub trash: Millis,
    /// How long events are kept, in milliseconds.
    pub events: Millis,
    /// A collection deletes uploads that received no data for this long; `None`: no uploads are
    /// deleted.
    pub uploads: Option<Millis>,
    /// URLs of layers must match one of these, if there is any.
    pub addresses_allowed: Vec<regex::Regex>,
    /// URLs of layers must match none of these.
    pub addresses_denied: Vec<regex::Regex>,
    /// The children of an index that must be in the repository when it is pushed.
    pub children: RequiredChildren,
    /// Whether all blobs that a manifest requires must be in its repository.
    pub required_layers: bool,
    /// Whether only images and indexes are accepted: registry:3's collection fails on other types.
    pub known_types: bool,
    /// Whether blobs are hashed as they are read.
    pub verify_reads: bool,
}

/// The children of an index that must exist when it is pushed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RequiredChildren {
    /// None: an index may be sparse.
    None,
    /// All of them.
    All,
    /// Those for one of these platforms: operating system and architecture.
    Platforms(Vec<(String, String)>),
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            delete: true,
            read_only: false,
            lease: 60 * 60 * 1000,
            trash: 24 * 60 * 60 * 1000,
            events: 90 * 24 * 60 * 60 * 1000,
            uploads: Some(7 * 24 * 60 * 60 * 1000),
            addresses_allowed: Vec::new(),
            addresses_denied: Vec::new(),
            children: RequiredChildren::None,
            required_layers: true,
            known_types: false,
            verify_reads: true,
        }
    }
}

/// The setting with the result of the last run.
const STOPPED: &str = "stopped";
/// Its value after a stop that saved and synced everything.
const CLEANLY: &str = "cleanly";

/// A registry over one root. Cheap to clone.
#[derive(Clone)]
pub struct Registry {
    store: Arc<dyn Store>,
    index: Index,
    journal: Journal,
    cache: Arc<Cache>,
    sessions: Arc<Sessions>,
    running: Arc<Running>,
    pulls: Arc<Pulls>,
    rules: Arc<Rules>,
    /// The caller.
    context: Arc<Context>,
    /// The repositories that the caller may see.
    visibility: Visibility,
    clock: Clock,
    /// Counts promises to clients and reads, so that a collection detects traffic.
    traffic: Arc<AtomicU64>,
    /// Whether the index was compared with the layout at the start.
    compared: bool,
    /// What is kept for a full device.
    reserve: Option<Arc<Reserve>>,
}

impl Registry {
    /// Opens the registry whose bytes are in `store` and whose index is in `index_file`: redoes the
    /// journal and reindexes the layout. If the store refuses the journal (it is full), serves the
    /// content of the index.
    pub async fn open(
        store: Arc<dyn Store>,
        index_file: &Path,
        rules: Rules,
        clock: Clock,
    ) -> Result<(Self, ReindexReport), RegistryError> {
        Self::open_within(store, index_file, rules, clock, None).await
    }

    /// As [`Registry::open`], with room that is kept for a full device.
    pub async fn open_within(
        store: Arc<dyn Store>,
        index_file: &Path,
        rules: Rules,
        clock: Clock,
        reserve: Option<Arc<Reserve>>,
    ) -> Result<(Self, ReindexReport), RegistryError> {
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
        let mut registry = Self {
            store,
            index,
            journal,
            cache,
            sessions: Arc::default(),
            running: Arc::default(),
            pulls: Arc::default(),
            rules: Arc::new(rules),
            context: Arc::new(Context::task(Task::Start)),
            visibility: Visibility::Everything,
            clock,
            traffic: Arc::default(),
            compared: false,
            reserve,
        };
        registry.discard_hash_states().await?;
        let recovered = registry.journal.recover(&registry.index).await?;
        if recovered.changes > 0 {
            tracing::info!(
                changes = recovered.changes,
                "completed the layout from the journal of the last run"
            );
        }
        if !registry.journal.is_done() {
            // Changes that the layout does not show yet would look like deletions, and the bytes of
            // blobs that are not placed yet would be swept.
            tracing::error!(
                "the layout can't be brought up to date with the index; changes by other programs are \
                 not looked for"
            );
            // A store that refuses changes has refused them to others, too.
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
        registry.compared = true;
        Ok((registry, reindexed))
    }

    /// The same registry on behalf of the caller of a permit: events name the caller, and listings
    /// show what the caller may see.
    #[must_use]
    pub fn acting(&self, permit: &Permit) -> Self {
        Self {
            index: self.index.acting(Arc::clone(permit.context())),
            context: Arc::clone(permit.context()),
            visibility: permit.visibility().clone(),
            ..self.clone()
        }
    }

    /// The index, for modules with relations of their own: accounts, descriptions.
    pub fn index(&self) -> &Index {
        &self.index
    }

    /// The caller; the registry's own tasks without a permit.
    pub fn context(&self) -> &Arc<Context> {
        &self.context
    }

    /// The same registry for administrators of its root: changes that clients are denied are
    /// permitted.
    #[must_use]
    pub fn for_administrators(&self) -> Self {
        let rules = Rules {
            delete: true,
            read_only: false,
            ..(*self.rules).clone()
        };
        Self {
            rules: Arc::new(rules),
            ..self.clone()
        }
    }

    /// The permissions and limits of the configuration.
    pub fn rules(&self) -> &Rules {
        &self.rules
    }

    /// Whether the index and the store answer.
    pub async fn ping(&self) -> Result<(), RegistryError> {
        self.index.ping().await?;
        self.store.stat(&[layout::BLOBS.to_owned()]).await?;
        Ok(())
    }

    /// Places in the layout that can't be brought up to date because something else is in the way,
    /// each with the reason. Everything is served all the same.
    pub fn obstructed(&self) -> Vec<(String, String)> {
        self.journal.set_aside()
    }

    /// Syncs the store, and removes the journal rows that this covers.
    pub async fn forget_journal(&self) -> Result<(), RegistryError> {
        self.journal.forget(&self.index).await
    }

    /// Quarantines a blob whose content does not match its digest: it is unknown until it is pushed
    /// again. Returns false if it is already unknown.
    pub async fn quarantine(&self, canonical: &Digest) -> Result<bool, RegistryError> {
        let new = self.index.quarantine(*canonical, self.clock.now()).await?;
        if new {
            tracing::error!(digest = %canonical, "a blob is damaged or missing; it is quarantined until it is pushed again");
        }
        Ok(new)
    }

    /// Removes leases that have ended.
    pub async fn drop_ended_leases(&self) -> Result<(), RegistryError> {
        while self.index.drop_ended_leases(self.clock.now()).await? > 0 {}
        Ok(())
    }

    /// Saves the state in memory, syncs, and closes the index. No requests may be running.
    pub async fn close(&self) -> Result<(), RegistryError> {
        let kept = self.save_all().await;
        self.index.close().await;
        kept
    }

    /// After anything but a clean stop, the saved hash states of uploads may cover bytes that never
    /// reached the device: when an upload continues, its bytes are hashed again.
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
        // Includes the bytes of unfinished uploads.
        self.store.sync().await?;
        self.index.set_setting(STOPPED, CLEANLY.to_owned()).await?;
        if self.compared {
            self.record_agreement().await?;
        }
        Ok(())
    }

    /// Applies one step in the store.
    async fn apply(&self, step: Step) -> Result<(), RegistryError> {
        self.store
            .apply(vec![step])
            .await
            .map_err(|failed| failed.error.into())
    }

    /// A lease for a client.
    fn lease(&self) -> Lease {
        self.traffic.fetch_add(1, Ordering::Relaxed);
        self.lease_terms()
    }

    fn lease_terms(&self) -> Lease {
        Lease {
            now: self.clock.now(),
            length: self.rules.lease,
        }
    }

    fn must_be_writable(&self) -> Result<(), RegistryError> {
        if self.rules.read_only {
            Err(RegistryError::ReadOnly)
        } else {
            Ok(())
        }
    }

    fn must_allow_deletes(&self) -> Result<(), RegistryError> {
        if !self.rules.delete {
            return Err(RegistryError::DeleteDisabled);
        }
        self.must_be_writable()
    }
}
