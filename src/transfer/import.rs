//! Image archives into a registry, in one pass and bounded memory.
//!
//! A pipe, or a compressed file, is read once: its blobs go up as they pass (`passing`). Of a plain
//! file the headers and documents are looked at first, and then only what is needed is read (`file`).
//! Either way the images are put together when all their blobs are known (`finish`). Invariants: no
//! temporary copy; every digest is computed, if not by this import by one that read
//! the same untouched file; tags last; an image that fails does not stop the others.

mod conflicts;
mod delivery;
mod directory;
mod error;
mod file;
mod finish;
mod hints;
mod inspection;
mod memory;
mod naming;
mod passing;
mod pipe;
mod placing;
mod reading;
mod restoring;
mod session;
mod untouched;

use std::fs::File;
use std::io::Read;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

pub use directory::import_directory;
pub use error::Error;
pub use naming::{Goal, Naming};

use self::conflicts::{Target, attach, merge};
use self::finish::Finish;
use self::session::Session;
use self::untouched::Beginning;
use super::progress::{Event, Listener};
use crate::archive::{Compression, ImageName, Plan, Seekable, UnusableName, resolve};
use crate::client::Client;
use crate::oci::{Digest, Platform};

/// How many blobs go up at once: one that is read, and one that is on its last bytes. Each keeps the
/// last megabytes that it sent, and all cores are busy with two.
const UPLOADS: usize = 2;

/// Where an archive comes from.
pub enum Input {
    /// A file. A plain one is read where it is needed, any other from its beginning to its end.
    File(File),
    /// Anything that can be read once.
    Stream(Box<dyn Read + Send>),
}

/// How an archive is imported.
#[derive(Debug, Clone)]
pub struct Options {
    /// What images are called in the registry.
    pub naming: Naming,
    /// The one platform, of images that have several.
    pub platform: Option<Platform>,
    /// What plain layers become.
    pub compression: Compression,
    /// How hard that is tried.
    pub level: u32,
    /// The file that remembers what earlier imports learned.
    pub memory: Option<PathBuf>,
}

/// What became of an image.
#[derive(Debug, Default)]
pub struct ImageReport {
    /// What the archive calls it.
    pub label: String,
    /// Where it is now, or should be.
    pub goals: Vec<Goal>,
    /// The digest it has in the registry.
    pub digest: Option<Digest>,
    /// The digest it has in the archive, if it has one there.
    pub previous: Option<Digest>,
    /// What it is for.
    pub platforms: Vec<Platform>,
    /// Bytes of its members. What images share is counted with the first.
    pub read: u64,
    /// Bytes that went over the wire for it.
    pub sent: u64,
    /// Bytes of blobs that the registry had.
    pub skipped: u64,
    /// From the beginning of the import until it was there.
    pub time: Duration,
    /// Why it is not there.
    pub error: Option<Error>,
}

/// Imports an archive. An error is of all of it; what is wrong with one image is in its report.
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
            Err(file) => Box::new(file),
        },
        Input::Stream(stream) => stream,
    };
    let session = Arc::new(Session::new(client, options, listener));
    let reader = Arc::clone(&session);
    let passed = tokio::task::spawn_blocking(move || {
        let outcome = passing::import(&reader, input);
        reader.memory().save();
        outcome
    });
    let (contents, outcomes) = passed.await??;
    let mut plan = resolve(&contents, session.options.platform.as_ref())?;
    let goals = goals(&session, &mut plan)?;
    let bases = plan.bases.clone();
    let finish = Finish::new(&session, &contents, &outcomes, &bases, begun);
    Ok(put_together(&finish, plan, goals).await)
}

/// Imports an archive that lies in a plain file.
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
    session.memory().save();
    let outcomes = outcomes?;
    let bases = plan.bases.clone();
    let finish = Finish::new(&session, &contents, &outcomes, &bases, begun);
    Ok(put_together(&finish, plan, goals).await)
}

/// Where each image goes. Images of one name become one, or errors.
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
    let count = targets
        .iter()
        .filter(|(image, _)| image.attachment.is_none())
        .count();
    let targets = merge(targets);
    if naming.name.is_some() && count > 1 && targets.len() > 1 {
        return Err(Error::Several { count });
    }
    let (images, goals) = targets.into_iter().unzip();
    plan.images = images;
    Ok(goals)
}

async fn put_together(
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
