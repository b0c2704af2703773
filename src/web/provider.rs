//! Sign-in through an OpenID provider: the redirect and the callback.

use http::StatusCode;

use super::preferences::within;
use super::sign_in::{Refusal, form};
use super::visitor::{begun_sign_in, forget_sign_in, keep_session, keep_sign_in};
use super::{Answer, Fault, Pages, Request, moved};
use crate::auth::{FreshSession, Oidc, OidcError, Policy, random_secret};

/// The address of the callback.
fn redirect(pages: &Pages, request: &Request) -> String {
    format!("{}{}/sign-in/callback", request.origin, pages.settings.base)
}

fn provider(pages: &Pages) -> Result<(&Policy, &Oidc), Fault> {
    let policy = pages.policy().ok_or(Fault::NotFound)?;
    Ok((policy, policy.oidc().ok_or(Fault::NotFound)?))
}

/// Answers `/sign-in/provider`: sends the browser to the provider.
pub(super) async fn begin(pages: &Pages, request: &Request) -> Result<Answer, Fault> {
    let (_, oidc) = provider(pages)?;
    let fields = request.fields();
    let next = within(&pages.settings.base, fields.text("next"));
    let secret = random_secret().ok_or(Fault::NotFound)?;
    match oidc.begin(&secret, &redirect(pages, request), &next).await {
        Ok(address) => {
            let mut answer = moved(&address);
            keep_sign_in(pages, request, &secret, &mut answer);
            Ok(answer)
        }
        Err(error) => Ok(refused(pages, request, oidc, &next, &error)),
    }
}

/// Answers `/sign-in/callback`: starts a session for the person whom the provider signed in.
pub(super) async fn callback(pages: &Pages, request: &Request) -> Result<Answer, Fault> {
    let (policy, oidc) = provider(pages)?;
    let mut answer = match finish(pages, request, policy, oidc).await {
        Ok((session, next)) => {
            if let Some(old) = &request.visitor.session {
                let caller = request.caller();
                let ended = policy.end_session(&old.account, &old.id, caller).await;
                ended.map_err(|error| Fault::failed(&error))?;
            }
            let mut answer = moved(&within(&pages.settings.base, &next));
            keep_session(pages, request, &session, &mut answer);
            answer
        }
        Err(error) => refused(
            pages,
            request,
            oidc,
            &within(&pages.settings.base, ""),
            &error,
        ),
    };
    forget_sign_in(pages, request, &mut answer);
    Ok(answer)
}

async fn finish(
    pages: &Pages,
    request: &Request,
    policy: &Policy,
    oidc: &Oidc,
) -> Result<(FreshSession, String), OidcError> {
    let fields = request.fields();
    let secret = begun_sign_in(pages, request).ok_or(OidcError::State)?;
    let (state, code) = (fields.text("state"), fields.text("code"));
    if code.is_empty() {
        // The error is untrusted text until the state is checked, so its length is limited.
        let message: String = fields.text("error").chars().take(100).collect();
        return Err(OidcError::Provider(format!(
            "it answered {message:?} instead of a code"
        )));
    }
    let redirect = redirect(pages, request);
    let (person, next) = oidc.finish(&secret, &redirect, state, code).await?;
    let session = policy.start_outside_session(person, &request.context);
    Ok((session.await?, next))
}

/// The sign-in form with a message; the reason is in the log.
fn refused(pages: &Pages, request: &Request, oidc: &Oidc, next: &str, error: &OidcError) -> Answer {
    tracing::warn!(
        request = &*request.context.request,
        "a sign-in by {} was refused: {error}",
        oidc.host()
    );
    let text = request.language().account_text();
    let refusal = Refusal {
        status: match error {
            OidcError::Provider(_) => StatusCode::BAD_GATEWAY,
            _ => StatusCode::FORBIDDEN,
        },
        message: text.provider_failed.replace("{}", oidc.host()),
        wait: None,
    };
    form(pages, request, "", next, Some(&refusal))
}
