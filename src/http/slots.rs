//! A limited resource that clients share: connections, requests, memory for manifests.
//!
//! While the resource is available, a slot is granted at once. Otherwise slots are revoked:
//! first those that are idle, then those whose client makes no progress, then those of a client
//! address with more than its share. Waiting requests are admitted by address, the one with the
//! smallest share first, and small before large. Waiting has a timeout. So a limit slows the client
//! that uses it up, not the others.
//!
//! The cost of a request grows with the number of client addresses, not with the number of requests
//! that wait: thousands of them may come from one address.

mod client;

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::oneshot;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

pub(super) use client::Client;

/// Interval of retries while waiting: slots lose their protection as time passes without
/// progress.
const RETRY_INTERVAL: Duration = Duration::from_millis(250);
/// Minimum time between two searches for a slot to revoke, after one has found none.
const SEARCH_INTERVAL: Duration = Duration::from_millis(100);

/// The limits of a resource.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    /// The total weight of all slots.
    pub(super) capacity: usize,
    /// Maximum number of waiting requests.
    pub(super) waiting: usize,
    /// Timeout for a slot.
    pub(super) timeout: Duration,
    /// Time without progress after which a slot may be revoked.
    pub(super) stall_after: Duration,
}

/// A limited resource. Cheap to clone.
#[derive(Clone)]
pub(super) struct SlotPool(Arc<Mutex<State>>);

struct State {
    limits: Limits,
    held: usize,
    holders: HashMap<u64, Arc<Holder>>,
    /// Those that hold a slot or wait for one.
    clients: HashMap<Client, Share>,
    /// Number of waiting requests.
    waiting: usize,
    last: u64,
    /// When a search found no slot to revoke: for clients with at least their share, and for others.
    searched: [Option<Instant>; 2],
}

/// What a client holds and waits for.
#[derive(Default)]
struct Share {
    /// The weight of its slots.
    held: usize,
    waiting: BTreeMap<Place, Waiting>,
    /// The weight that it waits for.
    wanted: usize,
}

/// The place of a waiting request among those of its client: its weight, and a growing number.
type Place = (usize, u64);

struct Waiting {
    holder: Arc<Holder>,
    admitted: oneshot::Sender<Slot>,
}

/// A place among the waiting requests, given up when it is dropped.
struct Queued<'a> {
    pool: &'a SlotPool,
    client: Client,
    place: Place,
}

impl Drop for Queued<'_> {
    fn drop(&mut self) {
        self.pool.0.lock().leave(self.client, self.place);
    }
}

struct Holder {
    client: Client,
    weight: usize,
    created: Instant,
    /// Milliseconds after `created`.
    moved: AtomicU64,
    idle: AtomicBool,
    /// Number of tasks whose duration depends on the server alone.
    working: AtomicUsize,
    protected: AtomicBool,
    revoked: CancellationToken,
}

impl Holder {
    /// The time without progress.
    fn stalled_for(&self) -> Duration {
        let moved = Duration::from_millis(self.moved.load(Ordering::Relaxed));
        self.created.elapsed().saturating_sub(moved)
    }
}

/// A slot, released when it is dropped.
pub(super) struct Slot {
    pool: SlotPool,
    id: u64,
    holder: Arc<Holder>,
}

impl Slot {
    /// Records progress.
    pub(super) fn moved(&self) {
        let now = self.holder.created.elapsed().as_millis();
        let now = u64::try_from(now).unwrap_or(u64::MAX);
        self.holder.moved.store(now, Ordering::Relaxed);
    }

    /// The time without progress.
    pub(super) fn stalled_for(&self) -> Duration {
        self.holder.stalled_for()
    }

    /// The weight of all slots of its client in this pool.
    pub(super) fn held_by_client(&self) -> usize {
        self.pool.0.lock().held_by(self.holder.client)
    }

    /// Records whether it is idle.
    pub(super) fn set_idle(&self, idle: bool) {
        self.holder.idle.store(idle, Ordering::Relaxed);
        self.moved();
    }

