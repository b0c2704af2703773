//! Sign-in of people through an OpenID provider: the authorization code flow with PKCE (OpenID
//! Connect Core 1.0, section 3.1; RFC 7636).
//!
//! The state of a sign-in is one secret in a cookie of the browser: `state`, `nonce` and verifier
//! are derived from it, so a callback proves that the same browser began the sign-in. An ID token
//! must be signed by the provider, be issued to this client and contain the nonce.

mod person;
mod session;

use std::sync::Arc;

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde::Deserialize;
use tokio::sync::Mutex;
use url::Url;
use url::form_urlencoded::{self, byte_serialize};

use super::SignInError;
use super::claims::text;
use super::credentials::Secret;
use super::issuer::{Discovery, Documents, Issuer, KeySource, Pending, TokenRefused};
use super::personal::hash;
use crate::clock::{Clock, Millis};
use crate::oci::AccountName;

pub use person::SignedIn;

/// How long the provider's discovery document is used.
const FRESH: Millis = 3_600_000;
/// Pause after it could not be fetched.
const PAUSE: Millis = 10_000;
/// Maximum number of groups of a person.
const GROUPS: usize = 200;

/// Exchanges codes for tokens. Implementations limit the time and the length.
pub trait Exchange: Documents {
    /// Posts a form with this `Authorization` header. Returns the answer.
    fn post<'a>(
        &'a self,
        address: &'a str,
        form: String,
        authorization: Option<String>,
    ) -> Pending<'a, Result<Vec<u8>, String>>;
}

/// The settings of sign-in through a provider.
#[derive(Debug, Clone)]
pub struct OidcSettings {
    /// The address of the provider, as in its tokens.
    pub issuer: String,
    /// The id of this registry at the provider.
    pub client: String,
    /// The secret of this registry at the provider.
    pub secret: Option<Secret>,
    /// The scopes to request in addition to `openid`.
    pub scopes: Vec<String>,
    /// The claim with the name of the account.
    pub name_claim: String,
    /// The claim with the groups.
    pub groups_claim: Option<String>,
}

/// Why a sign-in failed. For the log.
#[derive(Debug, thiserror::Error)]
pub enum OidcError {
    /// The callback does not match a sign-in of this browser.
    #[error("the callback does not match a sign-in of this browser")]
    State,
    /// The provider could not be reached, or sent an invalid answer.
    #[error("the provider: {0}")]
    Provider(String),
    /// The ID token is not valid.
    #[error("the ID token: {0}")]
    Token(#[from] TokenRefused),
    /// The provider refused the sign-in, with its error and a description (RFC 6749, section
    /// 4.1.2.1).
    #[error("the provider: it answered {error:?}{} instead of a code", described(.description))]
    Refused {
        /// The code of the error.
        error: String,
        /// What the provider says about it; may be empty.
        description: String,
    },
    /// The person cancelled the sign-in, or the provider denied it, with a description.
    #[error("the provider answered access_denied{said}", said = described(.0))]
    Cancelled(String),
    /// The ID token does not identify a person.
    #[error("the claim sub of the ID token is missing or empty")]
    Subject,
    /// A new person has no valid name.
    #[error(
        "{0}; hint: give this person another name at the provider, or name another claim in \
         regctl.oidc.name-claim"
    )]
    Name(String),
    /// The name has a meaning in grants.
    #[error(
        "the name {0} is reserved: it has a meaning in grants; hint: give this person another name \
         at the provider"
    )]
    NameReserved(AccountName),
    /// Another account has the name.
    #[error(
        "the name {0} belongs to another account, group or robot; hint: remove that one, or give \
         this person another name at the provider"
    )]
    NameTaken(AccountName),
    /// The account is disabled.
    #[error("the account {0} is disabled; hint: regctl user enable {0}")]
    Disabled(AccountName),
    /// The account may not sign in, or the index failed.
    #[error(transparent)]
    SignIn(#[from] SignInError),
}

/// A provider's description, after its error; nothing if it gave none.
fn described(description: &str) -> String {
    match description {
        "" => String::new(),
        text => format!(" ({text:?})"),
    }
}

/// The discovery document, and when it was requested.
type Known = (Option<Millis>, Option<Result<Discovery, String>>);

/// Sign-in by a provider.
pub struct Oidc {
    settings: OidcSettings,
    issuer: Issuer,
    exchange: Arc<dyn Exchange>,
    known: Mutex<Known>,
    clock: Clock,
}

/// A text derived from the secret of a sign-in that does not reveal it.
fn derived(purpose: &str, secret: &Secret) -> String {
    hash(&format!("sign-in {purpose} {}", secret.reveal()))
}

impl Oidc {
    /// A provider with these settings; nothing is requested yet.
    pub fn new(
        settings: OidcSettings,
        exchange: Arc<dyn Exchange>,
        documents: Arc<dyn Documents>,
        clock: Clock,
    ) -> Result<Self, String> {
        let source = KeySource::Discovery(documents);
        Ok(Self {
            issuer: Issuer::new(&settings.issuer, source, clock.clone())?,
            settings,
            exchange,
            known: Mutex::default(),
            clock,
        })
    }

    /// The host of the provider, for the button.
    pub fn host(&self) -> &str {
        let address = self.settings.issuer.trim_start_matches("https://");
        address.split('/').next().unwrap_or(address)
    }

