//! Operations on a root, and their reports.

use serde::{Deserialize, Serialize};

use super::{
    AccountOperation, AccountReport, AccountsUnused, AuditFilter, CertificateReport, CheckEntry,
    CheckOptions, CheckReport, CollectEntry, CollectOptions, CollectReport, CollectionStatus,
    Event, Failure, FailureKind, PruneEntry, PruneReport, Reason, Restorable, Restored,
    RetentionRule, RetentionRules, RuleRemoved, RuleSaved, Trashed, UsageReport,
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
    /// Show the running collection and the results of the last ones.
    CollectionStatus,
    /// List the trash.
    Trash,
    /// Empty the trash.
    EmptyTrash,
    /// Restore a deletion from the trash.
    Restore {
        /// The name.
        what: Restorable,
    },
    /// Compare the layout with the index.
    Check(CheckOptions),
    /// Show the disk usage of repositories and tags.
    Usage {
        /// Only this repository and those below it, by tag.
        #[serde(default)]
        under: Option<Repository>,
    },
    /// Change or list accounts, groups, tokens, grants and visibility.
    Account(AccountOperation),
    /// List events.
    Audit {
        /// The selected events.
        #[serde(flatten)]
        filter: AuditFilter,
        /// The maximum number of events, the latest first; 0 means all.
        #[serde(default)]
        limit: u64,
    },
    /// Show the state of the certificate of the server.
    Certificate,
    /// Delete tags by a rule.
    Prune {
        /// The rule.
        rule: RetentionRule,
        /// Report only, without deleting.
        #[serde(default)]
        dry_run: bool,
        /// Skip repositories that would lose every tag, instead of deleting nothing at all.
        #[serde(default)]
        lenient: bool,
    },
    /// List the retention rules.
    RetentionRules,
    /// Save a retention rule, which is applied before each scheduled collection.
    SaveRule {
        /// The rule.
        rule: RetentionRule,
    },
    /// Remove a saved retention rule.
    RemoveRule {
        /// Its number.
        id: i64,
    },
    /// Copy the index into a file beside it, which the client removes.
    CopyIndex,
}

impl Operation {
    /// Whether the operation may be the first one on a new root.
    pub fn may_begin_root(&self) -> bool {
        matches!(self, Self::Account(operation) if operation.creates_accounts())
    }

    /// Whether the operation changes nothing.
    pub fn reads(&self) -> bool {
        match self {
            Self::Collect(options) => options.dry_run,
            Self::Prune { dry_run, .. } => *dry_run,
            Self::Check(options) => !options.repair,
            Self::Account(operation) => operation.reads(),
            Self::CollectionStatus
            | Self::Trash
            | Self::Usage { .. }
            | Self::Audit { .. }
            | Self::Certificate
            | Self::RetentionRules => true,
            Self::EmptyTrash
            | Self::Restore { .. }
            | Self::SaveRule { .. }
            | Self::RemoveRule { .. }
            | Self::CopyIndex => false,
        }
    }
}

/// An entry of a report, sent while the operation runs.
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
    /// Of an operation on accounts and rights that has no effect on clients.
    AccountsUnused(AccountsUnused),
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

/// The report of an audit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct AuditReport {
    /// The number of listed events.
    pub events: u64,
    /// Whether older events were left out because of the limit.
    pub more: bool,
}

/// The content of the trash.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Trash {
    /// Deletions that can be restored, the latest first.
    pub deletions: Vec<Trashed>,
}

/// The report of emptying the trash.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Emptied {
    /// The number of deletions that can no longer be restored.
    pub deletions: u64,
}

/// The report of a copy of the index.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct IndexCopied {
    /// The name of the copy, in the directory of the index.
    pub name: String,
}

/// Declares the reports and their conversions from [`Report`].
macro_rules! reports {
    ($($(#[$documentation:meta])* $name:ident),*) => {
        /// The report of an operation.
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
                        "the answer belongs to another operation than the requested one",
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
    /// Of [`Operation::Certificate`].
    CertificateReport,
    /// Of [`Operation::Account`].
    AccountReport,
    /// Of [`Operation::Prune`].
    PruneReport,
    /// Of [`Operation::RetentionRules`].
    RetentionRules,
    /// Of [`Operation::SaveRule`].
    RuleSaved,
    /// Of [`Operation::RemoveRule`].
    RuleRemoved,
    /// Of [`Operation::CopyIndex`].
    IndexCopied
}
