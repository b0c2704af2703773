//! Collection: taking what nothing holds, while the registry serves.
//!
//! A blob stays while a manifest (living or in the trash), a lease, or a manifest that can't be read
//! holds it; a manifest, when untagged ones go as well, while a tag, a parent, a subject, a lease or
//! the trash does. What to look at is planned without the writer; each batch that goes is one
//! transaction, which looks again. Dry and real runs share the planner and tell the same things. One
//! runs at a time; one that was interrupted is continued by the next.

mod leftovers;
mod pace;
mod report;
mod run;
mod running;

pub use report::{CollectReport, Collected, CollectionStatus, Freed, Progress};

pub(super) use running::Running;

use crate::clock::Millis;

/// What a collection is to do.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CollectOptions {
    /// Only tells what would go.
    pub dry_run: bool,
    /// Manifests that nothing holds go as well, when they were pushed longer ago than this, in
    /// milliseconds.
    pub untagged: Option<Millis>,
    /// What lies in the trash holds nothing any more.
    pub empty_trash: bool,
}
