//! Image archives as streams, both ways: what `docker save`, podman, skopeo, buildx and crane write,
//! and OCI layouts, as tar files.
//!
//! Owns the formats: the outer compression, the members, which metadata is right, the compression of
//! layers. Works on blocking readers and writers and holds no more than a few chunks and the small
//! JSON documents; knows no registry and no async. Invariants: nothing is unpacked to disk; no name
//! is trusted, every digest is computed.

mod compress;
mod decompress;
pub mod documents;
mod gzip;
mod pool;
mod writer;

pub use compress::{Compression, Compressor, UnknownCompression};
pub use decompress::{Encoding, decoder};
pub use writer::Writer;
