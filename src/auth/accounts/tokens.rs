//! Sign-in with tokens: personal ones, and those of the token service.

use std::sync::Arc;

use super::Accounts;
use crate::auth::credentials::Secret;
use crate::auth::token::By;
use crate::auth::{Identity, SignInError, personal};
use crate::index::{IndexError, StoredToken};
use crate::oci::Caller;

impl Accounts {
    /// Checks a personal token. A name sent with it must be that of its owner. With an htpasswd
    /// file only the names in it sign in.
    pub(super) async fn personal(
        &self,
        user: Option<&str>,
        id: &str,
        secret: &str,
    ) -> Result<Identity, SignInError> {
        if !self.are_own() {
            return Err(SignInError::Wrong);
        }
        let token = self.directory.token(id).await?;
        let Some(token) = token.filter(|token| personal::is_right(secret, &token.secret)) else {
            return Err(SignInError::Wrong);
        };
        if user.is_some_and(|user| user != token.record.owner.as_str()) {
            return Err(SignInError::Wrong);
        }
        let identity = self.owner(&token).await?.ok_or(SignInError::Wrong)?;
        self.note_use(&token.record.owner, Some(&token)).await;
        Ok(identity)
    }

    /// Checks a token of the token service.
    pub(super) async fn issued(&self, token: &Secret) -> Result<Identity, SignInError> {
        let verified = match &self.tokens {
            Some(tokens) => tokens.verify(token, self.clock.now()),
            None => None,
        };
        let verified = verified.ok_or(SignInError::Token)?;
        let identity = match (&verified.by, verified.subject.as_str()) {
            (By::Token(id), _) => match self.directory.token(id).await? {
                Some(token) => self.owner(&token).await?,
                None => None,
            },
            (By::Workload { subject, rules }, name) => {
                let name = name.parse().map_err(|_| SignInError::Token)?;
                let open = self.directory.anonymous().await?;
                self.workloads.again(name, subject, rules, open)
            }
            (By::Nobody, "") => Some(Identity::anonymous(self.directory.anonymous().await?)),
            (By::Account(_), name) => {
                let name = name.parse().map_err(|_| SignInError::Token)?;
                let identity = self.account(name).await.ok();
                identity.filter(|identity| identity.by == verified.by)
            }
            // Issued by an earlier version.
            (By::Nobody, _) => None,
        };
        Ok(Identity {
            presented: Some(Arc::clone(&verified.scopes)),
            ..identity.ok_or(SignInError::Token)?
        })
    }

    /// The identity of a personal token: its owner within its scope, or a robot.
    async fn owner(&self, token: &StoredToken) -> Result<Option<Identity>, IndexError> {
        let record = &token.record;
        let scope: Option<Arc<[_]>> = record.scope.as_ref().map(|scope| scope.as_slice().into());
        let open = self.directory.anonymous().await?;
        let caller = Caller::Token {
            id: record.id.as_str().into(),
            owner: record.owner.clone(),
            scope: scope.clone().unwrap_or_default(),
        };
        let by = By::Token(record.id.clone());
        if record.robot {
            let own = scope.unwrap_or_default();
            let grants = own.iter().chain(open.iter()).cloned().collect();
            return Ok(Some(Identity {
                caller,
                grants,
                by,
                ..Identity::anonymous(open)
            }));
        }
        let rights = self.directory.account_rights(&record.owner).await?;
        Ok(rights.map(|rights| Identity {
            caller,
            admin: rights.admin,
            grants: Arc::clone(&rights.grants),
            limit: scope,
            by,
            ..Identity::anonymous(open)
        }))
    }
}
