//! Sessions of the pages: sign-in by a browser, which stores a secret in a cookie.
//!
//! The secret is 256 random bits; the index stores its plain SHA-256. A session ends when it is
//! revoked, when it was not used for [`IDLE`], after [`LONGEST`], when the password of its account
//! changes, and when the account may not sign in. Its caller is the account with all its rights.

use std::sync::Arc;

use aws_lc_rs::{constant_time, digest, rand};

use super::accounts::{Accounts, Verified};
use super::credentials::Secret;
use super::password::Busy;
use super::personal::{hash, hex};
use super::{Credentials, Identity, Policy, SignInError};
use crate::clock::Millis;
use crate::index::{IndexError, NewSession, SessionRecord, StoredSession};
use crate::oci::{AccountName, Context};

/// A session that is not used for this long ends.
const IDLE: Millis = 12 * 60 * 60 * 1000;
/// A session ends after this time, used or not.
const LONGEST: Millis = 7 * 24 * 60 * 60 * 1000;
/// Minimum time between two records of the use of a session.
const USE_NOTED: Millis = 60_000;

/// A new session: the only time that its secret is known.
#[derive(Debug, Clone)]
pub struct FreshSession {
    /// The public part.
    pub id: String,
    /// The secret for the browser's cookie.
    pub secret: Secret,
    /// Maximum lifetime in seconds.
    pub seconds: i64,
}

/// A random text of 256 bits. `None` if the system has no random bytes.
pub fn random_secret() -> Option<Secret> {
    let mut bytes = [0; 32];
    rand::fill(&mut bytes).ok()?;
    Some(Secret::new(hex(&bytes)))
}

/// The token in a form that proves that the form was written for the session with `secret`.
pub fn form_token(secret: &Secret) -> String {
    let text = format!("form {}", secret.reveal());
    hex(digest::digest(&digest::SHA256, text.as_bytes()).as_ref())
}

/// Whether a form contains the token of the session with `secret`.
pub fn is_form_token(sent: &str, secret: &Secret) -> bool {
    let right = form_token(secret);
    constant_time::verify_slices_are_equal(sent.as_bytes(), right.as_bytes()).is_ok()
}

impl Policy {
    /// Whether people sign in with a name and a password.
    pub fn has_passwords(&self) -> bool {
        matches!(self, Self::Accounts(_))
    }

    /// Whether the accounts are those of the index, which the pages can change.
    pub fn has_own_accounts(&self) -> bool {
        matches!(self, Self::Accounts(accounts) if accounts.are_own())
    }

    /// An anonymous caller, with the rights of everybody.
    pub async fn anonymous(&self) -> Result<Identity, SignInError> {
        let context = Context::task(crate::oci::Task::Start);
        self.identify(&super::Credentials::None, &context).await
    }

    /// Starts a session for an account with its password.
    pub async fn sign_in(
        &self,
        user: &str,
        password: &Secret,
        context: &Context,
    ) -> Result<FreshSession, SignInError> {
        let Self::Accounts(accounts) = self else {
            return Err(SignInError::Wrong);
        };
        let Verified { identity, stored } = self.check_password(user, password, context).await?;
        let account = identity.name().ok_or(SignInError::Wrong)?;
        let session = self.start_session_by(account, &stored, context).await?;
        accounts.trail.signed_in(&identity, context);
        Ok(session)
    }

    /// Checks a name and a password like a sign-in of a client, but accepts no tokens. The address
    /// in the context is used for the back-off. Records a refusal.
    pub async fn check_password(
        &self,
        user: &str,
        password: &Secret,
        context: &Context,
    ) -> Result<Verified, SignInError> {
        let Self::Accounts(accounts) = self else {
            return Err(SignInError::Wrong);
        };
        let outcome = accounts.password(user, password, context).await;
        if let Err(error) = &outcome {
            let credentials = Credentials::Basic {
                user: user.to_owned(),
                password: password.clone(),
            };
            accounts.trail.sign_in(&credentials, Err(error), context);
        }
        outcome
    }

    /// The hash of a new password; `None` if it is empty or too long.
    pub async fn hash(&self, password: &Secret) -> Result<Option<Secret>, Busy> {
        match self {
            Self::Accounts(accounts) => accounts.hash(password).await,
            Self::Open | Self::TokenServer(_) => Ok(None),
        }
    }

    /// Starts a session for an account that was authenticated without its password.
    pub async fn start_session(
        &self,
        account: &AccountName,
        context: &Context,
    ) -> Result<FreshSession, SignInError> {
        let Self::Accounts(accounts) = self else {
            return Err(SignInError::Wrong);
        };
        let candidate = accounts.candidate(account).await?;
        if !candidate.enabled {
            return Err(SignInError::Wrong);
        }
        let stored = Secret::new(candidate.stored.unwrap_or_default());
        self.start_session_by(account, &stored, context).await
    }

