//! regctl: a container registry and its administration in one binary.

pub mod cli;
pub mod client;
pub mod hash;
pub mod oci;
