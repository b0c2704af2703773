//! Sources of bytes for uploads: memory, a file, a pipe, a compressor, another registry.
//!
//! Invariant: reading a source again gives the same bytes.

use std::io;

use bytes::Bytes;
use futures_util::future::BoxFuture;

use crate::hash::Hasher;
use crate::oci::{Algorithm, Digest};

/// A source of bytes for an upload.
pub trait Source: Send {
    /// The next bytes, at least one; `None` at the end and after it.
    fn next(&mut self) -> BoxFuture<'_, io::Result<Option<Bytes>>>;

    /// Total bytes, if known in advance.
    fn size(&self) -> Option<u64>;

    /// The digest of all bytes. Called after the last one: a compressed stream has none before.
    fn digest(&mut self) -> BoxFuture<'_, io::Result<Digest>>;

    /// Seeks to an offset. Returns false, without any change, if that is impossible (a pipe).
    fn rewind(&mut self, offset: u64) -> BoxFuture<'_, io::Result<bool>>;
}

/// Bytes in memory as a source: configurations, the empty blob.
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
