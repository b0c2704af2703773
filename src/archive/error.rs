//! What can be wrong with an archive, each as the one line that a person reads.
//!
//! Owns the wording: what, in which member, why, and what to do. Names out of an archive are a
//! stranger's; whoever prints takes their control characters out.

use std::io;

use crate::oci::Digest;

/// Why an archive can't be used.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The bytes can't be read at all.
    #[error("can't read the archive: {0}")]
    Read(#[from] io::Error),
    /// The stream ends inside of a member or of its outer compression.
    #[error(
        "the archive is cut short {place}; hint: it was not written or copied to its end, save it again"
    )]
    Truncated {
        /// Where.
        place: String,
    },
    /// The bytes are of no known kind.
    #[error(
        "this is no image archive: {reason}; hint: one is what `docker save`, `podman save` or \
         `regctl export` writes"
    )]
    NotAnArchive {
        /// What they are instead.
        reason: String,
    },
    /// The compression of a layer can't be undone.
    #[error(
        "{image}: the compression of {member} is damaged: {reason}; hint: save the image again"
    )]
    Compression {
        /// The image.
        image: String,
        /// The member.
        member: String,
        /// What the decoder says.
        reason: String,
    },
    /// A member or the target of a link lies outside of the archive.
    #[error(
        "the archive has a member {name:?} {reason}; hint: nothing in an image archive may lead out \
         of it, pack it again with relative names"
    )]
    Outside {
        /// The name as it stands.
        name: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// The small documents, names or extended headers are more than is kept in memory.
    #[error("the archive has {what}, more than {limit}; hint: is it an image archive?")]
    TooMuch {
        /// Of what.
        what: &'static str,
        /// How much there may be.
        limit: String,
    },
    /// A document is not what it should be.
    #[error("can't use {name} of the archive: {reason}")]
    Document {
        /// The member.
        name: String,
        /// What is wrong with it.
        reason: String,
    },
    /// It is an archive of another kind.
    #[error("this is no image archive but {what}; hint: {hint}")]
    OtherKind {
        /// What it is.
        what: String,
        /// The command that makes an image archive of it, or sends it.
        hint: String,
    },
    /// Nothing in the archive says what images are in it.
    #[error(
        "the archive has neither manifest.json nor index.json{note}; hint: one is what `docker \
         save`, `podman save` or `regctl export` writes"
    )]
    NoImages {
        /// What else is known: that it has no end.
        note: &'static str,
    },
    /// Something that an image needs is not in the archive.
    #[error("{image}: {what} is not in the archive{note}; hint: {hint}")]
    Missing {
        /// The image, with its platform if it says one.
        image: String,
        /// What is missing.
        what: String,
        /// What else is known.
        note: String,
        /// What to do.
        hint: String,
    },
    /// A layer was left out of the archive for the registry to have, and it does not.
    #[error(
        "{image}: layer {layer} is neither in the archive nor in {registry}; hint: the archive holds \
         only what is new since {bases}: import that first"
    )]
    Base {
        /// The image.
        image: String,
        /// The layer.
        layer: Digest,
        /// Where the archive goes.
        registry: String,
        /// The images that it builds on.
        bases: String,
    },
    /// None of the images is of the platform that was asked for.
    #[error("{image}: the archive does not have it for {wanted}; hint: it has {present}")]
    Platform {
        /// The image.
        image: String,
        /// What was asked for.
        wanted: String,
        /// What there is.
        present: String,
    },
    /// The bytes of a member do not have the digest that its name or descriptor says.
    #[error(
        "{image}: {member} should have the digest {expected} and has {actual}; hint: the archive \
         is damaged, save it again"
    )]
    Digest {
        /// The image.
        image: String,
        /// The member.
        member: String,
        /// What is said.
        expected: Digest,
        /// What it is.
        actual: Digest,
    },
    /// A layer, uncompressed, is not the one that the configuration names.
    #[error(
        "{image}: layer {number} ({member}) should have the diffID {expected} and has {actual}; \
         hint: the archive is damaged or was put together wrongly, save it again"
    )]
    DiffId {
        /// The image.
        image: String,
        /// Which layer, from 1.
        number: usize,
        /// Its member.
        member: String,
        /// What the configuration says.
        expected: Digest,
        /// What it is.
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
    /// What it is when the bytes of a member can't be read.
    pub fn reading(member: &str, error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::UnexpectedEof {
            Self::Truncated {
                place: format!("in its member {member:?}"),
            }
        } else {
            Self::Read(error)
        }
    }

    /// Whether content is not what its digest says.
    pub fn is_mismatch(&self) -> bool {
        matches!(self, Self::Digest { .. } | Self::DiffId { .. })
    }
}
