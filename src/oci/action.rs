//! The operations of a registry.

use super::{Digest, Reference, Repository, Tag};

/// One operation that a request, an admin command or a background task asks for. It is parsed in
/// one place, decided in one place (`auth`), and written to events under its [`Action::name`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Check that the API exists and that the caller may use it (`GET /v2/`).
    Ping,
    /// List or search repositories. The list is filtered for the caller.
    ListCatalog,
    /// List the tags of a repository.
    ListTags(Repository),
    /// List the manifests that refer to a manifest.
    ListReferrers(Repository, Digest),
    /// Read a manifest.
    PullManifest(Repository, Reference),
    /// Read a blob, or check that it exists.
    PullBlob(Repository, Digest),
    /// Upload a blob: begin, continue, query, finish or cancel a session.
    PushBlob(Repository),
    /// Make a blob of another repository readable in this one. Without a source, the repositories
    /// that the caller may read are searched.
    MountBlob {
        /// The repository that receives the blob.
        into: Repository,
        /// The repository that has the blob.
        from: Option<Repository>,
        /// The blob.
        digest: Digest,
    },
    /// Store a manifest, under a tag or only under its digest.
    PushManifest(Repository, Reference),
    /// Remove a tag.
    DeleteTag(Repository, Tag),
    /// Remove a manifest and its tags.
    DeleteManifest(Repository, Digest),
    /// Remove a blob from a repository.
    DeleteBlob(Repository, Digest),
    /// Remove a repository with all its content.
    DeleteRepository(Repository),
    /// Change the description (README) of a repository.
    Describe(Repository),
    /// Add or remove a star of a repository.
    Star(Repository),
    /// Read the data for administrators: usage, trash, runs, audit, accounts.
    Inspect,
    /// Administer: collect, prune, check, restore, change accounts and rights.
    Administer,
}

/// The right that an action needs on its repository.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Right {
    /// Read.
    Pull,
    /// Write.
    Push,
    /// Remove.
    Delete,
}

impl Right {
    /// The name in scopes and grants.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pull => "pull",
            Self::Push => "push",
            Self::Delete => "delete",
        }
    }
}

impl std::str::FromStr for Right {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        match text {
            "pull" => Ok(Self::Pull),
            "push" => Ok(Self::Push),
            "delete" => Ok(Self::Delete),
            _ => Err(()),
        }
    }
}

impl Action {
    /// The repository and the right on it that the action needs. `None` for actions on the whole
    /// registry.
    pub fn needs(&self) -> Option<(&Repository, Right)> {
        match self {
            Self::Ping | Self::ListCatalog | Self::Inspect | Self::Administer => None,
            Self::ListTags(name)
            | Self::ListReferrers(name, _)
            | Self::PullManifest(name, _)
            | Self::PullBlob(name, _)
            | Self::Star(name) => Some((name, Right::Pull)),
            Self::PushBlob(name) | Self::PushManifest(name, _) | Self::Describe(name) => {
                Some((name, Right::Push))
            }
            Self::MountBlob { into, .. } => Some((into, Right::Push)),
            Self::DeleteTag(name, _)
            | Self::DeleteManifest(name, _)
            | Self::DeleteBlob(name, _)
            | Self::DeleteRepository(name) => Some((name, Right::Delete)),
        }
    }

    /// The name of the action in events and logs.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Ping => "ping",
            Self::ListCatalog => "list-catalog",
            Self::ListTags(_) => "list-tags",
            Self::ListReferrers(..) => "list-referrers",
            Self::PullManifest(..) => "pull-manifest",
            Self::PullBlob(..) => "pull-blob",
            Self::PushBlob(_) => "push-blob",
            Self::MountBlob { .. } => "mount-blob",
            Self::PushManifest(..) => "push-manifest",
            Self::DeleteTag(..) => "delete-tag",
            Self::DeleteManifest(..) => "delete-manifest",
            Self::DeleteBlob(..) => "delete-blob",
            Self::DeleteRepository(_) => "delete-repository",
            Self::Describe(_) => "describe",
            Self::Star(_) => "star",
            Self::Inspect => "inspect",
            Self::Administer => "administer",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mount_needs_push_on_its_destination() {
        let action = Action::MountBlob {
            into: "a/b".parse().unwrap(),
            from: None,
            digest: format!("sha256:{}", "0".repeat(64)).parse().unwrap(),
        };
        let (name, right) = action.needs().unwrap();
        assert_eq!((name.as_str(), right), ("a/b", Right::Push));
    }

    #[test]
    fn rights_are_read_as_they_are_written() {
        for right in [Right::Pull, Right::Push, Right::Delete] {
            assert_eq!(right.as_str().parse(), Ok(right));
        }
        assert!("admin".parse::<Right>().is_err());
    }
}
