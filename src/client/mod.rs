//! A client for any registry of the OCI distribution specification.
//!
//! Covers a request from its name to its verified bytes: the choice of https or http, TLS settings,
//! credentials, challenges, retries, redirects, paging. A [`Client`] is for one registry and is
//! shared by any number of tasks. It prints nothing: messages for the user go to a [`Listener`].
//!
//! Invariants: secrets go to the registry and its token service only; every body has a limit;
//! content requested by digest is returned only if it matches; an invalid answer is an [`Error`],
//! never a panic.

mod administration;
mod auth;
mod blobs;
mod certificates;
mod chain;
mod challenge;
mod connections;
mod credential_store;
mod credentials;
mod docker_config;
mod downloads;
mod endpoint;
mod error;
mod examination;
mod failure;
pub mod files;
mod helper;
mod link;
mod listing;
mod login;
mod manifests;
mod no_proxy;
mod outgoing;
mod pages;
mod proxy_variable;
mod raw_object;
mod recognition;
mod redirects;
mod referrers;
mod remote_command;
mod repositories;
mod request;
mod retry;
mod search;
mod session;
mod source;
mod ssh;
mod ssh_output;
mod standing;
mod subject;
mod tls_words;
mod token;
mod transport;
mod trust;
mod tunnel;
mod uploads;
mod window;
mod words;
mod x509;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
pub use chain::{Chain, ChainError, served_chain};
pub use credential_store::CredentialStore;
pub use downloads::Download;
pub use endpoint::Scheme;
pub use error::{Class, Error};
pub use examination::{Examination, RegistryAnswer, examine};
pub use listing::{Listing, RepositorySummary, TagSummary};
pub use login::{Identity, SignedIn, SignedOut};
pub use manifests::{Manifest, ManifestHead};
pub use referrers::is_fallback_tag;
pub use remote_command::RemoteCommand;
use reqwest::header::HeaderValue;
use reqwest::{Method, StatusCode};
pub use search::FoundRepository;
pub use source::Source;
pub use ssh::{SSH, SshAddress, SshAddressError};
use tokio::sync::OnceCell;
pub use uploads::Uploaded;
use url::Url;
pub use x509::CertificateFields;

use self::auth::{Auth, Scope};
use self::endpoint::Endpoint;
use self::request::{Answer, Request};
use self::subject::Subject;
use self::transport::Transport;

/// Maximum body of an answer that needs none, in bytes.
const SMALL_ANSWER: usize = 1024 * 1024;

