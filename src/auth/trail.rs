//! The audit trail of sign-ins and refusals: one line each, in the log and among the events.
//!
//! Changes write their own events. Sign-ins and refusals change nothing, and strangers can cause
//! any number of them, so they are limited: the same caller, address and subject gets one line a
//! minute with a count, and the number of different lines a minute is limited, beyond which only a
//! total is written. The lines contain no secrets, nor a malformed name: it may be a password.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;

use parking_lot::Mutex;
use serde_json::{Value, json};

use super::workload::is_workload;
use super::{Credentials, Denied, Identity, SignInError};
use crate::clock::{Clock, Millis};
use crate::index::{Index, IndexError, Note};
use crate::oci::{AccountName, Action, Caller, Context, Repository};

/// Equal lines within this time are counted together, in milliseconds.
const WINDOW: Millis = 60_000;
/// Maximum number of different refusals written in one window.
const REFUSALS: usize = 200;
/// Maximum number of different sign-ins written in one window.
const SIGN_INS: usize = 5000;
/// Maximum number of stored refusals; the oldest are deleted first.
const KEPT: u64 = 100_000;

/// The fields in which equal lines agree.
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
    /// Number of times since the last line was written.
    times: u64,
    /// By the steady clock, like the other times that only measure a window.
    written_at: Option<Millis>,
}

#[derive(Default)]
struct State {
    tallies: HashMap<Subject, Tally>,
    refusals: usize,
    /// Number of refusals beyond the limit since the last total.
    others: u64,
    others_written_at: Millis,
}

/// Sign-ins and refusals that are not written yet.
pub struct Trail {
    index: Index,
    clock: Clock,
    state: Mutex<State>,
}

impl Trail {
    /// A trail that writes to an index.
    pub fn new(index: Index, clock: Clock) -> Self {
        Self {
            index,
            clock,
            state: Mutex::default(),
        }
    }

    /// Records the result of a sign-in. Using a token of the token service is not a sign-in.
    pub fn sign_in(
        &self,
        credentials: &Credentials,
        outcome: Result<&Identity, &SignInError>,
        context: &Context,
    ) {
        match outcome {
            Ok(identity) if identity.presented.is_some() || identity.is_anonymous() => {}
            Ok(identity) => self.signed_in(identity, context),
            Err(SignInError::Wrong | SignInError::Wait(_)) => {
                let name = match credentials {
                    // An account of the user name that workloads send is another caller.
                    Credentials::Basic { user, password } if is_workload(user, password) => None,
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

    /// Records a refused sign-in through the provider, of this account if it is known.
    pub(super) fn refused_sign_in(&self, account: Option<&AccountName>, context: &Context) {
        let account = account.map(ToString::to_string).unwrap_or_default();
        self.note("refuse-sign-in", account, None, None, context.clone());
    }

    /// Records a sign-in.
    pub fn signed_in(&self, identity: &Identity, context: &Context) {
        let context = Context {
            caller: identity.caller().clone(),
            ..context.clone()
        };
        let account = context.caller.actor();
        self.note("sign-in", account, None, None, context);
    }

    /// Records a refused action. A challenge, or a token with the wrong scope, is not a refusal
    /// yet.
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

    /// Writes the due events.
    pub async fn write(&self) -> Result<(), IndexError> {
        let notes = self.due(WINDOW);
        self.append(notes).await
    }

    /// Writes all lines, when the server stops.
    pub async fn finish(&self) -> Result<(), IndexError> {
        let notes = self.due(0);
        self.append(notes).await
    }

    /// Deletes the oldest refusals beyond the maximum.
    pub async fn forget(&self) -> Result<(), IndexError> {
        self.index.forget_refusals(KEPT).await
    }

    async fn append(&self, notes: Vec<Note>) -> Result<(), IndexError> {
        if notes.is_empty() {
            return Ok(());
        }
        self.index.note(notes).await
    }

    /// The lines that are due now; equal lines are `window` apart.
    fn due(&self, window: Millis) -> Vec<Note> {
        let (now, steady) = (self.clock.now(), self.clock.steady());
        let mut state = self.state.lock();
        let mut notes = Vec::new();
        let State {
            tallies, refusals, ..
        } = &mut *state;
        tallies.retain(|subject, tally| {
            let waits = tally.written_at.is_some_and(|at| steady - at < window);
            if waits {
                return true;
            }
            if tally.times == 0 {
                *refusals -= usize::from(subject.action != "sign-in");
                return false;
            }
            notes.push(note(subject, tally, now));
            tally.times = 0;
            tally.written_at = Some(steady);
            true
        });
        if state.others > 0 && steady - state.others_written_at >= window {
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
            state.others_written_at = steady;
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
    // The caller of a failed sign-in is anonymous; the account is the name that was tried.
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
