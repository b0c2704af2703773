//! Why a registry refuses.

use std::io::ErrorKind;

use crate::clock::Millis;
use crate::index::{IndexError, Restorable};
use crate::oci::{DESCRIPTOR_LIMIT, Digest, ManifestError, MediaType, Reference, Repository};
use crate::store::{StoreError, is_failing};

/// Why an operation of a registry failed. Unless a variant says otherwise, nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum RegistryError {
    /// The blob is not in the repository.
    #[error("blob {0} is not in this repository")]
    BlobUnknown(Digest),
    /// The upload session does not exist in this repository.
    #[error("there is no such upload; it was finished, cancelled or purged")]
    UploadUnknown,
    /// Another request is writing to the upload.
    #[error("another request is writing to this upload")]
    UploadBusy,
    /// A chunk does not start at the end of the last one.
    #[error("the chunk begins at byte {start}, and the upload is at {position}")]
    OutOfOrder {
        /// Its start.
        start: u64,
        /// The end of the last one.
        position: u64,
    },
    /// The length of a chunk differs from its range.
    #[error("Content-Range announces {expected} bytes, received {actual}")]
    ChunkLength {
        /// The length of the range.
        expected: u64,
        /// The bytes received.
        actual: u64,
    },
    /// The content does not match the digest given. This ends an upload.
    #[error("the content has the digest {actual}, not {expected}")]
    DigestMismatch {
        /// The digest given.
        expected: Digest,
        /// The computed digest.
        actual: Digest,
    },
    /// The body of the request ended early. An upload keeps the received bytes.
    #[error("the body ended early: {0}")]
    Interrupted(String),
    /// No data was received within the timeout. An upload keeps the received bytes.
    #[error("no data was received within the timeout")]
    Stalled,
    /// The manifest or tag is not in the repository.
    #[error("{reference} is not in {repository}")]
    ManifestUnknown {
        /// The repository.
        repository: Repository,
        /// The tag or digest.
        reference: Reference,
    },
    /// The bytes are not a valid manifest.
    #[error(transparent)]
    ManifestInvalid(#[from] ManifestError),
    /// The manifest has Docker's schema 1, whose digests can't be verified.
    #[error("manifests of schema 1 are not accepted; push with docker 1.10 or later")]
    SchemaOne,
    /// The configuration forbids manifests of this type.
    #[error("manifests of type {0} are not allowed by regctl.validation.types")]
    TypeRefused(MediaType),
    /// A layer has a URL that the configuration forbids.
    #[error("the address {0} of a layer is not allowed by validation.manifests.urls")]
    AddressRefused(String),
    /// The manifest has more than 5000 descriptors.
    #[error("the manifest has {0} descriptors, more than {DESCRIPTOR_LIMIT}")]
    TooManyDescriptors(usize),
    /// The manifest is larger than 4 MiB.
    #[error("the manifest is larger than 4 MiB")]
    ManifestTooLarge,
    /// Blobs that the manifest requires are not in the repository.
    #[error("{} of the blobs that the manifest references are not in this repository", .0.len())]
    BlobsMissing(Vec<Digest>),
    /// Manifests that an index requires, by the configuration, are not in the repository.
    #[error("{} of the manifests that the index references are not in this repository", .0.len())]
    ChildrenMissing(Vec<Digest>),
    /// Nothing was ever pushed to the repository.
    #[error("nothing was ever pushed to {0}")]
    NameUnknown(Repository),
    /// The configuration forbids deletion.
    #[error("deletion is disabled: set storage.delete.enabled to enable it")]
    DeleteDisabled,
    /// The configuration forbids all changes.
    #[error("the registry is read-only for maintenance")]
    ReadOnly,
    /// The store has no space left.
    #[error("no space left on the registry's device")]
    Full,
    /// The quota of the registry's user, or of its directory, is used up.
    #[error("the quota of the registry on its device is used up")]
    QuotaUsed,
    /// The file would be larger than the system allows to the registry, or the file system to anybody.
    #[error("the registry can't write a file of this size: a limit of its system forbids it")]
    FileTooLarge,
    /// The device is mounted read-only, though it should not be.
    #[error("the registry's device is mounted read-only")]
    DeviceReadOnly,
    /// The device fails, and not for lack of space.
    #[error("the registry's device fails: {0}")]
    DeviceFailing(String),
    /// A part of the layout could not be read at the start, so that it is unknown what it refers to.
    #[error("nothing is collected: {path} could not be read at the start ({reason})")]
    LayoutUnread {
        /// The path.
        path: String,
        /// The reason.
        reason: String,
    },
    /// Another collection is running.
    #[error("another collection is running")]
    CollectionRuns {
        /// Its start.
        since: Millis,
    },
    /// Leases can't be ended while clients may rely on them.
    #[error("leases can't be ended now: a client is pushing or pulling")]
    ClientsActive,
    /// The deletion to restore is not in the trash.
    #[error("{0} is not in the trash")]
    NotInTrash(Restorable),
    /// A tag to restore was set to another manifest after its deletion.
    #[error("{what} has been set to {digest} since it was deleted")]
    TagMoved {
        /// The tag.
        what: Restorable,
        /// Its current manifest.
        digest: Digest,
    },
    /// A deletion to restore has missing blobs: another program removed them.
    #[error("{what} can't be restored: {}", lacking(missing))]
    RestoreIncomplete {
        /// The deletion.
        what: Restorable,
        /// The missing blobs.
        missing: Vec<Digest>,
    },
    /// Most manifests of the index are missing in the root.
    #[error(
        "{root} has {found} of the {known} manifests in its index: \
         is the right disk mounted there?"
    )]
    RootLost {
        /// The root.
        root: String,
        /// Number of manifests found.
        found: u64,
        /// Number of manifests expected.
        known: u64,
    },
    /// Most blobs of the index are missing in the root.
    #[error(
        "{root} has {found} of the {known} blobs in its index: \
         is the right disk mounted there?"
    )]
    BlobsLost {
        /// The directory of blobs.
        root: String,
        /// Number of blobs found.
        found: u64,
        /// Number of blobs expected.
        known: u64,
    },
    /// There are no blobs, although the index has some.
    #[error("{0} has no blobs: is the right disk mounted there?")]
    StorageNotMounted(String),
    /// The index failed.
    #[error(transparent)]
    Index(IndexError),
    /// The store failed.
    #[error(transparent)]
    Store(StoreError),
}

