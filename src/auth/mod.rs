//! Callers and what they may do: one decision for an action of a caller.
//!
//! A request, an admin command or a background task asks [`decide`] once, before it touches the
//! registry, and gets a [`Permit`](crate::oci::Permit), with which the registry acts for that
//! caller. Knows no HTTP: how a refusal looks on the wire is the business of `http`.

mod decide;

pub use decide::{Denied, Policy, decide};
