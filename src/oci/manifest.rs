//! A read-only view of a manifest's bytes: its kind and its references.
//!
//! The view never writes the bytes again. Formats: OCI image manifest and index, Docker schema 2
//! and manifest list, Docker schema 1 (read only, to keep the layers of an existing root), and the
//! artifact manifest of an OCI 1.1 release candidate.
//!
//! Programs written in Go omit empty fields or write `null`; both mean absent, as in registry:2. As
//! there, the case of a key does not count, and neither do malformed texts of other fields.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::descriptor::texts;
use super::{Descriptor, Digest, MediaType};

mod keys;
mod mend;
mod salvage;

/// Maximum size of a manifest, in bytes: 4 MiB.
pub const MANIFEST_LIMIT: usize = 4 * 1024 * 1024;

/// Maximum number of descriptors in a pushed manifest: each is a row of the index.
pub const DESCRIPTOR_LIMIT: usize = 5000;

/// The kind of a manifest, by its references.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ManifestKind {
    /// A configuration and layers, or the blobs of an artifact.
    Image,
    /// A list of manifests.
    Index,
    /// JSON of a type with neither.
    Other,
}

/// Why bytes are not a valid manifest.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ManifestError {
    /// The bytes are not a JSON object of the expected fields.
    #[error("the manifest is not valid: {0}")]
    Json(String),
    /// Arrays or objects are nested too deep.
    #[error("the manifest is nested more than {} deep", mend::DEPTH_LIMIT)]
    Depth,
    /// The media type of the body is not the one of the request.
    #[error("the manifest's mediaType is {body}, but it was sent as {header}")]
    MediaType {
        /// The `mediaType` in the body.
        body: String,
        /// The `Content-Type` of the request.
        header: String,
    },
    /// The `mediaType` in the body is malformed.
    #[error("the manifest's mediaType {0:?} is not a media type")]
    NoMediaType(String),
    /// The kind can't be determined: no media type, no `layers`, no `manifests`.
    #[error("the manifest has no mediaType, and neither layers nor manifests")]
    Unknown,
    /// A media type of one kind with the fields of the other.
    #[error("a manifest of type {0} has the fields of another type")]
    Ambiguous(String),
    /// A required field is missing.
    #[error("the manifest has no {0}")]
    Missing(&'static str),
    /// The version of the schema is neither 2 nor, for old Docker images, 1.
    #[error("schemaVersion is not 2")]
    SchemaVersion,
}

