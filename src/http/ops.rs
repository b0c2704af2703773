//! Endpoints for operators: liveness, readiness, and on the debug address registry:2's
//! `/debug/health` and `/metrics`.

use std::collections::BTreeMap;

use http::header::CONTENT_TYPE;
use http::{HeaderValue, Method, Request, StatusCode};
use parking_lot::Mutex;

use super::guard::Guard;
use super::respond::{Answer, Refusal, json, with_body};
use super::route::RouteError;
use super::v2::preflight;
use super::{Shared, host, token, v1};
use crate::oci::ErrorCode;

/// The methods of a path that can only be read.
const READ: &str = "GET, HEAD";

/// The failing health checks by name, with their reasons.
pub type FailedChecks = BTreeMap<String, String>;

/// The results of the health checks of the configuration.
#[derive(Debug, Default)]
pub struct Health {
    failed: Mutex<FailedChecks>,
    shutting_down: std::sync::atomic::AtomicBool,
}

impl Health {
    /// Records the result of a check: why it failed, or `None`.
    pub fn record(&self, check: &str, reason: Option<String>) {
        let mut failed = self.failed.lock();
        match reason {
            Some(reason) => drop(failed.insert(check.to_owned(), reason)),
            None => drop(failed.remove(check)),
        }
    }

    /// From now on `/readyz` fails, because the server is shutting down.
    pub fn begin_shutdown(&self) {
        self.shutting_down
            .store(true, std::sync::atomic::Ordering::Relaxed);
    }

    fn failed(&self) -> FailedChecks {
        self.failed.lock().clone()
    }

    fn is_shutting_down(&self) -> bool {
        self.shutting_down
            .load(std::sync::atomic::Ordering::Relaxed)
    }
}

fn health(app: &Shared) -> Answer {
    let failed = app.health.failed();
    let status = if failed.is_empty() {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    json(status, &failed)
}

/// Whether requests would be answered: no check fails, the index and the store answer, and the
/// server is not shutting down. With `names` the paths of the layout that can't be used have theirs,
/// which include names of repositories.
async fn ready(app: &Shared, names: bool) -> Answer {
    let mut failed = app.health.failed();
    if app.health.is_shutting_down() {
        failed.insert("shutdown".into(), "the server is shutting down".into());
    }
    if let Some(guard) = &app.guard
        && let Err(error) = guard.ping().await
    {
        tracing::error!(%error, "the registry does not answer");
        failed.insert(
            "registry".into(),
            "the index or the store does not answer".into(),
        );
    }
    let status = if failed.is_empty() {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    // Reported, but not a failure: the index serves these paths as well.
    let obstructed = app.guard.as_ref().map(Guard::obstructed);
    let obstructed = obstructed.unwrap_or_default();
    if names {
        for (place, reason) in obstructed {
            failed.insert(format!("layout: {place}"), reason);
        }
    } else if !obstructed.is_empty() {
        let count = obstructed.len();
        let what = format!("occupied or unreadable paths: {count}; regctl check lists them");
        failed.insert("layout".to_owned(), what);
    }
    json(status, &failed)
}

/// Answers OPTIONS for a path outside of `/v2` that front ends of another origin or health checks of
/// proxies request, without credentials. Other paths answer it like any method that they do not
/// support: no page of another origin may use the pages or administer the registry.
pub(super) fn options<B>(request: &Request<B>, path: &str) -> Option<Answer> {
    if request.method() != Method::OPTIONS {
        return None;
    }
    match path {
        "*" => Some(preflight("GET, HEAD, POST, PUT, PATCH, DELETE")),
        token::PATH => Some(preflight(token::METHODS)),
        path if is_read_only(path) => Some(preflight(READ)),
        _ => None,
    }
}

/// Answers a path of the main address that is neither below `/v2` nor a page.
pub(super) async fn public<B>(
    app: &Shared,
    request: &Request<B>,
    path: &str,
) -> Result<Answer, Refusal> {
    let read = matches!(*request.method(), Method::GET | Method::HEAD);
    match path {
        path if is_read_only(path) && !read => Err(RouteError::Method(READ).into()),
        "/livez" => Ok(json(StatusCode::OK, &serde_json::json!({}))),
        "/readyz" => Ok(ready(app, false).await),
        _ => Ok(nothing_here()),
    }
}

/// Whether a path can only be read: a health check, the search, or `/`.
fn is_read_only(path: &str) -> bool {
    matches!(path, "" | "/" | "/livez" | "/readyz") || v1::owns(path)
}

fn nothing_here() -> Answer {
    Refusal::new(
        StatusCode::NOT_FOUND,
        ErrorCode::Unsupported,
        "there is no such endpoint",
    )
    .answer()
}

/// Answers requests to the debug address.
pub(super) async fn debug(app: &Shared, request: Request<()>) -> Answer {
    let path = request.uri().path();
    if let Err(refusal) = host::check(&request) {
        return refusal.answer();
    }
    if request.method() != Method::GET {
        return Refusal::from(RouteError::Method("GET")).answer();
    }
    if app.metrics_path.as_deref() == Some(path) {
        let mut answer = with_body(StatusCode::OK, app.observer.metrics.text());
        answer.headers_mut().insert(
            CONTENT_TYPE,
            HeaderValue::from_static("application/openmetrics-text; version=1.0.0; charset=utf-8"),
        );
        return answer;
    }
    match path {
        "/debug/health" => health(app),
        "/livez" => json(StatusCode::OK, &serde_json::json!({})),
        "/readyz" => ready(app, true).await,
        _ => nothing_here(),
    }
}
