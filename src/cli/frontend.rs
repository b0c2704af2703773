//! `regctl frontend`: serves pages for another registry.

use super::context::{ClientArgs, Context, EarlyArgs};
use super::exit::{Exit, Usage};
use super::output::Printer;
use crate::config::{self, FrontendFlags};
use crate::server;

/// Maximum number of rows on a page.
const ROWS: usize = 100;
/// Number of retries of a failed request: the user is waiting for the page.
const RETRIES: u32 = 1;

/// Serve pages for another registry
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
The pages read the registry over /v2 with the credentials of `regctl login`, if there are any: every \
visitor sees what they may see. If the registry requires a sign-in, the pages offer one: name and \
password are sent to that registry, and stay in the memory of this process for the session. Answers are \
cached for a minute, or as --cache says. Data that /v2 does not have (pushes, pulls, sizes of \
repositories) is left out. The pages are read-only.

--tls self-signed creates an authority for this server, stored in the user's data directory; see \
regctl trust.

The variables of docker-registry-frontend are supported: ENV_DOCKER_REGISTRY_HOST, \
ENV_DOCKER_REGISTRY_PORT, ENV_DOCKER_REGISTRY_USE_SSL, ENV_REGISTRY_PROXY_FQDN, ENV_REGISTRY_PROXY_PORT, \
ENV_MODE_BROWSE_ONLY, ENV_DEFAULT_REPOSITORIES_PER_PAGE, ENV_DEFAULT_TAGS_PER_PAGE, and ENV_USE_SSL \
with the certificate in /etc/apache2/server.crt and its key in /etc/apache2/server.key. Flags take precedence.

Examples:
  regctl frontend --registry https://registry.example.com --listen :8080
  regctl frontend --registry old:5000 --listen :8443 --tls cert.pem,key.pem --base-path /registry
  ENV_DOCKER_REGISTRY_HOST=registry ENV_DOCKER_REGISTRY_PORT=5000 regctl frontend --listen :80")]
pub(super) struct Args {
    /// The address to listen on; port 0 means a free one
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8080")]
    listen: String,
    /// Use TLS: `self-signed` with this server's own authority, or with these two files
    #[arg(long, value_name = "self-signed|CERT,KEY")]
    tls: Option<String>,
    /// An additional name or address of this host; with --tls self-signed
    #[arg(long = "host", value_name = "NAME")]
    hosts: Vec<String>,
    /// The prefix of every link, behind a proxy that removes it
    #[arg(long, value_name = "PATH", default_value = "")]
    base_path: String,
    /// How long lists of the registry are cached; 0 for not at all
    #[arg(long, value_name = "TIME", default_value = "1m")]
    cache: String,
    #[command(flatten)]
    client: ClientArgs,
}

/// The settings in docker-registry-frontend's variables.
#[derive(Debug, PartialEq, Eq)]
struct Variables {
    /// The registry, with its scheme.
    registry: Option<String>,
    /// The registry in the commands on the pages.
    shown: Option<String>,
    repositories_per_page: Option<usize>,
    tags_per_page: Option<usize>,
    /// Whether actions are enabled.
    acts: bool,
    /// Whether the pages have TLS.
    encrypted: bool,
}

impl Variables {
    fn read(variable: impl Fn(&str) -> Option<String>) -> Result<Self, Usage> {
        let text = |name: &str| variable(name).filter(|text| !text.is_empty());
        let port = |name: &str| match text(name) {
            None => Ok(None),
            Some(text) => match text.parse::<u16>() {
                Ok(port) if port > 0 => Ok(Some(port)),
                _ => Err(Usage(format!(
                    "{name} is {text:?}, which is not a port; hint: write it as in 5000"
                ))),
            },
        };
        let rows = |name: &str| match text(name).as_deref() {
            None => Ok(None),
            Some("all") => Ok(Some(ROWS)),
            Some(text) => match text.parse::<usize>() {
                Ok(rows) if rows > 0 => Ok(Some(rows.min(ROWS))),
                _ => Err(Usage(format!(
                    "{name} is {text:?}, which is not a number of rows; hint: write it as in 20, or all"
                ))),
            },
        };
        let encrypted = text("ENV_DOCKER_REGISTRY_USE_SSL").is_some();
        let usual = if encrypted { 443 } else { 80 };
        let registry_port = port("ENV_DOCKER_REGISTRY_PORT")?.unwrap_or(usual);
        let host = text("ENV_DOCKER_REGISTRY_HOST");
        let proxy_port = port("ENV_REGISTRY_PROXY_PORT")?.unwrap_or(registry_port);
        let shown = text("ENV_REGISTRY_PROXY_FQDN").or_else(|| host.clone());
        let acts = match text("ENV_MODE_BROWSE_ONLY").as_deref() {
            None | Some("true") => false,
            Some("false") => true,
            Some(other) => {
                return Err(Usage(format!(
                    "ENV_MODE_BROWSE_ONLY is {other:?}; hint: write true or false"
                )));
            }
        };
        Ok(Self {
            registry: host.map(|host| {
                let scheme = if encrypted { "https" } else { "http" };
                format!("{scheme}://{host}:{registry_port}")
            }),
            shown: shown.map(|host| match proxy_port {
                80 | 443 => host,
                port => format!("{host}:{port}"),
            }),
            repositories_per_page: rows("ENV_DEFAULT_REPOSITORIES_PER_PAGE")?,
            tags_per_page: rows("ENV_DEFAULT_TAGS_PER_PAGE")?,
            acts,
            encrypted: text("ENV_USE_SSL").is_some(),
        })
    }
}

