//! `regctl health`: whether the configured server is ready for requests, for container engines and
//! scripts.

use std::time::Duration;

use anyhow::Context as _;
use tokio_rustls::rustls::{self, AlertDescription};

use super::administration::PlaceArgs;
use super::exit::Exit;
use super::output::Printer;
use crate::config::{self, ListenAddress, TlsSettings};

/// Timeout of the answer.
const TIMEOUT: Duration = Duration::from_secs(5);

/// Ask the server of this configuration whether it is ready
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Requests /readyz at the debug address (http.debug.addr), if there is one, else at the configured \
address; the certificate is not verified, because the connection stays on this machine.

A server that requires client certificates (http.tls.clientcas) answers this command only at its debug \
address. Without one, a TLS handshake that it refuses for lack of a certificate counts as ready: it \
proves that the server runs, but not that its health checks pass.

Exit codes: 0 ready, 1 not ready or not there.

Examples:
  regctl health
  regctl health --config /etc/docker/registry/config.yml")]
pub(super) struct Args {
    /// The address of the server [default: from its configuration]
    #[arg(long, value_name = "ADDR")]
    listen: Option<String>,
    #[command(flatten)]
    root: PlaceArgs,
}

pub(super) async fn run(args: &Args, printer: Printer) -> anyhow::Result<Exit> {
    let settings = config::load_without_data(&args.root.request(args.listen.clone()))?.settings;
    let http = &settings.http;
    // The debug listener has no TLS; --listen is about the main one.
    let debug = http.debug.as_ref().filter(|_| args.listen.is_none());
    let (address, tls, prefix) = match debug {
        Some(debug) => (&debug.address, None, ""),
        None => (&http.address, http.tls.as_ref(), http.prefix.as_str()),
    };
    let scheme = if tls.is_some() { "https" } else { "http" };
    let mut client = reqwest::Client::builder()
        .no_proxy()
        .timeout(TIMEOUT)
        // An error of HTTP/2 does not contain the alert of TLS that caused it.
        .http1_only()
        .tls_danger_accept_invalid_certs(true);
    let host = match address {
        ListenAddress::Tcp { host, port } => format!("{}:{port}", reachable(host)),
        ListenAddress::Unix(path) => {
            client = client.unix_socket(path.clone());
            "localhost".to_owned()
        }
    };
    let address = format!("{scheme}://{host}{prefix}/readyz");
    let answer = match client.build()?.get(&address).send().await {
        Ok(answer) => answer,
        Err(error) if wants_certificate(tls) && is_refusal(&error) => {
            printer.report(
                "running: it requires a client certificate, so its health checks are unknown; \
                 http.debug.addr has them",
            )?;
            return Ok(Exit::Done);
        }
        Err(error) => {
            let reason = if error.is_timeout() {
                "does not answer"
            } else {
                "can't be reached"
            };
            anyhow::bail!("{address} {reason}; hint: is `regctl serve` running?");
        }
    };
    let status = answer.status();
    let text = answer.text().await.context("the answer broke off")?;
    if !status.is_success() {
        anyhow::bail!("not ready ({status}): {}", text.trim());
    }
    printer.report("ready")?;
    Ok(Exit::Done)
}

/// Whether clients without a certificate are refused.
fn wants_certificate(tls: Option<&TlsSettings>) -> bool {
    let clients = tls.and_then(|tls| tls.clients.as_ref());
    clients.is_some_and(|clients| clients.required)
}

/// Whether the other side speaks TLS and has refused this client after the handshake: by an alert.
fn is_refusal(error: &reqwest::Error) -> bool {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(error) = cause {
        if let Some(rustls::Error::AlertReceived(alert)) = error.downcast_ref() {
            return matches!(
                alert,
                AlertDescription::CertificateRequired
                    | AlertDescription::HandshakeFailure
                    | AlertDescription::BadCertificate
            );
        }
        // An alert that arrives before the request is sent ends the connection, and is not kept.
        if error.downcast_ref().is_some_and(hyper::Error::is_canceled) {
            return true;
        }
        // An I/O error hides what it contains from the chain.
        let inner = error.downcast_ref::<std::io::Error>();
        cause = match inner.and_then(std::io::Error::get_ref) {
            Some(inner) => Some(inner),
            None => error.source(),
        };
    }
    false
}

/// A reachable address for an address that the server listens on.
fn reachable(host: &str) -> String {
    match host {
        "" | "0.0.0.0" | "::" => "127.0.0.1".to_owned(),
        host if host.contains(':') => format!("[{host}]"),
        host => host.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wildcard_addresses_are_contacted_on_the_loopback() {
        for (listens, asked) in [
            ("", "127.0.0.1"),
            ("0.0.0.0", "127.0.0.1"),
            ("::", "127.0.0.1"),
            ("::1", "[::1]"),
            ("10.0.0.1", "10.0.0.1"),
        ] {
            assert_eq!(reachable(listens), asked);
        }
    }
}
