//! What the answers of a registry and its token service say about each credential.

use std::time::{Duration, Instant};

use parking_lot::Mutex;

use super::credentials::Credential;
use super::token::TokenDenied;

/// How long a rejection counts: longer than most commands, but the pages for another registry stay,
/// and have to notice that an account exists now.
const COUNTS: Duration = Duration::from_mins(5);

/// What is known of a credential.
pub(super) enum Standing {
    /// It was accepted. What is denied after that is not denied because of the credential.
    Accepted,
    /// The token service has rejected it.
    Denied(TokenDenied),
    /// The registry itself has rejected it.
    Rejected,
}

struct Known {
    credential: Credential,
    standing: Standing,
    since: Instant,
}

impl Known {
    fn counts(&self) -> bool {
        matches!(self.standing, Standing::Accepted) || self.since.elapsed() < COUNTS
    }
}

/// The credentials that were sent.
#[derive(Default)]
pub(super) struct Standings(Mutex<Vec<Known>>);

impl Standings {
    /// A property of what is known of a credential; `None` if nothing is.
    pub(super) fn of<T>(
        &self,
        credential: &Credential,
        read: impl Fn(&Standing) -> T,
    ) -> Option<T> {
        let known = self.0.lock();
        let mut known = known.iter().filter(|known| known.counts());
        let found = known.find(|known| known.credential == *credential)?;
        Some(read(&found.standing))
    }

    /// Notes an answer about a credential of which nothing is known.
    pub(super) fn note(&self, credential: &Credential, standing: Standing) {
        let mut known = self.0.lock();
        known.retain(Known::counts);
        if !known.iter().any(|known| known.credential == *credential) {
            known.push(Known {
                credential: credential.clone(),
                standing,
                since: Instant::now(),
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rejection_counts_for_some_minutes_and_what_was_accepted_stays() {
        let standings = Standings::default();
        let credential = Credential::Registry("token".to_owned());
        let is_accepted = || {
            standings.of(&credential, |standing| {
                matches!(standing, Standing::Accepted)
            })
        };
        let pass = || {
            for known in standings.0.lock().iter_mut() {
                known.since = known.since.checked_sub(COUNTS).unwrap();
            }
        };
        assert_eq!(is_accepted(), None);
        standings.note(&credential, Standing::Rejected);
        standings.note(&credential, Standing::Accepted);
        assert_eq!(is_accepted(), Some(false));
        pass();
        assert_eq!(is_accepted(), None);
        standings.note(&credential, Standing::Accepted);
        pass();
        standings.note(&credential, Standing::Rejected);
        assert_eq!(is_accepted(), Some(true));
    }
}
