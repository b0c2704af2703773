//! From registries into an archive that loads everywhere.
//!
//! First the plan: manifests are read, and everything that can be wrong with what was asked for is
//! known. Then the archive is streamed: its documents, the manifests, the configurations, the
//! layers as they are stored. Nothing is compressed again, every digest is checked on the way, and
//! the same images give the same bytes.

mod error;
mod plan;
mod resolve;
mod stream;

use std::io::Write;

use bytes::Bytes;
pub use error::Error;

use self::plan::{Base, Part, Planner};
use super::progress::Listener;
use crate::client::Client;
use crate::oci::{Digest, ImageReference, Platform, Reference, Repository};

/// What kind of archive is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// With docker's own list of images beside the OCI layout: loads everywhere.
    Docker,
    /// An OCI layout and nothing else.
    Oci,
}

/// An image in a registry, and what it is called in the archive.
pub struct Image {
    /// Its registry.
    pub client: Client,
    /// Where it lies there.
    pub repository: Repository,
    /// What names it there.
    pub reference: Reference,
    /// Its name in the archive. With neither tag nor digest nothing would find it.
    pub name: ImageReference,
}

/// What is exported, and how.
pub struct Options {
    /// The kind of archive.
    pub format: Format,
    /// The platforms; all, when there is none.
    pub platforms: Vec<Platform>,
    /// Images that the other side has: their layers are left out.
    pub without: Vec<Image>,
}

/// A small member of the archive.
struct Document {
    name: String,
    bytes: Bytes,
}

/// An archive before its first byte.
pub struct Plan {
    documents: Vec<Document>,
    parts: Vec<Part>,
    images: Vec<Exported>,
    left: Left,
}

/// What became of an image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exported {
    /// Its name in the archive.
    pub name: String,
    /// The digest that the name stands for.
    pub digest: Digest,
    /// Its platforms, where it has several or they were asked for.
    pub platforms: Vec<String>,
    /// Manifests, configurations and layers in the archive, those included that others share.
    pub blobs: usize,
    /// Bytes of them.
    pub bytes: u64,
}

/// What the other side has and is not in the archive.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Left {
    /// Layers.
    pub blobs: usize,
    /// Bytes of them.
    pub bytes: u64,
}

/// Decides what goes into the archive.
pub async fn plan(images: &[Image], options: &Options, listener: &Listener) -> Result<Plan, Error> {
    let mut base = Base::default();
    for image in &options.without {
        let resolved = resolve::resolve(image, &options.platforms, listener).await?;
        base.add(image, &resolved);
    }
    let mut planner = Planner::new(options, listener, base);
    for image in images {
        let resolved = resolve::resolve(image, &options.platforms, listener).await?;
        planner.add(image, resolved).await?;
    }
    Ok(planner.finish())
}

impl Plan {
    /// The images that go into the archive, in its order.
    pub fn images(&self) -> &[Exported] {
        &self.images
    }

    /// What is left out because the other side has it.
    pub fn left(&self) -> Left {
        self.left
    }

    /// Bytes of all that goes into the archive, the tar headers not counted.
    pub fn bytes(&self) -> u64 {
        let documents = self
            .documents
            .iter()
            .map(|document| document.bytes.len() as u64);
        let parts = self.parts.iter().map(|part| part.size);
        documents.chain(parts).fold(0, u64::saturating_add)
    }

    /// Writes the archive and gives back what it was written to. After an error, or when it is
    /// given up, what was written is no archive.
    pub async fn write<W: Write + Send + 'static>(
        self,
        output: W,
        listener: Listener,
    ) -> Result<W, Error> {
        stream::write(self.documents, self.parts, output, listener).await
    }
}
