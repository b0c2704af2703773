//! Answers to the challenges of an ACME authority: TLS-ALPN-01 (RFC 8737) in a TLS handshake,
//! HTTP-01 (RFC 8555, section 8.3) at a plain HTTP address.
//!
//! The task that requests a certificate sets the answers; this module only sends them.

use std::collections::HashMap;
use std::io;
use std::sync::Arc;

use http::StatusCode;
use http::header::{CONTENT_TYPE, HeaderValue};
use parking_lot::Mutex;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::server::{Acceptor as Hello, ClientHello, ResolvesServerCert};
use tokio_rustls::rustls::sign::CertifiedKey;
use tokio_rustls::rustls::{self, ServerConfig};
use tokio_rustls::server::TlsStream;
use tokio_rustls::{LazyConfigAcceptor, TlsAcceptor};

use super::respond::{Answer, with_body};
use super::tls::TlsError;

/// The only protocol that an authority offers when it validates TLS-ALPN-01.
const PROTOCOL: &[u8] = b"acme-tls/1";
/// The path of the answers to HTTP-01.
const PATH: &str = "/.well-known/acme-challenge/";

/// The answers to open challenges. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct AcmeChallenges(Arc<Mutex<Open>>);

#[derive(Debug, Default)]
struct Open {
    /// By the name of the host.
    certificates: HashMap<String, Arc<CertifiedKey>>,
    /// Key authorizations by token.
    tokens: HashMap<String, String>,
}

impl AcmeChallenges {
    /// Sends this certificate to an authority that validates `host` by TLS-ALPN-01.
    pub fn show(
        &self,
        host: &str,
        certificate: CertificateDer<'static>,
        key: PrivateKeyDer<'static>,
    ) -> Result<(), TlsError> {
        let provider = aws_lc_rs::default_provider();
        let key = provider.key_provider.load_private_key(key);
        let key = key.map_err(|error| TlsError::Settings(error.to_string()))?;
        // The key is not compared with the certificate, which has a critical extension that rustls
        // rejects.
        let pair = CertifiedKey::new(vec![certificate], key);
        let certificates = &mut self.0.lock().certificates;
        certificates.insert(host.to_owned(), Arc::new(pair));
        Ok(())
    }

    /// Sends this key authorization to an authority that requests `token` by HTTP-01.
    pub fn add(&self, token: &str, authorization: &str) {
        let tokens = &mut self.0.lock().tokens;
        tokens.insert(token.to_owned(), authorization.to_owned());
    }

    /// Removes all answers.
    pub fn clear(&self) {
        *self.0.lock() = Open::default();
    }

    /// The answer of the address for HTTP-01.
    pub(super) fn answer(&self, path: &str) -> Answer {
        let token = path.strip_prefix(PATH);
        let found = token.and_then(|token| self.0.lock().tokens.get(token).cloned());
        let (status, text) = match found {
            Some(authorization) => (StatusCode::OK, authorization),
            None => (
                StatusCode::NOT_FOUND,
                "this address only answers ACME challenges\n".to_owned(),
            ),
        };
        let mut answer = with_body(status, text);
        let plain = HeaderValue::from_static("text/plain; charset=utf-8");
        answer.headers_mut().insert(CONTENT_TYPE, plain);
        answer
    }

    /// The configuration of the handshake for TLS-ALPN-01. It requests no client certificate: the
    /// authority has none.
    fn server_config(&self) -> Result<Arc<ServerConfig>, TlsError> {
        let provider = Arc::new(aws_lc_rs::default_provider());
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&rustls::version::TLS12, &rustls::version::TLS13])
            .map_err(|error| TlsError::Settings(error.to_string()))?
            .with_no_client_auth()
            .with_cert_resolver(Arc::new(Resolver(self.clone())));
        config.alpn_protocols.push(PROTOCOL.to_vec());
        Ok(Arc::new(config))
    }
}

/// Resolves to the answer for the host being validated.
#[derive(Debug)]
struct Resolver(AcmeChallenges);

impl ResolvesServerCert for Resolver {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let host = hello.server_name()?.to_ascii_lowercase();
        self.0.0.lock().certificates.get(&host).cloned()
    }
}

/// Accepts TLS connections, including those that validate a challenge.
#[derive(Clone)]
pub(super) struct Acceptor {
    usual: TlsAcceptor,
    challenges: Option<Arc<ServerConfig>>,
}

impl Acceptor {
    pub(super) fn new(
        usual: Arc<ServerConfig>,
        challenges: Option<&AcmeChallenges>,
    ) -> Result<Self, TlsError> {
        let challenges = challenges.map(AcmeChallenges::server_config).transpose()?;
        Ok(Self {
            usual: TlsAcceptor::from(usual),
            challenges,
        })
    }

    /// Runs the handshake; `None` if the connection only validated a challenge.
    pub(super) async fn accept(
        &self,
        stream: TcpStream,
    ) -> io::Result<Option<TlsStream<TcpStream>>> {
        let Some(challenges) = &self.challenges else {
            return self.usual.accept(stream).await.map(Some);
        };
        let start = LazyConfigAcceptor::new(Hello::default(), stream).await?;
        let validates = start
            .client_hello()
            .alpn()
            .is_some_and(|mut offered| offered.any(|protocol| protocol == PROTOCOL));
        if validates {
            let mut stream = start.into_stream(Arc::clone(challenges)).await?;
            tracing::info!("a challenge of the ACME authority was answered");
            stream.shutdown().await?;
            return Ok(None);
        }
        let usual = Arc::clone(self.usual.config());
        start.into_stream(usual).await.map(Some)
    }
}
