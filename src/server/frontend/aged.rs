//! A bounded cache whose entries expire.

use std::collections::HashMap;
use std::hash::Hash;
use std::time::{Duration, Instant};

use parking_lot::Mutex;

/// A bounded cache whose entries expire.
pub(super) struct Aged<K, V> {
    entries: Mutex<HashMap<K, (Instant, V)>>,
    age: Duration,
    most: usize,
}

impl<K: Eq + Hash, V: Clone> Aged<K, V> {
    /// A cache of at most `most` entries, each for `age`.
    pub(super) fn new(most: usize, age: Duration) -> Self {
        Self {
            entries: Mutex::default(),
            age,
            most,
        }
    }

    /// The entry of a key, unless it is too old.
    pub(super) fn get(&self, key: &K) -> Option<V> {
        let entries = self.entries.lock();
        let (since, value) = entries.get(key)?;
        (since.elapsed() < self.age).then(|| value.clone())
    }

    /// Adds a value. If the cache is full, expired entries are removed, or all.
    pub(super) fn put(&self, key: K, value: V) {
        let mut entries = self.entries.lock();
        if entries.len() >= self.most {
            let age = self.age;
            entries.retain(|_, (since, _)| since.elapsed() < age);
            if entries.len() >= self.most {
                entries.clear();
            }
        }
        entries.insert(key, (Instant::now(), value));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_age_and_are_bounded() {
        let cache = Aged::new(2, Duration::from_hours(1));
        for number in 0..5 {
            cache.put(number, number);
            assert_eq!(cache.get(&number), Some(number));
            assert!(cache.entries.lock().len() <= 2);
        }
        let old = Aged::new(2, Duration::ZERO);
        old.put(1, 1);
        assert_eq!(old.get(&1), None);
    }
}
