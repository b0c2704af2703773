//! Passwords that were right recently.
//!
//! docker and podman send the password with every request for a token. A right password is
//! remembered for some minutes under a keyed hash of name, password and stored hash. So a changed
//! password is forgotten at once, and the memory contains nothing that makes guessing passwords
//! faster.

use aws_lc_rs::hmac;
use quick_cache::sync::Cache;

use super::credentials::Secret;
use crate::clock::Millis;

/// How long a password is remembered.
const LENGTH: Millis = 5 * 60 * 1000;
/// How many are.
const LIMIT: usize = 10_000;

/// What was right lately.
pub(super) struct Remembered {
    key: hmac::Key,
    until: Cache<Vec<u8>, Millis>,
}

impl Remembered {
    /// Remembers no password yet. `None` if the system has no random bytes.
    pub(super) fn new() -> Option<Self> {
        let mut key = [0; 32];
        aws_lc_rs::rand::fill(&mut key).ok()?;
        Some(Self {
            key: hmac::Key::new(hmac::HMAC_SHA256, &key),
            until: Cache::new(LIMIT),
        })
    }

    fn mark(&self, name: &str, password: &Secret, stored: &str) -> Vec<u8> {
        let mut context = hmac::Context::with_key(&self.key);
        for part in [name, password.reveal(), stored] {
            context.update(&(part.len() as u64).to_be_bytes());
            context.update(part.as_bytes());
        }
        context.sign().as_ref().to_vec()
    }

    /// Whether this password was right within the last minutes.
    pub(super) fn contains(
        &self,
        name: &str,
        password: &Secret,
        stored: &str,
        now: Millis,
    ) -> bool {
        let until = self.until.get(&self.mark(name, password, stored));
        until.is_some_and(|until| now < until && until <= now.saturating_add(LENGTH))
    }

    /// Remembers a right password.
    pub(super) fn note(&self, name: &str, password: &Secret, stored: &str, now: Millis) {
        let mark = self.mark(name, password, stored);
        self.until.insert(mark, now.saturating_add(LENGTH));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_right_password_is_remembered_for_minutes() {
        let remembered = Remembered::new().unwrap();
        let password = Secret::new("hunter2");
        remembered.note("alice", &password, "hash", 0);
        assert!(remembered.contains("alice", &password, "hash", 60_000));
        assert!(!remembered.contains("alice", &password, "hash", LENGTH));
        assert!(!remembered.contains("alice", &password, "new hash", 1));
        assert!(!remembered.contains("bob", &password, "hash", 1));
        assert!(!remembered.contains("alice", &Secret::new("other"), "hash", 1));
        // The boundaries between the parts matter.
        assert!(!remembered.contains("alicehunter2", &Secret::new(""), "hash", 1));
    }
}
