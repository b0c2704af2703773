//! The certificates for one registry in docker's and podman's `certs.d/<host:port>/`.
//!
//! `*.crt` are authorities to trust in addition to the system's, or the registry's own certificate;
//! `<name>.cert` with `<name>.key` is the client certificate. Reads the files and makes TLS
//! settings; opens no connections.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use reqwest::{ClientBuilder, Identity};
use rustls::ClientConfig;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls;

use super::Error;
use super::files::{list, read_if_present};
use super::trust::Trust;

/// The certificates for one registry.
#[derive(Default)]
pub(super) struct Certificates {
    /// Authorities in addition to the system's.
    authorities: Vec<CertificateDer<'static>>,
    /// The client certificates and the key, concatenated PEM.
    identity: Option<Vec<u8>>,
}

/// The possible directories of `certs.d`.
fn directories() -> Vec<PathBuf> {
    let mut directories = vec![
        PathBuf::from("/etc/docker/certs.d"),
        PathBuf::from("/etc/containers/certs.d"),
    ];
    if let Some(config) = dirs::config_dir() {
        // docker without root, podman, and regctl for itself.
        let owners = ["docker", "containers", "regctl"];
        directories.extend(owners.map(|owner| config.join(owner).join("certs.d")));
    }
    directories
}

impl Certificates {
    /// Reads the certificates for a registry with these names, each `host` or `host:port`.
    pub(super) fn load(names: &[&str]) -> Result<Self, Error> {
        let mut found = Self::default();
        let mut names = names.to_vec();
        names.dedup();
        for directory in directories() {
            for name in &names {
                found.add(&directory.join(name))?;
            }
        }
        Ok(found)
    }

    fn add(&mut self, directory: &Path) -> Result<(), Error> {
        for path in list(directory) {
            let extension = path.extension().and_then(|extension| extension.to_str());
            match extension {
                Some("crt") => {
                    let pem = read_if_present(&path)?.unwrap_or_default();
                    let authorities = certificates(&pem).ok_or_else(|| unusable(&path))?;
                    self.authorities.extend(authorities);
                }
                Some("cert") if self.identity.is_none() => {
                    let key = path.with_extension("key");
                    let mut pem = read_if_present(&path)?.unwrap_or_default();
                    pem.push(b'\n');
                    pem.extend(read_if_present(&key)?.ok_or_else(|| Error::Setup {
                        what: path.display().to_string(),
                        reason: format!("its key {} is missing", key.display()),
                        hint: "put the key next to the certificate, or remove both".into(),
                    })?);
                    Identity::from_pem(&pem).map_err(|_| unusable(&path))?;
                    self.identity = Some(pem);
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Configures the trusted authorities and the client certificate. `insecure` is `--insecure`.
    pub(super) fn configure(
        &self,
        builder: ClientBuilder,
        insecure: bool,
    ) -> Result<ClientBuilder, Box<dyn std::error::Error + Send + Sync>> {
        if !insecure && !self.authorities.is_empty() {
            return Ok(builder.tls_backend_preconfigured(self.tls()?));
        }
        let builder = builder.tls_danger_accept_invalid_certs(insecure);
        Ok(match &self.identity {
            Some(pem) => builder.identity(Identity::from_pem(pem)?),
            None => builder,
        })
    }

    fn tls(&self) -> Result<ClientConfig, Box<dyn std::error::Error + Send + Sync>> {
        let provider = Arc::new(aws_lc_rs::default_provider());
        let trust = Trust::new(self.authorities.clone(), provider.clone())?;
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(trust));
        let mut config = match &self.identity {
            Some(pem) => {
                let chain = CertificateDer::pem_slice_iter(pem).collect::<Result<_, _>>()?;
                config.with_client_auth_cert(chain, PrivateKeyDer::from_pem_slice(pem)?)?
            }
            None => config.with_no_client_auth(),
        };
        // The protocols that reqwest offers with its own configuration.
        config.alpn_protocols = vec![b"h2".into(), b"http/1.1".into()];
        Ok(config)
    }
}

/// The certificates of a file, at least one.
fn certificates(pem: &[u8]) -> Option<Vec<CertificateDer<'static>>> {
    let certificates: Vec<_> = CertificateDer::pem_slice_iter(pem)
        .collect::<Result<_, _>>()
        .ok()?;
    Some(certificates).filter(|certificates| !certificates.is_empty())
}

fn unusable(path: &Path) -> Error {
    Error::Setup {
        what: path.display().to_string(),
        reason: "it has no certificate, or no key, in PEM form".into(),
        hint: "authorities are named *.crt, a client certificate *.cert with *.key".into(),
    }
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "tests write the files")]
mod tests {
    use super::*;

    #[test]
    fn authorities_and_identity_by_their_names() {
        let directory = tempfile::tempdir().unwrap();
        let signed = rcgen::generate_simple_self_signed(vec!["localhost".into()]).unwrap();
        let write = |name: &str, text: &str| {
            std::fs::write(directory.path().join(name), text).unwrap();
        };
        write("ca.crt", &signed.cert.pem());
        write("client.cert", &signed.cert.pem());
        let mut found = Certificates::default();
        let error = found.add(directory.path()).unwrap_err().to_string();
        assert!(error.contains("client.key is missing"), "{error}");
        write("client.key", &signed.signing_key.serialize_pem());
        let mut found = Certificates::default();
        found.add(directory.path()).unwrap();
        assert_eq!(found.authorities.len(), 1);
        assert!(found.identity.is_some());
        write("client.key", "nothing");
        assert!(Certificates::default().add(directory.path()).is_err());
        assert!(
            Certificates::default()
                .add(Path::new("/nonexistent"))
                .is_ok()
        );
    }
}
