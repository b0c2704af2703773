//! Delivers one blob to the registry: it is checked for, compressed, sent, or only hashed.
//!
//! Runs on a blocking thread, with the upload in a task beside it. Invariants: every byte is
//! hashed; only the registry's own answer means that it has a blob; a wrong hint becomes an error,
//! never a wrong image.

use std::io::{ErrorKind, Read, Write};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::task::JoinHandle;

use super::Error;
use super::cache::Known;
use super::hints::{hint, hint_of_part, is_by_id, locate, short};
use super::inspection::{Found, Inspection};
use super::pipe::{PipeWriter, pipe};
use super::reading::{Failure, each_chunk, look};
use super::session::Session;
use super::unmodified;
use crate::archive::{
    Blob, BlobFormat, BlobInfo, Compression, Compressor, Encoding, Place, Stored, decoder,
    named_digest,
};
use crate::client::{self, Uploaded};
use crate::oci::{Algorithm, Digest, Repository};
use crate::transfer::progress::{Event, Outcome};

/// Timeout for an abandoned upload to end.
const CANCEL_TIMEOUT: Duration = Duration::from_secs(5);
/// The form of a blob that is not compressed in transit.
const KEPT: &str = "kept";

/// A blob that the registry has.
#[derive(Debug, Clone)]
pub(super) struct Delivered {
    /// Its properties.
    pub(super) info: BlobInfo,
    /// The repository with the blob.
    pub(super) place: Repository,
    /// Bytes that were read.
    pub(super) read: u64,
    /// Bytes that were sent.
    pub(super) sent: u64,
}

/// A blob that was read; its upload may still be running.
pub(super) struct Delivery {
    id: u64,
    member: (String, u64),
    form: String,
    sending: Option<JoinHandle<Result<Uploaded, client::Error>>>,
    /// Unknown if the upload failed.
    info: Option<BlobInfo>,
    /// Bytes that were read.
    read: u64,
    place: Repository,
    /// Whether the blob is read again after an error that this helps with.
    repeated: bool,
}

/// How to deliver a blob.
pub(super) struct DeliveryOptions<'a> {
    pub(super) blob: &'a Blob,
    /// The destination repository.
    pub(super) home: &'a Repository,
    /// Whether it may be compressed if it is a plain layer.
    pub(super) compressible: bool,
    /// Whether hints of the cache and of names are used.
    pub(super) hints: bool,
    /// Whether the blob is read again after an error that this helps with.
    pub(super) repeated: bool,
    /// Results of an earlier import, if the file is unmodified since.
    pub(super) unmodified: Option<unmodified::Part>,
}

/// Reads a blob and sends it unless the registry has it.
pub(super) fn deliver(
    session: &Session,
    order: &DeliveryOptions<'_>,
    data: &mut (dyn Read + Send),
) -> Result<Delivery, Error> {
    let blob = order.blob;
    let id = session.begin(order.home, &short(&blob.name), blob.place.size);
    let outcome = match encoding_to_remove(session, order) {
        Some(encoding) => {
            // The decompressed layer is like any other, but its length is not known in advance.
            let blob = Blob {
                name: order.blob.name.clone(),
                place: Place {
                    format: BlobFormat::Tar,
                    ..order.blob.place.clone()
                },
            };
            let order = DeliveryOptions {
                blob: &blob,
                hints: false,
                ..*order
            };
            let mut plain = decoder(encoding, data)?;
            read_and_send(session, &order, id, &mut plain, false)
        }
        None => read_and_send(session, order, id, data, true),
    };
    if let Err(error) = &outcome {
        session.end(id, failure(error, order.repeated));
    }
    outcome
}

/// The outcome of a blob with an error, which may be read again.
fn failure(error: &Error, repeated: bool) -> Outcome {
    if repeated && error.is_repeatable() {
        Outcome::Repeated
    } else {
        Outcome::Failed
    }
}

/// The encoding of a docker layer that registries don't support and that has to be removed. Members
/// of `blobs/` are named by their digest and are not changed.
fn encoding_to_remove(session: &Session, order: &DeliveryOptions<'_>) -> Option<Encoding> {
    let BlobFormat::Compressed(encoding @ (Encoding::Xz | Encoding::Bzip2)) =
        order.blob.place.format
    else {
        return None;
    };
    let is_layer = order.compressible && named_digest(&order.blob.name).is_none();
    (is_layer && session.options.compression != Compression::None).then_some(encoding)
}

