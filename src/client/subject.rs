//! What a request is about, as errors name it, and where to look when it is not there.

use std::fmt;

use crate::oci::{Digest, Reference, Repository};

/// What a request is about.
#[derive(Debug, Clone, Copy)]
pub(super) enum Subject<'a> {
    /// The registry itself.
    Root,
    /// The list of repositories.
    Catalog,
    /// A repository with its tags.
    Repository(&'a Repository),
    /// A manifest in a repository.
    Manifest(&'a Repository, &'a Reference),
    /// A blob in a repository.
    Blob(&'a Repository, &'a Digest),
    /// A blob on its way to a repository.
    Upload(&'a Repository),
    /// What refers to a manifest in a repository.
    Referrers(&'a Repository, &'a Digest),
}

impl fmt::Display for Subject<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Root => f.write_str("/v2/"),
            Self::Catalog => f.write_str("the catalog"),
            Self::Repository(repository) => write!(f, "repository {repository}"),
            Self::Manifest(repository, Reference::Tag(tag)) => write!(f, "{repository}:{tag}"),
            Self::Manifest(repository, Reference::Digest(digest)) => {
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

impl Subject<'_> {
    /// What a registry does not have that answers 404.
    pub(super) fn absent(self) -> String {
        match self {
            Self::Upload(repository) => format!("repository {repository} to upload to"),
            // One has no catalog, and not no the catalog.
            _ => self.to_string().trim_start_matches("the ").to_owned(),
        }
    }

    /// Whether it could be missing from a repository that is there.
    pub(super) fn is_in_a_repository(self) -> bool {
        matches!(self, Self::Manifest(..) | Self::Blob(..))
    }

    /// What a person could ask `registry` for when this is not there. Another thing than what was
    /// asked for just now.
    pub(super) fn where_to_look(self, registry: &str) -> String {
        match self {
            Self::Root => String::new(),
            Self::Catalog => {
                "not every registry has one; `regctl tags REPOSITORY` asks for less".into()
            }
            Self::Repository(_) => {
                format!("`regctl catalog --registry {registry}` lists the repositories")
            }
            Self::Manifest(repository, _) => {
                format!("`regctl tags --registry {registry} {repository}` lists the tags")
            }
            Self::Blob(..) => "the manifest is there without it; push the image again".into(),
            Self::Upload(_) => {
                "some registries want a repository to be made before it is pushed to".into()
            }
            Self::Referrers(..) => "not every registry lists referrers".into(),
        }
    }
}
