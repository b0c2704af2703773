//! A limited resource that clients share: connections, requests, memory for manifests.
//!
//! While the resource is available, a slot is granted at once. Otherwise slots are revoked:
//! first those that are idle, then those without progress, then those of a client address with more
//! than its share. Waiting requests are admitted by address, the one with the smallest share first,
//! and small before large. Waiting has a timeout. So a limit slows the client that uses it up, not
//! the others.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::oneshot;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// Interval of retries while waiting: slots lose their protection as time passes without
/// progress.
const RETRY_INTERVAL: Duration = Duration::from_millis(250);

/// The identity of a client for its share: its address, for IPv6 its network; `None` for a Unix
/// socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Client(Option<IpAddr>);

impl Client {
    pub(super) const LOCAL: Self = Self(None);

    pub(super) fn of(address: IpAddr) -> Self {
        Self(Some(match address.to_canonical() {
            // A provider assigns at least a /64 to a customer.
            IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(
                address.to_bits() & !u128::from(u64::MAX),
            )),
            address @ IpAddr::V4(_) => address,
        }))
    }
}

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
    slots_of: HashMap<Client, usize>,
    waiting: Vec<Waiting>,
    last: u64,
}

struct Waiting {
    holder: Arc<Holder>,
    admitted: oneshot::Sender<Slot>,
}

struct Holder {
    client: Client,
    weight: usize,
    created: Instant,
    /// Milliseconds after `created`.
    moved: AtomicU64,
    idle: AtomicBool,
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

    /// Records whether it is idle.
    pub(super) fn set_idle(&self, idle: bool) {
        self.holder.idle.store(idle, Ordering::Relaxed);
        self.moved();
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
            slots_of: HashMap::new(),
            waiting: Vec::new(),
            last: 0,
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
            protected: AtomicBool::new(false),
            revoked,
        });
        let (admitted, mut admission) = oneshot::channel();
        let timeout = {
            let mut state = self.0.lock();
            if state.waiting.is_empty() && state.has_capacity_for(weight) {
                let id = state.admit(Arc::clone(&holder));
                return Some(self.slot(id, holder));
            }
            state.queue(Waiting { holder, admitted });
            state.limits.timeout
        };
        self.admit_waiting();
        let waiting = async {
            loop {
                match tokio::time::timeout(RETRY_INTERVAL, &mut admission).await {
                    // An error: another request took the slot in the queue.
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
            let Some(next) = state.next() else { return };
            let waiting = state.waiting.swap_remove(next);
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
        *self.slots_of.entry(holder.client).or_default() += holder.weight;
        self.holders.insert(self.last, holder);
        self.last
    }

    /// A revoked slot is not in the list any more.
    fn release(&mut self, id: u64) {
        let Some(holder) = self.holders.remove(&id) else {
            return;
        };
        self.held -= holder.weight;
        if let Some(held) = self.slots_of.get_mut(&holder.client) {
            *held -= holder.weight;
            if *held == 0 {
                self.slots_of.remove(&holder.client);
            }
        }
    }

    fn slots_of(&self, client: Client) -> usize {
        self.slots_of.get(&client).copied().unwrap_or(0)
    }

    /// Adds a waiting request. If there are too many, the youngest one of the client with the
    /// largest share is refused.
    fn queue(&mut self, waiting: Waiting) {
        self.waiting.retain(|one| !one.admitted.is_closed());
        self.waiting.push(waiting);
        if self.waiting.len() > self.limits.waiting {
            let mut of: HashMap<Client, usize> = self.slots_of.clone();
            for one in &self.waiting {
                *of.entry(one.holder.client).or_default() += one.holder.weight;
            }
            let weight = |one: &Waiting| (of.get(&one.holder.client).copied(), one.holder.created);
            let displaced = (0..self.waiting.len()).max_by_key(|at| weight(&self.waiting[*at]));
            if let Some(displaced) = displaced {
                self.waiting.swap_remove(displaced);
            }
        }
    }

    /// The next request to admit, after slots were revoked for it; `None` if none can be
    /// admitted.
    fn next(&mut self) -> Option<usize> {
        self.waiting.retain(|one| !one.admitted.is_closed());
        let rank = |one: &Waiting| {
            let holder = &one.holder;
            (self.slots_of(holder.client), holder.weight, holder.created)
        };
        let next = (0..self.waiting.len()).min_by_key(|at| rank(&self.waiting[*at]))?;
        let (client, weight) = {
            let holder = &self.waiting[next].holder;
            (holder.client, holder.weight)
        };
        while !self.has_capacity_for(weight) {
            let victim = self.slot_to_revoke(client, weight)?;
            let holder = Arc::clone(&self.holders[&victim]);
            self.release(victim);
            holder.revoked.cancel();
        }
        Some(next)
    }

    /// The slot to revoke for a newcomer.
    fn slot_to_revoke(&self, newcomer: Client, weight: usize) -> Option<u64> {
        let clients = self.slots_of.len() + usize::from(!self.slots_of.contains_key(&newcomer));
        let share = self.limits.capacity / clients.max(1);
        let modest = self.slots_of(newcomer) + weight <= share;
        let rank = |holder: &Holder| {
            let held = self.slots_of(holder.client);
            let stood = holder.stalled_for();
            if holder.protected.load(Ordering::Relaxed) {
                return None;
            }
            let class = if holder.idle.load(Ordering::Relaxed) {
                3
            } else if stood >= self.limits.stall_after {
                2
            } else if modest && holder.client != newcomer && held > share {
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
        ranked.max().map(|(_, id)| id)
    }
}

#[cfg(test)]
mod tests;
