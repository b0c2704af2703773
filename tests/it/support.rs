//! Shared parts of the tests: servers, a client that can misbehave, images to push.

mod acme;
mod acme_checks;
pub(crate) mod archive;
pub(crate) mod browser;
mod client;
mod disk;
pub(crate) mod https;
mod image;
mod index;
mod meddler;
mod mount;
mod proxy;
mod server;
mod ssh;
pub(crate) mod tls;
mod tools;
mod wire;

pub(crate) use acme::{AcmeDirectory, Judgement};
pub(crate) use client::{Client, Remote, next_target, path_of, sha256, sha512, texts, with_query};
pub(crate) use disk::files;
pub(crate) use image::{
    Image, Manifest, OCI_CONFIG, OCI_INDEX, OCI_LAYER, OCI_MANIFEST, Random, artifact, descriptor,
    index, random_bytes,
};
pub(crate) use meddler::{Action, Meddler, Passed};
pub(crate) use mount::Mount;
pub(crate) use proxy::Proxy;
pub(crate) use server::{Log, Program, Server, Setup, wait};
pub(crate) use ssh::Sshd;
pub(crate) use tools::{attempt, eventually, find, have, is_ci, is_root, run, skip};
pub(crate) use wire::{Connection, PATIENCE, Request, Response};
