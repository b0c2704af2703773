//! Imports an archive from a plain file: headers are read first, then only the needed parts,
//! several layers at once.
//!
//! The contents of a file that was imported before and is unmodified since are known. Failures are
//! retried from the file: a wrong hint, or a connection that breaks for longer than the buffered
//! bytes cover.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, ErrorKind, Read};
use std::os::unix::fs::FileExt as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use futures_util::{StreamExt as _, stream};

use super::delivery::{Delivered, DeliveryOptions, deliver};
use super::naming::Goal;
use super::session::Session;
use super::streaming::Outcomes;
use super::unmodified::{Beginning, Part};
use super::{Error, UPLOADS};
use crate::archive::{
    self, Blob, BlobFormat, Content, Contents, Plan, Receiver, Seekable, SparseReader, scan,
};
use crate::oci::Repository;
use crate::transfer::progress::{Event, Listener};

/// Attempts to send a layer from its beginning.
const ATTEMPTS: usize = 3;

/// Reads headers and documents. Blocks.
pub(super) fn look(file: Seekable) -> Result<Contents, Error> {
    struct SkipBlobs;
    impl Receiver for SkipBlobs {
        type Error = archive::Error;

        fn blob(
            &mut self,
            _: &Blob,
            _: &Contents,
            _: &mut (dyn Read + Send),
        ) -> Result<(), archive::Error> {
            Ok(())
        }
    }
    Ok(scan(file, &mut SkipBlobs)?.0)
}

/// A blob to deliver.
struct Needed {
    blob: Blob,
    home: Repository,
    compressible: bool,
    unmodified: Option<Part>,
    /// Bytes that were reported as read.
    read: AtomicU64,
}

impl Needed {
    /// Bytes of the blob in the archive.
    fn stored(&self) -> u64 {
        let place = &self.blob.place;
        place
            .holes
            .as_ref()
            .map_or(place.size, |holes| holes.stored)
    }

    /// Reports that the blob was read up to an offset. Repeated bytes count once.
    fn reached(&self, offset: u64, listener: &Listener) {
        let before = self.read.fetch_max(offset, Ordering::Relaxed);
        if offset > before {
            listener(Event::Read {
                bytes: offset - before,
            });
        }
    }
}

/// Delivers the blobs that images with a destination need.
pub(super) async fn deliver_all(
    session: &Arc<Session>,
    (file, beginning): (File, Option<Beginning>),
    contents: &Contents,
    plan: &Plan,
    goals: &[Result<Vec<Goal>, Error>],
) -> Result<Outcomes, Error> {
    let file = Arc::new(file);
    let mut needed = needed(contents, plan, goals);
    if let Some(beginning) = &beginning {
        let cache = session.cache();
        for needed in &mut needed {
            let (offset, size) = (needed.blob.place.offset, needed.blob.place.size);
            needed.unmodified = cache.of_part(&beginning.file, offset, size);
        }
    }
    (session.listener)(Event::ToRead {
        bytes: needed.iter().map(Needed::stored).sum(),
    });
    let mut deliveries = stream::iter(needed)
        .map(|needed| {
            let (session, file) = (Arc::clone(session), Arc::clone(&file));
            async move {
                let needed = Arc::new(needed);
                let outcome = if session.is_stopped() {
                    Err(Error::Broken("it was cancelled".into()))
                } else {
                    deliver_with_retries(&session, &file, &needed).await
                };
                needed.reached(needed.stored(), &session.listener);
                (needed, outcome)
            }
        })
        .buffer_unordered(UPLOADS);
    let mut outcomes = Outcomes::new();
    let mut parts = Vec::new();
    let mut failed = None;
    while let Some((needed, outcome)) = deliveries.next().await {
        match outcome {
            // Waits for the reading threads: they must not outlive this call.
            Err(error) if error.is_final() => {
                failed.get_or_insert(error);
                session.stop();
            }
            outcome => {
                let delivered = outcome.as_ref().ok();
                parts.extend(delivered.and_then(|delivered| found(&needed.blob, delivered)));
                outcomes.insert(needed.blob.name.clone(), outcome);
            }
        }
    }
    if let Some(error) = failed {
        return Err(error);
    }
    let found = beginning.and_then(|beginning| beginning.found(&file, parts));
    if let Some(found) = found {
        session.cache().record_file(found);
    }
    Ok(outcomes)
}

