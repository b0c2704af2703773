//! The object of a request, as errors name it, and a hint if it does not exist.

use std::fmt;

use crate::oci::{Digest, Reference, Repository};

/// The object of a request.
#[derive(Debug, Clone, Copy)]
pub(super) enum Subject<'a> {
    /// The registry itself.
    Root,
    /// What an administrator asks for.
    Administration,
    /// A search among repositories.
    Search,
    /// The list of repositories.
    Catalog,
    /// A repository with its tags.
    Repository(&'a Repository),
    /// A manifest in a repository.
    Manifest(&'a Repository, &'a Reference),
    /// A manifest that is put into a repository.
    Put(&'a Repository, &'a Reference),
    /// A blob in a repository.
    Blob(&'a Repository, &'a Digest),
    /// An upload to a repository.
    Upload(&'a Repository),
    /// The referrers of a manifest in a repository.
    Referrers(&'a Repository, &'a Digest),
}

impl fmt::Display for Subject<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Root => f.write_str("/v2/"),
            Self::Administration => f.write_str("administration"),
            Self::Search => f.write_str("the search"),
            Self::Catalog => f.write_str("the catalog"),
            Self::Repository(repository) => write!(f, "repository {repository}"),
            Self::Manifest(repository, Reference::Tag(tag))
            | Self::Put(repository, Reference::Tag(tag)) => write!(f, "{repository}:{tag}"),
            Self::Manifest(repository, Reference::Digest(digest))
            | Self::Put(repository, Reference::Digest(digest)) => {
                write!(f, "{repository}@{digest}")
            }
            Self::Blob(repository, digest) => write!(f, "blob {repository}@{digest}"),
            Self::Upload(repository) => write!(f, "an upload to {repository}"),
            Self::Referrers(repository, digest) => {
                write!(f, "the referrers of {repository}@{digest}")
            }
        }
    }
}

impl<'a> Subject<'a> {
    /// The object as it follows "has no" in an error.
    pub(super) fn absent(self) -> String {
        match self {
            Self::Upload(repository) | Self::Put(repository, _) => {
                format!("repository {repository} to upload to")
            }
            // "has no catalog", not "has no the catalog".
            _ => self.to_string().trim_start_matches("the ").to_owned(),
        }
    }

    /// The repository that it is, or is in.
    pub(super) fn repository(&self) -> Option<&'a Repository> {
        match *self {
            Self::Root | Self::Administration | Self::Search | Self::Catalog => None,
            Self::Repository(repository)
            | Self::Manifest(repository, _)
            | Self::Put(repository, _)
            | Self::Blob(repository, _)
            | Self::Upload(repository)
            | Self::Referrers(repository, _) => Some(repository),
        }
    }

    /// Whether a request for it writes.
    pub(super) fn is_written(self) -> bool {
        matches!(self, Self::Upload(_) | Self::Put(..))
    }

    /// The codes of a 404 which say no more than that it does not exist.
    pub(super) fn codes(self) -> &'static [&'static str] {
        match self {
            Self::Manifest(..) | Self::Referrers(..) => {
                &["MANIFEST_UNKNOWN", "NAME_UNKNOWN", "NOT_FOUND"]
            }
            Self::Blob(..) => &["BLOB_UNKNOWN", "NAME_UNKNOWN", "NOT_FOUND"],
            _ => &["NAME_UNKNOWN", "NOT_FOUND"],
        }
    }

    /// Whether the repository may exist without it.
    pub(super) fn is_in_a_repository(self) -> bool {
        matches!(self, Self::Manifest(..) | Self::Blob(..))
    }

    /// The hint if it does not exist: another request to `registry`.
    pub(super) fn where_to_look(self, registry: &str) -> String {
        match self {
            Self::Root | Self::Administration | Self::Search => String::new(),
            Self::Catalog => {
                "not every registry has one; `regctl tags REPOSITORY` asks for less".into()
            }
            Self::Repository(_) => {
                format!("`regctl catalog --registry {registry}` lists the repositories")
            }
            Self::Manifest(repository, _) => {
                format!("`regctl tags --registry {registry} {repository}` lists the tags")
            }
            Self::Blob(..) => {
                "a manifest exists without it: push the image again; or, at the destination of a \
                 push or copy, you have no right on the repository"
                    .into()
            }
            Self::Upload(_) | Self::Put(..) => {
                "some registries require a repository to be created before a push".into()
            }
            Self::Referrers(..) => "not every registry lists referrers".into(),
        }
    }
}
