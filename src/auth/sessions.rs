//! Sessions of the pages: sign-in by a browser, which keeps a secret in a cookie.
//!
//! The secret is 256 random bits, of which the index keeps a plain SHA-256. A session holds until it
//! is ended, was not used for [`IDLE`], is [`LONGEST`] old, or the password of its account changes;
//! and only while its account may sign in. Its caller is the account with all its rights.

use std::sync::Arc;

use aws_lc_rs::{constant_time, digest, rand};

use super::accounts::Accounts;
use super::credentials::Secret;
use super::personal::{hash, hex};
use super::{Identity, Policy, SignInError};
use crate::clock::Millis;
use crate::index::{IndexError, NewSession, SessionRecord, StoredSession};
use crate::oci::{AccountName, Context};

/// A session that is not used for this long ends.
const IDLE: Millis = 12 * 60 * 60 * 1000;
/// A session ends after this time, used or not.
const LONGEST: Millis = 7 * 24 * 60 * 60 * 1000;
/// Uses closer together than this are noted once.
const USE_NOTED: Millis = 60_000;

/// A session that was just made: the only time that its secret is known.
#[derive(Debug, Clone)]
pub struct FreshSession {
    /// The public part.
    pub id: String,
    /// What the browser keeps.
    pub secret: Secret,
    /// For how many seconds at most.
    pub seconds: i64,
}

/// A random text of 256 bits. `None` if the system has no random bytes.
pub fn random_secret() -> Option<Secret> {
    let mut bytes = [0; 32];
    rand::fill(&mut bytes).ok()?;
    Some(Secret::new(hex(&bytes)))
}

/// The text that proves that a form was written for whoever holds `secret`.
pub fn form_token(secret: &Secret) -> String {
    let text = format!("form {}", secret.reveal());
    hex(digest::digest(&digest::SHA256, text.as_bytes()).as_ref())
}

/// Whether a form carries the token of whoever holds `secret`.
pub fn is_form_token(sent: &str, secret: &Secret) -> bool {
    let right = form_token(secret);
    constant_time::verify_slices_are_equal(sent.as_bytes(), right.as_bytes()).is_ok()
}

impl Policy {
    /// Whether people sign in here with a name and a password.
    pub fn has_passwords(&self) -> bool {
        matches!(self, Self::Accounts(_))
    }

    /// Whether the accounts are those of the index, which pages can change.
    pub fn has_own_accounts(&self) -> bool {
        matches!(self, Self::Accounts(accounts) if accounts.are_own())
    }

    /// Nobody, with what everybody may do.
    pub async fn anonymous(&self) -> Result<Identity, SignInError> {
        let context = Context::task(crate::oci::Task::Start);
        self.identify(&super::Credentials::None, &context).await
    }

    /// Checks a name and a password, as a sign-in with a client does; tokens are not taken. The
    /// address in the context counts for the back-off.
    pub async fn check_password(
        &self,
        user: &str,
        password: &Secret,
        context: &Context,
    ) -> Result<AccountName, SignInError> {
        let Self::Accounts(accounts) = self else {
            return Err(SignInError::Wrong);
        };
        let identity = accounts.password(user, password, context).await?;
        identity.name().cloned().ok_or(SignInError::Wrong)
    }

    /// Starts a session for an account that has proved who it is, in whichever way.
    pub async fn start_session(
        &self,
        account: &AccountName,
        context: &Context,
    ) -> Result<FreshSession, SignInError> {
        let Self::Accounts(accounts) = self else {
            return Err(SignInError::Wrong);
        };
        let password = accounts.fingerprint(account).await?;
        let password = password.ok_or(SignInError::Wrong)?;
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
            password,
            idle_since: now.saturating_sub(IDLE),
        };
        accounts.index.create_session(session).await?;
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

    /// Who holds the secret of a session, and the session. `None` if it does not hold, or no longer.
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
        if !accounts.holds(&stored, now).await? {
            return Ok(None);
        }
        let record = stored.record;
        let identity = match accounts.account(record.account.clone()).await {
            Ok(identity) => identity,
            Err(SignInError::Wrong) => return Ok(None),
            Err(error) => return Err(error),
        };
        if now - record.used_at >= USE_NOTED {
            let noted = accounts.index.note_session_use(record.id.clone(), now);
            // A page does not fail because nobody can write that it was read.
            if let Err(error) = noted.await {
                tracing::warn!(%error, "the use of a session was not noted");
            }
        }
        Ok(Some((identity, record)))
    }

    /// The sessions of an account that hold, the last used first.
    pub async fn sessions(&self, account: &AccountName) -> Result<Vec<SessionRecord>, IndexError> {
        let Self::Accounts(accounts) = self else {
            return Ok(Vec::new());
        };
        let now = accounts.clock.now();
        let mut sessions = Vec::new();
        for stored in accounts.index.sessions(account).await? {
            if accounts.holds(&stored, now).await? {
                sessions.push(stored.record);
            }
        }
        Ok(sessions)
    }

    /// Ends a session of an account by its id, for the caller of a context. Returns false if there is
    /// none.
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

    /// Ends the sessions of an account but for one, for the caller of a context. Returns how many.
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
    /// What a session remembers of the password; `None` if the account may not sign in. An account
    /// without a password has the fingerprint of an empty text.
    async fn fingerprint(&self, account: &AccountName) -> Result<Option<String>, IndexError> {
        let candidate = self.candidate(account).await?;
        let stored = candidate.stored.unwrap_or_default();
        Ok(candidate.enabled.then(|| hash(&stored)))
    }

    async fn holds(&self, stored: &StoredSession, now: Millis) -> Result<bool, IndexError> {
        let record = &stored.record;
        let fresh = now < record.expires_at && now - record.used_at < IDLE;
        Ok(fresh && self.fingerprint(&record.account).await?.as_ref() == Some(&stored.password))
    }
}

