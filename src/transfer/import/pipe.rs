//! A short queue of chunks from the thread that reads and compresses to the task that sends.
//!
//! Invariants: an unfinished blob never looks complete; the queue is short, so that the faster side
//! waits.

use std::io::{self, ErrorKind, Write};

use bytes::Bytes;
use futures_util::future::BoxFuture;
use tokio::sync::{mpsc, oneshot};

use crate::client::Source;
use crate::hash::Hasher;
use crate::oci::{Algorithm, Digest};

/// Chunks in the queue.
const QUEUE: usize = 4;
/// Size in bytes of the chunks into which writes are collected.
const CHUNK: usize = 128 * 1024;

/// A queue for a blob of `size` bytes, if known.
pub(super) fn pipe(size: Option<u64>) -> (PipeWriter, PipeSource) {
    let (chunks, queue) = mpsc::channel(QUEUE);
    let (finished, end) = oneshot::channel();
    let writer = PipeWriter {
        chunks,
        finished,
        gathered: Vec::new(),
        hasher: Hasher::new(Algorithm::Sha256),
        size: 0,
    };
    let source = PipeSource {
        queue,
        end: Some(end),
        digest: None,
        size,
    };
    (writer, source)
}

/// The writing end, for a blocking thread.
pub(super) struct PipeWriter {
    chunks: mpsc::Sender<Bytes>,
    finished: oneshot::Sender<Digest>,
    gathered: Vec<u8>,
    hasher: Hasher,
    size: u64,
}

impl PipeWriter {
    /// Forwards the remaining bytes and the digest. Returns digest and size of everything written.
    pub(super) fn finish(mut self) -> io::Result<(Digest, u64)> {
        self.send_gathered()?;
        let (digest, size) = (self.hasher.clone().finish(), self.size);
        self.finish_as(digest)?;
        Ok((digest, size))
    }

    /// Ends the forwarded chunks with their digest.
    pub(super) fn finish_as(self, digest: Digest) -> io::Result<()> {
        self.finished
            .send(digest)
            .map_err(|_| ErrorKind::BrokenPipe.into())
    }

    /// Forwards a chunk whose digest is computed elsewhere.
    pub(super) fn forward(&mut self, chunk: Bytes) -> io::Result<()> {
        self.chunks
            .blocking_send(chunk)
            .map_err(|_| ErrorKind::BrokenPipe.into())
    }

    fn send_gathered(&mut self) -> io::Result<()> {
        if self.gathered.is_empty() {
            return Ok(());
        }
        let chunk = std::mem::take(&mut self.gathered);
        self.hasher.update(&chunk);
        self.size += chunk.len() as u64;
        self.forward(chunk.into())
    }
}

impl Write for PipeWriter {
    /// An error of the kind `BrokenPipe` means that the sender is gone.
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // Never more than was reserved: growing would allocate memory that stays with the chunk.
        if self.gathered.capacity() == 0 {
            self.gathered.reserve_exact(CHUNK);
        }
        let taken = bytes.len().min(CHUNK - self.gathered.len());
        self.gathered.extend_from_slice(&bytes[..taken]);
        if self.gathered.len() == CHUNK {
            self.send_gathered()?;
        }
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The sending end.
pub(super) struct PipeSource {
    queue: mpsc::Receiver<Bytes>,
    end: Option<oneshot::Receiver<Digest>>,
    digest: Option<Digest>,
    size: Option<u64>,
}

impl PipeSource {
    /// The digest, once everything has been written.
    async fn ended(&mut self) -> io::Result<Digest> {
        if let Some(end) = self.end.take() {
            self.digest = end.await.ok();
        }
        self.digest
            .ok_or_else(|| io::Error::new(ErrorKind::UnexpectedEof, "reading it was cancelled"))
    }
}

impl Source for PipeSource {
    fn next(&mut self) -> BoxFuture<'_, io::Result<Option<Bytes>>> {
        Box::pin(async move {
            match self.queue.recv().await {
                Some(chunk) => Ok(Some(chunk)),
                None => self.ended().await.map(|_| None),
            }
        })
    }

    fn size(&self) -> Option<u64> {
        self.size
    }

    fn digest(&mut self) -> BoxFuture<'_, io::Result<Digest>> {
        Box::pin(self.ended())
    }

    fn rewind(&mut self, _: u64) -> BoxFuture<'_, io::Result<bool>> {
        Box::pin(async { Ok(false) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn written_bytes_arrive_with_their_digest() {
        let (mut writer, mut source) = pipe(None);
        let written = vec![7; 3 * CHUNK + 5];
        let copy = written.clone();
        let thread = tokio::task::spawn_blocking(move || {
            for part in copy.chunks(1000) {
                writer.write_all(part).unwrap();
            }
            writer.finish().unwrap()
        });
        let mut read = Vec::new();
        while let Some(chunk) = source.next().await.unwrap() {
            read.extend_from_slice(&chunk);
        }
        assert!(source.next().await.unwrap().is_none());
        let digest = Hasher::digest(Algorithm::Sha256, &written);
        assert!(read == written);
        assert_eq!(source.digest().await.unwrap(), digest);
        assert_eq!(thread.await.unwrap(), (digest, written.len() as u64));
    }

    #[tokio::test]
    async fn an_abandoned_pipe_is_an_error() {
        let (writer, mut source) = pipe(None);
        drop(writer);
        assert!(source.next().await.is_err());
        assert!(source.digest().await.is_err());
    }
}
