//! Applies the changes of the index to the layout: in order, several repositories at a time.
//!
//! The index reports each commit. If the device fails or is full, a change and those behind it in
//! its lane wait and are tried again; if something else occupies its path, only that change waits.
//! Meanwhile the index serves requests, and the bytes of a blob are read under their staging key. A
//! row is removed only after a sync of the store covers it; after a failed sync, all rows that it
//! covered are applied again before the next one counts.

mod foreign;
mod lane;
mod marks;
mod recovery;

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::convert::Infallible;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use futures_util::future::BoxFuture;
use parking_lot::Mutex;
use tokio::sync::{RwLock, mpsc};

use super::cache::Cache;
use super::{RegistryError, layout};
use crate::index::{Index, JournalEntry, LayoutChange};
use crate::oci::{Digest, Repository};
use crate::store::{Store, StoreError};

use lane::{Lane, Work};
use marks::Marks;
use recovery::last_placements;

pub(super) use recovery::Recovered;

/// Number of repositories that are changed at the same time.
const LANES: usize = 8;

#[derive(Default)]
struct State {
    /// Committed rows that the layout does not show yet.
    outstanding: BTreeSet<i64>,
    /// Those whose path is occupied by something else, with the reason.
    obstructed: BTreeMap<i64, (LayoutChange, Arc<StoreError>)>,
    /// Removals that wait until the layout has been compared.
    deferred: BTreeSet<i64>,
    /// Rows that the layout shows, not yet covered by a sync.
    applied: BTreeSet<i64>,
    /// Rows that were acknowledged to a client before the layout showed them.
    promised: BTreeSet<i64>,
    /// Blobs whose bytes are still under a staging key.
    staged: HashMap<Digest, String>,
    /// Staging keys of blobs that are being committed. Readers may see the row before `commit` is
    /// called.
    announced: Vec<(Digest, String)>,
    /// Keys whose bytes will be moved or removed.
    claimed: HashSet<String>,
    /// Committed blobs without bytes.
    lost: HashSet<Digest>,
    /// The last committed row.
    last: i64,
    /// Whether the last sync failed.
    unsynced: bool,
    /// The boot of the machine, and the index, of the marks.
    boot: String,
    identity: String,
}

impl State {
    /// The first row that the layout does not show, apart from obstructed ones.
    fn first_pending(&self) -> Option<i64> {
        let mut rows = self.outstanding.iter();
        rows.find(|row| !self.obstructed.contains_key(row)).copied()
    }

    fn marks(&self) -> Marks {
        Marks {
            boot: self.boot.clone(),
            index: self.identity.clone(),
            applied: self.applied.clone(),
            promised: self.promised.clone(),
        }
    }

    fn finish(&mut self, entry: &JournalEntry) {
        self.outstanding.remove(&entry.id);
        self.obstructed.remove(&entry.id);
        self.promised.remove(&entry.id);
        self.applied.insert(entry.id);
        // If the blob was removed and pushed again, other bytes are staged.
        if let LayoutChange::BlobPlaced { digest, from } = &entry.change
            && self.staged.get(digest) == Some(from)
        {
            self.staged.remove(digest);
        }
        if let Some(key) = claim(&entry.change) {
            self.claimed.remove(key);
        }
    }
}

/// Makes staged bytes readable until it is dropped, after the answer of the commit.
pub(super) struct Announced {
    state: Arc<Mutex<State>>,
    key: String,
}

impl Drop for Announced {
    fn drop(&mut self) {
        let mut state = self.state.lock();
        state.announced.retain(|(_, key)| *key != self.key);
    }
}

/// The journal of a registry. Cheap to clone.
#[derive(Clone)]
pub(super) struct Journal {
    store: Arc<dyn Store>,
    lanes: Arc<Vec<mpsc::UnboundedSender<Work>>>,
    state: Arc<Mutex<State>>,
    /// Locked for reading during a batch, for writing while the marks are replaced.
    batches: Arc<RwLock<()>>,
    cache: Arc<Cache>,
}

