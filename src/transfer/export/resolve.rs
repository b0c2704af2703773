//! Resolves a reference to its manifests and the images in them.
//!
//! Reads manifests only. A manifest that an index lists and the registry does not have is left out
//! with a warning.

use bytes::Bytes;
use futures_util::future::BoxFuture;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};

use super::{Error, Image};
use crate::archive::is_for;
use crate::client::{self, Class, Manifest};
use crate::oci::{
    Descriptor, Digest, ImageConfig, ManifestKind, ManifestView, Platform, Reference,
};
use crate::transfer::progress::{Event, Listener};

/// Number of manifests fetched at once.
const CONCURRENCY: usize = 8;

/// Maximum nesting of indexes.
const DEPTH: usize = 4;

/// An image for one platform, or an artifact.
pub(super) struct Leaf {
    pub(super) view: ManifestView,
    /// The platform in its index, if there is one.
    pub(super) platform: Option<Platform>,
    descriptor: Descriptor,
    bytes: Bytes,
}

/// Everything that a reference resolves to.
pub(super) struct Resolved {
    /// The manifest or index of the name.
    pub(super) root: Descriptor,
    /// Every manifest once, parents before children.
    pub(super) manifests: Vec<(Digest, Bytes)>,
    /// The images.
    pub(super) leaves: Vec<Leaf>,
}

/// Fetches the manifests of an image for the requested platforms, else for all available ones.
pub(super) async fn resolve(
    image: &Image,
    platforms: &[Platform],
    listener: &Listener,
) -> Result<Resolved, Error> {
    let mut walk = Walk {
        image,
        platforms,
        listener,
        manifests: Vec::new(),
        leaves: Vec::new(),
        seen: Vec::new(),
        missing: Vec::new(),
    };
    let manifest = image
        .client
        .manifest(&image.repository, &image.reference)
        .await?;
    let (view, root) = walk.read(&manifest)?;
    if view.kind == ManifestKind::Index {
        walk.index(&root, manifest, &view, 1).await?;
    } else {
        walk.alone(manifest, view, root.clone()).await?;
    }
    if walk.leaves.is_empty() {
        return Err(walk.nothing());
    }
    for wanted in platforms {
        let has = |leaf: &Leaf| leaf.platform.as_ref().is_none_or(|own| is_for(own, wanted));
        if !walk.leaves.iter().any(has) {
            walk.warn(&format!("{}: there is no image for {wanted}", image.name));
        }
    }
    // A single image replaces its index, which would list missing images.
    let root = match (&walk.leaves[..], platforms) {
        ([leaf], [_, ..]) => {
            walk.manifests.clear();
            leaf.descriptor.clone()
        }
        _ => root,
    };
    let leaves = walk.leaves.iter();
    let manifests = leaves.map(|leaf| (leaf.descriptor.digest, leaf.bytes.clone()));
    let mut all = walk.manifests;
    all.extend(manifests);
    Ok(Resolved {
        root,
        manifests: all,
        leaves: walk.leaves,
    })
}

impl Resolved {
    /// The first of the images.
    pub(super) fn first(self) -> Result<Manifest, client::Error> {
        let leaf = self.leaves.into_iter().next();
        // Without an image, the walk has failed.
        let leaf = leaf.ok_or_else(|| client::Error::Malformed {
            registry: String::new(),
            what: self.root.digest.to_string(),
            reason: "it has no image".to_owned(),
        })?;
        Ok(Manifest {
            digest: leaf.descriptor.digest,
            media_type: Some(leaf.descriptor.media_type),
            bytes: leaf.bytes.into(),
        })
    }
}

struct Walk<'a> {
    image: &'a Image,
    platforms: &'a [Platform],
    listener: &'a Listener,
    /// The indexes.
    manifests: Vec<(Digest, Bytes)>,
    leaves: Vec<Leaf>,
    /// The listed platforms.
    seen: Vec<String>,
    /// Those whose images the registry lacks.
    missing: Vec<String>,
}

