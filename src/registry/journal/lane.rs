//! A lane: the changes of some repositories and blobs, applied in order, in batches of one call to
//! the store each.
//!
//! If the device fails, the lane stops at the change and tries again. If something else occupies
//! the path of a change (a file where a directory belongs), the change is obstructed: it is tried
//! again from time to time, and the lane continues. A lane ends with its registry; the next start
//! applies the rest.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::{RwLock, mpsc};
use tokio::time::{Instant, sleep_until};

use super::{State, layout, marks};
use crate::index::{JournalEntry, LayoutChange};
use crate::store::{Store, StoreError};

/// Maximum number of changes in a batch.
const BATCH: usize = 64;
/// Pause after a failure.
const RETRY: Duration = Duration::from_secs(2);
/// Pause between two attempts at obstructed changes.
const RETRY_OBSTRUCTED: Duration = Duration::from_secs(30);

/// A change to apply.
pub(super) struct Work {
    pub(super) entry: JournalEntry,
    /// The writer waits until this is dropped.
    pub(super) guard: Option<mpsc::Sender<Infallible>>,
}

/// Queued and obstructed changes, in order.
pub(super) struct Lane {
    store: Arc<dyn Store>,
    state: Arc<Mutex<State>>,
    /// Locked for reading during a batch.
    batches: Arc<RwLock<()>>,
    incoming: mpsc::UnboundedReceiver<Work>,
    queue: VecDeque<Work>,
    obstructed: VecDeque<Work>,
    /// Rows that a later one has superseded; marked with the next batch.
    superseded: Vec<i64>,
    retry_obstructed: Instant,
}

impl Lane {
    pub(super) fn new(
        store: Arc<dyn Store>,
        state: Arc<Mutex<State>>,
        batches: Arc<RwLock<()>>,
        incoming: mpsc::UnboundedReceiver<Work>,
    ) -> Self {
        Self {
            store,
            state,
            batches,
            incoming,
            queue: VecDeque::new(),
            obstructed: VecDeque::new(),
            superseded: Vec::new(),
            retry_obstructed: Instant::now(),
        }
    }

    /// Applies changes until the registry is closed.
    pub(super) async fn run(mut self) {
        loop {
            if self.queue.is_empty() && !self.receive().await {
                return;
            }
            while self.queue.len() < BATCH
                && let Ok(work) = self.incoming.try_recv()
            {
                self.accept(work);
            }
            if let Err(error) = self.apply_batch().await {
                let first = self.queue.front().map(|work| &work.entry.change);
                tracing::error!(%error, change = ?first, "a layout change failed; trying again");
                if !self.pause().await {
                    return;
                }
            }
        }
    }

    /// Waits for the next change, or for the time to retry obstructed ones. Returns false if the
    /// registry is closed.
    async fn receive(&mut self) -> bool {
        tokio::select! {
            work = self.incoming.recv() => match work {
                Some(work) => self.accept(work),
                None => return false,
            },
            () = sleep_until(self.retry_obstructed), if !self.obstructed.is_empty() => {
                self.queue.append(&mut self.obstructed);
            }
        }
        true
    }

    /// Queues a change. It replaces an obstructed change with the same target.
    fn accept(&mut self, work: Work) {
        let superseded = |old: &Work| supersedes(&work.entry.change, &old.entry.change);
        if self.obstructed.iter().any(superseded) {
            let (old, obstructed): (VecDeque<_>, _) = std::mem::take(&mut self.obstructed)
                .into_iter()
                .partition(superseded);
            self.obstructed = obstructed;
            self.superseded.extend(old.iter().map(|work| work.entry.id));
            self.finish(old);
        }
        self.queue.push_back(work);
    }

