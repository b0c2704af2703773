//! The trash: deletions that can still be restored.
//!
//! It consists of rows of the index: clients and the layout do not show it, and it holds the
//! deleted bytes. A deletion that has ended, or was emptied, is removed as a whole.

use super::{Registry, RegistryError};
use crate::index::{Discard, Restorable, RestoreOutcome, Restored, Trashed};
use crate::oci::{Reference, Repository};

impl Registry {
    /// Deletes a repository with all its content, in parts if it is large.
    pub async fn delete_repository(&self, repository: &Repository) -> Result<(), RegistryError> {
        self.must_allow_deletes()?;
        let index = self.index.freeing();
        let discard = index
            .delete_most_of_repository(repository, self.discard().await)
            .await?;
        if index.delete_repository(repository.clone(), discard).await? {
            Ok(())
        } else {
            Err(RegistryError::NameUnknown(repository.clone()))
        }
    }

    /// The deletions that can be restored, latest first.
    pub async fn trash(&self) -> Result<Vec<Trashed>, RegistryError> {
        self.follow_clock().await;
        Ok(self.index.trash(self.trash_time()).await?)
    }

    /// Empties the trash; the next collection frees the bytes. Returns the number of deletions.
    pub async fn empty_trash(&self) -> Result<u64, RegistryError> {
        self.must_be_writable()?;
        self.follow_clock().await;
        let ended = self.index.end_trash(self.trash_time()).await?;
        self.remove_ended_trash().await?;
        Ok(ended)
    }

    /// Restores the latest deletion of something.
    pub async fn restore(&self, what: &Restorable) -> Result<Restored, RegistryError> {
        self.must_be_writable()?;
        self.follow_clock().await;
        match self.index.restore(what.clone(), self.lease()).await? {
            RestoreOutcome::Done(restored) => {
                // What was in the trash may have gone with its blobs.
                if restored == Restored::default() && !self.exists(what).await? {
                    return Err(RegistryError::RestoreIncomplete {
                        what: what.clone(),
                        missing: Vec::new(),
                    });
                }
                Ok(restored)
            }
            RestoreOutcome::NotFound => Err(RegistryError::NotInTrash(what.clone())),
            RestoreOutcome::Moved(digest) => Err(RegistryError::TagMoved {
                what: what.clone(),
                digest,
            }),
            RestoreOutcome::Incomplete(missing) => Err(RegistryError::RestoreIncomplete {
                what: what.clone(),
                missing,
            }),
        }
    }

    async fn exists(&self, what: &Restorable) -> Result<bool, RegistryError> {
        let (name, reference) = match what {
            Restorable::Tag(name, tag) => (name, Reference::Tag(tag.clone())),
            Restorable::Manifest(name, digest) => (name, Reference::Digest(*digest)),
            Restorable::Repository(name) => {
                let known = self.index.known_repository(name).await?;
                return Ok(!known.manifests.is_empty());
            }
        };
        match self.find_manifest(name, &reference).await {
            Ok(_) => Ok(true),
            Err(RegistryError::ManifestUnknown { .. } | RegistryError::NameUnknown(_)) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Removes deletions that have ended.
    pub(super) async fn remove_ended_trash(&self) -> Result<(), RegistryError> {
        self.follow_clock().await;
        while self.index.remove_ended_trash(self.trash_time()).await? > 0 {}
        Ok(())
    }

    /// The terms of a deletion at the current time, by the clock that those before it follow.
    pub(super) async fn discard(&self) -> Discard {
        self.follow_clock().await;
        Discard {
            now: self.clock.now(),
            trashed_at: self.trash_time(),
            keep: self.rules.trash,
            deletion: None,
        }
    }
}
