//! The trash: what clients deleted, for as long as it can be restored.
//!
//! It is rows of the index alone: clients and the layout see nothing of it, and the bytes stay
//! because it holds them. Ended or emptied, a deletion is forgotten as a whole.

use super::{Registry, RegistryError};
use crate::index::{Discard, Restorable, Restored, Restoring, Trashed};
use crate::oci::Repository;

impl Registry {
    /// Removes a repository with all that is in it: those who ask find nothing from now on.
    pub async fn delete_repository(&self, repository: &Repository) -> Result<(), RegistryError> {
        self.must_allow_deletes()?;
        let discard = self
            .index
            .delete_most_of_repository(repository, self.discard())
            .await?;
        let there = self.index.delete_repository(repository.clone(), discard);
        if there.await? {
            Ok(())
        } else {
            Err(RegistryError::NameUnknown(repository.clone()))
        }
    }

    /// What lies in the trash, the latest deletion first.
    pub async fn trash(&self) -> Result<Vec<Trashed>, RegistryError> {
        Ok(self.index.trash(self.clock.now()).await?)
    }

    /// Forgets what lies in the trash; its bytes go with the next collection. How many deletions.
    pub async fn empty_trash(&self) -> Result<u64, RegistryError> {
        self.must_be_writable()?;
        let ended = self.index.end_trash(self.clock.now()).await?;
        self.forget_trash().await?;
        Ok(ended)
    }

    /// Brings back what was deleted last.
    pub async fn restore(&self, what: &Restorable) -> Result<Restored, RegistryError> {
        self.must_be_writable()?;
        match self.index.restore(what.clone(), self.lease()).await? {
            Restoring::Done(restored) => Ok(restored),
            Restoring::NotThere => Err(RegistryError::NotInTrash(what.clone())),
            Restoring::Moved(digest) => Err(RegistryError::TagMoved {
                what: what.clone(),
                digest,
            }),
            Restoring::Incomplete(missing) => Err(RegistryError::RestoreIncomplete {
                what: what.clone(),
                missing,
            }),
        }
    }

    /// Forgets the deletions whose time is over.
    pub(super) async fn forget_trash(&self) -> Result<(), RegistryError> {
        while self.index.forget_trash(self.clock.now()).await? > 0 {}
        Ok(())
    }

    /// How what is deleted now goes.
    pub(super) fn discard(&self) -> Discard {
        Discard {
            now: self.clock.now(),
            keep: self.rules.trash,
            deletion: None,
        }
    }
}
