//! Classifies failed exchanges: whether to retry, and what to do.
//!
//! Interprets the errors of reqwest and of the layers below it; only this file knows their nesting.

use std::error::Error as _;

use rustls::CertificateError;
use tokio_rustls::rustls;
use url::Url;

use super::Error;
use super::recognition::NAME_ONE;
use super::tls_words::tls_words;
use super::trust::is_an_authoritys;
use super::words::innermost;

/// Why an attempt failed.
pub(super) enum Failed {
    /// A retry may succeed.
    Transient {
        /// What happened.
        reason: String,
        /// What to do if it persists.
        hint: &'static str,
    },
    /// The answer is not HTTP. A retry may succeed if it was sent on an idle connection.
    Foreign {
        /// What arrived.
        reason: String,
        /// What to do.
        hint: &'static str,
    },
    /// A retry is useless.
    Final(Error),
}

impl Failed {
    /// The error without further retries.
    pub(super) fn into_error(self, host: &str) -> Error {
        match self {
            Self::Final(error) => error,
            Self::Transient { reason, hint } => Error::Unreachable {
                host: host.to_owned(),
                reason,
                hint: hint.to_owned(),
            },
            Self::Foreign { reason, hint } => Error::NoRegistry {
                registry: host.to_owned(),
                reason: format!("it does not speak HTTP ({reason})"),
                hint,
            },
        }
    }

    /// What happened, if a retry may succeed.
    pub(super) fn retriable(&self) -> Option<&str> {
        match self {
            Self::Transient { reason, .. } | Self::Foreign { reason, .. } => Some(reason),
            Self::Final(_) => None,
        }
    }
}

/// An invalid answer.
pub(super) fn malformed(url: &Url, reason: &str) -> Failed {
    Failed::Final(Error::Malformed {
        registry: url.authority().to_owned(),
        what: url.path().to_owned(),
        reason: reason.to_owned(),
    })
}

/// The first error of a type in a chain, looking inside I/O errors.
fn find<'a, E: std::error::Error + 'static>(
    error: &'a (dyn std::error::Error + 'static),
) -> Option<&'a E> {
    let mut current = Some(error);
    while let Some(error) = current {
        if let Some(found) = error.downcast_ref::<E>() {
            return Some(found);
        }
        if let Some(inner) = error
            .downcast_ref::<std::io::Error>()
            .and_then(std::io::Error::get_ref)
            && let Some(found) = find::<E>(inner)
        {
            return Some(found);
        }
        current = error.source();
    }
    None
}

/// The TLS error of a peer that does speak TLS.
pub(super) fn tls_reason(error: &reqwest::Error) -> Option<&rustls::Error> {
    find::<rustls::Error>(error).filter(|error| {
        matches!(
            error,
            rustls::Error::InvalidCertificate(_)
                | rustls::Error::NoCertificatesPresented
                | rustls::Error::AlertReceived(_)
                | rustls::Error::PeerIncompatible(_)
        )
    })
}

/// Whether the port is closed.
pub(super) fn refused(error: &reqwest::Error) -> bool {
    find::<std::io::Error>(error)
        .is_some_and(|error| error.kind() == std::io::ErrorKind::ConnectionRefused)
}

/// Classifies a failed exchange through a proxy, `host:port`.
pub(super) fn failure_through(proxy: &str, error: &reqwest::Error, url: &Url) -> Failed {
    let through = error.is_connect() && find::<rustls::Error>(error).is_none();
    if !through || error.is_timeout() {
        return failure(error, url);
    }
    let said = innermost(error);
    let hint = if said.contains("authorization required") {
        "put the credentials into the variable: HTTPS_PROXY=http://USER:PASSWORD@HOST:PORT"
    } else {
        "HTTP_PROXY and HTTPS_PROXY name the proxy, NO_PROXY the hosts to reach without it"
    };
    let reason = format!("the proxy {proxy} could not connect: {said}");
    // A retry may succeed in reaching the target.
    if said.ends_with("unsuccessful") || said.contains("end of file") {
        return Failed::Transient { reason, hint };
    }
    Failed::Final(Error::Unreachable {
        host: url.authority().to_owned(),
        reason,
        hint: hint.to_owned(),
    })
}

