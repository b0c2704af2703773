//! Copies images from one registry to another, or between repositories.
//!
//! Moves only missing content, several blobs at once, and keeps every digest. Order: blobs, the
//! manifests that reference them, referrers, and the tag last, so that a tag never names an
//! incomplete image. A blob that several images of a run share is checked once.

mod blobs;
mod lists;
mod manifests;
mod referrers;

use std::num::NonZeroUsize;

use parking_lot::Mutex;

use self::blobs::Blobs;
use super::export;
use super::progress::{Event, Listener};
use crate::archive::is_for;
use crate::client::{Class, Client, Error, Manifest, ManifestHead, is_fallback_tag};
use crate::oci::{
    Digest, ImageConfig, ImageReference, ManifestKind, ManifestView, Platform, Reference,
    Repository,
};

/// A repository of a registry.
#[derive(Clone)]
pub struct Place {
    /// The registry.
    pub client: Client,
    /// The repository.
    pub repository: Repository,
}

/// Options of a copy.
#[derive(Debug, Clone)]
pub struct Options {
    /// The platform to select from an index.
    pub platform: Option<Platform>,
    /// Whether to copy referrers as well: signatures, SBOMs.
    pub referrers: bool,
    /// Number of blobs that move at once.
    pub jobs: NonZeroUsize,
    /// Whether to change nothing.
    pub dry_run: bool,
}

/// The content that moved for an image or, in a dry run, would move.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Moved {
    /// Bytes of blobs that were sent.
    pub bytes: u64,
    /// Blobs that were sent.
    pub sent: usize,
    /// Blobs that the registry mounted from another repository.
    pub mounted: usize,
    /// Blobs that existed already.
    pub exists: usize,
    /// Manifests that were pushed.
    pub manifests: usize,
}

impl Moved {
    /// The sum of both.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self {
            bytes: self.bytes + other.bytes,
            sent: self.sent + other.sent,
            mounted: self.mounted + other.mounted,
            exists: self.exists + other.exists,
            manifests: self.manifests + other.manifests,
        }
    }
}

/// The result for one image.
#[derive(Debug)]
pub struct Copied {
    /// Its digest.
    pub digest: Digest,
    /// Whether all of it existed already.
    pub skipped: bool,
    /// The content that moved.
    pub moved: Moved,
}

/// A copy of any number of images from one repository to another.
pub struct Copy {
    source: Place,
    destination: Place,
    options: Options,
    listener: Listener,
    blobs: Blobs,
    /// Held while a list of referrers is read, merged and written.
    lists: tokio::sync::Mutex<()>,
    /// Why the destination denied a question about a manifest. The answer to one about a blob has no
    /// body that could say it.
    denial: Mutex<String>,
}

impl Copy {
    /// A copy that has moved nothing yet.
    pub fn new(source: Place, destination: Place, options: Options, listener: Listener) -> Self {
        Self {
            blobs: Blobs::new(options.jobs),
            source,
            destination,
            options,
            listener,
            lists: tokio::sync::Mutex::default(),
            denial: Mutex::default(),
        }
    }

    /// Copies an image to a tag or a digest; without `destination`, to its own digest.
    pub async fn image(
        &self,
        source: &Reference,
        destination: Option<&Reference>,
    ) -> Result<Copied, Error> {
        let copied = self.copied(source, destination).await;
        copied.map_err(|error| match error {
            Error::Denied {
                registry,
                what,
                words,
                hint,
            } if words.is_empty() && registry == self.destination.client.registry() => {
                Error::Denied {
                    registry,
                    what,
                    words: self.denial.lock().clone(),
                    hint,
                }
            }
            other => other,
        })
    }

    async fn copied(
        &self,
        source: &Reference,
        destination: Option<&Reference>,
    ) -> Result<Copied, Error> {
        let (there, known) = tokio::try_join!(self.digest(source), async {
            match destination {
                Some(destination) => self.known(destination).await,
                None => Ok(None),
            }
        })?;
        let list = match destination {
            Some(Reference::Tag(tag)) if is_fallback_tag(tag) => Some(tag),
            _ => None,
        };
        // Without a platform the tag's digest decides, and an image's manifest is not fetched. A
        // list of referrers has no platforms.
        let whole = self.options.platform.is_none() || list.is_some();
        if let Some(known) = known.as_ref().filter(|head| whole && head.digest == there) {
            return self.already(known).await;
        }
        if let Some(tag) = list {
            return self.list(&there, tag).await;
        }
        let manifest = self.chosen(&Reference::Digest(there)).await?;
        let own = Reference::Digest(manifest.digest);
        let reference = match destination {
            Some(tag @ Reference::Tag(_)) => tag,
            Some(Reference::Digest(_)) | None => &own,
        };
        let known = match reference {
            Reference::Tag(_) => known,
            Reference::Digest(_) => self.known(&own).await?,
        };
        if let Some(known) = known.filter(|head| head.digest == manifest.digest) {
            return self.already(&known).await;
        }
        let moved = self.manifest(&manifest, reference, 0).await?;
        Ok(Copied {
            digest: manifest.digest,
            skipped: false,
            moved,
        })
    }

