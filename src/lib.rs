//! regctl: a container registry and its administration in one binary.

pub mod client;
pub mod hash;
pub mod oci;
