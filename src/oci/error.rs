//! The error codes in a registry's answers (OCI distribution specification, "Error Codes", and two
//! that registry:2 adds). The room `http` maps them to statuses.

use std::fmt;

macro_rules! codes {
    ($($(#[$doc:meta])* $variant:ident = $text:literal,)*) => {
        /// An error code of the specification.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum ErrorCode {
            $($(#[$doc])* $variant,)*
        }

        impl ErrorCode {
            /// The code as it is written in an answer.
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
    /// A repository does not exist.
    NameUnknown = "NAME_UNKNOWN",
    /// A body is longer or shorter than announced, or longer than allowed.
    SizeInvalid = "SIZE_INVALID",
    /// A tag is malformed.
    TagInvalid = "TAG_INVALID",
    /// The client has not signed in.
    Unauthorized = "UNAUTHORIZED",
    /// The caller may not do this.
    Denied = "DENIED",
    /// The operation is unknown, or the configuration does not allow it.
    Unsupported = "UNSUPPORTED",
    /// The client exceeds a limit on its requests.
    TooManyRequests = "TOOMANYREQUESTS",
    /// `n` is not a valid number of results.
    PaginationNumberInvalid = "PAGINATION_NUMBER_INVALID",
    /// The range of an upload or a read can't be satisfied.
    RangeInvalid = "RANGE_INVALID",
    /// The service lacks a resource, or is shutting down.
    Unavailable = "UNAVAILABLE",
    /// An internal error.
    Unknown = "UNKNOWN",
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
