//! The images of an archive, and the blobs that each needs.
//!
//! Data only; `resolve` creates it.

use std::sync::Arc;

use super::Error;
use super::image_name::{ImageName, UnusableName};
use crate::oci::{Descriptor, Digest, MediaType, Platform};

/// The images of an archive.
pub struct Plan {
    /// Each image, or why it can't be used.
    pub images: Vec<Image>,
    /// What was left out, one sentence each.
    pub warnings: Vec<String>,
    /// Images, `NAME@DIGEST`, whose layers were left out because the reader must have them.
    pub bases: Vec<String>,
}

/// An image and its names in the archive.
pub struct Image {
    /// Its names; empty for an image saved by ID.
    pub names: Vec<ImageName>,
    /// Names in the archive that are invalid in a registry.
    pub unusable: Vec<UnusableName>,
    /// Its role for the image of its name, if it is an attachment.
    pub attachment: Option<Attachment>,
    /// Its name in errors.
    pub label: String,
    /// Its manifests and blobs, or why it can't be used.
    pub tree: Result<Tree, Error>,
}

/// A manifest that belongs to an image and is stored under a tag of its own.
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
    /// The suffix of the tag that cosign looks for: `sha256-<hex>.sig`.
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

/// An index and the available manifests under it.
pub struct IndexPlan {
    /// Its bytes.
    pub bytes: Arc<[u8]>,
    /// Its type.
    pub media_type: MediaType,
    /// The digest of its bytes.
    pub digest: Digest,
    /// Its manifests, each with its position in the list.
    pub children: Vec<(usize, Tree)>,
    /// Whether all of its manifests are available.
    pub complete: bool,
}

/// The origin of a manifest: in the archive, or still to be created.
pub enum Origin {
    /// It is in the archive, and unchanged if its blobs are.
    Kept {
        /// Its bytes.
        bytes: Arc<[u8]>,
        /// Its type.
        media_type: MediaType,
        /// The digest of its bytes.
        digest: Digest,
    },
    /// It is created from the list in `manifest.json`.
    Made,
    /// It and its configuration are created from the descriptions of layers that docker wrote
    /// before 1.10, the lowest first.
    V1(Vec<Arc<[u8]>>),
}

/// A manifest and its blobs.
pub struct ManifestPlan {
    /// The image and its platform, as named in errors.
    pub image: String,
    /// Where the manifest comes from.
    pub origin: Origin,
    /// The configuration.
    pub config: Option<Piece>,
    /// The layers, in order.
    pub layers: Vec<Piece>,
    /// Its platform.
    pub platform: Option<Platform>,
}

/// The role of a blob in its manifest.
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
    /// Its name in the metadata.
    pub name: String,
    /// The member of the name; `None` if it is stored elsewhere.
    pub member: Option<String>,
    /// Its descriptor in the manifest.
    pub descriptor: Option<Descriptor>,
    /// The diffID of a layer, according to the configuration.
    pub diff_id: Option<Digest>,
    /// Whether it may be compressed in transit: a plain layer of an image.
    pub compressible: bool,
}

impl Tree {
    /// All its manifests.
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

    /// Its digest in the archive, if it has a digest there.
    pub fn digest(&self) -> Option<Digest> {
        match self {
            Self::Manifest(plan) => match &plan.origin {
                Origin::Kept { digest, .. } => Some(*digest),
                Origin::Made | Origin::V1(_) => None,
            },
            // With manifests that are still to be created, its bytes will be others.
            Self::Index(plan) => {
                let mut children = plan.children.iter();
                let all_exist = children.all(|(_, child)| child.digest().is_some());
                all_exist.then_some(plan.digest)
            }
        }
    }
}
