//! The findings of `regctl doctor` about a certificate: as the server itself reports it, and as a
//! server shows it to clients.

use jiff::Timestamp;

use super::administration::timestamp;
use super::doctor::Diagnosis;
use super::figures::{count, date};
use crate::admin::{CertificateOrigin, CertificateReport, CertificateState};
use crate::client::CertificateFields;

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
    if state.failure.is_some() || state.near_end || state.temporary {
        diagnosis.remedy(remedy(state));
    }
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

/// The findings about a certificate as a server shows it to clients.
pub(super) fn shown(certificate: &CertificateFields, diagnosis: &mut Diagnosis) {
    let ends = certificate.ends.as_millisecond();
    fields(&certificate.names, &certificate.issuer, ends, diagnosis);
    let (begins, now) = (
        certificate.begins.as_millisecond(),
        Timestamp::now().as_millisecond(),
    );
    if CertificateState::is_near_end(begins, ends, now) {
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
