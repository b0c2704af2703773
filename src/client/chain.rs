//! The certificates that a server shows, whoever signed them, and what trust in them would come to.
//!
//! Nothing is asked of the server but a handshake, and nothing is sent to it: this is how a user gets
//! to see an authority before it is trusted.

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

use super::trust::Trust;
use crate::hash::Hasher;
use crate::oci::Algorithm;

/// How long a connection and a handshake may take each.
const LIMIT: Duration = Duration::from_secs(15);

/// Why the certificates of a server can't be seen.
#[derive(Debug, thiserror::Error)]
pub enum ChainError {
    /// There is no such name, or no way to it, or nobody listens.
    #[error("{address} can't be reached: {reason}")]
    Unreachable {
        /// `HOST:PORT`
        address: String,
        /// What the system said.
        reason: String,
    },
    /// Something else than TLS is spoken there, or the handshake failed.
    #[error("{address} does not speak TLS with us: {reason}")]
    NoTls {
        /// `HOST:PORT`
        address: String,
        /// What went wrong in the handshake.
        reason: String,
    },
    /// This side can't be set up.
    #[error("TLS can't be set up here: {0}")]
    Setup(String),
}

/// What a server shows.
#[derive(Debug)]
pub struct Chain {
    certificates: Vec<CertificateDer<'static>>,
    host: ServerName<'static>,
    provider: Arc<CryptoProvider>,
}

/// Asks a server for its certificates.
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
        .map_err(|_| unreachable("it is no name and no address".to_owned()))?;
    let stream = timeout(LIMIT, TcpStream::connect((bare, port))).await;
    let stream = stream
        .map_err(|_| unreachable("no answer in 15 s".to_owned()))?
        .map_err(|error| unreachable(error.to_string()))?;
    let provider = Arc::new(aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(|error| ChainError::Setup(error.to_string()))?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Whoever(Arc::clone(&provider))))
        .with_no_client_auth();
    let handshake = TlsConnector::from(Arc::new(config)).connect(name.clone(), stream);
    let stream = timeout(LIMIT, handshake).await;
    let stream = stream
        .map_err(|_| no_tls("no handshake in 15 s".to_owned()))?
        .map_err(|error| no_tls(error.to_string()))?;
    let shown = stream.get_ref().1.peer_certificates().unwrap_or_default();
    if shown.is_empty() {
        return Err(no_tls("it shows no certificate".to_owned()));
    }
    Ok(Chain {
        certificates: shown.iter().map(|one| one.clone().into_owned()).collect(),
        host: name,
        provider,
    })
}

impl Chain {
    /// The certificate to trust: the last that is shown, an authority or the server's own.
    pub fn authority(&self) -> &[u8] {
        self.certificates
            .last()
            .map_or(&[][..], |last| last.as_ref())
    }

    /// Its fingerprint: `sha256:` and hexadecimal digits.
    pub fn fingerprint(&self) -> String {
        Hasher::digest(Algorithm::Sha256, self.authority()).to_string()
    }

    /// Whether this machine trusts the server already, by its own authorities; else why not.
    pub fn is_trusted(&self) -> Result<(), String> {
        self.judge(Vec::new())
    }

    /// Whether it will once the authority is trusted; else why not.
    pub fn would_be_trusted(&self) -> Result<(), String> {
        self.judge(self.certificates.last().cloned().into_iter().collect())
    }

    fn judge(&self, kept: Vec<CertificateDer<'static>>) -> Result<(), String> {
        let trust = Trust::new(kept, Arc::clone(&self.provider));
        let trust = trust.map_err(|error| error.to_string())?;
        let Some((server, others)) = self.certificates.split_first() else {
            return Err("it shows no certificate".to_owned());
        };
        let verified = trust.verify_server_cert(server, others, &self.host, &[], UnixTime::now());
        verified.map(drop).map_err(|error| error.to_string())
    }
}

/// Takes whatever certificate comes; its key must sign the handshake all the same.
struct Whoever(Arc<CryptoProvider>);

impl fmt::Debug for Whoever {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Whoever")
    }
}

impl ServerCertVerifier for Whoever {
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
