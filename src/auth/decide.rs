//! The decision whether a caller may perform an action.
//!
//! What a caller may not see looks as if it did not exist: the answer is [`Denied::Hidden`] for a
//! private repository and for a missing one alike. An anonymous caller learns only that signing in
//! may help.

use std::sync::Arc;

use super::scope::Scope;
use super::{Identity, Policy};
use crate::index::IndexError;
use crate::oci::{Action, Context, Permit, Repository, Right, Rights, Visibility};

/// Why an action was refused.
#[derive(Debug, thiserror::Error)]
pub enum Denied {
    /// The caller has not signed in; a signed-in caller may be permitted.
    #[error("sign in first")]
    SignIn,
    /// The token was not issued for this action; another token may be.
    #[error("the token was not issued for this")]
    Scope,
    /// The caller may see the repository, but may not perform the action.
    #[error("you may not do this")]
    Forbidden,
    /// The caller may not learn whether the repository exists.
    #[error("the repository is not known, or you have no right on it")]
    Hidden,
    /// The index failed.
    #[error(transparent)]
    Index(#[from] IndexError),
}

/// The scopes that a token needs for an action, as a challenge names them.
pub fn scopes(action: &Action) -> Vec<Scope> {
    let mut scopes = match action.needs() {
        Some((name, right)) => {
            let rights = match right {
                Right::Push => [Right::Pull, Right::Push].into_iter().collect(),
                right => Rights::from(right),
            };
            vec![Scope::Repository(name.clone(), rights)]
        }
        None if *action == Action::ListCatalog => vec![Scope::Catalog],
        None => Vec::new(),
    };
    if let Action::MountBlob {
        from: Some(from), ..
    } = action
    {
        scopes.push(Scope::Repository(from.clone(), Rights::from(Right::Pull)));
    }
    scopes
}

/// Decides whether `identity`, the caller of `context`, may perform `action`. Records a refusal.
pub async fn decide(
    policy: &Policy,
    context: &Arc<Context>,
    identity: &Identity,
    action: &Action,
) -> Result<Permit, Denied> {
    let decided = permitted(policy, context, identity, action).await;
    if let (Err(denied), Some(trail)) = (&decided, policy.trail()) {
        trail.refused(context, action, denied);
    }
    decided
}

/// Like [`decide`], but records nothing: nobody has tried to perform the action.
pub async fn permitted(
    policy: &Policy,
    context: &Arc<Context>,
    identity: &Identity,
    action: &Action,
) -> Result<Permit, Denied> {
    let visibility = match policy {
        // Everybody may use an open registry, but not administer it.
        Policy::Open if matches!(action, Action::Inspect | Action::Administer) => {
            return Err(Denied::Forbidden);
        }
        Policy::Open => Visibility::Everything,
        Policy::Accounts(_) => by_rights(policy, identity, action).await?,
        Policy::TokenServer(_) => by_token(policy, identity, action)?,
    };
    let (action, visibility) = match (action, visibility) {
        // Without the right to read the source, a mount becomes a new upload.
        (
            Action::MountBlob {
                into,
                from: Some(from),
                ..
            },
            visibility @ Visibility::Only { .. },
        ) if !may(policy, identity, from, Right::Pull).await? => {
            (Action::PushBlob(into.clone()), visibility)
        }
        // The blob is searched only where the caller's credentials allow reading.
        (Action::MountBlob { from: None, .. }, visibility) => {
            (action.clone(), identity.readable(visibility))
        }
        (action, visibility) => (action.clone(), visibility),
    };
    Ok(Permit::grant(Arc::clone(context), action, visibility))
}

/// Decides by the caller's current rights and by the scopes of its token.
async fn by_rights(
    policy: &Policy,
    identity: &Identity,
    action: &Action,
) -> Result<Visibility, Denied> {
    let anonymous = identity.is_anonymous();
    let visibility = identity.visibility();
    match action {
        // A client with a token, even an anonymous one, can already sign in.
        Action::Ping if anonymous && identity.presented.is_none() => return Err(Denied::SignIn),
        Action::Ping => {}
        Action::ListCatalog if anonymous && !policy.anonymous_may_something().await? => {
            return Err(Denied::SignIn);
        }
        Action::ListCatalog if !identity.may_list() => return Err(Denied::Scope),
        Action::ListCatalog => {}
        Action::Inspect | Action::Administer if identity.may_administer() => {}
        Action::Inspect | Action::Administer if anonymous => return Err(Denied::SignIn),
        Action::Inspect | Action::Administer => return Err(Denied::Forbidden),
        Action::Star(_) if anonymous => return Err(Denied::SignIn),
        action => {
            if let Some((name, right)) = action.needs() {
                on_repository(policy, identity, name, right).await?;
            }
            if let Action::MountBlob {
                from: Some(from), ..
            } = action
            {
                let readable = may(policy, identity, from, Right::Pull).await?;
                // Without the right the blob is uploaded; with it, the token must cover both
                // repositories.
                if readable && !identity.presented_on(from).contains(Right::Pull) {
                    return Err(Denied::Scope);
                }
            }
        }
    }
    Ok(visibility)
}

/// Whether the caller has a right on a repository, whatever the scopes of its token.
async fn may(
    policy: &Policy,
    identity: &Identity,
    name: &Repository,
    right: Right,
) -> Result<bool, IndexError> {
    Ok(identity.rights_on(name).contains(right)
        || (right == Right::Pull && policy.is_public(name).await?))
}

async fn on_repository(
    policy: &Policy,
    identity: &Identity,
    name: &Repository,
    right: Right,
) -> Result<(), Denied> {
    if !may(policy, identity, name, right).await? {
        return Err(if identity.is_anonymous() {
            Denied::SignIn
        } else if may(policy, identity, name, Right::Pull).await? {
            Denied::Forbidden
        } else {
            Denied::Hidden
        });
    }
    if identity.presented_on(name).contains(right) {
        Ok(())
    } else {
        Err(Denied::Scope)
    }
}

/// Decides by the scopes in a token of another server alone.
fn by_token(policy: &Policy, identity: &Identity, action: &Action) -> Result<Visibility, Denied> {
    let lacking = if identity.presented.is_some() {
        Denied::Scope
    } else {
        Denied::SignIn
    };
    let allowed = match action {
        Action::Ping => identity.presented.is_some(),
        Action::ListCatalog => identity.presented.is_some() && identity.may_list(),
        Action::Inspect | Action::Administer => return Err(Denied::Forbidden),
        action => scopes(action).iter().all(|scope| match scope {
            Scope::Catalog => false,
            Scope::Repository(name, _) => match action.needs() {
                Some((needed, right)) if needed == name => identity.rights_on(name).contains(right),
                _ => identity.rights_on(name).contains(Right::Pull),
            },
        }),
    };
    if !allowed {
        return Err(lacking);
    }
    Ok(match action {
        Action::ListCatalog => Visibility::Everything,
        _ => policy.visibility(identity),
    })
}

#[cfg(test)]
#[path = "decide/tests.rs"]
mod tests;
