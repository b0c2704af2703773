//! What can go wrong with an export beyond what the client says.

use std::io;

use crate::client;
use crate::oci::Digest;

/// Why an export did not come about. What was written until then is no archive.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The registry does not give what is needed, or what it gives is wrong.
    #[error(transparent)]
    Client(#[from] client::Error),
    /// A manifest can't be put into an archive.
    #[error("{image}: {reason}")]
    Manifest {
        /// The image as it was asked for.
        image: String,
        /// What is wrong with it; what to do.
        reason: String,
    },
    /// Two images under one name are different ones.
    #[error(
        "{name} is asked for twice and means {first} and {second}; hint: export them into two \
         archives, a name is for one image"
    )]
    Name {
        /// The name, whole.
        name: String,
        /// The first manifest.
        first: Box<Digest>,
        /// The other.
        second: Box<Digest>,
    },
    /// The archive can't be written.
    #[error(transparent)]
    Write(io::Error),
}
