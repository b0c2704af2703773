//! What may be asked of a root, and what comes of it.

use serde::{Deserialize, Serialize};

use super::{
    AccountOperation, AccountReport, AuditFilter, CheckEntry, CheckOptions, CheckReport,
    CollectEntry, CollectOptions, CollectReport, CollectionStatus, Event, Failure, FailureKind,
    PruneEntry, PruneReport, Reason, Restorable, Restored, RetentionRule, Trashed, UsageReport,
};
use crate::oci::Repository;

/// An operation on a root.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(
    tag = "operation",
    rename_all = "kebab-case",
    rename_all_fields = "camelCase"
)]
pub enum Operation {
    /// Collect garbage.
    Collect(CollectOptions),
    /// Say whether a collection runs, and how the last ones ended.
    CollectionStatus,
    /// List the trash.
    Trash,
    /// Empty the trash.
    EmptyTrash,
    /// Restore something from the trash.
    Restore {
        /// What.
        what: Restorable,
    },
    /// Compare the layout with the index.
    Check(CheckOptions),
    /// Say how many bytes repositories and tags take up.
    Usage {
        /// Only this repository and those below it, by tag.
        #[serde(default)]
        under: Option<Repository>,
    },
    /// Change or list accounts, groups, tokens, grants and visibility.
    Account(AccountOperation),
    /// List what was done, by whom and from where.
    Audit {
        /// Which events.
        #[serde(flatten)]
        filter: AuditFilter,
        /// At most so many, the latest; 0 for all.
        #[serde(default)]
        limit: u64,
    },
    /// Delete tags by a rule.
    Prune {
        /// The rule.
        rule: RetentionRule,
        /// Delete nothing, only report.
        #[serde(default)]
        dry_run: bool,
        /// Delete nothing in repositories that would lose every tag, instead of nothing at all.
        #[serde(default)]
        lenient: bool,
    },
}

impl Operation {
    /// Whether it only reads.
    pub fn reads(&self) -> bool {
        match self {
            Self::Collect(options) => options.dry_run,
            Self::Prune { dry_run, .. } => *dry_run,
            Self::Check(options) => !options.repair,
            Self::Account(operation) => operation.reads(),
            Self::CollectionStatus | Self::Trash | Self::Usage { .. } | Self::Audit { .. } => true,
            Self::EmptyTrash | Self::Restore { .. } => false,
        }
    }
}

/// An entry of a report, which comes while the operation runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Entry {
    /// Of a collection.
    Collect(CollectEntry),
    /// Of a prune.
    Prune(PruneEntry),
    /// Of a check.
    Check(CheckEntry),
    /// Of an audit.
    Event(Box<Event>),
}

impl From<CollectEntry> for Entry {
    fn from(entry: CollectEntry) -> Self {
        Self::Collect(entry)
    }
}

impl From<PruneEntry> for Entry {
    fn from(entry: PruneEntry) -> Self {
        Self::Prune(entry)
    }
}

impl From<CheckEntry> for Entry {
    fn from(entry: CheckEntry) -> Self {
        Self::Check(entry)
    }
}

/// What came of an audit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct AuditReport {
    /// How many events were listed.
    pub events: u64,
    /// Whether there are older ones beyond the limit.
    pub more: bool,
}

/// What lies in the trash.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Trash {
    /// The deletions that can be restored, the latest first.
    pub deletions: Vec<Trashed>,
}

/// What was removed from the trash.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Emptied {
    /// Deletions that can't be restored any more.
    pub deletions: u64,
}

/// Declares the reports, and how each kind is taken out of [`Report`].
macro_rules! reports {
    ($($(#[$documentation:meta])* $name:ident),*) => {
        /// What came of an operation.
        #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(rename_all = "kebab-case")]
        pub enum Report {
            $($(#[$documentation])* $name($name)),*
        }

        $(impl TryFrom<Report> for $name {
            type Error = Failure;

            fn try_from(report: Report) -> Result<Self, Failure> {
                match report {
                    Report::$name(report) => Ok(report),
                    _ => Err(Failure::new(
                        FailureKind::Error,
                        Reason::Unknown,
                        "the answer is to another operation than the one that was asked for",
                    )),
                }
            }
        })*
    };
}

reports! {
    /// Of [`Operation::Collect`].
    CollectReport,
    /// Of [`Operation::CollectionStatus`].
    CollectionStatus,
    /// Of [`Operation::Trash`].
    Trash,
    /// Of [`Operation::EmptyTrash`].
    Emptied,
    /// Of [`Operation::Restore`].
    Restored,
    /// Of [`Operation::Check`].
    CheckReport,
    /// Of [`Operation::Usage`].
    UsageReport,
    /// Of [`Operation::Audit`].
    AuditReport,
    /// Of [`Operation::Account`].
    AccountReport,
    /// Of [`Operation::Prune`].
    PruneReport
}