/// What a client reports while it works.
#[derive(Debug, Clone, Copy)]
pub enum Event<'a> {
    /// Something local that is ignored: a credential helper that fails.
    Warning(&'a str),
    /// A failed attempt that will be repeated.
    Retry(&'a str),
    /// A request and its status or error.
    Request(&'a str),
    /// A line of output of ssh.
    Ssh(&'a str),
}

/// Receives the events of a client.
pub type Listener = Arc<dyn Fn(Event<'_>) + Send + Sync>;

/// The options of a client.
#[derive(Clone)]
pub struct Options {
    /// https, or http.
    pub scheme: Scheme,
    /// Accept any certificate over https.
    pub insecure: bool,
    /// How often a request that failed transiently is repeated.
    pub retries: u32,
    /// Receives the events.
    pub listener: Listener,
}

/// A connection to one registry. Clones share its state.
#[derive(Clone)]
pub struct Client {
    name: String,
    endpoint: Arc<Endpoint>,
    transport: Arc<Transport>,
    auth: Arc<Auth>,
    /// Whether this is a registry: the reason why it is not, or `None`. Requested once, after an
    /// unexpected answer.
    known_registry: Arc<OnceCell<Option<&'static str>>>,
}

/// The destination of a request.
#[derive(Clone, Copy)]
enum Target<'a> {
    /// Path and query, without the leading slash.
    Path(&'a str),
    /// An address that the registry gave, possibly on another host. Other hosts get no credentials.
    Address(&'a Url),
}

/// A request to the registry.
struct Call<'a> {
    method: Method,
    target: Target<'a>,
    accept: Option<&'a str>,
    scope: Scope<'a>,
    /// Maximum body of an answer, in bytes.
    limit: usize,
    /// The body to send, with its media type.
    body: Option<(&'a str, Bytes)>,
    /// Offset of the first byte to receive.
    from: Option<u64>,
    /// Whether the body of a successful answer is streamed.
    open: bool,
    /// The timeout of the whole exchange, if it is longer than usual.
    timeout: Option<Duration>,
    /// Whether the request is repeated after a transient status.
    retried: bool,
}

impl<'a> Call<'a> {
    /// A request for a path with a small answer.
    fn new(method: Method, path: &'a str, scope: Scope<'a>) -> Self {
        Self::to(method, Target::Path(path), scope)
    }

    fn to(method: Method, target: Target<'a>, scope: Scope<'a>) -> Self {
        Self {
            method,
            target,
            accept: None,
            scope,
            limit: SMALL_ANSWER,
            body: None,
            from: None,
            open: false,
            timeout: None,
            retried: true,
        }
    }
}

impl Client {
    /// A client for `host` or `host:port`, or for `ssh://…`. Connects to nothing yet.
    pub fn new(registry: &str, options: &Options) -> Result<Self, Error> {
        let endpoint = Endpoint::new(registry, options.scheme)?;
        let transport = Transport::new(registry, &endpoint, options)?;
        Ok(Self {
            name: registry.to_owned(),
            auth: Arc::new(Auth::new(registry, &endpoint)),
            endpoint: Arc::new(endpoint),
            transport: Arc::new(transport),
            known_registry: Arc::default(),
        })
    }

    /// The registry as the user named it.
    pub fn registry(&self) -> &str {
        &self.name
    }

    /// Sends a request, answering the registry's challenge if there is one.
    async fn call(&self, call: Call<'_>) -> Result<Answer, Error> {
        let base = self.endpoint.base(&self.transport).await?;
        let url = match call.target {
            Target::Path(path) => base
                .join(&format!("/{path}"))
                .ok()
                .filter(|url| url.origin() == base.origin())
                .ok_or_else(|| self.malformed(path, "it leads to another host"))?,
            Target::Address(url) => url.clone(),
        };
        let elsewhere = !self.is_own(&url);
        let authorization = self.authorization(&url, &call.scope);
        let is_head = call.method == Method::HEAD;
        let mut request = Request {
            accept: call.accept,
            authorization,
            limit: call.limit,
            body: call.body,
            from: call.from,
            open: call.open,
            timeout: call.timeout,
            retried: call.retried,
            ..Request::new(call.method, url)
        };
        let answer = self.transport.fetch(&request).await?;
        if answer.status != StatusCode::UNAUTHORIZED || answer.elsewhere || elsewhere {
            if !(is_head || answer.elsewhere || elsewhere) {
                self.check_is_registry(&answer).await?;
            }
            return Ok(answer);
        }
        let rejected = request.authorization.take();
        match self
            .answer_challenge(&answer, &call.scope, rejected.as_ref())
            .await?
        {
            Some(authorization) => {
                let Ok(_turn) = self.auth.turn(&call.scope, &authorization).await else {
                    return Ok(answer);
                };
                request.authorization = Some(authorization.clone());
                let answer = self.transport.fetch(&request).await?;
                self.auth.learn(&call.scope, &authorization, &answer);
                Ok(answer)
            }
            None => Ok(answer),
        }
    }

    /// The `Authorization` after a 401; `None` if there is none other than the `rejected` one.
    async fn answer_challenge(
        &self,
        answer: &Answer,
        scope: &Scope<'_>,
        rejected: Option<&HeaderValue>,
    ) -> Result<Option<HeaderValue>, Error> {
        self.auth
            .answer(answer, scope, rejected, &self.endpoint, &self.transport)
            .await
    }

    /// Whether an address is the registry's own, to which credentials may be sent.
    fn is_own(&self, url: &Url) -> bool {
        url.origin() == self.endpoint.decided().origin()
    }

    /// The `Authorization` for an address, according to earlier challenges.
    fn authorization(&self, url: &Url, scope: &Scope<'_>) -> Option<HeaderValue> {
        self.auth.known(scope).filter(|_| self.is_own(url))
    }

    /// The error for an unsuccessful answer.
    fn refusal(&self, answer: &Answer, subject: Subject<'_>) -> Error {
        let registry = self.name.clone();
        let words = words::words(&answer.body);
        let (status, what) = (answer.status, subject.to_string());
        match status {
            StatusCode::NOT_FOUND if matches!(subject, Subject::Root) => Error::NoRegistry {
                registry,
                reason: "/v2/ does not exist (404)".into(),
                hint: recognition::NAME_ONE,
            },
            // The registry has it, as it knows where it is.
            StatusCode::NOT_FOUND if answer.elsewhere => {
                let host = answer.url.authority();
                self.malformed(what, format!("{host}, where it leads, answers {status}"))
            }
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN if answer.elsewhere => Error::Denied {
                registry: answer.url.authority().to_owned(),
                what,
                words,
                hint: format!("{registry} redirects there; no credentials are sent to it"),
            },
            // What does not exist then is not what the request was for.
            StatusCode::NOT_FOUND
                if subject.is_written()
                    && words::has_another_code(&answer.body, subject.codes()) =>
            {
                Error::Refused {
                    registry,
                    what,
                    status,
                    words,
                }
            }
            StatusCode::NOT_FOUND => Error::NotFound {
                registry,
                what: subject.absent(),
                words: words::absence(&answer.body, subject.codes(), subject.is_in_a_repository()),
                hint: subject.where_to_look(&self.name),
            },
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Error::Denied {
                what,
                words,
                hint: if recognition::is_about_quota(&answer.body) {
                    String::new()
                } else {
                    self.auth.hint(subject.repository())
                },
                registry,
            },
            StatusCode::BAD_REQUEST
                if self.endpoint.decided().scheme() == "http"
                    && recognition::mentions_https(&answer.body) =>
            {
                Error::Encrypted {
                    registry,
                    status,
                    words,
                }
            }
            _ if retry::is_transient(status) => Error::Unavailable {
                hint: answer
                    .headers
                    .get(reqwest::header::RETRY_AFTER)
                    .and_then(|value| value.to_str().ok())
                    .and_then(|value| retry::retry_after(value, jiff::Timestamp::now()))
                    .map(|wait| format!("it asks to wait {} s", wait.as_secs()))
                    .or_else(|| self.rate_limit_hint(status))
                    .unwrap_or_default(),
                registry,
                what,
                status,
                words,
            },
            _ => Error::Refused {
                registry,
                what,
                status,
                words,
            },
        }
    }

    /// The hint for a rate limit without a wait time.
    fn rate_limit_hint(&self, status: StatusCode) -> Option<String> {
        (status == StatusCode::TOO_MANY_REQUESTS).then(|| {
            let name = &self.name;
            format!("try again later; many registries have higher limits for signed-in users (`regctl login {name}`)")
        })
    }

    fn malformed(&self, what: impl std::fmt::Display, reason: impl std::fmt::Display) -> Error {
        Error::Malformed {
            registry: self.name.clone(),
            what: what.to_string(),
            reason: reason.to_string(),
        }
    }
}
