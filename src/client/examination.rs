//! Examines a registry as a client on this machine sees it: name, route, TLS, sign-in, clock.
//!
//! Every step is tried even if an earlier one failed, so that all problems are reported at once. The
//! request goes through the proxy that the environment configures, as those of clients do. No
//! credentials are sent, and no certificate becomes trusted.

use std::net::IpAddr;
use std::time::Duration;

use jiff::Timestamp;
use jiff::fmt::rfc2822;
use reqwest::header::{DATE, HeaderMap, WWW_AUTHENTICATE};
use tokio::net::{TcpStream, lookup_host};
use tokio::time::timeout;
use tokio_rustls::rustls;
use url::Url;

use super::certificates::Certificates;
use super::chain::{Chain, ChainError, served_chain};
use super::connections::{proxy_of, unusable_proxy};
use super::failure::tls_reason;
use super::tls_words::tls_words;
use super::words::innermost;

/// Timeout of each step.
const LIMIT: Duration = Duration::from_secs(10);
/// Maximum number of requests whose connection is closed without an answer.
const ATTEMPTS: u32 = 5;
/// The header by which a registry identifies itself.
const API_VERSION: &str = "docker-distribution-api-version";

/// The result of an examination.
#[derive(Debug)]
pub struct Examination {
    /// The addresses of the name, or why there are none.
    pub addresses: Result<Vec<IpAddr>, String>,
    /// The addresses that can't be reached, with the errors.
    pub unreachable: Vec<(IpAddr, String)>,
    /// The proxy that the environment configures for it, as `host:port`.
    pub proxy: Option<String>,
    /// Why the environment's proxy can't be used, if it names one that can't.
    pub unusable_proxy: Option<String>,
    /// Its certificates; an error if it does not speak TLS.
    pub chain: Result<Chain, ChainError>,
    /// Its answer to `GET /v2/`.
    pub answer: Result<RegistryAnswer, NoAnswer>,
}

/// Why a server did not answer a request.
#[derive(Debug)]
pub struct NoAnswer {
    /// The reason; continues a sentence about the server.
    pub reason: String,
    /// Whether it refused this machine's client certificate, or misses one.
    pub client_refused: bool,
}

/// The answer of a registry to `GET /v2/`.
#[derive(Debug)]
pub struct RegistryAnswer {
    /// The status.
    pub status: u16,
    /// Whether it is the answer of a registry.
    pub is_registry: bool,
    /// The sign-in method: `Basic`, or `Bearer` with its token service.
    pub challenge: Option<String>,
    /// Seconds by which its clock is ahead of this machine's.
    pub clock_ahead: Option<i64>,
}

/// Examines a registry.
pub async fn examine(host: &str, port: u16) -> Examination {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    let addresses = match timeout(LIMIT, lookup_host((bare, port))).await {
        Ok(Ok(found)) => Ok(found.map(|address| address.ip()).collect::<Vec<_>>()),
        Ok(Err(error)) => Err(innermost(&error)),
        Err(_) => Err("no name server answers".to_owned()),
    };
    let mut unreachable = Vec::new();
    for address in addresses.as_deref().unwrap_or_default() {
        match timeout(LIMIT, TcpStream::connect((*address, port))).await {
            Ok(Ok(_)) => {}
            Ok(Err(error)) => unreachable.push((*address, innermost(&error))),
            Err(_) => unreachable.push((*address, "no answer in 10 s".to_owned())),
        }
    }
    let chain = served_chain(host, port).await;
    let authority = format!("{host}:{port}");
    // To a host that can't be reached the proxy may lead.
    let scheme = match &chain {
        Err(ChainError::NoTls { .. }) => "http",
        Ok(_) | Err(_) => "https",
    };
    let url = Url::parse(&format!("{scheme}://{authority}/")).ok();
    let proxy = url.as_ref().and_then(proxy_of);
    let unusable = url.as_ref().and_then(unusable_proxy);
    // A chain that was received is judged by itself.
    let trusting = chain.is_ok();
    Examination {
        addresses,
        unreachable,
        answer: ask(scheme, &authority, host, proxy.is_some(), trusting).await,
        proxy,
        unusable_proxy: unusable.map(|error| error.to_string()),
        chain,
    }
}

/// Asks with the client certificate that this machine keeps for the registry, if there is one;
/// `trusting` accepts any certificate.
async fn ask(
    scheme: &str,
    authority: &str,
    host: &str,
    proxied: bool,
    trusting: bool,
) -> Result<RegistryAnswer, NoAnswer> {
    let other = |reason: String| NoAnswer {
        reason,
        client_refused: false,
    };
    let builder = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .timeout(LIMIT)
        // An error of HTTP/2 does not contain the alert of TLS that caused it.
        .http1_only();
    let builder = if proxied { builder } else { builder.no_proxy() };
    let certificates = Certificates::load(&[authority, host]);
    let certificates = certificates.map_err(|error| other(error.to_string()))?;
    let builder = certificates.configure(builder, trusting);
    let builder = builder.map_err(|error| other(error.to_string()))?;
    let client = builder.build().map_err(|error| other(innermost(&error)))?;
    let url = format!("{scheme}://{authority}/v2/");
    let mut attempts = ATTEMPTS;
    let answer = loop {
        attempts -= 1;
        match client.get(&url).send().await {
            Ok(answer) => break answer,
            Err(error) => match tls_reason(&error) {
                Some(tls) => {
                    return Err(NoAnswer {
                        reason: tls_words(tls),
                        client_refused: matches!(tls, rustls::Error::AlertReceived(_)),
                    });
                }
                // An alert is lost if it arrives before the request is sent.
                None if attempts > 0 && scheme == "https" && !error.is_timeout() => {}
                None => return Err(other(innermost(&error))),
            },
        }
    };
    let headers = answer.headers();
    let text = |name| header(headers, name);
    let sent = text(DATE.as_str()).and_then(|date| rfc2822::parse(&date).ok());
    Ok(RegistryAnswer {
        status: answer.status().as_u16(),
        is_registry: headers.contains_key(API_VERSION),
        challenge: text(WWW_AUTHENTICATE.as_str()),
        clock_ahead: sent.map(|sent| sent.timestamp().as_second() - Timestamp::now().as_second()),
    })
}

fn header(headers: &HeaderMap, name: &str) -> Option<String> {
    Some(headers.get(name)?.to_str().ok()?.to_owned())
}
