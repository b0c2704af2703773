//! The certificate in use, the state of its renewal, and the warning before its end.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use jiff::Timestamp;
use jiff::tz::TimeZone;
use parking_lot::Mutex;
use tokio::time::interval;

use super::tasks::Tasks;
use crate::admin::{
    CertificateOrigin, CertificateReport, CertificateSource, CertificateState, DateProblem,
    RenewalFailure,
};
use crate::client::CertificateFields;
use crate::clock::Millis;
use crate::http::Certificate;

/// Interval of the warning that the end of the certificate is near.
const WARN: Duration = Duration::from_hours(12);
/// What to do about a certificate that is not valid yet.
const CLOCK_HINT: &str = "set the clock of this machine";
/// What to do about an authority that ends.
const AUTHORITY_HINT: &str = "if the clock is right, move ca.pem and ca-key.pem in regctl/tls of the root away, restart the \
     server, and run regctl trust on every client again";

/// The certificate in use and its renewals. Cheap to clone.
#[derive(Clone)]
pub(super) struct Watched {
    pub(super) certificate: Arc<Certificate>,
    origin: CertificateOrigin,
    renewals: Arc<Mutex<Renewals>>,
}

/// The state of the renewals of a certificate.
#[derive(Debug, Clone, Default)]
pub(super) struct Renewals {
    /// Whether a temporary certificate is in use.
    pub(super) temporary: bool,
    /// When the next one is due; `None` if somebody else renews it.
    pub(super) next: Option<Timestamp>,
    /// Why the last one failed.
    pub(super) failure: Option<RenewalFailure>,
    /// The server's own authority, if that issues the certificate.
    pub(super) authority: Option<Authority>,
}

/// The certificate of the server's own authority.
#[derive(Debug, Clone)]
pub(super) struct Authority {
    pub(super) fingerprint: String,
    /// The first moment of its validity.
    pub(super) begins: Millis,
    /// The last moment of its validity.
    pub(super) ends: Millis,
}

impl Watched {
    pub(super) fn new(certificate: Arc<Certificate>, origin: CertificateOrigin) -> Self {
        Self {
            certificate,
            origin,
            renewals: Arc::default(),
        }
    }

    /// Replaces the state of the renewals.
    pub(super) fn set_renewals(&self, renewals: Renewals) {
        *self.renewals.lock() = renewals;
    }

    /// Records why a renewal failed now.
    pub(super) fn failed(&self, message: String) {
        self.renewals.lock().failure = Some(failure(message));
    }

    /// Reloads the certificate if its files have changed. Returns whether they had.
    pub(super) fn refresh(&self) -> Result<bool, crate::http::TlsError> {
        match self.certificate.refresh() {
            Ok(true) => {
                self.renewals.lock().failure = None;
                Ok(true)
            }
            Ok(false) => Ok(false),
            Err(error) => {
                self.failed(error.to_string());
                Err(error)
            }
        }
    }

    /// The state of the certificate now.
    fn state(&self) -> Option<CertificateState> {
        let server_certificate = self.certificate.chain().into_iter().next()?;
        let fields = CertificateFields::parse(&server_certificate)?;
        let (begins, ends) = (fields.begins.as_millisecond(), fields.ends.as_millisecond());
        let now = Timestamp::now().as_millisecond();
        let renewals = self.renewals.lock().clone();
        let authority = renewals.authority.as_ref();
        Some(CertificateState {
            origin: self.origin,
            temporary: renewals.temporary,
            names: fields.names,
            issuer: fields.issuer,
            authority_begins: authority.map(|authority| authority.begins),
            authority_ends: authority.map(|authority| authority.ends),
            authority: renewals.authority.map(|authority| authority.fingerprint),
            begins,
            ends,
            near_end: CertificateState::is_near_end(begins, ends, now),
            renewed: self.certificate.replaced_at().and_then(milliseconds),
            next_renewal: renewals.next.map(Timestamp::as_millisecond),
            failure: renewals.failure,
        })
    }
}

