//! Personal tokens: `regctl_ID_SECRET`.
//!
//! The prefix lets scanners of source code recognise a token. The id is public. The secret is 256
//! random bits, which nobody can guess, so the index stores its plain SHA-256.

use std::fmt::Write;

use aws_lc_rs::{constant_time, digest, rand};

use super::credentials::Secret;

const PREFIX: &str = "regctl_";
/// Random bytes of an id.
const ID_BYTES: usize = 6;
/// Random bytes of a secret.
const SECRET_BYTES: usize = 32;

/// A new token: the only time that its secret is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FreshToken {
    /// The public part.
    pub id: String,
    /// The whole token, to be shown once.
    pub token: Secret,
    /// The hash that the index stores.
    pub hash: String,
}

/// Bytes in hexadecimal.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a String does not fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// The SHA-256 of a secret, in hexadecimal.
pub(super) fn hash(secret: &str) -> String {
    hex(digest::digest(&digest::SHA256, secret.as_bytes()).as_ref())
}

impl FreshToken {
    /// Creates a token. `None` if the system has no random bytes.
    pub fn new() -> Option<Self> {
        let (mut id, mut secret) = ([0; ID_BYTES], [0; SECRET_BYTES]);
        rand::fill(&mut id).ok()?;
        rand::fill(&mut secret).ok()?;
        let (id, secret) = (hex(&id), hex(&secret));
        Some(Self {
            token: Secret::new(format!("{PREFIX}{id}_{secret}")),
            hash: hash(&secret),
            id,
        })
    }
}

/// The id and the secret, if a text is a personal token.
pub(super) fn parse(text: &str) -> Option<(&str, &str)> {
    text.strip_prefix(PREFIX)?.split_once('_')
}

/// Whether a secret matches a stored hash.
pub(super) fn is_right(secret: &str, kept: &str) -> bool {
    constant_time::verify_slices_are_equal(hash(secret).as_bytes(), kept.as_bytes()).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fresh_token_is_recognised() {
        let fresh = FreshToken::new().unwrap();
        let other = FreshToken::new().unwrap();
        let (id, secret) = parse(fresh.token.reveal()).unwrap();
        assert_eq!(id, fresh.id);
        assert!(is_right(secret, &fresh.hash));
        assert!(!is_right(secret, &other.hash));
        assert!(!fresh.hash.contains(secret));
        for text in ["", "regctl_", "ghp_x_y", "regctl_only"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
