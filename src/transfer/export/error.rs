//! Errors of exports, in addition to those of the client.

use std::io;

use crate::client;
use crate::oci::Digest;

/// Why an export failed. The output is incomplete.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The registry does not have the content, or its content is invalid.
    #[error(transparent)]
    Client(#[from] client::Error),
    /// A manifest can't be put into an archive.
    #[error("{image}: {reason}")]
    Manifest {
        /// The requested image.
        image: String,
        /// What is wrong with it, and a hint.
        reason: String,
    },
    /// Two different images have one name.
    #[error(
        "{name} is requested for both {first} and {second}; hint: export them into two \
         archives, a name is for one image"
    )]
    Name {
        /// The full name.
        name: String,
        /// The first manifest.
        first: Box<Digest>,
        /// The second manifest.
        second: Box<Digest>,
    },
    /// The archive can't be written.
    #[error(transparent)]
    Write(io::Error),
}