fn read_and_send(
    session: &Session,
    order: &DeliveryOptions<'_>,
    id: u64,
    data: &mut (dyn Read + Send),
    sized: bool,
) -> Result<Delivery, Error> {
    let blob = order.blob;
    let (compression, level) = (session.options.compression, session.options.level);
    let compresses = blob.place.format == BlobFormat::Tar
        && order.compressible
        && compression != Compression::None;
    let form = if compresses {
        format!("{compression}-{level}")
    } else {
        KEPT.to_owned()
    };
    let named = named_digest(&blob.name);
    let algorithm = named.map_or(Algorithm::Sha256, |digest| digest.algorithm());
    let unmodified = order.unmodified.filter(|_| order.hints);
    let unmodified = unmodified.filter(|part| part.digest.algorithm() == algorithm);
    let hint = match &unmodified {
        Some(part) => hint_of_part(session, part, &form, compresses),
        None if order.hints => hint(session, blob, &form, compresses),
        None => None,
    };
    let place = match &hint {
        Some(hint) => locate(session, order.home, hint)?,
        None => None,
    };
    let known = hint.as_ref().and_then(|hint| hint.diff_id);
    let known =
        known.filter(|_| matches!(blob.place.format, BlobFormat::Compressed(_)) && place.is_some());
    let encoding = encoding(session, blob, compresses);
    let mut delivery = Delivery {
        id,
        member: (blob.name.clone(), blob.place.size),
        form,
        sending: None,
        info: None,
        read: blob.place.size,
        place: place.clone().unwrap_or_else(|| order.home.clone()),
        repeated: order.repeated,
    };
    if let (Some(hint), Some(part), Some(_)) = (&hint, unmodified, &place) {
        delivery.read = 0;
        delivery.info = Some(info(part.into(), hint.stored, hint.size, encoding));
        return Ok(delivery);
    }
    let inspection = Inspection::new(blob.place.format, algorithm, blob.place.size, known)?;
    if let (Some(hint), Some(_)) = (hint, place) {
        let found = look(inspection, blob, data)?;
        let is_it = if compresses {
            hint.diff_id.as_ref().map(Ok) == Some(found.diff_id.as_ref())
        } else {
            found.digest == hint.stored
        };
        // The digest in the name of a member of `blobs/` is checked when the image is assembled;
        // that error is more specific.
        if !is_it && (compresses || named.is_none()) {
            session.forget(hint.diff_id.unwrap_or(hint.stored));
            return Err(Error::WrongHint {
                member: blob.name.clone(),
            });
        }
        delivery.info = Some(info(found, hint.stored, hint.size, encoding));
        return Ok(delivery);
    }
    let room = compresses.then(|| session.acquire_compressor());
    let (mut writer, source) = pipe((sized && !compresses).then_some(blob.place.size));
    delivery.sending = Some(session.send(id, order.home.clone(), source));
    let outcome = if compresses {
        compress(session, inspection, blob, data, writer)
    } else {
        forward(inspection, blob, data, &mut writer).and_then(|found| {
            let (digest, size) = (found.digest, found.size);
            writer.finish_as(digest).map_err(Failure::Pipe)?;
            Ok((found, digest, size))
        })
    };
    drop(room);
    let error = match outcome {
        Ok((found, digest, size)) => {
            delivery.info = Some(info(found, digest, size, encoding));
            return Ok(delivery);
        }
        // The upload has stopped and returns the reason.
        Err(Failure::Pipe(error)) if error.kind() == ErrorKind::BrokenPipe => return Ok(delivery),
        Err(Failure::Pipe(error)) => Error::Broken(error.to_string()),
        Err(Failure::Read(error)) => error,
    };
    delivery.cancel(session);
    Err(error)
}

fn info(found: Found, digest: Digest, size: u64, encoding: Encoding) -> BlobInfo {
    BlobInfo {
        digest: found.digest,
        size: found.size,
        diff_id: found.diff_id,
        stored: Stored {
            digest,
            size,
            encoding,
        },
    }
}

/// The compression of the registry's blob.
fn encoding(session: &Session, blob: &Blob, compresses: bool) -> Encoding {
    match (blob.place.format, session.options.compression) {
        (BlobFormat::Compressed(encoding), _) => encoding,
        (BlobFormat::Tar, Compression::Gzip) if compresses => Encoding::Gzip,
        (BlobFormat::Tar, Compression::Zstd) if compresses => Encoding::Zstd,
        _ => Encoding::Plain,
    }
}

