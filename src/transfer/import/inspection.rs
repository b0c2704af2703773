//! Hashes a blob as it is read: its digest, and its diffID.
//!
//! Compressed blobs are decompressed for that on another thread, and the output is discarded.
//! Invariants: memory is bounded by the decoder's limit; a decompression bomb is abandoned.

use std::io::{self, Read};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;

use bytes::{Buf as _, Bytes};

use super::unmodified::Part;
use crate::archive::{BlobFormat, Encoding, decoder};
use crate::hash::Hasher;
use crate::oci::{Algorithm, Digest};

/// Chunks in the queue of the decompressor.
const QUEUE: usize = 4;
/// Bytes decompressed at a time.
const CHUNK: usize = 128 * 1024;
/// A layer may grow to this many times its size plus [`GROWTH_FREE`] bytes. Files of zeros reach a
/// factor of a thousand, which matters only for large ones.
const GROWTH: u64 = 250;
const GROWTH_FREE: u64 = 2 * 1024 * 1024 * 1024;

/// The result of an inspection.
pub(super) struct Found {
    /// The digest of the bytes.
    pub(super) digest: Digest,
    /// Number of bytes.
    pub(super) size: u64,
    /// The digest of the uncompressed bytes, or why there is none.
    pub(super) diff_id: Result<Digest, String>,
}

impl From<Part> for Found {
    fn from(part: Part) -> Self {
        Self {
            digest: part.digest,
            size: part.size,
            diff_id: Ok(part.diff_id),
        }
    }
}

/// A blob being inspected.
pub(super) struct Inspection {
    raw: Hasher,
    size: u64,
    inside: Inside,
}

enum Inside {
    /// The bytes themselves, with a second hasher if their digest is not SHA-256.
    Same(Option<Hasher>),
    Compressed(
        Option<SyncSender<Bytes>>,
        JoinHandle<Result<Digest, String>>,
    ),
    /// The diffID is known already.
    Known(Digest),
    Nothing,
}

impl Inspection {
    /// Inspects a blob of a size. `known` is its diffID, if it need not be computed.
    pub(super) fn new(
        format: BlobFormat,
        algorithm: Algorithm,
        size: u64,
        known: Option<Digest>,
    ) -> io::Result<Self> {
        let inside = match (format, known) {
            (BlobFormat::Tar, _) => {
                let other = algorithm != Algorithm::Sha256;
                Inside::Same(other.then(|| Hasher::new(Algorithm::Sha256)))
            }
            (BlobFormat::Compressed(_), Some(known)) => Inside::Known(known),
            (BlobFormat::Compressed(encoding), None) => {
                let (sender, receiver) = sync_channel(QUEUE);
                let most = GROWTH_FREE.saturating_add(size.saturating_mul(GROWTH));
                let thread = std::thread::Builder::new()
                    .name("uncompress".into())
                    .spawn(move || plain_digest(encoding, Queue::new(receiver), most))?;
                Inside::Compressed(Some(sender), thread)
            }
            (BlobFormat::Opaque, _) => Inside::Nothing,
        };
        Ok(Self {
            raw: Hasher::new(algorithm),
            size: 0,
            inside,
        })
    }

    /// Whether chunks must be passed as owned values.
    pub(super) fn keeps(&self) -> bool {
        matches!(self.inside, Inside::Compressed(Some(_), _))
    }

    /// Hashes a borrowed chunk.
    pub(super) fn look(&mut self, chunk: &[u8]) {
        self.raw.update(chunk);
        self.size += chunk.len() as u64;
        if let Inside::Same(Some(hasher)) = &mut self.inside {
            hasher.update(chunk);
        }
    }

    /// Hashes a chunk.
    pub(super) fn take(&mut self, chunk: &Bytes) {
        self.look(chunk);
        if let Inside::Compressed(sender, _) = &mut self.inside
            && let Some(queue) = sender
            && queue.send(chunk.clone()).is_err()
        {
            // The stream is damaged, or it ended before the bytes did.
            *sender = None;
        }
    }

    /// The result.
    pub(super) fn finish(self) -> Found {
        let digest = self.raw.finish();
        let diff_id = match self.inside {
            Inside::Same(None) => Ok(digest),
            Inside::Same(Some(hasher)) => Ok(hasher.finish()),
            Inside::Known(known) => Ok(known),
            Inside::Nothing => Err("it is not a tar file".into()),
            Inside::Compressed(sender, thread) => {
                drop(sender);
                thread
                    .join()
                    .unwrap_or_else(|_| Err("it could not be inspected".into()))
            }
        };
        Found {
            digest,
            size: self.size,
            diff_id,
        }
    }
}