impl Journal {
    pub(super) fn start(store: &Arc<dyn Store>, cache: Arc<Cache>) -> Self {
        let state = Arc::new(Mutex::new(State::default()));
        let batches = Arc::default();
        let lanes = (0..LANES)
            .map(|_| {
                let (sender, receiver) = mpsc::unbounded_channel();
                let (store, state) = (Arc::clone(store), Arc::clone(&state));
                tokio::spawn(Lane::new(store, state, Arc::clone(&batches), receiver).run());
                sender
            })
            .collect();
        Self {
            store: Arc::clone(store),
            lanes: Arc::new(lanes),
            state,
            batches,
            cache,
        }
    }

    /// Queues committed changes. The future is ready when the layout shows them, or when waiting
    /// longer is useless.
    pub(super) fn commit(&self, entries: Vec<JournalEntry>) -> BoxFuture<'static, ()> {
        if entries.is_empty() {
            return Box::pin(std::future::ready(()));
        }
        let (guard, mut done) = mpsc::channel::<Infallible>(1);
        let last;
        {
            let mut state = self.state.lock();
            last = state.last;
            for JournalEntry { id, change } in &entries {
                state.outstanding.insert(*id);
                if state.applied.remove(id) {
                    // A replayed row: it was acknowledged to its client.
                    state.promised.insert(*id);
                }
                state.last = state.last.max(*id);
                match change {
                    LayoutChange::BlobPlaced { digest, from } => {
                        state.staged.insert(*digest, from.clone());
                    }
                    LayoutChange::BlobRemoved { digest }
                    | LayoutChange::BlobQuarantined { digest } => {
                        state.staged.remove(digest);
                    }
                    _ => {}
                }
                state.claimed.extend(claim(change).cloned());
            }
        }
        for entry in entries {
            // A replayed row is older than the content of the cache.
            if entry.id > last {
                self.cache.committed(&entry.change);
            }
            let mut hasher = DefaultHasher::new();
            layout::lane_key(&entry.change).hash(&mut hasher);
            let lane = hasher.finish() % self.lanes.len() as u64;
            if let Some(lane) = usize::try_from(lane)
                .ok()
                .and_then(|lane| self.lanes.get(lane))
            {
                // A lane lives as long as its sender, which is in `self`.
                let _ = lane.send(Work {
                    entry,
                    guard: Some(guard.clone()),
                });
            }
        }
        drop(guard);
        Box::pin(async move {
            // Nothing is sent; the channel closes with the last guard.
            let _ = done.recv().await;
        })
    }

    /// Stops all work on the layout between two batches, as if the process had ended.
    #[cfg(test)]
    pub(super) async fn halt(&self) {
        let guard = Arc::clone(&self.batches).write_owned().await;
        std::mem::forget(guard);
    }

    /// Lets readers find the bytes of a blob that will be committed.
    pub(super) fn announce(&self, digest: Digest, key: &str) -> Announced {
        let state = Arc::clone(&self.state);
        state.lock().lost.remove(&digest);
        state.lock().announced.push((digest, key.to_owned()));
        let key = key.to_owned();
        Announced { state, key }
    }

    /// The staging keys that may have the bytes of a blob.
    pub(super) fn staged_keys(&self, digest: &Digest) -> Vec<String> {
        let state = self.state.lock();
        let announced = state.announced.iter().filter(|(of, _)| of == digest);
        let staged = state.staged.get(digest).into_iter();
        staged
            .chain(announced.map(|(_, key)| key))
            .cloned()
            .collect()
    }

    /// Whether the bytes under one of these keys will be moved or removed.
    pub(super) fn claims(&self, keys: &[String]) -> bool {
        let state = self.state.lock();
        keys.iter().any(|key| state.claimed.contains(key))
    }

    /// Whether the bytes of a blob were missing when they were to be placed. Reported once.
    pub(super) fn report_lost(&self, digest: &Digest) -> bool {
        self.state.lock().lost.remove(digest)
    }

    /// Whether the layout shows all committed rows, apart from obstructed and deferred ones.
    pub(super) fn is_caught_up(&self) -> bool {
        let state = self.state.lock();
        let excepted = |row| state.obstructed.contains_key(row) || state.deferred.contains(row);
        state.outstanding.iter().all(excepted)
    }

    /// Applies the deferred removals.
    pub(super) async fn apply_deferred(&self, removals: Vec<JournalEntry>) {
        self.state.lock().deferred.clear();
        self.commit(removals).await;
    }

    /// Marks the deferred removals as applied.
    pub(super) fn complete_deferred(&self) {
        let mut state = self.state.lock();
        for row in std::mem::take(&mut state.deferred) {
            state.outstanding.remove(&row);
            state.promised.remove(&row);
            state.applied.insert(row);
        }
    }

    /// The targets of obstructed changes, each with the reason.
    pub(super) fn obstructed(&self) -> Vec<(String, String)> {
        let state = self.state.lock();
        let changes = state.obstructed.values();
        changes
            .map(|(change, reason)| (layout::target(change), reason.to_string()))
            .collect()
    }

    /// Why a change of the entry under a key, or of one above it, is obstructed.
    pub(super) fn obstruction(&self, key: &str) -> Option<Arc<StoreError>> {
        let state = self.state.lock();
        let mut changes = state.obstructed.values();
        let is_at = |path: &str| {
            let rest = key.strip_prefix(path);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        let (_, reason) = changes.find(|(change, _)| is_at(&layout::target(change)))?;
        Some(Arc::clone(reason))
    }

    /// Repositories with obstructed changes. Their layout is incomplete, so it is not reindexed.
    pub(super) fn obstructed_repositories(&self) -> HashSet<Repository> {
        let state = self.state.lock();
        let changes = state.obstructed.values().map(|(change, _)| change);
        changes.filter_map(layout::repository_of).cloned().collect()
    }

    /// The last committed row.
    pub(super) fn last(&self) -> i64 {
        self.state.lock().last
    }

    /// Whether the layout shows everything up to a row.
    pub(super) fn shows(&self, row: i64) -> bool {
        let first = self.state.lock().first_pending();
        first.is_none_or(|first| first > row)
    }

    /// Syncs the store and removes the rows that this covers, if there are any.
    pub(super) async fn checkpoint(&self, index: &Index) -> Result<(), RegistryError> {
        if self.state.lock().unsynced {
            // The device may have dropped any write since the last successful sync, without an
            // error from the next one.
            index.replay_journal(last_placements).await?;
            self.state.lock().unsynced = false;
        }
        let (before, kept) = {
            let state = self.state.lock();
            let before = state.first_pending().unwrap_or(state.last + 1);
            if state.applied.first().is_none_or(|first| *first >= before) {
                return Ok(());
            }
            let kept: Vec<i64> = state.obstructed.keys().copied().collect();
            (before, kept)
        };
        let mut changed = Vec::new();
        if self.store.syncs_keys() {
            let mut rows = index.journal().await?;
            rows.retain(|row| row.id < before && !kept.contains(&row.id));
            changed.extend(rows.iter().flat_map(|row| layout::changed(&row.change)));
        }
        if let Err(error) = self.store.sync(&changed).await {
            self.state.lock().unsynced = true;
            // Errors of `Note` are ignored by the store.
            let _ = self.store.apply(vec![marks::unsynced()]).await;
            return Err(error.into());
        }
        index.remove_journal_rows(before, &kept).await?;
        let _no_batch = self.batches.write().await;
        let marks = {
            let mut state = self.state.lock();
            state.applied = state.applied.split_off(&before);
            state.marks()
        };
        if let Err(failed) = self.store.apply(vec![marks.write()]).await {
            tracing::debug!(error = %failed.error, "the marks of the journal were not shortened");
        }
        Ok(())
    }
}

/// The key whose bytes a change moves or removes.
fn claim(change: &LayoutChange) -> Option<&String> {
    match change {
        LayoutChange::BlobPlaced { from: key, .. } | LayoutChange::Discarded { key } => Some(key),
        _ => None,
    }
}
