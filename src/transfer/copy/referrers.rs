//! Copies the referrers of images, and their referrers.

use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use super::manifests::all;
use super::{Copy, Moved};
use crate::client::{Error, Manifest};
use crate::oci::{Descriptor, Digest, ManifestKind, Reference};

impl Copy {
    /// Copies the referrers of a manifest, and ensures that the destination lists them.
    pub(super) fn referrers<'a>(
        &'a self,
        subject: &'a Digest,
        depth: usize,
    ) -> BoxFuture<'a, Result<Moved, Error>> {
        Box::pin(async move {
            let source = &self.source;
            let listed = source.client.referrers(&source.repository, subject).await?;
            if listed.is_empty() {
                return Ok(Moved::default());
            }
            let each = listed.iter();
            let each = each.map(|referrer| self.referrer(referrer, depth).boxed());
            let moved = all(each.collect()).await?;
            if !self.options.dry_run {
                let destination = &self.destination;
                destination
                    .client
                    .list_referrers(&destination.repository, subject, listed)
                    .await?;
            }
            Ok(moved)
        })
    }

    async fn referrer(&self, referrer: &Descriptor, depth: usize) -> Result<Moved, Error> {
        let reference = Reference::Digest(referrer.digest);
        let there = self.known(&reference).await?.is_some();
        let manifest = self.get(&referrer.digest).await?;
        if there {
            return self.referrers_of_all(&manifest, depth + 1).await;
        }
        self.manifest(&manifest, &reference, depth + 1).await
    }

    /// Copies the referrers of an existing manifest and of its children.
    pub(super) fn referrers_of_all<'a>(
        &'a self,
        manifest: &'a Manifest,
        depth: usize,
    ) -> BoxFuture<'a, Result<Moved, Error>> {
        Box::pin(async move {
            self.bounded(manifest, depth)?;
            let mut moved = self.referrers(&manifest.digest, depth).await?;
            let view = self.view(manifest)?;
            if view.kind == ManifestKind::Index {
                for child in &view.manifests {
                    moved = moved.and(self.referrers(&child.digest, depth + 1).await?);
                }
            }
            Ok(moved)
        })
    }
}
