//! Streams blobs from registries into an archive, in order, a few ahead of the writer.
//!
//! The next blobs are fetched while one is written; each buffers only a few chunks, so that memory
//! is bounded for any size. The writer has its own thread, because files and pipes block. The
//! archive gets its end only after every blob has passed its digest check.

use std::io::{self, Write};
use std::sync::Arc;

use bytes::Bytes;
use tokio::sync::{Semaphore, mpsc};
use tokio::task::JoinSet;

use super::plan::Part;
use super::{Document, Error};
use crate::archive::Writer;
use crate::archive::documents::blob_path;
use crate::client;
use crate::transfer::progress::{Event, Listener, Outcome};

/// Number of blobs fetched at once.
const AHEAD: usize = 3;

/// Characters of a digest in progress.
const SHORT: usize = 12;

/// Buffered chunks of a blob.
const PIECES: usize = 8;

/// A chunk of a blob; `None` after the last, when the digest was checked.
type Piece = Result<Option<Bytes>, client::Error>;

/// A blob being fetched.
struct Arriving {
    path: String,
    size: u64,
    pieces: mpsc::Receiver<Piece>,
}

/// Writes an archive. Returns the output and its length.
pub(super) async fn write<W: Write + Send + 'static>(
    documents: Vec<Document>,
    parts: Vec<Part>,
    output: W,
    listener: Listener,
) -> Result<W, Error> {
    let (sender, receiver) = mpsc::channel(AHEAD);
    let count = parts.len();
    let bytes = parts.iter().map(|part| part.size);
    listener(Event::Total {
        bytes: bytes.fold(0, u64::saturating_add),
    });
    let writing = tokio::task::spawn_blocking(move || record(output, &documents, receiver, count));
    let places = Arc::new(Semaphore::new(AHEAD));
    // The tasks end with this future.
    let mut arriving = JoinSet::new();
    for (id, part) in (0..).zip(parts) {
        // Permits are released in the order of the archive, as the writer consumes the blobs.
        let Ok(place) = Arc::clone(&places).acquire_owned().await else {
            break;
        };
        let (piece_sender, pieces) = mpsc::channel(PIECES);
        let next = Arriving {
            path: blob_path(&part.digest),
            size: part.size,
            pieces,
        };
        if sender.send(next).await.is_err() {
            break;
        }
        let listener = Arc::clone(&listener);
        arriving.spawn(async move {
            fetch(id, part, &piece_sender, &listener).await;
            drop(place);
        });
    }
    drop(sender);
    match writing.await {
        Ok(written) => written,
        Err(error) => Err(Error::Write(io::Error::other(error))),
    }
}

/// Fetches one blob and forwards its chunks.
async fn fetch(id: u64, part: Part, pieces: &mpsc::Sender<Piece>, listener: &Listener) {
    let hex = part.digest.hex();
    let name = format!("{} {}", part.repository, &hex[..SHORT]);
    listener(Event::Begin {
        id,
        name: &name,
        size: Some(part.size),
    });
    let outcome = match pass_on(id, &part, pieces, listener).await {
        Ok(true) => Outcome::Sent,
        Ok(false) => Outcome::Failed,
        Err(error) => {
            // If the receiver is gone, there is an earlier error.
            let _ = pieces.send(Err(error)).await;
            Outcome::Failed
        }
    };
    listener(Event::End { id, outcome });
}

/// Returns true if all of the blob was received.
async fn pass_on(
    id: u64,
    part: &Part,
    pieces: &mpsc::Sender<Piece>,
    listener: &Listener,
) -> Result<bool, client::Error> {
    let mut download = part
        .client
        .download_blob(&part.repository, &part.digest, Some(part.size))
        .await?;
    loop {
        let piece = download.next().await?;
        let last = piece.is_none();
        if let Some(bytes) = &piece {
            let bytes = bytes.len() as u64;
            listener(Event::Moved { id, bytes });
        }
        if pieces.send(Ok(piece)).await.is_err() {
            return Ok(false);
        }
        if last {
            return Ok(true);
        }
    }
}

/// The writer: writes everything up to the end of the archive.
fn record<W: Write>(
    output: W,
    documents: &[Document],
    mut arriving: mpsc::Receiver<Arriving>,
    count: usize,
) -> Result<W, Error> {
    let cancelled = || Error::Write(io::Error::other("the export was cancelled"));
    let mut writer = Writer::new(output);
    for document in documents {
        let written = writer.document(&document.name, &document.bytes);
        written.map_err(Error::Write)?;
    }
    for _ in 0..count {
        let mut blob = arriving.blocking_recv().ok_or_else(cancelled)?;
        writer.begin(&blob.path, blob.size).map_err(Error::Write)?;
        while let Some(bytes) = blob.pieces.blocking_recv().ok_or_else(cancelled)?? {
            writer.bytes(&bytes).map_err(Error::Write)?;
        }
        writer.end().map_err(Error::Write)?;
    }
    writer.finish().map_err(Error::Write)
}
