//! Rate limits of clients: by address, and by account after signing in.
//!
//! Each may send a burst and then a steady number per second; requests above that are answered 429
//! with the seconds to wait. One time is stored for each client (the generic cell rate algorithm),
//! for a bounded number of clients: those with a full burst are evicted first.

use std::collections::HashMap;
use std::net::IpAddr;
use std::time::{Duration, Instant};

use parking_lot::Mutex;

use super::respond::Refusal;
use super::slots::Client;
use crate::oci::{AccountName, Caller, Context};

/// Maximum number of clients in the table.
const REMEMBERED: usize = 65_536;

/// A rate limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// Requests per second on average; not zero.
    pub each_second: u32,
    /// Requests at once after an idle time; not zero.
    pub burst: u32,
}

/// The rate limits of clients.
#[derive(Debug, Clone, Copy, Default)]
pub struct RateLimits {
    /// For each address, for IPv6 each /64.
    pub address: Option<Rate>,
    /// For each account, from any address.
    pub account: Option<Rate>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Key {
    Address(Client),
    Account(AccountName),
    /// A workload, which may have the name of an account.
    Workload(AccountName),
}

/// The requests of all clients.
pub(super) struct Rates {
    limits: RateLimits,
    begun: Instant,
    /// When the burst of each client is full again, as the time since `begun`.
    whole_at: Mutex<HashMap<Key, Duration>>,
}

impl Rates {
    pub(super) fn new(limits: RateLimits) -> Self {
        Self {
            limits,
            begun: Instant::now(),
            whole_at: Mutex::default(),
        }
    }

    /// Counts a request of an address; refuses it above the limit.
    pub(super) fn admit_address(&self, context: &Context) -> Result<(), Refusal> {
        match (self.limits.address, context.address) {
            (Some(rate), Some(address)) => self.count(of(address), rate, self.begun.elapsed()),
            _ => Ok(()),
        }
    }

    /// Counts a request of a signed-in account; refuses it above the limit.
    pub(super) fn admit_account(&self, context: &Context) -> Result<(), Refusal> {
        let account = match &context.caller {
            Caller::Account { name, .. } => Key::Account(name.clone()),
            Caller::Token { owner, .. } => Key::Account(owner.clone()),
            Caller::Workload { name, .. } => Key::Workload(name.clone()),
            Caller::Anonymous | Caller::Uid(_) | Caller::Task(_) => return Ok(()),
        };
        match self.limits.account {
            Some(rate) => self.count(account, rate, self.begun.elapsed()),
            None => Ok(()),
        }
    }

    fn count(&self, key: Key, rate: Rate, now: Duration) -> Result<(), Refusal> {
        let mut whole_at = self.whole_at.lock();
        let cost = Duration::from_secs(1) / rate.each_second;
        let before = whole_at.get(&key).copied().unwrap_or(now).max(now);
        let after = before + cost;
        if let Some(wait) = after.checked_sub(now + cost * rate.burst)
            && !wait.is_zero()
        {
            return Err(Refusal::too_many(wait));
        }
        whole_at.insert(key, after);
        if whole_at.len() > REMEMBERED {
            whole_at.retain(|_, whole_at| *whole_at > now);
            if whole_at.len() > REMEMBERED {
                whole_at.clear();
            }
        }
        Ok(())
    }
}

fn of(address: IpAddr) -> Key {
    Key::Address(Client::of(address))
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: Rate = Rate {
        each_second: 10,
        burst: 3,
    };

    fn admitted(rates: &Rates, key: &Key, at: u64) -> bool {
        let at = Duration::from_millis(at);
        rates.count(key.clone(), RATE, at).is_ok()
    }

    #[test]
    fn a_burst_and_then_a_steady_number() {
        let rates = Rates::new(RateLimits::default());
        let (one, other) = (of([10, 0, 0, 1].into()), of([10, 0, 0, 2].into()));
        let first: Vec<_> = (0..5).map(|_| admitted(&rates, &one, 0)).collect();
        assert_eq!(first, [true, true, true, false, false]);
        assert!(admitted(&rates, &other, 0));
        assert!(!admitted(&rates, &one, 99));
        assert!(admitted(&rates, &one, 100));
        assert!(!admitted(&rates, &one, 101));
        // A refused request costs nothing, and the burst refills with time.
        let later: Vec<_> = (0..4).map(|_| admitted(&rates, &one, 1000)).collect();
        assert_eq!(later, [true, true, true, false]);
    }

    #[test]
    fn the_table_of_clients_is_bounded() {
        let rates = Rates::new(RateLimits::default());
        for number in 0..u32::try_from(REMEMBERED).unwrap() + 10 {
            let key = of(IpAddr::from(number.to_be_bytes()));
            assert!(admitted(&rates, &key, u64::from(number)));
        }
        assert!(rates.whole_at.lock().len() <= REMEMBERED);
    }

    #[test]
    fn accounts_are_counted_across_addresses() {
        let rates = Rates::new(RateLimits {
            address: None,
            account: Some(Rate {
                each_second: 1,
                burst: 1,
            }),
        });
        let from = |last: u8, caller: Caller| Context {
            caller,
            request: "r".into(),
            address: Some([10, 0, 0, last].into()),
            agent: None,
        };
        let alice = || Caller::Account {
            name: "alice".parse().unwrap(),
            admin: false,
        };
        assert!(rates.admit_account(&from(1, alice())).is_ok());
        assert!(rates.admit_account(&from(2, alice())).is_err());
        for _ in 0..9 {
            assert!(rates.admit_account(&from(1, Caller::Anonymous)).is_ok());
        }
    }
}
