//! Imports image archives into a registry, in one pass and bounded memory.
//!
//! A pipe or a compressed file is read once: its blobs are pushed as they are read (`streaming`). For
//! a plain file the headers and documents are read first, then only the needed parts (`file`).
//! Either way the images are assembled when all their blobs are known (`finish`). Invariants: no
//! temporary copy; every digest is computed, by this import or by an earlier one of the same
//! unmodified file; tags last; an image that fails does not stop the others.

mod cache;
mod conflicts;
mod decompressing;
mod delivery;
mod directory;
mod error;
mod file;
mod finish;
mod hints;
mod inspection;
mod naming;
mod pipe;
mod placing;
mod reading;
mod referrers;
mod session;
mod streaming;
mod unmodified;

use std::fs::File;
use std::io::{self, Read};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

pub use directory::import_directory;
pub use error::Error;
pub use naming::{Goal, Naming};

use self::conflicts::{Target, attach, merge};
use self::finish::Finish;
use self::referrers::adopt;
use self::session::Session;
use self::unmodified::Beginning;
use super::progress::{Event, Listener};
use crate::archive::{Compression, ImageName, Plan, Seekable, UnusableName, resolve};
use crate::client::Client;
use crate::oci::{Digest, Platform};

/// Number of simultaneous uploads: one being read, and one sending its last bytes. Each keeps the
/// last megabytes that it sent, and two keep all cores busy.
const UPLOADS: usize = 2;

/// The source of an archive.
pub enum Input {
    /// A file. A plain file is read at random, any other sequentially.
    File(File),
    /// A stream that is read once.
    Stream(Box<dyn Read + Send>),
}

/// The options of an import.
#[derive(Debug, Clone)]
pub struct Options {
    /// The names of images in the registry.
    pub naming: Naming,
    /// The platform to select from images with several.
    pub platform: Option<Platform>,
    /// The compression of plain layers.
    pub compression: Compression,
    /// Its level.
    pub level: u32,
    /// The cache file with the knowledge of earlier imports.
    pub cache: Option<PathBuf>,
}

/// The result for one image.
#[derive(Debug, Default)]
pub struct ImageReport {
    /// Its name in the archive.
    pub label: String,
    /// Its destinations.
    pub goals: Vec<Goal>,
    /// Its digest in the registry.
    pub digest: Option<Digest>,
    /// Its digest in the archive, if it has one there.
    pub previous: Option<Digest>,
    /// Its platforms.
    pub platforms: Vec<Platform>,
    /// Bytes of its members. Shared members count for the first image.
    pub read: u64,
    /// Bytes sent for it.
    pub sent: u64,
    /// Bytes of blobs that the registry had.
    pub skipped: u64,
    /// From the start of the import until it was complete.
    pub time: Duration,
    /// Why it failed.
    pub error: Option<Error>,
}

/// Imports an archive. An error concerns the whole archive; errors of single images are in the
/// reports.
pub async fn import(
    client: Client,
    input: Input,
    options: Options,
    listener: Listener,
) -> Result<Vec<ImageReport>, Error> {
    let begun = Instant::now();
    let input = match input {
        Input::File(file) => match Seekable::open(file)? {
            Ok(seekable) => return in_place(client, seekable, options, listener, begun).await,
            Err(file) => counted(file, &listener)?,
        },
        Input::Stream(stream) => stream,
    };
    let session = Arc::new(Session::new(client, options, listener));
    let reader = Arc::clone(&session);
    let result = tokio::task::spawn_blocking(move || {
        let outcome = streaming::import(&reader, input);
        reader.cache().save();
        outcome
    });
    let (contents, outcomes) = result.await??;
    let mut plan = resolve(&contents, session.options.platform.as_ref())?;
    let goals = goals(&session, &mut plan)?;
    let bases = plan.bases.clone();
    let finish = Finish::new(&session, &contents, &outcomes, &bases, begun);
    Ok(assemble(&finish, plan, goals).await)
}

/// A file that is read from its beginning to its end, with progress if its size is known.
fn counted(file: File, listener: &Listener) -> io::Result<Box<dyn Read + Send>> {
    let metadata = file.metadata()?;
    if !metadata.is_file() {
        return Ok(Box::new(file));
    }
    listener(Event::ToRead {
        bytes: metadata.len(),
    });
    let listener = Arc::clone(listener);
    Ok(Box::new(Counted { file, listener }))
}

/// A file whose bytes are reported as they are read.
struct Counted {
    file: File,
    listener: Listener,
}

impl Read for Counted {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read(buffer)?;
        (self.listener)(Event::Read { bytes: read as u64 });
        Ok(read)
    }
}

/// Imports an archive from a plain file.
async fn in_place(
    client: Client,
    seekable: Seekable,
    options: Options,
    listener: Listener,
    begun: Instant,
) -> Result<Vec<ImageReport>, Error> {
    let session = Arc::new(Session::new(client, options, listener));
    let file = seekable.file()?;
    let beginning = Beginning::of(&file)?;
    let contents = tokio::task::spawn_blocking(move || file::look(seekable)).await??;
    let mut plan = resolve(&contents, session.options.platform.as_ref())?;
    let goals = goals(&session, &mut plan)?;
    let outcomes = file::deliver_all(&session, (file, beginning), &contents, &plan, &goals).await;
    session.cache().save();
    let outcomes = outcomes?;
    let bases = plan.bases.clone();
    let finish = Finish::new(&session, &contents, &outcomes, &bases, begun);
    Ok(assemble(&finish, plan, goals).await)
}

/// The destinations of each image. Images with one name are merged, or are errors.
fn goals(session: &Session, plan: &mut Plan) -> Result<Vec<Result<Vec<Goal>, Error>>, Error> {
    let warn = |text: &str| (session.listener)(Event::Warning(text));
    for warning in &plan.warnings {
        warn(warning);
    }
    let naming = &session.options.naming;
    let names: Vec<&ImageName> = plan.images.iter().flat_map(|image| &image.names).collect();
    for old in naming.unused_maps(&names) {
        warn(&format!("--map {old}=… fits no name in the archive"));
    }
    let mut targets: Vec<Target> = Vec::new();
    for image in plan.images.drain(..) {
        let goals = naming.goals(&image);
        if goals.is_ok() && naming.name.is_none() {
            for UnusableName { text, reason } in &image.unusable {
                warn(&format!(
                    "{}: {text:?} can't be its name in a registry and is left out: {reason}",
                    image.label
                ));
            }
        }
        targets.push((image, goals));
    }
    attach(&mut targets);
    let referrers = adopt(&mut targets);
    // There may be hundreds of thousands, and from here on only the destinations count.
    for (image, _) in &mut targets {
        image.names = Vec::new();
    }
    let attachments = targets
        .iter()
        .filter(|(image, _)| image.attachment.is_some())
        .count();
    let count = targets.len() - attachments - referrers;
    let targets = merge(targets);
    if naming.name.is_some() && count > 1 && targets.len() > 1 {
        return Err(Error::Several { count });
    }
    let (images, goals) = targets.into_iter().unzip();
    plan.images = images;
    Ok(goals)
}

async fn assemble(
    finish: &Finish<'_>,
    plan: Plan,
    goals: Vec<Result<Vec<Goal>, Error>>,
) -> Vec<ImageReport> {
    let mut reports = Vec::new();
    for (image, goals) in plan.images.into_iter().zip(goals) {
        reports.push(finish.image(image, goals).await);
    }
    reports
}
