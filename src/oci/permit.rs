//! The proof that an action was decided.

use std::sync::Arc;

use super::{Action, Context, Visibility};

/// An action that its caller may do. The room `auth` makes it where it decides, and nobody else
/// (a test of the architecture holds that); a registry acts for a caller only with one.
#[derive(Debug, Clone)]
pub struct Permit {
    context: Arc<Context>,
    action: Action,
    visibility: Visibility,
}

impl Permit {
    /// Permits `action` to the caller of `context`, who may see what `visibility` says.
    pub fn grant(context: Arc<Context>, action: Action, visibility: Visibility) -> Self {
        Self {
            context,
            action,
            visibility,
        }
    }

    /// Who acts, in which request, from where.
    pub fn context(&self) -> &Arc<Context> {
        &self.context
    }

    /// What was permitted.
    pub fn action(&self) -> &Action {
        &self.action
    }

    /// Patterns of repositories the caller may see.
    pub fn visibility(&self) -> &Visibility {
        &self.visibility
    }
}
