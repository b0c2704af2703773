//! The files that a configuration names and the server reads.

use std::path::Path;

use super::access::AccessSettings;
use super::settings::{CertificateSource, Settings};

impl Settings {
    /// The files that the server reads, each with its key. They are outside the root; files that the
    /// server writes are not among them.
    pub fn files(&self) -> Vec<(&'static str, &Path)> {
        let mut files: Vec<(&'static str, &Path)> = Vec::new();
        if let Some(tls) = &self.http.tls {
            match &tls.certificate {
                CertificateSource::Files { certificate, key } => {
                    files.push(("http.tls.certificate", certificate));
                    files.push(("http.tls.key", key));
                }
                CertificateSource::Acme(acme) => {
                    files.extend(acme.authorities.iter().map(|ca| ("regctl.acme.ca", &**ca)));
                }
                CertificateSource::SelfSigned { .. } => {}
            }
            let clients = tls.clients.iter();
            let authorities = clients.flat_map(|clients| &clients.authorities);
            files.extend(authorities.map(|file| ("http.tls.clientcas", &**file)));
        }
        match &self.access {
            AccessSettings::Open => {}
            AccessSettings::Htpasswd { path, .. } => files.push(("auth.htpasswd.path", path)),
            AccessSettings::Accounts { first_admin, .. } => {
                let password = first_admin.iter().flat_map(|first| &first.password_file);
                let key = "regctl.accounts.first-admin-password-file";
                files.extend(password.map(|file| (key, &**file)));
            }
            AccessSettings::TokenServer(server) => {
                let certificates = server.certificates.iter();
                files.extend(certificates.map(|file| ("auth.token.rootcertbundle", &**file)));
                files.extend(
                    server
                        .key_set
                        .iter()
                        .map(|file| ("auth.token.jwks", &**file)),
                );
            }
        }
        if let Some(oidc) = &self.oidc {
            let secret = oidc.secret_file.iter();
            files.extend(secret.map(|file| ("regctl.oidc.client-secret-file", &**file)));
            files.extend(oidc.authorities.iter().map(|ca| ("regctl.oidc.ca", &**ca)));
        }
        for rule in &self.workloads {
            files.extend(
                rule.key_set
                    .iter()
                    .map(|keys| ("regctl.workloads.jwks", &**keys)),
            );
            files.extend(
                rule.authorities
                    .iter()
                    .map(|ca| ("regctl.workloads.ca", &**ca)),
            );
        }
        files.sort_unstable();
        files.dedup();
        files
    }
}
