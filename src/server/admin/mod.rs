//! The access of commands to a root: [`Session`] connects to the admin socket of the server that
//! has it, or locks and opens the root itself.
//!
//! `admin` defines the operations and reports; this module only transports them.

mod listening;
mod relay;
mod session;
mod socket;
#[cfg(test)]
#[allow(clippy::disallowed_methods, reason = "tests look at files")]
mod tests;

pub use relay::relay;
pub use session::Session;

pub(super) use listening::Listening;
pub(super) use session::{ask_server, root_of};
