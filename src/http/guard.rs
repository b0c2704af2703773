//! The registry behind the decision: a handler reaches it only with a permit.

use std::sync::Arc;

use super::respond::Refusal;
use crate::auth::{Policy, decide};
use crate::oci::{Action, Context, Permit, Visibility};
use crate::registry::{Registry, RegistryError};

/// The registry and the rules by which requests are admitted to it.
pub(super) struct Guard {
    /// Nothing but [`Guard::reach`] and [`Guard::ping`] hands on or uses it.
    registry: Registry,
    policy: Policy,
}

impl Guard {
    pub(super) fn new(registry: Registry, policy: Policy) -> Self {
        Self { registry, policy }
    }

    /// Decides about an action: the registry that acts for its caller, or the refusal.
    pub(super) fn admit(
        &self,
        context: &Arc<Context>,
        action: &Action,
    ) -> Result<Registry, Refusal> {
        let permit = decide(&self.policy, context, action)?;
        Ok(self.reach(&permit))
    }

    /// What the caller of a page may see. Who may not list at all sees what is public.
    pub(super) fn visibility(&self, context: &Arc<Context>) -> Visibility {
        match decide(&self.policy, context, &Action::ListCatalog) {
            Ok(permit) => permit.visibility().clone(),
            Err(_) => Visibility::Only {
                public: true,
                patterns: Arc::default(),
            },
        }
    }

    /// The registry, acting for the caller of a permit.
    fn reach(&self, permit: &Permit) -> Registry {
        self.registry.acting(permit)
    }

    /// Whether the registry answers. That is not secret.
    pub(super) async fn ping(&self) -> Result<(), RegistryError> {
        self.registry.ping().await
    }
}
