//! Administration of a root: collection, the trash, checks, usage, retention.
//!
//! [`Session`] is how a command reaches a root: through the admin socket of the server that has it,
//! or by locking and opening the root itself. `words` says what may be asked and answered; one
//! place does it (`operate`), whoever asks.

mod lines;
mod operate;
mod prune;
mod session;
mod socket;
#[cfg(test)]
#[allow(clippy::disallowed_methods, reason = "tests look at what is there")]
mod tests;
mod words;

pub use session::Session;
pub use words::{
    Amount, Checked, Collected, Difference, Event, Failure, FailureKind, Line, Name, Operation,
    Outcome, PruneRule, Pruned, Restored, Run, Running, Status, Thing, Trashed, Usage, UsageRow,
};

pub(super) use operate::Administration;
pub(super) use socket::Listening;