/// The result for a blob, as far as its own bytes proved it.
fn found(blob: &Blob, delivered: &Delivered) -> Option<Part> {
    let info = &delivered.info;
    // The diffID of a compressed blob may come from a hint, which holds only for the digest of the
    // hint.
    let certain = blob.place.format == BlobFormat::Tar || info.digest == info.stored.digest;
    Part::new(blob.place.offset, info).filter(|_| certain)
}

/// The blobs of all images, each once, in the order of the file.
fn needed(contents: &Contents, plan: &Plan, goals: &[Result<Vec<Goal>, Error>]) -> Vec<Needed> {
    let mut needed: BTreeMap<u64, Needed> = BTreeMap::new();
    for (image, goals) in plan.images.iter().zip(goals) {
        let (Ok(tree), Ok([goal, ..])) = (&image.tree, goals.as_deref()) else {
            continue;
        };
        for manifest in tree.manifests() {
            for piece in manifest.config.iter().chain(&manifest.layers) {
                let member = piece.member.as_deref();
                let content = member.and_then(|member| contents.find(member));
                let Some((_, Content::Blob(blob))) = content else {
                    continue;
                };
                needed
                    .entry(blob.place.offset)
                    .and_modify(|known| known.compressible &= piece.compressible)
                    .or_insert_with(|| Needed {
                        blob: blob.clone(),
                        home: goal.repository.clone(),
                        compressible: piece.compressible,
                        unmodified: None,
                        read: AtomicU64::new(0),
                    });
            }
        }
    }
    needed.into_values().collect()
}

async fn deliver_with_retries(
    session: &Arc<Session>,
    file: &Arc<File>,
    needed: &Arc<Needed>,
) -> Result<Delivered, Error> {
    let mut hints = true;
    let mut tries = 1;
    loop {
        let repeated = tries < ATTEMPTS;
        let outcome = once(session, file, needed, hints, repeated).await;
        match outcome {
            Err(error) if repeated && error.is_repeatable() => {
                hints &= !matches!(error, Error::WrongHint { .. });
                tries += 1;
            }
            outcome => return outcome,
        }
    }
}

async fn once(
    session: &Arc<Session>,
    file: &Arc<File>,
    needed: &Arc<Needed>,
    hints: bool,
    repeated: bool,
) -> Result<Delivered, Error> {
    let (copy, file, needed) = (Arc::clone(session), Arc::clone(file), Arc::clone(needed));
    let reading = tokio::task::spawn_blocking(move || {
        let order = DeliveryOptions {
            blob: &needed.blob,
            home: &needed.home,
            compressible: needed.compressible,
            hints,
            repeated,
            unmodified: needed.unmodified,
        };
        let place = &needed.blob.place;
        let holes = place.holes.clone();
        let mut part = Stretch {
            file: &file,
            offset: place.offset,
            left: needed.stored(),
            reached: &|left| needed.reached(needed.stored() - left, &copy.listener),
        };
        match holes {
            Some(holes) => deliver(&copy, &order, &mut SparseReader::new(part, holes)),
            None => deliver(&copy, &order, &mut part),
        }
    });
    reading.await??.settle(session).await
}

/// A range of a file.
struct Stretch<'a> {
    file: &'a File,
    offset: u64,
    left: u64,
    /// Called with the number of bytes left.
    reached: &'a (dyn Fn(u64) + Sync),
}

impl Read for Stretch<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let most = usize::try_from(self.left).unwrap_or(usize::MAX);
        let most = most.min(buffer.len());
        if most == 0 {
            return Ok(0);
        }
        let read = self.file.read_at(&mut buffer[..most], self.offset)?;
        if read == 0 {
            return Err(ErrorKind::UnexpectedEof.into());
        }
        self.offset += read as u64;
        self.left -= read as u64;
        (self.reached)(self.left);
        Ok(read)
    }
}
