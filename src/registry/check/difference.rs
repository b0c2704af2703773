//! What a check may find, and what remedies it. Sentences about it are written where people read
//! them.

use serde::{Deserialize, Serialize};

use crate::index::Link;
use crate::oci::{Digest, Repository};

/// How the layout and the index differ from each other, or bytes from their digest.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Difference {
    /// The index knows a blob, and the layout has no bytes of it.
    BlobGone(Digest),
    /// The bytes of a blob have another digest.
    BlobDamaged(Digest),
    /// The bytes of a quarantined blob are right.
    BlobRestored(Digest),
    /// The bytes of a blob can't be read; what the system says.
    BlobUnreadable(Digest, String),
    /// The bytes of a blob are right, and the index has another size for them.
    BlobSize {
        /// The blob.
        digest: Digest,
        /// As the index has it.
        known: u64,
        /// As it is.
        found: u64,
    },
    /// The layout has a blob that the index does not know.
    BlobUnknown(Digest),
    /// The index has a link that the layout lacks.
    LinkMissing(Repository, Link),
    /// A link of the layout holds another text than the index says.
    LinkWrong(Repository, Link),
    /// The layout has a link that the index does not know.
    LinkUnknown(Repository, Link),
    /// The layout has a link that leads to nothing.
    LinkDangling(Repository, Link),
    /// A manifest needs a blob that is not there.
    NeededGone {
        /// The repository.
        repository: Repository,
        /// The manifest.
        manifest: Digest,
        /// The blob.
        digest: Digest,
    },
    /// A manifest needs a blob that is there, and that its repository may not read.
    NeededUnlinked {
        /// The repository.
        repository: Repository,
        /// The manifest.
        manifest: Digest,
        /// The blob.
        digest: Digest,
    },
    /// Something lies in the layout that is no part of it: its path below the root.
    Stray(String),
}

/// What helps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Remedy {
    /// The index or the layout can be brought up from the other.
    Derive,
    /// It can be moved to `regctl/lost+found`.
    SetAside,
    /// Whoever has the content has to push it again.
    Push,
    /// Nobody but the operator can tell.
    Operator,
}

impl Difference {
    /// Whether content does not match its digest.
    pub fn is_mismatch(&self) -> bool {
        matches!(self, Self::BlobDamaged(_))
    }

    /// What helps.
    pub fn remedy(&self) -> Remedy {
        match self {
            Self::BlobSize { .. }
            | Self::BlobRestored(_)
            | Self::BlobUnknown(_)
            | Self::LinkMissing(..)
            | Self::LinkWrong(..)
            | Self::LinkUnknown(..)
            | Self::NeededUnlinked { .. } => Remedy::Derive,
            Self::LinkDangling(..) | Self::Stray(_) => Remedy::SetAside,
            Self::BlobGone(_) | Self::BlobDamaged(_) | Self::NeededGone { .. } => Remedy::Push,
            Self::BlobUnreadable(..) => Remedy::Operator,
        }
    }
}
