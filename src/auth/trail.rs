//! The audit trail of sign-ins and refusals: one line each, in the log and among the events.
//!
//! Changes write their events themselves. Sign-ins and refusals change nothing, and a stranger can
//! cause any number of them, so they are bounded: the same caller, address and subject makes one
//! line a minute with the number of times, and the number of different lines a minute has a limit,
//! beyond which only the total is written. Secrets never appear, nor does a text that was sent as a
//! name and is none: it may be a password.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;

use parking_lot::Mutex;
use serde_json::{Value, json};

use super::{Credentials, Denied, Identity, SignInError};
use crate::clock::{Clock, Millis};
use crate::index::{Index, IndexError, Note};
use crate::oci::{AccountName, Action, Caller, Context, Repository};

/// How long equal lines are counted together, in milliseconds.
const WINDOW: Millis = 60_000;
/// Different refusals that are written in one window.
const REFUSALS: usize = 200;
/// Different sign-ins that are written in one window.
const SIGN_INS: usize = 5000;
/// Refusals that are kept in all; the oldest are deleted first.
const KEPT: u64 = 100_000;

/// What makes two lines equal.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Subject {
    action: &'static str,
    account: String,
    address: Option<IpAddr>,
    repository: Option<Repository>,
    /// What was refused.
    refused: Option<&'static str>,
}

/// Equal lines.
struct Tally {
    context: Arc<Context>,
    /// Times since the last line was written.
    times: u64,
    written_at: Option<Millis>,
}

#[derive(Default)]
struct State {
    tallies: HashMap<Subject, Tally>,
    refusals: usize,
    /// Refusals beyond the limit since they were last written.
    others: u64,
    others_written_at: Millis,
}

/// The sign-ins and refusals that are not written yet.
pub struct Trail {
    index: Index,
    clock: Clock,
    state: Mutex<State>,
}

impl Trail {
    /// A trail into an index.
    pub fn new(index: Index, clock: Clock) -> Self {
        Self {
            index,
            clock,
            state: Mutex::default(),
        }
    }

    /// Notes how a sign-in ended. A token of the token service is none: whoever has one has signed
    /// in before.
    pub fn sign_in(
        &self,
        credentials: &Credentials,
        outcome: &Result<Identity, SignInError>,
        context: &Context,
    ) {
        match outcome {
            Ok(identity) if identity.presented.is_some() || identity.is_anonymous() => {}
            Ok(identity) => {
                let context = Context {
                    caller: identity.caller().clone(),
                    ..context.clone()
                };
                let account = context.caller.actor();
                self.note("sign-in", account, None, None, context);
            }
            Err(SignInError::Wrong | SignInError::Wait(_)) => {
                let name = match credentials {
                    Credentials::Basic { user, .. } => user.parse::<AccountName>().ok(),
                    Credentials::Carried(name) => Some(name.clone()),
                    Credentials::None | Credentials::Bearer(_) | Credentials::Malformed => None,
                };
                let account = name.map(|name| name.to_string()).unwrap_or_default();
                self.note("refuse-sign-in", account, None, None, context.clone());
            }
            Err(SignInError::Token | SignInError::Busy | SignInError::Index(_)) => {}
        }
    }

    /// Notes that an action was refused. Being asked to sign in, or for a token with another scope,
    /// is no refusal yet.
    pub fn refused(&self, context: &Context, action: &Action, denied: &Denied) {
        if !matches!(denied, Denied::Forbidden | Denied::Hidden) {
            return;
        }
        let account = context.caller.actor();
        let repository = action.needs().map(|(name, _)| name.clone());
        let context = context.clone();
        self.note("refuse", account, repository, Some(action.name()), context);
    }

    fn note(
        &self,
        action: &'static str,
        account: String,
        repository: Option<Repository>,
        refused: Option<&'static str>,
        context: Context,
    ) {
        let subject = Subject {
            action,
            account,
            address: context.address,
            repository,
            refused,
        };
        let is_refusal = action != "sign-in";
        let mut state = self.state.lock();
        if let Some(tally) = state.tallies.get_mut(&subject) {
            tally.times += 1;
            return;
        }
        let sign_ins = state.tallies.len() - state.refusals;
        if is_refusal && state.refusals >= REFUSALS || !is_refusal && sign_ins >= SIGN_INS {
            state.others += 1;
            return;
        }
        state.refusals += usize::from(is_refusal);
        let tally = Tally {
            context: Arc::new(context),
            times: 1,
            written_at: None,
        };
        state.tallies.insert(subject, tally);
    }

    /// Writes what is due.
    pub async fn write(&self) -> Result<(), IndexError> {
        let notes = self.due(self.clock.now(), WINDOW);
        self.append(notes).await
    }

    /// Writes everything, at the end of a server.
    pub async fn finish(&self) -> Result<(), IndexError> {
        let notes = self.due(self.clock.now(), 0);
        self.append(notes).await
    }

    /// Deletes the oldest refusals beyond the number that is kept.
    pub async fn forget(&self) -> Result<(), IndexError> {
        self.index.forget_refusals(KEPT).await
    }

    async fn append(&self, notes: Vec<Note>) -> Result<(), IndexError> {
        if notes.is_empty() {
            return Ok(());
        }
        self.index.note(notes).await
    }

    /// The lines that are due at `now`; equal ones are `window` apart.
    fn due(&self, now: Millis, window: Millis) -> Vec<Note> {
        let mut state = self.state.lock();
        let mut notes = Vec::new();
        let State {
            tallies, refusals, ..
        } = &mut *state;
        tallies.retain(|subject, tally| {
            let waits = tally.written_at.is_some_and(|at| now - at < window);
            if waits {
                return true;
            }
            if tally.times == 0 {
                *refusals -= usize::from(subject.action != "sign-in");
                return false;
            }
            notes.push(note(subject, tally, now));
            tally.times = 0;
            tally.written_at = Some(now);
            true
        });
        if state.others > 0 && now - state.others_written_at >= window {
            notes.push(Note {
                context: Arc::new(Context {
                    caller: Caller::Anonymous,
                    ..Context::task(crate::oci::Task::Upkeep)
                }),
                account: None,
                action: "refuse",
                at: now,
                repository: None,
                detail: Some(json!({ "others": true, "times": state.others })),
            });
            state.others = 0;
            state.others_written_at = now;
        }
        notes
    }
}

fn note(subject: &Subject, tally: &Tally, now: Millis) -> Note {
    let mut detail = serde_json::Map::new();
    if let Some(refused) = subject.refused {
        detail.insert("refused".to_owned(), refused.into());
    }
    if tally.times > 1 {
        detail.insert("times".to_owned(), tally.times.into());
    }
    // Whoever could not sign in is nobody; the name is that which was tried.
    let account = (subject.action == "refuse-sign-in").then(|| subject.account.clone());
    Note {
        context: Arc::clone(&tally.context),
        account: account.filter(|name| !name.is_empty()),
        action: subject.action,
        at: now,
        repository: subject.repository.clone(),
        detail: (!detail.is_empty()).then_some(Value::Object(detail)),
    }
}

#[cfg(test)]
#[path = "trail/tests.rs"]
mod tests;
