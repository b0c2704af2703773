//! Brings the layout up with the index: in order, several repositories at a time, and again after
//! a failure.
//!
//! Told of each commit by the index. A change that fails (a full disk) holds up the ones behind it
//! in its lane and is tried again; the index is right meanwhile, and the bytes of a blob are read
//! where they wait. What has been done is forgotten only after a sync of the store covers it.

use std::collections::{BTreeSet, HashMap, HashSet, VecDeque};
use std::convert::Infallible;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use parking_lot::Mutex;
use tokio::sync::mpsc;

use super::cache::Cache;
use super::layout;
use crate::index::{Index, JournalEntry, LayoutChange};
use crate::oci::Digest;
use crate::store::{Step, Store, StoreError};

/// Repositories that are worked on at the same time.
const LANES: usize = 8;
/// Changes that are made in one trip to the store at most.
const TRIP: usize = 64;
/// Changes whose directories are looked through in one trip at the start.
const SWEPT: usize = 1024;
/// How long a failed change waits before it is tried again.
const RETRY: Duration = Duration::from_secs(2);

/// A change under way. The guard's end tells the writer that the layout shows it.
struct Work {
    entry: JournalEntry,
    /// Let go when the writer need not wait longer.
    guard: Option<mpsc::Sender<Infallible>>,
}

#[derive(Default)]
struct State {
    /// Committed, not yet shown by the layout.
    outstanding: BTreeSet<i64>,
    /// Blobs whose bytes still wait under another key.
    waiting: HashMap<Digest, String>,
    /// Keys of sealed bytes whose commit is under way: readers see it before it is told here.
    announced: Vec<(Digest, String)>,
    /// Keys whose bytes are to be moved or removed.
    claimed: HashSet<String>,
    /// Blobs that were committed and whose bytes are nowhere.
    lost: HashSet<Digest>,
    /// The last row that was handed out, and the last that the store has been synced for.
    last: i64,
    synced: i64,
}

/// To be held until a commit has been answered.
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
    lanes: Arc<Vec<mpsc::UnboundedSender<Work>>>,
    state: Arc<Mutex<State>>,
    cache: Arc<Cache>,
}

impl Journal {
    pub(super) fn start(store: &Arc<dyn Store>, cache: Arc<Cache>) -> Self {
        let state = Arc::new(Mutex::new(State::default()));
        let lanes = (0..LANES)
            .map(|_| {
                let (sender, receiver) = mpsc::unbounded_channel();
                tokio::spawn(lane(Arc::clone(store), Arc::clone(&state), receiver));
                sender
            })
            .collect();
        Self {
            lanes: Arc::new(lanes),
            state,
            cache,
        }
    }

