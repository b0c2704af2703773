//! Actions of people on the pages: each is decided for the caller of the request, and executed by a
//! registry that acts for the caller.

use tokio::sync::mpsc::Receiver;

use super::{Fault, Pages, Request};
use crate::admin::{self, AccountOperation, AccountReport, Entry, Failure, Operation, Report};
use crate::auth::{Denied, decide, permitted};
use crate::oci::{Action, Permit, Right};
use crate::registry::{Listener, Registry};

/// Discards the entries of a report.
struct NoListener;

impl Listener<Entry> for NoListener {
    fn receive(&self, _: Entry) -> futures_util::future::BoxFuture<'_, ()> {
        Box::pin(std::future::ready(()))
    }
}

/// Whether an action changes the content or the description of a repository.
fn changes_repository(action: &Action) -> bool {
    let right = action.needs().map(|(_, right)| right);
    matches!(right, Some(Right::Push | Right::Delete)) || matches!(action, Action::Star(_))
}

impl Pages {
    /// The registry, acting for the caller of a request, if that may do `action`.
    pub(super) async fn acting(
        &self,
        request: &Request,
        action: &Action,
    ) -> Result<Registry, Fault> {
        let permit = self.permit(request, action).await?;
        let (_, registry) = self.accounts.as_ref().ok_or(Fault::NotFound)?;
        Ok(registry.acting(&permit))
    }

    /// The registry, acting for an administrator. For other callers the page does not exist.
    pub(super) async fn administering(
        &self,
        request: &Request,
        action: &Action,
    ) -> Result<Registry, Fault> {
        if !request.visitor.is_admin() {
            return Err(Fault::NotFound);
        }
        self.acting(request, action).await
    }

    async fn permit(&self, request: &Request, action: &Action) -> Result<Permit, Fault> {
        self.asked(request, action, true).await
    }

    /// The permit for an action of the caller, who performs it (`now`) or is shown that it is
    /// possible.
    async fn asked(&self, request: &Request, action: &Action, now: bool) -> Result<Permit, Fault> {
        let (Some((policy, _)), Some(identity)) = (&self.accounts, &request.visitor.identity)
        else {
            return Err(Fault::NotFound);
        };
        if self.settings.browse_only && changes_repository(action) {
            return Err(Fault::Forbidden);
        }
        let decided = if now {
            decide(policy, &request.context, identity, action).await
        } else {
            permitted(policy, &request.context, identity, action).await
        };
        match decided {
            Ok(permit) => Ok(permit),
            Err(Denied::Hidden) => Err(Fault::NotFound),
            Err(Denied::SignIn | Denied::Scope | Denied::Forbidden) => Err(Fault::Forbidden),
            Err(Denied::Index(error)) => Err(Fault::failed(&error)),
        }
    }

    /// Whether the rights and the configuration permit an action of the caller.
    pub(super) async fn may(&self, request: &Request, action: &Action) -> bool {
        let (Some((_, registry)), Ok(_)) =
            (&self.accounts, self.asked(request, action, false).await)
        else {
            return false;
        };
        let rules = registry.rules();
        let deletes = matches!(
            action,
            Action::DeleteTag(..) | Action::DeleteManifest(..) | Action::DeleteRepository(_)
        );
        !rules.read_only && (rules.delete || !deletes)
    }

    /// Executes an operation on accounts for the caller, with the right that `action` needs.
    pub(super) async fn operate(
        &self,
        request: &Request,
        action: &Action,
        operation: AccountOperation,
    ) -> Result<Result<AccountReport, Failure>, Fault> {
        let operation = Operation::Account(operation);
        let done = self
            .execute(request, action, operation, &NoListener)
            .await?;
        Ok(done.and_then(AccountReport::try_from))
    }

    /// Executes an operation on the root for the caller, with the right that `action` needs.
    /// `listener` receives the entries of its report.
    pub(super) async fn execute(
        &self,
        request: &Request,
        action: &Action,
        operation: Operation,
        listener: &dyn Listener<Entry>,
    ) -> Result<Result<Report, Failure>, Fault> {
        let permit = self.permit(request, action).await?;
        let operations = self.operations.as_ref().ok_or(Fault::NotFound)?;
        Ok(operations
            .acting(&permit)
            .execute(operation, listener)
            .await)
    }

    /// Begins an operation on the root for the caller, with the right that `action` needs. It
    /// continues even if the request is dropped.
    pub(super) async fn begin(
        &self,
        request: &Request,
        action: &Action,
        operation: Operation,
    ) -> Result<Receiver<admin::Answer>, Fault> {
        let permit = self.permit(request, action).await?;
        let operations = self.operations.as_ref().ok_or(Fault::NotFound)?;
        Ok(operations.begin(&permit, operation))
    }
}
