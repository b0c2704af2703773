//! The certificate in use, the state of its renewal, and the warning before its end.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use jiff::Timestamp;
use jiff::tz::TimeZone;
use parking_lot::Mutex;
use tokio::time::interval;

use super::tasks::Tasks;
use crate::admin::{
    CertificateOrigin, CertificateReport, CertificateSource, CertificateState, RenewalFailure,
};
use crate::client::CertificateFields;
use crate::clock::Millis;
use crate::http::Certificate;

/// Interval of the warning that the end of the certificate is near.
const WARN: Duration = Duration::from_hours(12);

/// The certificate in use and its renewals. Cheap to clone.
#[derive(Clone)]
pub(super) struct Watched {
    pub(super) certificate: Arc<Certificate>,
    origin: CertificateOrigin,
    /// The fingerprint of the server's own authority.
    authority: Option<String>,
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
}

impl Watched {
    pub(super) fn new(
        certificate: Arc<Certificate>,
        origin: CertificateOrigin,
        authority: Option<String>,
    ) -> Self {
        Self {
            certificate,
            origin,
            authority,
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
        Some(CertificateState {
            origin: self.origin,
            temporary: renewals.temporary,
            names: fields.names,
            issuer: fields.issuer,
            authority: self.authority.clone(),
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

/// Warns when the end of the certificate is near.
pub(super) fn warn_before_end(tasks: &mut Tasks, watched: Watched) {
    tasks.0.spawn(async move {
        let mut ticks = interval(WARN);
        loop {
            ticks.tick().await;
            if let Some(state) = watched.state()
                && state.near_end
            {
                tracing::warn!("{}", warning(&state));
            }
        }
    });
}

fn warning(state: &CertificateState) -> String {
    let ends = Timestamp::from_millisecond(state.ends).unwrap_or_default();
    let is_over = ends <= Timestamp::now();
    let ends = ends.to_zoned(TimeZone::UTC).strftime("%Y-%m-%d %H:%M UTC");
    let verb = if is_over { "ended" } else { "ends" };
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
    let names = state.names.join(", ");
    format!("the certificate for {names} {verb} on {ends}{failed}; hint: {hint}")
}