impl From<IndexError> for RegistryError {
    fn from(error: IndexError) -> Self {
        match error {
            IndexError::Full => Self::Full,
            IndexError::Quota => Self::QuotaUsed,
            IndexError::ReadOnly => Self::DeviceReadOnly,
            IndexError::Failing(text) => Self::DeviceFailing(text),
            error => Self::Index(error),
        }
    }
}

impl From<StoreError> for RegistryError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Full(_) => Self::Full,
            StoreError::Quota(_) => Self::QuotaUsed,
            StoreError::TooLarge(_) => Self::FileTooLarge,
            StoreError::ReadOnly(_) => Self::DeviceReadOnly,
            StoreError::Failing { .. } => Self::DeviceFailing(error.to_string()),
            StoreError::DataLost { ref source, .. } => match source.kind() {
                ErrorKind::StorageFull => Self::Full,
                ErrorKind::QuotaExceeded => Self::QuotaUsed,
                ErrorKind::FileTooLarge => Self::FileTooLarge,
                ErrorKind::ReadOnlyFilesystem => Self::DeviceReadOnly,
                _ if is_failing(source) => Self::DeviceFailing(error.to_string()),
                _ => Self::Store(error),
            },
            error => Self::Store(error),
        }
    }
}

/// What a deletion lacks.
fn lacking(missing: &[Digest]) -> String {
    match missing.len() {
        0 => "another program has removed its content".to_owned(),
        count => format!("{count} of its blobs are missing"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_of_device_errors_are_distinguished() {
        type Kind = fn(&RegistryError) -> bool;
        let cases: [(rustix::io::Errno, Kind); 5] = [
            (rustix::io::Errno::NOSPC, |error| {
                matches!(error, RegistryError::Full)
            }),
            (rustix::io::Errno::DQUOT, |error| {
                matches!(error, RegistryError::QuotaUsed)
            }),
            (rustix::io::Errno::FBIG, |error| {
                matches!(error, RegistryError::FileTooLarge)
            }),
            (rustix::io::Errno::ROFS, |error| {
                matches!(error, RegistryError::DeviceReadOnly)
            }),
            (rustix::io::Errno::IO, |error| {
                matches!(error, RegistryError::DeviceFailing(_))
            }),
        ];
        for (errno, is_kind) in cases {
            let lost = StoreError::DataLost {
                key: "a".into(),
                source: errno.into(),
            };
            for error in [StoreError::new("write", "a", errno.into()), lost] {
                let error = RegistryError::from(error);
                assert!(is_kind(&error), "{errno:?}: {error:?}");
            }
        }
    }
}
