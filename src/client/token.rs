//! Requests tokens from a registry's token service.
//!
//! Implements the two kinds of requests, and checks the realm: https, or http only for a registry
//! that receives credentials over http itself. Keeps no state.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::header::HeaderValue;
use reqwest::{Method, StatusCode};
use serde::Deserialize;
use url::Url;

use super::Error;
use super::challenge::Challenge;
use super::credentials::Credential;
use super::endpoint::Endpoint;
use super::request::{Answer, Request};
use super::transport::Transport;
use super::words::{has_another_code, words};

/// Minimum lifetime, whatever the service says.
const MINIMUM_LIFETIME: Duration = Duration::from_mins(1);
/// Maximum lifetime.
const MAXIMUM_LIFETIME: Duration = Duration::from_hours(24);
const TOKEN_LIMIT: usize = 1024 * 1024;

#[derive(Deserialize)]
struct TokenAnswer {
    token: Option<String>,
    access_token: Option<String>,
    /// Seconds, as a number or as text; some services write a negative number.
    expires_in: Option<serde_json::Value>,
    refresh_token: Option<String>,
}

/// A token from a service.
pub(super) struct IssuedToken {
    /// The `Authorization` header.
    pub(super) header: HeaderValue,
    /// Its lifetime.
    pub(super) lifetime: Duration,
    /// A refresh token, used instead of the password the next time.
    pub(super) refresh: Option<String>,
}

/// Why a token service issues no token.
#[derive(Clone)]
pub(super) struct TokenDenied {
    /// The host of the service.
    pub(super) registry: String,
    /// Its message.
    pub(super) words: String,
    /// Whether it did not accept the credential, rather than the scopes.
    pub(super) is_credential: bool,
}

impl TokenDenied {
    /// The error, with a hint.
    pub(super) fn error(self, hint: String) -> Error {
        Error::Denied {
            registry: self.registry,
            what: "its token service".to_owned(),
            words: self.words,
            hint,
        }
    }
}

/// A requested token: the challenge, the scopes, and the credential.
pub(super) struct TokenRequest<'a> {
    /// The registry as the user named it.
    pub(super) registry: &'a str,
    pub(super) challenge: &'a Challenge,
    /// The purpose of the request; several scopes are separated by a space.
    pub(super) scopes: String,
    pub(super) credential: Option<&'a Credential>,
    /// Whether a refresh token is wanted too.
    pub(super) wants_refresh: bool,
}

impl TokenRequest<'_> {
    /// Requests the token.
    pub(super) async fn fetch(
        &self,
        endpoint: &Endpoint,
        transport: &Transport,
    ) -> Result<Result<IssuedToken, TokenDenied>, Error> {
        let realm = self.realm(endpoint)?;
        let scopes = self.scopes();
        let mut answer = self.send(realm.clone(), &scopes, transport).await?;
        // Quay knows no scope for deletes: there they need what its challenge asks for.
        let offered = self.offered();
        if answer.status == StatusCode::BAD_REQUEST && !offered.is_empty() && offered != scopes {
            answer = self.send(realm.clone(), &offered, transport).await?;
        }
        if !answer.status.is_success() {
            return self.denied(&answer, &realm).map(Err);
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
            .ok_or_else(|| malformed("it contains no token"))?;
        let header = bearer(&text).ok_or_else(|| malformed("the token has invalid characters"))?;
        let lifetime = seconds(token.expires_in.as_ref()).max(MINIMUM_LIFETIME);
        Ok(Ok(IssuedToken {
            header,
            lifetime,
            refresh: token.refresh_token.filter(|token| !token.is_empty()),
        }))
    }

    /// Interprets an answer without a token.
    fn denied(&self, answer: &Answer, realm: &Url) -> Result<TokenDenied, Error> {
        let registry = realm.authority().to_owned();
        let (what, words) = ("a token".to_owned(), words(&answer.body));
        let status = answer.status;
        if super::retry::is_transient(status) {
            Err(Error::Unavailable {
                registry,
                what,
                status,
                words,
                hint: String::new(),
            })
        } else if status.is_client_error() && status != StatusCode::NOT_FOUND {
            // Some services answer 401 to scopes that the user may not have, with another code.
            let is_credential = status == StatusCode::UNAUTHORIZED
                && self.credential.is_some()
                && !has_another_code(&answer.body, &["UNAUTHORIZED"]);
            Ok(TokenDenied {
                registry,
                words,
                is_credential,
            })
        } else {
            Err(Error::Refused {
                registry,
                what,
                status,
                words,
            })
        }
    }

    /// The address of the token service, if it is allowed.
    fn realm(&self, endpoint: &Endpoint) -> Result<Url, Error> {
        let malformed = |reason: &str| Error::Malformed {
            registry: self.registry.to_owned(),
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
            "http" if endpoint.trusts_plain(&realm) => Ok(realm),
            _ => Err(malformed(&format!(
                "its token service {} is not https, so no credentials are sent there",
                realm.origin().ascii_serialization()
            ))),
        }
    }

    /// The scopes: the purpose of the request, and the scopes in the challenge.
    fn scopes(&self) -> Vec<String> {
        let mut scopes: Vec<String> = Vec::new();
        let wanted = self.scopes.split(' ').map(str::to_owned);
        for scope in wanted.chain(self.offered()) {
            if !scope.is_empty() && !scopes.contains(&scope) {
                scopes.push(scope);
            }
        }
        scopes
    }

    /// The scopes in the challenge.
    fn offered(&self) -> Vec<String> {
        let scopes = self.challenge.parameter("scope").unwrap_or_default();
        scopes.split_whitespace().map(str::to_owned).collect()
    }

    async fn send(
        &self,
        mut realm: Url,
        scopes: &[String],
        transport: &Transport,
    ) -> Result<Answer, Error> {
        let service = self.challenge.parameter("service").unwrap_or_default();
        let credential = self.credential;
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
            for scope in scopes {
                query.append_pair("scope", scope);
            }
            query.append_pair("client_id", "regctl");
            if self.wants_refresh {
                query.append_pair("offline_token", "true");
            }
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

/// The lifetime from a token service, at least zero and at most [`MAXIMUM_LIFETIME`].
fn seconds(value: Option<&serde_json::Value>) -> Duration {
    let text = value.and_then(serde_json::Value::as_str);
    let number = match text {
        Some(text) => text.trim().parse().ok(),
        None => value.and_then(serde_json::Value::as_f64),
    };
    let number = number
        .unwrap_or(0.0)
        .clamp(0.0, MAXIMUM_LIFETIME.as_secs_f64());
    Duration::try_from_secs_f64(number).unwrap_or_default()
}

/// The header with a credential itself; `None` if only a token service accepts it.
pub(super) fn direct(credential: &Credential) -> Option<HeaderValue> {
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn lives_of_tokens_as_services_write_them() {
        for (said, lifetime) in [
            (json!(300), 300),
            (json!(299.6), 299),
            (json!("300"), 300),
            (json!(-1), 0),
            (json!(0), 0),
            (json!(null), 0),
            (json!("soon"), 0),
            (json!([1]), 0),
            (json!(1e300), MAXIMUM_LIFETIME.as_secs()),
        ] {
            assert_eq!(seconds(Some(&said)).as_secs(), lifetime, "{said}");
        }
        assert_eq!(seconds(None), Duration::ZERO);
    }
}
