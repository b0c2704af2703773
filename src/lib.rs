//! regctl: a container registry and its administration in one binary.

pub mod config;
pub mod hash;
pub mod oci;
