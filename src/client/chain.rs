//! Fetches the certificate chain of a server, signed by any authority, and checks it.
//!
//! Only a TLS handshake takes place and nothing is sent: users can inspect an authority before they
//! trust it.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, Error as TlsError, SignatureScheme};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::{TlsConnector, rustls};

use super::tls_words::tls_words;
use super::trust::Trust;
use super::words::innermost;
use super::x509::CertificateFields;
use crate::hash::Hasher;
use crate::oci::Algorithm;

/// Timeout of the connection, and of the handshake.
const LIMIT: Duration = Duration::from_secs(15);

/// Why the certificates of a server could not be fetched.
#[derive(Debug, thiserror::Error)]
pub enum ChainError {
    /// The name does not resolve, there is no route, or the port is closed.
    #[error("{address} can't be reached: {reason}")]
    Unreachable {
        /// `HOST:PORT`
        address: String,
        /// The error of the system.
        reason: String,
    },
    /// The server does not speak TLS, or the handshake failed.
    #[error("{address} does not speak TLS with us: {reason}")]
    NoTls {
        /// `HOST:PORT`
        address: String,
        /// The error of the handshake.
        reason: String,
    },
    /// TLS can't be set up on this machine.
    #[error("TLS can't be set up here: {0}")]
    Setup(String),
}

/// The certificates of a server.
#[derive(Debug)]
pub struct Chain {
    certificates: Vec<CertificateDer<'static>>,
    host: ServerName<'static>,
    provider: Arc<CryptoProvider>,
}

/// Fetches the certificates of a server.
pub async fn served_chain(host: &str, port: u16) -> Result<Chain, ChainError> {
    let address = format!("{host}:{port}");
    let unreachable = |reason: String| ChainError::Unreachable {
        address: address.clone(),
        reason,
    };
    let no_tls = |reason: String| ChainError::NoTls {
        address: address.clone(),
        reason,
    };
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    let name = ServerName::try_from(bare.to_owned())
        .map_err(|_| unreachable("it is neither a name nor an address".to_owned()))?;
    let stream = timeout(LIMIT, TcpStream::connect((bare, port))).await;
    let stream = stream
        .map_err(|_| unreachable("no answer in 15 s".to_owned()))?
        .map_err(|error| unreachable(innermost(&error)))?;
    let provider = Arc::new(aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(|error| ChainError::Setup(error.to_string()))?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(AcceptAny(Arc::clone(&provider))))
        .with_no_client_auth();
    let handshake = TlsConnector::from(Arc::new(config)).connect(name.clone(), stream);
    let stream = timeout(LIMIT, handshake).await;
    let stream = stream
        .map_err(|_| no_tls("no handshake in 15 s".to_owned()))?
        .map_err(|error| no_tls(of_handshake(&error)))?;
    let shown = stream.get_ref().1.peer_certificates().unwrap_or_default();
    if shown.is_empty() {
        return Err(no_tls("it sends no certificate".to_owned()));
    }
    Ok(Chain {
        certificates: shown.iter().map(|one| one.clone().into_owned()).collect(),
        host: name,
        provider,
    })
}

impl Chain {
    /// The certificate to trust: the last of the chain, an authority or the server's own.
    pub fn authority(&self) -> &[u8] {
        self.certificates
            .last()
            .map_or(&[][..], |last| last.as_ref())
    }

    /// Its fingerprint: `sha256:` and hexadecimal digits.
    pub fn fingerprint(&self) -> String {
        Hasher::digest(Algorithm::Sha256, self.authority()).to_string()
    }

    /// What the server's own certificate says about itself.
    pub fn fields(&self) -> Option<CertificateFields> {
        CertificateFields::parse(self.certificates.first()?)
    }

    /// The fields of the authority that the server sends; `None` if it sends none, or if this
    /// machine trusts the server by another one.
    pub fn authority_fields(&self) -> Option<CertificateFields> {
        let (_, issuers) = self.certificates.split_first()?;
        let last = issuers.last()?;
        if issuers.len() > 1 && self.is_trusted().is_ok() {
            return None;
        }
        CertificateFields::parse(last)
    }

    /// Whether this machine's authorities trust the server; the error says why not.
    pub fn is_trusted(&self) -> Result<(), String> {
        self.verify_chain(Vec::new())
            .map_err(|error| tls_words(&error))
    }

    /// Whether the server is trusted once the authority is; the error says why not.
    pub fn would_be_trusted(&self) -> Result<(), String> {
        self.verify_with_own().map_err(|error| tls_words(&error))
    }

    /// Whether the authority that has issued the certificate is neither sent nor known here.
    pub fn lacks_authority(&self) -> bool {
        let unknown = rustls::Error::InvalidCertificate(rustls::CertificateError::UnknownIssuer);
        self.verify_with_own() == Err(unknown)
    }

    fn verify_with_own(&self) -> Result<(), rustls::Error> {
        self.verify_chain(self.certificates.last().cloned().into_iter().collect())
    }

    fn verify_chain(&self, kept: Vec<CertificateDer<'static>>) -> Result<(), rustls::Error> {
        let trust = Trust::new(kept, Arc::clone(&self.provider))?;
        let Some((server, others)) = self.certificates.split_first() else {
            return Err(rustls::Error::NoCertificatesPresented);
        };
        trust
            .verify_server_cert(server, others, &self.host, &[], UnixTime::now())
            .map(drop)
    }
}

/// Why a handshake failed.
fn of_handshake(error: &std::io::Error) -> String {
    let inner = error.get_ref().and_then(|inner| inner.downcast_ref());
    inner.map_or_else(|| innermost(error), tls_words)
}

/// Accepts any certificate; its key must still sign the handshake.
struct AcceptAny(Arc<CryptoProvider>);

impl fmt::Debug for AcceptAny {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AcceptAny")
    }
}

impl ServerCertVerifier for AcceptAny {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, TlsError> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, TlsError> {
        let algorithms = &self.0.signature_verification_algorithms;
        rustls::crypto::verify_tls12_signature(message, certificate, signature, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, TlsError> {
        let algorithms = &self.0.signature_verification_algorithms;
        rustls::crypto::verify_tls13_signature(message, certificate, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
