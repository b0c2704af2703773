//! The findings of `regctl doctor` about a certificate: as the server itself reports it, and as a
//! server shows it to clients.

use jiff::Timestamp;

use super::administration::timestamp;
use super::doctor::Diagnosis;
use super::figures::{count, date};
use crate::admin::{CertificateOrigin, CertificateReport, CertificateState, DateProblem};
use crate::client::{CertificateFields, Chain};

/// What to do about an authority that ends.
const NEW_AUTHORITY: &str = "if the clock is right, move ca.pem and ca-key.pem in regctl/tls of the root away, restart the \
     server, and run regctl trust on every client again";

/// The findings about the certificate of a server, from the server itself.
pub(super) fn of_server(report: &CertificateReport, diagnosis: &mut Diagnosis) {
    let Some(state) = &report.certificate else {
        diagnosis.found("certificate", "none: the server speaks plain HTTP");
        return;
    };
    let origin = match state.origin {
        CertificateOrigin::Files => "from the files of http.tls",
        CertificateOrigin::SelfSigned => "of the server's own authority (self-signed)",
        CertificateOrigin::Acme if state.temporary => {
            "temporary, trusted by no client, until the ACME authority issues one"
        }
        CertificateOrigin::Acme => "from an ACME authority",
    };
    diagnosis.found("certificate", origin);
    fields(&state.names, &state.issuer, state.ends, diagnosis);
    if let Some(authority) = &state.authority {
        diagnosis.found("authority", authority);
    }
    let now = Timestamp::now();
    if let Some(ends) = state.authority_ends {
        let ends = validity(timestamp(ends), now);
        diagnosis.found("authority", format!("valid until {ends}"));
    }
    if let Some(renewed) = state.renewed.filter(|_| !state.temporary) {
        diagnosis.found("renewed", date(timestamp(renewed)));
    }
    if let Some(next) = state.next_renewal {
        diagnosis.found("next", date(timestamp(next)));
    }
    if let Some(failure) = &state.failure {
        let at = date(timestamp(failure.at));
        diagnosis.found("failed", format!("{at}: {}", failure.message));
    }
    let problem = state.authority_problem(now.as_millisecond());
    match problem {
        Some(DateProblem::NotYet) => {
            diagnosis.remedy("set the clock of the server: its authority is not valid yet");
        }
        Some(DateProblem::NearEnd) => {
            diagnosis.remedy(format!(
                "the server's authority ends within half a year: {NEW_AUTHORITY}"
            ));
        }
        Some(DateProblem::Ended) => {
            diagnosis.remedy(format!(
                "the server's authority has ended, and clients refuse its certificates: {NEW_AUTHORITY}"
            ));
        }
        None if now < timestamp(state.begins) => {
            diagnosis.found("valid from", date(timestamp(state.begins)));
            diagnosis.remedy("set the clock of the server: its certificate is not valid yet");
        }
        None => {}
    }
    // A certificate that ends with its authority can't be renewed.
    let near_end = state.near_end && problem.is_none();
    if state.failure.is_some() || near_end || state.temporary {
        diagnosis.remedy(remedy(state));
    }
}

/// Why clients refuse the authority that a server sends, by its dates; `None` if they don't.
pub(super) fn of_authority(chain: &Chain) -> Option<String> {
    let fields = chain.authority_fields()?;
    let (begins, ends) = (fields.begins, fields.ends);
    let now = Timestamp::now().as_millisecond();
    let reason =
        match DateProblem::of_authority(begins.as_millisecond(), ends.as_millisecond(), now)? {
            DateProblem::NotYet => format!("it is not valid before {}", date(begins)),
            DateProblem::Ended => format!("it ended on {}", date(ends)),
            DateProblem::NearEnd => return None,
        };
    Some(reason)
}

/// What to do about an authority that clients refuse by its dates.
pub(super) fn replace_authority() -> String {
    format!("set the clocks of this machine and of the server; on the server, {NEW_AUTHORITY}")
}

fn remedy(state: &CertificateState) -> &'static str {
    match state.origin {
        CertificateOrigin::Files => {
            "replace the files of http.tls by a certificate and its key; the server uses new files \
             within seconds"
        }
        CertificateOrigin::SelfSigned => {
            "see that the server's user may write to regctl/tls in the root"
        }
        CertificateOrigin::Acme => {
            "see that the ACME authority reaches these names at this server, at port 443, or at port \
             80 with --acme-http; the server's log has the hint"
        }
    }
}

/// The findings about a certificate as a server shows it to clients; one that is near its end could
/// have been renewed if its authority is valid.
pub(super) fn shown(certificate: &CertificateFields, renewable: bool, diagnosis: &mut Diagnosis) {
    let ends = certificate.ends.as_millisecond();
    fields(&certificate.names, &certificate.issuer, ends, diagnosis);
    let (begins, now) = (
        certificate.begins.as_millisecond(),
        Timestamp::now().as_millisecond(),
    );
    if renewable && CertificateState::is_near_end(begins, ends, now) {
        diagnosis.remedy(
            "on the server: see why the certificate has not been renewed (regctl doctor there)",
        );
    }
}

fn fields(names: &[String], issuer: &str, ends: i64, diagnosis: &mut Diagnosis) {
    if !names.is_empty() {
        diagnosis.found("names", names.join(", "));
    }
    if !issuer.is_empty() {
        diagnosis.found("issuer", issuer);
    }
    diagnosis.found("valid until", validity(timestamp(ends), Timestamp::now()));
}

/// The end of a certificate, and the whole days until or since then.
fn validity(ends: Timestamp, now: Timestamp) -> String {
    let hours = ends.duration_since(now).as_hours();
    let days = usize::try_from(hours.abs() / 24).unwrap_or_default();
    let days = count(days, "day", "days");
    let rest = if ends > now { "left" } else { "ago" };
    format!("{}, {days} {rest}", date(ends))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_of_validity() {
        let now: Timestamp = "2026-03-01T00:00:00Z".parse().unwrap();
        let at = |text: &str| validity(text.parse().unwrap(), now);
        assert_eq!(
            at("2026-03-31T10:30:00Z"),
            "2026-03-31T10:30:00Z, 30 days left"
        );
        assert_eq!(
            at("2026-03-02T23:00:00Z"),
            "2026-03-02T23:00:00Z, 1 day left"
        );
        assert_eq!(
            at("2026-02-26T00:00:00Z"),
            "2026-02-26T00:00:00Z, 3 days ago"
        );
    }
}
