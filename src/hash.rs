//! Streaming digests whose state can be saved and resumed.
//!
//! An upload is hashed as it arrives. Between two of its requests, and across a restart, the state
//! is saved, so that no byte is read again. This module does not depend on the store.

use sha2::digest::common::hazmat::SerializableState;
use sha2::digest::typenum::Unsigned;
use sha2::{Digest as _, Sha256, Sha512};

use crate::oci::{Algorithm, Digest};

/// A digest that is being computed.
#[derive(Clone)]
pub struct Hasher(State);

#[derive(Clone)]
enum State {
    Sha256(Sha256),
    Sha512(Sha512),
}

/// A saved state is not valid for its algorithm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the saved state of a digest is damaged")]
pub struct StateError;

impl Hasher {
    /// Starts a digest of no bytes.
    pub fn new(algorithm: Algorithm) -> Self {
        Self(match algorithm {
            Algorithm::Sha256 => State::Sha256(Sha256::new()),
            Algorithm::Sha512 => State::Sha512(Sha512::new()),
        })
    }

    /// The algorithm.
    pub fn algorithm(&self) -> Algorithm {
        match self.0 {
            State::Sha256(_) => Algorithm::Sha256,
            State::Sha512(_) => Algorithm::Sha512,
        }
    }

    /// Adds bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        match &mut self.0 {
            State::Sha256(hash) => hash.update(bytes),
            State::Sha512(hash) => hash.update(bytes),
        }
    }

    /// The digest of all bytes.
    pub fn finish(self) -> Digest {
        match self.0 {
            State::Sha256(hash) => wrap(Algorithm::Sha256, &hash.finalize()),
            State::Sha512(hash) => wrap(Algorithm::Sha512, &hash.finalize()),
        }
    }

    /// Saves the state. [`Hasher::resume`] continues from it with the same algorithm.
    pub fn save(&self) -> Vec<u8> {
        match &self.0 {
            State::Sha256(hash) => hash.serialize().to_vec(),
            State::Sha512(hash) => hash.serialize().to_vec(),
        }
    }

    /// Resumes from a saved state.
    pub fn resume(algorithm: Algorithm, state: &[u8]) -> Result<Self, StateError> {
        Ok(Self(match algorithm {
            Algorithm::Sha256 => State::Sha256(load(state)?),
            Algorithm::Sha512 => State::Sha512(load(state)?),
        }))
    }

    /// Computes the digest of bytes in memory.
    pub fn digest(algorithm: Algorithm, bytes: &[u8]) -> Digest {
        let mut hasher = Self::new(algorithm);
        hasher.update(bytes);
        hasher.finish()
    }
}

fn load<H: SerializableState>(state: &[u8]) -> Result<H, StateError> {
    if state.len() != H::SerializedStateSize::USIZE {
        return Err(StateError);
    }
    let state = state.try_into().map_err(|_| StateError)?;
    H::deserialize(state).map_err(|_| StateError)
}

fn wrap(algorithm: Algorithm, output: &[u8]) -> Digest {
    // The type of a hash function fixes the length of its output.
    Digest::from_bytes(algorithm, output)
        .unwrap_or_else(|| unreachable!("{algorithm} output length"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn known_digests() {
        assert_eq!(
            Hasher::digest(Algorithm::Sha256, b"abc").to_string(),
            "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
        assert!(
            Hasher::digest(Algorithm::Sha512, b"abc")
                .to_string()
                .starts_with("sha512:ddaf35a193617abacc417349ae204131")
        );
    }

    #[test]
    fn a_damaged_state_is_refused() {
        let state = Hasher::new(Algorithm::Sha256).save();
        assert!(Hasher::resume(Algorithm::Sha512, &state).is_err());
        assert!(Hasher::resume(Algorithm::Sha256, &state[1..]).is_err());
        assert!(Hasher::resume(Algorithm::Sha256, &vec![0xff; state.len()]).is_err());
    }

    proptest! {
        #[test]
        fn a_state_resumed_at_any_offset_gives_the_same_digest(
            bytes in prop::collection::vec(any::<u8>(), 0..1000), at in 0_usize..1000, long in any::<bool>(),
        ) {
            let algorithm = if long { Algorithm::Sha512 } else { Algorithm::Sha256 };
            let (before, after) = bytes.split_at(at.min(bytes.len()));
            let mut hasher = Hasher::new(algorithm);
            hasher.update(before);
            let mut hasher = Hasher::resume(algorithm, &hasher.save()).unwrap();
            hasher.update(after);
            prop_assert_eq!(hasher.finish(), Hasher::digest(algorithm, &bytes));
        }
    }
}