    /// Starts a session for an account whose password matched the hash `stored`. If the password
    /// was changed since, the session is not valid.
    pub async fn start_session_by(
        &self,
        account: &AccountName,
        stored: &Secret,
        context: &Context,
    ) -> Result<FreshSession, SignInError> {
        let Self::Accounts(accounts) = self else {
            return Err(SignInError::Wrong);
        };
        let now = accounts.clock.now();
        let secret = random_secret().ok_or(SignInError::Busy)?;
        let id = random_secret().ok_or(SignInError::Busy)?;
        let id = id.reveal()[..16].to_owned();
        let session = NewSession {
            record: SessionRecord {
                id: id.clone(),
                account: account.clone(),
                created_at: now,
                used_at: now,
                expires_at: now.saturating_add(LONGEST),
                address: context.address.map(|address| address.to_string()),
                agent: context.agent.as_deref().map(str::to_owned),
            },
            secret: hash(secret.reveal()),
            password: hash(stored.reveal()),
            idle_since: now.saturating_sub(IDLE),
        };
        // On a full disk an administrator can sign in, to free space.
        let index = if accounts.account(account.clone()).await?.may_administer() {
            accounts.index.freeing()
        } else {
            accounts.index.clone()
        };
        index.create_session(session).await?;
        tracing::info!(
            user = account.as_str(),
            session = id,
            request = &*context.request,
            "a session was started"
        );
        Ok(FreshSession {
            id,
            secret,
            seconds: LONGEST / 1000,
        })
    }

    /// The identity and the session of a secret. `None` if the session does not exist or has ended.
    pub async fn session(
        &self,
        secret: &Secret,
    ) -> Result<Option<(Identity, SessionRecord)>, SignInError> {
        let Self::Accounts(accounts) = self else {
            return Ok(None);
        };
        let stored = accounts
            .index
            .stored_session(&hash(secret.reveal()))
            .await?;
        let Some(stored) = stored else {
            return Ok(None);
        };
        let now = accounts.clock.now();
        if !accounts.is_valid(&stored, now).await? {
            return Ok(None);
        }
        let record = stored.record;
        let identity = match accounts.account(record.account.clone()).await {
            Ok(identity) => identity,
            Err(SignInError::Wrong) => return Ok(None),
            Err(error) => return Err(error),
        };
        if !(0..USE_NOTED).contains(&(now - record.used_at)) {
            let noted = accounts.index.note_session_use(record.id.clone(), now);
            // A page does not fail because this record can't be written.
            if let Err(error) = noted.await {
                tracing::warn!(%error, "the use of a session could not be recorded");
            }
        }
        Ok(Some((identity, record)))
    }

    /// The valid sessions of an account, most recently used first.
    pub async fn sessions(&self, account: &AccountName) -> Result<Vec<SessionRecord>, IndexError> {
        let Self::Accounts(accounts) = self else {
            return Ok(Vec::new());
        };
        let now = accounts.clock.now();
        let mut sessions = Vec::new();
        for stored in accounts.index.sessions(account).await? {
            if accounts.is_valid(&stored, now).await? {
                sessions.push(stored.record);
            }
        }
        Ok(sessions)
    }

    /// Ends a session of an account by its id, on behalf of the caller of a context. Returns false
    /// if it does not exist.
    pub async fn end_session(
        &self,
        account: &AccountName,
        id: &str,
        context: Arc<Context>,
    ) -> Result<bool, IndexError> {
        match self {
            Self::Accounts(accounts) => {
                let index = accounts.index.acting(context);
                index.end_session(account.clone(), id.to_owned()).await
            }
            Self::Open | Self::TokenServer(_) => Ok(false),
        }
    }

    /// Ends all sessions of an account except one, on behalf of the caller of a context. Returns
    /// how many.
    pub async fn end_other_sessions(
        &self,
        account: &AccountName,
        keep: &str,
        context: Arc<Context>,
    ) -> Result<u64, IndexError> {
        match self {
            Self::Accounts(accounts) => {
                let index = accounts.index.acting(context);
                index.end_sessions(account.clone(), keep.to_owned()).await
            }
            Self::Open | Self::TokenServer(_) => Ok(0),
        }
    }
}

impl Accounts {
    /// The fingerprint of an account's password, stored with a session; `None` if the account may
    /// not sign in. Without a password it is that of an empty text.
    async fn fingerprint(&self, account: &AccountName) -> Result<Option<String>, IndexError> {
        let candidate = self.candidate(account).await?;
        let stored = candidate.stored.unwrap_or_default();
        Ok(candidate.enabled.then(|| hash(&stored)))
    }

    async fn is_valid(&self, stored: &StoredSession, now: Millis) -> Result<bool, IndexError> {
        let record = &stored.record;
        // A clock that is set back a little ends no session; one that was far ahead prolongs none.
        let is_recent = (-IDLE..IDLE).contains(&now.saturating_sub(record.used_at));
        let fresh = now < record.expires_at && is_recent;
        Ok(fresh && self.fingerprint(&record.account).await?.as_ref() == Some(&stored.password))
    }
}

#[cfg(test)]
#[path = "sessions/tests.rs"]
mod tests;
