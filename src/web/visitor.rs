//! Who looks at a page: by the session in a cookie, and by nothing else.
//!
//! Somebody who has not signed in has a cookie as well, once a page has written a form for them: what
//! a form proves is tied to one browser.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::guests::{Guest, Guests};
use super::{Answer, Fault, Pages, Request, Source, set_cookie};
use crate::auth::{
    FreshSession, Identity, Policy, Secret, SessionRecord, form_token, is_form_token, random_secret,
};
use crate::oci::{AccountName, Caller, Context};

/// The field of a form that has its token.
pub(super) const FORM_TOKEN: &str = "form-token";

/// Who looks at a page.
#[derive(Debug, Default)]
pub struct Visitor {
    /// Who, with the rights that hold now; `None` where the pages know no callers.
    pub(super) identity: Option<Identity>,
    /// The session, if somebody signed in.
    pub(super) session: Option<SessionRecord>,
    /// The guest of another registry who signed in, and whether one can.
    guest: Option<Guest>,
    may_sign_in: bool,
    /// The secret that form tokens are derived from: of the session, or of a cookie for forms.
    secret: Option<Secret>,
    /// Whether the secret is new and the browser does not have it yet.
    is_new: bool,
    /// Whether a form was written with it.
    written: AtomicBool,
}

impl Visitor {
    /// The account that signed in.
    pub(super) fn account(&self) -> Option<&AccountName> {
        self.session.as_ref().map(|session| &session.account)
    }

    /// The name of whoever signed in, here or to another registry.
    pub(super) fn name(&self) -> Option<&str> {
        let account = self.account().map(AccountName::as_str);
        account.or_else(|| self.guest.as_ref().map(|guest| &*guest.user))
    }

    /// Whether somebody signed in.
    pub(super) fn is_signed_in(&self) -> bool {
        self.name().is_some()
    }

    /// Whether another registry signs people in.
    pub(super) fn may_sign_in(&self) -> bool {
        self.may_sign_in
    }

    /// Whether what another registry did not show may be shown after a sign-in.
    pub(super) fn may_sign_in_first(&self) -> bool {
        self.may_sign_in && self.guest.is_none()
    }

    /// What another registry shows to whoever signed in to it.
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

    /// The token of forms that are written for this visitor.
    pub(super) fn form_token(&self) -> String {
        self.written.store(true, Ordering::Relaxed);
        self.secret.as_ref().map(form_token).unwrap_or_default()
    }

    /// Makes a secret for forms where the browser has none.
    fn need_secret(&mut self) {
        if self.secret.is_none() {
            self.secret = random_secret();
            self.is_new = true;
        }
    }

    /// Whether a form was written for this visitor.
    pub(super) fn wrote(&self, token: &str) -> bool {
        let secret = self.secret.as_ref().filter(|_| !self.is_new);
        secret.is_some_and(|secret| is_form_token(token, secret))
    }
}

/// A cookie of ours for the scheme that the browser uses: its name, and its attributes.
struct Cookie {
    name: String,
    attributes: String,
}

impl Cookie {
    fn new(pages: &Pages, request: &Request, name: &str) -> Self {
        let base = &pages.settings.base;
        if request.is_encrypted() {
            // The prefix binds it to this host, and demands the whole of it as the path.
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

/// Gives a browser the secret of a sign-in at a provider, for ten minutes.
pub(super) fn keep_sign_in(pages: &Pages, request: &Request, secret: &Secret, answer: &mut Answer) {
    sign_in_cookie(pages, request).set(answer, secret.reveal(), Some(600));
}

/// The secret of the sign-in that a browser began.
pub(super) fn begun_sign_in(pages: &Pages, request: &Request) -> Option<Secret> {
    sign_in_cookie(pages, request).read(request)
}

/// Takes that secret away.
pub(super) fn forget_sign_in(pages: &Pages, request: &Request, answer: &mut Answer) {
    sign_in_cookie(pages, request).set(answer, "", Some(0));
}

/// Finds out who sent a request, and notes it there.
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

/// Gives a browser the cookie by which it proves that a form on this page is its own.
pub(super) fn keep_form_secret(pages: &Pages, request: &Request, answer: &mut Answer) {
    let visitor = &request.visitor;
    if let Some(secret) = &visitor.secret
        && visitor.is_new
        && visitor.written.load(Ordering::Relaxed)
    {
        form_cookie(pages, request).set(answer, secret.reveal(), None);
    }
}

/// Gives a browser a session.
pub(super) fn keep_session(
    pages: &Pages,
    request: &Request,
    session: &FreshSession,
    answer: &mut Answer,
) {
    let cookie = session_cookie(pages, request);
    cookie.set(answer, session.secret.reveal(), Some(session.seconds));
}

/// Takes the session of a browser away.
pub(super) fn forget_session(pages: &Pages, request: &Request, answer: &mut Answer) {
    session_cookie(pages, request).set(answer, "", Some(0));
}
