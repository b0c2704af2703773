//! Repairs: adds derivable data to layout and index, and moves strays to `regctl/lost+found`.
//! Nothing is deleted, and correct data is not changed.

use super::bytes::Content;
use super::{Difference, Remedy};
use crate::index::{FoundRepository, Link, MissingLink};
use crate::oci::{Digest, Repository, Tag};
use crate::registry::survey::parse_link;
use crate::registry::{Registry, RegistryError, layout};
use crate::store::{Step, StoreError};

/// What is moved to `regctl/lost+found` of a link to a missing blob.
fn dangling(repository: &Repository, link: &Link) -> String {
    match link {
        Link::Layer(digest) => layout::layer(repository, digest),
        Link::Revision(digest) => layout::revision(repository, digest),
        Link::Tag(tag) => layout::tag(repository, tag),
    }
}

/// The difference that is left after a repair has failed with an error of the store.
pub(super) fn left(difference: Difference, error: &StoreError) -> Difference {
    match &difference {
        Difference::Stray(key) if error.is_elsewhere() => Difference::LeftElsewhere(key.clone()),
        Difference::LinkDangling(repository, link) if error.is_elsewhere() => {
            Difference::LeftElsewhere(dangling(repository, link))
        }
        _ => difference,
    }
}

impl Registry {
    /// Repairs a difference. Returns whether it was repaired.
    pub(super) async fn repair(&self, difference: &Difference) -> Result<bool, RegistryError> {
        if matches!(
            difference.remedy(),
            Remedy::Push | Remedy::Operator | Remedy::Clear | Remedy::Remove
        ) {
            return Ok(false);
        }
        match difference.clone() {
            Difference::BlobSize { digest, found, .. } => {
                self.index.correct_size(digest, found).await?;
                self.cache.forget_blob(&digest);
                Ok(true)
            }
            Difference::BlobUnknown(digest) => self.add_blob_to_index(digest).await,
            Difference::LinkMissing(repository, link) | Difference::LinkWrong(repository, link) => {
                let written = self.index.journal_link(repository, link).await?;
                Ok(written && self.blocked(difference).is_none())
            }
            Difference::LinkUnknown(repository, link) => {
                self.add_link_to_index(repository, link).await
            }
            Difference::LinkDangling(repository, link) => {
                let key = dangling(&repository, &link);
                // A push may have made it valid since the check looked.
                let valid = self.index.journal_link(repository.clone(), link.clone());
                if valid.await? {
                    return Ok(true);
                }
                let moved = self.move_to_lost_found(&key).await?;
                // Or while it was moved: then it is written again.
                self.index.journal_link(repository, link).await?;
                Ok(moved)
            }
            Difference::NeededUnlinked {
                repository,
                manifest,
                digest,
            } => {
                let lacking = MissingLink {
                    repository,
                    manifest,
                    digest,
                    elsewhere: true,
                };
                Ok(self.index.repair_link(lacking).await?)
            }
            Difference::Stray(key) => self.move_to_lost_found(&key).await,
            Difference::BlobRestored(digest) => self.release(digest).await,
            Difference::BlobGone(_)
            | Difference::BlobDamaged(_)
            | Difference::ManifestDamaged { .. }
            | Difference::BlobUnreadable(..)
            | Difference::PlaceUnreadable(..)
            | Difference::PlaceBlocked(..)
            | Difference::LeftElsewhere(_)
            | Difference::PlaceForeign { .. }
            | Difference::NeededGone { .. } => Ok(false),
        }
    }

    /// Adds a blob to the index if its content matches its digest; otherwise moves it away.
    async fn add_blob_to_index(&self, digest: Digest) -> Result<bool, RegistryError> {
        let key = layout::blob(&digest);
        match self.content(&digest).await? {
            Content::Right => {
                let stat = self.store.stat(&[key]).await?.pop().flatten();
                let Some(stat) = stat else { return Ok(false) };
                // Its links come later, and a collection beside the repair must not take it.
                let terms = self.lease();
                let end = terms.until();
                self.index.lease_until(vec![(digest, end)]).await?;
                let come = vec![(digest, stat.size)];
                let now = self.clock.now();
                self.index.reindex_blobs(come, Vec::new(), now).await?;
                Ok(true)
            }
            Content::Wrong => self.move_to_lost_found(&key).await,
            Content::Gone | Content::Unreadable(_) => Ok(false),
        }
    }

    /// Adds a link to the index, as reindexing does.
    async fn add_link_to_index(&self, name: Repository, link: Link) -> Result<bool, RegistryError> {
        let mut found = FoundRepository::unchanged(name.clone());
        match link {
            Link::Layer(digest) => {
                let digests = vec![digest];
                for (digest, canonical) in self.targets(&name, digests, layout::layer).await? {
                    if self.index.has_blob(&canonical).await? {
                        found.linked.push((digest, canonical));
                    }
                }
            }
            Link::Revision(digest) => {
                let targets = self.targets(&name, vec![digest], layout::revision).await?;
                for (digest, canonical) in targets {
                    let adopted = self.read_new_manifest(&name, digest, canonical).await?;
                    let now = self.clock.now();
                    found
                        .manifests
                        .extend(adopted.map(|manifest| (manifest, now)));
                }
            }
            Link::Tag(tag) => {
                let known = self.index.known_repository(&name).await?.manifests;
                let digest = self.tag_target(&name, &tag).await?;
                let digest = digest.filter(|digest| known.contains(digest));
                let now = self.clock.now();
                found.tags.extend(digest.map(|digest| (tag, digest, now)));
            }
        }
        if found.is_unchanged() {
            return Ok(false);
        }
        self.index
            .reindex_repository(found, self.clock.now())
            .await?;
        Ok(true)
    }

    async fn tag_target(
        &self,
        name: &Repository,
        tag: &Tag,
    ) -> Result<Option<Digest>, RegistryError> {
        let keys = [layout::tag_current(name, tag)];
        let link = self.store.get(&keys).await?.pop().flatten();
        Ok(link.as_deref().and_then(parse_link))
    }

    /// Moves a file or directory to `regctl/lost+found`, keeping its path. Returns false if it does
    /// not exist.
    async fn move_to_lost_found(&self, key: &str) -> Result<bool, RegistryError> {
        let to = format!("{}/{}/{key}", layout::LOST, uuid::Uuid::new_v4());
        let step = Step::Place {
            from: key.to_owned(),
            to,
        };
        match self.store.apply(vec![step]).await {
            Ok(()) => Ok(true),
            Err(failed) if failed.error.is_not_found() => Ok(false),
            Err(failed) => Err(failed.error.into()),
        }
    }

    /// Ends the quarantine of a blob. Returns false if it is not quarantined.
    pub(in crate::registry) async fn release(&self, digest: Digest) -> Result<bool, RegistryError> {
        let new = self.index.release(digest).await?;
        if new {
            tracing::info!(%digest, "the content of a blob matches its digest again; its quarantine has ended");
        }
        Ok(new)
    }
}