pub(super) async fn run(args: &Args, early: &EarlyArgs, printer: Printer) -> anyhow::Result<Exit> {
    let variables = Variables::read(|name| std::env::var(name).ok())?;
    let client = args.client.with(early);
    let names_another = client.registry().is_some();
    let client = client.or(variables.registry, RETRIES);
    let client = Context::new(&client, printer)?.client(None)?;
    if variables.acts {
        printer
            .warning("ENV_MODE_BROWSE_ONLY is false, but the pages of another registry only show");
    }
    let apache = || "/etc/apache2/server.crt,/etc/apache2/server.key".to_owned();
    let settings = config::frontend(&FrontendFlags {
        listen: args.listen.clone(),
        tls: args
            .tls
            .clone()
            .or_else(|| variables.encrypted.then(apache)),
        hosts: args.hosts.clone(),
        base_path: args.base_path.clone(),
        cache: args.cache.clone(),
    })?;
    let data = dirs::data_dir().unwrap_or_else(|| "/var/lib".into());
    let shown = variables.shown.filter(|_| !names_another);
    let frontend = server::Frontend {
        shown: shown.unwrap_or_else(|| client.registry().to_owned()),
        client,
        repositories_per_page: variables.repositories_per_page.unwrap_or(25),
        tags_per_page: variables.tags_per_page.unwrap_or(25),
        settings,
        directory: data.join("regctl-frontend/tls"),
    };
    let banner = |line: &str| drop(printer.report(line));
    server::show(frontend, printer.is_terminal().then_some(banner)).await?;
    Ok(Exit::Done)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pairs: &[(&str, &str)]) -> Result<Variables, Usage> {
        Variables::read(|name| {
            let pair = pairs.iter().find(|(known, _)| *known == name);
            pair.map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn variables_of_docker_registry_frontend() {
        let plain = read(&[("ENV_DOCKER_REGISTRY_HOST", "old")]).unwrap();
        assert_eq!(plain.registry.as_deref(), Some("http://old:80"));
        assert_eq!(plain.shown.as_deref(), Some("old"));
        assert!(!plain.acts);
        let all = read(&[
            ("ENV_DOCKER_REGISTRY_HOST", "old"),
            ("ENV_DOCKER_REGISTRY_PORT", "5000"),
            ("ENV_DOCKER_REGISTRY_USE_SSL", "1"),
            ("ENV_REGISTRY_PROXY_FQDN", "hub.example.com"),
            ("ENV_REGISTRY_PROXY_PORT", "443"),
            ("ENV_MODE_BROWSE_ONLY", "false"),
            ("ENV_DEFAULT_REPOSITORIES_PER_PAGE", "20"),
            ("ENV_DEFAULT_TAGS_PER_PAGE", "all"),
        ]);
        let expected = Variables {
            registry: Some("https://old:5000".into()),
            shown: Some("hub.example.com".into()),
            repositories_per_page: Some(20),
            tags_per_page: Some(100),
            acts: true,
            encrypted: false,
        };
        assert_eq!(all.unwrap(), expected);
        assert_eq!(read(&[]).unwrap().registry, None);
        for (name, value) in [
            ("ENV_DOCKER_REGISTRY_PORT", "x"),
            ("ENV_REGISTRY_PROXY_PORT", "0"),
            ("ENV_MODE_BROWSE_ONLY", "maybe"),
            ("ENV_DEFAULT_TAGS_PER_PAGE", "0"),
        ] {
            assert!(
                read(&[(name, value)])
                    .unwrap_err()
                    .to_string()
                    .contains(name)
            );
        }
    }
}
