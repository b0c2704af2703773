//! TLS of a listener: the certificate, reloaded when its files change.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use arc_swap::ArcSwap;
use tokio_rustls::rustls;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::pem::{self, PemObject};
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::server::{ClientHello, ResolvesServerCert};
use tokio_rustls::rustls::sign::CertifiedKey;

use super::acme::{Acceptor, AcmeChallenges};
use super::client_certificates::ClientAuthorities;

/// A version of TLS.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TlsVersion {
    /// TLS 1.2.
    Tls12,
    /// TLS 1.3.
    Tls13,
}

/// Why a certificate can't be used.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file can't be read, or is not PEM.
    #[error("{path}: {reason}")]
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// Certificate and key do not match, or have an unknown type.
    #[error("the certificate {certificate} and the key {key} can't be used: {reason}")]
    Pair {
        /// The certificate's file.
        certificate: PathBuf,
        /// The key's file.
        key: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// The settings are invalid.
    #[error("TLS: {0}")]
    Settings(String),
}

/// The TLS settings of a listener.
#[derive(Debug, Clone)]
pub struct Tls {
    /// The server's certificate.
    pub certificate: Arc<Certificate>,
    /// The minimum version.
    pub minimum: TlsVersion,
    /// The authorities of client certificates; `None`: clients need none.
    pub clients: Option<ClientAuthorities>,
    /// The answers to challenges of an ACME authority; `None` without one.
    pub challenges: Option<AcmeChallenges>,
}

/// What was read from the files.
#[derive(Debug)]
struct Loaded {
    pair: Arc<CertifiedKey>,
    /// The modification time of the certificate's file.
    modified_at: Option<SystemTime>,
}

/// A certificate and its key, loaded from files.
#[derive(Debug)]
pub struct Certificate {
    chain: PathBuf,
    key: PathBuf,
    current: ArcSwap<Loaded>,
    /// The modification times of the files that `current` was read from; `None` after they could not
    /// be read.
    read_at: parking_lot::Mutex<Option<Changed>>,
}

/// The modification times of the two files.
type Changed = (Option<SystemTime>, Option<SystemTime>);

impl Certificate {
    /// Reads both files.
    pub fn load(certificate: &Path, key: &Path) -> Result<Arc<Self>, TlsError> {
        let changed = changed(certificate, key);
        let current = ArcSwap::from_pointee(Loaded {
            pair: Arc::new(read(certificate, key)?),
            modified_at: changed.0,
        });
        let (chain, key) = (certificate.to_owned(), key.to_owned());
        Ok(Arc::new(Self {
            chain,
            key,
            current,
            read_at: Some(changed).into(),
        }))
    }

    /// Reloads the files if they have changed. If they are invalid or can't be read, the old
    /// certificate remains in use, and the next call reads them again: their rights may have been
    /// corrected, which changes no modification time.
    pub fn refresh(&self) -> Result<bool, TlsError> {
        let changed = changed(&self.chain, &self.key);
        let mut read_at = self.read_at.lock();
        if *read_at == Some(changed) {
            return Ok(false);
        }
        *read_at = None;
        let fresh = read(&self.chain, &self.key)?;
        *read_at = Some(changed);
        self.current.store(Arc::new(Loaded {
            pair: Arc::new(fresh),
            modified_at: changed.0,
        }));
        Ok(true)
    }

    /// The certificates in use, the server's own first.
    pub fn chain(&self) -> Vec<CertificateDer<'static>> {
        self.current.load().pair.cert.clone()
    }

    /// When the file of the certificate in use was written.
    pub fn replaced_at(&self) -> Option<SystemTime> {
        self.current.load().modified_at
    }
}

impl Tls {
    /// Accepts the connections of a listener.
    pub(super) fn acceptor(&self, http2: bool) -> Result<Acceptor, TlsError> {
        Acceptor::new(self.server_config(http2)?, self.challenges.as_ref())
    }

