//! The state of the server's own certificate, and its source in the server.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::clock::Millis;

/// A certificate that is not renewed this long before its end is near its end; one with a short life
/// when a third of that is left.
const NEAR_END: Millis = 14 * 24 * 60 * 60 * 1000;
/// An authority this long before its end is near it: every client has to trust another one by then.
const AUTHORITY_NEAR_END: Millis = 180 * 24 * 60 * 60 * 1000;

/// The report about the certificate of the server.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct CertificateReport {
    /// Absent where the server speaks plain HTTP.
    pub certificate: Option<CertificateState>,
}

/// A certificate that is in use.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CertificateState {
    /// Where it comes from.
    pub origin: CertificateOrigin,
    /// Whether it is used until one is issued; no client trusts it.
    #[serde(default)]
    pub temporary: bool,
    /// The host names and addresses that it is for.
    pub names: Vec<String>,
    /// Who issued it.
    pub issuer: String,
    /// The fingerprint of the server's own authority, where that issued it.
    pub authority: Option<String>,
    /// The first moment of the validity of that authority.
    #[serde(default)]
    pub authority_begins: Option<Millis>,
    /// The last moment of the validity of that authority.
    #[serde(default)]
    pub authority_ends: Option<Millis>,
    /// The first moment of its validity.
    pub begins: Millis,
    /// The last moment of its validity.
    pub ends: Millis,
    /// Whether its end is near, although it should have been renewed.
    #[serde(default)]
    pub near_end: bool,
    /// When it was renewed or its files were replaced.
    pub renewed: Option<Millis>,
    /// When the server renews it, or tries again; absent where somebody else renews it.
    pub next_renewal: Option<Millis>,
    /// Why the last attempt to renew it failed; absent if it succeeded.
    pub failure: Option<RenewalFailure>,
}

/// Where a certificate comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CertificateOrigin {
    /// Two files that somebody else writes.
    Files,
    /// The server's own authority.
    SelfSigned,
    /// An ACME authority.
    Acme,
}

/// A failed attempt to renew a certificate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RenewalFailure {
    /// When it failed.
    pub at: Millis,
    /// The reason.
    pub message: String,
}

/// What is wrong with the dates of an authority.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DateProblem {
    /// It is not valid yet.
    NotYet,
    /// It ends within half a year.
    NearEnd,
    /// It has ended.
    Ended,
}

impl DateProblem {
    /// The problem of an authority with this validity; `None` if there is none.
    pub fn of_authority(begins: Millis, ends: Millis, now: Millis) -> Option<Self> {
        if now < begins {
            Some(Self::NotYet)
        } else if ends <= now {
            Some(Self::Ended)
        } else if ends.saturating_sub(now) < AUTHORITY_NEAR_END {
            Some(Self::NearEnd)
        } else {
            None
        }
    }
}

impl CertificateState {
    /// What is wrong with the dates of the server's own authority. It is never replaced by itself:
    /// clients trust it.
    pub fn authority_problem(&self, now: Millis) -> Option<DateProblem> {
        DateProblem::of_authority(self.authority_begins?, self.authority_ends?, now)
    }

    /// Whether a certificate with this validity is near its end.
    pub fn is_near_end(begins: Millis, ends: Millis, now: Millis) -> bool {
        ends.saturating_sub(now) < NEAR_END.min(ends.saturating_sub(begins) / 3)
    }
}

/// Reports the state of the certificate.
#[derive(Clone)]
pub struct CertificateSource(Arc<dyn Fn() -> CertificateReport + Send + Sync>);

impl CertificateSource {
    /// A source that calls `report` each time.
    pub fn new(report: impl Fn() -> CertificateReport + Send + Sync + 'static) -> Self {
        Self(Arc::new(report))
    }

    /// The state now.
    pub fn report(&self) -> CertificateReport {
        (self.0)()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_its_end_is_two_weeks_or_a_third_of_a_short_life() {
        const DAY: Millis = 24 * 60 * 60 * 1000;
        let near = |life: Millis, left: Millis| {
            CertificateState::is_near_end(0, life * DAY, (life - left) * DAY)
        };
        assert!(!near(90, 14) && near(90, 13) && near(90, -1));
        assert!(!near(397, 100) && near(397, 13));
        assert!(!near(6, 2) && near(6, 1));
        let authority = |now: Millis| DateProblem::of_authority(10 * DAY, 3650 * DAY, now * DAY);
        assert_eq!(authority(9), Some(DateProblem::NotYet));
        assert_eq!(authority(3470), None);
        assert_eq!(authority(3471), Some(DateProblem::NearEnd));
        assert_eq!(authority(3650), Some(DateProblem::Ended));
    }
}
