//! Executes operations on a root, for the admin socket, for commands without a server, and for
//! scheduled tasks.
//!
//! Administrators of a root may delete and write even if `storage.delete` and
//! `storage.maintenance.readonly` forbid it to clients.

use std::sync::Arc;

use futures_util::future::BoxFuture;

use super::{
    AccountOperation, AccountReport, AccountsUnused, CertificateReport, CertificateSource,
    ConfiguredRetention, Emptied, Entry, Failure, FailureKind, IndexCopied, Operation, Reason,
    Report, Trash, UsageReport,
};
use crate::oci::{Permit, Repository};
use crate::registry::{Listener, Registry};

/// The administration of a root. Cheap to clone.
#[derive(Clone)]
pub struct Administration {
    registry: Registry,
    /// `None` where no server runs.
    certificate: Option<CertificateSource>,
    retention: ConfiguredRetention,
    accounts_unused: Option<AccountsUnused>,
    /// Why operations that change something are refused.
    unchangeable: Option<Arc<str>>,
}

/// A listener of entries, as a listener of the entries of one operation.
pub(super) struct Entries<'a>(&'a dyn Listener<Entry>);

impl<T: Into<Entry>> Listener<T> for Entries<'_> {
    fn receive(&self, entry: T) -> BoxFuture<'_, ()> {
        self.0.receive(entry.into())
    }
}

impl Administration {
    /// The administration of the root of a registry.
    pub fn new(registry: &Registry) -> Self {
        Self {
            registry: registry.for_administrators(),
            certificate: None,
            retention: ConfiguredRetention::default(),
            accounts_unused: None,
            unchangeable: None,
        }
    }

    /// The same root, with the retention of its configuration.
    #[must_use]
    pub fn with_retention(self, retention: ConfiguredRetention) -> Self {
        Self { retention, ..self }
    }

    /// The same root, whose accounts have no effect for this reason.
    #[must_use]
    pub fn with_accounts_unused(self, accounts_unused: Option<AccountsUnused>) -> Self {
        Self {
            accounts_unused,
            ..self
        }
    }

    /// The same root, whose server has a certificate, or none.
    #[must_use]
    pub fn with_certificate(self, certificate: CertificateSource) -> Self {
        Self {
            certificate: Some(certificate),
            ..self
        }
    }

    /// The same root, which can't keep changes. Operations that change something fail with this
    /// message.
    #[must_use]
    pub fn unchangeable(self, message: impl Into<Arc<str>>) -> Self {
        Self {
            unchangeable: Some(message.into()),
            ..self
        }
    }

    /// The same root, administered for the caller of a permit. Events name this caller.
    #[must_use]
    pub fn acting(&self, permit: &Permit) -> Self {
        Self {
            registry: self.registry.acting(permit),
            certificate: self.certificate.clone(),
            retention: self.retention.clone(),
            accounts_unused: self.accounts_unused,
            unchangeable: self.unchangeable.clone(),
        }
    }

    /// Executes an operation. `listener` receives the entries of its report while it runs.
    pub async fn execute(
        &self,
        operation: Operation,
        listener: &dyn Listener<Entry>,
    ) -> Result<Report, Failure> {
        if let Some(message) = self.unchangeable.as_deref().filter(|_| !operation.reads()) {
            return Err(Failure::new(
                FailureKind::Error,
                Reason::ReadOnlyRoot,
                message,
            ));
        }
        let (registry, entries) = (&self.registry, Entries(listener));
        Ok(match operation {
            Operation::Collect(options) => {
                Report::CollectReport(registry.collect(&options, &entries).await?)
            }
            Operation::CollectionStatus => {
                Report::CollectionStatus(registry.collection_status().await?)
            }
            Operation::Trash => Report::Trash(Trash {
                deletions: registry.trash().await?,
            }),
            Operation::EmptyTrash => Report::Emptied(Emptied {
                deletions: registry.empty_trash().await?,
            }),
            Operation::Restore { what } => Report::Restored(registry.restore(&what).await?),
            Operation::Check(options) => {
                Report::CheckReport(registry.check(options, &entries).await?)
            }
            Operation::Usage { under } => Report::UsageReport(self.usage(under).await?),
            Operation::Audit { filter, limit } => {
                Report::AuditReport(self.audit(filter, limit, listener).await?)
            }
            Operation::Certificate => Report::CertificateReport(self.certificate()?),
            Operation::Account(operation) => {
                Report::AccountReport(self.account(operation, listener).await?)
            }
            Operation::Prune {
                rule,
                dry_run,
                lenient,
            } => Report::PruneReport(self.prune(rule, dry_run, lenient, &entries).await?),
            Operation::RetentionRules => Report::RetentionRules(self.retention_rules().await?),
            Operation::SaveRule { rule } => Report::RuleSaved(self.save_rule(rule).await?),
            Operation::RemoveRule { id } => Report::RuleRemoved(self.remove_rule(id).await?),
            Operation::CopyIndex => Report::IndexCopied(IndexCopied {
                name: registry.copy_index().await?,
            }),
        })
    }

    /// Executes an operation on accounts and rights, and reports if it has no effect on clients.
    async fn account(
        &self,
        operation: AccountOperation,
        listener: &dyn Listener<Entry>,
    ) -> Result<AccountReport, Failure> {
        let unused = self.accounts_unused;
        let unused = unused.filter(|unused| unused.concerns(&operation));
        let report = self.accounts(operation).await?;
        if let Some(unused) = unused {
            listener.receive(Entry::AccountsUnused(unused)).await;
        }
        Ok(report)
    }

    /// The registry of the root.
    pub(super) fn registry(&self) -> &Registry {
        &self.registry
    }

    /// The retention of the configuration.
    pub(super) fn retention(&self) -> &ConfiguredRetention {
        &self.retention
    }

    /// Waits until no collection runs.
    pub async fn collection_ended(&self) {
        self.registry.collection_ended().await;
    }

    fn certificate(&self) -> Result<CertificateReport, Failure> {
        let Some(source) = &self.certificate else {
            let message = "no server runs on this root, so no certificate is in use; hint: regctl \
                           serve starts one";
            return Err(Failure::new(
                FailureKind::NotFound,
                Reason::Unknown,
                message,
            ));
        };
        Ok(source.report())
    }

    async fn usage(&self, under: Option<Repository>) -> Result<UsageReport, Failure> {
        let report = self.registry.usage(under.as_ref()).await?;
        match under {
            Some(repository) if report.repositories.is_empty() => {
                let message = format!("there is no {repository}, nor anything below it");
                let reason = Reason::NothingBelow { repository };
                Err(Failure::new(FailureKind::NotFound, reason, message))
            }
            _ => Ok(report),
        }
    }
}
