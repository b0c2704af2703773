//! Connections that the server opens itself: to an ACME directory, and to OpenID issuers.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context as _;

use crate::auth::{Documents, Exchange, Pending};

/// Timeout for a document of an issuer.
const PATIENCE: Duration = Duration::from_secs(10);
/// Maximum size of a document of an issuer.
const DOCUMENT: usize = 512 * 1024;
/// Maximum length of each part of an explanation, in characters.
const EXPLANATION: usize = 300;

/// The file with the authorities of a connection can't be used.
#[derive(Debug, thiserror::Error)]
#[error("{}: {reason}", path.display())]
pub(super) struct UnusableAuthorities {
    pub(super) path: PathBuf,
    reason: String,
}

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
            let unusable = |reason: String| UnusableAuthorities {
                path: path.to_owned(),
                reason,
            };
            let pem = std::fs::read(path).map_err(|error| unusable(error.to_string()))?;
            let certificates = reqwest::Certificate::from_pem_bundle(&pem)
                .ok()
                .filter(|certificates| !certificates.is_empty());
            let certificates =
                certificates.ok_or_else(|| unusable("it contains no certificate".to_owned()))?;
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
        let status = answer.status();
        let mut text = Vec::new();
        while let Some(piece) = answer.chunk().await.map_err(failed)? {
            text.extend_from_slice(&piece);
            if text.len() > DOCUMENT {
                return Err(format!("{address}: answered more than {DOCUMENT} bytes"));
            }
        }
        if !status.is_success() {
            return Err(format!(
                "{address}: answered {status}{}",
                explanation(&text)
            ));
        }
        Ok(text)
    }
}

/// The error that a provider explains in its answer (RFC 6749, section 5.2), for a line of the log;
/// empty if there is none.
fn explanation(answer: &[u8]) -> String {
    #[derive(serde::Deserialize)]
    struct Explained {
        error: String,
        #[serde(default)]
        error_description: String,
    }
    let Ok(explained) = serde_json::from_slice::<Explained>(answer) else {
        return String::new();
    };
    let plain = |text: &str| -> String {
        let letters = text.chars().take(EXPLANATION);
        letters.filter(|letter| !letter.is_control()).collect()
    };
    match explained.error_description.as_str() {
        "" => format!(": {}", plain(&explained.error)),
        more => format!(": {} ({})", plain(&explained.error), plain(more)),
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
