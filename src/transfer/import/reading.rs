//! Reads a blob to its end, chunk by chunk.
//!
//! A blob that is only hashed is read by one thread and hashed by another, because both take about
//! equally long for a pipe. Invariant: memory for a few chunks, which are reused.

use std::io::{ErrorKind, Read};
use std::sync::mpsc::sync_channel;
use std::thread;

use bytes::Bytes;

use super::Error;
use super::inspection::{Found, Inspection};
use crate::archive::{self, Blob};

/// Bytes of one read.
const CHUNK: usize = 256 * 1024;
/// Chunks read ahead of the hasher.
const AHEAD: usize = 3;
/// A shorter blob is not worth a thread.
const SHORT: u64 = 4 * CHUNK as u64;

/// The side on which a blob failed.
pub(super) enum Failure {
    /// The archive.
    Read(Error),
    /// The compressor, or the queue to the sender.
    Pipe(std::io::Error),
}

/// Reads a blob chunk by chunk.
pub(super) fn each_chunk(
    blob: &Blob,
    data: &mut dyn Read,
    mut act: impl FnMut(&[u8]) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let mut buffer = vec![0; CHUNK];
    loop {
        let read = fill(blob, data, &mut buffer).map_err(Failure::Read)?;
        if read == 0 {
            return Ok(());
        }
        act(&buffer[..read])?;
    }
}

/// Reads until a buffer is full or the blob ends.
fn fill(blob: &Blob, data: &mut dyn Read, buffer: &mut [u8]) -> Result<usize, Error> {
    let mut filled = 0;
    while filled < buffer.len() {
        match data.read(&mut buffer[filled..]) {
            Ok(0) => break,
            Ok(read) => filled += read,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(archive::Error::reading(&blob.name, error).into()),
        }
    }
    Ok(filled)
}

/// Reads a blob only to hash it.
pub(super) fn look(
    mut inspection: Inspection,
    blob: &Blob,
    data: &mut dyn Read,
) -> Result<Found, Error> {
    if blob.place.size > SHORT {
        return inspect_in_parallel(inspection, blob, data);
    }
    let read = each_chunk(blob, data, |chunk| {
        see(&mut inspection, chunk);
        Ok(())
    });
    match read {
        Ok(()) => Ok(inspection.finish()),
        Err(Failure::Read(error)) => Err(error),
        Err(Failure::Pipe(error)) => Err(error.into()),
    }
}

/// Likewise, with a thread that hashes while this one reads.
fn inspect_in_parallel(
    mut inspection: Inspection,
    blob: &Blob,
    data: &mut dyn Read,
) -> Result<Found, Error> {
    let stopped = || Error::Broken("the hashing thread has stopped".into());
    thread::scope(|scope| {
        let (full, chunks) = sync_channel::<(Vec<u8>, usize)>(AHEAD);
        let (empty, buffers) = sync_channel(AHEAD);
        let returned = empty.clone();
        let hashing =
            thread::Builder::new()
                .name("hash".into())
                .spawn_scoped(scope, move || {
                    for (buffer, length) in chunks {
                        see(&mut inspection, &buffer[..length]);
                        // At the end the reader no longer receives buffers.
                        let _ = returned.send(buffer);
                    }
                    inspection
                })?;
        for _ in 0..AHEAD {
            empty.send(vec![0; CHUNK]).map_err(|_| stopped())?;
        }
        drop(empty);
        loop {
            let mut buffer = buffers.recv().map_err(|_| stopped())?;
            let read = fill(blob, data, &mut buffer)?;
            if read == 0 {
                break;
            }
            full.send((buffer, read)).map_err(|_| stopped())?;
        }
        drop((full, buffers));
        let inspection = hashing.join().map_err(|_| stopped())?;
        Ok(inspection.finish())
    })
}

fn see(inspection: &mut Inspection, chunk: &[u8]) {
    if inspection.keeps() {
        inspection.take(&Bytes::copy_from_slice(chunk));
    } else {
        inspection.look(chunk);
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;
    use crate::archive::{BlobFormat, Place};
    use crate::hash::Hasher;
    use crate::oci::Algorithm;

    /// Returns a few bytes at a time, and an error if it is cut short.
    struct Trickle<'a>(&'a [u8], bool);

    impl Read for Trickle<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            if self.0.is_empty() && self.1 {
                return Err(ErrorKind::UnexpectedEof.into());
            }
            let most = buffer.len().min(70_001);
            self.0.read(&mut buffer[..most])
        }
    }

    fn blob(size: usize) -> Blob {
        Blob {
            name: "a".into(),
            place: Place {
                offset: 0,
                size: size as u64,
                format: BlobFormat::Tar,
                holes: None,
            },
        }
    }

    fn looked(bytes: &[u8], cut: bool) -> Result<Found, Error> {
        let blob = blob(bytes.len());
        let inspection =
            Inspection::new(blob.place.format, Algorithm::Sha256, blob.place.size, None).unwrap();
        look(inspection, &blob, &mut Trickle(bytes, cut))
    }

    #[test]
    fn every_byte_is_hashed_in_order() {
        for size in [0, 1, CHUNK, 4 * CHUNK, 4 * CHUNK + 1, 21 * CHUNK + 5] {
            let bytes: Vec<u8> = (0..=250).cycle().take(size).collect();
            let found = looked(&bytes, false).unwrap();
            assert_eq!(found.digest, Hasher::digest(Algorithm::Sha256, &bytes));
            assert_eq!(found.diff_id, Ok(found.digest));
            assert_eq!(found.size, size as u64);
            assert!(looked(&bytes, true).is_err());
        }
    }
}
