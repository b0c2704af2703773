//! Administration of a root: collection, retention, the trash, checks, usage.
//!
//! Contains the operations and their reports. Reports are data: reasons are enums, and the command
//! line and the pages turn them into sentences. This room depends on no socket, no HTTP and no
//! command line; `request` and `protocol` define the wire format.

mod account_operation;
mod accounts;
mod administration;
mod answers;
mod audit;
mod certificate;
mod failure;
mod operation;
mod operations;
mod protocol;
mod request;
mod retention;
#[cfg(test)]
mod tests;

pub use crate::oci::RetentionRule;
pub use crate::registry::{
    CheckEntry, CheckOptions, CheckReport, CollectEntry, CollectOptions, CollectReport,
    CollectionRecord, CollectionStatus, Decision, DeleteReasons, Difference, Event, Freed, Hold,
    Holder, KeepReason, Link, Listener, ManifestDeleteReason, ManifestKeepReason, Progress,
    PruneEntry, PruneReport, Remedy, RepositoryUsage, Restorable, Restored, Trashed, TrashedKind,
    Usage, UsageReport,
};
pub use account_operation::{
    AccountOperation, AccountReport, AccountsUnused, ImportedAccount, MINIMUM_LIFETIME, Password,
    RightsReport, RobotGrant,
};
pub use administration::Administration;
pub use audit::AuditFilter;
pub use certificate::{
    CertificateOrigin, CertificateReport, CertificateSource, CertificateState, DateProblem,
    RenewalFailure,
};

pub use crate::auth::{AccountRecord, GrantRecord, Grantee, GroupRecord, TokenRecord};
pub use failure::{Failure, FailureKind, Reason};
pub use operation::{AuditReport, Emptied, Entry, IndexCopied, Operation, Report, Trash};
pub use operations::Operations;
pub use protocol::{Answer, VERSION};
pub use request::Request;
pub use retention::{ConfiguredRetention, ListedRule, RetentionRules, RuleRemoved, RuleSaved};