    async fn provider(&self) -> Result<Discovery, OidcError> {
        let mut known = self.known.lock().await;
        let now = self.clock.steady();
        let limit = match &known.1 {
            Some(Ok(_)) => FRESH,
            _ => PAUSE,
        };
        if known.0.is_none_or(|at| now - at >= limit) {
            let found = self.issuer.discover().await;
            // Those who waited for this attempt share its outcome, however long it took.
            *known = (Some(self.clock.steady()), Some(found));
        }
        let found = known
            .1
            .clone()
            .unwrap_or_else(|| Err("it was not requested".into()));
        found.map_err(OidcError::Provider)
    }

    /// The address to which the browser is sent to sign in. `secret` is in its cookie, `redirect`
    /// is the address of the callback, `next` the page to return to.
    pub async fn begin(
        &self,
        secret: &Secret,
        redirect: &str,
        next: &str,
    ) -> Result<String, OidcError> {
        let provider = self.provider().await?;
        let unusable = || OidcError::Provider("it has no authorization_endpoint".into());
        let address = provider.authorization_endpoint.ok_or_else(unusable)?;
        let mut address = Url::parse(&address).map_err(|_| unusable())?;
        let mut scope = "openid".to_owned();
        for one in &self.settings.scopes {
            if one != "openid" {
                scope.extend([" ", one]);
            }
        }
        let verifier = derived("verifier", secret);
        let challenge = URL_SAFE_NO_PAD.encode(digest(&SHA256, verifier.as_bytes()));
        let next = URL_SAFE_NO_PAD.encode(next);
        address
            .query_pairs_mut()
            .append_pair("response_type", "code")
            .append_pair("client_id", &self.settings.client)
            .append_pair("redirect_uri", redirect)
            .append_pair("scope", &scope)
            .append_pair("state", &format!("{}.{next}", derived("state", secret)))
            .append_pair("nonce", &derived("nonce", secret))
            .append_pair("code_challenge", &challenge)
            .append_pair("code_challenge_method", "S256");
        Ok(address.into())
    }

    /// The page to return to, if the state of a callback is that of the sign-in with this secret.
    pub fn next(secret: &Secret, state: &str) -> Result<String, OidcError> {
        let (state, next) = state.split_once('.').ok_or(OidcError::State)?;
        let expected = derived("state", secret);
        verify_slices_are_equal(state.as_bytes(), expected.as_bytes())
            .map_err(|_| OidcError::State)?;
        let next = URL_SAFE_NO_PAD.decode(next).map_err(|_| OidcError::State)?;
        String::from_utf8(next).map_err(|_| OidcError::State)
    }

    /// Finishes the sign-in with this secret, whose state the callback had, with the code of the
    /// callback.
    pub async fn finish(
        &self,
        secret: &Secret,
        redirect: &str,
        code: &str,
    ) -> Result<SignedIn, OidcError> {
        let token = self.exchange(secret, redirect, code).await?;
        let claims = self.issuer.verify(&token, &self.settings.client).await?;
        let nonce = text(&claims, "nonce").unwrap_or_default();
        let expected = derived("nonce", secret);
        let invalid = |what: &str| TokenRefused::Invalid(what.to_owned());
        verify_slices_are_equal(nonce.as_bytes(), expected.as_bytes())
            .map_err(|_| invalid("it belongs to another sign-in"))?;
        // With several audiences the authorized party is `azp` (section 3.1.3.7).
        let authorized = text(&claims, "azp");
        if authorized.is_some_and(|azp| azp != self.settings.client) {
            return Err(invalid("it was issued to another client").into());
        }
        SignedIn::read(&claims, &self.settings)
    }

    /// Exchanges a code for an ID token.
    async fn exchange(
        &self,
        secret: &Secret,
        redirect: &str,
        code: &str,
    ) -> Result<Secret, OidcError> {
        #[derive(Deserialize)]
        struct Tokens {
            id_token: String,
        }
        let unusable = || OidcError::Provider("it has no token_endpoint".into());
        let address = self.provider().await?.token_endpoint.ok_or_else(unusable)?;
        let form = form_urlencoded::Serializer::new(String::new())
            .append_pair("grant_type", "authorization_code")
            .append_pair("code", code)
            .append_pair("redirect_uri", redirect)
            .append_pair("client_id", &self.settings.client)
            .append_pair("code_verifier", &derived("verifier", secret))
            .finish();
        // RFC 6749, section 2.3.1: both parts are encoded as in a form.
        let encoded = |text: &str| byte_serialize(text.as_bytes()).collect::<String>();
        let authorization = self.settings.secret.as_ref().map(|secret| {
            let client = encoded(&self.settings.client);
            let pair = format!("{client}:{}", encoded(secret.reveal()));
            format!("Basic {}", STANDARD.encode(pair))
        });
        let answer = self.exchange.post(&address, form, authorization).await;
        let answer = answer.map_err(OidcError::Provider)?;
        let tokens: Tokens = serde_json::from_slice(&answer)
            .map_err(|_| OidcError::Provider(format!("{address} sent no ID token")))?;
        Ok(Secret::new(tokens.id_token))
    }
}

#[cfg(test)]
#[path = "oidc/tests.rs"]
mod tests;
