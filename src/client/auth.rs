//! Answers a registry's challenge: Basic, or Bearer with its token service.
//!
//! Keeps the tokens of one registry, one for each scope, and decides which credential is sent when.
//! Invariants: a credential goes to the registry and to its token service only; one that was never
//! accepted is not sent again for some minutes after it was rejected, because registries lock accounts
//! after a few wrong passwords.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use reqwest::StatusCode;
use reqwest::header::HeaderValue;
use tokio::sync::{MutexGuard, OnceCell};

use super::challenge::Challenge;
use super::credentials::{Credential, Credentials, Found};
use super::endpoint::Endpoint;
use super::request::Answer;
use super::retry::is_transient;
use super::standing::{Standing, Standings};
use super::token::{TokenRequest, direct};
use super::transport::Transport;
use super::{Error, Event};
use crate::oci::Repository;

/// A token is not used in its last seconds: clocks differ, and the request takes time.
const MARGIN: Duration = Duration::from_secs(5);

/// The purpose of a request, in the terms of token services.
#[derive(Debug, Clone, Copy)]
pub(super) enum Scope<'a> {
    /// Listing the repositories.
    Catalog,
    /// The same at a token service that knows no scope for it: its tokens without any list them.
    Unnamed,
    /// Reading in a repository.
    Pull(&'a Repository),
    /// Deleting in a repository.
    Delete(&'a Repository),
    /// Writing in a repository.
    Push(&'a Repository),
    /// Writes to a repository and mounts from another.
    Mount {
        /// The one that is written in.
        into: &'a Repository,
        /// The one that is read.
        from: &'a Repository,
    },
}

impl<'a> Scope<'a> {
    fn repository(&self) -> Option<&'a Repository> {
        match self {
            Self::Catalog | Self::Unnamed => None,
            Self::Pull(repository)
            | Self::Delete(repository)
            | Self::Push(repository)
            | Self::Mount {
                into: repository, ..
            } => Some(repository),
        }
    }

    /// The scope as text; several are separated by a space.
    fn text(&self) -> String {
        match self {
            Self::Catalog => "registry:catalog:*".into(),
            Self::Unnamed => String::new(),
            Self::Pull(repository) => format!("repository:{repository}:pull"),
            Self::Delete(repository) => format!("repository:{repository}:delete"),
            Self::Push(repository) => format!("repository:{repository}:pull,push"),
            Self::Mount { into, from } => {
                format!("repository:{into}:pull,push repository:{from}:pull")
            }
        }
    }

    /// A wider scope whose token covers this one.
    fn wider(&self) -> Option<Self> {
        match *self {
            Self::Pull(repository) => Some(Self::Push(repository)),
            Self::Catalog => Some(Self::Unnamed),
            _ => None,
        }
    }
}

struct Token {
    header: HeaderValue,
    until: Instant,
}

/// A credential was rejected before.
pub(super) struct RejectedBefore;

/// Credentials and tokens for one registry.
pub(super) struct Auth {
    /// The registry as the user named it.
    registry: String,
    /// Its name in credential files.
    key: String,
    credentials: OnceCell<Credentials>,
    tokens: Mutex<HashMap<String, Token>>,
    /// The credentials that were sent.
    standings: Standings,
    /// Held while a token is fetched, so that concurrent requests share one, and while a credential
    /// is sent for the first time.
    fetching: tokio::sync::Mutex<()>,
    basic: AtomicBool,
}

impl Auth {
    pub(super) fn new(registry: &str, endpoint: &Endpoint) -> Self {
        Self {
            registry: registry.to_owned(),
            key: endpoint.key().to_owned(),
            credentials: OnceCell::new(),
            tokens: Mutex::default(),
            standings: Standings::default(),
            fetching: tokio::sync::Mutex::default(),
            basic: AtomicBool::new(false),
        }
    }

    /// Uses these credentials instead of those of this machine.
    pub(super) fn with(registry: &str, endpoint: &Endpoint, credentials: Credentials) -> Self {
        Self {
            credentials: OnceCell::new_with(Some(credentials)),
            ..Self::new(registry, endpoint)
        }
    }

    /// The credentials of all sources.
    pub(super) async fn credentials(&self, transport: &Transport) -> &Credentials {
        let load = || {
            Credentials::load(&self.key, |warning| {
                transport.report(Event::Warning(warning));
            })
        };
        self.credentials.get_or_init(load).await
    }

    /// The `Authorization` header for a scope, according to earlier challenges.
    pub(super) fn known(&self, scope: &Scope<'_>) -> Option<HeaderValue> {
        if self.basic.load(Ordering::Relaxed) {
            let found = self.credentials.get()?.find(scope.repository())?;
            let accepted = |standing: &Standing| matches!(standing, Standing::Accepted);
            let is_accepted = self.standings.of(&found.credential, accepted) == Some(true);
            return direct(&found.credential).filter(|_| is_accepted);
        }
        let tokens = self.tokens.lock();
        let now = Instant::now();
        std::iter::once(*scope)
            .chain(scope.wider())
            .filter_map(|scope| tokens.get(&scope.text()))
            .find(|token| token.until > now)
            .map(|token| token.header.clone())
    }

    /// The credential of a scope.
    fn credential(&self, scope: &Scope<'_>) -> Option<Credential> {
        Some(self.credentials.get()?.find(scope.repository())?.credential)
    }

    /// Whether the credential of a scope was rejected.
    pub(super) fn is_rejected(&self, scope: &Scope<'_>) -> bool {
        let rejected = |standing: &Standing| !matches!(standing, Standing::Accepted);
        let credential = self.credential(scope);
        credential.and_then(|known| self.standings.of(&known, rejected)) == Some(true)
    }

    /// Waits until a header may be sent for a scope. One with a credential itself is sent by one
    /// request alone, until the guard is dropped, as long as nothing is known of the credential.
    pub(super) async fn turn(
        &self,
        scope: &Scope<'_>,
        header: &HeaderValue,
    ) -> Result<Option<MutexGuard<'_, ()>>, RejectedBefore> {
        let Some(credential) = self.direct(scope, header) else {
            return Ok(None);
        };
        if self.standings.of(&credential, |_| ()).is_some() && !self.is_rejected(scope) {
            return Ok(None);
        }
        let turn = self.fetching.lock().await;
        if self.is_rejected(scope) {
            return Err(RejectedBefore);
        }
        Ok(Some(turn))
    }

    /// Learns from the answer to a header for a scope whether the registry accepts its credential.
    pub(super) fn learn(&self, scope: &Scope<'_>, header: &HeaderValue, answer: &Answer) {
        let Some(credential) = self.direct(scope, header) else {
            return;
        };
        // A redirect to another host is an answer to a credential that was accepted.
        if answer.status == StatusCode::UNAUTHORIZED && !answer.elsewhere {
            self.standings.note(&credential, Standing::Rejected);
        } else if !is_transient(answer.status) {
            self.standings.note(&credential, Standing::Accepted);
        }
    }

    /// The credential that a header contains itself.
    fn direct(&self, scope: &Scope<'_>, header: &HeaderValue) -> Option<Credential> {
        let credential = self.credential(scope)?;
        (direct(&credential).as_ref() == Some(header)).then_some(credential)
    }

    /// The hint for missing or refused credentials, for a repository or the registry as a whole.
    pub(super) fn hint(&self, repository: Option<&Repository>) -> String {
        match self.credentials.get().and_then(|all| all.find(repository)) {
            Some(found) => format!("the credentials used are those of {}", found.source),
            None => format!("sign in with `regctl login {}`", self.registry),
        }
    }

    /// Answers the challenge of a 401. Returns the header for another attempt, or `None` if there
    /// is none other than the `rejected` one.
    pub(super) async fn answer(
        &self,
        answer: &Answer,
        scope: &Scope<'_>,
        rejected: Option<&HeaderValue>,
        endpoint: &Endpoint,
        transport: &Transport,
    ) -> Result<Option<HeaderValue>, Error> {
        let challenges = Challenge::all(&answer.headers);
        let offered = |scheme| Challenge::find(&challenges, scheme);
        let credentials = self.credentials(transport).await;
        let found = credentials.find(scope.repository());
        let given = match (&found, offered("bearer"), offered("basic")) {
            (
                Some(Found {
                    credential: token @ Credential::Registry(_),
                    ..
                }),
                _,
                _,
            ) => direct(token),
            (_, Some(bearer), _) => {
                let asked = TokenRequest {
                    registry: &self.registry,
                    challenge: bearer,
                    scopes: self.scope_of(rejected, scope).text(),
                    credential: found.as_ref().map(|found| &found.credential),
                    wants_refresh: false,
                };
                let hint = self.hint(scope.repository());
                let token = self.token(&asked, &hint, rejected, endpoint, transport);
                Some(token.await?)
            }
            (Some(found), None, Some(_)) => {
                self.basic.store(true, Ordering::Relaxed);
                direct(&found.credential)
            }
            _ => None,
        };
        Ok(given.filter(|header| Some(header) != rejected))
    }

    /// The scope for a new token: that of the rejected one, if it covers this scope.
    fn scope_of<'a>(&self, rejected: Option<&HeaderValue>, scope: &Scope<'a>) -> Scope<'a> {
        let tokens = self.tokens.lock();
        let is_of = |wider: &Scope<'_>| {
            let token = tokens.get(&wider.text());
            token.is_some_and(|token| Some(&token.header) == rejected)
        };
        scope.wider().filter(is_of).unwrap_or(*scope)
    }

    /// A token for a scope: fetched by another request in the meantime, or new.
    async fn token(
        &self,
        asked: &TokenRequest<'_>,
        hint: &str,
        rejected: Option<&HeaderValue>,
        endpoint: &Endpoint,
        transport: &Transport,
    ) -> Result<HeaderValue, Error> {
        let key = asked.scopes.clone();
        let _fetching = self.fetching.lock().await;
        if let Some(token) = self.tokens.lock().get(&key)
            && Some(&token.header) != rejected
            && token.until > Instant::now()
        {
            return Ok(token.header.clone());
        }
        let denied = |standing: &Standing| match standing {
            Standing::Denied(denied) => Some(denied.clone()),
            Standing::Accepted | Standing::Rejected => None,
        };
        let denied = asked
            .credential
            .and_then(|credential| self.standings.of(credential, denied));
        if let Some(denied) = denied.flatten() {
            return Err(denied.error(hint.to_owned()));
        }
        let granted = match asked.fetch(endpoint, transport).await? {
            Ok(granted) => granted,
            Err(denied) => {
                if let Some(credential) = asked.credential.filter(|_| denied.is_credential) {
                    self.standings
                        .note(credential, Standing::Denied(denied.clone()));
                }
                return Err(denied.error(hint.to_owned()));
            }
        };
        if let Some(credential) = asked.credential {
            self.standings.note(credential, Standing::Accepted);
        }
        let until = Instant::now()
            .checked_add(granted.lifetime.saturating_sub(MARGIN))
            .unwrap_or_else(Instant::now);
        let header = granted.header;
        let stored = Token {
            header: header.clone(),
            until,
        };
        self.tokens.lock().insert(key, stored);
        Ok(header)
    }

    /// Lets all tokens end.
    #[cfg(test)]
    pub(super) fn end_tokens(&self) {
        let now = Instant::now();
        let mut tokens = self.tokens.lock();
        tokens.values_mut().for_each(|token| token.until = now);
    }
}
