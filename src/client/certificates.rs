//! Certificates that docker and podman users keep for one registry: `certs.d/<host:port>/`.
//!
//! `*.crt` are authorities to trust besides the system's; `<name>.cert` with `<name>.key` is what
//! this side shows. Knows file names and PEM, not connections.

use std::path::{Path, PathBuf};

use reqwest::{Certificate, Identity};

use super::Error;
use super::files::{list, read_if_present};

/// What the directories of one registry hold.
#[derive(Default)]
pub(super) struct Certificates {
    /// Authorities to trust besides the system's.
    pub(super) authorities: Vec<Certificate>,
    /// The certificate and key of this side.
    pub(super) identity: Option<Identity>,
}

/// The directories in which `certs.d` is looked for.
fn directories() -> Vec<PathBuf> {
    let mut directories = vec![
        PathBuf::from("/etc/docker/certs.d"),
        PathBuf::from("/etc/containers/certs.d"),
    ];
    if let Some(config) = dirs::config_dir() {
        directories.push(config.join("containers/certs.d"));
        directories.push(config.join("regctl/certs.d"));
    }
    directories
}

impl Certificates {
    /// Reads what there is for a registry, `host` or `host:port`.
    pub(super) fn load(authority: &str) -> Result<Self, Error> {
        let mut found = Self::default();
        for directory in directories() {
            found.add(&directory.join(authority))?;
        }
        Ok(found)
    }

    fn add(&mut self, directory: &Path) -> Result<(), Error> {
        for path in list(directory) {
            let extension = path.extension().and_then(|extension| extension.to_str());
            match extension {
                Some("crt") => {
                    let pem = read_if_present(&path)?.unwrap_or_default();
                    let authorities =
                        Certificate::from_pem_bundle(&pem).map_err(|_| unusable(&path))?;
                    self.authorities.extend(authorities);
                }
                Some("cert") if self.identity.is_none() => {
                    let key = path.with_extension("key");
                    let mut pem = read_if_present(&path)?.unwrap_or_default();
                    pem.push(b'\n');
                    pem.extend(read_if_present(&key)?.ok_or_else(|| Error::Setup {
                        what: path.display().to_string(),
                        reason: format!("its key {} is missing", key.display()),
                        hint: "put the key beside the certificate, or remove both".into(),
                    })?);
                    self.identity = Some(Identity::from_pem(&pem).map_err(|_| unusable(&path))?);
                }
                _ => {}
            }
        }
        Ok(())
    }
}

fn unusable(path: &Path) -> Error {
    Error::Setup {
        what: path.display().to_string(),
        reason: "it holds no certificate, or no key, in PEM form".into(),
        hint: "authorities are named *.crt, a client certificate *.cert with *.key".into(),
    }
}

#[cfg(test)]
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