    /// Applies the first queued changes, up to one that fails.
    async fn apply_batch(&mut self) -> Result<(), StoreError> {
        let (mut steps, mut ends) = (Vec::new(), Vec::new());
        for work in self.queue.iter().take(BATCH) {
            steps.extend(layout::steps(&work.entry.change));
            ends.push(steps.len());
        }
        let rows = self.queue.iter().take(BATCH).map(|work| work.entry.id);
        steps.push(marks::applied(rows.chain(self.superseded.iter().copied())));
        let batches = Arc::clone(&self.batches);
        let _batch = batches.read().await;
        let (applied, error) = match self.store.apply(steps).await {
            Ok(()) => {
                self.superseded.clear();
                (ends.len(), None)
            }
            Err(failed) => (
                ends.iter().filter(|end| **end <= failed.step).count(),
                Some(failed.error),
            ),
        };
        let done: Vec<Work> = self.queue.drain(..applied).collect();
        if error.is_some() && !done.is_empty() {
            let rows = done.iter().map(|work| work.entry.id);
            // Errors of `Note` are ignored by the store.
            let _ = self.store.apply(vec![marks::applied(rows)]).await;
        }
        self.finish(done);
        let Some(error) = error else { return Ok(()) };
        match self.queue.front().map(|work| &work.entry.change) {
            // Another program removed the bytes: there is nothing left to place.
            Some(
                LayoutChange::BlobPlaced { digest, .. } | LayoutChange::BlobQuarantined { digest },
            ) if error.is_not_found() => {
                let digest = *digest;
                let first = self.queue.pop_front();
                let placed =
                    |work: &Work| matches!(work.entry.change, LayoutChange::BlobPlaced { .. });
                if first.as_ref().is_some_and(placed) {
                    tracing::error!(%digest, "the bytes of a blob are neither staged nor in place");
                    self.state.lock().lost.insert(digest);
                }
                self.finish(first);
                Ok(())
            }
            Some(_) if error.is_obstructed() => {
                self.mark_obstructed(error).await;
                Ok(())
            }
            _ => Err(error),
        }
    }

    /// Marks the first change as obstructed.
    async fn mark_obstructed(&mut self, error: StoreError) {
        let error = Arc::new(error);
        let Some(mut work) = self.queue.pop_front() else {
            return;
        };
        let JournalEntry { id, change } = &work.entry;
        let new = self
            .state
            .lock()
            .obstructed
            .insert(*id, (change.clone(), Arc::clone(&error)))
            .is_none();
        if new {
            tracing::error!(%error, ?change, "a layout change is postponed because its path is occupied or not writable; it is applied when the path is free");
        }
        let promised = work.guard.take().map(|guard| (guard, work.entry.id));
        self.obstructed.push_back(work);
        self.acknowledge(promised.into_iter().collect()).await;
        self.retry_obstructed = Instant::now() + RETRY_OBSTRUCTED;
    }

    /// Waits before the next attempt. Writers are released meanwhile, because the index is durable.
    /// Returns false if the registry is closed.
    async fn pause(&mut self) -> bool {
        let waiting = self.queue.iter_mut();
        let guards = waiting.filter_map(|work| Some((work.guard.take()?, work.entry.id)));
        let guards = guards.collect();
        self.acknowledge_between_batches(guards).await;
        let retry = Instant::now() + RETRY;
        loop {
            tokio::select! {
                () = sleep_until(retry) => return true,
                work = self.incoming.recv() => match work {
                    Some(mut work) => {
                        let guard = work.guard.take().map(|guard| (guard, work.entry.id));
                        self.accept(work);
                        self.acknowledge_between_batches(guard.into_iter().collect()).await;
                    }
                    None => return false,
                },
            }
        }
    }

    /// Like [`Lane::acknowledge`], for callers outside a batch.
    async fn acknowledge_between_batches(&self, waiting: Vec<(mpsc::Sender<Infallible>, i64)>) {
        // The marks must not be replaced during this.
        let batches = Arc::clone(&self.batches);
        let _batch = batches.read().await;
        self.acknowledge(waiting).await;
    }

    /// Releases writers whose changes the layout does not show. Their rows are marked first, so
    /// that the next start applies them whatever else changed in their repositories.
    async fn acknowledge(&self, waiting: Vec<(mpsc::Sender<Infallible>, i64)>) {
        if waiting.is_empty() {
            return;
        }
        let rows: Vec<i64> = waiting.iter().map(|(_, row)| *row).collect();
        self.state.lock().promised.extend(&rows);
        // Errors of `Note` are ignored by the store.
        let _ = self
            .store
            .apply(vec![marks::promised(rows.into_iter())])
            .await;
    }

    fn finish(&self, done: impl IntoIterator<Item = Work>) {
        let mut state = self.state.lock();
        for work in done {
            state.finish(&work.entry);
        }
    }
}

/// Whether a change makes an earlier one unnecessary.
fn supersedes(new: &LayoutChange, old: &LayoutChange) -> bool {
    let whole = matches!(new, LayoutChange::RepositoryRemoved { .. });
    whole && layout::repository_of(new) == layout::repository_of(old)
        || layout::target(new) == layout::target(old)
}
