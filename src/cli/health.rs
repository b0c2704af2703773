//! `regctl health`: whether the configured server is ready for requests, for container engines and
//! scripts.

use std::time::Duration;

use anyhow::Context as _;

use super::administration::PlaceArgs;
use super::exit::Exit;
use super::output::Printer;
use crate::config::{self, ListenAddress};

/// Timeout of the answer.
const TIMEOUT: Duration = Duration::from_secs(5);

/// Ask the server of this configuration whether it is ready
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Requests /readyz at the configured address; the certificate is not verified, because the \
connection stays on this machine.

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
    let settings = config::load(&args.root.request(args.listen.clone()))?.settings;
    let http = &settings.http;
    let scheme = if http.tls.is_some() { "https" } else { "http" };
    let mut client = reqwest::Client::builder()
        .no_proxy()
        .timeout(TIMEOUT)
        .tls_danger_accept_invalid_certs(true);
    let host = match &http.address {
        ListenAddress::Tcp { host, port } => format!("{}:{port}", reachable(host)),
        ListenAddress::Unix(path) => {
            client = client.unix_socket(path.clone());
            "localhost".to_owned()
        }
    };
    let prefix = http.prefix.trim_matches('/');
    let prefix = if prefix.is_empty() {
        String::new()
    } else {
        format!("/{prefix}")
    };
    let address = format!("{scheme}://{host}{prefix}/readyz");
    let answer = client.build()?.get(&address).send().await;
    let answer = answer.map_err(|error| {
        let reason = if error.is_timeout() {
            "does not answer"
        } else {
            "can't be reached"
        };
        anyhow::anyhow!("{address} {reason}; hint: is `regctl serve` running?")
    })?;
    let status = answer.status();
    let text = answer.text().await.context("the answer broke off")?;
    if !status.is_success() {
        anyhow::bail!("not ready ({status}): {}", text.trim());
    }
    printer.report("ready")?;
    Ok(Exit::Done)
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
