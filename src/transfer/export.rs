//! Exports images from registries into an archive.
//!
//! First the plan: manifests are read, and every error in the request is found. Then the archive is
//! streamed: its documents, the manifests, the configurations, the layers as they are stored.
//! Nothing is recompressed, every digest is checked in transit, and the same images give the same
//! bytes.

mod error;
mod plan;
mod resolve;
mod stream;

use std::io::Write;

use bytes::Bytes;
pub use error::Error;

use self::plan::{Base, Part, Planner};
use super::progress::Listener;
use crate::client::{Client, Manifest};
use crate::oci::{Digest, ImageReference, Platform, Reference, Repository};

/// The format of the archive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// An OCI layout with docker's own list of images: every client loads it.
    Docker,
    /// An OCI layout only.
    Oci,
}

/// An image in a registry, and its name in the archive.
pub struct Image {
    /// Its registry.
    pub client: Client,
    /// Its repository.
    pub repository: Repository,
    /// Its tag or digest.
    pub reference: Reference,
    /// Its name in the archive. It needs a tag or a digest to be found.
    pub name: ImageReference,
}

/// The options of an export.
pub struct Options {
    /// The format of the archive.
    pub format: Format,
    /// The platforms; empty for all.
    pub platforms: Vec<Platform>,
    /// Images that the destination has: their layers are left out.
    pub without: Vec<Image>,
}

/// A small member of the archive.
struct Document {
    name: String,
    bytes: Bytes,
}

/// The plan of an archive.
pub struct Plan {
    documents: Vec<Document>,
    parts: Vec<Part>,
    images: Vec<Exported>,
    left: Omitted,
}

/// The result for one image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exported {
    /// Its name in the archive.
    pub name: String,
    /// The digest of the name.
    pub digest: Digest,
    /// Its platforms, if it has several or they were requested.
    pub platforms: Vec<String>,
    /// Manifests, configurations and layers in the archive, including shared ones.
    pub blobs: usize,
    /// Their bytes.
    pub bytes: u64,
}

/// Content that is left out because the destination has it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Omitted {
    /// Layers.
    pub blobs: usize,
    /// Their bytes.
    pub bytes: u64,
}

/// Plans an archive.
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

/// The image for a platform, of those under a reference. The platform of an image that has none in
/// its index is that of its configuration.
pub async fn for_platform(
    image: &Image,
    platform: &Platform,
    listener: &Listener,
) -> Result<Manifest, Error> {
    let resolved = resolve::resolve(image, std::slice::from_ref(platform), listener).await?;
    Ok(resolved.first()?)
}

impl Plan {
    /// The images of the archive, in order.
    pub fn images(&self) -> &[Exported] {
        &self.images
    }

    /// Content that is left out because the destination has it.
    pub fn left(&self) -> Omitted {
        self.left
    }

    /// Bytes of the archive, without tar headers.
    pub fn bytes(&self) -> u64 {
        let documents = self
            .documents
            .iter()
            .map(|document| document.bytes.len() as u64);
        let parts = self.parts.iter().map(|part| part.size);
        documents.chain(parts).fold(0, u64::saturating_add)
    }

    /// Writes the archive and returns the output. After an error or a cancellation the output is
    /// incomplete.
    pub async fn write<W: Write + Send + 'static>(
        self,
        output: W,
        listener: Listener,
    ) -> Result<W, Error> {
        stream::write(self.documents, self.parts, output, listener).await
    }
}