/// Classifies a failed exchange.
pub(super) fn failure(error: &reqwest::Error, url: &Url) -> Failed {
    let host = url.authority().to_owned();
    let unreachable = |reason: String, hint: String| {
        Failed::Final(Error::Unreachable {
            host: host.clone(),
            reason,
            hint,
        })
    };
    if let Some(error) = tls_reason(error) {
        let (reason, hint) = distrust(error, url);
        return unreachable(reason, hint);
    }
    if find::<rustls::Error>(error).is_some() {
        return unreachable(
            "it does not speak TLS".into(),
            "pass --plain-http if it has no TLS".into(),
        );
    }
    if error.is_dns() {
        return unreachable(innermost(error), "check the name of the registry".into());
    }
    if refused(error) {
        return unreachable(
            "nothing listens there".into(),
            "start one with `regctl serve`, or name another with --registry".into(),
        );
    }
    let broken = find::<hyper::Error>(error);
    // A request that was canceled by such an answer has it as its source.
    let mut each = std::iter::successors(broken, |&broken| broken.source()?.downcast_ref());
    if each.any(|broken| broken.is_parse() || is_unexpected(broken)) {
        return Failed::Foreign {
            reason: innermost(error),
            hint: if url.scheme() == "http" {
                "name another port, or, if this one speaks https, leave out --plain-http and http://"
            } else {
                NAME_ONE
            },
        };
    }
    let hung_up = broken.is_some_and(hyper::Error::is_incomplete_message);
    Failed::Transient {
        reason: if error.is_timeout() {
            "no answer in time".into()
        } else if hung_up {
            "it closed the connection without an answer".into()
        } else {
            innermost(error)
        },
        hint: if hung_up && url.scheme() == "http" {
            "if it speaks https, leave out --plain-http or http://"
        } else {
            ""
        },
    }
}

/// Whether the server sent something before the request, as SSH and SMTP do. hyper tells this kind of
/// error only by its text.
fn is_unexpected(error: &hyper::Error) -> bool {
    error.to_string().contains("unexpected message")
}

/// Why a peer's TLS was rejected, and what to do.
fn distrust(error: &rustls::Error, url: &Url) -> (String, String) {
    use CertificateError as Certificate;
    let host = url.host_str().unwrap_or_default();
    let kept = format!("certs.d/{}", url.authority());
    let rustls::Error::InvalidCertificate(problem) = error else {
        let hint = format!("a client certificate is kept in {kept} as a .cert file with its .key");
        return (tls_words(error), hint);
    };
    if is_an_authoritys(error) {
        return (
            "its certificate is one for an authority (CA:TRUE)".into(),
            format!("put that certificate itself into {kept} as a .crt file"),
        );
    }
    let hint = match problem {
        Certificate::NotValidForName | Certificate::NotValidForNameContext { .. } => {
            let kind = if url.domain().is_some() { "DNS" } else { "IP" };
            format!(
                "use a name that it is for, or make it one for this: openssl req -x509 -addext \
                 subjectAltName={kind}:{}",
                host.trim_matches(['[', ']'])
            )
        }
        Certificate::Expired
        | Certificate::ExpiredContext { .. }
        | Certificate::NotValidYet
        | Certificate::NotValidYetContext { .. } => {
            "renew it, or check the clocks of both machines".into()
        }
        _ => format!(
            "put its authority into /etc/docker/{kept}/ca.crt, or ~/.config/regctl/{kept}/ca.crt, \
             or pass --insecure to trust anyone"
        ),
    };
    (tls_words(error), hint)
}
