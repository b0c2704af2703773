//! regctl: a container registry and its administration in one binary.

pub mod clock;
pub mod hash;
pub mod index;
pub mod oci;
pub mod registry;
pub mod store;
