//! Copies the referrers of images, and their referrers.

use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use super::manifests::all;
use super::{Copy, Moved};
use crate::client::Error;
use crate::oci::{Descriptor, Digest, Reference};

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
                // The same list may be the content of a tag of this run.
                let _alone = self.lists.lock().await;
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
        if let Some(head) = self.known(&reference).await? {
            return self.complete(&head, depth + 1).await;
        }
        let manifest = self.get(&referrer.digest).await?;
        self.manifest(&manifest, &reference, depth + 1).await
    }
}
