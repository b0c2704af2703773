//! Certificates of clients: those that configured authorities have issued, and those that are
//! configured themselves.
//!
//! A self-signed certificate is often made as an authority, which rustls does not accept as that of a
//! client; Go's servers do. Such a one is accepted only if it is one of the configured certificates,
//! byte for byte: whoever has its key could issue others.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use tokio_rustls::rustls::client::danger::HandshakeSignatureValid;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::{CertificateDer, UnixTime};
use tokio_rustls::rustls::server::WebPkiClientVerifier;
use tokio_rustls::rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use tokio_rustls::rustls::{
    self, CertificateError, DigitallySignedStruct, DistinguishedName, OtherError, SignatureScheme,
};

use super::tls::{TlsError, chain};

/// Minimum time between two reports: anybody can send certificates that are refused.
const REPORT_INTERVAL: Duration = Duration::from_mins(1);

/// The authorities of client certificates.
#[derive(Debug, Clone)]
pub struct ClientAuthorities(Arc<Verifier>);

impl ClientAuthorities {
    /// Reads them from PEM files. Clients without a certificate are refused if it is `required`.
    pub fn load(files: &[PathBuf], required: bool) -> Result<Self, TlsError> {
        let mut roots = rustls::RootCertStore::empty();
        let mut configured = Vec::new();
        for path in files {
            for certificate in chain(path)? {
                configured.push(certificate.clone());
                roots.add(certificate).map_err(|_| TlsError::File {
                    path: path.clone(),
                    reason: "a certificate in it is damaged".to_owned(),
                })?;
            }
        }
        let provider = Arc::new(aws_lc_rs::default_provider());
        let builder = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
        let builder = if required {
            builder
        } else {
            builder.allow_unauthenticated()
        };
        let of_authorities = builder
            .build()
            .map_err(|error| TlsError::Settings(error.to_string()))?;
        Ok(Self(Arc::new(Verifier {
            of_authorities,
            configured,
            reported_at: Mutex::default(),
        })))
    }

    pub(super) fn verifier(&self) -> Arc<dyn ClientCertVerifier> {
        Arc::clone(&self.0) as Arc<dyn ClientCertVerifier>
    }
}

/// Verifies the certificates of clients.
#[derive(Debug)]
struct Verifier {
    of_authorities: Arc<dyn ClientCertVerifier>,
    configured: Vec<CertificateDer<'static>>,
    /// When a refusal was last reported.
    reported_at: Mutex<Option<Instant>>,
}

impl Verifier {
    /// Logs why a certificate was refused: the client learns only that it was.
    fn report(&self, error: &rustls::Error) {
        let now = Instant::now();
        let mut reported_at = self.reported_at.lock();
        if reported_at.is_some_and(|last| now.duration_since(last) < REPORT_INTERVAL) {
            return;
        }
        *reported_at = Some(now);
        drop(reported_at);
        let reason = match of_webpki(error) {
            Some(webpki::Error::UnsupportedCertVersion) => {
                "it is not of X.509 version 3; hint: issue it again with extensions, as with openssl \
                 x509 -req -extfile"
                    .to_owned()
            }
            Some(webpki::Error::CaUsedAsEndEntity) => {
                "it is that of an authority, and is not itself in http.tls.clientcas".to_owned()
            }
            _ => error.to_string(),
        };
        tracing::warn!("the certificate of a client was refused: {reason}");
    }
}

impl ClientCertVerifier for Verifier {
    fn offer_client_auth(&self) -> bool {
        self.of_authorities.offer_client_auth()
    }

    fn client_auth_mandatory(&self) -> bool {
        self.of_authorities.client_auth_mandatory()
    }

    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        self.of_authorities.root_hint_subjects()
    }

    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, rustls::Error> {
        let verified = self
            .of_authorities
            .verify_client_cert(end_entity, intermediates, now);
        verified.or_else(|error| {
            // webpki has compared its dates before.
            let is_authority = of_webpki(&error) == Some(&webpki::Error::CaUsedAsEndEntity);
            let mut configured = self.configured.iter();
            if is_authority && configured.any(|one| one.as_ref() == end_entity.as_ref()) {
                return Ok(ClientCertVerified::assertion());
            }
            self.report(&error);
            Err(error)
        })
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.of_authorities
            .verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.of_authorities
            .verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.of_authorities.supported_verify_schemes()
    }
}

/// The error of webpki, if rustls has none of its own for it.
fn of_webpki(error: &rustls::Error) -> Option<&webpki::Error> {
    match error {
        rustls::Error::InvalidCertificate(CertificateError::Other(OtherError(error))) => {
            error.downcast_ref()
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A self-signed certificate of an authority, with its first and last year.
    fn authority(years: [i32; 2]) -> rcgen::Certificate {
        let mut params = rcgen::CertificateParams::new(vec!["ci".to_owned()]).unwrap();
        params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        let [begin, end] = years.map(|year| rcgen::date_time_ymd(year, 1, 1));
        (params.not_before, params.not_after) = (begin, end);
        let key = rcgen::KeyPair::generate().unwrap();
        params.self_signed(&key).unwrap()
    }

    #[test]
    #[expect(clippy::disallowed_methods, reason = "a certificate for the test")]
    fn a_configured_certificate_is_that_of_a_client_too() {
        let directory = tempfile::tempdir().unwrap();
        let [valid, ended, other] = [[2020, 2040], [2020, 2021], [2020, 2040]].map(authority);
        let path = directory.path().join("clients.pem");
        std::fs::write(&path, format!("{}{}", valid.pem(), ended.pem())).unwrap();
        let authorities = ClientAuthorities::load(&[path], true).unwrap();
        let verifier = authorities.verifier();
        let now = UnixTime::since_unix_epoch(Duration::from_hours(24 * 365 * 56));
        let accepts = |certificate: &rcgen::Certificate| {
            let verified = verifier.verify_client_cert(certificate.der(), &[], now);
            verified.is_ok()
        };
        assert!(accepts(&valid));
        assert!(!accepts(&ended) && !accepts(&other));
        assert!(authorities.0.reported_at.lock().is_some());
    }
}