/// The digest of the decompressed stream.
fn plain_digest(encoding: Encoding, bytes: impl Read + Send, most: u64) -> Result<Digest, String> {
    let mut decoder = decoder(encoding, bytes).map_err(|error| error.to_string())?;
    let mut hasher = Hasher::new(Algorithm::Sha256);
    let mut buffer = vec![0; CHUNK];
    let mut size = 0_u64;
    loop {
        match decoder.read(&mut buffer) {
            Ok(0) => return Ok(hasher.finish()),
            Ok(read) => {
                hasher.update(&buffer[..read]);
                size += read as u64;
                if size > most {
                    return Err(format!(
                        "it decompresses to more than {GROWTH} times its size"
                    ));
                }
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error.to_string()),
        }
    }
}

/// A channel of chunks as a reader.
pub(super) struct Queue {
    receiver: Receiver<Bytes>,
    chunk: Bytes,
}

impl Queue {
    pub(super) fn new(receiver: Receiver<Bytes>) -> Self {
        Self {
            receiver,
            chunk: Bytes::new(),
        }
    }
}

impl Read for Queue {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.chunk.is_empty() {
            match self.receiver.recv() {
                Ok(chunk) => self.chunk = chunk,
                Err(_) => return Ok(0),
            }
        }
        let most = buffer.len().min(self.chunk.len());
        self.chunk.copy_to_slice(&mut buffer[..most]);
        Ok(most)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;
    use crate::archive::{Compression, Compressor};

    fn compressed(bytes: &[u8], compression: Compression) -> Vec<u8> {
        let mut compressor = Compressor::new(Vec::new(), compression, 1).unwrap();
        compressor.write_all(bytes).unwrap();
        compressor.finish().unwrap()
    }

    fn inspect(format: BlobFormat, bytes: &[u8]) -> Found {
        let size = bytes.len() as u64;
        let mut inspection = Inspection::new(format, Algorithm::Sha256, size, None).unwrap();
        for chunk in bytes.chunks(1000) {
            inspection.take(&Bytes::copy_from_slice(chunk));
        }
        inspection.finish()
    }

    #[test]
    fn both_digests() {
        let plain: Vec<u8> = (0..300_000_u32).flat_map(u32::to_le_bytes).collect();
        let diff_id = Hasher::digest(Algorithm::Sha256, &plain);
        for (compression, encoding) in [
            (Compression::Gzip, Encoding::Gzip),
            (Compression::Zstd, Encoding::Zstd),
        ] {
            let bytes = compressed(&plain, compression);
            let found = inspect(BlobFormat::Compressed(encoding), &bytes);
            assert_eq!(found.digest, Hasher::digest(Algorithm::Sha256, &bytes));
            assert_eq!(
                (found.diff_id, found.size),
                (Ok(diff_id), bytes.len() as u64)
            );
            let cut = inspect(BlobFormat::Compressed(encoding), &bytes[..bytes.len() - 9]);
            assert!(cut.diff_id.unwrap_err().contains("ends early"));
        }
        assert_eq!(inspect(BlobFormat::Tar, &plain).diff_id, Ok(diff_id));
        assert!(inspect(BlobFormat::Opaque, &plain).diff_id.is_err());
    }

    #[test]
    fn both_digests_of_another_algorithm() {
        let mut inspection = Inspection::new(BlobFormat::Tar, Algorithm::Sha512, 3, None).unwrap();
        inspection.look(b"abc");
        let found = inspection.finish();
        assert_eq!(found.digest, Hasher::digest(Algorithm::Sha512, b"abc"));
        assert_eq!(found.diff_id, Ok(Hasher::digest(Algorithm::Sha256, b"abc")));
    }

    #[test]
    fn a_decompression_bomb_is_abandoned() {
        let bytes = compressed(&vec![0; 4_000_000], Compression::Zstd);
        let digest = plain_digest(Encoding::Zstd, &bytes[..], 4_000_000);
        assert!(digest.is_ok());
        let refused = plain_digest(Encoding::Zstd, &bytes[..], 3_000_000);
        assert!(refused.unwrap_err().contains("decompresses to more than"));
    }
}
