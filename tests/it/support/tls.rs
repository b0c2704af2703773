//! The certificate of a server in a TLS handshake.

use std::net::TcpStream;
use std::sync::Arc;
use std::time::Duration;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{
    CryptoProvider, aws_lc_rs, verify_tls12_signature, verify_tls13_signature_with_raw_key,
};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName, SubjectPublicKeyInfoDer, UnixTime};
use rustls::{
    ClientConfig, ClientConnection, DigitallySignedStruct, RootCertStore, SignatureScheme,
};
use tokio_rustls::rustls;

pub(crate) fn provider() -> Arc<CryptoProvider> {
    Arc::new(aws_lc_rs::default_provider())
}

/// The certificate of the server at a port of 127.0.0.1 for `host`, and the negotiated protocol.
/// `authority`, PEM, must have issued it; `None` accepts any.
pub(crate) fn peer(
    port: u16,
    host: &str,
    protocols: &[&[u8]],
    authority: Option<&str>,
) -> Result<(Vec<CertificateDer<'static>>, Option<Vec<u8>>), String> {
    let builder = ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .unwrap();
    let mut config = match authority {
        Some(pem) => {
            let mut roots = RootCertStore::empty();
            roots
                .add(CertificateDer::from_pem_slice(pem.as_bytes()).unwrap())
                .unwrap();
            builder.with_root_certificates(roots)
        }
        None => builder
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(Anything)),
    }
    .with_no_client_auth();
    config.alpn_protocols = protocols.iter().map(|one| one.to_vec()).collect();
    let name = ServerName::try_from(host.to_owned()).unwrap();
    let mut connection = ClientConnection::new(Arc::new(config), name).unwrap();
    let mut stream = TcpStream::connect(("127.0.0.1", port)).map_err(|error| error.to_string())?;
    stream
        .set_read_timeout(Some(Duration::from_secs(20)))
        .unwrap();
    while connection.is_handshaking() {
        connection
            .complete_io(&mut stream)
            .map_err(|error| error.to_string())?;
    }
    let shown = connection.peer_certificates().unwrap_or_default();
    let shown = shown.iter().map(|one| one.clone().into_owned()).collect();
    Ok((shown, connection.alpn_protocol().map(<[u8]>::to_vec)))
}

/// Accepts any certificate with a valid signature.
#[derive(Debug)]
struct Anything;

impl ServerCertVerifier for Anything {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let known = &provider().signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signed, known)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        // The usual function fails on the critical extension of an answer to TLS-ALPN-01.
        let key =
            public_key(certificate).map_err(|error| rustls::Error::General(error.to_string()))?;
        let known = &provider().signature_verification_algorithms;
        verify_tls13_signature_with_raw_key(
            message,
            &SubjectPublicKeyInfoDer::from(key),
            signed,
            known,
        )
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        provider()
            .signature_verification_algorithms
            .supported_schemes()
    }
}

/// The SubjectPublicKeyInfo of a certificate (RFC 5280, section 4.1).
fn public_key(certificate: &[u8]) -> yasna::ASN1Result<Vec<u8>> {
    yasna::parse_der(certificate, |certificate| {
        certificate.read_sequence(|parts| {
            let key = parts.next().read_sequence(|fields| {
                // Skips version, serial number, algorithm, issuer, validity, subject.
                for _ in 0..6 {
                    fields.next().read_der()?;
                }
                let key = fields.next().read_der()?;
                while fields.read_optional(any)?.is_some() {}
                Ok(key)
            })?;
            any(parts.next())?;
            any(parts.next())?;
            Ok(key)
        })
    })
}

/// Skips a field.
pub(super) fn any(field: yasna::BERReader<'_, '_>) -> yasna::ASN1Result<Vec<u8>> {
    field.read_der()
}
