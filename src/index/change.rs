//! What a transaction wants the layout to show.

use serde::{Deserialize, Serialize};

use crate::oci::{Digest, Repository, Tag};

/// A step that brings the layout to where the index is. Each can be done again without harm.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "do")]
pub enum LayoutChange {
    /// The sealed bytes under the key `from` are the content of a blob.
    BlobPlaced {
        /// The canonical digest.
        digest: Digest,
        /// Where the bytes wait.
        from: String,
    },
    /// The bytes of a blob are gone: nothing held them.
    BlobRemoved {
        /// The canonical digest.
        digest: Digest,
    },
    /// The bytes of a blob are others than its digest says: they are laid aside.
    BlobQuarantined {
        /// The canonical digest.
        digest: Digest,
    },
    /// The bytes under a key, sealed or not, are of no use: the blob was there already.
    Discarded {
        /// The key.
        key: String,
    },
    /// A blob may be read in a repository.
    LayerLinked {
        /// The repository.
        repository: Repository,
        /// The digest by which it is asked for.
        digest: Digest,
        /// The digest under which its bytes lie.
        canonical: Digest,
    },
    /// A blob may no longer be read in a repository.
    LayerUnlinked {
        /// The repository.
        repository: Repository,
        /// The digest by which it was asked for.
        digest: Digest,
    },
    /// A manifest is in a repository.
    RevisionLinked {
        /// The repository.
        repository: Repository,
        /// The digest by which it is asked for.
        digest: Digest,
        /// The digest under which its bytes lie.
        canonical: Digest,
    },
    /// A manifest is no longer in a repository.
    RevisionUnlinked {
        /// The repository.
        repository: Repository,
        /// The digest by which it was asked for.
        digest: Digest,
    },
    /// A tag points at a manifest.
    TagSet {
        /// The repository.
        repository: Repository,
        /// The tag.
        tag: Tag,
        /// The digest of the manifest.
        digest: Digest,
    },
    /// A tag is gone.
    TagRemoved {
        /// The repository.
        repository: Repository,
        /// The tag.
        tag: Tag,
    },
    /// A repository is gone, with all that links in it.
    RepositoryRemoved {
        /// The repository.
        repository: Repository,
    },
}

/// A change with its place in the order of the commits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JournalEntry {
    /// The row.
    pub id: i64,
    /// What to do.
    pub change: LayoutChange,
}
