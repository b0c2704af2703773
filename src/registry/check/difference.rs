//! What a check may find, in one line each, with its remedy.

use std::fmt;

use crate::index::Link;
use crate::oci::{Digest, Repository};

/// How the layout and the index differ from each other, or bytes from their digest.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Difference {
    /// The index knows a blob, and the layout has no bytes of it.
    BlobGone(Digest),
    /// The bytes of a blob have another digest.
    BlobDamaged(Digest),
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
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

impl fmt::Display for Remedy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Derive => "check --repair adds it",
            Self::SetAside => "check --repair moves it to regctl/lost+found",
            Self::Push => "push an image that has it again",
            Self::Operator => "look at the device",
        })
    }
}

/// A link as a person names it.
fn name(f: &mut fmt::Formatter<'_>, repository: &Repository, link: &Link) -> fmt::Result {
    match link {
        Link::Layer(digest) => write!(f, "blob {digest} of {repository}"),
        Link::Revision(digest) => write!(f, "manifest {repository}@{digest}"),
        Link::Tag(tag) => write!(f, "tag {repository}:{tag}"),
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BlobGone(digest) => write!(f, "blob {digest}: its bytes are gone"),
            Self::BlobDamaged(digest) => write!(f, "blob {digest}: its bytes are damaged"),
            Self::BlobUnreadable(digest, error) => {
                write!(f, "blob {digest}: its bytes can't be read: {error}")
            }
            Self::BlobSize {
                digest,
                known,
                found,
            } => write!(
                f,
                "blob {digest}: the index says {known} bytes, and it has {found}"
            ),
            Self::BlobUnknown(digest) => write!(f, "blob {digest}: the index does not know it"),
            Self::LinkMissing(repository, link) => {
                name(f, repository, link)?;
                f.write_str(": the layout does not show it")
            }
            Self::LinkWrong(repository, link) => {
                name(f, repository, link)?;
                f.write_str(": the layout shows something else")
            }
            Self::LinkUnknown(repository, link) => {
                name(f, repository, link)?;
                f.write_str(": the index does not know it")
            }
            Self::LinkDangling(repository, link) => {
                name(f, repository, link)?;
                f.write_str(": its link leads to nothing")
            }
            Self::NeededGone {
                repository,
                manifest,
                digest,
            } => write!(
                f,
                "manifest {repository}@{manifest}: needs {digest}, which is gone"
            ),
            Self::NeededUnlinked {
                repository,
                manifest,
                digest,
            } => write!(
                f,
                "manifest {repository}@{manifest}: needs {digest}, which {repository} may not read"
            ),
            Self::Stray(key) => write!(f, "{key}: is no part of a registry"),
        }
    }
}
