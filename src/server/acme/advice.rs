//! What can be done about a failed attempt to obtain a certificate.

use instant_acme::{Error, Problem};

use super::order::{Invalid, is};
use super::transport::TransportError;
use crate::config::AcmeSettings;

/// The hint for an error, as the end of its line in the log; empty if there is none.
pub(super) fn hint(error: &anyhow::Error, settings: &AcmeSettings) -> String {
    let hint = match error.downcast_ref::<Error>() {
        Some(Error::Api(problem)) => of_problem(problem, settings),
        Some(Error::Other(other)) => other.downcast_ref().map(of_transport),
        Some(Error::Json(_) | Error::Str(_)) => Some(NOT_A_DIRECTORY.to_owned()),
        Some(Error::Timeout(_)) => Some(reachable(settings)),
        _ => error.downcast_ref::<Invalid>().map(|_| reachable(settings)),
    };
    hint.map(|hint| format!("; hint: {hint}"))
        .unwrap_or_default()
}

const NOT_A_DIRECTORY: &str =
    "--acme-directory (http.tls.letsencrypt.directoryurl) must be the address of an ACME directory";

fn reachable(settings: &AcmeSettings) -> String {
    let how = match &settings.http {
        Some(address) => format!("port 80 must lead to {address}"),
        None => "port 443 must lead to this server, or give it --acme-http".to_owned(),
    };
    format!("the authority must reach these names, {how}")
}

fn of_problem(problem: &Problem, settings: &AcmeSettings) -> Option<String> {
    let hints = [
        (
            &["invalidContact", "unsupportedContact"][..],
            "give another address with --acme-email (http.tls.letsencrypt.email)",
        ),
        (
            &["externalAccountRequired"],
            "this authority requires an account that was made elsewhere (external account \
             binding), which is not supported; name another authority with --acme-directory",
        ),
        (
            &["rejectedIdentifier", "unsupportedIdentifier"],
            "this authority issues no certificate for these names; public authorities issue them \
             for public names only: change --host, or name another authority with --acme-directory",
        ),
        (
            &["caa"],
            "a CAA record of the domain allows other authorities only: change it, or name one of \
             these with --acme-directory",
        ),
        (
            &["rateLimited"],
            "the authority limits how often it is asked; more attempts do not help",
        ),
    ];
    let found = hints
        .into_iter()
        .find(|(kinds, _)| kinds.iter().any(|kind| is(problem, kind)));
    if let Some((_, hint)) = found {
        return Some(hint.to_owned());
    }
    let validation = [
        "connection",
        "dns",
        "tls",
        "incorrectResponse",
        "unauthorized",
    ];
    validation
        .iter()
        .any(|kind| is(problem, kind))
        .then(|| reachable(settings))
}

fn of_transport(error: &TransportError) -> String {
    match error {
        TransportError::Connection { reason, .. } if reason.contains("UnknownIssuer") => {
            "the certificate of the directory is of an authority that this host does not know: name \
             its file with --acme-ca (regctl.acme.ca)"
        }
        TransportError::Connection { .. } => {
            "this host must reach the directory: check --acme-directory \
             (http.tls.letsencrypt.directoryurl), name servers and firewall"
        }
        TransportError::Answer { .. } => NOT_A_DIRECTORY,
    }
    .to_owned()
}

#[cfg(test)]
mod tests {
    use super::super::tests::settings;
    use super::*;

    #[test]
    fn a_hint_fits_its_error() {
        let api = |kind: &str| {
            let kind = format!("urn:ietf:params:acme:error:{kind}");
            let problem = serde_json::json!({ "type": kind, "detail": "no" });
            let problem: Problem = serde_json::from_value(problem).unwrap();
            Error::Api(problem)
        };
        let connection = |reason: &str| {
            Error::Other(Box::new(TransportError::Connection {
                place: "GET https://ca.example.com/directory".into(),
                reason: reason.into(),
            }))
        };
        let answer = Error::Other(Box::new(TransportError::Answer {
            place: "GET https://ca.example.com/directory".into(),
            answer: "404 Not Found".into(),
        }));
        for (error, expected) in [
            (api("invalidContact"), "--acme-email"),
            (api("externalAccountRequired"), "external account binding"),
            (api("rejectedIdentifier"), "--host"),
            (api("rateLimited"), "more attempts do not help"),
            (api("connection"), "port 443 must lead to this server"),
            (
                connection("invalid peer certificate: UnknownIssuer"),
                "--acme-ca",
            ),
            (connection("Connection refused"), "must reach the directory"),
            (answer, "must be the address of an ACME directory"),
        ] {
            let error = anyhow::Error::from(error).context("make an account");
            let hint = hint(&error, &settings());
            assert!(hint.contains(expected), "{error:#}: {hint}");
        }
        assert_eq!(hint(&api("serverInternal").into(), &settings()), "");
    }
}
