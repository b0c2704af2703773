//! The visitor of a page, identified by the session in a cookie alone.
//!
//! A visitor who has not signed in gets a cookie as well, once a page contains a form: the token of
//! a form is tied to one browser.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::guests::{Guest, Guests};
use super::{Answer, Fault, Pages, Request, Source, set_cookie};
use crate::auth::{
    FreshSession, Identity, Policy, Secret, SessionRecord, form_token, is_form_token, random_secret,
};
use crate::oci::{AccountName, Caller, Context};

/// The form field with the token.
pub(super) const FORM_TOKEN: &str = "form-token";

/// The visitor of a page.
#[derive(Debug, Default)]
pub struct Visitor {
    /// The caller with its current rights; `None` if the pages have no accounts.
    pub(super) identity: Option<Identity>,
    /// The session, if the visitor has signed in.
    pub(super) session: Option<SessionRecord>,
    /// The signed-in guest of another registry, and whether guests can sign in.
    guest: Option<Guest>,
    may_sign_in: bool,
    /// The secret from which form tokens are derived: that of the session, or of a cookie for
    /// forms.
    secret: Option<Secret>,
    /// Whether the secret is new, so that the browser does not have it yet.
    is_new: bool,
    /// Whether a form token was derived from it.
    written: AtomicBool,
}

impl Visitor {
    /// The account that signed in.
    pub(super) fn account(&self) -> Option<&AccountName> {
        self.session.as_ref().map(|session| &session.account)
    }

    /// The name of the signed-in user, of this or another registry.
    pub(super) fn name(&self) -> Option<&str> {
        let account = self.account().map(AccountName::as_str);
        account.or_else(|| self.guest.as_ref().map(|guest| &*guest.user))
    }

    /// Whether somebody signed in.
    pub(super) fn is_signed_in(&self) -> bool {
        self.name().is_some()
    }

    /// Whether people can sign in to another registry.
    pub(super) fn may_sign_in(&self) -> bool {
        self.may_sign_in
    }

    /// Whether a sign-in may give access to what another registry refused.
    pub(super) fn may_sign_in_first(&self) -> bool {
        self.may_sign_in && self.guest.is_none()
    }

    /// The other registry as the signed-in user sees it.
    pub(super) fn source(&self) -> Option<&Arc<dyn Source>> {
        self.guest.as_ref().map(|guest| &guest.source)
    }

    /// The secret of a session with another registry.
    pub(super) fn guest_secret(&self) -> Option<&Secret> {
        self.guest.as_ref().and(self.secret.as_ref())
    }

    /// Whether an administrator signed in.
    pub(super) fn is_admin(&self) -> bool {
        let caller = self.identity.as_ref().map(Identity::caller);
        matches!(caller, Some(Caller::Account { admin: true, .. }))
    }

    /// The token for forms in a page for this visitor.
    pub(super) fn form_token(&self) -> String {
        self.written.store(true, Ordering::Relaxed);
        self.secret.as_ref().map(form_token).unwrap_or_default()
    }

    /// Creates a secret for forms if the browser has none.
    fn need_secret(&mut self) {
        if self.secret.is_none() {
            self.secret = random_secret();
            self.is_new = true;
        }
    }

    /// Whether a form token belongs to this visitor.
    pub(super) fn wrote(&self, token: &str) -> bool {
        let secret = self.secret.as_ref().filter(|_| !self.is_new);
        secret.is_some_and(|secret| is_form_token(token, secret))
    }
}

/// A cookie of these pages for the browser's scheme: its name and attributes.
struct Cookie {
    name: String,
    attributes: String,
}

impl Cookie {
    fn new(pages: &Pages, request: &Request, name: &str) -> Self {
        let base = &pages.settings.base;
        if request.is_encrypted() {
            // The `__Host-` prefix ties it to this host and requires the path `/`.
            Self {
                name: format!("__Host-{name}"),
                attributes: "Path=/; HttpOnly; SameSite=Lax; Secure".to_owned(),
            }
        } else {
            let path = if base.is_empty() { "/" } else { base };
            Self {
                name: name.to_owned(),
                attributes: format!("Path={path}; HttpOnly; SameSite=Lax"),
            }
        }
    }

    fn read(&self, request: &Request) -> Option<Secret> {
        let value = request.cookie(&self.name)?;
        let is_ours = value.len() == 64 && value.bytes().all(|byte| byte.is_ascii_hexdigit());
        is_ours.then(|| Secret::new(value))
    }