    /// Takes in what was committed; the answer comes when the layout shows it.
    pub(super) fn commit(&self, entries: Vec<JournalEntry>) -> BoxFuture<'static, ()> {
        if entries.is_empty() {
            return Box::pin(std::future::ready(()));
        }
        let (guard, mut done) = mpsc::channel::<Infallible>(1);
        {
            let mut state = self.state.lock();
            for JournalEntry { id, change } in &entries {
                state.outstanding.insert(*id);
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
            self.cache.committed(&entry.change);
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

    /// Tells readers where the bytes of a blob lie that is about to be committed.
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

    /// Whether the layout shows everything that was committed.
    pub(super) fn is_done(&self) -> bool {
        self.state.lock().outstanding.is_empty()
    }

    /// The last row that was committed.
    pub(super) fn last(&self) -> i64 {
        self.state.lock().last
    }

    /// Whether the layout shows everything up to a row.
    pub(super) fn shows(&self, row: i64) -> bool {
        let state = self.state.lock();
        state.outstanding.first().is_none_or(|first| *first > row)
    }

    /// Syncs the store and forgets what that covers, if there is anything.
    pub(super) async fn forget(
        &self,
        store: &dyn Store,
        index: &Index,
    ) -> Result<(), super::RegistryError> {
        let before = {
            let state = self.state.lock();
            let before = state.outstanding.first().copied().unwrap_or(state.last + 1);
            // Rows count from 1: before that there is nothing to forget.
            if before <= state.synced.max(1) {
                return Ok(());
            }
            before
        };
        store.sync().await?;
        index.forget_journal(before).await?;
        self.state.lock().synced = before;
        Ok(())
    }

    /// Does again what an earlier process may not have done, once; what fails is tried again later.
    pub(super) async fn redo(
        &self,
        store: &dyn Store,
        index: &Index,
    ) -> Result<usize, super::RegistryError> {
        let entries = last_placements(index.journal().await?);
        let count = entries.len();
        for some in entries.chunks(SWEPT) {
            if let Err(error) = sweep(store, some).await {
                tracing::warn!(%error, "what a crash has left half-written could not be removed");
                break;
            }
        }
        self.commit(entries).await;
        Ok(count)
    }
}

/// Removes what was being written for these changes when the process ended. Nobody else writes
/// there: the journal has them because it was us.
async fn sweep(store: &dyn Store, entries: &[JournalEntry]) -> Result<(), StoreError> {
    let places: Vec<(String, &str)> = entries
        .iter()
        .flat_map(|entry| layout::half_written(&entry.change))
        .collect();
    let directories: Vec<String> = places.iter().map(|(key, _)| key.clone()).collect();
    let mut steps = Vec::new();
    for ((directory, name), listed) in places.iter().zip(store.list(&directories).await?) {
        let left = listed
            .into_iter()
            .filter(|entry| !entry.directory && layout::is_half_written(&entry.name, name));
        steps.extend(left.map(|entry| Step::Remove {
            key: format!("{directory}/{}", entry.name),
        }));
    }
    if !steps.is_empty() {
        store.apply(steps).await?;
    }
    Ok(())
}

/// What is left to do of changes some of which were made already: of those that put the bytes of a
/// blob somewhere only the last counts. An earlier one, made after it, would undo it.
fn last_placements(entries: Vec<JournalEntry>) -> Vec<JournalEntry> {
    let mut last = HashMap::new();
    for JournalEntry { id, change } in &entries {
        if let Some(digest) = layout::placed(change) {
            last.insert(*digest, *id);
        }
    }
    entries
        .into_iter()
        .map(|JournalEntry { id, change }| {
            let overtaken = layout::placed(&change).is_some_and(|digest| last[digest] != id);
            match change {
                LayoutChange::BlobPlaced { from: key, .. } if overtaken => JournalEntry {
                    id,
                    change: LayoutChange::Discarded { key },
                },
                // The row is done with what comes later.
                _ if overtaken => JournalEntry {
                    id,
                    change: LayoutChange::Discarded {
                        key: layout::staged(),
                    },
                },
                change => JournalEntry { id, change },
            }
        })
        .collect()
}

/// One lane: its changes in order, as many in one trip to the store as there are. Ends with its
/// registry; what it has not done then is done by the next start.
async fn lane(
    store: Arc<dyn Store>,
    state: Arc<Mutex<State>>,
    mut incoming: mpsc::UnboundedReceiver<Work>,
) {
    let mut waiting: VecDeque<Work> = VecDeque::new();
    while let Some(work) = incoming.recv().await {
        waiting.push_back(work);
        while !waiting.is_empty() {
            while waiting.len() < TRIP
                && let Ok(work) = incoming.try_recv()
            {
                waiting.push_back(work);
            }
            if let Err(error) = trip(&*store, &state, &mut waiting).await {
                if let Some(first) = waiting.front() {
                    tracing::error!(%error, change = ?first.entry.change, "the layout could not be changed; trying again");
                }
                if !pause(&mut waiting, &mut incoming).await {
                    return;
                }
            }
        }
    }
}

/// Lets the time of a retry pass, and meanwhile no writer wait: the index says what is true. Whether
/// the registry is still there after that.
async fn pause(waiting: &mut VecDeque<Work>, incoming: &mut mpsc::UnboundedReceiver<Work>) -> bool {
    for work in waiting.iter_mut() {
        work.guard = None;
    }
    let retry = tokio::time::sleep(RETRY);
    tokio::pin!(retry);
    loop {
        tokio::select! {
            () = &mut retry => return true,
            work = incoming.recv() => match work {
                Some(Work { entry, .. }) => waiting.push_back(Work { entry, guard: None }),
                None => return false,
            },
        }
    }
}

/// Brings the layout up with `waiting`, up to the first that fails.
async fn trip(
    store: &dyn Store,
    state: &Mutex<State>,
    waiting: &mut VecDeque<Work>,
) -> Result<(), StoreError> {
    let (mut steps, mut ends) = (Vec::new(), Vec::new());
    for work in waiting.iter().take(TRIP) {
        steps.extend(layout::steps(&work.entry.change));
        ends.push(steps.len());
    }
    let (taken, error) = match store.apply(steps).await {
        Ok(()) => (ends.len(), None),
        Err(failed) => (
            ends.iter().filter(|end| **end <= failed.step).count(),
            Some(failed.error),
        ),
    };
    for work in waiting.drain(..taken) {
        done(state, &work);
    }
    match (error, waiting.front()) {
        (Some(error), Some(work)) => match &work.entry.change {
            // Another hand took the bytes: there is nothing left to place.
            LayoutChange::BlobPlaced { digest, .. } | LayoutChange::BlobQuarantined { digest }
                if error.is_not_found() =>
            {
                if matches!(work.entry.change, LayoutChange::BlobPlaced { .. }) {
                    tracing::error!(%digest, "the bytes of a blob are neither staged nor in place");
                    state.lock().lost.insert(*digest);
                }
                if let Some(work) = waiting.pop_front() {
                    done(state, &work);
                }
                Ok(())
            }
            _ => Err(error),
        },
        _ => Ok(()),
    }
}

fn done(state: &Mutex<State>, work: &Work) {
    let mut state = state.lock();
    state.outstanding.remove(&work.entry.id);
    // It may have been taken and have come again since: then other bytes wait.
    if let LayoutChange::BlobPlaced { digest, from } = &work.entry.change
        && state.waiting.get(digest) == Some(from)
    {
        state.waiting.remove(digest);
    }
    if let Some(key) = claim(&work.entry.change) {
        state.claimed.remove(key);
    }
}

/// The key whose bytes a change moves or removes.
fn claim(change: &LayoutChange) -> Option<&String> {
    match change {
        LayoutChange::BlobPlaced { from: key, .. } | LayoutChange::Discarded { key } => Some(key),
        _ => None,
    }
}
