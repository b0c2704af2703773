//! Answering a registry's challenge: Basic, and Bearer with its token service.
//!
//! Owns the tokens of one registry, one for each scope, and the decision which secret may go where:
//! to the registry itself, or to the https realm that the registry names (an http realm only for a
//! registry that is itself spoken to over http).

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use parking_lot::Mutex;
use reqwest::header::{HeaderValue, WWW_AUTHENTICATE};
use reqwest::{Method, StatusCode};
use serde::Deserialize;
use tokio::sync::OnceCell;
use url::Url;

use super::challenge::Challenge;
use super::credentials::{Credential, Credentials, Found};
use super::endpoint::Endpoint;
use super::error::words;
use super::request::{Answer, Request};
use super::transport::Transport;
use super::{Error, Event};
use crate::oci::Repository;

/// The shortest life of a token, whatever its service says.
const SHORTEST_LIFE: Duration = Duration::from_mins(1);
/// The longest life that is believed.
const LONGEST_LIFE: Duration = Duration::from_hours(24);
/// A token is not used for its last seconds: the clocks differ, and the request takes time.
const MARGIN: Duration = Duration::from_secs(5);
const TOKEN_LIMIT: usize = 1024 * 1024;

/// What a request is about to do, as token services name it.
#[derive(Debug, Clone, Copy)]
pub(super) enum Scope<'a> {
    /// Listing the repositories.
    Catalog,
    /// Reading in a repository.
    Pull(&'a Repository),
    /// Deleting in a repository.
    Delete(&'a Repository),
    /// Writing in a repository.
    Push(&'a Repository),
    /// Writing in a repository what another has.
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
            Self::Catalog => None,
            Self::Pull(repository)
            | Self::Delete(repository)
            | Self::Push(repository)
            | Self::Mount {
                into: repository, ..
            } => Some(repository),
        }
    }

    /// As token services write it; several are separated by a space.
    fn text(&self) -> String {
        match self {
            Self::Catalog => "registry:catalog:*".into(),
            Self::Pull(repository) => format!("repository:{repository}:pull"),
            Self::Delete(repository) => format!("repository:{repository}:delete"),
            Self::Push(repository) => format!("repository:{repository}:pull,push"),
            Self::Mount { into, from } => {
                format!("repository:{into}:pull,push repository:{from}:pull")
            }
        }
    }

    /// Another scope whose token does for this one as well.
    fn wider(&self) -> Option<Self> {
        match *self {
            Self::Pull(repository) => Some(Self::Push(repository)),
            _ => None,
        }
    }
}

#[derive(Deserialize)]
struct TokenAnswer {
    token: Option<String>,
    access_token: Option<String>,
    expires_in: Option<u64>,
}

struct Token {
    header: HeaderValue,
    until: Instant,
}

/// Who this side is to one registry.
pub(super) struct Auth {
    registry: String,
    credentials: OnceCell<Credentials>,
    tokens: Mutex<HashMap<String, Token>>,
    /// Held while a token is fetched, so that many requests at once fetch one.
    fetching: tokio::sync::Mutex<()>,
    basic: AtomicBool,
}

impl Auth {
    pub(super) fn new(registry: &str) -> Self {
        Self {
            registry: registry.to_owned(),
            credentials: OnceCell::new(),
            tokens: Mutex::default(),
            fetching: tokio::sync::Mutex::default(),
            basic: AtomicBool::new(false),
        }
    }

    /// The header that a request of this scope needs, as far as is known from earlier ones.
    pub(super) fn known(&self, scope: &Scope<'_>) -> Option<HeaderValue> {
        if self.basic.load(Ordering::Relaxed) {
            let found = self.credentials.get()?.find(scope.repository())?;
            return direct(&found.credential);
        }
        let tokens = self.tokens.lock();
        let now = Instant::now();
        std::iter::once(*scope)
            .chain(scope.wider())
            .filter_map(|scope| tokens.get(&scope.text()))
            .find(|token| token.until > now)
            .map(|token| token.header.clone())
    }

