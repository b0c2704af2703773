//! A limited resource that clients share: connections, requests, memory for manifests.
//!
//! While the resource is available, a permit is granted at once. Otherwise permits are revoked:
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

/// Interval of retries while waiting: permits lose their protection as time passes without
/// progress.
const LOOK_AGAIN: Duration = Duration::from_millis(250);

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
    /// The total weight of all permits.
    pub(super) most: usize,
    /// Maximum number of waiting requests.
    pub(super) waiting: usize,
    /// Timeout for a permit.
    pub(super) patience: Duration,
    /// Time without progress after which a permit may be revoked.
    pub(super) still: Duration,
}

/// A limited resource. Cheap to clone.
#[derive(Clone)]
pub(super) struct Room(Arc<Mutex<State>>);

struct State {
    limits: Limits,
    held: usize,
    members: HashMap<u64, Arc<Member>>,
    held_by: HashMap<Client, usize>,
    waiting: Vec<Waiting>,
    last: u64,
}

struct Waiting {
    member: Arc<Member>,
    admitted: oneshot::Sender<Place>,
}

struct Member {
    client: Client,
    weight: usize,
    born: Instant,
    /// Milliseconds after `born`.
    moved: AtomicU64,
    idle: AtomicBool,
    kept: AtomicBool,
    let_go: CancellationToken,
}

impl Member {
    /// The time without progress.
    fn stood(&self) -> Duration {
        let moved = Duration::from_millis(self.moved.load(Ordering::Relaxed));
        self.born.elapsed().saturating_sub(moved)
    }
}

/// A permit, released when it is dropped.
pub(super) struct Place {
    room: Room,
    id: u64,
    member: Arc<Member>,
}

impl Place {
    /// Records progress.
    pub(super) fn moved(&self) {
        let now = self.member.born.elapsed().as_millis();
        let now = u64::try_from(now).unwrap_or(u64::MAX);
        self.member.moved.store(now, Ordering::Relaxed);
    }

    /// The time without progress.
    pub(super) fn stood(&self) -> Duration {
        self.member.stood()
    }

    /// Records whether it is idle.
    pub(super) fn set_idle(&self, idle: bool) {
        self.member.idle.store(idle, Ordering::Relaxed);
        self.moved();
    }

    /// Protects it from revocation: its duration depends on the server alone from now on.
    pub(super) fn keep(&self) {
        self.member.kept.store(true, Ordering::Relaxed);
    }

    /// Resolves when the permit is revoked; it has been granted to others already.
    pub(super) async fn let_go(&self) {
        self.member.let_go.cancelled().await;
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.room.0.lock().leave(self.id);
        self.room.settle();
    }
}

impl Room {
    pub(super) fn new(limits: Limits) -> Self {
        Self(Arc::new(Mutex::new(State {
            limits,
            held: 0,
            members: HashMap::new(),
            held_by: HashMap::new(),
            waiting: Vec::new(),
            last: 0,
        })))
    }

    /// Acquires a permit for `weight`, waiting if necessary; `None` after the timeout. `let_go` is
    /// cancelled when the permit is revoked.
    pub(super) async fn enter(
        &self,
        client: Client,
        weight: usize,
        let_go: CancellationToken,
    ) -> Option<Place> {
        let member = Arc::new(Member {
            client,
            weight,
            born: Instant::now(),
            moved: AtomicU64::new(0),
            idle: AtomicBool::new(false),
            kept: AtomicBool::new(false),
            let_go,
        });
        let (admitted, mut admission) = oneshot::channel();
        let patience = {
            let mut state = self.0.lock();
            if state.waiting.is_empty() && state.has_room_for(weight) {
                let id = state.admit(Arc::clone(&member));
                return Some(self.place(id, member));
            }
            state.queue(Waiting { member, admitted });
            state.limits.patience
        };
        self.settle();
        let waiting = async {
            loop {
                match tokio::time::timeout(LOOK_AGAIN, &mut admission).await {
                    // An error: another request took the place in the queue.
                    Ok(admitted) => return admitted.ok(),
                    Err(_) => self.settle(),
                }
            }
        };
        // A permit granted at this moment is dropped with its receiver, and so released.
        tokio::time::timeout(patience, waiting).await.ok().flatten()
    }

