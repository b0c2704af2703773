//! `/auth/token`: the built-in token service for docker, podman and containerd.
//!
//! The granted scope is the permitted part of the requested one; less than requested is no error.
//! Wrong credentials are 401. There are no refresh tokens; a client stores its password or a
//! personal token.

use std::sync::Arc;

use http::header::{AUTHORIZATION, CACHE_CONTROL, HOST, HeaderValue, WWW_AUTHENTICATE};
use http::{Method, Request, StatusCode};
use serde_json::json;

use super::body::Incoming;
use super::challenge::{SignInRequest, quoted, set_caller};
use super::paging::Query;
use super::respond::{Answer, Refusal, json};
use super::route::RouteError;
use super::{Shared, body};
use crate::auth::{Challenge, Credentials, LIFETIME, Scope, Secret, SignInError, WORKLOAD};
use crate::oci::{Context, ErrorCode};

/// Its path, below the prefix.
pub(super) const PATH: &str = "/auth/token";
/// Its methods.
pub(super) const METHODS: &str = "GET, HEAD, POST";
/// The exchange of a workload's token (RFC 8693, section 2.1).
const EXCHANGE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
/// Prefix of the names of token types in it.
const TOKEN_TYPE: &str = "urn:ietf:params:oauth:token-type:";
/// Maximum size of a form.
const FORM_LIMIT: usize = 32 * 1024;

/// Answers a request for a token.
pub(super) async fn answer(
    app: &Arc<Shared>,
    request: Request<Incoming>,
    context: &mut Arc<Context>,
    tls: bool,
) -> Result<Answer, Refusal> {
    let Some(Challenge::OwnTokens { service }) = app.guard()?.challenge() else {
        return Err(Refusal::new(
            StatusCode::NOT_FOUND,
            ErrorCode::Unsupported,
            "this registry issues no tokens",
        ));
    };
    let (mut head, body) = request.into_parts();
    if !head.headers.contains_key(HOST)
        && let Some(host) = head
            .uri
            .authority()
            .and_then(|host| host.as_str().try_into().ok())
    {
        head.headers.insert(HOST, host);
    }
    let asked = SignInRequest {
        app,
        headers: &head.headers,
        tls,
    };
    let (query, credentials) = match head.method {
        Method::GET | Method::HEAD => {
            let query = Query::parse(head.uri.query());
            (query, asked.credentials())
        }
        Method::POST => {
            let slot = app.memory_for_body(&body, Some(FORM_LIMIT as u64)).await?;
            let form = body::whole(body, FORM_LIMIT, &slot).await;
            let form = form.map_err(|_| bad("the form is too long or incomplete"))?;
            let form = std::str::from_utf8(&form).map_err(|_| bad("the form is not UTF-8"))?;
            let form = Query::parse(Some(form));
            let credentials = of_form(&form, &asked)?;
            (form, credentials)
        }
        _ => return Err(RouteError::Method(METHODS).into()),
    };
    if let Some(other) = query.get("service").filter(|other| *other != service) {
        return Err(bad(&format!(
            "this registry is {service:?} and not {other:?}"
        )));
    }
    let basic = format!("Basic realm={}", quoted(&service));
    let identity = app.guard()?.identify(&credentials, context).await;
    let identity = identity.map_err(|error| match error {
        SignInError::Wrong | SignInError::Token => {
            Refusal::from(error).with(WWW_AUTHENTICATE, basic.as_str())
        }
        error => error.into(),
    })?;
    set_caller(context, &identity);
    app.rates.admit_account(context)?;
    let scopes = Scope::parse_all(query.all("scope"));
    let issued = app.guard()?.issue(&identity, &scopes).await;
    let Some(issued) = issued.map_err(|error| Refusal::internal(&error))? else {
        let refusal = Refusal::new(
            StatusCode::UNAUTHORIZED,
            ErrorCode::Unauthorized,
            "sign in first",
        );
        return Err(refusal.with(WWW_AUTHENTICATE, basic));
    };
    let at = jiff::Timestamp::from_millisecond(issued.at).unwrap_or_default();
    let token = issued.token.reveal();
    let mut answer = json(
        StatusCode::OK,
        &json!({
            "token": token,
            "access_token": token,
            "token_type": "Bearer",
            "issued_token_type": format!("{TOKEN_TYPE}access_token"),
            "expires_in": LIFETIME,
            "issued_at": at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        }),
    );
    let uncached = HeaderValue::from_static("no-store");
    answer.headers_mut().insert(CACHE_CONTROL, uncached);
    Ok(answer)
}

fn bad(message: &str) -> Refusal {
    Refusal::bad(ErrorCode::Unsupported, message)
}

/// The credentials of a form (OAuth 2.0, RFC 6749 section 4.3), otherwise of the header.
fn of_form(form: &Query, asked: &SignInRequest<'_>) -> Result<Credentials, Refusal> {
    match form.get("grant_type") {
        Some("password") => Ok(Credentials::Basic {
            user: form.get("username").unwrap_or_default().to_owned(),
            password: Secret::new(form.get("password").unwrap_or_default()),
        }),
        Some(EXCHANGE) => {
            let kind = form.get("subject_token_type").unwrap_or_default();
            match (kind.strip_prefix(TOKEN_TYPE), form.get("subject_token")) {
                (Some("id_token" | "jwt"), Some(token)) => Ok(Credentials::Basic {
                    user: WORKLOAD.to_owned(),
                    password: Secret::new(token),
                }),
                _ => Err(bad(
                    "a token exchange needs subject_token, and subject_token_type \
                     urn:ietf:params:oauth:token-type:id_token",
                )),
            }
        }
        None if asked.headers.contains_key(AUTHORIZATION) => Ok(asked.credentials()),
        _ => Err(bad(
            "grant_type is password or the token exchange of RFC 8693; there are no refresh tokens",
        )),
    }
}