    /// What to do about an answer that can't be used for want of credentials.
    pub(super) fn hint(&self, registry: &str, endpoint: &Endpoint) -> String {
        if !endpoint.may_send_credentials() {
            return "credentials are sent over plain http only with --plain-http".into();
        }
        match self.credentials.get().and_then(|all| all.find(None)) {
            Some(found) => format!("the credentials used are those of {}", found.source),
            None => format!(
                "sign in with `docker login {registry}` or `podman login {registry}`; their \
                 credentials are used here"
            ),
        }
    }

    /// Answers the challenge of a 401: the header to try again with, or `None` when there is no
    /// other than the one that was `rejected`.
    pub(super) async fn answer(
        &self,
        answer: &Answer,
        scope: &Scope<'_>,
        rejected: Option<&HeaderValue>,
        endpoint: &Endpoint,
        transport: &Transport,
    ) -> Result<Option<HeaderValue>, Error> {
        let challenges: Vec<Challenge> = answer
            .headers
            .get_all(WWW_AUTHENTICATE)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(Challenge::parse)
            .collect();
        let offered = |scheme: &str| {
            challenges
                .iter()
                .find(|challenge| challenge.scheme == scheme)
        };
        let found = if endpoint.may_send_credentials() {
            let credentials = self
                .credentials
                .get_or_init(|| {
                    Credentials::load(&self.registry, |warning| {
                        transport.tell(Event::Warning(warning));
                    })
                })
                .await;
            credentials.find(scope.repository())
        } else {
            None
        };
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
                let asked = Asked {
                    challenge: bearer,
                    scope,
                    found: found.as_ref(),
                };
                Some(self.token(&asked, rejected, endpoint, transport).await?)
            }
            (Some(found), None, Some(_)) => {
                self.basic.store(true, Ordering::Relaxed);
                direct(&found.credential)
            }
            _ => None,
        };
        Ok(given.filter(|header| Some(header) != rejected))
    }

    /// A token for a scope: one that another request has fetched meanwhile, or a new one.
    async fn token(
        &self,
        asked: &Asked<'_>,
        rejected: Option<&HeaderValue>,
        endpoint: &Endpoint,
        transport: &Transport,
    ) -> Result<HeaderValue, Error> {
        let key = asked.scope.text();
        let _fetching = self.fetching.lock().await;
        if let Some(token) = self.tokens.lock().get(&key)
            && Some(&token.header) != rejected
            && token.until > Instant::now()
        {
            return Ok(token.header.clone());
        }
        let realm = asked.realm(&self.registry, endpoint)?;
        let answer = asked.send(realm.clone(), transport).await?;
        if !answer.status.is_success() {
            return Err(self.no_token(&answer, &realm, endpoint));
        }
        let malformed = |reason: &str| Error::Malformed {
            registry: realm.authority().to_owned(),
            what: "a token".into(),
            reason: reason.to_owned(),
        };
        let token: TokenAnswer = serde_json::from_slice(&answer.body)
            .map_err(|_| malformed("it is not the JSON of a token"))?;
        let text = [token.token, token.access_token]
            .into_iter()
            .flatten()
            .find(|text| !text.is_empty())
            .ok_or_else(|| malformed("there is no token in it"))?;
        let header =
            bearer(&text).ok_or_else(|| malformed("the token has characters that none has"))?;
        let life = Duration::from_secs(token.expires_in.unwrap_or(0)).max(SHORTEST_LIFE);
        let until = Instant::now()
            .checked_add(life.min(LONGEST_LIFE).saturating_sub(MARGIN))
            .unwrap_or_else(Instant::now);
        let stored = Token {
            header: header.clone(),
            until,
        };
        self.tokens.lock().insert(key, stored);
        Ok(header)
    }

    fn no_token(&self, answer: &Answer, realm: &Url, endpoint: &Endpoint) -> Error {
        let registry = realm.authority().to_owned();
        let (what, words) = ("a token".to_owned(), words(&answer.body));
        let status = answer.status;
        if super::retry::is_transient(status) {
            Error::Unavailable {
                registry,
                what,
                status,
                words,
                hint: String::new(),
            }
        } else if status.is_client_error() && status != StatusCode::NOT_FOUND {
            Error::Denied {
                registry,
                what,
                words,
                hint: self.hint(&self.registry, endpoint),
            }
        } else {
            Error::Refused {
                registry,
                what,
                status,
                words,
            }
        }
    }
}

