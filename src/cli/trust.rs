//! `regctl trust`: makes docker, podman and containerd on this machine trust a registry's
//! authority.
//!
//! All of them read `certs.d/HOST:PORT/*.crt`, each below its own directory. The file has a fixed
//! name, so that `--remove` removes only files of this command.

#![expect(
    clippy::disallowed_methods,
    reason = "certificates of clients are not in a store"
)]

use std::io;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, anyhow};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::certificate;
use super::exit::{Exit, Usage};
use super::output::Printer;
use crate::client::{Chain, served_chain};

/// The file with the authority.
const FILE: &str = "regctl-ca.crt";
/// The directories for the whole machine.
pub(super) const OF_THE_MACHINE: [(&str, &str); 3] = [
    ("docker", "/etc/docker/certs.d"),
    ("podman", "/etc/containers/certs.d"),
    ("containerd", "/etc/containerd/certs.d"),
];

/// Let docker, podman and containerd on this machine trust a registry's certificate
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
The authority's certificate is fetched from the registry, and its fingerprint is shown; `regctl \
serve --tls self-signed` prints the same fingerprint on the registry's host. Compare them, or \
pass it with --fingerprint.

It is written to certs.d/HOST:PORT/regctl-ca.crt for each client: for root in /etc/docker, \
/etc/containers (podman, buildah, skopeo) and /etc/containerd, for other users in docker and \
containers of the user's configuration directory. No client has to be restarted. regctl reads \
them as well.

Examples:
  regctl trust registry-host:5000
  regctl trust registry-host:5000 --fingerprint sha256:2c26b46b68ff…
  regctl trust registry-host:5000 --remove")]
pub(super) struct Args {
    /// The registry
    #[arg(value_name = "HOST[:PORT]")]
    host: String,
    /// The expected fingerprint; the command then asks nothing
    #[arg(long, value_name = "SHA256")]
    fingerprint: Option<String>,
    /// Remove the trust
    #[arg(long, conflicts_with = "fingerprint")]
    remove: bool,
    /// Accept any fingerprint without asking
    #[arg(short, long)]
    yes: bool,
}

pub(super) async fn run(args: &Args, printer: Printer) -> anyhow::Result<Exit> {
    let (host, port) = address(&args.host)?;
    let directories = directories(&host, port);
    if args.remove {
        return remove(&directories, printer);
    }
    let chain = served_chain(&host, port).await.map_err(|error| {
        anyhow!("{error}; hint: regctl trust is for registries with TLS of their own")
    })?;
    if let Some(reason) = certificate::of_authority(&chain) {
        return Err(anyhow!(
            "clients refuse the authority of {host}:{port}: {reason}; hint: {}",
            certificate::replace_authority()
        ));
    }
    if chain.is_trusted().is_ok() {
        printer.report(&format!(
            "{host}:{port} has a certificate that this machine trusts already"
        ))?;
        return Ok(Exit::Done);
    }
    if let Err(reason) = chain.would_be_trusted() {
        return Err(anyhow!(
            "trust in this authority would not be enough: {reason}; hint: a certificate is for \
             names and a time; on the server, regctl serve --tls self-signed --host {host}"
        ));
    }
    if !is_meant(args, &chain, printer)? {
        return Ok(Exit::Error);
    }
    for (client, directory) in &directories {
        let path = directory.join(FILE);
        write(directory, &path, &pem(&chain))
            .with_context(|| format!("write {}", path.display()))?;
        printer.report(&format!("{client}: {}", path.display()))?;
    }
    if !is_root() {
        printer.note(
            "docker and containerd that work for the whole machine read /etc: run this as root for \
             them",
        );
    }
    for (client, directory) in &directories {
        if *client == "containerd" && directory.join("hosts.toml").exists() {
            printer.warning(&format!(
                "containerd reads {}, which must name the file: ca = \"{}\"",
                directory.join("hosts.toml").display(),
                directory.join(FILE).display()
            ));
        }
    }
    Ok(Exit::Done)
}

/// Whether this is the authority that the user expects.
fn is_meant(args: &Args, chain: &Chain, printer: Printer) -> anyhow::Result<bool> {
    let found = chain.fingerprint();
    if let Some(expected) = &args.fingerprint {
        if hexadecimal(expected) == hexadecimal(&found) {
            return Ok(true);
        }
        return Err(anyhow!(
            "the fingerprint is {found} and not {expected}; hint: this is another registry, or \
             somebody between you and it"
        ));
    }
    let line = format!("The authority of {} is {found}", args.host);
    if args.yes {
        printer.report(&line)?;
        return Ok(true);
    }
    let asked = printer.ask(
        std::slice::from_ref(&line),
        "Is this the fingerprint that its server prints?",
    )?;
    asked.ok_or_else(|| {
        Usage(format!(
            "{line}; hint: compare it with the output of regctl serve, and pass it with --fingerprint \
             {found}"
        ))
        .into()
    })
}

