//! What an archive comes to: its images, and what each needs.
//!
//! Data only; `resolve` makes it.

use std::sync::Arc;

use super::Error;
use super::image_name::{ImageName, UnusableName};
use crate::oci::{Descriptor, Digest, MediaType, Platform};

/// The images of an archive.
pub struct Plan {
    /// Each image, or why it can't be used.
    pub images: Vec<Image>,
    /// What was left out, in a sentence each.
    pub warnings: Vec<String>,
    /// Images, `NAME@DIGEST`, whose layers were left out for whoever reads to have.
    pub bases: Vec<String>,
}

/// An image and what the archive calls it.
pub struct Image {
    /// Its names; none for one that was saved by its ID.
    pub names: Vec<ImageName>,
    /// Names in the archive that it can't have in a registry.
    pub unusable: Vec<UnusableName>,
    /// What it is to the image of its name, where it is not that image.
    pub attachment: Option<Attachment>,
    /// How an error calls it.
    pub label: String,
    /// What it needs.
    pub tree: Result<Tree, Error>,
}

/// What belongs to an image and is stored under a name of its own beside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Attachment {
    /// Signatures of cosign.
    Signature,
    /// Attestations of cosign.
    Attestation,
    /// Bills of materials of cosign.
    Sbom,
}

impl Attachment {
    /// What the tag ends with that cosign looks for: `sha256-<hex>.sig`.
    pub fn suffix(self) -> &'static str {
        match self {
            Self::Signature => "sig",
            Self::Attestation => "att",
            Self::Sbom => "sbom",
        }
    }
}

/// A manifest, or an index of some.
pub enum Tree {
    /// One image.
    Manifest(Box<ManifestPlan>),
    /// Several platforms.
    Index(IndexPlan),
}

/// An index and the manifests under it that there are.
pub struct IndexPlan {
    /// Its bytes.
    pub bytes: Arc<[u8]>,
    /// Its type.
    pub media_type: MediaType,
    /// The digest of its bytes.
    pub digest: Digest,
    /// Its manifests, each with its place in the list.
    pub children: Vec<(usize, Tree)>,
    /// Whether these are all.
    pub complete: bool,
}

/// A manifest that is in the archive, or that is still to be made.
pub enum Origin {
    /// It is in the archive, and stays as it is if its blobs do.
    Kept {
        /// Its bytes.
        bytes: Arc<[u8]>,
        /// Its type.
        media_type: MediaType,
        /// The digest of its bytes.
        digest: Digest,
    },
    /// It is made of what `manifest.json` lists.
    Made,
    /// It is made of the descriptions of layers that docker wrote before 1.10, the lowest first; so is
    /// its configuration.
    V1(Vec<Arc<[u8]>>),
}

/// A manifest and its blobs.
pub struct ManifestPlan {
    /// How an error calls the image, with its platform.
    pub image: String,
    /// Where the manifest comes from.
    pub origin: Origin,
    /// The configuration.
    pub config: Option<Piece>,
    /// The layers, in order.
    pub layers: Vec<Piece>,
    /// What it is for.
    pub platform: Option<Platform>,
}

/// What a blob is to its manifest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// The configuration.
    Config,
    /// A layer, counted from 1.
    Layer(usize),
}

/// A blob of a manifest.
#[derive(Debug, Clone)]
pub struct Piece {
    /// What it is.
    pub role: Role,
    /// Its name as the metadata has it.
    pub name: String,
    /// The member that the name leads to; `None` for one that lies elsewhere.
    pub member: Option<String>,
    /// What the manifest says of it.
    pub descriptor: Option<Descriptor>,
    /// The digest that a layer has uncompressed, as the configuration says.
    pub diff_id: Option<Digest>,
    /// Whether it may be compressed on its way: a plain layer of an image.
    pub compressible: bool,
}

impl Tree {
    /// All manifests in it.
    pub fn manifests(&self) -> Vec<&ManifestPlan> {
        match self {
            Self::Manifest(plan) => vec![plan],
            Self::Index(plan) => plan
                .children
                .iter()
                .flat_map(|(_, tree)| tree.manifests())
                .collect(),
        }
    }

    /// The digest it has in the archive, if it is there.
    pub fn digest(&self) -> Option<Digest> {
        match self {
            Self::Manifest(plan) => match &plan.origin {
                Origin::Kept { digest, .. } => Some(*digest),
                Origin::Made | Origin::V1(_) => None,
            },
            Self::Index(plan) => Some(plan.digest),
        }
    }
}
