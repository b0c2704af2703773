//! The operations of a registry: uploads, blobs, manifests, tags, referrers, the catalog, and the
//! on-disk layout. This room depends neither on HTTP nor on the command line.
//!
//! A write: durable bytes → one transaction of the index → the layout → the answer. A read queries
//! the index or the cache, then streams from the store; no read walks a directory tree.

mod additions;
mod blobs;
mod browse;
mod cache;
mod catalog;
mod check;
mod clock_steps;
mod collect;
mod describe;
mod error;
mod events;
mod gate;
mod growth;
mod journal;
mod layout;
mod listener;
mod manifests;
mod opening;
mod promised;
mod prune;
mod pulls;
mod receive;
mod referrers;
mod reindex;
mod resume;
mod retain;
mod search;
mod sessions;
mod space;
mod survey;
#[cfg(test)]
#[allow(
    clippy::disallowed_methods,
    reason = "tests change files like other programs"
)]
mod tests;
mod trash;
mod unmatched;
mod unreadable;
mod upkeep;
mod uploads;
mod usage;
mod verified;

use std::ops::Deref;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use crate::clock::{Clock, Millis};
use crate::index::{Index, Lease};
use crate::oci::{Context, Descriptor, Digest, Permit, Visibility};
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
pub use opening::OpenOptions;
pub use prune::{PruneEntry, PruneReport};
pub use referrers::Referrers;
pub use reindex::ReindexReport;
pub use retain::{Decision, DeleteReasons, Holder, InvalidRule, KeepReason, RetentionPlan, Rule};
pub use uploads::{BodyError, IncomingBody, Upload, UploadedBlob};
pub use usage::{RepositoryUsage, Usage, UsageReport};

pub use crate::index::{
    BlobUser, COUNT_LIMIT, Count, FoundRepositories, Removal, RepositoryOrder, RepositoryRow,
    RepositorySearch, TagOrder, TagPage, TagRow,
};
pub use crate::index::{
    CollectionRecord, Event, EventFilter, Hold, Link, ManifestDeleteReason, ManifestKeepReason,
    NotSaved, RULES_LIMIT, Restorable, Restored, SavedRule, StoredOnDay, Trashed, TrashedKind,
};
pub use crate::store::Device;

use cache::Cache;
use clock_steps::ClockSteps;
use collect::Running;
use gate::Gate;
use journal::{Announced, Journal};
use pulls::Pulls;
use sessions::Sessions;
use verified::VerifiedBlobs;

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

impl Rules {
    /// Whether an index may be pushed only with this child in its repository.
    fn requires_child(&self, child: &Descriptor) -> bool {
        match (&self.children, &child.platform) {
            (RequiredChildren::None, _) => false,
            (RequiredChildren::All, _) => true,
            (RequiredChildren::Platforms(platforms), Some(platform)) => {
                platforms.iter().any(|(os, architecture)| {
                    *os == platform.os && *architecture == platform.architecture
                })
            }
            (RequiredChildren::Platforms(_), None) => false,
        }
    }
}

/// A registry over one root, acting for one caller. Cheap to clone.
#[derive(Clone)]
pub struct Registry {
    services: Arc<Services>,
    rules: Arc<Rules>,
    /// The index, which records writes as those of the caller.
    index: Index,
    /// The repositories that the caller may see.
    visibility: Visibility,
}

/// What a registry shares between callers.
pub struct Services {
    store: Arc<dyn Store>,
    journal: Journal,
    cache: Arc<Cache>,
    verified: VerifiedBlobs,
    sessions: Arc<Sessions>,
    running: Arc<Running>,
    gate: Gate,
    pulls: Pulls,
    clock: Clock,
    clock_steps: ClockSteps,
    /// Counts requests that rely on content, so that a collection detects traffic.
    traffic: AtomicU64,
    /// Held by those of them that are under way.
    relying: Arc<()>,
    /// Whether the index was compared with the layout at the start.
    compared: AtomicBool,
    /// Paths of the layout that could not be read at the start, each with the reason.
    unreadable: parking_lot::Mutex<Vec<(String, String)>>,
    /// Whether a path could not be read at the start, so that index and layout may differ there.
    incomplete: AtomicBool,
    /// The disk space reserve.
    reserve: Option<Arc<Reserve>>,
    /// Whether the store is read-only.
    frozen: bool,
    /// Makes staged bytes readable that can't be placed in a read-only store.
    announced: OnceLock<Vec<Announced>>,
}

impl Deref for Registry {
    type Target = Services;

    fn deref(&self) -> &Services {
        &self.services
    }
}

impl Registry {
    /// The same registry, acting for the caller of a permit: its events name the caller, and its
    /// listings show what the caller may see.
    #[must_use]
    pub fn acting(&self, permit: &Permit) -> Self {
        Self {
            services: Arc::clone(&self.services),
            rules: Arc::clone(&self.rules),
            index: self.index.acting(Arc::clone(permit.context())),
            visibility: permit.visibility().clone(),
        }
    }

    /// The index, for modules with relations of their own: accounts, descriptions.
    pub fn index(&self) -> &Index {
        &self.index
    }

    /// The context of the caller; without a permit, of the registry's own tasks.
    pub fn context(&self) -> &Arc<Context> {
        self.index.context()
    }

    /// The same registry for administrators of its root: permits changes that the rules deny to
    /// clients.
    #[must_use]
    pub fn for_administrators(&self) -> Self {
        let rules = Rules {
            delete: true,
            read_only: false,
            ..(*self.rules).clone()
        };
        Self {
            rules: Arc::new(rules),
            index: self.index.freeing(),
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

    /// Paths in the layout that can't be written, because something else occupies them, or that
    /// could not be read at the start; each with the reason. The index serves their content.
    pub fn obstructed(&self) -> Vec<(String, String)> {
        let mut places = self.journal.obstructed();
        places.extend(self.unreadable.lock().iter().cloned());
        places
    }

    /// Syncs the store, and removes the journal rows that this covers.
    pub async fn checkpoint_journal(&self) -> Result<(), RegistryError> {
        if self.frozen {
            return Ok(());
        }
        self.journal.checkpoint(&self.index).await
    }

    /// Quarantines a blob whose content does not match its digest: it is unknown until it is pushed
    /// again. Returns false if it is already unknown.
    pub async fn quarantine(&self, canonical: &Digest) -> Result<bool, RegistryError> {
        if self.frozen {
            tracing::error!(digest = %canonical, "the bytes of a blob are damaged or missing");
            return Ok(false);
        }
        let new = self.index.quarantine(*canonical, self.clock.now()).await?;
        if new {
            tracing::error!(digest = %canonical, "a blob is damaged or missing; it is quarantined until it is pushed again");
        }
        Ok(new)
    }

    /// Removes leases that have ended.
    pub async fn drop_ended_leases(&self) -> Result<(), RegistryError> {
        while self.index.drop_ended_leases(self.clock.steady()).await? > 0 {}
        Ok(())
    }

    /// A value to hold while a request that relies on content is under way: no lease is ended then.
    pub fn relying(&self) -> Arc<()> {
        Arc::clone(&self.relying)
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
            steady: self.clock.steady(),
            trash: self.trash_time(),
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
