//! Errors of archives, each as the one line that a person reads.
//!
//! Defines the wording: what failed, in which member, why, and what to do. Names from an archive
//! are untrusted; the printer removes their control characters.

use std::io;

use crate::oci::Digest;

/// Why an archive can't be used.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The bytes can't be read.
    #[error("can't read the archive: {0}")]
    Read(#[from] io::Error),
    /// The stream ends inside a member or inside its outer compression.
    #[error("the archive is cut short {place}; hint: it is incomplete, save it again")]
    Truncated {
        /// Where.
        place: String,
    },
    /// The bytes are of an unknown kind.
    #[error(
        "this is not an image archive: {reason}; hint: one is what `docker save`, `podman save` or \
         `regctl export` writes"
    )]
    NotAnArchive {
        /// What they are instead.
        reason: String,
    },
    /// A layer can't be decompressed.
    #[error(
        "{image}: the compression of {member} is damaged: {reason}; hint: save the image again"
    )]
    Compression {
        /// The image.
        image: String,
        /// The member.
        member: String,
        /// The message of the decoder.
        reason: String,
    },
    /// A member or a link target lies outside of the archive.
    #[error(
        "the archive has a member {name:?} {reason}; hint: nothing in an image archive may lead out \
         of it, pack it again with relative names"
    )]
    Outside {
        /// The name in the archive.
        name: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// The small documents, names or extended headers exceed the memory limit.
    #[error("the archive has {what}, more than {limit}; hint: is it an image archive?")]
    TooMuch {
        /// What there is too much of.
        what: &'static str,
        /// The limit.
        limit: String,
    },
    /// A document is invalid.
    #[error("can't use {name} of the archive: {reason}")]
    Document {
        /// The member.
        name: String,
        /// What is wrong with it.
        reason: String,
    },
    /// It is an archive of another kind.
    #[error("this is not an image archive but {what}; hint: {hint}")]
    OtherKind {
        /// What it is.
        what: String,
        /// The command that makes an image archive of it, or pushes it.
        hint: String,
    },
    /// No document lists the images of the archive.
    #[error(
        "the archive has neither manifest.json nor index.json{note}; hint: one is what `docker \
         save`, `podman save` or `regctl export` writes"
    )]
    NoImages {
        /// A note: the archive has no end.
        note: &'static str,
    },
    /// Something that an image needs is not in the archive.
    #[error("{image}: {what} is not in the archive{note}; hint: {hint}")]
    Missing {
        /// The image, with its platform if it has one.
        image: String,
        /// What is missing.
        what: String,
        /// A note with further facts.
        note: String,
        /// What to do.
        hint: String,
    },
    /// A layer was left out because the registry should have it, and the registry does not have it.
    #[error(
        "{image}: layer {layer} is neither in the archive nor in {registry}; hint: the archive holds \
         only what is new since {bases}: import that first"
    )]
    Base {
        /// The image.
        image: String,
        /// The layer.
        layer: Digest,
        /// The destination registry.
        registry: String,
        /// The images that it builds on.
        bases: String,
    },
    /// None of the images is for the requested platform.
    #[error("{image}: the archive has no image for {wanted}; hint: it has {present}")]
    Platform {
        /// The image.
        image: String,
        /// The requested platform.
        wanted: String,
        /// The available platforms.
        present: String,
    },
    /// The bytes of a member do not have the digest in its name or descriptor.
    #[error(
        "{image}: {member} should have the digest {expected}, but has {actual}; hint: the archive \
         is damaged, save it again"
    )]
    Digest {
        /// The image.
        image: String,
        /// The member.
        member: String,
        /// The expected digest.
        expected: Digest,
        /// The actual digest.
        actual: Digest,
    },
    /// An uncompressed layer does not have the diffID in the configuration.
    #[error(
        "{image}: layer {number} ({member}) should have the diffID {expected}, but has {actual}; \
         hint: the archive is damaged, save it again"
    )]
    DiffId {
        /// The image.
        image: String,
        /// The position of the layer, from 1.
        number: usize,
        /// Its member.
        member: String,
        /// The expected diffID.
        expected: Digest,
        /// The actual diffID.
        actual: Digest,
    },
    /// Manifest and configuration contradict each other.
    #[error("{image}: {reason}; hint: save the image again")]
    Image {
        /// The image.
        image: String,
        /// What is wrong.
        reason: String,
    },
}

impl Error {
    /// The error of reading a member.
    pub fn reading(member: &str, error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::UnexpectedEof {
            Self::Truncated {
                place: format!("in its member {member:?}"),
            }
        } else {
            Self::Read(error)
        }
    }

    /// Whether content does not match its digest.
    pub fn is_mismatch(&self) -> bool {
        matches!(self, Self::Digest { .. } | Self::DiffId { .. })
    }
}
