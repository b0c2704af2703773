//! Sign-in over HTTP: the credentials of a request, and the challenge of a refusal (RFC 9110,
//! section 11.6.1, and the token authentication of the distribution specification).

use std::sync::Arc;

use http::HeaderMap;
use http::header::{AUTHORIZATION, HeaderValue, WWW_AUTHENTICATE};

use super::respond::Refusal;
use super::{Shared, token};
use crate::auth::{Challenge, Credentials, Denied, Identity, Scope, SignInError, scopes};
use crate::oci::{Action, Context};

/// The parts of a request that a challenge needs.
pub(super) struct SignInRequest<'a> {
    pub(super) app: &'a Shared,
    pub(super) headers: &'a HeaderMap,
    pub(super) tls: bool,
}

impl SignInRequest<'_> {
    /// The credentials of the request. Only its header is read: URLs appear in logs.
    ///
    /// A name that a trusted proxy carries comes before them: they are for the proxy, and it has
    /// looked at them.
    pub(super) fn credentials(&self) -> Credentials {
        if let Some(carried) = self.app.user_header.of(self.headers) {
            return carried;
        }
        // A proxy could interpret two headers differently.
        let mut headers = self.headers.get_all(AUTHORIZATION).iter();
        match (headers.next(), headers.next()) {
            (header, None) => Credentials::parse(header.map(HeaderValue::as_bytes)),
            _ => Credentials::Malformed,
        }
    }

    /// Signs in the caller of a request. Puts the caller into its context.
    pub(super) async fn sign_in(
        &self,
        context: &mut Arc<Context>,
        action: &Action,
    ) -> Result<Identity, Refusal> {
        let identity = self
            .app
            .guard()?
            .identify(&self.credentials(), context)
            .await;
        let identity = identity.map_err(|error| {
            let reason = match error {
                SignInError::Wrong => Some(None),
                SignInError::Token => Some(Some("invalid_token")),
                SignInError::Wait(_) | SignInError::Busy | SignInError::Index(_) => None,
            };
            match reason {
                Some(reason) => self.challenged(error.into(), action, reason),
                None => error.into(),
            }
        })?;
        set_caller(context, &identity);
        Ok(identity)
    }

    /// The refusal of an action, with a challenge if signing in may help.
    pub(super) fn denied(&self, denied: Denied, action: &Action) -> Refusal {
        let reason = match denied {
            Denied::SignIn if self.headers.contains_key(AUTHORIZATION) => {
                Some(Some("insufficient_scope"))
            }
            Denied::SignIn => Some(None),
            Denied::Scope => Some(Some("insufficient_scope")),
            Denied::Forbidden | Denied::Hidden | Denied::Index(_) => None,
        };
        match reason {
            Some(reason) => self.challenged(denied.into(), action, reason),
            None => denied.into(),
        }
    }

    fn challenged(&self, refusal: Refusal, action: &Action, error: Option<&str>) -> Refusal {
        match self.challenge(action, error) {
            Some(challenge) => refusal.with(WWW_AUTHENTICATE, challenge),
            None => refusal,
        }
    }

    fn challenge(&self, action: &Action, error: Option<&str>) -> Option<String> {
        let (realm, service) = match self.app.guard.as_ref()?.challenge()? {
            Challenge::Basic { realm } => return Some(format!("Basic realm={}", quoted(&realm))),
            Challenge::Tokens { realm, service } => (realm, service),
            Challenge::OwnTokens { service } => {
                let locations = &self.app.locations;
                let realm = locations.absolute(token::PATH, self.headers, self.tls);
                (realm, service)
            }
        };
        let mut text = format!(
            "Bearer realm={},service={}",
            quoted(&realm),
            quoted(&service)
        );
        let scopes: Vec<String> = scopes(action).iter().map(Scope::text).collect();
        if !scopes.is_empty() {
            text.push_str(",scope=");
            text.push_str(&quoted(&scopes.join(" ")));
        }
        if let Some(error) = error {
            text.push_str(",error=");
            text.push_str(&quoted(error));
        }
        Some(text)
    }
}

/// Puts the caller into the context of a request.
pub(super) fn set_caller(context: &mut Arc<Context>, identity: &Identity) {
    if context.caller != *identity.caller() {
        *context = Arc::new(Context {
            caller: identity.caller().clone(),
            ..Context::clone(context)
        });
    }
}

/// A quoted string (RFC 9110, section 5.6.4).
pub(super) fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}
