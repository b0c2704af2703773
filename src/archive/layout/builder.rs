//! Resolves an index through manifests to the members of their blobs.
//!
//! Documents have their digests checked here, blobs when they are read. Invariant: the number of
//! visited manifests is bounded, however they refer to each other.

use std::sync::Arc;

use super::super::contents::{Content, Contents};
use super::super::documents::blob_path;
use super::super::plan::{IndexPlan, ManifestPlan, Origin, Piece, Role, Tree};
use super::super::platform::{Config, is_for};
use super::super::{Error, missing};
use crate::hash::Hasher;
use crate::oci::{Descriptor, Digest, ManifestKind, ManifestView, MediaType, Platform};

/// Maximum number of visited manifests.
pub(super) const MANIFESTS_LIMIT: usize = 10_000;
/// Maximum nesting of indexes.
const DEPTH_LIMIT: usize = 8;

/// Resolves descriptors.
pub(super) struct Builder<'a> {
    pub(super) contents: &'a Contents,
    pub(super) wanted: Option<&'a Platform>,
    pub(super) has_bases: bool,
    pub(super) label: String,
    pub(super) left: usize,
    pub(super) configs: Vec<Digest>,
    pub(super) warnings: Vec<String>,
    pub(super) present: Vec<String>,
}

impl Builder<'_> {
    /// Resolves a descriptor; `None` if no part of it is for the requested platform.
    pub(super) fn node(
        &mut self,
        descriptor: &Descriptor,
        depth: usize,
    ) -> Result<Option<Tree>, Error> {
        self.left = self.left.checked_sub(1).ok_or_else(|| Error::TooMuch {
            what: "very many manifests",
            limit: MANIFESTS_LIMIT.to_string(),
        })?;
        let digest = descriptor.digest;
        let name = blob_path(&digest);
        let bytes = match self.contents.find(&name) {
            Some((_, Content::Document(bytes))) => bytes,
            Some((_, Content::Blob(_))) => {
                return Err(self.wrong(format!("its manifest {name} is not JSON")));
            }
            None => {
                let what = format!("its manifest {digest}");
                return Err(self.missing((what, &name), descriptor.platform.as_ref()));
            }
        };
        let actual = Hasher::digest(digest.algorithm(), &bytes);
        if actual != digest {
            return Err(Error::Digest {
                image: self.label.clone(),
                member: name,
                expected: digest,
                actual,
            });
        }
        let view = ManifestView::parse(&bytes, None).map_err(|error| Error::Document {
            name,
            reason: error.to_string(),
        })?;
        match view.kind {
            ManifestKind::Index if depth < DEPTH_LIMIT => self.index(&view, bytes, digest, depth),
            ManifestKind::Index => Err(Error::TooMuch {
                what: "indexes within indexes",
                limit: format!("{DEPTH_LIMIT} deep"),
            }),
            _ => self.manifest(&view, bytes, digest, descriptor),
        }
    }

    pub(super) fn index(
        &mut self,
        view: &ManifestView,
        bytes: Arc<[u8]>,
        digest: Digest,
        depth: usize,
    ) -> Result<Option<Tree>, Error> {
        let mut children = Vec::new();
        let mut absent = Vec::new();
        let mut first = None;
        for (position, child) in view.manifests.iter().enumerate() {
            match self.node(child, depth + 1) {
                Ok(Some(tree)) if self.wanted.is_some() => return Ok(Some(tree)),
                Ok(Some(tree)) => children.push((position, tree)),
                Ok(None) => {}
                Err(error @ Error::Missing { .. }) => {
                    let platform = child.platform.as_ref().filter(|one| one.is_known());
                    let fits = match (self.wanted, platform) {
                        (Some(wanted), Some(platform)) => is_for(platform, wanted),
                        (Some(_), None) => false,
                        (None, _) => true,
                    };
                    if fits {
                        first.get_or_insert(error);
                    }
                    absent.extend(platform.map(ToString::to_string));
                }
                Err(error) => return Err(error),
            }
        }
        let usable = |(_, tree): &(usize, Tree)| match tree {
            Tree::Manifest(plan) => plan.platform.as_ref().is_none_or(Platform::is_known),
            Tree::Index(_) => true,
        };
        if let Some(error) = first
            && (self.wanted.is_some() || !children.iter().any(usable))
        {
            return Err(error);
        }
        if self.wanted.is_some() {
            return Ok(None);
        }
        if !absent.is_empty() {
            self.warnings.push(format!(
                "{}: {} not in the archive and left out",
                self.label,
                listed(&absent)
            ));
        }
        let complete = children.len() == view.manifests.len();
        if !complete && children.len() == 1 {
            return Ok(children.pop().map(|(_, tree)| tree));
        }
        Ok(Some(Tree::Index(IndexPlan {
            digest,
            bytes,
            media_type: view.media_type.clone(),
            children,
            complete,
        })))
    }

    fn manifest(
        &mut self,
        view: &ManifestView,
        bytes: Arc<[u8]>,
        digest: Digest,
        descriptor: &Descriptor,
    ) -> Result<Option<Tree>, Error> {
        let contents = self.contents;
        let image_config = view
            .config
            .as_ref()
            .filter(|config| config.media_type.is_image_config());
        if let Some(config) = image_config {
            self.configs.push(config.digest);
        }
        let found = image_config.and_then(|config| contents.by_digest(&config.digest));
        let config = match found {
            Some((member, Content::Document(bytes))) => {
                Some(Config::parse(&bytes).map_err(|error| {
                    self.wrong(format!("its configuration {member} can't be used: {error}"))
                })?)
            }
            _ => None,
        };
        let platform = descriptor.platform.clone();
        let platform = platform.or_else(|| config.as_ref().and_then(Config::platform));
        self.present
            .extend(platform.iter().map(ToString::to_string));
        if let Some(wanted) = self.wanted {
            let fits = platform.as_ref().is_some_and(|one| is_for(one, wanted));
            if !fits {
                return Ok(None);
            }
        }
        let known = platform.as_ref().filter(|platform| platform.is_known());
        let image = match known {
            Some(platform) => format!("{} ({platform})", self.label),
            None => self.label.clone(),
        };
        // A manifest without layers is an artifact, whatever its configuration calls itself.
        let config = config.filter(|config| config.is_of_an_image() && known.is_some());
        let is_image = config.is_some();
        let config_piece = match &view.config {
            Some(config) => Some(self.piece(Role::Config, config, 0, known)?),
            None => None,
        };
        let count = view.layers.len();
        let mut layers = Vec::new();
        for (index, layer) in view.layers.iter().enumerate() {
            let piece = self.piece(Role::Layer(index + 1), layer, count, known)?;
            layers.push(Piece {
                compressible: is_image && is_plain(&layer.media_type),
                ..piece
            });
        }
        if let Some(config) = &config {
            let diff_ids = config.diff_ids();
            if diff_ids.len() != count {
                return Err(Error::Image {
                    image,
                    reason: format!(
                        "its manifest lists {count} layers and its configuration {}",
                        diff_ids.len()
                    ),
                });
            }
            for (layer, diff_id) in layers.iter_mut().zip(diff_ids) {
                // Encrypted layers cannot be checked.
                let encrypted = layer.descriptor.as_ref().is_some_and(|descriptor| {
                    descriptor.media_type.as_str().ends_with("+encrypted")
                });
                layer.diff_id = Some(*diff_id).filter(|_| !encrypted);
            }
        }
        Ok(Some(Tree::Manifest(Box::new(ManifestPlan {
            image,
            origin: Origin::Kept {
                bytes,
                media_type: view.media_type.clone(),
                digest,
            },
            config: config_piece,
            layers,
            platform,
        }))))
    }

    /// The member of a blob. A non-distributable layer may be missing, and so may a layer that was
    /// left out because the reader should have it.
    fn piece(
        &self,
        role: Role,
        descriptor: &Descriptor,
        count: usize,
        platform: Option<&Platform>,
    ) -> Result<Piece, Error> {
        let found = self.contents.by_digest(&descriptor.digest);
        let elsewhere = descriptor.may_be_absent();
        let left_out = self.has_bases && matches!(role, Role::Layer(_));
        if found.is_none() && !elsewhere && !left_out {
            let digest = descriptor.digest;
            let what = match role {
                Role::Config => format!("its configuration {digest}"),
                Role::Layer(number) => format!("layer {number} of {count}, {digest},"),
            };
            let member = blob_path(&digest);
            return Err(self.missing((what, &member), platform));
        }
        Ok(Piece {
            role,
            name: blob_path(&descriptor.digest),
            member: found.map(|(member, _)| member),
            descriptor: Some(descriptor.clone()),
            diff_id: None,
            compressible: false,
        })
    }

    fn missing(&self, what: (String, &str), platform: Option<&Platform>) -> Error {
        let image = match platform.filter(|platform| platform.is_known()) {
            Some(platform) => format!("{} ({platform})", self.label),
            None => self.label.clone(),
        };
        missing(self.contents, image, what, platform)
    }

    fn wrong(&self, reason: String) -> Error {
        Error::Image {
            image: self.label.clone(),
            reason,
        }
    }
}

/// Whether a layer is an uncompressed tar file.
fn is_plain(media_type: &MediaType) -> bool {
    matches!(
        media_type.as_str(),
        "application/vnd.oci.image.layer.v1.tar" | "application/vnd.docker.image.rootfs.diff.tar"
    )
}

/// `a is`, `a and b are`, `a, b and c are`.
fn listed(words: &[String]) -> String {
    match words {
        [] => String::new(),
        [one] => format!("{one} is"),
        [most @ .., last] => format!("{} and {last} are", most.join(", ")),
    }
}