/// The digits of a fingerprint in any notation: `sha256:…`, `SHA256 AB:CD:…`.
fn hexadecimal(text: &str) -> String {
    let lower = text.to_ascii_lowercase();
    let digits = lower.strip_prefix("sha256").unwrap_or(&lower);
    digits.chars().filter(char::is_ascii_hexdigit).collect()
}

/// Parses `HOST[:PORT]`; the default port is that of https.
pub(super) fn address(text: &str) -> Result<(String, u16), Usage> {
    let bare = text
        .strip_prefix("https://")
        .unwrap_or(text)
        .trim_end_matches('/');
    let wrong = || {
        Usage(format!(
            "{text:?} is not HOST:PORT; hint: as in registry-host:5000"
        ))
    };
    let (host, port) = match bare.rsplit_once(':') {
        Some((host, port)) if !host.ends_with(':') && !bare.ends_with(']') => {
            (host, port.parse().map_err(|_| wrong())?)
        }
        _ => (bare, 443),
    };
    let named = |byte: u8| byte.is_ascii_alphanumeric() || b".-_[]:".contains(&byte);
    if host.is_empty() || !host.bytes().all(named) {
        return Err(wrong());
    }
    Ok((host.to_owned(), port))
}

/// The directories for a registry, each with its client. Clients read a missing port as 443.
fn directories(host: &str, port: u16) -> Vec<(&'static str, PathBuf)> {
    let mut names = vec![format!("{host}:{port}")];
    if port == 443 {
        names.push(host.to_owned());
    }
    let parents: Vec<(&str, PathBuf)> = if is_root() {
        OF_THE_MACHINE
            .map(|(client, path)| (client, PathBuf::from(path)))
            .into()
    } else {
        let config = dirs::config_dir().unwrap_or_default();
        vec![
            ("docker", config.join("docker/certs.d")),
            ("podman", config.join("containers/certs.d")),
        ]
    };
    parents
        .iter()
        .flat_map(|(client, parent)| names.iter().map(|name| (*client, parent.join(name))))
        .collect()
}

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

fn pem(chain: &Chain) -> String {
    let text = STANDARD.encode(chain.authority());
    let lines: Vec<&str> = (0..text.len())
        .step_by(64)
        .map(|start| &text[start..text.len().min(start + 64)])
        .collect();
    format!(
        "-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n",
        lines.join("\n")
    )
}

fn write(directory: &Path, path: &Path, text: &str) -> io::Result<()> {
    std::fs::create_dir_all(directory)?;
    let unnamed = path.with_extension("new");
    std::fs::write(&unnamed, text)?;
    std::fs::rename(&unnamed, path)
}

fn remove(directories: &[(&'static str, PathBuf)], printer: Printer) -> anyhow::Result<Exit> {
    let mut removed = false;
    for (client, directory) in directories {
        let path = directory.join(FILE);
        match std::fs::remove_file(&path) {
            Ok(()) => {
                removed = true;
                printer.report(&format!("{client}: removed {}", path.display()))?;
                // The directory may contain other files.
                let _ = std::fs::remove_dir(directory);
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => {
                return Err(error).with_context(|| format!("remove {}", path.display()));
            }
        }
    }
    if !removed {
        printer.report("There is no file of this command")?;
    }
    Ok(Exit::Done)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_and_fingerprints() {
        for (text, host, port) in [
            ("registry-host:5000", "registry-host", 5000),
            ("registry.example.com", "registry.example.com", 443),
            ("https://r:8443/", "r", 8443),
            ("[::1]:5000", "[::1]", 5000),
            ("[::1]", "[::1]", 443),
        ] {
            assert_eq!(address(text).unwrap(), (host.to_owned(), port), "{text}");
        }
        for text in ["", ":5000", "a:b", "a/b:1", "a:70000", "../x:1"] {
            assert!(address(text).is_err(), "{text}");
        }
        assert_eq!(hexadecimal("SHA256 AB:CD:01"), "abcd01");
        assert_eq!(hexadecimal("sha256:abcd01"), "abcd01");
    }
}
