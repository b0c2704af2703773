//! Sign-in with passwords and personal tokens, of accounts in the index or in an htpasswd file.

mod tokens;

use std::sync::Arc;
use std::time::{Duration, Instant};

use quick_cache::sync::Cache;

use super::credentials::Secret;
use super::directory::{self, Directory};
use super::htpasswd::Htpasswd;
use super::oidc::Oidc;
use super::password::{self, Busy, Hasher};
use super::policy::Challenge;
use super::remembered::Remembered;
use super::throttle::Throttle;
use super::token::{By, TokenError, TokenService};
use super::workload::Workloads;
use super::{Credentials, Identity, SignInError, Trail, personal};
use crate::clock::{Clock, Millis};
use crate::index::{GrantRecord, Index, IndexError, StoredToken};
use crate::oci::{AccountName, Caller, Context};

/// Minimum time between two records of the use of the same account or token.
const USE_NOTED: Millis = 60_000;
/// The time of a refusal is a multiple of this.
const REFUSAL_STEP: Duration = Duration::from_millis(100);
/// Maximum number of accounts and tokens with such a record in memory.
const NOTED: usize = 10_000;

/// Accounts that sign in with passwords.
pub struct Accounts {
    pub(super) directory: Directory,
    pub(super) tokens: Option<TokenService>,
    pub(super) clock: Clock,
    pub(super) trail: Arc<Trail>,
    pub(super) index: Index,
    /// The file, if the accounts are not in the index, and its realm.
    file: Option<(Htpasswd, String)>,
    hasher: Hasher,
    remembered: Remembered,
    throttle: Throttle,
    pub(super) workloads: Workloads,
    pub(super) oidc: Option<Arc<Oidc>>,
    /// When the last use of a token or an account was recorded.
    noted: Cache<String, Millis>,
}

/// A stored hash that a password is compared with.
pub(super) struct Candidate {
    pub(super) stored: Option<String>,
    /// Whether the account may sign in with the right password.
    pub(super) enabled: bool,
}

/// An account whose password was right.
#[derive(Debug)]
pub struct Verified {
    /// The account.
    pub identity: Identity,
    /// The hash that the password matched. It may have been replaced since.
    pub stored: Secret,
}

impl Accounts {
    /// The accounts of the index, with a token service under the name `service`.
    pub async fn built_in(
        index: Index,
        service: String,
        hasher: Hasher,
        clock: Clock,
    ) -> Result<Self, TokenError> {
        let tokens = TokenService::open(index.clone(), service, clock.now()).await?;
        let directory = Directory::new(index.clone(), None, clock.clone());
        Self::new(index, directory, hasher, clock, Some(tokens), None)
    }

    /// The accounts of an htpasswd file. Without rules every account may do everything, and
    /// anonymous callers may only pull from public repositories.
    pub fn htpasswd(
        index: Index,
        file: Htpasswd,
        realm: String,
        rules: Option<Vec<GrantRecord>>,
        clock: Clock,
    ) -> Result<Self, TokenError> {
        let rules = rules.map_or_else(directory::every_account_everything, Into::into);
        let directory = Directory::new(index.clone(), Some(rules), clock.clone());
        let file = Some((file, realm));
        Self::new(index, directory, Hasher::default(), clock, None, file)
    }

    fn new(
        index: Index,
        directory: Directory,
        hasher: Hasher,
        clock: Clock,
        tokens: Option<TokenService>,
        file: Option<(Htpasswd, String)>,
    ) -> Result<Self, TokenError> {
        let no_random = || TokenError::Key("the system has no random bytes".to_owned());
        Ok(Self {
            directory,
            tokens,
            trail: Arc::new(Trail::new(index.clone(), clock.clone())),
            clock,
            index,
            file,
            hasher,
            remembered: Remembered::new().ok_or_else(no_random)?,
            throttle: Throttle::default(),
            workloads: Workloads::default(),
            oidc: None,
            noted: Cache::new(NOTED),
        })
    }

    /// Whether the accounts are those of the index.
    pub(super) fn are_own(&self) -> bool {
        self.file.is_none()
    }

    /// Lets workloads sign in, too.
    #[must_use]
    pub fn with_workloads(self, workloads: Workloads) -> Self {
        Self { workloads, ..self }
    }

