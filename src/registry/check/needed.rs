//! Compares the blobs that manifests need with those that their repositories can read.

use std::collections::HashSet;

use super::Difference;
use crate::oci::{Digest, ManifestView, Repository};
use crate::registry::{Registry, RegistryError};

impl Registry {
    /// Blobs that manifests need and their repositories lack. A missing child is no difference,
    /// because an index may be sparse.
    pub(super) async fn needed(&self) -> Result<Vec<Difference>, RegistryError> {
        let mut needed = Vec::new();
        let mut last: Option<(Digest, Option<HashSet<Digest>>)> = None;
        for lacking in self.index.missing_links().await? {
            // Layers with a URL need not be stored: the manifest decides.
            let same = last.as_ref().is_some_and(|(of, _)| *of == lacking.manifest);
            if !same {
                let required = self.required(&lacking.repository, lacking.manifest).await?;
                last = Some((lacking.manifest, required));
            }
            let required = last.as_ref().and_then(|(_, required)| required.as_ref());
            if required.is_none_or(|required| !required.contains(&lacking.digest)) {
                continue;
            }
            // Where manifests without their layers are accepted, a link would give this repository
            // what its pushers may not be permitted to read.
            if lacking.elsewhere && !self.rules.required_layers {
                continue;
            }
            let (repository, manifest, digest) =
                (lacking.repository, lacking.manifest, lacking.digest);
            needed.push(if lacking.elsewhere {
                Difference::NeededUnlinked {
                    repository,
                    manifest,
                    digest,
                }
            } else {
                Difference::NeededGone {
                    repository,
                    manifest,
                    digest,
                }
            });
        }
        Ok(needed)
    }

    /// The blobs that a pull of a manifest requires. `None` if its own bytes are damaged, which is
    /// a difference of its own.
    async fn required(
        &self,
        repository: &Repository,
        manifest: Digest,
    ) -> Result<Option<HashSet<Digest>>, RegistryError> {
        let reference = crate::oci::Reference::Digest(manifest);
        // Not a pull.
        let found = match self.find_manifest(repository, &reference).await {
            Ok(found) => found,
            // One that can't be read is reported by its size.
            Err(RegistryError::ManifestUnknown { .. } | RegistryError::Store(_)) => {
                return Ok(None);
            }
            Err(error) => return Err(error),
        };
        let view = ManifestView::read(&found.bytes).ok();
        Ok(view.map(|(view, _)| view.required_blobs().map(|blob| blob.digest).collect()))
    }
}
