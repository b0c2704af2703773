//! The handlers below `/v2`, one file a noun.

pub(super) mod blobs;
pub(super) mod listings;
pub(super) mod manifests;
pub(super) mod referrers;
pub(super) mod repositories;
pub(super) mod uploads;

use http::header::{ALLOW, HOST, HeaderMap, HeaderName};
use http::{Method, Request, StatusCode};
use hyper::body::Incoming;

use super::App;
use super::paging::Query;
use super::respond::{Answer, Refusal, json};
use super::route::Route;
use crate::oci::ErrorCode;

/// The digest of a manifest or blob (OCI distribution specification, "Pulling manifests").
pub(super) const CONTENT_DIGEST: HeaderName = HeaderName::from_static("docker-content-digest");
/// What is addressed by digest never changes.
pub(super) const IMMUTABLE: &str = "max-age=31536000, immutable";

/// A request on its way to a handler.
pub(super) struct Call {
    pub(super) app: App,
    pub(super) method: Method,
    pub(super) query: Query,
    pub(super) headers: HeaderMap,
    pub(super) body: Incoming,
    pub(super) tls: bool,
}

impl Call {
    pub(super) fn new(app: App, request: Request<Incoming>, tls: bool) -> Self {
        let (mut head, body) = request.into_parts();
        // HTTP/2 names the host in the target of the request (RFC 9113, section 8.3.1).
        if !head.headers.contains_key(HOST)
            && let Some(host) = head
                .uri
                .authority()
                .and_then(|host| host.as_str().try_into().ok())
        {
            head.headers.insert(HOST, host);
        }
        let query = Query::parse(head.uri.query());
        Self {
            app,
            method: head.method,
            query,
            headers: head.headers,
            body,
            tls,
        }
    }

    /// A header as text; one that is not ASCII is as good as absent.
    pub(super) fn header(&self, name: &HeaderName) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The location of a path of this registry.
    pub(super) fn location(&self, path: &str) -> String {
        self.app.locations.of(path, &self.headers, self.tls)
    }
}

/// Hands a request to the handler of its path and method.
pub(super) async fn dispatch(call: Call, route: Route) -> Result<Answer, Refusal> {
    let method = call.method.clone();
    match (route, method.as_str()) {
        (Route::Base, "GET" | "HEAD") => Ok(json(StatusCode::OK, &serde_json::json!({}))),
        (Route::Base, _) => Err(not_allowed("GET, HEAD")),
        (Route::Catalog, "GET" | "HEAD") => listings::catalog(&call).await,
        (Route::CatalogRecords, "GET" | "HEAD") => listings::catalog_records(&call).await,
        (Route::Catalog | Route::CatalogRecords, _) => Err(not_allowed("GET, HEAD")),
        (Route::Tags(name), "GET" | "HEAD") => listings::tags(&call, &name).await,
        (Route::TagRecords(name), "GET" | "HEAD") => listings::tag_records(&call, &name).await,
        (Route::Tags(_) | Route::TagRecords(_), _) => Err(not_allowed("GET, HEAD")),
        (Route::Repository(name), "DELETE") => repositories::delete(&call, &name).await,
        (Route::Repository(_), _) => Err(not_allowed("DELETE")),
        (Route::Referrers(name, digest), "GET" | "HEAD") => {
            referrers::list(&call, &name, &digest).await
        }
        (Route::Referrers(..), _) => Err(not_allowed("GET, HEAD")),
        (Route::Manifest(name, reference), "GET" | "HEAD") => {
            manifests::get(&call, &name, reference).await
        }
        (Route::Manifest(name, reference), "PUT") => manifests::put(call, name, reference).await,
        (Route::Manifest(name, reference), "DELETE") => {
            manifests::delete(&call, &name, reference).await
        }
        (Route::Manifest(..), _) => Err(not_allowed("GET, HEAD, PUT, DELETE")),
        (Route::Blob(name, digest), "GET") => blobs::get(&call, &name, &digest).await,
        (Route::Blob(name, digest), "HEAD") => blobs::head(&call, &name, &digest).await,
        (Route::Blob(name, digest), "DELETE") => blobs::delete(&call, &name, &digest).await,
        (Route::Blob(..), _) => Err(not_allowed("GET, HEAD, DELETE")),
        (Route::Uploads(name), "POST") => uploads::start(call, name).await,
        (Route::Uploads(_), _) => Err(not_allowed("POST")),
        (Route::Upload(name, id), "GET" | "HEAD") => uploads::status(&call, &name, &id).await,
        (Route::Upload(name, id), "PATCH") => uploads::append(call, name, id).await,
        (Route::Upload(name, id), "PUT") => uploads::finish(call, name, id).await,
        (Route::Upload(name, id), "DELETE") => uploads::cancel(&call, &name, &id).await,
        (Route::Upload(..), _) => Err(not_allowed("GET, HEAD, PATCH, PUT, DELETE")),
    }
}

fn not_allowed(methods: &'static str) -> Refusal {
    let message = format!("this endpoint takes {methods}");
    Refusal::new(
        StatusCode::METHOD_NOT_ALLOWED,
        ErrorCode::Unsupported,
        message,
    )
    .with(ALLOW, methods)
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
