//! Copies manifests with everything that they reference, children before parents.

use futures_util::future::BoxFuture;
use futures_util::{FutureExt, StreamExt, stream};

use super::{Copy, Moved, Place};
use crate::client::{Class, Error, Manifest, ManifestHead};
use crate::oci::{Descriptor, ManifestKind, ManifestView, Reference};

/// Maximum nesting of indexes, and of referrers of referrers.
pub(super) const DEPTH: usize = 8;
/// Number of children or blobs of one manifest that are checked at once. Another limit bounds the
/// transfers.
const CONCURRENCY: usize = 8;

impl Copy {
    /// The references of a manifest of the source.
    pub(super) fn view(&self, manifest: &Manifest) -> Result<ManifestView, Error> {
        manifest.view().map_err(|error| Error::Malformed {
            registry: self.source.client.registry().to_owned(),
            what: format!("{}@{}", self.source.repository, manifest.digest),
            reason: error.to_string(),
        })
    }

    /// Copies a manifest after everything that it references, and pushes it under a reference.
    pub(super) fn manifest<'a>(
        &'a self,
        manifest: &'a Manifest,
        reference: &'a Reference,
        depth: usize,
    ) -> BoxFuture<'a, Result<Moved, Error>> {
        Box::pin(async move {
            let view = self.view(manifest)?;
            self.bounded(manifest, depth)?;
            let mut moved = if view.kind == ManifestKind::Index {
                self.children(&view, depth).await?
            } else {
                self.blobs_of(&view).await?
            };
            if self.options.referrers {
                moved = moved.and(self.referrers(&manifest.digest, depth).await?);
            }
            if !self.options.dry_run {
                let destination = &self.destination;
                let media_type = manifest.media_type.as_ref();
                let media_type = media_type.filter(|own| **own == view.media_type);
                destination
                    .client
                    .put_manifest(
                        &destination.repository,
                        reference,
                        media_type.unwrap_or(&view.media_type),
                        manifest.bytes.clone().into(),
                    )
                    .await?;
            }
            moved.manifests += 1;
            Ok(moved)
        })
    }

    /// A registry may return manifests without end.
    pub(super) fn bounded(&self, manifest: &Manifest, depth: usize) -> Result<(), Error> {
        if depth <= DEPTH {
            return Ok(());
        }
        Err(Error::Malformed {
            registry: self.source.client.registry().to_owned(),
            what: format!("{}@{}", self.source.repository, manifest.digest),
            reason: format!("it is nested more than {DEPTH} levels deep"),
        })
    }

    /// Copies the blobs of an image or an artifact.
    async fn blobs_of(&self, view: &ManifestView) -> Result<Moved, Error> {
        let mut blobs: Vec<&Descriptor> = Vec::new();
        for blob in view.blobs() {
            if !blobs.iter().any(|known| known.digest == blob.digest) {
                blobs.push(blob);
            }
        }
        let each = blobs
            .into_iter()
            .map(|blob| self.blob_or_none(blob).boxed());
        all(each.collect()).await
    }

    /// Copies a blob; one that may be absent only if the source has it.
    async fn blob_or_none(&self, blob: &Descriptor) -> Result<Moved, Error> {
        if blob.may_be_absent() {
            let Place { client, repository } = &self.source;
            if !client.has_blob(repository, &blob.digest, None).await? {
                if blob.urls.is_empty() {
                    self.warn(&format!(
                        "{repository}: layer {} is not for distribution and not in the registry; it \
                         is not copied",
                        blob.digest
                    ));
                }
                return Ok(Moved::default());
            }
        }
        self.blob(blob).await
    }

    pub(super) async fn children(&self, view: &ManifestView, depth: usize) -> Result<Moved, Error> {
        let children = view.manifests.iter();
        all(children
            .map(|child| self.child(child, depth).boxed())
            .collect())
        .await
    }

    async fn child(&self, child: &Descriptor, depth: usize) -> Result<Moved, Error> {
        let reference = Reference::Digest(child.digest);
        if let Some(head) = self.known(&reference).await? {
            return self.complete(&head, depth + 1).await;
        }
        let manifest = match self.get(&child.digest).await {
            Ok(manifest) => manifest,
            Err(error) if error.class() == Class::NotFound => {
                let platform = child.platform.as_ref();
                let platform = platform.map(|platform| format!(" for {platform}"));
                self.warn(&format!(
                    "{} has an index without its image{}, {}",
                    self.source.repository,
                    platform.unwrap_or_default(),
                    child.digest
                ));
                return Ok(Moved::default());
            }
            Err(error) => return Err(error),
        };
        self.manifest(&manifest, &reference, depth + 1).await
    }

    /// Copies what an existing manifest lacks: the missing children of an index, and referrers on
    /// request. The blobs of an image are not checked again.
    pub(super) fn complete<'a>(
        &'a self,
        head: &'a ManifestHead,
        depth: usize,
    ) -> BoxFuture<'a, Result<Moved, Error>> {
        Box::pin(async move {
            let mut moved = Moved::default();
            // Only the source's bytes tell the kind for sure; a registry may announce any type.
            if !head.media_type.is_image() {
                let manifest = match self.get(&head.digest).await {
                    Ok(manifest) => manifest,
                    // The destination has it already.
                    Err(error) if error.class() == Class::NotFound => return Ok(moved),
                    Err(error) => return Err(error),
                };
                self.bounded(&manifest, depth)?;
                let view = self.view(&manifest)?;
                if view.kind == ManifestKind::Index {
                    moved = self.children(&view, depth).await?;
                }
            }
            if self.options.referrers {
                moved = moved.and(self.referrers(&head.digest, depth).await?);
            }
            Ok(moved)
        })
    }
}

/// Waits for all, so that none is left half done because of another. Returns the first error, if
/// there is one.
pub(super) async fn all(each: Vec<BoxFuture<'_, Result<Moved, Error>>>) -> Result<Moved, Error> {
    let mut each = stream::iter(each).buffer_unordered(CONCURRENCY);
    let mut outcome = Ok(Moved::default());
    while let Some(next) = each.next().await {
        outcome = match (outcome, next) {
            (Ok(moved), Ok(next)) => Ok(moved.and(next)),
            (Err(first), _) => Err(first),
            (Ok(_), Err(error)) => Err(error),
        };
    }
    outcome
}
