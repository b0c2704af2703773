//! Collection: deletes unreferenced content while the registry serves.
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
mod schedule;

pub use report::{CollectEntry, CollectReport, CollectionStatus, Freed, Progress};

pub(super) use running::Running;

use serde::{Deserialize, Serialize};

use crate::clock::Millis;

/// The options of a collection.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct CollectOptions {
    /// Report only.
    pub dry_run: bool,
    /// Collect untagged manifests as well if they were pushed longer ago than this, in
    /// milliseconds.
    pub untagged: Option<Millis>,
    /// Empty the trash first.
    pub empty_trash: bool,
    /// End all leases first. Refused while a client pushes or pulls; a dry run ends none.
    pub end_leases: bool,
}
