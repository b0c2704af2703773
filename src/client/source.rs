//! Bytes on their way to a registry, wherever they come from: memory, a file, a pipe, a compressor,
//! another registry.
//!
//! Knows no registry. Invariant: the bytes of a source are the same each time it is asked for them.

use std::io;

use bytes::Bytes;
use futures_util::future::BoxFuture;

use crate::hash::Hasher;
use crate::oci::{Algorithm, Digest};

/// Bytes on their way to a registry.
pub trait Source: Send {
    /// The next bytes, at least one; `None` at the end and after it.
    fn next(&mut self) -> BoxFuture<'_, io::Result<Option<Bytes>>>;

    /// Bytes in all, when known before they have come.
    fn size(&self) -> Option<u64>;

    /// The digest of all the bytes. Asked for after the last one: what is compressed on the way has
    /// none before.
    fn digest(&mut self) -> BoxFuture<'_, io::Result<Digest>>;

    /// Goes to an offset, so that the next bytes are those from there on; false when that can't be
    /// done (a pipe), and then nothing has changed.
    fn rewind(&mut self, offset: u64) -> BoxFuture<'_, io::Result<bool>>;
}

/// Bytes in memory are a source: configurations, the empty blob.
impl Source for io::Cursor<Bytes> {
    fn next(&mut self) -> BoxFuture<'_, io::Result<Option<Bytes>>> {
        let at = usize::try_from(self.position()).unwrap_or(usize::MAX);
        let rest = self.get_ref().slice(at.min(self.get_ref().len())..);
        self.set_position(self.get_ref().len() as u64);
        Box::pin(async move { Ok(Some(rest).filter(|rest| !rest.is_empty())) })
    }

    fn size(&self) -> Option<u64> {
        Some(self.get_ref().len() as u64)
    }

    fn digest(&mut self) -> BoxFuture<'_, io::Result<Digest>> {
        let digest = Hasher::digest(Algorithm::Sha256, self.get_ref());
        Box::pin(async move { Ok(digest) })
    }

    fn rewind(&mut self, offset: u64) -> BoxFuture<'_, io::Result<bool>> {
        self.set_position(offset);
        Box::pin(async { Ok(true) })
    }
}
