//! A blob that was compressed on its way and must not be: from the registry, uncompressed, and back.
//!
//! Streams, with a few chunks in memory; the digest of what comes out is checked before it is named to
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

/// How many chunks wait to be uncompressed.
const AHEAD: usize = 4;
/// How much is uncompressed at a time, in bytes.
const CHUNK: usize = 128 * 1024;

/// Sends what a compressed blob holds; the bytes sent.
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
            writer.pass(Bytes::copy_from_slice(&buffer[..read]))?;
        }
        if hasher.finish() == expected {
            writer.finish_as(expected)?;
        }
        Ok::<_, std::io::Error>(())
    });
    let fetching = async {
        while let Some(mut bytes) = download.next().await? {
            // The queue is bounded by what the thread takes; sending may wait for it.
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
