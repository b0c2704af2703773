//! Guests: people who signed in to another registry through these pages.
//!
//! The browser has a random secret, and this process its hash. The password is only in the memory
//! of this process, in the client that the session uses; it ends with the session.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use http::Method;
use parking_lot::Mutex;
use tokio::sync::OnceCell;

use super::preferences::within;
use super::request::Fields;
use super::source::{Authenticator, Source};
use super::{Answer, Fault, Pages, Request, moved, sign_in, visitor};
use crate::auth::{FreshSession, Secret, SignInError, Throttle, random_secret};
use crate::clock::Clock;
use crate::hash::Hasher;
use crate::oci::Algorithm;

/// Maximum number of sessions; beyond it, the least recently used one ends.
const SESSIONS: usize = 100;
/// A session that is not used for this long ends.
const IDLE: Duration = Duration::from_hours(12);
/// A session ends after this time, used or not.
const LONGEST: Duration = Duration::from_hours(7 * 24);

/// A person who signed in to the other registry.
#[derive(Clone)]
pub(super) struct Guest {
    /// The name there.
    pub(super) user: Arc<str>,
    /// The other registry as this user sees it.
    pub(super) source: Arc<dyn Source>,
}

impl fmt::Debug for Guest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Guest({})", self.user)
    }
}

struct Session {
    guest: Guest,
    begun: Instant,
    used: Instant,
}

impl Session {
    fn holds(&self) -> bool {
        self.used.elapsed() < IDLE && self.begun.elapsed() < LONGEST
    }
}

/// The sessions of all guests.
pub(super) struct Guests {
    authenticator: Arc<dyn Authenticator>,
    /// Sessions by the hash of their secret.
    sessions: Mutex<HashMap<String, Session>>,
    throttle: Throttle,
    /// Whether the other registry requires a sign-in, once known.
    asks: OnceCell<bool>,
}

fn hash(secret: &Secret) -> String {
    let digest = Hasher::digest(Algorithm::Sha256, secret.reveal().as_bytes());
    digest.hex()
}

impl Guests {
    pub(super) fn new(authenticator: Arc<dyn Authenticator>) -> Self {
        Self {
            authenticator,
            sessions: Mutex::default(),
            throttle: Throttle::default(),
            asks: OnceCell::new(),
        }
    }

    /// Whether the other registry requires a sign-in; `false` while it does not answer.
    pub(super) async fn asks(&self) -> bool {
        let asked = self.asks.get_or_try_init(|| async {
            let answer = self.authenticator.asks().await;
            answer.ok_or(())
        });
        asked.await.copied().unwrap_or_default()
    }

    /// The guest with this secret. Counts as a use of the session.
    pub(super) fn find(&self, secret: &Secret) -> Option<Guest> {
        let mut sessions = self.sessions.lock();
        let session = sessions.get_mut(&hash(secret))?;
        if !session.holds() {
            sessions.remove(&hash(secret));
            return None;
        }
        session.used = Instant::now();
        Some(session.guest.clone())
    }

    /// Ends a session.
    pub(super) fn end(&self, secret: &Secret) {
        self.sessions.lock().remove(&hash(secret));
    }

    /// Signs in to the other registry and starts a session.
    async fn sign_in(
        &self,
        request: &Request,
        user: &str,
        password: &Secret,
    ) -> Result<Result<FreshSession, SignInError>, Fault> {
        let address = request.context.address;
        let now = Clock::system().steady();
        let wait = self.throttle.wait(user, address, now);
        if wait > 0 {
            return Ok(Err(SignInError::Wait(wait)));
        }
        let found = self.authenticator.sign_in(user, password).await?;
        let Some(source) = found else {
            self.throttle.failed(user, address, now);
            tracing::warn!(
                user,
                request = &*request.context.request,
                "a sign-in was refused"
            );
            return Ok(Err(SignInError::Wrong));
        };
        self.throttle.succeeded(user);
        let Some(secret) = random_secret() else {
            return Ok(Err(SignInError::Busy));
        };
        let user: Arc<str> = user.into();
        self.keep(&secret, Guest { user, source });
        Ok(Ok(FreshSession {
            id: String::new(),
            secret,
            seconds: i64::try_from(LONGEST.as_secs()).unwrap_or_default(),
        }))
    }

    fn keep(&self, secret: &Secret, guest: Guest) {
        let mut sessions = self.sessions.lock();
        sessions.retain(|_, session| session.holds());
        while sessions.len() >= SESSIONS {
            let oldest = sessions.iter().min_by_key(|(_, session)| session.used);
            let Some(oldest) = oldest.map(|(hash, _)| hash.clone()) else {
                break;
            };
            sessions.remove(&oldest);
        }
        let now = Instant::now();
        let session = Session {
            guest,
            begun: now,
            used: now,
        };
        sessions.insert(hash(secret), session);
    }
}

/// Answers `/sign-in` for another registry.
pub(super) async fn page(
    pages: &Pages,
    guests: &Guests,
    request: &Request,
) -> Result<Answer, Fault> {
    if !request.visitor.may_sign_in() {
        return Err(Fault::NotFound);
    }
    let base = &pages.settings.base;
    if request.method != Method::POST {
        let next = within(base, request.fields().text("next"));
        if request.visitor.is_signed_in() {
            return Ok(moved(&next));
        }
        return Ok(sign_in::form(pages, request, "", &next, None));
    }
    let fields = Fields::parse(&request.form);
    let next = within(base, fields.text("next"));
    let user: String = fields.text("name").chars().take(128).collect();
    let password = Secret::new(fields.exact("password"));
    match guests.sign_in(request, &user, &password).await? {
        Ok(session) => {
            end(guests, request);
            let mut answer = moved(&next);
            visitor::keep_session(pages, request, &session, &mut answer);
            Ok(answer)
        }
        Err(error) => {
            let refusal = sign_in::refusal(request, &error)?;
            Ok(sign_in::form(pages, request, &user, &next, Some(&refusal)))
        }
    }
}

/// Ends the session of a request, if it has one.
pub(super) fn end(guests: &Guests, request: &Request) {
    if let Some(secret) = request.visitor.guest_secret() {
        guests.end(secret);
    }
}
