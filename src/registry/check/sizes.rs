//! Compares the sizes of blobs with their descriptors, and detects a root that is not mounted.

use super::bytes::Content;
use super::{Check, Difference};
use crate::oci::{Algorithm, Digest, ManifestView, Reference, Repository};
use crate::registry::survey::Place;
use crate::registry::{Registry, RegistryError, layout};

/// Number of blobs queried from the index at once.
const PAGE: usize = 1000;
/// With fewer blobs than this, missing ones do not show that a disk is not mounted.
const FEW: u64 = 10;

impl Check<'_> {
    /// Compares the lengths of blobs with those in the manifests that reference them.
    pub(super) async fn sizes(&mut self) -> Result<(), RegistryError> {
        for name in self.registry.index.all_repositories().await? {
            let known = self.registry.index.audited_repository(&name).await?;
            for manifest in known.manifests.into_keys() {
                let wrong = match self.registry.wrong_lengths(&name, manifest).await {
                    Err(RegistryError::Store(error)) => {
                        if !self.damaged.contains(&manifest) {
                            let reason = error.to_string();
                            self.found(Difference::BlobUnreadable(manifest, reason))
                                .await?;
                        }
                        continue;
                    }
                    wrong => wrong?,
                };
                for digest in wrong {
                    if self.damaged.contains(&digest) {
                        continue;
                    }
                    let difference = match self.registry.content(&digest).await? {
                        // The manifest is wrong, not the blob.
                        Content::Right => continue,
                        Content::Wrong => Difference::BlobDamaged(digest),
                        Content::Gone => Difference::BlobGone(digest),
                        Content::Unreadable(error) => Difference::BlobUnreadable(digest, error),
                    };
                    self.found(difference).await?;
                }
            }
        }
        Ok(())
    }
}

impl Registry {
    /// The blobs of a manifest whose size in the index differs from their descriptors.
    async fn wrong_lengths(
        &self,
        name: &Repository,
        manifest: Digest,
    ) -> Result<Vec<Digest>, RegistryError> {
        let reference = Reference::Digest(manifest);
        let found = match self.find_manifest(name, &reference).await {
            Ok(found) => found,
            Err(RegistryError::ManifestUnknown { .. }) => return Ok(Vec::new()),
            Err(error) => return Err(error),
        };
        let Ok((view, _)) = ManifestView::read(&found.bytes) else {
            return Ok(Vec::new());
        };
        let mut wrong = Vec::new();
        let sized = view
            .blobs()
            .filter(|blob| blob.size > 0 && blob.digest.algorithm() == Algorithm::Sha256);
        for blob in sized {
            let known = self.index.audited_blob(&blob.digest).await?;
            if known.is_some_and(|known| !known.quarantined && known.size != blob.size) {
                wrong.push(blob.digest);
            }
        }
        Ok(wrong)
    }

    /// Returns an error if most blobs of the index are missing: probably a disk is not mounted, and
    /// a repair would quarantine all of them.
    pub(super) async fn must_have_most_blobs(&self) -> Result<(), RegistryError> {
        let (mut known, mut found, mut last) = (0_u64, 0_u64, None);
        loop {
            let page = self.index.blobs_after(last.as_ref(), PAGE).await?;
            let Some((end, _)) = page.last() else { break };
            last = Some(*end);
            let sound: Vec<String> = page
                .iter()
                .filter(|(digest, blob)| {
                    !blob.quarantined && self.journal.staged_keys(digest).is_empty()
                })
                .map(|(digest, _)| layout::blob(digest))
                .collect();
            known += sound.len() as u64;
            let places = self.stat_each(&sound).await;
            let there = |place: &&Place| !matches!(place, Place::Absent);
            found += places.iter().filter(there).count() as u64;
        }
        if found * 2 < known && (known >= FEW || found == 0) {
            let root = layout::BLOBS.to_owned();
            return Err(RegistryError::BlobsLost { root, found, known });
        }
        Ok(())
    }
}