    /// Records that its duration depends on the server alone for a while. Such a slot is not revoked
    /// for lack of progress. Each call is followed by one of [`Slot::waits_for_client`].
    pub(super) fn works(&self) {
        self.holder.working.fetch_add(1, Ordering::Relaxed);
    }

    /// Records that its duration depends on the client again.
    pub(super) fn waits_for_client(&self) {
        self.moved();
        self.holder.working.fetch_sub(1, Ordering::Relaxed);
    }

    /// Protects it from revocation: its duration depends on the server alone from now on.
    pub(super) fn protect(&self) {
        self.holder.protected.store(true, Ordering::Relaxed);
    }

    /// Resolves when the slot is revoked; it has been granted to others already.
    pub(super) async fn revoked(&self) {
        self.holder.revoked.cancelled().await;
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.pool.0.lock().release(self.id);
        self.pool.admit_waiting();
    }
}

impl SlotPool {
    pub(super) fn new(limits: Limits) -> Self {
        Self(Arc::new(Mutex::new(State {
            limits,
            held: 0,
            holders: HashMap::new(),
            clients: HashMap::new(),
            waiting: 0,
            last: 0,
            searched: [None; 2],
        })))
    }

    /// Acquires a slot for `weight`, waiting if necessary; `None` after the timeout. `revoked` is
    /// cancelled when the slot is revoked.
    pub(super) async fn acquire(
        &self,
        client: Client,
        weight: usize,
        revoked: CancellationToken,
    ) -> Option<Slot> {
        let holder = Arc::new(Holder {
            client,
            weight,
            created: Instant::now(),
            moved: AtomicU64::new(0),
            idle: AtomicBool::new(false),
            working: AtomicUsize::new(0),
            protected: AtomicBool::new(false),
            revoked,
        });
        let (admitted, mut admission) = oneshot::channel();
        let (place, timeout) = {
            let mut state = self.0.lock();
            if state.waiting == 0 && state.has_capacity_for(weight) {
                let id = state.admit(Arc::clone(&holder));
                return Some(self.slot(id, holder));
            }
            let place = state.queue(Waiting { holder, admitted });
            (place, state.limits.timeout)
        };
        let _queued = Queued {
            pool: self,
            client,
            place,
        };
        self.admit_waiting();
        let waiting = async {
            loop {
                match tokio::time::timeout(RETRY_INTERVAL, &mut admission).await {
                    // An error: another request took the place in the queue.
                    Ok(admitted) => return admitted.ok(),
                    Err(_) => self.admit_waiting(),
                }
            }
        };
        // A slot granted at this moment is dropped with its receiver, and so released.
        tokio::time::timeout(timeout, waiting).await.ok().flatten()
    }

    /// Admits waiting requests, as far as the resource is or can be made available.
    fn admit_waiting(&self) {
        loop {
            let mut state = self.0.lock();
            let Some(waiting) = state.next() else { return };
            let id = state.admit(Arc::clone(&waiting.holder));
            drop(state);
            // If the receiver is gone, the slot is dropped and released.
            drop(waiting.admitted.send(self.slot(id, waiting.holder)));
        }
    }

    fn slot(&self, id: u64, holder: Arc<Holder>) -> Slot {
        Slot {
            pool: self.clone(),
            id,
            holder,
        }
    }
}

impl State {
    fn has_capacity_for(&self, weight: usize) -> bool {
        // A weight above the limit is admitted alone.
        self.held + weight <= self.limits.capacity || self.held == 0
    }

    fn admit(&mut self, holder: Arc<Holder>) -> u64 {
        self.last += 1;
        self.held += holder.weight;
        self.clients.entry(holder.client).or_default().held += holder.weight;
        self.holders.insert(self.last, holder);
        self.last
    }

    /// A revoked slot is not in the list any more.
    fn release(&mut self, id: u64) {
        let Some(holder) = self.holders.remove(&id) else {
            return;
        };
        self.held -= holder.weight;
        if let Some(share) = self.clients.get_mut(&holder.client) {
            share.held -= holder.weight;
        }
        self.forget_if_absent(holder.client);
    }