impl Walk<'_> {
    fn warn(&self, text: &str) {
        (self.listener)(Event::Warning(text));
    }

    /// The view of a manifest, and its descriptor.
    fn read(&self, manifest: &Manifest) -> Result<(ManifestView, Descriptor), Error> {
        let refuse = |reason: String| Error::Manifest {
            image: self.image.name.to_string(),
            reason,
        };
        let view = manifest.view().map_err(|error| refuse(error.to_string()))?;
        if view.media_type.is_schema1() {
            let reason = "it has a manifest of Docker's first schema, which no archive can hold; \
                          hint: pull it with an old docker and push it again";
            return Err(refuse(reason.to_owned()));
        }
        let descriptor = Descriptor {
            media_type: view.media_type.clone(),
            digest: manifest.digest,
            size: manifest.bytes.len() as u64,
            urls: Vec::new(),
            platform: None,
            artifact_type: None,
            annotations: None,
        };
        Ok((view, descriptor))
    }

    fn is_wanted(&self, platform: &Platform) -> bool {
        self.platforms.is_empty() || self.platforms.iter().any(|wanted| is_for(platform, wanted))
    }

    /// Adds an index and the manifests that it lists.
    fn index<'a>(
        &'a mut self,
        descriptor: &'a Descriptor,
        manifest: Manifest,
        view: &'a ManifestView,
        depth: usize,
    ) -> BoxFuture<'a, Result<(), Error>> {
        Box::pin(async move {
            if depth > DEPTH {
                return Err(Error::Manifest {
                    image: self.image.name.to_string(),
                    reason: format!("its indexes are nested more than {DEPTH} levels deep"),
                });
            }
            self.manifests
                .push((descriptor.digest, manifest.bytes.into()));
            let known = |child: &Descriptor| child.platform.clone().filter(Platform::is_known);
            let mut children = Vec::new();
            for child in &view.manifests {
                let platform = known(child);
                self.seen.extend(platform.as_ref().map(ToString::to_string));
                let chosen = match &platform {
                    Some(platform) => self.is_wanted(platform),
                    // A child without a platform may be an index, or an image with the platform in
                    // its configuration; `unknown` is an attestation, which is exported only with
                    // all platforms.
                    None => self.platforms.is_empty() || child.platform.is_none(),
                };
                if chosen {
                    children.push(child.clone());
                }
            }
            let image = self.image;
            let mut found = stream::iter(children)
                .map(|child| async move { Ok::<_, Error>((image.child(&child).await?, child)) })
                .buffered(CONCURRENCY);
            while let Some((manifest, child)) = found.try_next().await? {
                let Some(manifest) = manifest else {
                    let platform = child.platform.as_ref().map(ToString::to_string);
                    self.missing
                        .extend(known(&child).map(|known| known.to_string()));
                    self.warn(&format!(
                        "{}: {} {} is listed but missing; it is left out",
                        image.name,
                        platform.as_deref().unwrap_or("manifest"),
                        child.digest,
                    ));
                    continue;
                };
                self.child(manifest, child, depth).await?;
            }
            Ok(())
        })
    }

    async fn child(
        &mut self,
        manifest: Manifest,
        child: Descriptor,
        depth: usize,
    ) -> Result<(), Error> {
        if self
            .leaves
            .iter()
            .any(|leaf| leaf.descriptor.digest == manifest.digest)
        {
            return Ok(());
        }
        let (view, own) = self.read(&manifest)?;
        if view.kind == ManifestKind::Index {
            return self.index(&own, manifest, &view, depth + 1).await;
        }
        if child.platform.is_some() {
            self.leaves.push(Leaf {
                view,
                platform: child.platform,
                descriptor: own,
                bytes: manifest.bytes.into(),
            });
            return Ok(());
        }
        self.alone(manifest, view, own).await
    }

    /// Adds an image whose platform is in its configuration, not in an index.
    async fn alone(
        &mut self,
        manifest: Manifest,
        view: ManifestView,
        descriptor: Descriptor,
    ) -> Result<(), Error> {
        let platform = if self.platforms.is_empty() {
            None
        } else {
            self.image.platform(&view).await?
        };
        let own = platform.as_ref().filter(|platform| platform.is_known());
        self.seen.extend(own.map(ToString::to_string));
        if self.platforms.is_empty() || own.is_some_and(|own| self.is_wanted(own)) {
            self.leaves.push(Leaf {
                view,
                platform,
                descriptor,
                bytes: manifest.bytes.into(),
            });
        }
        Ok(())
    }

    /// The error for a reference without any matching image.
    fn nothing(mut self) -> Error {
        self.seen.retain(|seen| !self.missing.contains(seen));
        self.seen.sort_unstable();
        self.seen.dedup();
        let list = |all: &[String]| all.join(", ");
        let wanted: Vec<_> = self.platforms.iter().map(ToString::to_string).collect();
        let name = self.image.name.to_string();
        let again = "push it again with all that it lists";
        let what = if wanted.is_empty() {
            format!("image of those that {name} lists")
        } else {
            format!("{name} for {}", list(&wanted))
        };
        let hint = if wanted.is_empty() || !self.missing.is_empty() && self.seen.is_empty() {
            again.to_owned()
        } else if !self.missing.is_empty() {
            format!("{again}; its other platforms: {}", list(&self.seen))
        } else if self.seen.is_empty() {
            "it has no platforms; leave out --platform".to_owned()
        } else {
            format!("its platforms: {}", list(&self.seen))
        };
        Error::Client(client::Error::NotFound {
            registry: self.image.client.registry().to_owned(),
            what,
            words: String::new(),
            hint,
        })
    }
}

impl Image {
    /// The manifest of a child; `None` if the registry does not have it.
    async fn child(&self, child: &Descriptor) -> Result<Option<Manifest>, Error> {
        let reference = Reference::Digest(child.digest);
        match self.client.manifest(&self.repository, &reference).await {
            Ok(manifest) => Ok(Some(manifest)),
            Err(error) if error.class() == Class::NotFound => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// The platform in an image's configuration, if it has one.
    async fn platform(&self, view: &ManifestView) -> Result<Option<Platform>, Error> {
        let config = view.config.as_ref();
        let Some(config) = config.filter(|config| config.media_type.is_image_config()) else {
            return Ok(None);
        };
        let bytes = self.client.small_blob(&self.repository, config).await?;
        let config: Option<ImageConfig> = serde_json::from_slice(&bytes).ok();
        Ok(config.and_then(|config| config.platform()))
    }
}
