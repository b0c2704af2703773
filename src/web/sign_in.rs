//! Sign-in and sign-out.
//!
//! A wrong name and a wrong password get the same answer after the same time. A sign-in always
//! starts a new session, whatever cookie was sent.

use http::header::{HeaderValue, RETRY_AFTER};
use http::{Method, StatusCode};
use maud::{Markup, html};

use super::frame::Frame;
use super::preferences::within;
use super::request::Fields;
use super::visitor::{forget_session, keep_session};
use super::{Answer, Fault, Pages, Request, guests, html as answer, moved};
use crate::auth::{Policy, Secret, SignInError};

/// Why a sign-in failed, for the form.
pub(super) struct Refusal {
    pub(super) status: StatusCode,
    pub(super) message: String,
    /// Seconds to wait.
    pub(super) wait: Option<i64>,
}

/// Answers `/sign-in`.
pub(super) async fn page(pages: &Pages, request: &Request) -> Result<Answer, Fault> {
    if let Some(guests) = &pages.guests {
        return guests::page(pages, guests, request).await;
    }
    let policy = pages.policy().filter(|policy| policy.has_passwords());
    let policy = policy.ok_or(Fault::NotFound)?;
    let base = &pages.settings.base;
    if request.method != Method::POST {
        let fields = request.fields();
        let next = within(base, fields.text("next"));
        if request.visitor.session.is_some() {
            return Ok(moved(&next));
        }
        return Ok(form(pages, request, "", &next, None));
    }
    let fields = Fields::parse(&request.form);
    let next = within(base, fields.text("next"));
    let user = fields.text("name");
    let password = Secret::new(fields.exact("password"));
    match policy.sign_in(user, &password, &request.context).await {
        Ok(session) => {
            if let Some(old) = &request.visitor.session {
                let caller = request.caller();
                let ended = policy.end_session(&old.account, &old.id, caller).await;
                ended.map_err(|error| Fault::failed(&error))?;
            }
            let mut answer = moved(&next);
            keep_session(pages, request, &session, &mut answer);
            Ok(answer)
        }
        Err(error) => {
            let refusal = refusal(request, &error)?;
            Ok(form(pages, request, user, &next, Some(&refusal)))
        }
    }
}

pub(super) fn refusal(request: &Request, error: &SignInError) -> Result<Refusal, Fault> {
    let text = request.language().account_text();
    Ok(match error {
        SignInError::Wrong | SignInError::Token => Refusal {
            status: StatusCode::FORBIDDEN,
            message: text.wrong_password.to_owned(),
            wait: None,
        },
        SignInError::Wait(wait) => {
            let seconds = (wait + 999) / 1000;
            Refusal {
                status: StatusCode::TOO_MANY_REQUESTS,
                message: text.wait.replace("{}", &seconds.to_string()),
                wait: Some(seconds),
            }
        }
        SignInError::Busy => Refusal {
            status: StatusCode::SERVICE_UNAVAILABLE,
            message: text.busy.to_owned(),
            wait: Some(1),
        },
        error if error.lacks_space() => Refusal {
            status: StatusCode::INSUFFICIENT_STORAGE,
            message: text.no_space.to_owned(),
            wait: None,
        },
        SignInError::Index(error) => return Err(Fault::failed(error)),
    })
}

/// The form, before the first attempt or after a refusal.
pub(super) fn form(
    pages: &Pages,
    request: &Request,
    user: &str,
    next: &str,
    refusal: Option<&Refusal>,
) -> Answer {
    let frame = Frame::new(pages, request);
    let text = frame.account;
    let content = html! {
        h1 { (text.sign_in) }
        @if request.origin.starts_with("http://") && !super::explore::is_loopback(request.host()) {
            p class="notice" { (text.plain_password) }
        }
        @if let Some(refusal) = refusal { p class="notice bad" role="alert" { (refusal.message) } }
        form class="fields" method="post" action=(frame.links.path("/sign-in")) {
            (frame.form_token())
            input type="hidden" name="next" value=(next);
            label for="name" { (text.account) }
            input id="name" name="name" value=(user) maxlength="128" required autocomplete="username"
                autocapitalize="none" spellcheck="false" autofocus;
            label for="password" { (text.password) }
            input id="password" name="password" type="password" required
                autocomplete="current-password";
            button type="submit" class="main" { (text.sign_in) }
        }
        @if let Some(oidc) = pages.policy().and_then(Policy::oidc) {
            p { a href=(frame.links.path(&format!("/sign-in/provider{}",
                super::url::query(&[("next", next)])))) {
                (text.sign_in_by.replace("{}", oidc.host()))
            } }
        }
    };
    let crumbs = [(text.sign_in.to_owned(), None)];
    let status = refusal.map_or(StatusCode::OK, |refusal| refusal.status);
    let mut answer = answer(status, frame.page(text.sign_in, &crumbs, "", &content));
    if let Some(seconds) = refusal.and_then(|refusal| refusal.wait) {
        answer
            .headers_mut()
            .insert(RETRY_AFTER, HeaderValue::from(seconds));
    }
    answer
}

/// Answers `POST /sign-out`.
pub(super) async fn sign_out(pages: &Pages, request: &Request) -> Result<Answer, Fault> {
    if let Some(guests) = &pages.guests {
        guests::end(guests, request);
    } else {
        let policy = pages.policy().ok_or(Fault::NotFound)?;
        if let Some(session) = &request.visitor.session {
            let caller = request.caller();
            let ended = policy
                .end_session(&session.account, &session.id, caller)
                .await;
            ended.map_err(|error| Fault::failed(&error))?;
        }
    }
    let mut answer = moved(&format!("{}/", pages.settings.base));
    forget_session(pages, request, &mut answer);
    Ok(answer)
}

/// The link to the sign-in page, or the name of the user with the button to sign out.
pub(super) fn corner(frame: &Frame<'_>, has_sign_in: bool) -> Markup {
    let (text, visitor) = (frame.account, &frame.request.visitor);
    html! {
        @if let Some(account) = visitor.account() {
            @if visitor.is_admin() {
                a href=(frame.links.path("/accounts")) { (text.accounts) }
                a href=(frame.links.path("/storage")) { (frame.upkeep.storage) }
                a href=(frame.links.path("/collection")) { (frame.upkeep.collection) }
            }
            a href=(frame.links.path("/activity")) { (text.activity) }
            a href=(frame.links.path("/account")) { (account) }
            (sign_out_button(frame))
        } @else if let Some(name) = visitor.name() {
            span { (name) }
            (sign_out_button(frame))
        } @else if has_sign_in {
            a href=(frame.links.path(&format!("/sign-in{}",
                super::url::query(&[("next", &frame.here())])))) { (text.sign_in) }
        }
    }
}

fn sign_out_button(frame: &Frame<'_>) -> Markup {
    html! {
        form method="post" action=(frame.links.path("/sign-out")) {
            (frame.form_token())
            button type="submit" class="link" { (frame.account.sign_out) }
        }
    }
}
