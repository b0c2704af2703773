//! The record of attempts to obtain a certificate, and the time of the next one.

use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::super::certificate::{self, Renewals};
use super::{read_json, write};
use crate::admin::RenewalFailure;
use crate::client::CertificateFields;
use crate::config::AcmeSettings;

/// Pause after a first failure; it doubles with each further one. Let's Encrypt allows five failed
/// validations of a name per hour.
const PAUSE: Duration = Duration::from_mins(5);
/// The longest pause.
const LONGEST: Duration = Duration::from_hours(6);
/// The longest time to an attempt, as authorities ask for it; one that is further ahead was planned by
/// a clock that was wrong.
const FURTHEST: Duration = Duration::from_hours(14 * 24);
/// Minimum time between two certificates.
const LEAST: Duration = Duration::from_hours(1);

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

    /// Records that there is no certificate any more.
    pub(super) fn forget_certificate(&mut self) {
        self.issued = None;
        self.earlier = false;
    }

    /// When the next attempt is due.
    pub(super) fn due(&self, now: Timestamp) -> Timestamp {
        let renew = self.issued.map(|issued| issued.renew);
        let furthest = now.checked_add(FURTHEST).unwrap_or(Timestamp::MAX);
        let due = self.next.filter(|next| *next <= furthest).max(renew);
        due.unwrap_or(Timestamp::UNIX_EPOCH)
    }

    /// Records the start of an attempt. It counts as a failure until it succeeds.
    pub(super) fn begin(&mut self, now: Timestamp) {
        let pause = PAUSE.saturating_mul(1 << self.failures.min(16));
        self.failures = self.failures.saturating_add(1);
        self.next = now.checked_add(pause.min(LONGEST)).ok();
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
    pub(super) fn not_before(&mut self, time: Timestamp) {
        self.next = self.next.max(Some(time));
    }

    /// Records a new certificate. It is renewed when a third of its validity is left.
    pub(super) fn succeed(&mut self, certificate: &CertificateFields, now: Timestamp) {
        let third = certificate.ends.duration_since(certificate.begins) / 3;
        let renew = certificate
            .ends
            .checked_sub(third)
            .unwrap_or(certificate.ends);
        let least = now.checked_add(LEAST).unwrap_or(renew);
        self.issued = Some(Issued {
            ends: certificate.ends,
            renew: renew.max(least),
        });
        self.earlier = false;
        self.failures = 0;
        self.next = None;
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
        let day = jiff::SignedDuration::from_hours(24);
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
        let second = jiff::SignedDuration::from_secs(1);
        record.succeed(&fields(now, now + second), now);
        assert_eq!(record.due(now).duration_since(now).as_secs(), 3600);
    }

    #[test]
    fn an_attempt_of_a_clock_years_ahead_does_not_delay_the_next() {
        let mut record = fresh();
        let now: Timestamp = "2026-03-01T00:00:00Z".parse().unwrap();
        let day = jiff::SignedDuration::from_hours(24);
        record.begin(now + day * 3000);
        assert!(record.due(now) < now);
        record.begin(now);
        record.not_before(now + day * 7);
        assert_eq!(record.due(now), now + day * 7);
    }
}
