//! The proof that an action was decided.

use std::sync::Arc;

use super::{Action, Context, Visibility};

/// An action that its caller may perform. Only the room `auth` creates it, after its decision (a
/// test of the architecture checks this); a registry acts for a caller only with a permit.
#[derive(Debug, Clone)]
pub struct Permit {
    context: Arc<Context>,
    action: Action,
    visibility: Visibility,
}

impl Permit {
    /// Permits `action` to the caller of `context`, who may see the repositories of `visibility`.
    pub fn grant(context: Arc<Context>, action: Action, visibility: Visibility) -> Self {
        Self {
            context,
            action,
            visibility,
        }
    }

    /// The caller, the request and the client's address.
    pub fn context(&self) -> &Arc<Context> {
        &self.context
    }

    /// What was permitted.
    pub fn action(&self) -> &Action {
        &self.action
    }

    /// The repositories that the caller may see.
    pub fn visibility(&self) -> &Visibility {
        &self.visibility
    }
}
