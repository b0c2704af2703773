//! The decision whether a caller may do an action.

use std::sync::Arc;

use crate::oci::{Action, Context, Permit, Visibility};

/// By which rules is decided.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Policy {
    /// Everybody who reaches the registry may do everything.
    #[default]
    Open,
}

/// Why an action was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Denied {
    /// Nobody has signed in, and somebody who has may be allowed to.
    #[error("sign in first")]
    SignIn,
    /// The caller is known and may see the repository, but may not do this.
    #[error("you may not do this")]
    Forbidden,
    /// The caller may not know that the repository exists.
    #[error("the repository is not known")]
    Hidden,
}

/// Decides whether the caller of `context` may do `action`.
pub fn decide(policy: &Policy, context: &Arc<Context>, action: &Action) -> Result<Permit, Denied> {
    match policy {
        Policy::Open => Ok(Permit::grant(
            Arc::clone(context),
            action.clone(),
            Visibility::Everything,
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::oci::{Caller, Task};

    #[test]
    fn an_open_registry_permits_everything_to_everybody() {
        let anonymous = Context {
            caller: Caller::Anonymous,
            ..Context::task(Task::Start)
        };
        for context in [anonymous, Context::uid(1000), Context::task(Task::Check)] {
            let context = Arc::new(context);
            for action in [
                Action::ListCatalog,
                Action::Administer,
                Action::DeleteRepository("a/b".parse().unwrap()),
            ] {
                let permit = decide(&Policy::Open, &context, &action).unwrap();
                assert_eq!(permit.context(), &context);
                assert_eq!(permit.action(), &action);
                assert_eq!(permit.visibility(), &Visibility::Everything);
            }
        }
    }
}
