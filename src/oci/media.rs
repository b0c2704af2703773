//! Media types of manifests, configurations and layers.

use std::borrow::Cow;
use std::fmt;

use serde::{Deserialize, Serialize};

/// A media type, in its original spelling. Upper and lower case are equal (RFC 6838, section 4.2).
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct MediaType(Cow<'static, str>);

impl PartialEq for MediaType {
    fn eq(&self, other: &Self) -> bool {
        self.0.eq_ignore_ascii_case(&other.0)
    }
}

impl Eq for MediaType {}

impl MediaType {
    /// OCI image manifest.
    pub const OCI_MANIFEST: Self = Self::known("application/vnd.oci.image.manifest.v1+json");
    /// OCI image index.
    pub const OCI_INDEX: Self = Self::known("application/vnd.oci.image.index.v1+json");
    /// OCI image configuration.
    pub const OCI_CONFIG: Self = Self::known("application/vnd.oci.image.config.v1+json");
    /// The two-byte configuration of an artifact.
    pub const OCI_EMPTY: Self = Self::known("application/vnd.oci.empty.v1+json");
    /// OCI layer, tar with gzip.
    pub const OCI_LAYER_GZIP: Self = Self::known("application/vnd.oci.image.layer.v1.tar+gzip");
    /// Docker image manifest, version 2, schema 2.
    pub const DOCKER_MANIFEST: Self =
        Self::known("application/vnd.docker.distribution.manifest.v2+json");
    /// Docker manifest list.
    pub const DOCKER_LIST: Self =
        Self::known("application/vnd.docker.distribution.manifest.list.v2+json");
    /// Docker image manifest, schema 1, signed.
    pub const DOCKER_SCHEMA1: Self =
        Self::known("application/vnd.docker.distribution.manifest.v1+prettyjws");
    /// Docker image manifest, schema 1, without a signature.
    pub const DOCKER_SCHEMA1_UNSIGNED: Self =
        Self::known("application/vnd.docker.distribution.manifest.v1+json");
    /// Docker image configuration.
    pub const DOCKER_CONFIG: Self = Self::known("application/vnd.docker.container.image.v1+json");
    /// The artifact manifest of a release candidate of OCI 1.1, which some registries still have.
    pub const OCI_ARTIFACT: Self = Self::known("application/vnd.oci.artifact.manifest.v1+json");

    const fn known(text: &'static str) -> Self {
        Self(Cow::Borrowed(text))
    }

    /// A media type from a text, without its parameters (`; charset=…`).
    pub fn new(text: &str) -> Self {
        let bare = text.split(';').next().unwrap_or_default().trim();
        Self(Cow::Owned(bare.to_owned()))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether the text is empty: no media type.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether it has the form `type/subtype` of RFC 6838, section 4.2.
    pub fn is_well_formed(&self) -> bool {
        let name = |part: &str| {
            let word = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(&byte);
            (1..=127).contains(&part.len()) && part.bytes().all(word)
        };
        self.0
            .split_once('/')
            .is_some_and(|(kind, subtype)| name(kind) && name(subtype))
    }

    /// Whether it is the type of an index: a list of manifests.
    pub fn is_index(&self) -> bool {
        *self == Self::OCI_INDEX || *self == Self::DOCKER_LIST
    }

    /// Whether it is the type of a single image's manifest.
    pub fn is_image(&self) -> bool {
        *self == Self::OCI_MANIFEST || *self == Self::DOCKER_MANIFEST
    }

    /// Whether it is the type of a manifest of Docker's schema 1, signed or not.
    pub fn is_schema1(&self) -> bool {
        *self == Self::DOCKER_SCHEMA1 || *self == Self::DOCKER_SCHEMA1_UNSIGNED
    }

    /// Whether it is the type of a configuration with platform, date and history in the image
    /// format.
    pub fn is_image_config(&self) -> bool {
        *self == Self::OCI_CONFIG || *self == Self::DOCKER_CONFIG
    }

    /// Whether a layer of this type need not be in the registry (OCI image specification,
    /// "Non-Distributable Layers"; Docker's foreign layers).
    pub fn is_nondistributable(&self) -> bool {
        [
            "application/vnd.oci.image.layer.nondistributable.",
            "application/vnd.docker.image.rootfs.foreign.",
        ]
        .iter()
        .any(|prefix| {
            self.0
                .get(..prefix.len())
                .is_some_and(|start| start.eq_ignore_ascii_case(prefix))
        })
    }
}

impl fmt::Display for MediaType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_is_ignored() {
        let shouted = MediaType::new("Application/VND.OCI.Image.Manifest.v1+JSON; q=1");
        assert_eq!(shouted, MediaType::OCI_MANIFEST);
        assert!(shouted.is_image() && !shouted.is_index());
        assert_eq!(
            shouted.as_str(),
            "Application/VND.OCI.Image.Manifest.v1+JSON"
        );
        assert!(
            MediaType::new("application/vnd.OCI.image.layer.NonDistributable.v1.tar")
                .is_nondistributable()
        );
        assert!(!MediaType::new("ä").is_nondistributable());
    }
}
