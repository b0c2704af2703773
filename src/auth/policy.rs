//! The access policies of a registry; one is in use.

use std::sync::Arc;

use super::accounts::Accounts;
use super::outside::TokenServer;
use super::scope::Scope;
use super::token::{Issued, TokenError};
use super::{Credentials, Identity, Trail};
use crate::clock::Millis;
use crate::index::IndexError;
use crate::oci::{AccountName, Context, Repository, Right, Rights, Visibility};

/// How callers are authenticated and actions decided.
#[derive(Default)]
pub enum Policy {
    /// Everybody who can reach the registry may do everything; there is no sign-in.
    #[default]
    Open,
    /// Accounts with passwords: those of the index, or those of an htpasswd file.
    Accounts(Arc<Accounts>),
    /// An external server issues the tokens, whose scopes are the rights.
    TokenServer(Arc<TokenServer>),
}

/// Why a sign-in failed.
#[derive(Debug, thiserror::Error)]
pub enum SignInError {
    /// The name, the password or the token is wrong, or the account may not sign in. The text does
    /// not distinguish them.
    #[error("the name or the password is wrong, or the token is not valid")]
    Wrong,
    /// A token of a token service is not valid, or has expired.
    #[error("the token is not valid, or no longer")]
    Token,
    /// There were too many wrong passwords.
    #[error("too many sign-ins have failed; try again in {} s", (.0 + 999) / 1000)]
    Wait(Millis),
    /// Too many sign-ins are in progress.
    #[error("too many sign-ins at once; try again soon")]
    Busy,
    /// The index failed.
    #[error(transparent)]
    Index(#[from] IndexError),
}

impl SignInError {
    /// Whether the disk is full.
    pub fn lacks_space(&self) -> bool {
        matches!(self, Self::Index(IndexError::Full))
    }
}

/// How clients are to sign in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Challenge {
    /// With a name and a password.
    Basic {
        /// The realm.
        realm: String,
    },
    /// With a token of the built-in token service.
    OwnTokens {
        /// The name of this registry in its tokens.
        service: String,
    },
    /// With a token of another server.
    Tokens {
        /// The address of the server.
        realm: String,
        /// The name of this registry at the server.
        service: String,
    },
}

impl Policy {
    /// The challenge for clients; `None` without sign-in.
    pub fn challenge(&self) -> Option<Challenge> {
        match self {
            Self::Open => None,
            Self::Accounts(accounts) => Some(accounts.challenge()),
            Self::TokenServer(server) => Some(server.challenge()),
        }
    }

    /// Signs in a caller with these credentials. The address in the context is used for the
    /// back-off.
    pub async fn identify(
        &self,
        credentials: &Credentials,
        context: &Context,
    ) -> Result<Identity, SignInError> {
        match self {
            // Like registry:2 without `auth`, credentials are ignored.
            Self::Open => Ok(Identity::anonymous(Arc::default())),
            Self::Accounts(accounts) => accounts.identify(credentials, context).await,
            Self::TokenServer(server) => server.identify(credentials),
        }
    }

    /// The audit trail of sign-ins and refusals; `None` without sign-in.
    pub fn trail(&self) -> Option<&Arc<Trail>> {
        match self {
            Self::Accounts(accounts) => Some(&accounts.trail),
            Self::Open | Self::TokenServer(_) => None,
        }
    }

    /// The repositories that a caller may see, outside of a decision.
    pub fn visibility(&self, identity: &Identity) -> Visibility {
        match self {
            Self::Open => Visibility::Everything,
            Self::Accounts(_) => identity.visibility(),
            // With an external token server, no repository is public.
            Self::TokenServer(_) => identity.visibility().without_public(),
        }
    }

    /// Whether everybody may pull from a repository.
    pub(super) async fn is_public(&self, name: &Repository) -> Result<bool, IndexError> {
        match self {
            Self::Accounts(accounts) => accounts.directory.is_public(name).await,
            Self::Open | Self::TokenServer(_) => Ok(false),
        }
    }

    /// Whether anonymous callers have any right.
    pub(super) async fn anonymous_may_something(&self) -> Result<bool, IndexError> {
        match self {
            Self::Open => Ok(true),
            Self::Accounts(accounts) => Ok(!accounts.directory.anonymous().await?.is_empty()
                || accounts.directory.any_public().await?),
            Self::TokenServer(_) => Ok(false),
        }
    }

    /// Issues a token for the permitted part of the requested scopes. `None` without a built-in
    /// token service, for anonymous callers without any right, and for callers that sent a token of
    /// the token service: it would be extended without end, and beyond its scopes.
    pub async fn issue(
        &self,
        identity: &Identity,
        asked: &[Scope],
    ) -> Result<Option<Issued>, TokenError> {
        let Self::Accounts(accounts) = self else {
            return Ok(None);
        };
        let Some(tokens) = &accounts.tokens else {
            return Ok(None);
        };
        if identity.presented.is_some() {
            return Ok(None);
        }
        if identity.is_anonymous() && !self.anonymous_may_something().await? {
            return Ok(None);
        }
        let mut granted = Vec::with_capacity(asked.len());
        for scope in asked {
            match scope {
                Scope::Catalog => granted.push(Scope::Catalog),
                Scope::Repository(name, wanted) => {
                    let mut rights = identity.rights_on(name);
                    if wanted.contains(Right::Pull) && self.is_public(name).await? {
                        rights = rights.union(Rights::from(Right::Pull));
                    }
                    let rights = rights.intersection(*wanted);
                    if !rights.is_empty() {
                        granted.push(Scope::Repository(name.clone(), rights));
                    }
                }
            }
        }
        let subject = identity.name().map_or("", AccountName::as_str);
        let by = identity.by.clone();
        let now = accounts.clock.now();
        Ok(Some(tokens.issue(subject, by, &granted, now).await?))
    }
}
