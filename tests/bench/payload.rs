//! Large blobs without memory cost: one block of random bytes, repeated after a unique head.

use std::sync::Arc;

use regctl::hash::Hasher;
use regctl::oci::{Algorithm, Digest};

/// Incompressible bytes, reproducible from the seed (xorshift64*).
pub(crate) fn random(seed: u64, length: usize) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let mut bytes = Vec::with_capacity(length + 8);
    while bytes.len() < length {
        state ^= state >> 12;
        state ^= state << 25;
        state ^= state >> 27;
        bytes.extend_from_slice(&state.wrapping_mul(0x2545_F491_4F6C_DD1D).to_le_bytes());
    }
    bytes.truncate(length);
    bytes
}

/// The shared bytes of large blobs.
#[derive(Clone)]
pub(crate) struct Block(Arc<Vec<u8>>);

impl Block {
    /// 64 MiB, more than the caches of a processor.
    pub(crate) fn new() -> Self {
        Self(Arc::new(random(1, 64 << 20)))
    }
}

/// A large blob.
#[derive(Clone)]
pub(crate) struct Payload {
    head: Vec<u8>,
    block: Block,
    size: usize,
    pub(crate) digest: Digest,
}

impl Payload {
    /// A blob of this size; its first 4 KiB, and so its digest, depend on the seed.
    pub(crate) fn new(block: &Block, size: usize, seed: u64) -> Self {
        let mut payload = Self {
            head: random(seed + 2, 4096),
            block: block.clone(),
            size,
            digest: Hasher::new(Algorithm::Sha256).finish(),
        };
        let mut hasher = Hasher::new(Algorithm::Sha256);
        payload
            .slices(256 << 10)
            .for_each(|slice| hasher.update(slice));
        payload.digest = hasher.finish();
        payload
    }

    /// Its length in bytes.
    pub(crate) fn size(&self) -> usize {
        self.size
    }

    /// Its bytes, in order, in slices of at most this length.
    pub(crate) fn slices(&self, length: usize) -> impl Iterator<Item = &[u8]> {
        let mut left = self.size;
        std::iter::once(self.head.as_slice())
            .chain(std::iter::repeat(self.block.0.as_slice()))
            .flat_map(move |part| part.chunks(length))
            .map_while(move |slice| {
                let slice = &slice[..slice.len().min(left)];
                left -= slice.len();
                (!slice.is_empty()).then_some(slice)
            })
    }
}
