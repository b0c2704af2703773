//! Changes of the layout that a transaction requests.

use serde::{Deserialize, Serialize};

use crate::oci::{Digest, Repository, Tag};

/// A step that brings the layout to the state of the index. Each can be repeated without harm.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "do")]
pub enum LayoutChange {
    /// The sealed bytes under the key `from` are the content of a blob.
    BlobPlaced {
        /// The canonical digest.
        digest: Digest,
        /// The key of the sealed bytes.
        from: String,
    },
    /// A blob was deleted: its bytes are removed.
    BlobRemoved {
        /// The canonical digest.
        digest: Digest,
    },
    /// The content of a blob does not match its digest: its bytes are moved to quarantine.
    BlobQuarantined {
        /// The canonical digest.
        digest: Digest,
    },
    /// The bytes under a key, sealed or not, are not needed: the blob exists already.
    Discarded {
        /// The key.
        key: String,
    },
    /// A blob may be read in a repository.
    LayerLinked {
        /// The repository.
        repository: Repository,
        /// The digest by which clients ask for it.
        digest: Digest,
        /// The canonical digest.
        canonical: Digest,
    },
    /// A blob may no longer be read in a repository.
    LayerUnlinked {
        /// The repository.
        repository: Repository,
        /// The digest by which clients asked for it.
        digest: Digest,
    },
    /// A manifest is in a repository.
    RevisionLinked {
        /// The repository.
        repository: Repository,
        /// The digest by which clients ask for it.
        digest: Digest,
        /// The canonical digest.
        canonical: Digest,
    },
    /// A manifest is no longer in a repository.
    RevisionUnlinked {
        /// The repository.
        repository: Repository,
        /// The digest by which clients asked for it.
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
    /// A tag was deleted.
    TagRemoved {
        /// The repository.
        repository: Repository,
        /// The tag.
        tag: Tag,
    },
    /// A repository was deleted with all its links.
    RepositoryRemoved {
        /// The repository.
        repository: Repository,
    },
}

/// A change and its position in the order of commits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JournalEntry {
    /// The row.
    pub id: i64,
    /// What to do.
    pub change: LayoutChange,
}
