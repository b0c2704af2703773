//! For whoever runs the registry: liveness, readiness, and on the debug address registry:2's
//! `/debug/health` and `/metrics`.

use std::collections::BTreeMap;

use http::header::CONTENT_TYPE;
use http::{HeaderValue, Method, Request, StatusCode};
use parking_lot::Mutex;

use super::Shared;
use super::respond::{Answer, Refusal, json, with_body};
use crate::oci::ErrorCode;

/// The checks that fail now, by name, with their reasons.
pub type Unwell = BTreeMap<String, String>;

/// Whether the registry is well, as the checks of the configuration see it.
#[derive(Debug, Default)]
pub struct Health {
    unwell: Mutex<Unwell>,
    leaving: std::sync::atomic::AtomicBool,
}

impl Health {
    /// Notes what a check came to: `None` is well.
    pub fn note(&self, check: &str, reason: Option<String>) {
        let mut unwell = self.unwell.lock();
        match reason {
            Some(reason) => drop(unwell.insert(check.to_owned(), reason)),
            None => drop(unwell.remove(check)),
        }
    }

    /// From now on the server takes no more work.
    pub fn leave(&self) {
        self.leaving
            .store(true, std::sync::atomic::Ordering::Relaxed);
    }

    fn unwell(&self) -> Unwell {
        self.unwell.lock().clone()
    }

    fn is_leaving(&self) -> bool {
        self.leaving.load(std::sync::atomic::Ordering::Relaxed)
    }
}

fn health(app: &Shared) -> Answer {
    let unwell = app.health.unwell();
    let status = if unwell.is_empty() {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    json(status, &unwell)
}

/// Whether requests would be answered: the checks are well, the index answers, and nobody is
/// shutting down.
async fn ready(app: &Shared) -> Answer {
    let mut unwell = app.health.unwell();
    if app.health.is_leaving() {
        unwell.insert("shutdown".into(), "the server is going away".into());
    }
    if let Err(error) = app.guard.ping().await {
        tracing::error!(%error, "the registry does not answer");
        unwell.insert(
            "registry".into(),
            "the index or the store does not answer".into(),
        );
    }
    let status = if unwell.is_empty() {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    // Reported, but no reason to send clients elsewhere: the index serves these as well.
    for (place, reason) in app.guard.obstructed() {
        unwell.insert(format!("layout: {place}"), reason);
    }
    json(status, &unwell)
}

/// What the main address answers outside of `/v2`.
pub(super) async fn public<B>(app: &Shared, request: &Request<B>) -> Answer {
    let prefix = app.locations.prefix.as_str();
    let Some(path) = request.uri().path().strip_prefix(prefix) else {
        return nothing_here();
    };
    let read = matches!(*request.method(), Method::GET | Method::HEAD);
    match path {
        "/livez" if read => json(StatusCode::OK, &serde_json::json!({})),
        "/readyz" if read => ready(app).await,
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

/// What the debug address answers.
pub(super) async fn debug(app: &Shared, request: Request<()>) -> Answer {
    let path = request.uri().path();
    if request.method() != Method::GET {
        return Refusal::new(
            StatusCode::METHOD_NOT_ALLOWED,
            ErrorCode::Unsupported,
            "the debug address takes GET",
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
        "/readyz" => ready(app).await,
        _ => nothing_here(),
    }
}
