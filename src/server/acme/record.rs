//! The record of attempts to obtain a certificate, and the time of the next one.

use std::path::{Path, PathBuf};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::super::certificate::{self, Renewals};
use super::{read_json, write};
use crate::admin::RenewalFailure;
use crate::client::CertificateFields;
use crate::config::AcmeSettings;

/// Pause after a first failure; it doubles with each further one. Let's Encrypt allows five failed
/// validations of a name per hour.
const PAUSE: SignedDuration = SignedDuration::from_mins(5);
/// The longest pause.
const LONGEST: SignedDuration = SignedDuration::from_hours(6);
/// Minimum time between two certificates, unless they are valid for a shorter time.
const LEAST: SignedDuration = SignedDuration::from_hours(1);
/// A start of the server tries at once if the last attempt is this long ago: as often as five
/// attempts per hour allow.
const RESTART: SignedDuration = SignedDuration::from_mins(12);
/// The longest time for which an authority's `Retry-After` is obeyed.
const OBEYED: SignedDuration = SignedDuration::from_hours(24);

/// The record for an ACME directory and some names.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Record {
    directory: String,
    hosts: Vec<String>,
    issued: Option<Issued>,
    /// Whether the stored certificate is for other names or from another directory.
    #[serde(default)]
    earlier: bool,
    /// Number of failures since the last success.
    failures: u32,
    /// The time of the next attempt; `None`: at once.
    next: Option<Timestamp>,
    /// When the last attempt began.
    #[serde(default)]
    tried: Option<Timestamp>,
    /// The time before which the authority accepts no request.
    #[serde(default)]
    not_before: Option<Timestamp>,
    /// Why the last attempt failed.
    #[serde(default)]
    failure: Option<RenewalFailure>,
}

/// An issued certificate.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(super) struct Issued {
    /// When it ends.
    pub(super) ends: Timestamp,
    /// When it is renewed.
    renew: Timestamp,
}

pub(super) fn path(directory: &Path) -> PathBuf {
    directory.join("acme.json")
}

impl Record {
    /// The record for these settings. Attempts with other settings do not delay them.
    pub(super) fn read(directory: &Path, settings: &AcmeSettings) -> Self {
        let read: Option<Self> = read_json(&path(directory));
        let fresh = |earlier| Self {
            directory: settings.directory.clone(),
            hosts: settings.hosts.clone(),
            issued: None,
            earlier,
            failures: 0,
            next: None,
            tried: None,
            not_before: None,
            failure: None,
        };
        match read {
            Some(read) if read.directory == settings.directory && read.hosts == settings.hosts => {
                read
            }
            Some(other) => fresh(other.issued.is_some() || other.earlier),
            None => fresh(false),
        }
    }

    pub(super) fn write(&self, directory: &Path) -> anyhow::Result<()> {
        let text = serde_json::to_vec_pretty(self)?;
        Ok(write(&path(directory), &text, 0o600)?)
    }

    pub(super) fn issued(&self) -> Option<Issued> {
        self.issued
    }

    /// Whether a certificate of earlier settings is in use.
    pub(super) fn serves_earlier(&self) -> bool {
        self.earlier
    }

    /// Records that the stored certificate is not known to be of these settings, and is served until
    /// another is issued.
    pub(super) fn serve_earlier(&mut self) {
        self.earlier = true;
    }

    /// Records a start of the server: the next attempt is at once, unless the last one was just before
    /// or the authority accepts no request yet.
    pub(super) fn start(&mut self, now: Timestamp) {
        // One that lies further ahead than the pause was made by a clock that was ahead.
        let waits = |time| now < time && time.duration_since(now) <= RESTART;
        if !self.restart_after().is_some_and(waits) {
            self.next = None;
        }
    }

    /// The time from which a start of the server does not wait any more; `None`: it does not wait.
    pub(super) fn restart_after(&self) -> Option<Timestamp> {
        let failed = |failure: &RenewalFailure| Timestamp::from_millisecond(failure.at).ok();
        let tried = self
            .tried
            .or_else(|| self.failure.as_ref().and_then(failed));
        tried.and_then(|at| at.checked_add(RESTART).ok())
    }

    /// Why the last attempt failed.
    pub(super) fn failure(&self) -> Option<&str> {
        self.failure.as_ref().map(|failure| &*failure.message)
    }

    /// Records that there is no certificate any more.
    pub(super) fn forget_certificate(&mut self) {
        self.issued = None;
        self.earlier = false;
    }

    /// When the next attempt is due. A pause that is longer than any was planned by a clock that was
    /// ahead.
    pub(super) fn due(&self, now: Timestamp) -> Timestamp {
        let renew = self.issued.map(|issued| issued.renew);
        let within = |time: Option<Timestamp>, longest| {
            time.filter(|time| time.duration_since(now) <= longest)
        };
        let next = within(self.next, LONGEST);
        let due = next.max(renew).max(within(self.not_before, OBEYED));
        due.unwrap_or(Timestamp::UNIX_EPOCH)
    }

    /// Records the start of an attempt. It counts as a failure until it succeeds.
    pub(super) fn begin(&mut self, now: Timestamp) {
        let pause = PAUSE.saturating_mul(1 << self.failures.min(16));
        self.failures = self.failures.saturating_add(1);
        self.next = now.checked_add(pause.min(LONGEST)).ok();
        self.tried = Some(now);
        self.not_before = None;
    }

