//! Blobs on their way from registries into an archive: in their order, a few ahead of it.
//!
//! The next blobs begin to arrive while one is written; each holds no more than a few pieces, so
//! that memory is bounded whatever their sizes. The writer works on a thread of its own, as files
//! and pipes block. An archive gets its end only when every blob had its digest.

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

/// How many blobs are under way at once.
const AHEAD: usize = 3;

/// How many characters of a digest are shown.
const SHORT: usize = 12;

/// How many pieces of a blob are held.
const PIECES: usize = 8;

/// A piece of a blob; `None` after the last, when the blob had its digest.
type Piece = Result<Option<Bytes>, client::Error>;

/// A blob that arrives.
struct Arriving {
    path: String,
    size: u64,
    pieces: mpsc::Receiver<Piece>,
}

/// Writes an archive and gives back what it was written to, and its length.
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
    // They end with this future.
    let mut arriving = JoinSet::new();
    for (id, part) in (0..).zip(parts) {
        // Places come free in the order of the archive, as its writer takes the blobs in it.
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

/// Fetches one blob and hands its pieces on.
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
            // When nobody takes it any more, there is an earlier error.
            let _ = pieces.send(Err(error)).await;
            Outcome::Failed
        }
    };
    listener(Event::End { id, outcome });
}

/// True when all of the blob was taken.
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

/// The writer's work, to the end of the archive.
fn record<W: Write>(
    output: W,
    documents: &[Document],
    mut arriving: mpsc::Receiver<Arriving>,
    count: usize,
) -> Result<W, Error> {
    let given_up = || Error::Write(io::Error::other("the export was given up"));
    let mut writer = Writer::new(output);
    for document in documents {
        let written = writer.document(&document.name, &document.bytes);
        written.map_err(Error::Write)?;
    }
    for _ in 0..count {
        let mut blob = arriving.blocking_recv().ok_or_else(given_up)?;
        writer.begin(&blob.path, blob.size).map_err(Error::Write)?;
        while let Some(bytes) = blob.pieces.blocking_recv().ok_or_else(given_up)?? {
            writer.bytes(&bytes).map_err(Error::Write)?;
        }
        writer.end().map_err(Error::Write)?;
    }
    writer.finish().map_err(Error::Write)
}
