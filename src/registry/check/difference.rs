//! The differences that a check can find, and their remedies. The rooms that show them to people
//! write their text.

use serde::{Deserialize, Serialize};

use crate::index::Link;
use crate::oci::{Digest, Repository};

/// A difference between layout and index, or between content and digest.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Difference {
    /// The index has a blob whose bytes are missing.
    BlobGone(Digest),
    /// The content of a blob does not match its digest.
    BlobDamaged(Digest),
    /// The content of a quarantined blob matches its digest.
    BlobRestored(Digest),
    /// The bytes of a blob can't be read; the error of the system.
    BlobUnreadable(Digest, String),
    /// The content of a blob matches, and the index has another size.
    BlobSize {
        /// The blob.
        digest: Digest,
        /// The size in the index.
        known: u64,
        /// The actual size.
        found: u64,
    },
    /// The layout has a blob that is not in the index.
    BlobUnknown(Digest),
    /// The index has a link that the layout lacks.
    LinkMissing(Repository, Link),
    /// A link of the layout has another target than in the index.
    LinkWrong(Repository, Link),
    /// The layout has a link that is not in the index.
    LinkUnknown(Repository, Link),
    /// The layout has a link to a missing blob.
    LinkDangling(Repository, Link),
    /// The layout has a manifest that is not in the index because its bytes do not match its digest.
    ManifestDamaged {
        /// The repository.
        repository: Repository,
        /// The manifest.
        manifest: Digest,
    },
    /// A manifest needs a missing blob, or an index a missing manifest.
    NeededGone {
        /// The repository.
        repository: Repository,
        /// The manifest.
        manifest: Digest,
        /// The blob or manifest.
        digest: Digest,
    },
    /// A manifest needs an existing blob that its repository cannot read.
    NeededUnlinked {
        /// The repository.
        repository: Repository,
        /// The manifest.
        manifest: Digest,
        /// The blob.
        digest: Digest,
    },
    /// A file that is not part of the layout: its path below the root.
    Stray(String),
    /// Something that should be moved to `regctl/lost+found`, and can't be, because it is on another file
    /// system: its path below the root.
    LeftElsewhere(String),
    /// A path of the layout can't be read: the path below the root, and the reason.
    PlaceUnreadable(String, String),
    /// An acknowledged change waits until a path of the layout can be written: the path below the
    /// root, and the reason.
    PlaceBlocked(String, String),
    /// The same, because the directory of another user can't be written.
    PlaceForeign {
        /// The path below the root.
        key: String,
        /// The directory.
        directory: String,
        /// Its owner.
        owner: u32,
        /// The user of the server.
        user: u32,
    },
}

/// A remedy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Remedy {
    /// Copy the missing part from the index to the layout, or the reverse.
    Derive,
    /// Move it to `regctl/lost+found`.
    SetAside,
    /// Push the content again.
    Push,
    /// The operator has to investigate.
    Operator,
    /// The operator has to make the path accessible, or remove what occupies it.
    Clear,
    /// The operator has to remove it, or move it out of the layout.
    Remove,
}

impl Difference {
    /// Whether content does not match its digest.
    pub fn is_mismatch(&self) -> bool {
        matches!(self, Self::BlobDamaged(_) | Self::ManifestDamaged { .. })
    }

    /// The remedy.
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
            Self::BlobGone(_)
            | Self::BlobDamaged(_)
            | Self::ManifestDamaged { .. }
            | Self::NeededGone { .. } => Remedy::Push,
            Self::BlobUnreadable(..) => Remedy::Operator,
            Self::PlaceUnreadable(..) | Self::PlaceBlocked(..) | Self::PlaceForeign { .. } => {
                Remedy::Clear
            }
            Self::LeftElsewhere(_) => Remedy::Remove,
        }
    }
}
