//! Failures of operations, as data.

use serde::{Deserialize, Serialize};

use crate::clock::Millis;
use crate::oci::{AccountName, Digest, Repository};
use crate::registry::{RegistryError, Restorable};

/// A failure of an operation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{message}")]
pub struct Failure {
    /// The kind.
    pub kind: FailureKind,
    /// The reason, for programs and for texts in other languages.
    #[serde(default)]
    pub reason: Reason,
    /// The reason in one line, for logs and for clients that do not know `reason`.
    pub message: String,
}

/// The kind of a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FailureKind {
    /// The named object does not exist.
    NotFound,
    /// The caller may not do it.
    Denied,
    /// The operation may succeed later.
    Busy,
    /// The request is malformed or contradicts itself.
    Usage,
    /// Anything else.
    #[serde(other)]
    Error,
}

/// The reason of a failure.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(
    tag = "code",
    rename_all = "kebab-case",
    rename_all_fields = "camelCase"
)]
pub enum Reason {
    /// Another collection runs.
    CollectionRuns {
        /// Its start time.
        since: Millis,
    },
    /// Something was not found in the trash.
    NotInTrash {
        /// The name.
        what: Restorable,
    },
    /// A tag points elsewhere since it was deleted.
    TagMoved {
        /// The name to restore.
        what: Restorable,
        /// The current digest of the tag.
        digest: Digest,
    },
    /// Blobs of the content to restore are missing.
    RestoreIncomplete {
        /// The name to restore.
        what: Restorable,
        /// The blobs.
        missing: Vec<Digest>,
    },
    /// A repository does not exist, nor any below it.
    NothingBelow {
        /// The repository.
        repository: Repository,
    },
    /// A pattern of a rule is malformed.
    InvalidPattern,
    /// A rule is invalid otherwise: it names no repositories, for example, or no tags.
    InvalidRule,
    /// There is no saved rule with this number.
    NoSuchRule,
    /// The rule to save is there already.
    RuleExists,
    /// There are as many saved rules as are allowed.
    TooManyRules,
    /// A part of the layout could not be read.
    LayoutUnread,
    /// A client is pushing or pulling.
    ClientsActive,
    /// The device has no space left.
    Full,
    /// The quota is used up.
    QuotaUsed,
    /// The device is mounted read-only.
    DeviceReadOnly,
    /// The root was opened read-only, so that a change would be lost.
    ReadOnlyRoot,
    /// The device fails.
    DeviceFailing,
    /// The peer may not administer this root.
    NotPermitted,
    /// The server does not support the operation.
    UnknownOperation {
        /// The protocol version of the server.
        version: u32,
    },
    /// The request is not one of this protocol.
    MalformedRequest,
    /// The account is the only administrator who may sign in.
    LastAdministrator,
    /// There is no account, group, robot, token or repository with this name.
    NoSuchName {
        /// The name.
        name: String,
    },
    /// An account, a group or a robot has this name already.
    NameTaken {
        /// The name.
        name: AccountName,
    },
    /// The name has a meaning in grants.
    NameReserved {
        /// The name.
        name: AccountName,
    },
    /// Nothing can be granted to a robot: its token has its rights.
    RobotGranted {
        /// Its name.
        name: AccountName,
    },
    /// The password is empty or too long.
    InvalidPassword,
    /// The password was changed after the old one was checked.
    PasswordChanged,
    /// The server stopped during the operation.
    Stopped,
    /// A reason without a code.
    #[default]
    #[serde(other)]
    Unknown,
}

impl Failure {
    /// A failure.
    pub fn new(kind: FailureKind, reason: Reason, message: impl Into<String>) -> Self {
        Self {
            kind,
            reason,
            message: message.into(),
        }
    }
}

impl From<RegistryError> for Failure {
    fn from(error: RegistryError) -> Self {
        let message = error.to_string();
        let (kind, reason) = match error {
            RegistryError::CollectionRuns { since } => {
                (FailureKind::Busy, Reason::CollectionRuns { since })
            }
            RegistryError::NotInTrash(what) => (FailureKind::NotFound, Reason::NotInTrash { what }),
            RegistryError::TagMoved { what, digest } => {
                (FailureKind::Error, Reason::TagMoved { what, digest })
            }
            RegistryError::RestoreIncomplete { what, missing } => (
                FailureKind::Error,
                Reason::RestoreIncomplete { what, missing },
            ),
            RegistryError::LayoutUnread { .. } => (FailureKind::Error, Reason::LayoutUnread),
            RegistryError::ClientsActive => (FailureKind::Busy, Reason::ClientsActive),
            RegistryError::Full => (FailureKind::Error, Reason::Full),
            RegistryError::QuotaUsed => (FailureKind::Error, Reason::QuotaUsed),
            RegistryError::DeviceReadOnly => (FailureKind::Error, Reason::DeviceReadOnly),
            RegistryError::DeviceFailing(_) => (FailureKind::Error, Reason::DeviceFailing),
            _ => (FailureKind::Error, Reason::Unknown),
        };
        Self::new(kind, reason, message)
    }
}
