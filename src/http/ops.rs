//! Endpoints for operators: liveness, readiness, and on the debug address registry:2's
//! `/debug/health` and `/metrics`.

use std::collections::BTreeMap;

use http::header::CONTENT_TYPE;
use http::{HeaderValue, Method, Request, StatusCode};
use parking_lot::Mutex;

use super::Shared;
use super::guard::Guard;
use super::respond::{Answer, Refusal, json, with_body};
use crate::oci::ErrorCode;

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

/// Answers a path of the main address that is neither below `/v2` nor a page.
pub(super) async fn public<B>(app: &Shared, request: &Request<B>, path: &str) -> Answer {
    let read = matches!(*request.method(), Method::GET | Method::HEAD);
    match path {
        "/livez" if read => json(StatusCode::OK, &serde_json::json!({})),
        "/readyz" if read => ready(app, false).await,
        _ => nothing_here(),
    }
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
    if request.method() != Method::GET {
        return Refusal::new(
            StatusCode::METHOD_NOT_ALLOWED,
            ErrorCode::Unsupported,
            "the debug address supports GET",
        )
        .answer();
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
