//! Back-off after wrong passwords: by account name and by address.
//!
//! A few failures are free. Each further one doubles the time in which no password is accepted, up
//! to a minute; a success clears the account. Names of unknown accounts are counted, too. The table
//! is bounded: the oldest entries are evicted first. Times are by the steady clock: with one that is
//! set back, a back-off would last for as long as the step.

use std::collections::HashMap;
use std::hash::{BuildHasher as _, RandomState};
use std::net::IpAddr;

use parking_lot::Mutex;
use tokio::sync::MutexGuard;

use crate::clock::Millis;

/// Number of free failures of an account.
const FREE_BY_ACCOUNT: u32 = 8;
/// Number of free failures from an address.
const FREE_BY_ADDRESS: u32 = 30;
/// Maximum back-off, in milliseconds.
const LONGEST: Millis = 60_000;
/// An entry without a failure for this long is removed.
const FORGOTTEN: Millis = 15 * 60_000;
/// Entries at most.
const ENTRIES: usize = 20_000;

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Key {
    Account(String),
    Address(IpAddr),
}

#[derive(Debug, Clone, Copy)]
struct Entry {
    failures: u32,
    last: Millis,
    until: Millis,
}

/// Number of locks that the names share.
const LOCKS: usize = 256;

/// Failures by account and address.
#[derive(Debug)]
pub struct Throttle {
    entries: Mutex<HashMap<Key, Entry>>,
    turns: [tokio::sync::Mutex<()>; LOCKS],
    hasher: RandomState,
}

impl Default for Throttle {
    fn default() -> Self {
        Self {
            entries: Mutex::default(),
            turns: std::array::from_fn(|_| tokio::sync::Mutex::default()),
            hasher: RandomState::new(),
        }
    }
}

fn keys(account: &str, address: Option<IpAddr>) -> impl Iterator<Item = (Key, u32)> {
    let account: String = account.chars().take(128).collect();
    let address = address.map(|address| (Key::Address(network(address)), FREE_BY_ADDRESS));
    std::iter::once((Key::Account(account), FREE_BY_ACCOUNT)).chain(address)
}

/// A single host has a /64 of IPv6.
fn network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V6(address) => {
            let network = address.to_bits() & !u128::from(u64::MAX);
            IpAddr::V6(std::net::Ipv6Addr::from_bits(network))
        }
        address @ IpAddr::V4(_) => address,
    }
}

impl Throttle {
    /// Waits until no other password of this account is being checked. Others wait until the value
    /// is dropped.
    pub async fn turn(&self, account: &str) -> MutexGuard<'_, ()> {
        let hash = self.hasher.hash_one(account);
        let lock = usize::try_from(hash % LOCKS as u64).unwrap_or_default();
        self.turns[lock].lock().await
    }

    /// The remaining back-off in milliseconds; zero if there is none.
    pub fn wait(&self, account: &str, address: Option<IpAddr>, now: Millis) -> Millis {
        let entries = self.entries.lock();
        keys(account, address)
            .filter_map(|(key, _)| entries.get(&key))
            .map(|entry| (entry.until - now).clamp(0, LONGEST))
            .max()
            .unwrap_or_default()
    }

    /// Counts a wrong password.
    pub fn failed(&self, account: &str, address: Option<IpAddr>, now: Millis) {
        let mut entries = self.entries.lock();
        if entries.len() >= ENTRIES {
            entries.retain(|_, entry| now - entry.last < FORGOTTEN);
        }
        while entries.len() >= ENTRIES {
            let oldest = entries.iter().min_by_key(|(_, entry)| entry.last);
            let Some(oldest) = oldest.map(|(key, _)| key.clone()) else {
                break;
            };
            entries.remove(&oldest);
        }
        for (key, free) in keys(account, address) {
            let entry = entries.entry(key).or_insert(Entry {
                failures: 0,
                last: now,
                until: 0,
            });
            if now - entry.last >= FORGOTTEN {
                entry.failures = 0;
            }
            entry.failures = entry.failures.saturating_add(1);
            entry.last = now;
            if let Some(doublings) = entry.failures.checked_sub(free) {
                let back_off = 1000_i64 << doublings.min(6);
                entry.until = now.saturating_add(back_off.min(LONGEST));
            }
        }
    }

    /// Clears an account after a right password.
    pub fn succeeded(&self, account: &str) {
        if let Some((key, _)) = keys(account, None).next() {
            self.entries.lock().remove(&key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_of_an_account_back_off_and_a_success_clears_them() {
        let throttle = Throttle::default();
        for _ in 0..FREE_BY_ACCOUNT - 1 {
            throttle.failed("alice", None, 0);
        }
        assert_eq!(throttle.wait("alice", None, 0), 0);
        throttle.failed("alice", None, 0);
        assert_eq!(throttle.wait("alice", None, 0), 1000);
        assert_eq!(throttle.wait("alice", None, 1000), 0);
        assert_eq!(throttle.wait("bob", None, 0), 0);
        for _ in 0..50 {
            throttle.failed("alice", None, 0);
        }
        assert_eq!(throttle.wait("alice", None, 0), LONGEST);
        throttle.succeeded("alice");
        assert_eq!(throttle.wait("alice", None, 0), 0);
    }

    #[test]
    fn an_address_backs_off_for_any_name() {
        let throttle = Throttle::default();
        let address = Some("2001:db8::1".parse().unwrap());
        let neighbour = Some("2001:db8::ffff".parse().unwrap());
        let other = Some("2001:db8:1::1".parse().unwrap());
        for try_number in 0..FREE_BY_ADDRESS {
            throttle.failed(&format!("name{try_number}"), address, 0);
        }
        assert!(throttle.wait("fresh", address, 0) > 0);
        assert!(throttle.wait("fresh", neighbour, 0) > 0);
        assert_eq!(throttle.wait("fresh", other, 0), 0);
    }

    #[test]
    fn the_table_is_bounded() {
        let throttle = Throttle::default();
        for name in 0..ENTRIES + 100 {
            throttle.failed(&name.to_string(), None, i64::try_from(name).unwrap());
        }
        assert!(throttle.entries.lock().len() <= ENTRIES);
    }
}
