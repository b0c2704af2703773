//! Image archives as streams, for reading and writing: the tar files of `docker save`, podman,
//! skopeo, buildx and crane, and OCI layouts.
//!
//! Contains the formats: the outer compression, the members, the choice of metadata, the
//! compression of layers. Works on blocking readers and writers, and has only a few chunks and the
//! small JSON documents in memory; it does not depend on a registry or on async. Invariants:
//! nothing is unpacked to disk; no name is trusted, every digest is computed.

mod assemble;
mod compress;
mod contents;
mod decompress;
mod dense;
pub mod directory;
mod docker;
pub mod documents;
mod error;
mod gzip;
mod image_name;
mod layout;
mod members;
mod path;
mod plan;
mod platform;
mod pool;
pub mod program;
mod resolve;
mod signs;
mod sparse;
mod stream;
mod v1;
mod writer;

pub use assemble::{Assembled, BlobInfo, Stored, index, manifest, verify};
pub use compress::{Compression, Compressor, UnknownCompression};
pub use contents::{Blob, BlobFormat, Content, Contents, Place, Receiver, named_digest, scan};
pub use decompress::{Encoding, decoder};
pub use error::Error;
pub use image_name::{ImageName, UnusableName};
pub use members::Input;
pub use plan::{Attachment, Image, IndexPlan, ManifestPlan, Origin, Piece, Plan, Role, Tree};
pub use platform::{is_for, parse_platform};
pub use resolve::{AnnouncedImages, announced_images, resolve};
pub use sparse::{SparseMap, SparseReader};
pub use stream::{Seekable, Stream};
pub use v1::config as v1_config;
pub use writer::Writer;

use crate::oci::Platform;

/// The note for a missing member if the archive has no end.
fn end_note(contents: &Contents) -> &'static str {
    if contents.ended() {
        ""
    } else {
        " (it also has no end marker: it may be truncated)"
    }
}

/// The error for a missing member.
fn missing(
    contents: &Contents,
    image: String,
    (what, member): (String, &str),
    platform: Option<&Platform>,
) -> Error {
    let name = image.split(" (").next().unwrap_or_default().to_owned();
    let hint = match platform.filter(|platform| platform.is_known()) {
        Some(platform) => format!(
            "`docker pull --platform {platform} {name}` where it was saved, then save it again; or \
             choose another platform with --platform"
        ),
        None => format!("save it again, after a `docker pull {name}` on the same machine"),
    };
    Error::Missing {
        image,
        what,
        note: contents.note(member),
        hint,
    }
}
