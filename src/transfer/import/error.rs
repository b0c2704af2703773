//! Errors of imports, each as the one line that a person reads.

use std::sync::Arc;

use crate::{archive, client};

/// Why an import, or one image of it, failed. Several images may share a cause.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Error {
    /// The archive can't be used.
    #[error("{0}")]
    Archive(Arc<archive::Error>),
    /// The registry refused.
    #[error("{0}")]
    Client(Arc<client::Error>),
    /// An image has no name in the archive.
    #[error("{image} has no name in the archive; hint: name it with --name REPOSITORY[:TAG]")]
    Nameless {
        /// A description of the image.
        image: String,
    },
    /// A name is not a valid repository name.
    #[error(
        "{name:?} is not a valid repository name: {reason}; hint: choose another with --name or --map"
    )]
    Name {
        /// The resulting name.
        name: String,
        /// What is wrong with that.
        reason: String,
    },
    /// Two different images of the archive have one name.
    #[error(
        "{name} is the name of two different images of the archive, {first} and {second}; hint: save \
         them under two names, or into two archives"
    )]
    SameName {
        /// The name.
        name: String,
        /// The digest of the first, or its parts.
        first: String,
        /// The other.
        second: String,
    },
    /// A part of a registry's directory can't be imported.
    #[error("{name}: {reason}")]
    Directory {
        /// The image.
        name: String,
        /// What is wrong with it.
        reason: String,
    },
    /// `--name` was given for several images.
    #[error(
        "--name is for an archive with one image, and this one has {count}; hint: --map OLD=NEW \
         names each, --to gives all a prefix"
    )]
    Several {
        /// Number of images.
        count: usize,
    },
    /// The cache identified a layer wrongly, and the right one was not sent.
    #[error(
        "{member} is not the layer that its name stands for; hint: a wrong cache entry was \
         removed, run the import again"
    )]
    WrongHint {
        /// The member.
        member: String,
    },
    /// The registry does not mount a blob from the repository where it was uploaded.
    #[error(
        "the registry does not mount {digest} from {from} into {into}; hint: import from a file, or \
         one image with --name, so that its layers go to the right repository at once"
    )]
    NotMounted {
        /// The blob.
        digest: String,
        /// Its repository.
        from: String,
        /// The destination repository.
        into: String,
    },
    /// The registry refused uploads to the staging repository.
    #[error(
        "{error}; hint: from a pipe, layers go to {staging} until their image is known: name a \
         repository you may push to with --staging, the image with --name, or import from a file"
    )]
    Staging {
        /// The error of the registry.
        error: Arc<client::Error>,
        /// The repository.
        staging: String,
    },
    /// A failure inside this process.
    #[error("the import failed: {0}")]
    Broken(String),
}

impl From<archive::Error> for Error {
    fn from(error: archive::Error) -> Self {
        Self::Archive(Arc::new(error))
    }
}

impl From<client::Error> for Error {
    fn from(error: client::Error) -> Self {
        Self::Client(Arc::new(error))
    }
}

impl From<std::io::Error> for Error {
    fn from(error: std::io::Error) -> Self {
        archive::Error::from(error).into()
    }
}

impl From<tokio::task::JoinError> for Error {
    fn from(error: tokio::task::JoinError) -> Self {
        Self::Broken(error.to_string())
    }
}

impl Error {
    /// The class of the failure.
    pub fn class(&self) -> client::Class {
        match self {
            Self::Client(error) | Self::Staging { error, .. } => error.class(),
            Self::Archive(error) if error.is_mismatch() => client::Class::Mismatch,
            Self::Several { .. } => client::Class::Usage,
            Self::Archive(_)
            | Self::Nameless { .. }
            | Self::Name { .. }
            | Self::SameName { .. }
            | Self::Directory { .. }
            | Self::WrongHint { .. }
            | Self::NotMounted { .. }
            | Self::Broken(_) => client::Class::Other,
        }
    }

    /// Whether reading the blob again helps, from a source that can.
    pub(super) fn is_repeatable(&self) -> bool {
        match self {
            Self::WrongHint { .. } => true,
            Self::Client(error) => matches!(**error, client::Error::Interrupted { .. }),
            _ => false,
        }
    }

    /// Whether retrying is useless: the registry is unreachable or denies access.
    pub(super) fn is_final(&self) -> bool {
        matches!(
            self.class(),
            client::Class::Unavailable | client::Class::Denied
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_helps_to_read_again() {
        let interrupted = client::Error::Interrupted {
            registry: "r".into(),
            what: "an upload".into(),
            offset: 0,
            kept: 9,
        };
        assert!(Error::from(interrupted).is_repeatable());
        let member = "a.tar".to_owned();
        assert!(Error::WrongHint { member }.is_repeatable());
        assert!(!Error::Broken("x".into()).is_repeatable());
    }
}
