//! What people do on the pages: each action is decided for the caller of the request, and done by the
//! registry that acts for it.

use super::{Fault, Pages, Request};
use crate::admin::{AccountOperation, AccountReport, Administration, Failure, Operation};
use crate::auth::{Denied, decide};
use crate::oci::{Action, Right};
use crate::registry::{Listener, Registry};

/// Discards the entries of a report.
struct NoListener;

impl Listener<crate::admin::Entry> for NoListener {
    fn receive(&self, _: crate::admin::Entry) -> futures_util::future::BoxFuture<'_, ()> {
        Box::pin(std::future::ready(()))
    }
}

/// Whether an action changes what a repository holds or says.
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
        let (Some((policy, registry)), Some(identity)) =
            (&self.accounts, &request.visitor.identity)
        else {
            return Err(Fault::NotFound);
        };
        if self.settings.browse_only && changes_repository(action) {
            return Err(Fault::Forbidden);
        }
        match decide(policy, &request.context, identity, action).await {
            Ok(permit) => Ok(registry.acting(&permit)),
            Err(Denied::Hidden) => Err(Fault::NotFound),
            Err(Denied::SignIn | Denied::Scope | Denied::Forbidden) => Err(Fault::Forbidden),
            Err(Denied::Index(error)) => Err(Fault::failed(&error)),
        }
    }

    /// Whether the caller may do an action, as far as rights and the configuration say.
    pub(super) async fn may(&self, request: &Request, action: &Action) -> bool {
        let Ok(registry) = self.acting(request, action).await else {
            return false;
        };
        let rules = registry.rules();
        let deletes = matches!(
            action,
            Action::DeleteTag(..) | Action::DeleteManifest(..) | Action::DeleteRepository(_)
        );
        !rules.read_only && (rules.delete || !deletes)
    }

    /// Executes an operation on accounts for the caller, which `action` permits.
    pub(super) async fn operate(
        &self,
        request: &Request,
        action: &Action,
        operation: AccountOperation,
    ) -> Result<Result<AccountReport, Failure>, Fault> {
        let registry = self.acting(request, action).await?;
        let administration = Administration::new(&registry);
        let done = administration.execute(Operation::Account(operation), &NoListener);
        Ok(done.await.and_then(AccountReport::try_from))
    }
}