    /// Admits waiting requests, as far as the resource is or can be made available.
    fn settle(&self) {
        loop {
            let mut state = self.0.lock();
            let Some(next) = state.next() else { return };
            let waiting = state.waiting.swap_remove(next);
            let id = state.admit(Arc::clone(&waiting.member));
            drop(state);
            // If the receiver is gone, the permit is dropped and released.
            drop(waiting.admitted.send(self.place(id, waiting.member)));
        }
    }

    fn place(&self, id: u64, member: Arc<Member>) -> Place {
        Place {
            room: self.clone(),
            id,
            member,
        }
    }
}

impl State {
    fn has_room_for(&self, weight: usize) -> bool {
        // A weight above the limit is admitted alone.
        self.held + weight <= self.limits.most || self.held == 0
    }

    fn admit(&mut self, member: Arc<Member>) -> u64 {
        self.last += 1;
        self.held += member.weight;
        *self.held_by.entry(member.client).or_default() += member.weight;
        self.members.insert(self.last, member);
        self.last
    }

    /// A revoked permit is not in the list any more.
    fn leave(&mut self, id: u64) {
        let Some(member) = self.members.remove(&id) else {
            return;
        };
        self.held -= member.weight;
        if let Some(held) = self.held_by.get_mut(&member.client) {
            *held -= member.weight;
            if *held == 0 {
                self.held_by.remove(&member.client);
            }
        }
    }

    fn held_by(&self, client: Client) -> usize {
        self.held_by.get(&client).copied().unwrap_or(0)
    }

    /// Adds a waiting request. If there are too many, the youngest one of the client with the
    /// largest share is refused.
    fn queue(&mut self, waiting: Waiting) {
        self.waiting.retain(|one| !one.admitted.is_closed());
        self.waiting.push(waiting);
        if self.waiting.len() > self.limits.waiting {
            let mut of: HashMap<Client, usize> = self.held_by.clone();
            for one in &self.waiting {
                *of.entry(one.member.client).or_default() += one.member.weight;
            }
            let weight = |one: &Waiting| (of.get(&one.member.client).copied(), one.member.born);
            let displaced = (0..self.waiting.len()).max_by_key(|at| weight(&self.waiting[*at]));
            if let Some(displaced) = displaced {
                self.waiting.swap_remove(displaced);
            }
        }
    }

    /// The next request to admit, after permits were revoked for it; `None` if none can be
    /// admitted.
    fn next(&mut self) -> Option<usize> {
        self.waiting.retain(|one| !one.admitted.is_closed());
        let rank = |one: &Waiting| {
            let member = &one.member;
            (self.held_by(member.client), member.weight, member.born)
        };
        let next = (0..self.waiting.len()).min_by_key(|at| rank(&self.waiting[*at]))?;
        let (client, weight) = {
            let member = &self.waiting[next].member;
            (member.client, member.weight)
        };
        while !self.has_room_for(weight) {
            let victim = self.victim(client, weight)?;
            let member = Arc::clone(&self.members[&victim]);
            self.leave(victim);
            member.let_go.cancel();
        }
        Some(next)
    }

    /// The permit to revoke for a newcomer.
    fn victim(&self, newcomer: Client, weight: usize) -> Option<u64> {
        let clients = self.held_by.len() + usize::from(!self.held_by.contains_key(&newcomer));
        let share = self.limits.most / clients.max(1);
        let modest = self.held_by(newcomer) + weight <= share;
        let rank = |member: &Member| {
            let held = self.held_by(member.client);
            let stood = member.stood();
            if member.kept.load(Ordering::Relaxed) {
                return None;
            }
            let class = if member.idle.load(Ordering::Relaxed) {
                3
            } else if stood >= self.limits.still {
                2
            } else if modest && member.client != newcomer && held > share {
                1
            } else {
                return None;
            };
            Some((class, held, stood))
        };
        let ranked = self
            .members
            .iter()
            .filter_map(|(id, member)| Some((rank(member)?, *id)));
        ranked.max().map(|(_, id)| id)
    }
}

#[cfg(test)]
mod tests;
