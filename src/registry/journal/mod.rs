//! Brings the layout up to date with the index: in order, several repositories at a time.
//!
//! The index reports each commit. A change that fails because the device fails or is full
//! delays those behind it in its lane and is tried again; one whose path is occupied by something else
//! is set aside. The index is right meanwhile, and the bytes of a blob are read where they wait. A row is
//! forgotten only after a sync of the store covers it; after a sync that failed, all that it covered
//! is done again before the next one counts.

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
use crate::store::Store;

use lane::{Lane, Work};
use marks::Marks;
use recovery::last_placements;

pub(super) use recovery::Recovered;

/// Repositories that are worked on at the same time.
const LANES: usize = 8;

#[derive(Default)]
struct State {
    /// Committed rows that the layout does not show yet.
    outstanding: BTreeSet<i64>,
    /// Of these, the ones whose path is occupied by something else, with the reason.
    set_aside: BTreeMap<i64, (LayoutChange, String)>,
    /// Of these, the removals that wait until the layout has been looked at.
    deferred: BTreeSet<i64>,
    /// Rows that the layout shows, and that no sync covers yet.
    applied: BTreeSet<i64>,
    /// Rows that a client was told of before the layout showed them.
    promised: BTreeSet<i64>,
    /// Blobs whose bytes still wait under another key.
    waiting: HashMap<Digest, String>,
    /// Keys of sealed bytes whose commit is under way. Readers may see the row before `commit` is
    /// called.
    announced: Vec<(Digest, String)>,
    /// Keys whose bytes are to be moved or removed.
    claimed: HashSet<String>,
    /// Blobs that were committed and whose bytes are nowhere.
    lost: HashSet<Digest>,
    /// The last row that was committed.
    last: i64,
    /// Whether the last sync failed.
    unsynced: bool,
    /// The boot of the machine, and the index, that the marks are for.
    boot: String,
    identity: String,
}

impl State {
    /// The first row that the layout will show when the lanes have done their work.
    fn first_pending(&self) -> Option<i64> {
        let mut rows = self.outstanding.iter();
        rows.find(|row| !self.set_aside.contains_key(row)).copied()
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
        self.set_aside.remove(&entry.id);
        self.promised.remove(&entry.id);
        self.applied.insert(entry.id);
        // It may have been removed and have come again since: then other bytes wait.
        if let LayoutChange::BlobPlaced { digest, from } = &entry.change
            && self.waiting.get(digest) == Some(from)
        {
            self.waiting.remove(digest);
        }
        if let Some(key) = claim(&entry.change) {
            self.claimed.remove(key);
        }
    }
}

/// Makes staged bytes readable; held until their commit has been answered.
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

/// The journal at work. Cheap to clone.
#[derive(Clone)]
pub(super) struct Journal {
    store: Arc<dyn Store>,
    lanes: Arc<Vec<mpsc::UnboundedSender<Work>>>,
    state: Arc<Mutex<State>>,
    /// Held for reading during a trip to the store, for writing while the marks are replaced.
    trips: Arc<RwLock<()>>,
    cache: Arc<Cache>,
}

impl Journal {
    pub(super) fn start(store: &Arc<dyn Store>, cache: Arc<Cache>) -> Self {
        let state = Arc::new(Mutex::new(State::default()));
        let trips = Arc::default();
        let lanes = (0..LANES)
            .map(|_| {
                let (sender, receiver) = mpsc::unbounded_channel();
                let (store, state) = (Arc::clone(store), Arc::clone(&state));
                tokio::spawn(Lane::new(store, state, Arc::clone(&trips), receiver).run());
                sender
            })
            .collect();
        Self {
            store: Arc::clone(store),
            lanes: Arc::new(lanes),
            state,
            trips,
            cache,
        }
    }

