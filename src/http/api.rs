//! `/api/v1/operations`: the operations of the admin socket over the network, for accounts with the
//! admin right.
//!
//! A request is one operation in JSON; the answer is lines of JSON, the last of which is a report
//! or a failure. Credentials are read only from `Authorization`, and the body must be declared as
//! JSON, so that no page of another site can send a request on behalf of a user.

use std::sync::Arc;

use futures_util::stream;
use http::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, HeaderValue, WWW_AUTHENTICATE};
use http::{Method, Request, StatusCode};
use serde_json::json;
use tokio::sync::mpsc;

use super::Shared;
use super::answer_body::Body;
use super::body::{self, Incoming};
use super::challenge::{SignInRequest, set_caller};
use super::respond::{Answer, Refusal};
use crate::admin::{self, Failure, FailureKind, Reason};
use crate::auth::{Denied, SignInError};
use crate::oci::{Context, ErrorCode};

/// Its path, below the prefix.
pub(super) const PATH: &str = "/api/v1/operations";
/// Maximum size of a request, in bytes.
const LIMIT: usize = 1024 * 1024;
/// Maximum number of lines sent together.
const LINES: usize = 256;
const REALM: &str = "Basic realm=\"regctl\"";
const LINES_OF_JSON: HeaderValue = HeaderValue::from_static("application/x-ndjson");

/// Answers a request.
pub(super) async fn answer(
    app: &Arc<Shared>,
    request: Request<Incoming>,
    context: &mut Arc<Context>,
    tls: bool,
) -> Result<Answer, Refusal> {
    if request.method() != Method::POST {
        let status = StatusCode::METHOD_NOT_ALLOWED;
        let refusal = Refusal::new(
            status,
            ErrorCode::Unsupported,
            "this endpoint accepts only POST",
        );
        return Err(refusal.with(ALLOW, "POST"));
    }
    let (head, body) = request.into_parts();
    let asked = SignInRequest {
        app,
        headers: &head.headers,
        tls,
    };
    let identity = app.guard()?.identify(&asked.credentials(), context).await;
    let identity = identity.map_err(|error| match error {
        SignInError::Wrong | SignInError::Token => {
            Refusal::from(error).with(WWW_AUTHENTICATE, REALM)
        }
        error => error.into(),
    })?;
    set_caller(context, &identity);
    app.rates.admit_account(context)?;
    let declared = head.headers.get(CONTENT_TYPE);
    let declared = declared.and_then(|declared| declared.to_str().ok());
    let media_type = declared.and_then(|declared| declared.split(';').next());
    if media_type.map(str::trim) != Some("application/json") {
        return Err(Refusal::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            ErrorCode::Unsupported,
            "the body is JSON; hint: send Content-Type: application/json",
        ));
    }
    let place = app.memory_for_body(&body, Some(LIMIT as u64)).await?;
    let body = body::whole(body, LIMIT, &place).await;
    let body = body.map_err(|_| {
        let message = "the request is longer than 1 MiB or ended early";
        Refusal::bad(ErrorCode::Unsupported, message)
    })?;
    let operation = admin::Request::parse(&body).map_err(failed)?.operation;
    if operation == admin::Operation::CopyIndex {
        // Its client is to remove the copy.
        let message = "only commands on its host copy the index of a server; hint: regctl backup";
        return Err(Refusal::new(
            StatusCode::FORBIDDEN,
            ErrorCode::Denied,
            message,
        ));
    }
    let answers = app.guard()?.administer(context, &identity, operation).await;
    let mut answers = answers.map_err(denied)?;
    drop(place);
    // An operation that fails at once gets a status; one that fails later, a last line.
    let mut first = Vec::new();
    while let Some(line) = answers.recv().await {
        match line {
            admin::Answer::Failure(failure) if first.len() <= 1 => return Err(failed(failure)),
            admin::Answer::Version(_) => first.push(line),
            line => {
                first.push(line);
                break;
            }
        }
    }
    let mut answer = Answer::new(lines(first, answers));
    let headers = answer.headers_mut();
    headers.insert(CONTENT_TYPE, LINES_OF_JSON);
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(answer)
}

/// The refusal of any other path below `/api/`.
pub(super) fn unknown() -> Refusal {
    let message = format!("the API has one endpoint: POST {PATH}");
    Refusal::new(StatusCode::NOT_FOUND, ErrorCode::Unsupported, message)
}

/// The lines of an answer as a body.
fn lines(first: Vec<admin::Answer>, answers: mpsc::Receiver<admin::Answer>) -> Body {
    let batches = stream::unfold((first, answers), async |(mut batch, mut answers)| {
        if batch.is_empty() && answers.recv_many(&mut batch, LINES).await == 0 {
            return None;
        }
        let mut text = Vec::new();
        for line in &batch {
            if let Err(error) = serde_json::to_writer(&mut text, line) {
                return Some((Err(error.into()), (Vec::new(), answers)));
            }
            text.push(b'\n');
        }
        batch.clear();
        Some((Ok(text.into()), (batch, answers)))
    });
    Body::from_stream(batches)
}

fn denied(denied: Denied) -> Refusal {
    match denied {
        Denied::SignIn => Refusal::from(denied).with(WWW_AUTHENTICATE, REALM),
        Denied::Forbidden | Denied::Scope | Denied::Hidden => Refusal::new(
            StatusCode::FORBIDDEN,
            ErrorCode::Denied,
            "only an account with the admin right, by its password or a token without a scope, may \
             administer this registry over the network; hint: on its host regctl needs no account",
        ),
        Denied::Index(_) => denied.into(),
    }
}

/// Converts a failed operation to an answer; its detail is the failure as in the lines.
fn failed(failure: Failure) -> Refusal {
    let (status, code) = match failure.kind {
        FailureKind::NotFound => (StatusCode::NOT_FOUND, ErrorCode::NameUnknown),
        FailureKind::Denied => (StatusCode::FORBIDDEN, ErrorCode::Denied),
        FailureKind::Busy => (StatusCode::CONFLICT, ErrorCode::Unavailable),
        FailureKind::Usage => (StatusCode::BAD_REQUEST, ErrorCode::Unsupported),
        FailureKind::Error if failure.reason == Reason::ReadOnlyRoot => {
            (StatusCode::SERVICE_UNAVAILABLE, ErrorCode::Unavailable)
        }
        FailureKind::Error => (StatusCode::INTERNAL_SERVER_ERROR, ErrorCode::Unknown),
    };
    let detail = json!({ "failure": failure });
    let mut refusal = Refusal::new(status, code, failure.message);
    refusal.detail = detail;
    refusal
}
