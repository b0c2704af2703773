//! The error codes that a registry answers (OCI distribution specification, "Error Codes", and the
//! two that registry:2 adds). Which status goes with which is the business of `http`.

use std::fmt;

macro_rules! codes {
    ($($(#[$doc:meta])* $variant:ident = $text:literal,)*) => {
        /// An error code of the specification.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum ErrorCode {
            $($(#[$doc])* $variant,)*
        }

        impl ErrorCode {
            /// The code as it stands in an answer.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $text,)*
                }
            }
        }
    };
}

codes! {
    /// A blob is not in this repository.
    BlobUnknown = "BLOB_UNKNOWN",
    /// An upload was refused for its content.
    BlobUploadInvalid = "BLOB_UPLOAD_INVALID",
    /// An upload session does not exist.
    BlobUploadUnknown = "BLOB_UPLOAD_UNKNOWN",
    /// A digest is malformed, or the content does not match it.
    DigestInvalid = "DIGEST_INVALID",
    /// A manifest references a blob that is not in the repository.
    ManifestBlobUnknown = "MANIFEST_BLOB_UNKNOWN",
    /// A manifest can't be accepted as it is.
    ManifestInvalid = "MANIFEST_INVALID",
    /// A manifest or tag is not in this repository.
    ManifestUnknown = "MANIFEST_UNKNOWN",
    /// A repository name is malformed.
    NameInvalid = "NAME_INVALID",
    /// A repository is not known.
    NameUnknown = "NAME_UNKNOWN",
    /// A body is longer or shorter than it said, or than is allowed.
    SizeInvalid = "SIZE_INVALID",
    /// A tag is malformed.
    TagInvalid = "TAG_INVALID",
    /// Nobody is signed in.
    Unauthorized = "UNAUTHORIZED",
    /// The one signed in may not do this.
    Denied = "DENIED",
    /// The operation is not allowed by the configuration, or not known.
    Unsupported = "UNSUPPORTED",
    /// Too much was asked for at once.
    TooManyRequests = "TOOMANYREQUESTS",
    /// `n` is not a number that can be answered.
    PaginationNumberInvalid = "PAGINATION_NUMBER_INVALID",
    /// The range of an upload or a read can't be satisfied.
    RangeInvalid = "RANGE_INVALID",
    /// The service is short of something, or is going away.
    Unavailable = "UNAVAILABLE",
    /// Something went wrong here.
    Unknown = "UNKNOWN",
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
