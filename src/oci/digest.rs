//! Content digests: `algorithm:hex` (OCI image specification, "Digests").

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A registered digest algorithm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Algorithm {
    /// SHA-256: 32 bytes, the canonical algorithm of the on-disk layout.
    Sha256,
    /// SHA-512: 64 bytes.
    Sha512,
}

impl Algorithm {
    /// The name before the colon.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Sha256 => "sha256",
            Self::Sha512 => "sha512",
        }
    }

    /// The length of a digest in bytes.
    pub fn length(self) -> usize {
        match self {
            Self::Sha256 => 32,
            Self::Sha512 => 64,
        }
    }
}

impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Algorithm {
    type Err = DigestError;

    fn from_str(text: &str) -> Result<Self, DigestError> {
        match text {
            "sha256" => Ok(Self::Sha256),
            "sha512" => Ok(Self::Sha512),
            _ => Err(DigestError::Algorithm),
        }
    }
}

/// Why a text is not a digest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DigestError {
    /// There is no colon between algorithm and hex.
    #[error("a digest is written algorithm:hex")]
    Form,
    /// The algorithm is neither sha256 nor sha512.
    #[error("the digest algorithm is not one of sha256, sha512")]
    Algorithm,
    /// The hex part has the wrong length for its algorithm.
    #[error("the hex part of the digest has the wrong length")]
    Length,
    /// The hex part has a character other than 0-9 and a-f.
    #[error("the hex part of the digest is not lower-case hexadecimal")]
    Hex,
}

/// A digest: an algorithm and its value. The unused half of a sha256 is zero.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Digest {
    algorithm: Algorithm,
    value: [u8; 64],
}

const HEX: &[u8; 16] = b"0123456789abcdef";

impl Digest {
    /// A digest from the raw output of its algorithm; `None` when the length does not fit.
    pub fn from_bytes(algorithm: Algorithm, bytes: &[u8]) -> Option<Self> {
        if bytes.len() != algorithm.length() {
            return None;
        }
        let mut value = [0; 64];
        value[..bytes.len()].copy_from_slice(bytes);
        Some(Self { algorithm, value })
    }

    /// Which algorithm made it.
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The raw value: 32 or 64 bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.value[..self.algorithm.length()]
    }

    /// The value in lower-case hexadecimal, without the algorithm.
    pub fn hex(&self) -> String {
        let mut text = String::with_capacity(self.algorithm.length() * 2);
        for byte in self.as_bytes() {
            text.push(HEX[usize::from(byte >> 4)] as char);
            text.push(HEX[usize::from(byte & 15)] as char);
        }
        text
    }

    /// Reads the value of a known algorithm from its hexadecimal form.
    pub fn from_hex(algorithm: Algorithm, hex: &str) -> Result<Self, DigestError> {
        let hex = hex.as_bytes();
        if hex.len() != algorithm.length() * 2 {
            return Err(DigestError::Length);
        }
        let mut value = [0; 64];
        for (byte, pair) in value.iter_mut().zip(hex.chunks_exact(2)) {
            *byte = nibble(pair[0])? << 4 | nibble(pair[1])?;
        }
        Ok(Self { algorithm, value })
    }
}

fn nibble(character: u8) -> Result<u8, DigestError> {
    match character {
        b'0'..=b'9' => Ok(character - b'0'),
        b'a'..=b'f' => Ok(character - b'a' + 10),
        _ => Err(DigestError::Hex),
    }
}

impl FromStr for Digest {
    type Err = DigestError;

    fn from_str(text: &str) -> Result<Self, DigestError> {
        let (algorithm, hex) = text.split_once(':').ok_or(DigestError::Form)?;
        Self::from_hex(algorithm.parse()?, hex)
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.algorithm, self.hex())
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Digest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Digest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn round_trip(bytes in prop::collection::vec(any::<u8>(), 32), long in any::<bool>()) {
            let (algorithm, bytes) = if long {
                (Algorithm::Sha512, [bytes.clone(), bytes].concat())
            } else {
                (Algorithm::Sha256, bytes)
            };
            let digest = Digest::from_bytes(algorithm, &bytes).unwrap();
            prop_assert_eq!(digest.to_string().parse::<Digest>(), Ok(digest));
            prop_assert_eq!(digest.as_bytes(), &bytes[..]);
        }

        #[test]
        fn never_panics(text in ".{0,200}") {
            if let Ok(digest) = text.parse::<Digest>() {
                prop_assert_eq!(digest.to_string(), text);
            }
        }
    }

    #[test]
    fn malformed_digests_are_refused() {
        for (text, error) in [
            ("sha256", DigestError::Form),
            (
                "md5:d41d8cd98f00b204e9800998ecf8427e",
                DigestError::Algorithm,
            ),
            ("sha256:abc", DigestError::Length),
            (&format!("sha256:{}", "A".repeat(64)), DigestError::Hex),
            (&format!("sha256:{}", "é".repeat(32)), DigestError::Hex),
        ] {
            assert_eq!(text.parse::<Digest>(), Err(error), "{text}");
        }
    }
}
