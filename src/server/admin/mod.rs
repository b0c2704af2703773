//! How a command reaches a root: [`Session`] speaks through the admin socket of the server that has
//! it, or locks and opens the root itself.
//!
//! What may be done, and what comes of it, is the room `admin`; here is only its transport.

mod session;
mod socket;
#[cfg(test)]
#[allow(clippy::disallowed_methods, reason = "tests look at what is there")]
mod tests;

pub use session::Session;

pub(super) use socket::Listening;
