//! `regctl serve`: runs the registry.

use std::path::PathBuf;

use super::output::Printer;
use super::{Exit, administration, owner};
use crate::config::AcmeFlags;
use crate::server;

/// Run a registry
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Flags take precedence over the environment (registry:2's REGISTRY_… variables), which takes \
precedence over the file. Without a file deletion is enabled; with one, storage.delete.enabled \
decides.

--tls self-signed creates a private authority and a certificate for every name and address of \
this host, stores them in regctl/tls below the root and renews them. Clients trust the authority \
with `regctl trust`.

--tls acme gets a certificate for each --host and renews it. Let's Encrypt must reach this server under \
these names: at port 443 (TLS-ALPN-01), or at port 80 with --acme-http :80 (HTTP-01). Until the \
certificate is issued, a temporary one is used, which no client trusts.

Examples:
  regctl serve
  regctl serve --root /var/lib/registry --listen 0.0.0.0:5000
  regctl serve --listen :5000 --tls self-signed --host registry.example.com
  regctl serve --listen :5000 --tls cert.pem,key.pem
  regctl serve --listen :443 --tls acme --host registry.example.com
  regctl serve --config /etc/docker/registry/config.yml
  regctl serve --check")]
pub struct Args {
    /// The data directory [default: the user's]
    #[arg(long, value_name = "DIR")]
    pub root: Option<PathBuf>,
    /// The address to listen on; port 0 means a free one [default: 127.0.0.1:5000]
    #[arg(long, value_name = "ADDR")]
    pub listen: Option<String>,
    /// Use TLS: `self-signed` with this server's own authority, `acme` with a certificate of Let's
    /// Encrypt or another ACME directory, or with these two files
    #[arg(long, value_name = "self-signed|acme|CERT,KEY")]
    pub tls: Option<String>,
    /// An additional name or address of this host for clients; with --tls self-signed
    #[arg(long = "host", value_name = "NAME")]
    pub hosts: Vec<String>,
    /// The ACME directory that issues the certificate [default: Let's Encrypt]
    #[arg(long, value_name = "URL")]
    pub acme_directory: Option<String>,
    /// The authority of the ACME directory's own certificate, PEM [default: the system's]
    #[arg(long, value_name = "FILE")]
    pub acme_ca: Option<PathBuf>,
    /// The address to which the ACME authority may send mail
    #[arg(long, value_name = "EMAIL")]
    pub acme_email: Option<String>,
    /// Where to answer HTTP-01 challenges, as in :80; without it TLS-ALPN-01 is used
    #[arg(long, value_name = "ADDR")]
    pub acme_http: Option<String>,
    /// A registry:2 configuration; without FILE the one at its usual places
    #[arg(long, value_name = "FILE", num_args = 0..=1)]
    pub config: Option<Option<PathBuf>>,
    /// Use regctl's own accounts: see regctl user; anonymous callers can then only pull from
    /// public repositories
    #[arg(long)]
    pub accounts: bool,
    /// Describe the configuration and its ignored keys, and exit
    #[arg(long)]
    pub check: bool,
}

pub(super) async fn run(args: Args, printer: Printer) -> anyhow::Result<Exit> {
    let mut request = administration::request(args.root, args.config, args.listen);
    request.accounts = Some(args.accounts);
    request.tls = args.tls;
    request.hosts = args.hosts;
    request.acme = AcmeFlags {
        directory: args.acme_directory,
        authorities: args.acme_ca,
        email: args.acme_email,
        http: args.acme_http,
    };
    if args.check {
        printer.lines(server::check(&request)?.lines())?;
    } else {
        owner::settle(&request)?;
        // A closed stdout does not stop the server.
        let banner = |line: &str| drop(printer.report(line));
        server::run(&request, printer.is_terminal().then_some(banner)).await?;
    }
    Ok(Exit::Done)
}
