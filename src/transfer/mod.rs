//! Moving images between registries and archives: import, export, copy.
//!
//! Puts `client` and `archive` together: what is there already, what has to move, in which order,
//! how much at once. Prints nothing: it tells a listener, and returns reports. Invariants: bytes
//! before the manifests that name them, tags last; memory is bounded whatever the size of an image.

pub mod copy;
pub mod export;
pub mod import;
pub mod progress;
