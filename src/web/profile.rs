//! The page of the signed-in account: password, sessions, personal tokens.

use http::{Method, StatusCode};
use maud::{Markup, html};

use super::frame::Frame;
use super::lifetime;
use super::refusals::refusal;
use super::request::Fields;
use super::text::AccountText;
use super::visitor::keep_session;
use super::{Answer, Fault, Pages, Request, format, html as answer, moved};
use crate::admin::{AccountOperation, AccountReport, Password};
use crate::auth::{Policy, Secret, SessionRecord, SignInError, TokenRecord};
use crate::oci::{AccountName, Action, Grant};

/// Maximum length of a token's name, in characters.
const LABEL: usize = 100;

/// Actions of an account on itself need no right, only a sign-in.
const OWN: Action = Action::Ping;

/// The result of the last form.
enum Note {
    None,
    Refused(String),
    Done(&'static str),
    /// A token was created.
    Token(Password),
}

/// Answers `/account`.
pub(super) async fn page(pages: &Pages, request: &Request) -> Result<Answer, Fault> {
    let policy = pages.policy().ok_or(Fault::NotFound)?;
    let Some(session) = &request.visitor.session else {
        if !policy.has_passwords() {
            return Err(Fault::NotFound);
        }
        let next = super::url::query(&[("next", &format!("{}/account", pages.settings.base))]);
        return Ok(moved(&format!("{}/sign-in{next}", pages.settings.base)));
    };
    if request.method != Method::POST {
        return show(pages, request, policy, session, &Note::None).await;
    }
    let fields = Fields::parse(&request.form);
    let note = match fields.text("do") {
        "password" => match change_password(pages, request, policy, session, &fields).await? {
            Ok(answer) => return Ok(answer),
            Err(refusal) => Note::Refused(refusal),
        },
        "end-session" => {
            let ended = policy
                .end_session(&session.account, fields.text("id"), request.caller())
                .await;
            ended.map_err(|error| Fault::failed(&error))?;
            return Ok(moved(&format!("{}/account", pages.settings.base)));
        }
        "end-others" => {
            let ended = policy
                .end_other_sessions(&session.account, &session.id, request.caller())
                .await;
            ended.map_err(|error| Fault::failed(&error))?;
            return Ok(moved(&format!("{}/account", pages.settings.base)));
        }
        "create-token" => create_token(pages, request, policy, &session.account, &fields).await?,
        "revoke-token" => revoke_token(pages, request, policy, &session.account, &fields).await?,
        _ => return Err(Fault::NotFound),
    };
    show(pages, request, policy, session, &note).await
}

/// Sets a password, which ends all sessions, and starts a new session for this browser.
async fn change_password(
    pages: &Pages,
    request: &Request,
    policy: &Policy,
    session: &SessionRecord,
    fields: &Fields,
) -> Result<Result<Answer, String>, Fault> {
    let text = request.language().account_text();
    if !policy.has_own_accounts() {
        return Err(Fault::NotFound);
    }
    let (old, new) = (fields.exact("password"), fields.exact("new-password"));
    if new.is_empty() || new != fields.exact("again") {
        return Ok(Err(text.passwords_differ.to_owned()));
    }
    let name = &session.account;
    let context = &request.context;
    let old = Secret::new(old);
    let checked = policy.check_password(name.as_str(), &old, context);
    let verified = match checked.await {
        Ok(verified) => Password::new(verified.stored.reveal()),
        Err(SignInError::Index(error)) => return Err(Fault::failed(&error)),
        Err(SignInError::Wait(wait)) => {
            let seconds = ((wait + 999) / 1000).to_string();
            return Ok(Err(text.wait.replace("{}", &seconds)));
        }
        Err(SignInError::Busy) => return Ok(Err(text.busy.to_owned())),
        Err(_) => return Ok(Err(text.wrong_old_password.to_owned())),
    };
    let hash = match policy.hash(&Secret::new(new)).await {
        Ok(Some(hash)) => hash,
        Ok(None) => return Ok(Err(text.password_unsuitable.to_owned())),
        Err(_) => return Ok(Err(text.busy.to_owned())),
    };
    // An administrator may set another password meanwhile: that one is neither replaced, nor does
    // the new session belong to it.
    let operation = AccountOperation::SetPassword {
        name: name.clone(),
        password: Password::new(hash.reveal()),
        verified: Some(verified),
    };
    if let Err(failure) = pages.operate(request, &OWN, operation).await? {
        return Ok(Err(refusal(text, &failure)));
    }
    let ended = policy.end_other_sessions(name, "", request.caller());
    let ended = ended.await;
    ended.map_err(|error| Fault::failed(&error))?;
    let fresh = policy.start_session_by(name, &hash, context).await;
    let fresh = fresh.map_err(|error| Fault::failed(&error))?;
    let mut answer = moved(&format!("{}/account?changed=1", pages.settings.base));
    keep_session(pages, request, &fresh, &mut answer);
    Ok(Ok(answer))
}

async fn create_token(
    pages: &Pages,
    request: &Request,
    policy: &Policy,
    account: &AccountName,
    fields: &Fields,
) -> Result<Note, Fault> {
    let text = request.language().account_text();
    if !policy.has_own_accounts() {
        return Err(Fault::NotFound);
    }
    let label: String = fields.text("label").chars().take(LABEL).collect();
    if label.is_empty() {
        return Ok(Note::Refused(text.token_unnamed.to_owned()));
    }
    let scope = match scope(text, fields.text("scope")) {
        Ok(scope) => scope,
        Err(reason) => return Ok(Note::Refused(reason)),
    };
    let operation = AccountOperation::CreateToken {
        label,
        owner: account.clone(),
        robot: false,
        scope,
        lifetime: lifetime::read(fields),
    };
    Ok(match pages.operate(request, &OWN, operation).await? {
        Ok(AccountReport::Token { token, .. }) => Note::Token(token),
        Ok(_) => Note::None,
        Err(failure) => Note::Refused(refusal(text, &failure)),
    })
}

/// Parses a grant.
pub(super) fn grant(text: &AccountText, grant: &str) -> Result<Grant, String> {
    let malformed = |_| text.grant_malformed.replace("{}", grant);
    grant.parse().map_err(malformed)
}

/// Parses the grants of a scope, separated by spaces or lines; `None` for all rights of the owner.
pub(super) fn scope(text: &AccountText, grants: &str) -> Result<Option<Vec<Grant>>, String> {
    let grants = grants.split_whitespace().map(|one| grant(text, one));
    let grants: Result<Vec<Grant>, String> = grants.collect();
    grants.map(|grants| (!grants.is_empty()).then_some(grants))
}

async fn tokens(
    pages: &Pages,
    request: &Request,
    account: &AccountName,
) -> Result<Vec<TokenRecord>, Fault> {
    let owner = Some(account.clone());
    let operation = AccountOperation::Tokens { owner };
    match pages.operate(request, &OWN, operation).await? {
        Ok(AccountReport::Tokens(tokens)) => {
            Ok(tokens.into_iter().filter(|one| !one.robot).collect())
        }
        Ok(_) => Ok(Vec::new()),
        Err(failure) => Err(Fault::failed(&failure)),
    }
}

async fn revoke_token(
    pages: &Pages,
    request: &Request,
    policy: &Policy,
    account: &AccountName,
    fields: &Fields,
) -> Result<Note, Fault> {
    let text = request.language().account_text();
    if !policy.has_own_accounts() {
        return Err(Fault::NotFound);
    }
    let id = fields.text("id");
    let own = tokens(pages, request, account).await?;
    if !own.iter().any(|token| token.id == id) {
        return Err(Fault::NotFound);
    }
    let operation = AccountOperation::RevokeToken {
        token: id.to_owned(),
        owner: Some(account.clone()),
    };
    Ok(match pages.operate(request, &OWN, operation).await? {
        Ok(_) => Note::Done(text.token_revoked),
        Err(failure) => Note::Refused(refusal(text, &failure)),
    })
}

async fn show(
    pages: &Pages,
    request: &Request,
    policy: &Policy,
    session: &SessionRecord,
    note: &Note,
) -> Result<Answer, Fault> {
    let frame = Frame::new(pages, request);
    let text = frame.account;
    let sessions = policy.sessions(&session.account).await;
    let sessions = sessions.map_err(|error| Fault::failed(&error))?;
    let has_own = policy.has_own_accounts();
    let tokens = if has_own {
        tokens(pages, request, &session.account).await?
    } else {
        Vec::new()
    };
    let content = html! {
        h1 { (text.account) " " span class="dim" { (session.account) } }
        @match note {
            Note::None => @if request.fields().text("changed") == "1" {
                p class="notice" role="status" { (text.password_changed) }
            },
            Note::Refused(reason) => p class="notice bad" role="alert" { (reason) },
            Note::Done(what) => p class="notice" role="status" { (what) },
            Note::Token(token) => (fresh_token(&frame, &session.account, token.reveal())),
        }
        @if has_own {
            section { h2 { (text.tokens) } (token_table(&frame, &tokens)) (token_form(&frame)) }
        }
        section { h2 { (text.sessions) } (session_table(&frame, &sessions, &session.id)) }
        @if has_own { section { h2 { (text.change_password) } (password_form(&frame, &session.account)) } }
    };
    let status = match note {
        Note::Refused(_) => StatusCode::BAD_REQUEST,
        _ => StatusCode::OK,
    };
    let crumbs = [(text.account.to_owned(), None)];
    Ok(answer(
        status,
        frame.page(text.account, &crumbs, "", &content),
    ))
}

/// A new token, with instructions for its use.
pub(super) fn fresh_token(frame: &Frame<'_>, owner: &AccountName, token: &str) -> Markup {
    let host = frame.request.host();
    html! {
        section class="notice" role="status" {
            p { strong { (frame.account.token_made) } }
            (frame.command(frame.account.token, token))
            (frame.command("docker",
                &format!("echo {token} | docker login -u {owner} --password-stdin {host}")))
        }
    }
}

fn token_table(frame: &Frame<'_>, tokens: &[TokenRecord]) -> Markup {
    let text = frame.account;
    html! {
        @if tokens.is_empty() { p class="nothing" { (text.no_tokens) } }
        @else { div class="scroll" { table class="list" {
            thead { tr {
                th scope="col" { (frame.text.name) }
                th scope="col" { (text.scope) }
                th scope="col" { (frame.text.created) }
                th scope="col" { (text.expires) }
                th scope="col" { (text.last_use) }
                th scope="col" { (text.revoke) }
            } }
            tbody { @for token in tokens { tr {
                th scope="row" { (token.label) }
                td data-label=(text.scope) { (shown_scope(frame, token)) }
                td data-label=(frame.text.created) { (format::age(frame.language, token.created_at, frame.now)) }
                td data-label=(text.expires) { (until(frame, token.expires_at)) }
                td data-label=(text.last_use) { (used(frame, token.used_at)) }
                td data-label=(text.revoke) { (button(frame, "/account", "revoke-token", &token.id, text.revoke)) }
            } } }
        } } }
    }
}

/// The scope of a token.
pub(super) fn shown_scope(frame: &Frame<'_>, token: &TokenRecord) -> String {
    match &token.scope {
        None => frame.account.everything.to_owned(),
        Some(grants) => grants
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
            .join(" "),
    }
}

/// When something expires.
pub(super) fn until(frame: &Frame<'_>, at: Option<i64>) -> Markup {
    html! { @match at { Some(at) => (format::time(at)), None => (frame.text.never) } }
}

/// When something was last used.
pub(super) fn used(frame: &Frame<'_>, at: Option<i64>) -> Markup {
    html! { @match at {
        Some(at) => (format::age(frame.language, at, frame.now)),
        None => (frame.text.never),
    } }
}

/// A form with one button, for the object `id`.
pub(super) fn button(frame: &Frame<'_>, path: &str, what: &str, id: &str, label: &str) -> Markup {
    html! {
        form method="post" action=(frame.links.path(path)) {
            (frame.form_token())
            input type="hidden" name="do" value=(what);
            input type="hidden" name="id" value=(id);
            button type="submit" { (label) }
        }
    }
}

fn token_form(frame: &Frame<'_>) -> Markup {
    let text = frame.account;
    html! {
        form class="fields" method="post" action=(frame.links.path("/account")) {
            (frame.form_token())
            input type="hidden" name="do" value="create-token";
            label for="label" { (text.token_name) }
            input id="label" name="label" required maxlength=(LABEL) autocomplete="off";
            label for="scope" { (text.scope_hint) }
            input id="scope" name="scope" autocomplete="off" spellcheck="false"
                placeholder="team/*:pull,push";
            (lifetime::field(frame))
            button type="submit" { (text.make_token) }
        }
    }
}

fn session_table(frame: &Frame<'_>, sessions: &[SessionRecord], own: &str) -> Markup {
    let text = frame.account;
    html! {
        div class="scroll" { table class="list" {
            thead { tr {
                th scope="col" { (text.browser) }
                th scope="col" { (text.address) }
                th scope="col" { (text.signed_in) }
                th scope="col" { (text.last_use) }
                th scope="col" { (text.expires) }
                th scope="col" { (text.end) }
            } }
            tbody { @for session in sessions { tr {
                th scope="row" {
                    @if session.id == own { span class="mark" { (text.this_browser) } " " }
                    (session.agent.as_deref().unwrap_or("–").chars().take(120).collect::<String>())
                }
                td class="whole" data-label=(text.address) { (session.address.as_deref().unwrap_or("–")) }
                td data-label=(text.signed_in) { (format::age(frame.language, session.created_at, frame.now)) }
                td data-label=(text.last_use) { (used(frame, Some(session.used_at))) }
                td data-label=(text.expires) { (until(frame, Some(session.expires_at))) }
                td data-label=(text.end) { (button(frame, "/account", "end-session", &session.id, text.end)) }
            } } }
        } }
        @if sessions.len() > 1 { (button(frame, "/account", "end-others", "", text.end_others)) }
    }
}

fn password_form(frame: &Frame<'_>, account: &AccountName) -> Markup {
    let text = frame.account;
    html! {
        form class="fields" method="post" action=(frame.links.path("/account")) {
            (frame.form_token())
            input type="hidden" name="do" value="password";
            // Password managers expect a field with the name.
            input type="text" name="name" value=(account) autocomplete="username" readonly hidden
                aria-label=(text.account);
            @for (name, label, complete) in [
                ("password", text.old_password, "current-password"),
                ("new-password", text.new_password, "new-password"),
                ("again", text.new_password_again, "new-password"),
            ] {
                label for=(name) { (label) }
                input id=(name) name=(name) type="password" required autocomplete=(complete);
            }
            button type="submit" { (text.change_password) }
        }
    }
}
