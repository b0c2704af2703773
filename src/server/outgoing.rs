//! Connections that the server makes by itself: to an ACME directory, to issuers of sign-ins.

use std::path::Path;
use std::time::Duration;

use anyhow::Context as _;

/// A client with the authorities of a file, PEM, instead of the system's, if one is named. Redirects
/// are not followed: what is asked for is named in the configuration.
#[expect(
    clippy::disallowed_methods,
    reason = "certificates are no files of a store"
)]
pub(super) fn client(
    authorities: Option<&Path>,
    patience: Duration,
) -> anyhow::Result<reqwest::Client> {
    let builder = reqwest::Client::builder()
        .user_agent(concat!("regctl/", env!("CARGO_PKG_VERSION")))
        .redirect(reqwest::redirect::Policy::none())
        .timeout(patience);
    let builder = match authorities {
        Some(path) => {
            let pem = std::fs::read(path).with_context(|| path.display().to_string())?;
            let certificates = reqwest::Certificate::from_pem_bundle(&pem)
                .ok()
                .filter(|certificates| !certificates.is_empty());
            let certificates = certificates
                .with_context(|| format!("{}: there is no certificate in it", path.display()))?;
            builder.tls_certs_only(certificates)
        }
        None => builder,
    };
    builder
        .build()
        .context("the TLS settings for outgoing connections")
}

/// The innermost reason of an error: what the network itself said.
pub(super) fn reason(error: &(dyn std::error::Error + 'static)) -> String {
    let mut innermost = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    innermost.to_string()
}
