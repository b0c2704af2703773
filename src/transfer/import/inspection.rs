//! Looking at a blob as it passes: its digest, and the digest of what it holds.
//!
//! What is compressed is uncompressed for that on a thread of its own, into nothing. Invariants:
//! memory is bounded by the decoder's; a blob that grows beyond all sense is not followed to its end.

use std::io::{self, Read};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;

use bytes::{Buf as _, Bytes};

use super::untouched::Part;
use crate::archive::{Encoding, Nature, decoder};
use crate::hash::Hasher;
use crate::oci::{Algorithm, Digest};

/// How many chunks wait to be uncompressed.
const QUEUE: usize = 4;
/// How much is uncompressed at a time, in bytes.
const CHUNK: usize = 128 * 1024;
/// A layer may grow to this many times its size and [`GROWTH_FREE`] bytes more. Files full of zeros
/// reach a thousand, which only matters when they are large.
const GROWTH: u64 = 250;
const GROWTH_FREE: u64 = 2 * 1024 * 1024 * 1024;

/// What was found out.
pub(super) struct Found {
    /// The digest of the bytes.
    pub(super) digest: Digest,
    /// How many they were.
    pub(super) size: u64,
    /// The digest of what they hold, uncompressed, or why there is none.
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

/// A blob that passes.
pub(super) struct Inspection {
    raw: Hasher,
    size: u64,
    inside: Inside,
}

enum Inside {
    /// The bytes themselves; in a digest of its own where theirs is not SHA-256.
    Same(Option<Hasher>),
    Compressed(
        Option<SyncSender<Bytes>>,
        JoinHandle<Result<Digest, String>>,
    ),
    /// It was found out at another time.
    Known(Digest),
    Nothing,
}

impl Inspection {
    /// Looks at a blob of a size. `known` is the digest of what it holds, if that need not be found
    /// out.
    pub(super) fn new(
        nature: Nature,
        algorithm: Algorithm,
        size: u64,
        known: Option<Digest>,
    ) -> io::Result<Self> {
        let inside = match (nature, known) {
            (Nature::Tar, _) => {
                let other = algorithm != Algorithm::Sha256;
                Inside::Same(other.then(|| Hasher::new(Algorithm::Sha256)))
            }
            (Nature::Compressed(_), Some(known)) => Inside::Known(known),
            (Nature::Compressed(encoding), None) => {
                let (sender, receiver) = sync_channel(QUEUE);
                let most = GROWTH_FREE.saturating_add(size.saturating_mul(GROWTH));
                let thread = std::thread::Builder::new()
                    .name("uncompress".into())
                    .spawn(move || plain_digest(encoding, Queue::new(receiver), most))?;
                Inside::Compressed(Some(sender), thread)
            }
            (Nature::Opaque, _) => Inside::Nothing,
        };
        Ok(Self {
            raw: Hasher::new(algorithm),
            size: 0,
            inside,
        })
    }

    /// Whether chunks are asked for as values that can be kept.
    pub(super) fn keeps(&self) -> bool {
        matches!(self.inside, Inside::Compressed(Some(_), _))
    }

    /// Looks at a chunk that nobody keeps.
    pub(super) fn look(&mut self, chunk: &[u8]) {
        self.raw.update(chunk);
        self.size += chunk.len() as u64;
        if let Inside::Same(Some(hasher)) = &mut self.inside {
            hasher.update(chunk);
        }
    }

    /// Looks at a chunk.
    pub(super) fn take(&mut self, chunk: &Bytes) {
        self.look(chunk);
        if let Inside::Compressed(sender, _) = &mut self.inside
            && let Some(queue) = sender
            && queue.send(chunk.clone()).is_err()
        {
            // It is damaged, or its end came before that of the bytes.
            *sender = None;
        }
    }

    /// What came out.
    pub(super) fn finish(self) -> Found {
        let digest = self.raw.finish();
        let diff_id = match self.inside {
            Inside::Same(None) => Ok(digest),
            Inside::Same(Some(hasher)) => Ok(hasher.finish()),
            Inside::Known(known) => Ok(known),
            Inside::Nothing => Err("it is no tar file".into()),
            Inside::Compressed(sender, thread) => {
                drop(sender);
                thread
                    .join()
                    .unwrap_or_else(|_| Err("it could not be looked at".into()))
            }
        };
        Found {
            digest,
            size: self.size,
            diff_id,
        }
    }
}

/// The digest of what a compressed stream holds.
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
                        "it grows to more than {GROWTH} times its size when it is uncompressed"
                    ));
                }
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error.to_string()),
        }
    }
}

/// Chunks as a stream.
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

    fn inspect(nature: Nature, bytes: &[u8]) -> Found {
        let size = bytes.len() as u64;
        let mut inspection = Inspection::new(nature, Algorithm::Sha256, size, None).unwrap();
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
            let found = inspect(Nature::Compressed(encoding), &bytes);
            assert_eq!(found.digest, Hasher::digest(Algorithm::Sha256, &bytes));
            assert_eq!(
                (found.diff_id, found.size),
                (Ok(diff_id), bytes.len() as u64)
            );
            let cut = inspect(Nature::Compressed(encoding), &bytes[..bytes.len() - 9]);
            assert!(cut.diff_id.unwrap_err().contains("ends early"));
        }
        assert_eq!(inspect(Nature::Tar, &plain).diff_id, Ok(diff_id));
        assert!(inspect(Nature::Opaque, &plain).diff_id.is_err());
    }

    #[test]
    fn both_digests_of_another_algorithm() {
        let mut inspection = Inspection::new(Nature::Tar, Algorithm::Sha512, 3, None).unwrap();
        inspection.look(b"abc");
        let found = inspection.finish();
        assert_eq!(found.digest, Hasher::digest(Algorithm::Sha512, b"abc"));
        assert_eq!(found.diff_id, Ok(Hasher::digest(Algorithm::Sha256, b"abc")));
    }

    #[test]
    fn what_grows_beyond_all_sense_is_given_up() {
        let bytes = compressed(&vec![0; 4_000_000], Compression::Zstd);
        let digest = plain_digest(Encoding::Zstd, &bytes[..], 4_000_000);
        assert!(digest.is_ok());
        let refused = plain_digest(Encoding::Zstd, &bytes[..], 3_000_000);
        assert!(refused.unwrap_err().contains("grows to more than"));
    }
}