    /// Handles an image that exists already; images of an index and referrers may be missing.
    async fn already(&self, head: &ManifestHead) -> Result<Copied, Error> {
        let moved = self.complete(head, 0).await?;
        Ok(Copied {
            digest: head.digest,
            skipped: moved.manifests == 0,
            moved,
        })
    }

    /// The digest of a reference at the source.
    async fn digest(&self, reference: &Reference) -> Result<Digest, Error> {
        if let Reference::Digest(digest) = reference {
            return Ok(*digest);
        }
        let Place { client, repository } = &self.source;
        Ok(client.manifest_head(repository, reference).await?.digest)
    }

    /// The manifest of a reference at the destination; `None` if it does not exist.
    async fn known(&self, reference: &Reference) -> Result<Option<ManifestHead>, Error> {
        let Place { client, repository } = &self.destination;
        match client.manifest_head(repository, reference).await {
            Ok(head) => Ok(Some(head)),
            Err(error) if error.class() == Class::NotFound => Ok(None),
            // Some registries deny access to a repository that does not exist yet. The push will
            // show whether it is writable.
            Err(Error::Denied { words, .. }) => {
                *self.denial.lock() = words;
                Ok(None)
            }
            Err(error) if error.class() == Class::Denied => Ok(None),
            Err(error) => Err(error),
        }
    }

    async fn get(&self, digest: &Digest) -> Result<Manifest, Error> {
        let Place { client, repository } = &self.source;
        client
            .manifest(repository, &Reference::Digest(*digest))
            .await
    }

    /// The manifest to copy: of an index, the one for the requested platform.
    async fn chosen(&self, reference: &Reference) -> Result<Manifest, Error> {
        let Place { client, repository } = &self.source;
        let manifest = client.manifest(repository, reference).await?;
        let Some(wanted) = &self.options.platform else {
            return Ok(manifest);
        };
        let view = self.view(&manifest)?;
        if view.kind != ManifestKind::Index {
            self.check_platform(&manifest, &view, wanted).await?;
            return Ok(manifest);
        }
        let image = export::Image {
            client: client.clone(),
            repository: repository.clone(),
            reference: reference.clone(),
            name: ImageReference {
                registry: None,
                repository: repository.clone(),
                tag: None,
                digest: Some(manifest.digest),
            },
        };
        let found = export::for_platform(&image, wanted, &self.listener).await;
        found.map_err(|error| match error {
            export::Error::Client(error) => error,
            other => Error::Malformed {
                registry: client.registry().to_owned(),
                what: format!("{repository}@{}", manifest.digest),
                reason: other.to_string(),
            },
        })
    }

    /// Checks that an image outside of an index is for the requested platform. An image without a
    /// platform is copied with a warning.
    async fn check_platform(
        &self,
        manifest: &Manifest,
        view: &ManifestView,
        wanted: &Platform,
    ) -> Result<(), Error> {
        let Place { client, repository } = &self.source;
        let config = view.config.as_ref();
        let config = config.filter(|config| config.media_type.is_image_config());
        let platform: Option<Platform> = match config {
            Some(config) => {
                let bytes = client.small_blob(repository, config).await?;
                let config: Option<ImageConfig> = serde_json::from_slice(&bytes).ok();
                config.and_then(|config| config.platform())
            }
            None => None,
        };
        match platform.filter(Platform::is_known) {
            Some(platform) if !is_for(&platform, wanted) => Err(Error::NotFound {
                registry: client.registry().to_owned(),
                what: format!("image for {wanted} in {repository}@{}", manifest.digest),
                words: String::new(),
                hint: format!("it is for {platform}"),
            }),
            Some(_) => Ok(()),
            None => {
                self.warn(&format!(
                    "{repository}@{} has no platform; --platform {wanted} has no effect on it",
                    manifest.digest
                ));
                Ok(())
            }
        }
    }

    fn warn(&self, text: &str) {
        (self.listener)(Event::Warning(text));
    }
}
