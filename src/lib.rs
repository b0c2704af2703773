//! regctl: a container registry and its administration in one binary.

pub mod admin;
pub mod archive;
pub mod auth;
pub mod cli;
pub mod client;
pub mod clock;
pub mod config;
pub mod hash;
pub mod http;
pub mod index;
pub mod oci;
pub mod registry;
pub mod server;
pub mod store;
pub mod telemetry;
pub mod transfer;
pub mod web;