    fn forget_if_absent(&mut self, client: Client) {
        let is_absent = |share: &Share| share.held == 0 && share.waiting.is_empty();
        if self.clients.get(&client).is_some_and(is_absent) {
            self.clients.remove(&client);
        }
    }

    fn held_by(&self, client: Client) -> usize {
        self.clients.get(&client).map_or(0, |share| share.held)
    }

    /// Adds a waiting request. If there are too many, the largest and youngest one of the client with
    /// the largest share is refused.
    fn queue(&mut self, waiting: Waiting) -> Place {
        self.last += 1;
        let holder = &waiting.holder;
        let (client, place) = (holder.client, (holder.weight, self.last));
        let share = self.clients.entry(client).or_default();
        share.wanted += place.0;
        share.waiting.insert(place, waiting);
        self.waiting += 1;
        if self.waiting > self.limits.waiting {
            let waiting = self.clients.iter().filter_map(|(client, share)| {
                let (last, _) = share.waiting.last_key_value()?;
                Some((share.held + share.wanted, last.1, *last, *client))
            });
            if let Some((.., place, client)) = waiting.max_by_key(|(of, age, ..)| (*of, *age)) {
                self.leave(client, place);
            }
        }
        place
    }

    /// Removes a waiting request, unless it was admitted or refused.
    fn leave(&mut self, client: Client, place: Place) -> Option<Waiting> {
        let share = self.clients.get_mut(&client)?;
        let waiting = share.waiting.remove(&place)?;
        share.wanted -= place.0;
        self.waiting -= 1;
        self.forget_if_absent(client);
        Some(waiting)
    }

    /// The next request to admit, after slots were revoked for it; `None` if none can be
    /// admitted.
    fn next(&mut self) -> Option<Waiting> {
        if self.waiting == 0 {
            return None;
        }
        let waiting = self.clients.iter().filter_map(|(client, share)| {
            let (first, _) = share.waiting.first_key_value()?;
            Some((share.held, *first, *client))
        });
        let (_, place, client) = waiting.min_by_key(|(held, first, _)| (*held, *first))?;
        while !self.has_capacity_for(place.0) {
            let victim = self.slot_to_revoke(client, place.0)?;
            let holder = Arc::clone(&self.holders[&victim]);
            self.release(victim);
            holder.revoked.cancel();
        }
        self.leave(client, place)
    }

    /// The slot to revoke for a newcomer.
    fn slot_to_revoke(&mut self, newcomer: Client, weight: usize) -> Option<u64> {
        let holding = self.clients.values().filter(|share| share.held > 0).count();
        let clients = holding + usize::from(self.held_by(newcomer) == 0);
        let share = self.limits.capacity / clients.max(1);
        let modest = self.held_by(newcomer) + weight <= share;
        let is_recent = |at: Instant| at.elapsed() < SEARCH_INTERVAL;
        if self.searched[usize::from(modest)].is_some_and(is_recent) {
            return None;
        }
        let rank = |holder: &Holder| {
            if holder.protected.load(Ordering::Relaxed) {
                return None;
            }
            let held = self.held_by(holder.client);
            let stood = holder.stalled_for();
            let is_working = holder.working.load(Ordering::Relaxed) > 0;
            let is_own = holder.client == newcomer;
            let is_stalled = stood >= self.limits.stall_after;
            // A client with more than its share takes nothing that has just begun from others: a
            // connection is idle until its first request has arrived.
            let is_spared = !is_own && !modest && held <= share && !is_stalled;
            let class = if holder.idle.load(Ordering::Relaxed) && !is_spared {
                3
            } else if is_stalled && !is_working {
                2
            } else if modest && !is_own && held > share {
                1
            } else {
                return None;
            };
            Some((class, held, stood))
        };
        let ranked = self
            .holders
            .iter()
            .filter_map(|(id, holder)| Some((rank(holder)?, *id)));
        let found = ranked.max().map(|(_, id)| id);
        self.searched[usize::from(modest)] = found.is_none().then(Instant::now);
        found
    }
}

#[cfg(test)]
mod tests;
