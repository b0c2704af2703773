//! The vocabulary of container registries: digests, repository names, tags, references, media
//! types, a read-only view of manifests, error codes and byte ranges; and the description of a
//! request that the other rooms share: its action, caller and context.
//!
//! Everything here is pure: no I/O, no async, no clock. Values exist only parsed, so a
//! [`Repository`] or a [`Digest`] is always well-formed. This room depends on no other.

mod action;
mod caller;
mod descriptor;
mod digest;
mod error;
mod image_config;
mod lenient;
mod manifest;
mod media;
mod name;
mod pattern;
mod permit;
mod platform;
mod range;
mod reference;
mod retention;
mod rights;
mod version;

pub use action::{Action, Right};
pub use caller::{AccountName, AccountNameError, Caller, Context, Task, Visibility};
pub use descriptor::Descriptor;
pub use digest::{Algorithm, Digest, DigestError};
pub use error::ErrorCode;
pub use image_config::{Execution, HistoryStep, ImageConfig};
pub(crate) use lenient::lenient;
pub use manifest::{DESCRIPTOR_LIMIT, MANIFEST_LIMIT, ManifestError, ManifestKind, ManifestView};
pub use media::MediaType;
pub use name::{NAME_LIMIT, NameError, Repository, TAG_LIMIT, Tag};
pub use pattern::NamePattern;
pub use permit::Permit;
pub use platform::Platform;
pub use range::{ByteRange, RangeError, parse_byte_range, parse_content_range};
pub use reference::{ImageReference, Reference, ReferenceError};
pub use retention::{RetentionRule, RuleError, can_be_pattern};
pub use rights::{Grant, Rights, RightsError};
pub use version::{VersionKey, by_version, tag_version};
