//! Why a registry refuses.

use std::io::ErrorKind;

use crate::clock::Millis;
use crate::index::{IndexError, Restorable};
use crate::oci::{DESCRIPTOR_LIMIT, Digest, ManifestError, MediaType, Reference, Repository};
use crate::store::{StoreError, is_failing};

/// Why a registry did not do what it was asked. Unless a variant says otherwise, nothing was
/// changed.
#[derive(Debug, thiserror::Error)]
pub enum RegistryError {
    /// The blob is not in the repository.
    #[error("blob {0} is not in this repository")]
    BlobUnknown(Digest),
    /// The upload session does not exist in this repository.
    #[error("there is no such upload here; it was finished, cancelled or given up")]
    UploadUnknown,
    /// Another request is writing to the upload.
    #[error("another request is writing to this upload")]
    UploadBusy,
    /// A chunk does not begin where the last one ended.
    #[error("the chunk begins at byte {start}, and the upload is at {position}")]
    OutOfOrder {
        /// Where it begins.
        start: u64,
        /// Where it should.
        position: u64,
    },
    /// A chunk has another length than its range.
    #[error("the chunk has {actual} bytes, and its range {expected}")]
    ChunkLength {
        /// As the range says.
        expected: u64,
        /// As received.
        actual: u64,
    },
    /// The content has another digest than was named. An upload ends with that.
    #[error("the content has the digest {actual}, not {expected}")]
    DigestMismatch {
        /// As named.
        expected: Digest,
        /// As computed.
        actual: Digest,
    },
    /// The body of the request ended early. An upload keeps what has arrived.
    #[error("the body ended early: {0}")]
    Interrupted(String),
    /// The body of the request came too slowly. An upload keeps what has arrived.
    #[error("the body stood still for too long")]
    Stalled,
    /// The manifest or tag is not in the repository.
    #[error("{reference} is not in {repository}")]
    ManifestUnknown {
        /// Where it was looked for.
        repository: Repository,
        /// What was looked for.
        reference: Reference,
    },
    /// The bytes are not a manifest that is accepted.
    #[error(transparent)]
    ManifestInvalid(#[from] ManifestError),
    /// The manifest is of Docker's schema 1, which has no digests that could be checked.
    #[error("manifests of schema 1 are no longer accepted; push with docker 1.10 or later")]
    SchemaOne,
    /// The configuration does not allow manifests of this type.
    #[error("manifests of type {0} are not allowed by regctl.validation.types")]
    TypeRefused(MediaType),
    /// A layer names an address that the configuration does not allow.
    #[error("the address {0} of a layer is not allowed by validation.manifests.urls")]
    AddressRefused(String),
    /// The manifest has more than 5000 descriptors.
    #[error("the manifest has {0} descriptors, more than {DESCRIPTOR_LIMIT}")]
    TooManyDescriptors(usize),
    /// The manifest is larger than 4 MiB.
    #[error("the manifest is larger than 4 MiB")]
    ManifestTooLarge,
    /// Blobs that the manifest needs are not in the repository.
    #[error("{} of the blobs that the manifest names are not in this repository", .0.len())]
    BlobsMissing(Vec<Digest>),
    /// Manifests that an index needs, by the configuration, are not in the repository.
    #[error("{} of the manifests that the index names are not in this repository", .0.len())]
    ChildrenMissing(Vec<Digest>),
    /// Nothing was ever pushed to the repository.
    #[error("nothing was ever pushed to {0}")]
    NameUnknown(Repository),
    /// The configuration does not allow deletes.
    #[error("deletes are off: set storage.delete.enabled to allow them")]
    DeleteDisabled,
    /// The configuration says that nothing may change.
    #[error("the registry is read-only for maintenance")]
    ReadOnly,
    /// The store has no room left.
    #[error("no space left on the registry's device")]
    Full,
    /// The quota of the registry's user, or of its directory, is used up.
    #[error("the quota of the registry on its device is used up")]
    QuotaUsed,
    /// The device is mounted read-only, though it should not be.
    #[error("the registry's device is mounted read-only")]
    DeviceReadOnly,
    /// The device fails, whatever space it has.
    #[error("the registry's device fails: {0}")]
    DeviceFailing(String),
    /// Another collection is under way.
    #[error("a collection runs already")]
    CollectionRuns {
        /// Since when.
        since: Millis,
    },
    /// Leases can't be ended while clients may rely on them.
    #[error("leases can't be ended now: a client is pushing or pulling")]
    ClientsActive,
    /// What should be restored is not in the trash.
    #[error("{0} is not in the trash")]
    NotInTrash(Restorable),
    /// A tag that should be restored has been set to something else since.
    #[error("{what} has been set to {digest} since it was deleted")]
    TagMoved {
        /// What should be restored.
        what: Restorable,
        /// Where the tag points now.
        digest: Digest,
    },
    /// What should be restored consists of bytes that another program has taken.
    #[error("{what} can't be restored: {} of its blobs are gone", missing.len())]
    RestoreIncomplete {
        /// What should be restored.
        what: Restorable,
        /// What is gone.
        missing: Vec<Digest>,
    },
    /// The root has lost most of what the index knows.
    #[error(
        "{root} holds {found} of the {known} manifests that its index knows: \
         is the right disk mounted there?"
    )]
    RootLost {
        /// The root.
        root: String,
        /// Manifests that are there.
        found: u64,
        /// Manifests that should be.
        known: u64,
    },
    /// The root has lost most of the blobs that the index knows.
    #[error(
        "{root} holds {found} of the {known} blobs that its index knows: \
         is the right disk mounted there?"
    )]
    BlobsLost {
        /// Where blobs are.
        root: String,
        /// Blobs that are there.
        found: u64,
        /// Blobs that should be.
        known: u64,
    },
    /// No blob is there, though the index knows some.
    #[error("{0} holds no blob: is the right disk mounted there?")]
    StorageAway(String),
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
            StoreError::ReadOnly(_) => Self::DeviceReadOnly,
            StoreError::Failing { .. } => Self::DeviceFailing(error.to_string()),
            StoreError::DataLost { ref source, .. } => match source.kind() {
                ErrorKind::StorageFull => Self::Full,
                ErrorKind::QuotaExceeded => Self::QuotaUsed,
                ErrorKind::ReadOnlyFilesystem => Self::DeviceReadOnly,
                _ if is_failing(source) => Self::DeviceFailing(error.to_string()),
                _ => Self::Store(error),
            },
            error => Self::Store(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_of_device_errors_stay_apart() {
        type Kind = fn(&RegistryError) -> bool;
        let cases: [(rustix::io::Errno, Kind); 4] = [
            (rustix::io::Errno::NOSPC, |error| {
                matches!(error, RegistryError::Full)
            }),
            (rustix::io::Errno::DQUOT, |error| {
                matches!(error, RegistryError::QuotaUsed)
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
