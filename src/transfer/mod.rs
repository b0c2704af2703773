//! Moving images between registries and archives: import, export, copy.
//!
//! Combines `client` and `archive`: determines what exists, what has to move, in which order, and
//! how much at once. Prints nothing: it reports events to a listener, and returns reports.
//! Invariants: bytes before the manifests that reference them, tags last; memory is bounded for any
//! image size.

pub mod copy;
pub mod export;
pub mod import;
pub mod progress;
