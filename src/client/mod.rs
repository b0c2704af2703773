//! Speaking to a registry, any registry of the OCI distribution specification.
//!
//! Owns what a request needs from its name to its verified bytes: the choice of https or http, TLS
//! settings, credentials, challenges, retries, redirects, paging. A [`Client`] is for one registry
//! and is shared by any number of tasks. It prints nothing: what a person may want to know while it
//! works goes to a [`Listener`].
//!
//! Invariants: a secret goes to the registry and to the token service that it names, and nowhere
//! else; every body has a bound; content that is asked for by a digest is handed on only when it has
//! that digest; no answer, however strange, is more than an [`Error`].

mod auth;
mod blobs;
mod certificates;
mod challenge;
mod credentials;
mod endpoint;
mod error;
mod failure;
pub mod files;
mod helper;
mod link;
mod listing;
mod manifests;
mod repositories;
mod retry;
mod subject;
mod transport;
mod trust;

use std::sync::Arc;

pub use endpoint::Scheme;
pub use error::{Class, Error};
pub use listing::{Listing, RepositorySummary, TagSummary};
pub use manifests::{Manifest, ManifestHead};
use reqwest::{Method, StatusCode};

use self::auth::{Auth, Scope};
use self::endpoint::Endpoint;
use self::subject::Subject;
use self::transport::{Answer, Request, Transport};

/// What a client tells while it works.
#[derive(Debug, Clone, Copy)]
pub enum Event<'a> {
    /// Something of this side that is passed over: a credential helper that fails.
    Warning(&'a str),
    /// A try that failed and will be repeated.
    Retry(&'a str),
    /// A request and what became of it.
    Request(&'a str),
}

/// Who is told.
pub type Listener = Arc<dyn Fn(Event<'_>) + Send + Sync>;

/// How to speak to a registry.
#[derive(Clone)]
pub struct Options {
    /// https, or http.
    pub scheme: Scheme,
    /// https with whatever certificate.
    pub insecure: bool,
    /// How often a request that may work a moment later is repeated.
    pub retries: u32,
    /// Who is told what happens.
    pub listener: Listener,
}

/// A registry as this side sees it.
pub struct Client {
    name: String,
    endpoint: Endpoint,
    transport: Transport,
    auth: Auth,
}

/// A request to the registry.
struct Call<'a> {
    method: Method,
    /// Path and query, without the leading slash.
    path: &'a str,
    accept: Option<&'a str>,
    scope: Scope<'a>,
    /// The largest body, in bytes.
    limit: usize,
}

impl Client {
    /// A client for `host` or `host:port`. Connects to nothing yet.
    pub fn new(registry: &str, options: &Options) -> Result<Self, Error> {
        let endpoint = Endpoint::new(registry, options.scheme)?;
        let transport = Transport::new(endpoint.authority(), endpoint.is_loopback(), options)?;
        Ok(Self {
            name: registry.to_owned(),
            auth: Auth::new(registry),
            endpoint,
            transport,
        })
    }

    /// The registry as it was named.
    pub fn registry(&self) -> &str {
        &self.name
    }

    /// Sends a request, answering the registry's challenge if there is one.
    async fn call(&self, call: Call<'_>) -> Result<Answer, Error> {
        let base = self.endpoint.base(&self.transport).await?;
        let url = base
            .join(&format!("/{}", call.path))
            .ok()
            .filter(|url| url.origin() == base.origin())
            .ok_or_else(|| self.malformed(call.path, "it leads to another host"))?;
        let mut request = Request {
            method: call.method,
            url,
            accept: call.accept,
            authorization: self.auth.known(&call.scope),
            form: None,
            limit: call.limit,
        };
        let answer = self.transport.fetch(&request).await?;
        if answer.status != StatusCode::UNAUTHORIZED || answer.elsewhere {
            return Ok(answer);
        }
        let authorization = self
            .auth
            .answer(
                &answer,
                &call.scope,
                request.authorization.as_ref(),
                &self.endpoint,
                &self.transport,
            )
            .await?;
        match authorization {
            Some(authorization) => {
                request.authorization = Some(authorization);
                self.transport.fetch(&request).await
            }
            None => Ok(answer),
        }
    }

    /// The error that an answer other than success is.
    fn refusal(&self, answer: &Answer, subject: Subject<'_>) -> Error {
        let registry = self.name.clone();
        let words = error::words(&answer.body);
        let (status, what) = (answer.status, subject.to_string());
        match status {
            StatusCode::NOT_FOUND => Error::NotFound {
                registry,
                // One has no catalog, and not no the catalog.
                what: what.trim_start_matches("the ").to_owned(),
                words: error::absence(&answer.body, subject.is_in_a_repository()),
                hint: subject.where_to_look(&self.name),
            },
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Error::Denied {
                what,
                words,
                hint: self.auth.hint(&registry, &self.endpoint),
                registry,
            },
            _ if retry::is_transient(status) => Error::Unavailable {
                hint: answer
                    .headers
                    .get(reqwest::header::RETRY_AFTER)
                    .and_then(|value| value.to_str().ok())
                    .and_then(|value| retry::retry_after(value, jiff::Timestamp::now()))
                    .map(|wait| format!("it asks to wait {} s", wait.as_secs()))
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

    fn malformed(&self, what: impl std::fmt::Display, reason: impl std::fmt::Display) -> Error {
        Error::Malformed {
            registry: self.name.clone(),
            what: what.to_string(),
            reason: reason.to_string(),
        }
    }
}