/// A failure at the current time.
pub(super) fn failure(message: String) -> RenewalFailure {
    RenewalFailure {
        at: Timestamp::now().as_millisecond(),
        message,
    }
}

fn milliseconds(time: SystemTime) -> Option<Millis> {
    let time = Timestamp::try_from(time).ok()?;
    Some(time.as_millisecond())
}

/// The source of the reports about the certificate; without one the server uses plain HTTP.
pub(super) fn source(watched: Option<&Watched>) -> CertificateSource {
    let watched = watched.cloned();
    CertificateSource::new(move || CertificateReport {
        certificate: watched.as_ref().and_then(Watched::state),
    })
}

/// Warns when the end of the certificate, or of the server's own authority, is near, and of one that
/// is not valid yet.
pub(super) fn warn_before_end(tasks: &mut Tasks, watched: Watched) {
    tasks.0.spawn(async move {
        let mut ticks = interval(WARN);
        loop {
            ticks.tick().await;
            if let Some(state) = watched.state()
                && let Some(warning) = warning(&state, Timestamp::now().as_millisecond())
            {
                tracing::warn!("{warning}");
            }
        }
    });
}

/// The warning about the dates of a certificate; `None` if they are as they should be.
fn warning(state: &CertificateState, now: Millis) -> Option<String> {
    let authority = state.authority_begins.zip(state.authority_ends);
    if let (Some(problem), Some((begins, ends))) = (state.authority_problem(now), authority) {
        let (verb, at, hint) = match problem {
            DateProblem::NotYet => ("is not valid before", begins, CLOCK_HINT),
            DateProblem::NearEnd => ("ends on", ends, AUTHORITY_HINT),
            DateProblem::Ended => ("ended on", ends, AUTHORITY_HINT),
        };
        return Some(format!(
            "this server's own authority {verb} {}, and clients refuse all of its certificates outside of \
             its validity; hint: {hint}",
            in_words(at)
        ));
    }
    let names = state.names.join(", ");
    if now < state.begins {
        let begins = in_words(state.begins);
        return Some(format!(
            "the certificate for {names} is not valid before {begins}; hint: {CLOCK_HINT}"
        ));
    }
    if !state.near_end {
        return None;
    }
    let verb = if state.ends <= now { "ended" } else { "ends" };
    let ends = in_words(state.ends);
    let failed = match &state.failure {
        Some(failure) => format!("; the last renewal failed: {}", failure.message),
        None => String::new(),
    };
    let hint = match state.origin {
        CertificateOrigin::Files => {
            "replace the files of http.tls; new ones are used without a restart"
        }
        CertificateOrigin::SelfSigned | CertificateOrigin::Acme => {
            "regctl doctor on this host shows its state"
        }
    };
    Some(format!(
        "the certificate for {names} {verb} on {ends}{failed}; hint: {hint}"
    ))
}

fn in_words(at: Millis) -> String {
    let time = Timestamp::from_millisecond(at).unwrap_or_default();
    let time = time.to_zoned(TimeZone::UTC);
    time.strftime("%Y-%m-%d %H:%M UTC").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_that_clients_refuse_are_in_the_log() {
        const DAY: Millis = 24 * 60 * 60 * 1000;
        let state = CertificateState {
            origin: CertificateOrigin::SelfSigned,
            temporary: false,
            names: vec!["a".into()],
            issuer: String::new(),
            authority: Some("sha256:0".into()),
            authority_begins: Some(10 * DAY),
            authority_ends: Some(3650 * DAY),
            begins: 100 * DAY,
            ends: 500 * DAY,
            near_end: false,
            renewed: None,
            next_renewal: None,
            failure: None,
        };
        assert_eq!(warning(&state, 200 * DAY), None);
        for (day, said) in [
            (5, "authority is not valid before 1970-01-11 00:00 UTC"),
            (50, "certificate for a is not valid before 1970-04-11"),
            (3500, "authority ends on 1979-12-30"),
            (3650, "authority ended on 1979-12-30"),
        ] {
            let warning = warning(&state, day * DAY).unwrap();
            assert!(warning.contains(said), "{said}: {warning}");
        }
    }
}
