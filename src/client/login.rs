//! Signs in to a registry, signs out, and shows who is signed in.
//!
//! Verifies credentials by a request for nothing else, by Basic or through the token service.
//! Invariants: refused credentials are not stored; a password is stored only if the token service
//! gives no refresh token.

use std::sync::Arc;

use reqwest::header::HeaderValue;
use reqwest::{Method, StatusCode};

use super::auth::Auth;
use super::challenge::Challenge;
use super::credential_store::{self, CredentialStore};
use super::credentials::{Credential, Credentials};
use super::request::{Answer, Request};
use super::token::{TokenRequest, direct};
use super::{Client, Error, Event, Subject};

/// The result of a sign-in.
#[derive(Debug)]
pub struct SignedIn {
    /// Where it is stored.
    pub store: CredentialStore,
    /// Whether the registry verified it; a registry open to everyone does not ask.
    pub verified: bool,
    /// A source that takes precedence over the stored credential, if there is one.
    pub overridden_by: Option<String>,
}

/// The result of a sign-out.
#[derive(Debug)]
pub struct SignedOut {
    /// Where credentials were erased.
    pub forgotten: Vec<CredentialStore>,
    /// A source that still has credentials and that docker does not manage.
    pub remaining: Option<String>,
}

/// The signed-in user.
#[derive(Debug)]
pub struct Identity {
    /// The user; `None` if only a token is stored.
    pub user: Option<String>,
    /// Where it is stored.
    pub source: String,
    /// Whether the registry accepted it; `false` if it does not ask.
    pub verified: bool,
}

/// The registry's answer to a credential.
enum Verification {
    /// It does not ask for credentials.
    NotRequired,
    /// It accepted them, and may have given a refresh token.
    Accepted(Option<String>),
}

impl Client {
    /// Verifies a user's credentials with the registry, and stores them as docker would.
    pub async fn sign_in(&self, user: &str, password: &str) -> Result<SignedIn, Error> {
        let basic = Credential::Basic {
            user: user.to_owned(),
            password: password.to_owned(),
        };
        let proof = self.verify(&basic, user, "").await?;
        let verified = matches!(proof, Verification::Accepted(_));
        let credential = match proof {
            Verification::Accepted(Some(token)) => Credential::Identity(token),
            Verification::Accepted(None) | Verification::NotRequired => basic,
        };
        let store = credential_store::keep(self.endpoint.key(), user, &credential).await?;
        let source = self.fresh_credentials().await.find(None);
        let overridden_by = source.map(|found| found.source);
        Ok(SignedIn {
            overridden_by: overridden_by.filter(|source| *source != store.to_string()),
            store,
            verified,
        })
    }

    /// Whether the registry requires a sign-in.
    pub async fn asks_for_sign_in(&self) -> Result<bool, Error> {
        let answer = self.authenticate(None).await?;
        Ok(answer.status == StatusCode::UNAUTHORIZED)
    }

    /// A client of the same registry that sends only these credentials, after the registry has
    /// accepted them. They are not stored.
    pub async fn of_user(&self, user: &str, password: &str) -> Result<Self, Error> {
        let credential = Credential::Basic {
            user: user.to_owned(),
            password: password.to_owned(),
        };
        self.verify(&credential, user, "").await?;
        let credentials = Credentials::only(self.endpoint.key(), user, credential);
        Ok(Self {
            auth: Arc::new(Auth::with(&self.name, &self.endpoint, credentials)),
            ..self.clone()
        })
    }

    /// Erases the credentials where docker would have stored them.
    pub async fn sign_out(&self) -> Result<SignedOut, Error> {
        let forgotten = credential_store::forget(self.endpoint.key()).await?;
        let remaining = self.fresh_credentials().await.find(None);
        Ok(SignedOut {
            forgotten,
            remaining: remaining.map(|found| found.source),
        })
    }

    /// The signed-in user according to the registry; `None` if there is none.
    pub async fn identity(&self) -> Result<Option<Identity>, Error> {
        let Some(found) = self.auth.credentials(&self.transport).await.find(None) else {
            return Ok(None);
        };
        let user = found.user.as_deref().unwrap_or("the holder of this token");
        let hint = format!(
            "it is stored in {}; sign in again with `regctl login {}`",
            found.source, self.name
        );
        let proof = self.verify(&found.credential, user, &hint).await?;
        Ok(Some(Identity {
            user: found.user,
            source: found.source,
            verified: matches!(proof, Verification::Accepted(_)),
        }))
    }

    /// Reads the credentials again.
    async fn fresh_credentials(&self) -> Credentials {
        let warn = |warning: &str| self.transport.report(Event::Warning(warning));
        Credentials::load(self.endpoint.key(), warn).await
    }

    /// Sends a credential to the registry. `hint` is for a refusal.
    async fn verify(
        &self,
        credential: &Credential,
        user: &str,
        hint: &str,
    ) -> Result<Verification, Error> {
        let answer = self.authenticate(None).await?;
        if answer.status.is_success() {
            self.must_be_registry(&answer).await?;
            return Ok(Verification::NotRequired);
        }
        if answer.status != StatusCode::UNAUTHORIZED || answer.elsewhere {
            return Err(self.refusal(&answer, Subject::Root));
        }
        let rejected = |words: String, hint: &str| Error::Rejected {
            registry: self.name.clone(),
            user: user.to_owned(),
            words,
            hint: hint.to_owned(),
        };
        let challenges = Challenge::all(&answer.headers);
        let offered = |scheme| Challenge::find(&challenges, scheme);
        let (header, refresh) = match (credential, offered("bearer"), offered("basic")) {
            (Credential::Registry(_), _, _) | (Credential::Basic { .. }, None, Some(_)) => {
                (direct(credential), None)
            }
            (_, Some(challenge), _) => {
                let asked = TokenRequest {
                    registry: &self.name,
                    challenge,
                    scopes: String::new(),
                    credential: Some(credential),
                    wants_refresh: matches!(credential, Credential::Basic { .. }),
                };
                let granted = asked.fetch(&self.endpoint, &self.transport).await?;
                let granted = granted.map_err(|denied| rejected(denied.words, hint))?;
                (Some(granted.header), granted.refresh)
            }
            _ => (None, None),
        };
        let Some(header) = header else {
            let reason = "it requires an authentication that these credentials do not support";
            return Err(self.malformed("a sign-in", reason));
        };
        let answer = self.authenticate(Some(header)).await?;
        match answer.status {
            status if status.is_success() => Ok(Verification::Accepted(refresh)),
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
                Err(rejected(super::words::words(&answer.body), hint))
            }
            _ => Err(self.refusal(&answer, Subject::Root)),
        }
    }

    /// Sends a request only for authentication.
    async fn authenticate(&self, authorization: Option<HeaderValue>) -> Result<Answer, Error> {
        let base = self.endpoint.base(&self.transport).await?;
        let mut url = base.clone();
        url.set_path("/v2/");
        let request = Request {
            authorization,
            ..Request::new(Method::GET, url)
        };
        self.transport.fetch(&request).await
    }
}
