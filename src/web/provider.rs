//! Sign-in through an OpenID provider: the redirect and the callback.

use http::StatusCode;

use super::preferences::within;
use super::sign_in::{Refusal, form};
use super::visitor::{begun_sign_in, forget_sign_in, keep_session, keep_sign_in};
use super::{Answer, Fault, Pages, Request, moved};
use crate::auth::{FreshSession, Oidc, OidcError, Policy, Secret, random_secret};

/// Maximum length of a provider's message in the log and on the page, in characters.
const MESSAGE: usize = 300;

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
    let next = begun_sign_in(pages, request)
        .ok_or(OidcError::State)
        .and_then(|secret| Ok((Oidc::next(&secret, request.fields().text("state"))?, secret)));
    let (next, finished) = match next {
        Ok((next, secret)) => (
            within(&pages.settings.base, &next),
            finish(pages, request, policy, oidc, &secret).await,
        ),
        Err(error) => (within(&pages.settings.base, ""), Err(error)),
    };
    let mut answer = match finished {
        Ok(session) => {
            if let Some(old) = &request.visitor.session {
                let caller = request.caller();
                let ended = policy.end_session(&old.account, &old.id, caller).await;
                ended.map_err(|error| Fault::failed(&error))?;
            }
            let mut answer = moved(&next);
            keep_session(pages, request, &session, &mut answer);
            answer
        }
        Err(error) => {
            policy.note_outside_refusal(&error, &request.context);
            refused(pages, request, oidc, &next, &error)
        }
    };
    forget_sign_in(pages, request, &mut answer);
    Ok(answer)
}

async fn finish(
    pages: &Pages,
    request: &Request,
    policy: &Policy,
    oidc: &Oidc,
    secret: &Secret,
) -> Result<FreshSession, OidcError> {
    let fields = request.fields();
    let code = fields.text("code");
    if code.is_empty() {
        let limited = |name| -> String {
            let letters = fields.text(name).chars().take(MESSAGE);
            letters.filter(|letter| !letter.is_control()).collect()
        };
        let description = limited("error_description");
        return Err(match fields.text("error") {
            "access_denied" => OidcError::Cancelled(description),
            _ => OidcError::Refused {
                error: limited("error"),
                description,
            },
        });
    }
    let redirect = redirect(pages, request);
    let signed_in = oidc.finish(secret, &redirect, code).await?;
    let session = policy.start_outside_session(signed_in, &request.context);
    session.await
}

/// The sign-in form with a message: the kind of the reason, which is in the log, and what the
/// provider says. It answers to a sign-in of this browser, so that no link can make it up.
fn refused(pages: &Pages, request: &Request, oidc: &Oidc, next: &str, error: &OidcError) -> Answer {
    tracing::warn!(
        request = &*request.context.request,
        "a sign-in by {} was refused: {error}",
        oidc.host()
    );
    let text = request.language().account_text();
    let (message, said) = match error {
        OidcError::Cancelled(said) => (text.provider_cancelled, said.clone()),
        OidcError::Refused { error, description } => (
            text.provider_failed,
            match description.as_str() {
                "" => error.clone(),
                said => format!("{said} ({error})"),
            },
        ),
        OidcError::State => (text.provider_unknown, String::new()),
        OidcError::Subject
        | OidcError::Name(_)
        | OidcError::NameReserved(_)
        | OidcError::NameTaken(_) => (text.provider_name, String::new()),
        OidcError::Disabled(_) => (text.provider_disabled, String::new()),
        OidcError::Provider(_) | OidcError::Token(_) | OidcError::SignIn(_) => {
            (text.provider_failed, String::new())
        }
    };
    let mut message = message.replace("{}", oidc.host());
    if !said.is_empty() {
        message.push_str(&text.provider_says.replace("{}", &said));
    }
    let refusal = Refusal {
        status: match error {
            OidcError::Provider(_) | OidcError::Refused { .. } => StatusCode::BAD_GATEWAY,
            _ => StatusCode::FORBIDDEN,
        },
        message,
        wait: None,
    };
    form(pages, request, "", next, Some(&refusal))
}
