//! The registry behind the access decision: a handler gets it only with a permit.

use std::sync::Arc;

use tokio::sync::mpsc;

use crate::admin::{Answer, Operation, Operations};
use crate::auth::{
    Challenge, Credentials, Denied, Identity, Issued, Policy, Scope, SignInError, TokenError,
    decide,
};
use crate::oci::{Action, Context, Permit, Visibility};
use crate::registry::{Registry, RegistryError};

/// The registry and its access policy.
pub(super) struct Guard {
    /// Only [`Guard::reach`] and [`Guard::ping`] use it.
    registry: Registry,
    policy: Arc<Policy>,
    operations: Operations,
}

impl Guard {
    pub(super) fn new(registry: Registry, policy: Arc<Policy>, operations: Operations) -> Self {
        Self {
            registry,
            policy,
            operations,
        }
    }

    /// The sign-in method for clients, if there is one.
    pub(super) fn challenge(&self) -> Option<Challenge> {
        self.policy.challenge()
    }

    /// Signs in the caller with these credentials.
    pub(super) async fn identify(
        &self,
        credentials: &Credentials,
        context: &Context,
    ) -> Result<Identity, SignInError> {
        self.policy.identify(credentials, context).await
    }

    /// Issues a token, if there is a built-in token service.
    pub(super) async fn issue(
        &self,
        identity: &Identity,
        asked: &[Scope],
    ) -> Result<Option<Issued>, TokenError> {
        self.policy.issue(identity, asked).await
    }

    /// Decides about an action: the registry acting for the caller, with the permitted action, or
    /// the refusal.
    pub(super) async fn admit(
        &self,
        context: &Arc<Context>,
        identity: &Identity,
        action: &Action,
    ) -> Result<(Registry, Action), Denied> {
        let permit = decide(&self.policy, context, identity, action).await?;
        Ok((self.reach(&permit), permit.action().clone()))
    }

    /// Begins an operation of an administrator. Returns the lines of its answer.
    pub(super) async fn administer(
        &self,
        context: &Arc<Context>,
        identity: &Identity,
        operation: Operation,
    ) -> Result<mpsc::Receiver<Answer>, Denied> {
        let action = if operation.reads() {
            Action::Inspect
        } else {
            Action::Administer
        };
        let permit = decide(&self.policy, context, identity, &action).await?;
        Ok(self.operations.begin(&permit, operation))
    }

    /// The repositories that a caller may see.
    pub(super) fn visibility(&self, identity: &Identity) -> Visibility {
        self.policy.visibility(identity)
    }

    /// The registry, acting for the caller of a permit.
    fn reach(&self, permit: &Permit) -> Registry {
        self.registry.acting(permit)
    }

    /// Whether the registry answers. This needs no permission.
    pub(super) async fn ping(&self) -> Result<(), RegistryError> {
        self.registry.ping().await
    }

    /// Occupied or unreadable paths of the layout, each with the reason.
    pub(super) fn obstructed(&self) -> Vec<(String, String)> {
        self.registry.obstructed()
    }
}