    /// Queues committed changes; the future ends when the layout shows them, or fails to.
    pub(super) fn commit(&self, entries: Vec<JournalEntry>) -> BoxFuture<'static, ()> {
        if entries.is_empty() {
            return Box::pin(std::future::ready(()));
        }
        let (guard, mut done) = mpsc::channel::<Infallible>(1);
        let known;
        {
            let mut state = self.state.lock();
            known = state.last;
            for JournalEntry { id, change } in &entries {
                state.outstanding.insert(*id);
                if state.applied.remove(id) {
                    // It is handed out again: its client was told of it long ago.
                    state.promised.insert(*id);
                }
                state.last = state.last.max(*id);
                match change {
                    LayoutChange::BlobPlaced { digest, from } => {
                        state.waiting.insert(*digest, from.clone());
                    }
                    LayoutChange::BlobRemoved { digest }
                    | LayoutChange::BlobQuarantined { digest } => {
                        state.waiting.remove(digest);
                    }
                    _ => {}
                }
                state.claimed.extend(claim(change).cloned());
            }
        }
        for entry in entries {
            // One that is handed out again says what was true once.
            if entry.id > known {
                self.cache.committed(&entry.change);
            }
            let mut hasher = DefaultHasher::new();
            layout::lane_key(&entry.change).hash(&mut hasher);
            let lane = hasher.finish() % self.lanes.len() as u64;
            if let Some(lane) = usize::try_from(lane)
                .ok()
                .and_then(|lane| self.lanes.get(lane))
            {
                // A lane lives as long as its sender, which is here.
                let _ = lane.send(Work {
                    entry,
                    guard: Some(guard.clone()),
                });
            }
        }
        drop(guard);
        Box::pin(async move {
            // Nothing is ever sent: it ends when the last guard does.
            let _ = done.recv().await;
        })
    }

    /// Ends all work on the layout between two trips to the store, as the end of the process does.
    #[cfg(test)]
    pub(super) async fn halt(&self) {
        let guard = Arc::clone(&self.trips).write_owned().await;
        std::mem::forget(guard);
    }

    /// Lets readers find the bytes of a blob that is about to be committed.
    pub(super) fn announce(&self, digest: Digest, key: &str) -> Announced {
        let state = Arc::clone(&self.state);
        state.lock().lost.remove(&digest);
        state.lock().announced.push((digest, key.to_owned()));
        let key = key.to_owned();
        Announced { state, key }
    }

    /// Where the bytes of a blob may wait, when they are not in their place yet.
    pub(super) fn waiting(&self, digest: &Digest) -> Vec<String> {
        let state = self.state.lock();
        let announced = state.announced.iter().filter(|(of, _)| of == digest);
        let waiting = state.waiting.get(digest).into_iter();
        waiting
            .chain(announced.map(|(_, key)| key))
            .cloned()
            .collect()
    }

    /// Whether the bytes under one of these keys are about to be moved or removed.
    pub(super) fn claims(&self, keys: &[String]) -> bool {
        let state = self.state.lock();
        keys.iter().any(|key| state.claimed.contains(key))
    }

    /// Whether the bytes of a blob were nowhere when they were to be placed; reported once.
    pub(super) fn take_lost(&self, digest: &Digest) -> bool {
        self.state.lock().lost.remove(digest)
    }

    /// Whether the layout shows everything that was committed, but for what is set aside.
    pub(super) fn is_done(&self) -> bool {
        let state = self.state.lock();
        let known = |row| state.set_aside.contains_key(row) || state.deferred.contains(row);
        state.outstanding.iter().all(known)
    }

    /// Makes the removals that were deferred.
    pub(super) async fn make_deferred(&self, removals: Vec<JournalEntry>) {
        self.state.lock().deferred.clear();
        self.commit(removals).await;
    }

    /// Ends the wait of removals that were deferred: what is to be done for them is done.
    pub(super) fn settle_deferred(&self) {
        let mut state = self.state.lock();
        for row in std::mem::take(&mut state.deferred) {
            state.outstanding.remove(&row);
            state.promised.remove(&row);
            state.applied.insert(row);
        }
    }

    /// The targets of changes that are set aside, each with the reason.
    pub(super) fn set_aside(&self) -> Vec<(String, String)> {
        let state = self.state.lock();
        let changes = state.set_aside.values();
        changes
            .map(|(change, reason)| (layout::target(change), reason.clone()))
            .collect()
    }

    /// Repositories with changes that are set aside. Their layout is incomplete, so the index decides.
    pub(super) fn obstructed(&self) -> HashSet<Repository> {
        let state = self.state.lock();
        let changes = state.set_aside.values().map(|(change, _)| change);
        changes.filter_map(layout::repository_of).cloned().collect()
    }

    /// The last row that was committed.
    pub(super) fn last(&self) -> i64 {
        self.state.lock().last
    }

    /// Whether the layout shows everything up to a row.
    pub(super) fn shows(&self, row: i64) -> bool {
        let first = self.state.lock().first_pending();
        first.is_none_or(|first| first > row)
    }

    /// Syncs the store and forgets the rows that this covers, if there are any.
    pub(super) async fn forget(&self, index: &Index) -> Result<(), RegistryError> {
        if self.state.lock().unsynced {
            // The device may have dropped anything since the last sync that succeeded, and the next
            // one would not say so.
            index.hand_out_journal(last_placements).await?;
            self.state.lock().unsynced = false;
        }
        let (before, kept) = {
            let state = self.state.lock();
            let before = state.first_pending().unwrap_or(state.last + 1);
            if state.applied.first().is_none_or(|first| *first >= before) {
                return Ok(());
            }
            let kept: Vec<i64> = state.set_aside.keys().copied().collect();
            (before, kept)
        };
        if let Err(error) = self.store.sync().await {
            self.state.lock().unsynced = true;
            // A note does not fail.
            let _ = self.store.apply(vec![marks::unsynced()]).await;
            return Err(error.into());
        }
        index.forget_journal(before, &kept).await?;
        let _no_trip = self.trips.write().await;
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
