//! Connections that the server opens itself: to an ACME directory, and to OpenID issuers.

use std::path::Path;
use std::time::Duration;

use anyhow::Context as _;

use crate::auth::{Documents, Exchange, Pending};

/// Timeout for a document of an issuer.
const PATIENCE: Duration = Duration::from_secs(10);
/// Maximum size of a document of an issuer.
const DOCUMENT: usize = 512 * 1024;

/// A client with the authorities of a file, PEM, instead of the system's, if one is named. It
/// follows no redirects: the configuration names every address.
#[expect(clippy::disallowed_methods, reason = "certificates are not in a store")]
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
                .with_context(|| format!("{}: it contains no certificate", path.display()))?;
            builder.tls_certs_only(certificates)
        }
        None => builder,
    };
    builder
        .build()
        .context("the TLS settings for outgoing connections")
}

/// The innermost error of a chain: that of the network.
pub(super) fn reason(error: &(dyn std::error::Error + 'static)) -> String {
    let mut innermost = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    innermost.to_string()
}

/// Fetches documents of issuers.
pub(super) struct Fetching(reqwest::Client);

impl Fetching {
    /// Creates the client, with the authorities of this file instead of the system's.
    pub(super) fn new(authorities: Option<&Path>) -> anyhow::Result<Self> {
        Ok(Self(client(authorities, PATIENCE)?))
    }
}

impl Fetching {
    /// The body of a successful answer.
    async fn fetch(
        &self,
        address: &str,
        request: reqwest::RequestBuilder,
    ) -> Result<Vec<u8>, String> {
        let failed = |error: reqwest::Error| format!("{address}: {}", reason(&error));
        let mut answer = request.send().await.map_err(failed)?;
        if !answer.status().is_success() {
            return Err(format!("{address}: answered {}", answer.status()));
        }
        let mut text = Vec::new();
        while let Some(piece) = answer.chunk().await.map_err(failed)? {
            text.extend_from_slice(&piece);
            if text.len() > DOCUMENT {
                return Err(format!("{address}: answered more than {DOCUMENT} bytes"));
            }
        }
        Ok(text)
    }
}

impl Documents for Fetching {
    fn get<'a>(&'a self, address: &'a str) -> Pending<'a, Result<Vec<u8>, String>> {
        Box::pin(self.fetch(address, self.0.get(address)))
    }
}

impl Exchange for Fetching {
    fn post<'a>(
        &'a self,
        address: &'a str,
        form: String,
        authorization: Option<String>,
    ) -> Pending<'a, Result<Vec<u8>, String>> {
        let mut request = self
            .0
            .post(address)
            .header("Accept", "application/json")
            .header("Content-Type", "application/x-www-form-urlencoded")
            .body(form);
        if let Some(authorization) = authorization {
            request = request.header("Authorization", authorization);
        }
        Box::pin(self.fetch(address, request))
    }
}
