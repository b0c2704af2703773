//! Decompresses a blob that must not be compressed: from the registry, and back to it.
//!
//! Streams, with a few chunks in memory; the digest of the output is checked before it is named to
//! the registry.

use std::io::Read;
use std::sync::mpsc::sync_channel;

use bytes::Bytes;

use super::Error;
use super::delivery::Delivered;
use super::inspection::Queue;
use super::pipe::pipe;
use super::session::Session;
use crate::archive::{Stored, decoder};
use crate::hash::Hasher;
use crate::oci::{Descriptor, Repository};
use crate::transfer::progress::Event;

/// Chunks in the queue of the decompressor.
const AHEAD: usize = 4;
/// Bytes decompressed at a time.
const CHUNK: usize = 128 * 1024;

/// Sends the decompressed content of a blob. Returns the bytes sent.
pub(super) async fn uncompressed(
    session: &Session,
    delivered: &Delivered,
    stored: &Stored,
    descriptor: &Descriptor,
    repository: &Repository,
    id: u64,
) -> Result<u64, Error> {
    let client = &session.client;
    let download = client.download_blob(&delivered.place, &stored.digest, Some(stored.size));
    let mut download = download.await?;
    let (chunks, compressed) = sync_channel::<Bytes>(AHEAD);
    let (mut writer, mut source) = pipe(Some(descriptor.size));
    let (encoding, expected) = (stored.encoding, descriptor.digest);
    let uncompressing = tokio::task::spawn_blocking(move || {
        let mut plain = decoder(encoding, Queue::new(compressed))?;
        let mut hasher = Hasher::new(expected.algorithm());
        let mut buffer = vec![0; CHUNK];
        loop {
            let read = plain.read(&mut buffer)?;
            if read == 0 {
                break;
            }
            hasher.update(&buffer[..read]);
            writer.forward(Bytes::copy_from_slice(&buffer[..read]))?;
        }
        if hasher.finish() == expected {
            writer.finish_as(expected)?;
        }
        Ok::<_, std::io::Error>(())
    });
    let fetching = async {
        while let Some(mut bytes) = download.next().await? {
            // The queue is bounded by what the thread consumes; sending may wait for it.
            let queue = chunks.clone();
            bytes = tokio::task::spawn_blocking(move || queue.send(bytes).map(|()| Bytes::new()))
                .await?
                .unwrap_or_default();
            drop(bytes);
        }
        drop(chunks);
        Ok::<_, Error>(())
    };
    let moved = |bytes| (session.listener)(Event::Moved { id, bytes });
    let sending = client.upload_blob(repository, &mut source, &moved);
    let (fetched, sent) = tokio::join!(fetching, sending);
    fetched?;
    uncompressing.await??;
    Ok(sent?.size)
}
