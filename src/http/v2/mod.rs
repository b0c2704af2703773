//! The handlers below `/v2`, one file for each noun.

pub(super) mod blobs;
pub(super) mod listings;
pub(super) mod manifests;
pub(super) mod referrers;
pub(super) mod repositories;
pub(super) mod uploads;

use std::sync::Arc;

use http::header::{ALLOW, HOST, HeaderMap, HeaderName};
use http::{Method, Request, StatusCode};

use super::Shared;
use super::body::Incoming;
use super::challenge::SignInRequest;
use super::paging::Query;
use super::respond::{Answer, Refusal, empty, json, set};
use super::route::Route;
use crate::oci::{Action, Context};
use crate::registry::Registry;

/// The digest of a manifest or blob (OCI distribution specification, "Pulling manifests").
pub(super) const CONTENT_DIGEST: HeaderName = HeaderName::from_static("docker-content-digest");
/// For how many seconds a deletion can be restored.
const RESTORABLE: HeaderName = HeaderName::from_static("regctl-restorable-seconds");
/// `Cache-Control` of content that is addressed by digest.
pub(super) const IMMUTABLE: &str = "max-age=31536000, immutable";

/// An admitted request for a handler.
pub(super) struct Call {
    pub(super) app: Arc<Shared>,
    /// The registry, acting for the caller.
    pub(super) registry: Registry,
    pub(super) method: Method,
    pub(super) query: Query,
    pub(super) headers: HeaderMap,
    pub(super) body: Incoming,
    pub(super) tls: bool,
}

impl Call {
    /// A header as text; a header that is not ASCII counts as absent.
    pub(super) fn header(&self, name: &HeaderName) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// A path of this registry for clients, without scheme and host.
    pub(super) fn path(&self, path: &str) -> String {
        format!("{}{path}", self.app.locations.prefix)
    }

    /// The location of a path of this registry.
    pub(super) fn location(&self, path: &str) -> String {
        self.app.locations.of(path, &self.headers, self.tls)
    }
}

/// Parses a request, has its action decided, and passes it to its handler.
pub(super) async fn answer(
    app: Arc<Shared>,
    request: Request<Incoming>,
    route: Route,
    context: &mut Arc<Context>,
    tls: bool,
) -> Result<Answer, Refusal> {
    let (mut head, body) = request.into_parts();
    // With HTTP/2 the target of the request has the host (RFC 9113, section 8.3.1).
    if !head.headers.contains_key(HOST)
        && let Some(host) = head
            .uri
            .authority()
            .and_then(|host| host.as_str().try_into().ok())
    {
        head.headers.insert(HOST, host);
    }
    if head.method == Method::OPTIONS {
        return Ok(preflight(route.methods()));
    }
    let query = Query::parse(head.uri.query());
    let action = route.action(&head.method, &query)?;
    let asked = SignInRequest {
        app: &app,
        headers: &head.headers,
        tls,
    };
    let identity = asked.sign_in(context, &action).await?;
    app.rates.admit_account(context)?;
    let admitted = app.guard()?.admit(context, &identity, &action).await;
    let (registry, action) = admitted.map_err(|denied| asked.denied(denied, &action))?;
    let call = Call {
        app,
        registry,
        method: head.method,
        query,
        headers: head.headers,
        body,
        tls,
    };
    handle(call, route, action).await
}

/// Answers OPTIONS, which browsers send before a request of another origin, without credentials.
/// `http.headers` decides which origins may read an answer.
pub(super) fn preflight(methods: &str) -> Answer {
    let mut answer = empty(StatusCode::OK);
    set(&mut answer, ALLOW, format!("{methods}, OPTIONS"));
    answer
}

/// Passes a call to the handler of its route and method. The state of pushes is boxed, because every
/// request would have its size otherwise.
async fn handle(call: Call, route: Route, action: Action) -> Result<Answer, Refusal> {
    match (route, action) {
        (Route::Base, _) => Ok(json(StatusCode::OK, &serde_json::json!({}))),
        (Route::Catalog, _) => listings::catalog(&call).await,
        (Route::CatalogRecords, _) => listings::catalog_records(&call).await,
        (Route::Tags(name), _) => listings::tags(&call, &name).await,
        (Route::TagRecords(name), _) => listings::tag_records(&call, &name).await,
        (Route::Repository(name), _) => repositories::delete(&call, &name).await,
        (Route::Star(name), _) => repositories::star(&call, &name).await,
        (Route::Referrers(name, digest), _) => referrers::list(&call, &name, &digest).await,
        (Route::Manifest(..), Action::PullManifest(name, reference)) => {
            manifests::get(&call, &name, reference).await
        }
        (Route::Manifest(..), Action::PushManifest(name, reference)) => {
            Box::pin(manifests::put(call, name, reference)).await
        }
        (Route::Manifest(name, _), action) => manifests::delete(&call, &name, &action).await,
        (Route::Blob(name, digest), Action::DeleteBlob(..)) => {
            blobs::delete(&call, &name, &digest).await
        }
        (Route::Blob(name, digest), _) => match call.method {
            Method::HEAD => blobs::head(&call, &name, &digest).await,
            _ => blobs::get(&call, &name, &digest).await,
        },
        (Route::Uploads(name), action) => Box::pin(uploads::start(call, name, action)).await,
        (Route::Upload(name, id), _) => match call.method {
            Method::PATCH => Box::pin(uploads::append(call, name, id)).await,
            Method::PUT => Box::pin(uploads::finish(call, name, id)).await,
            Method::DELETE => uploads::cancel(&call, &name, &id).await,
            _ => uploads::status(&call, &name, &id).await,
        },
    }
}

/// The answer to a deletion, with the number of seconds for which it can be restored.
pub(super) fn deleted(call: &Call) -> Answer {
    let mut answer = empty(StatusCode::ACCEPTED);
    let trash = call.registry.rules().trash / 1000;
    if trash > 0 {
        set(&mut answer, RESTORABLE, trash.to_string());
    }
    answer
}

/// Whether the client has this digest already (`If-None-Match`, RFC 9110 section 13.1.2).
pub(super) fn has_already(call: &Call, digest: &str) -> bool {
    let Some(condition) = call.header(&http::header::IF_NONE_MATCH) else {
        return false;
    };
    condition.split(',').any(|entry| {
        let entry = entry.trim();
        let entry = entry.strip_prefix("W/").unwrap_or(entry);
        entry == "*" || entry.trim_matches('"') == digest
    })
}
