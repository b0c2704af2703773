//! Collection: deleting what nothing holds, while the registry serves.
//!
//! A blob is held by a manifest (live or in the trash), by a lease, and by an unreadable manifest of
//! its repository; a manifest, where untagged ones are collected, by a tag, a parent, a subject, a
//! lease or the trash. Candidates are planned without the writer; each batch is deleted in one
//! transaction, which checks again. Dry and real runs share the planner and report the same entries.
//! One real run at a time; the next run continues one that was interrupted.

mod leftovers;
mod pace;
mod report;
mod run;
mod running;

pub use report::{CollectEntry, CollectReport, CollectionStatus, Freed, Progress};

pub(super) use running::Running;

use serde::{Deserialize, Serialize};

use crate::clock::Millis;

/// What a collection is to do.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct CollectOptions {
    /// Delete nothing, only report.
    pub dry_run: bool,
    /// Collect untagged manifests as well, those that were pushed longer ago than this, in
    /// milliseconds.
    pub untagged: Option<Millis>,
    /// Empty the trash first.
    pub empty_trash: bool,
    /// End all leases first. Refused while something is being pushed or pulled; a dry run ends none.
    pub end_leases: bool,
}