/// A token that is wanted: the challenge, the scope, and who asks.
struct Asked<'a> {
    challenge: &'a Challenge,
    scope: &'a Scope<'a>,
    found: Option<&'a Found>,
}

impl Asked<'_> {
    /// The address of the token service, if it is one that may be asked.
    fn realm(&self, registry: &str, endpoint: &Endpoint) -> Result<Url, Error> {
        let malformed = |reason: &str| Error::Malformed {
            registry: registry.to_owned(),
            what: "a challenge".into(),
            reason: reason.to_owned(),
        };
        let realm = self
            .challenge
            .parameter("realm")
            .and_then(|realm| Url::parse(realm).ok())
            .filter(Url::has_host)
            .ok_or_else(|| malformed("its realm is not an address"))?;
        match realm.scheme() {
            "https" => Ok(realm),
            "http" if endpoint.is_plain() => Ok(realm),
            _ => Err(malformed(
                "its realm is not https, so no credentials are sent there",
            )),
        }
    }

    /// What is asked for: what this side is about to do, and what the challenge says it needs.
    fn scopes(&self) -> Vec<String> {
        let own = self.scope.text();
        let asked = self.challenge.parameter("scope").unwrap_or_default();
        let mut scopes: Vec<String> = own.split(' ').map(str::to_owned).collect();
        for scope in asked.split(' ').filter(|scope| !scope.is_empty()) {
            if !scopes.iter().any(|own| own == scope) {
                scopes.push(scope.to_owned());
            }
        }
        scopes
    }

    async fn send(&self, mut realm: Url, transport: &Transport) -> Result<Answer, Error> {
        let service = self.challenge.parameter("service").unwrap_or_default();
        let scopes = self.scopes();
        let credential = self.found.map(|found| &found.credential);
        if let Some(Credential::Identity(token)) = credential {
            let joined = scopes.join(" ");
            let form = [
                ("grant_type", "refresh_token"),
                ("refresh_token", token),
                ("service", service),
                ("scope", &joined),
                ("client_id", "regctl"),
            ];
            return transport
                .fetch(&Request {
                    form: Some(&form),
                    limit: TOKEN_LIMIT,
                    ..Request::new(Method::POST, realm)
                })
                .await;
        }
        {
            let mut query = realm.query_pairs_mut();
            if !service.is_empty() {
                query.append_pair("service", service);
            }
            for scope in &scopes {
                query.append_pair("scope", scope);
            }
            query.append_pair("client_id", "regctl");
            if let Some(Credential::Basic { user, .. }) = credential {
                query.append_pair("account", user);
            }
        }
        transport
            .fetch(&Request {
                authorization: credential.and_then(direct),
                limit: TOKEN_LIMIT,
                ..Request::new(Method::GET, realm)
            })
            .await
    }
}

/// The header that shows a credential itself; `None` for one that only a token service takes.
fn direct(credential: &Credential) -> Option<HeaderValue> {
    match credential {
        Credential::Basic { user, password } => {
            let encoded = STANDARD.encode(format!("{user}:{password}"));
            secret(&format!("Basic {encoded}"))
        }
        Credential::Registry(token) => bearer(token),
        Credential::Identity(_) => None,
    }
}

fn bearer(token: &str) -> Option<HeaderValue> {
    secret(&format!("Bearer {token}"))
}

fn secret(text: &str) -> Option<HeaderValue> {
    let mut header = HeaderValue::from_str(text).ok()?;
    header.set_sensitive(true);
    Some(header)
}
