//! What an error of TLS means, in words of people and not of the library.

use rustls::{AlertDescription, CertificateError, Error};
use tokio_rustls::rustls;

/// Why TLS with a server failed; continues a sentence about the server.
pub(super) fn tls_words(error: &Error) -> String {
    match error {
        Error::InvalidCertificate(problem) => of_certificate(problem),
        Error::NoCertificatesPresented => "it sends no certificate".to_owned(),
        Error::AlertReceived(AlertDescription::CertificateRequired) => {
            "it requires a client certificate".to_owned()
        }
        Error::AlertReceived(alert) => {
            format!(
                "it refuses the TLS connection ({})",
                spaced(&format!("{alert:?}"))
            )
        }
        Error::PeerIncompatible(_) => {
            "it offers no version of TLS, or no cipher, that is considered safe".to_owned()
        }
        Error::InvalidMessage(_) => "it does not speak TLS".to_owned(),
        other => format!("TLS fails: {other}"),
    }
}

fn of_certificate(problem: &CertificateError) -> String {
    use CertificateError as Certificate;
    let text = match problem {
        Certificate::UnknownIssuer => {
            "its certificate is of an authority that this machine does not trust"
        }
        Certificate::NotValidForNameContext {
            expected,
            presented,
        } if !presented.is_empty() => {
            let presented: Vec<&str> = presented.iter().map(|name| bare(name)).collect();
            return format!(
                "its certificate is for {}, not for {}",
                presented.join(", "),
                expected.to_str()
            );
        }
        Certificate::NotValidForName | Certificate::NotValidForNameContext { .. } => {
            "its certificate is for another name"
        }
        Certificate::Expired | Certificate::ExpiredContext { .. } => "its certificate has expired",
        Certificate::NotValidYet | Certificate::NotValidYetContext { .. } => {
            "its certificate is not valid yet"
        }
        Certificate::Revoked => "its certificate is revoked",
        Certificate::BadEncoding => "its certificate is damaged",
        Certificate::BadSignature => "the signature of its certificate is wrong",
        Certificate::InvalidPurpose | Certificate::InvalidPurposeContext { .. } => {
            "its certificate is not one for a server"
        }
        other => return format!("its certificate is not valid ({other})"),
    };
    text.to_owned()
}

/// A name as the library writes it, `DnsName("a")`, without the kind.
fn bare(name: &str) -> &str {
    let inner = name.split_once('(').map_or(name, |(_, inner)| inner);
    inner.trim_end_matches(')').trim_matches('"')
}

/// `HandshakeFailure` as `handshake failure`.
fn spaced(name: &str) -> String {
    let mut words = String::new();
    for letter in name.chars() {
        if letter.is_ascii_uppercase() && !words.is_empty() {
            words.push(' ');
        }
        words.push(letter.to_ascii_lowercase());
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_words_of_the_library() {
        let name = rustls::pki_types::ServerName::try_from("b.example").unwrap();
        for (error, said) in [
            (
                Error::InvalidCertificate(CertificateError::UnknownIssuer),
                "its certificate is of an authority that this machine does not trust",
            ),
            (
                Error::InvalidCertificate(CertificateError::NotValidForNameContext {
                    expected: name,
                    presented: vec![
                        "DnsName(\"a.example\")".into(),
                        "IpAddress(127.0.0.1)".into(),
                    ],
                }),
                "its certificate is for a.example, 127.0.0.1, not for b.example",
            ),
            (
                Error::AlertReceived(AlertDescription::HandshakeFailure),
                "it refuses the TLS connection (handshake failure)",
            ),
            (
                Error::AlertReceived(AlertDescription::CertificateRequired),
                "it requires a client certificate",
            ),
        ] {
            assert_eq!(tls_words(&error), said);
        }
    }
}