/// The parts of a manifest that a registry and its clients use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ManifestView {
    /// The media type: from the body, else from the request, else by the fields.
    pub media_type: MediaType,
    /// What it is.
    pub kind: ManifestKind,
    /// The artifact type; for an image without one, the media type of its configuration
    /// (OCI distribution specification, "Listing Referrers").
    pub artifact_type: Option<String>,
    /// The configuration of an image.
    pub config: Option<Descriptor>,
    /// The layers of an image, or the blobs of an artifact; empty for an index.
    pub layers: Vec<Descriptor>,
    /// The children of an index.
    pub manifests: Vec<Descriptor>,
    /// The manifest that this one refers to.
    pub subject: Option<Descriptor>,
    /// Its annotations.
    pub annotations: BTreeMap<String, String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Body {
    schema_version: Option<i64>,
    media_type: Option<MediaType>,
    artifact_type: Option<String>,
    config: Option<Descriptor>,
    layers: Option<Vec<Descriptor>>,
    manifests: Option<Vec<Descriptor>>,
    blobs: Option<Vec<Descriptor>>,
    subject: Option<Descriptor>,
    #[serde(default, deserialize_with = "texts")]
    annotations: Option<BTreeMap<String, String>>,
    fs_layers: Option<Vec<Schema1Layer>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Schema1Layer {
    blob_sum: Digest,
}

impl ManifestView {
    /// Reads a manifest. `header` is the media type that it was sent with, if any.
    pub fn parse(bytes: &[u8], header: Option<&MediaType>) -> Result<Self, ManifestError> {
        let mended = mend::mended(bytes).ok_or(ManifestError::Depth)?;
        let mut body: Body = serde_json::from_slice(&keys::canonical(&mended))
            .map_err(|error| ManifestError::Json(error.to_string()))?;
        body.media_type = body.media_type.filter(|claimed| !claimed.is_empty());
        if let (Some(body), Some(header)) = (&body.media_type, header)
            && body != header
        {
            return Err(ManifestError::MediaType {
                body: body.to_string(),
                header: header.to_string(),
            });
        }
        if let Some(claimed) = &body.media_type
            && !claimed.is_well_formed()
        {
            return Err(ManifestError::NoMediaType(claimed.to_string()));
        }
        let media_type = match body.media_type.clone().or_else(|| header.cloned()) {
            Some(media_type) => media_type,
            None => shape(&body).ok_or(ManifestError::Unknown)?,
        };
        if media_type.is_schema1() {
            return Ok(Self::schema1(media_type, body));
        }
        if (media_type.is_image() || media_type.is_index()) && body.schema_version != Some(2) {
            return Err(ManifestError::SchemaVersion);
        }
        let contradiction = body.layers.is_some() && body.manifests.is_some()
            || media_type.is_index() && body.manifests.is_none() && names_image(&body)
            || media_type.is_image() && body.manifests.is_some();
        if contradiction {
            return Err(ManifestError::Ambiguous(media_type.to_string()));
        }
        if media_type.is_image() && body.config.is_none() {
            return Err(ManifestError::Missing("config"));
        }
        Ok(Self::of(media_type, body))
    }

    /// Parses a stored manifest as far as possible: a malformed part does not hide the others. The
    /// second value is whether every reference in it was understood.
    pub fn read(bytes: &[u8]) -> Result<(Self, bool), ManifestError> {
        match Self::parse(bytes, None) {
            Ok(view) => Ok((view, true)),
            Err(error) => mend::mended(bytes)
                .and_then(|mended| salvage::salvage(&keys::canonical(&mended)))
                .ok_or(error),
        }
    }

    fn of(media_type: MediaType, body: Body) -> Self {
        let kind = if body.manifests.is_some() || media_type.is_index() {
            ManifestKind::Index
        } else if names_image(&body) || body.blobs.is_some() || media_type.is_image() {
            ManifestKind::Image
        } else {
            ManifestKind::Other
        };
        let artifact_type = body
            .artifact_type
            .filter(|text| !text.is_empty())
            .or_else(|| {
                body.config
                    .as_ref()
                    .map(|config| config.media_type.to_string())
                    .filter(|text| !text.is_empty())
            });
        Self {
            media_type,
            kind,
            artifact_type,
            config: body.config,
            layers: body.layers.or(body.blobs).unwrap_or_default(),
            manifests: body.manifests.unwrap_or_default(),
            subject: body.subject,
            annotations: body.annotations.unwrap_or_default(),
        }
    }

    fn schema1(media_type: MediaType, body: Body) -> Self {
        let layers = body
            .fs_layers
            .unwrap_or_default()
            .into_iter()
            .map(|layer| Descriptor {
                media_type: MediaType::new(
                    "application/vnd.docker.container.image.rootfs.diff+x-gtar",
                ),
                digest: layer.blob_sum,
                size: 0,
                urls: Vec::new(),
                platform: None,
                artifact_type: None,
                annotations: None,
            });
        Self {
            media_type,
            kind: ManifestKind::Image,
            artifact_type: None,
            config: None,
            layers: layers.collect(),
            manifests: Vec::new(),
            subject: None,
            annotations: BTreeMap::new(),
        }
    }

    /// The blobs that must be in the repository: the configuration, and each layer that is
    /// distributable and has no address elsewhere.
    pub fn required_blobs(&self) -> impl Iterator<Item = &Descriptor> {
        self.config
            .iter()
            .chain(self.layers.iter().filter(|layer| !layer.may_be_absent()))
    }

    /// Every blob that it references, required or not.
    pub fn blobs(&self) -> impl Iterator<Item = &Descriptor> {
        self.config.iter().chain(&self.layers)
    }

    /// Bytes of the configuration and the layers, according to the descriptors; each digest once.
    pub fn content_size(&self) -> u64 {
        let mut seen = std::collections::HashSet::new();
        self.blobs()
            .filter(|descriptor| seen.insert(descriptor.digest))
            .fold(0, |sum: u64, descriptor| {
                sum.saturating_add(descriptor.size)
            })
    }
}

fn names_image(body: &Body) -> bool {
    body.layers.is_some() || body.config.is_some()
}

/// The media type of a manifest without one, by its fields.
fn shape(body: &Body) -> Option<MediaType> {
    if body.fs_layers.is_some() && body.schema_version == Some(1) {
        Some(MediaType::DOCKER_SCHEMA1)
    } else if body.manifests.is_some() {
        Some(MediaType::OCI_INDEX)
    } else if names_image(body) {
        Some(MediaType::OCI_MANIFEST)
    } else {
        None
    }
}

#[cfg(test)]
mod tests;
