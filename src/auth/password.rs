//! Hashes of passwords: argon2id, and bcrypt from htpasswd files.
//!
//! A hash costs tens of milliseconds and 19 MiB. So hashes are computed off the reactor, a few at a
//! time, and the queue is bounded: beyond it the answer is [`Busy`]. A sign-in to an unknown
//! account computes a hash as well, so that it takes as long.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use tokio::sync::Semaphore;

use super::credentials::Secret;

/// Maximum number of sign-ins that wait for a hash.
const WAITING: usize = 256;
/// Longer passwords are refused without a hash.
const PASSWORD_LIMIT: usize = 1024;
/// The hash for unknown accounts: no password matches it.
const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// Too many sign-ins are waiting.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("too many sign-ins at once")]
pub struct Busy;

/// Computes hashes. Cheap to clone.
#[derive(Clone)]
pub struct Hasher(Arc<Inner>);

struct Inner {
    running: Semaphore,
    waiting: Semaphore,
    computed: AtomicU64,
}

impl Default for Hasher {
    /// Computes at most half as many hashes at once as there are processors.
    fn default() -> Self {
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        Self(Arc::new(Inner {
            running: Semaphore::new((processors / 2).max(1)),
            waiting: Semaphore::new(WAITING),
            computed: AtomicU64::new(0),
        }))
    }
}

impl Hasher {
    /// Whether `stored` is the hash of a password. Without a stored hash it takes as long and
    /// returns false.
    pub async fn verify(&self, password: &Secret, stored: Option<&str>) -> Result<bool, Busy> {
        let stored = stored.unwrap_or(NOBODY).to_owned();
        let password = password.clone();
        self.run(move || matches(&password, &stored)).await
    }

    /// The hash of a new password.
    pub async fn hash(&self, password: &Secret) -> Result<Option<String>, Busy> {
        let password = password.clone();
        self.run(move || hash(&password)).await
    }

    /// How many hashes have been computed.
    pub fn computed(&self) -> u64 {
        self.0.computed.load(Ordering::Relaxed)
    }

    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Busy> {
        let _place = self.0.waiting.try_acquire().map_err(|_| Busy)?;
        let _turn = self.0.running.acquire().await.map_err(|_| Busy)?;
        self.0.computed.fetch_add(1, Ordering::Relaxed);
        tokio::task::spawn_blocking(work).await.map_err(|_| Busy)
    }
}

/// Whether [`Hasher::verify`] supports a stored hash: a PHC string of argon2, or bcrypt.
pub fn is_known_hash(stored: &str) -> bool {
    is_bcrypt(stored) || PasswordHash::new(stored).is_ok()
}

/// Whether a stored hash is bcrypt, as in htpasswd files.
pub(super) fn is_bcrypt(stored: &str) -> bool {
    ["$2a$", "$2b$", "$2x$", "$2y$"]
        .iter()
        .any(|prefix| stored.starts_with(prefix))
}

fn matches(password: &Secret, stored: &str) -> bool {
    let password = password.reveal().as_bytes();
    if password.len() > PASSWORD_LIMIT {
        return false;
    }
    if is_bcrypt(stored) {
        return bcrypt::verify(password, stored).unwrap_or(false);
    }
    match PasswordHash::new(stored) {
        Ok(stored) => Argon2::default().verify_password(password, &stored).is_ok(),
        Err(_) => false,
    }
}

fn hash(password: &Secret) -> Option<String> {
    let password = password.reveal().as_bytes();
    if password.is_empty() || password.len() > PASSWORD_LIMIT {
        return None;
    }
    let hash = Argon2::default().hash_password(password).ok()?;
    Some(hash.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_password_is_verified_by_its_hash() {
        let hasher = Hasher::default();
        let right = Secret::new("correct horse");
        let stored = hasher.hash(&right).await.unwrap().unwrap();
        assert!(
            stored.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"),
            "{stored}"
        );
        assert!(is_known_hash(&stored));
        assert_eq!(hasher.verify(&right, Some(&stored)).await, Ok(true));
        let wrong = Secret::new("correct horses");
        assert_eq!(hasher.verify(&wrong, Some(&stored)).await, Ok(false));
        // `htpasswd -nbB alice hunter2`, with a low cost.
        let bcrypt = bcrypt::hash("hunter2", 4).unwrap();
        assert_eq!(
            hasher.verify(&Secret::new("hunter2"), Some(&bcrypt)).await,
            Ok(true)
        );
        assert_eq!(hasher.verify(&right, Some(&bcrypt)).await, Ok(false));
        for stored in ["", "plain", "$1$md5", "{SHA}x", "$argon2id$broken"] {
            assert_eq!(
                hasher.verify(&right, Some(stored)).await,
                Ok(false),
                "{stored}"
            );
        }
    }

    #[tokio::test]
    async fn an_account_that_is_not_there_costs_a_hash() {
        let hasher = Hasher::default();
        let before = hasher.computed();
        assert!(is_known_hash(NOBODY));
        assert_eq!(hasher.verify(&Secret::new("x"), None).await, Ok(false));
        assert_eq!(hasher.computed(), before + 1);
    }

    #[tokio::test]
    async fn empty_and_endless_passwords_are_refused() {
        let hasher = Hasher::default();
        assert_eq!(hasher.hash(&Secret::new("")).await, Ok(None));
        assert_eq!(hasher.hash(&Secret::new("x".repeat(2000))).await, Ok(None));
    }
}