/// Reads a blob and forwards it unchanged.
fn forward(
    mut inspection: Inspection,
    blob: &Blob,
    data: &mut dyn Read,
    writer: &mut PipeWriter,
) -> Result<Found, Failure> {
    each_chunk(blob, data, |chunk| {
        let chunk = Bytes::copy_from_slice(chunk);
        inspection.take(&chunk);
        writer.forward(chunk).map_err(Failure::Pipe)
    })?;
    Ok(inspection.finish())
}

/// Reads a layer and forwards it compressed. Returns its new digest and size.
fn compress(
    session: &Session,
    mut inspection: Inspection,
    blob: &Blob,
    data: &mut dyn Read,
    writer: PipeWriter,
) -> Result<(Found, Digest, u64), Failure> {
    let options = &session.options;
    let compressor = Compressor::new(writer, options.compression, options.level);
    let mut compressor = compressor.map_err(Failure::Pipe)?;
    each_chunk(blob, data, |chunk| {
        compressor.write_all(chunk).map_err(Failure::Pipe)?;
        inspection.look(chunk);
        Ok(())
    })?;
    let writer = compressor.finish().map_err(Failure::Pipe)?;
    let (digest, size) = writer.finish().map_err(Failure::Pipe)?;
    Ok((inspection.finish(), digest, size))
}

impl Delivery {
    /// The repository with the blob, or its destination.
    pub(super) fn place(&self) -> &Repository {
        &self.place
    }

    /// Whether the upload has finished.
    pub(super) fn is_finished(&self) -> bool {
        self.sending.as_ref().is_none_or(JoinHandle::is_finished)
    }

    /// Ends the upload, so that the registry is not left with a partial blob.
    pub(super) fn cancel(self, session: &Session) {
        if let Some(sending) = self.sending {
            // The result of the abandoned upload does not matter.
            let _ = session.wait(async { tokio::time::timeout(CANCEL_TIMEOUT, sending).await });
        }
    }

    /// Waits until the registry has the blob, and records it.
    pub(super) async fn settle(self, session: &Session) -> Result<Delivered, Error> {
        let repeated = self.repeated;
        let outcome = self.wait_for_upload(session).await;
        let (id, said) = match &outcome {
            Ok((id, delivered)) if delivered.sent > 0 => (*id, Outcome::Sent),
            Ok((id, _)) => (*id, Outcome::Exists),
            Err((id, error)) => (*id, failure(error, repeated)),
        };
        session.end(id, said);
        outcome
            .map(|(_, delivered)| delivered)
            .map_err(|(_, error)| error)
    }

    async fn wait_for_upload(self, session: &Session) -> Result<(u64, Delivered), (u64, Error)> {
        let id = self.id;
        let mut sent = 0;
        if let Some(sending) = self.sending {
            let sending = sending.await.map_err(|error| (id, error.into()))?;
            sent = sending.map_err(|error| (id, error.into()))?.size;
        }
        let Some(info) = self.info else {
            return Err((id, Error::Broken("a blob was not read to its end".into())));
        };
        if let Ok(diff_id) = info.diff_id {
            session.record(Known {
                diff_id,
                form: self.form,
                digest: info.stored.digest,
                size: info.stored.size,
                member: is_by_id(&self.member.0).then_some(self.member),
                places: vec![(session.client.registry().to_owned(), self.place.clone())],
            });
        }
        let delivered = Delivered {
            info,
            place: self.place,
            read: self.read,
            sent,
        };
        Ok((id, delivered))
    }
}

impl Session {
    /// Reports that a blob begins. Returns its number.
    pub(super) fn begin(&self, home: &Repository, short: &str, size: u64) -> u64 {
        let id = self.number();
        let name = &format!("{home} {short}");
        (self.listener)(Event::Begin {
            id,
            name,
            size: Some(size),
        });
        id
    }

    /// Reports the outcome of a blob.
    pub(super) fn end(&self, id: u64, outcome: Outcome) {
        (self.listener)(Event::End { id, outcome });
    }

    /// Starts an upload in its own task, after a permit was acquired.
    fn send(
        &self,
        id: u64,
        home: Repository,
        mut source: super::pipe::PipeSource,
    ) -> JoinHandle<Result<Uploaded, client::Error>> {
        let client = self.client.clone();
        let listener = Arc::clone(&self.listener);
        let room = self.acquire_upload();
        self.handle.spawn(async move {
            let _room = room;
            let moved = |bytes| listener(Event::Moved { id, bytes });
            client.upload_blob(&home, &mut source, &moved).await
        })
    }
}