    /// Lets people sign in through a provider, too.
    #[must_use]
    pub fn with_oidc(self, oidc: Option<Arc<Oidc>>) -> Self {
        Self { oidc, ..self }
    }

    pub(super) fn challenge(&self) -> Challenge {
        match (&self.tokens, &self.file) {
            (Some(tokens), _) => Challenge::OwnTokens {
                service: tokens.name().to_owned(),
            },
            (None, Some((_, realm))) => Challenge::Basic {
                realm: realm.clone(),
            },
            (None, None) => Challenge::Basic {
                realm: "registry".to_owned(),
            },
        }
    }

    pub(super) async fn identify(
        &self,
        credentials: &Credentials,
        context: &Context,
    ) -> Result<Identity, SignInError> {
        let outcome = self.look_up(credentials, context).await;
        self.trail.sign_in(credentials, outcome.as_ref(), context);
        outcome
    }

    /// Whose credentials these are.
    async fn look_up(
        &self,
        credentials: &Credentials,
        context: &Context,
    ) -> Result<Identity, SignInError> {
        match credentials {
            Credentials::None => Ok(Identity::anonymous(self.directory.anonymous().await?)),
            Credentials::Malformed => Err(SignInError::Wrong),
            Credentials::Carried(name) => self.account(name.clone()).await,
            Credentials::Basic { user, password } => match personal::parse(password.reveal()) {
                Some((id, secret)) => self.personal(Some(user), id, secret).await,
                None if self.workloads.are_meant(user, password) => {
                    let open = self.directory.anonymous().await?;
                    let identity = self.workloads.identify(password, open, context).await;
                    identity.ok_or(SignInError::Wrong)
                }
                None => {
                    let verified = self.password(user, password, context).await;
                    verified.map(|verified| verified.identity)
                }
            },
            Credentials::Bearer(token) => match personal::parse(token.reveal()) {
                Some((id, secret)) => self.personal(None, id, secret).await,
                None => self.issued(token).await,
            },
        }
    }

    /// Checks a name and a password.
    pub(super) async fn password(
        &self,
        user: &str,
        password: &Secret,
        context: &Context,
    ) -> Result<Verified, SignInError> {
        let begun = Instant::now();
        let outcome = self.check(user, password, context).await;
        if matches!(outcome, Err(SignInError::Wrong)) {
            // The hash of an unknown account and that of an imported one take different times.
            let steps = begun.elapsed().as_millis() / REFUSAL_STEP.as_millis() + 1;
            let steps = u32::try_from(steps).unwrap_or(1);
            tokio::time::sleep_until((begun + REFUSAL_STEP.saturating_mul(steps)).into()).await;
        }
        outcome
    }

    async fn check(
        &self,
        user: &str,
        password: &Secret,
        context: &Context,
    ) -> Result<Verified, SignInError> {
        let name: Option<AccountName> = user.parse().ok();
        // A password that was right recently needs no hash, and the back-off does not apply to it.
        let is_known = |candidate: &Candidate, now| {
            let stored = candidate.stored.as_deref().filter(|_| candidate.enabled);
            stored.is_some_and(|stored| self.remembered.contains(user, password, stored, now))
        };
        let mut candidate = self.candidate_of(name.as_ref()).await?;
        let mut now = self.clock.steady();
        let (mut known, mut turn) = (is_known(&candidate, now), None);
        if !known {
            // One hash at a time for a name: of many attempts at once, none would have failed yet.
            turn = Some(self.throttle.turn(user).await);
            // The sign-in before this one may have replaced the hash.
            candidate = self.candidate_of(name.as_ref()).await?;
            now = self.clock.steady();
            known = is_known(&candidate, now);
        }
        let Candidate { stored, enabled } = candidate;
        if !known {
            let wait = self.throttle.wait(user, context.address, now);
            if wait > 0 {
                return Err(SignInError::Wait(wait));
            }
            let right = self.hasher.verify(password, stored.as_deref()).await;
            // The right password of a disabled account is as wrong as any other.
            if !right.map_err(|_| SignInError::Busy)? || !enabled {
                self.throttle.failed(user, context.address, now);
                return Err(SignInError::Wrong);
            }
            self.throttle.succeeded(user);
        }
        let (Some(name), Some(mut stored)) = (name, stored) else {
            return Err(SignInError::Wrong);
        };
        if !known {
            stored = self.upgrade(&name, password, stored).await?;
            self.remembered.note(user, password, &stored, now);
            self.note_use(&name, None).await;
        }
        drop(turn);
        Ok(Verified {
            identity: self.account(name).await?,
            stored: Secret::new(stored),
        })
    }