    fn set(&self, answer: &mut Answer, value: &str, seconds: Option<i64>) {
        let age = seconds.map_or_else(String::new, |seconds| format!("; Max-Age={seconds}"));
        let (name, attributes) = (&self.name, &self.attributes);
        set_cookie(answer, &format!("{name}={value}; {attributes}{age}"));
    }
}

fn session_cookie(pages: &Pages, request: &Request) -> Cookie {
    Cookie::new(pages, request, "regctl-session")
}

fn form_cookie(pages: &Pages, request: &Request) -> Cookie {
    Cookie::new(pages, request, "regctl-form")
}

fn sign_in_cookie(pages: &Pages, request: &Request) -> Cookie {
    Cookie::new(pages, request, "regctl-sign-in")
}

/// Sets the secret of a sign-in through a provider in the browser, for ten minutes.
pub(super) fn keep_sign_in(pages: &Pages, request: &Request, secret: &Secret, answer: &mut Answer) {
    sign_in_cookie(pages, request).set(answer, secret.reveal(), Some(600));
}

/// The secret of a sign-in through a provider.
pub(super) fn begun_sign_in(pages: &Pages, request: &Request) -> Option<Secret> {
    sign_in_cookie(pages, request).read(request)
}

/// Removes that secret from the browser.
pub(super) fn forget_sign_in(pages: &Pages, request: &Request, answer: &mut Answer) {
    sign_in_cookie(pages, request).set(answer, "", Some(0));
}

/// Identifies the sender of a request, and stores the result in it.
pub(super) async fn recognise(pages: &Pages, request: &mut Request) -> Result<(), Fault> {
    if let Some(policy) = pages.policy() {
        recognise_account(pages, policy, request).await
    } else {
        if let Some(guests) = &pages.guests {
            recognise_guest(pages, guests, request).await;
        }
        Ok(())
    }
}

async fn recognise_guest(pages: &Pages, guests: &Guests, request: &mut Request) {
    let mut visitor = Visitor {
        may_sign_in: guests.asks().await,
        ..Visitor::default()
    };
    if let Some(secret) = session_cookie(pages, request).read(request)
        && let Some(guest) = guests.find(&secret)
    {
        visitor.guest = Some(guest);
        visitor.secret = Some(secret);
    } else {
        visitor.secret = form_cookie(pages, request).read(request);
    }
    visitor.need_secret();
    request.visitor = visitor;
}

async fn recognise_account(
    pages: &Pages,
    policy: &Policy,
    request: &mut Request,
) -> Result<(), Fault> {
    let mut visitor = Visitor::default();
    if let Some(secret) = session_cookie(pages, request).read(request)
        && let Some((identity, session)) = policy
            .session(&secret)
            .await
            .map_err(|error| Fault::failed(&error))?
    {
        visitor.identity = Some(identity);
        visitor.session = Some(session);
        visitor.secret = Some(secret);
    }
    if visitor.identity.is_none() {
        visitor.identity = Some(
            policy
                .anonymous()
                .await
                .map_err(|error| Fault::failed(&error))?,
        );
        visitor.secret = form_cookie(pages, request).read(request);
    }
    visitor.need_secret();
    if let Some(identity) = &visitor.identity {
        request.visibility = policy.visibility(identity);
        request.context = Arc::new(Context {
            caller: identity.caller().clone(),
            ..Context::clone(&request.context)
        });
    }
    request.visitor = visitor;
    Ok(())
}

/// Sets the cookie for forms, if the page contains one.
pub(super) fn keep_form_secret(pages: &Pages, request: &Request, answer: &mut Answer) {
    let visitor = &request.visitor;
    if let Some(secret) = &visitor.secret
        && visitor.is_new
        && visitor.written.load(Ordering::Relaxed)
    {
        form_cookie(pages, request).set(answer, secret.reveal(), None);
    }
}

/// Sets the session cookie in the browser.
pub(super) fn keep_session(
    pages: &Pages,
    request: &Request,
    session: &FreshSession,
    answer: &mut Answer,
) {
    let cookie = session_cookie(pages, request);
    cookie.set(answer, session.secret.reveal(), Some(session.seconds));
}

/// Removes the session cookie from the browser.
pub(super) fn forget_session(pages: &Pages, request: &Request, answer: &mut Answer) {
    session_cookie(pages, request).set(answer, "", Some(0));
}
