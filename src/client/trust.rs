//! Trust in a registry's certificate if the user has certificates for it.
//!
//! The system's authorities and those of `certs.d`, as webpki checks them, with one exception. A
//! certificate by a plain `openssl req -x509` is marked as an authority, and webpki rejects an
//! authority as a server certificate; docker, podman and curl accept it. So a certificate stored
//! for exactly this registry, byte for byte, may be its server certificate. Invariants: nothing
//! else that webpki rejects is accepted; the certificate's dates and names must match, and its key
//! must sign the handshake.

use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::verify_server_name;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, DigitallySignedStruct, Error, SignatureScheme};
use rustls_platform_verifier::Verifier;
use tokio_rustls::rustls;

/// The system's verifier with the exception.
#[derive(Debug)]
pub(super) struct Trust {
    system: Verifier,
    kept: Vec<CertificateDer<'static>>,
}

impl Trust {
    /// Trusts the system's authorities and the certificates `kept` for a registry.
    pub(super) fn new(
        kept: Vec<CertificateDer<'static>>,
        provider: Arc<CryptoProvider>,
    ) -> Result<Self, Error> {
        let system = Verifier::new_with_extra_roots(kept.iter().cloned(), provider)?;
        Ok(Self { system, kept })
    }
}

/// Whether a certificate was rejected for being an authority. webpki checks that after the dates
/// and before everything else, so the dates are valid.
pub(super) fn is_an_authoritys(error: &Error) -> bool {
    let Error::InvalidCertificate(CertificateError::Other(other)) = error else {
        return false;
    };
    other.0.downcast_ref::<webpki::Error>() == Some(&webpki::Error::CaUsedAsEndEntity)
}

impl ServerCertVerifier for Trust {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let verified = self.system.verify_server_cert(
            end_entity,
            intermediates,
            server_name,
            ocsp_response,
            now,
        );
        match verified {
            Err(error) if is_an_authoritys(&error) && self.kept.contains(end_entity) => {
                verify_server_name(&ParsedCertificate::try_from(end_entity)?, server_name)?;
                Ok(ServerCertVerified::assertion())
            }
            verified => verified,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.system
            .verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.system
            .verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.system.supported_verify_schemes()
    }
}