    /// Records why the attempt failed.
    pub(super) fn fail(&mut self, reason: String) {
        self.failure = Some(certificate::failure(reason));
    }

    /// The state of the renewals.
    pub(super) fn renewals(&self) -> Renewals {
        Renewals {
            temporary: self.issued.is_none() && !self.earlier,
            next: Some(self.due(Timestamp::now())).filter(|due| *due > Timestamp::UNIX_EPOCH),
            failure: self.failure.clone(),
            authority: None,
        }
    }

    /// Records that the authority accepts no request before this time.
    pub(super) fn not_before(&mut self, time: Timestamp, now: Timestamp) {
        let most = now.checked_add(OBEYED).unwrap_or(time);
        self.not_before = Some(time.min(most));
    }

    /// Records a new certificate. It is renewed when a third of its validity is left, and not more
    /// often than attempts are repeated.
    pub(super) fn succeed(&mut self, certificate: &CertificateFields, now: Timestamp) {
        let third = certificate.ends.duration_since(certificate.begins) / 3;
        let renew = certificate
            .ends
            .checked_sub(third)
            .unwrap_or(certificate.ends);
        let left = certificate.ends.duration_since(now);
        let least = (left - left / 3).min(LEAST).max(PAUSE);
        let least = now.checked_add(least).unwrap_or(renew);
        self.issued = Some(Issued {
            ends: certificate.ends,
            renew: renew.max(least),
        });
        self.earlier = false;
        self.failures = 0;
        self.next = None;
        self.tried = None;
        self.not_before = None;
        self.failure = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fresh() -> Record {
        Record {
            directory: "https://ca/directory".into(),
            hosts: vec!["a".into()],
            issued: None,
            earlier: false,
            failures: 0,
            next: None,
            tried: None,
            not_before: None,
            failure: None,
        }
    }

    fn fields(begins: Timestamp, ends: Timestamp) -> CertificateFields {
        CertificateFields {
            names: Vec::new(),
            issuer: String::new(),
            begins,
            ends,
        }
    }

    #[test]
    fn pauses_grow_to_six_hours_and_a_success_ends_them() {
        let mut record = fresh();
        let now: Timestamp = "2026-03-01T00:00:00Z".parse().unwrap();
        assert!(record.due(now) < now);
        let minutes: Vec<_> = (0..9)
            .map(|_| {
                record.begin(now);
                record.due(now).duration_since(now).as_secs() / 60
            })
            .collect();
        assert_eq!(minutes, [5, 10, 20, 40, 80, 160, 320, 360, 360]);
        let day = SignedDuration::from_hours(24);
        record.succeed(&fields(now, now + day * 90), now);
        assert_eq!(record.due(now), now + day * 60);
        record.begin(now + day * 60);
        let later = now + day * 60;
        assert_eq!(record.due(later).duration_since(later).as_secs(), 300);
    }

    #[test]
    fn a_short_lived_certificate_is_not_requested_repeatedly() {
        let mut record = fresh();
        let now: Timestamp = "2026-03-01T00:00:00Z".parse().unwrap();
        for (seconds, renewed) in [(1, 300), (1800, 1200), (3600, 2400), (7200, 4800)] {
            let ends = now + SignedDuration::from_secs(seconds);
            record.succeed(&fields(now, ends), now);
            assert_eq!(record.due(now).duration_since(now).as_secs(), renewed);
        }
    }

    #[test]
    fn a_start_tries_at_once_unless_the_last_attempt_was_just_before() {
        let mut record = fresh();
        let now: Timestamp = "2026-03-01T00:00:00Z".parse().unwrap();
        for _ in 0..5 {
            record.begin(now);
        }
        record.start(now + SignedDuration::from_mins(11));
        assert_eq!(record.due(now), now + SignedDuration::from_mins(80));
        record.start(now + SignedDuration::from_mins(12));
        assert!(record.due(now) < now);
        // The pause after another failure is not shorter than before.
        record.begin(now);
        assert_eq!(record.due(now), now + SignedDuration::from_mins(160));
        // The authority's wish holds for a start, too, but not for a year.
        record.not_before(now + SignedDuration::from_hours(9000), now);
        record.start(now + SignedDuration::from_mins(12));
        assert_eq!(record.due(now), now + SignedDuration::from_hours(24));
    }

    #[test]
    fn an_attempt_of_a_clock_that_was_ahead_does_not_delay_the_next() {
        let now: Timestamp = "2026-03-01T00:00:00Z".parse().unwrap();
        let day = SignedDuration::from_hours(24);
        for days in [1, 10, 3000] {
            let mut record = fresh();
            record.begin(now + day * days);
            assert!(record.due(now) < now, "{days}");
            record.begin(now);
            record.not_before(now + day * days, now + day * days);
            record.not_before(now + day, now);
            assert_eq!(record.due(now), now + day);
            record.not_before(now + day * (days + 1), now + day * (days + 1));
            assert_eq!(record.due(now), now + PAUSE * 2, "{days}");
        }
        // By less than the pause: a start of the server does not wait for it.
        let mut record = fresh();
        for _ in 0..9 {
            record.begin(now + SignedDuration::from_hours(1));
        }
        record.start(now);
        assert!(record.due(now) < now);
    }
}