    fn server_config(&self, http2: bool) -> Result<Arc<rustls::ServerConfig>, TlsError> {
        let versions: &[&rustls::SupportedProtocolVersion] = match self.minimum {
            TlsVersion::Tls12 => &[&rustls::version::TLS12, &rustls::version::TLS13],
            TlsVersion::Tls13 => &[&rustls::version::TLS13],
        };
        let provider = Arc::new(aws_lc_rs::default_provider());
        let resolver = Arc::new(Resolver(Arc::clone(&self.certificate)));
        let builder = rustls::ServerConfig::builder_with_provider(provider)
            .with_protocol_versions(versions)
            .map_err(|error| TlsError::Settings(error.to_string()))?;
        let builder = match &self.clients {
            Some(clients) => builder.with_client_cert_verifier(clients.verifier()),
            None => builder.with_no_client_auth(),
        };
        let mut config = builder.with_cert_resolver(resolver);
        if http2 {
            config.alpn_protocols.push(b"h2".to_vec());
        }
        config.alpn_protocols.push(b"http/1.1".to_vec());
        Ok(Arc::new(config))
    }
}

fn changed(certificate: &Path, key: &Path) -> Changed {
    let changed = |path: &Path| path.metadata().and_then(|found| found.modified()).ok();
    (changed(certificate), changed(key))
}

/// The certificates of a PEM file, at least one.
pub(super) fn chain(path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let file = |reason: String| TlsError::File {
        path: path.to_owned(),
        reason,
    };
    let chain = CertificateDer::pem_file_iter(path)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|error| file(unreadable(error, "certificate")))?;
    if chain.is_empty() {
        return Err(file("it contains no certificate".into()));
    }
    Ok(chain)
}

fn read(certificate: &Path, key: &Path) -> Result<CertifiedKey, TlsError> {
    let chain = chain(certificate)?;
    let file = |path: &Path, reason: String| TlsError::File {
        path: path.to_owned(),
        reason,
    };
    let secret = PrivateKeyDer::from_pem_file(key)
        .map_err(|error| file(key, unreadable(error, "private key")))?;
    let pair = CertifiedKey::from_der(chain, secret, &aws_lc_rs::default_provider());
    pair.map_err(|error| TlsError::Pair {
        certificate: certificate.to_owned(),
        key: key.to_owned(),
        reason: match error {
            rustls::Error::InconsistentKeys(_) => {
                "the key is that of another certificate".to_owned()
            }
            rustls::Error::InvalidCertificate(_) => "the certificate is damaged".to_owned(),
            _ => "the key is damaged or of an unknown type".to_owned(),
        },
    })
}

/// Why a PEM file can't be read as what it should contain.
fn unreadable(error: pem::Error, content: &str) -> String {
    match error {
        pem::Error::Io(error) => error.to_string(),
        pem::Error::NoItemsFound => format!("it contains no {content} (PEM)"),
        _ => format!("the {content} in it (PEM) is damaged or cut short"),
    }
}

/// Resolves to the current certificate.
#[derive(Debug)]
struct Resolver(Arc<Certificate>);

impl ResolvesServerCert for Resolver {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.0.current.load().pair))
    }
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "certificates are not in a store")]
mod tests {
    use super::*;

    #[test]
    fn files_that_could_not_be_read_are_read_again_although_their_times_are_the_same() {
        let scratch = tempfile::tempdir().unwrap();
        let path = scratch.path().join("both.pem");
        let time = SystemTime::UNIX_EPOCH;
        let write = |text: &str, time| {
            std::fs::write(&path, text).unwrap();
            let file = std::fs::File::options().append(true).open(&path).unwrap();
            file.set_modified(time).unwrap();
        };
        let pem = || {
            let signed = rcgen::generate_simple_self_signed(vec!["a".to_owned()]).unwrap();
            signed.cert.pem() + &signed.signing_key.serialize_pem()
        };
        write(&pem(), time);
        let certificate = Certificate::load(&path, &path).unwrap();
        assert!(!certificate.refresh().unwrap());
        let (first, later) = (
            certificate.chain(),
            time + std::time::Duration::from_secs(1),
        );
        write("unreadable", later);
        assert!(certificate.refresh().is_err());
        assert_eq!(certificate.chain(), first);
        write(&pem(), later);
        assert!(certificate.refresh().unwrap());
        assert_ne!(certificate.chain(), first);
        assert!(!certificate.refresh().unwrap());
    }
}
