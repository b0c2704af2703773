//! Compares the blobs and manifests that manifests need with those that their repositories have.

use std::collections::HashSet;

use super::Difference;
use crate::index::MissingChild;
use crate::oci::{Descriptor, Digest, ManifestView, Repository};
use crate::registry::{Registry, RegistryError, RequiredChildren};

/// Number of missing children read at once.
const PAGE: usize = 1000;

impl Registry {
    /// What manifests need and their repositories lack. An index may be sparse: a missing child is a
    /// difference only if the rules require it, or if no child is there.
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
        self.needed_children(&mut needed).await?;
        Ok(needed)
    }

    async fn needed_children(&self, needed: &mut Vec<Difference>) -> Result<(), RegistryError> {
        let mut gone: Vec<MissingChild> = Vec::new();
        let mut required: Option<(i64, Option<HashSet<Digest>>)> = None;
        let mut last = None;
        loop {
            // Sparse indexes may lack almost all of their children.
            let page = self.index.missing_children(last.as_ref(), PAGE).await?;
            if page.is_empty() {
                break;
            }
            last = page.last().cloned();
            for lacking in page {
                if lacking.siblings {
                    let same = required.as_ref().is_some_and(|(of, _)| *of == lacking.row);
                    if !same {
                        let (repository, index) = (&lacking.repository, lacking.manifest);
                        let of_index = self.required_children(repository, index).await?;
                        required = Some((lacking.row, of_index));
                    }
                    let required = required
                        .as_ref()
                        .and_then(|(_, required)| required.as_ref());
                    if required.is_none_or(|required| !required.contains(&lacking.child)) {
                        continue;
                    }
                }
                gone.push(lacking);
            }
        }
        gone.sort_by_cached_key(|one| (one.repository.clone(), one.manifest, one.child));
        needed.extend(gone.into_iter().map(|one| Difference::NeededGone {
            repository: one.repository,
            manifest: one.manifest,
            digest: one.child,
        }));
        Ok(())
    }

    /// The children of an index that the rules require; `None` if its own bytes are damaged.
    async fn required_children(
        &self,
        repository: &Repository,
        index: Digest,
    ) -> Result<Option<HashSet<Digest>>, RegistryError> {
        if self.rules.children == RequiredChildren::None {
            return Ok(None);
        }
        let view = self.view_of(repository, index).await?;
        let required = |child: &&Descriptor| self.rules.requires_child(child);
        Ok(view.map(|view| {
            let required = view.manifests.iter().filter(required);
            required.map(|child| child.digest).collect()
        }))
    }

    /// The blobs that a pull of a manifest requires. `None` if its own bytes are damaged, which is
    /// a difference of its own.
    async fn required(
        &self,
        repository: &Repository,
        manifest: Digest,
    ) -> Result<Option<HashSet<Digest>>, RegistryError> {
        let view = self.view_of(repository, manifest).await?;
        Ok(view.map(|view| view.required_blobs().map(|blob| blob.digest).collect()))
    }

    /// What a manifest says; `None` if its bytes are damaged.
    async fn view_of(
        &self,
        repository: &Repository,
        manifest: Digest,
    ) -> Result<Option<ManifestView>, RegistryError> {
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
        Ok(ManifestView::read(&found.bytes).ok().map(|(view, _)| view))
    }
}