#[cfg(test)]
mod tests {
    use super::super::Hasher;
    use super::*;
    use crate::clock::Clock;
    use crate::index::{Index, NewAccount, testing};
    use crate::oci::Task;
    use tempfile::TempDir;

    async fn policy(clock: &Clock) -> (Policy, (TempDir, Index), AccountName) {
        let (directory, index) = testing::index().await;
        let name: AccountName = "alice".parse().unwrap();
        let hasher = Hasher::default();
        let password = hasher.hash(&Secret::new("right")).await.unwrap();
        let account = NewAccount {
            name: name.clone(),
            password,
            admin: false,
        };
        index.create_account(account, 0).await.unwrap();
        let accounts = Accounts::built_in(index.clone(), "here".into(), hasher, clock.clone());
        let policy = Policy::Accounts(Arc::new(accounts.await.unwrap()));
        (policy, (directory, index), name)
    }

    async fn is_held(policy: &Policy, session: &FreshSession) -> bool {
        policy.session(&session.secret).await.unwrap().is_some()
    }

    #[tokio::test]
    async fn a_session_ends_idle_or_old_or_revoked() {
        let clock = Clock::manual(1_000_000);
        let (policy, _index, name) = policy(&clock).await;
        let context = Context::task(Task::Start);
        let caller = || Arc::new(context.clone());
        let start = || policy.start_session(&name, &context);
        let idle = start().await.unwrap();
        clock.advance(IDLE - 1);
        assert!(is_held(&policy, &idle).await);
        clock.advance(IDLE);
        assert!(!is_held(&policy, &idle).await);

        let used = start().await.unwrap();
        for _ in 0..LONGEST / (IDLE / 2) - 1 {
            clock.advance(IDLE / 2);
            assert!(is_held(&policy, &used).await);
        }
        clock.advance(IDLE / 2);
        assert!(!is_held(&policy, &used).await);

        let (one, other) = (start().await.unwrap(), start().await.unwrap());
        assert_eq!(policy.sessions(&name).await.unwrap().len(), 2);
        assert!(policy.end_session(&name, &one.id, caller()).await.unwrap());
        assert!(!is_held(&policy, &one).await && is_held(&policy, &other).await);
        let bob = "bob".parse().unwrap();
        assert!(!policy.end_session(&bob, &other.id, caller()).await.unwrap());
        assert_eq!(
            policy
                .end_other_sessions(&name, "", caller())
                .await
                .unwrap(),
            1
        );
        assert!(!is_held(&policy, &other).await);
    }

    #[tokio::test]
    async fn a_session_ends_with_the_password_and_the_account() {
        let clock = Clock::manual(1_000_000);
        let (policy, (_directory, index), name) = policy(&clock).await;
        let context = Context::task(Task::Start);
        let session = policy.start_session(&name, &context).await.unwrap();
        index
            .set_disabled(name.clone(), true)
            .await
            .unwrap()
            .unwrap();
        assert!(!is_held(&policy, &session).await);
        assert!(policy.start_session(&name, &context).await.is_err());
        index
            .set_disabled(name.clone(), false)
            .await
            .unwrap()
            .unwrap();
        assert!(is_held(&policy, &session).await);
        index
            .set_password(name.clone(), "other".into())
            .await
            .unwrap();
        assert!(!is_held(&policy, &session).await);
        let session = policy.start_session(&name, &context).await.unwrap();
        index.remove_account(name.clone()).await.unwrap().unwrap();
        let account = NewAccount {
            name: name.clone(),
            password: Some("other".into()),
            admin: true,
        };
        index.create_account(account, 0).await.unwrap();
        assert!(!is_held(&policy, &session).await);
    }

    #[test]
    fn forms_carry_the_token_of_their_session() {
        let (one, other) = (random_secret().unwrap(), random_secret().unwrap());
        assert!(is_form_token(&form_token(&one), &one));
        assert!(!is_form_token(&form_token(&one), &other));
        assert!(!is_form_token("", &one));
    }
}