    /// The candidate of a name; `None` is a malformed name.
    async fn candidate_of(&self, name: Option<&AccountName>) -> Result<Candidate, IndexError> {
        match name {
            Some(name) => self.candidate(name).await,
            None => Ok(Candidate {
                stored: None,
                enabled: false,
            }),
        }
    }

    pub(super) async fn candidate(&self, name: &AccountName) -> Result<Candidate, IndexError> {
        let Some((file, _)) = &self.file else {
            let account = self.index.stored_account(name).await?;
            return Ok(Candidate {
                enabled: account.as_ref().is_some_and(|account| !account.disabled),
                stored: account.and_then(|account| account.password),
            });
        };
        let lines = file.lines();
        let stored = lines.get(name.as_str()).cloned();
        Ok(Candidate {
            enabled: stored.is_some(),
            // An unknown name costs as much time as one in the file.
            stored: stored.or_else(|| lines.values().next().map(|hash| unmatched(hash))),
        })
    }

    /// Replaces the bcrypt hash of an imported account with argon2id. Returns the hash that the
    /// account has then. A password that was changed after it matched `stored` is wrong.
    async fn upgrade(
        &self,
        name: &AccountName,
        password: &Secret,
        stored: String,
    ) -> Result<String, SignInError> {
        if self.file.is_some() || !password::is_bcrypt(&stored) {
            return Ok(stored);
        }
        let hash = self.hasher.hash(password).await;
        let Some(hash) = hash.map_err(|_| SignInError::Busy)? else {
            return Ok(stored);
        };
        let upgraded = self
            .index
            .upgrade_password(name.clone(), stored.clone(), hash.clone());
        match upgraded.await {
            Ok(true) => Ok(hash),
            Ok(false) => Err(SignInError::Wrong),
            // A sign-in succeeds without this, for example on a full disk.
            Err(error) => {
                tracing::warn!(%error, "the stronger hash of a password could not be saved");
                Ok(stored)
            }
        }
    }

    /// The hash of a new password; `None` if it is empty or too long.
    pub(super) async fn hash(&self, password: &Secret) -> Result<Option<Secret>, Busy> {
        Ok(self.hasher.hash(password).await?.map(Secret::new))
    }

    pub(super) async fn account(&self, name: AccountName) -> Result<Identity, SignInError> {
        let rights = self.directory.account_rights(&name).await?;
        let rights = rights.ok_or(SignInError::Wrong)?;
        Ok(Identity {
            caller: Caller::Account {
                name,
                admin: rights.admin,
            },
            admin: rights.admin,
            grants: Arc::clone(&rights.grants),
            by: By::Account(rights.created_at),
            ..Identity::anonymous(self.directory.anonymous().await?)
        })
    }

    /// Records the use of an account and its token, at most once a minute.
    pub(super) async fn note_use(&self, name: &AccountName, token: Option<&StoredToken>) {
        let now = self.clock.now();
        let key = token.map_or(name.as_str(), |token| token.record.id.as_str());
        if self
            .noted
            .get(key)
            .is_some_and(|at| (0..USE_NOTED).contains(&(now - at)))
        {
            return;
        }
        self.noted.insert(key.to_owned(), now);
        let accounts = vec![(name.clone(), now)];
        let tokens = token.map(|token| (token.record.id.clone(), now));
        // A sign-in does not fail because its record can't be written.
        if let Err(error) = self
            .index
            .note_use(accounts, tokens.into_iter().collect())
            .await
        {
            tracing::warn!(%error, "the last use of an account could not be recorded");
        }
    }
}

/// A hash of the same cost that matches no password.
fn unmatched(hash: &str) -> String {
    let kept = hash.len().saturating_sub(31);
    let mut other = hash.get(..kept).unwrap_or_default().to_owned();
    other.push_str(&".".repeat(31));
    other
}

#[cfg(test)]
#[path = "accounts/tests.rs"]
mod tests;
