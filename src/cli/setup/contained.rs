//! The configuration of a server, as one in a container gets it: its ports, the mounts of the files
//! that it names, its variables.
//!
//! Invariant: what can't be carried over is an error. A registry that lost its sign-in or its TLS on
//! the way would be open to everybody.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::path::{Path, PathBuf};

use super::places::whole;
use crate::cli::container::CONFIGURATION_PATH;
use crate::cli::exit::Usage;
use crate::config::{self, AccessSettings, CertificateSource, ListenAddress, Loaded, Settings};

/// The key that names the file with the certificates of ACME.
const CACHE: &str = "http.tls.letsencrypt.cachefile";
/// The data directory in the container.
const ROOT: &str = "/var/lib/registry";
/// The port in the container.
const PORT: u16 = 5000;

/// The settings of a container without a configuration: deletes, and a collection every night.
const DEFAULTS: [(&str, &str); 2] = [
    ("REGISTRY_STORAGE_DELETE_ENABLED", "true"),
    ("REGISTRY_REGCTL_GC_SCHEDULE", "0 3 * * *"),
];

/// The configuration of a server, for a container.
pub(super) struct Contained<'a> {
    /// The configuration file and its settings.
    pub(super) loaded: &'a Loaded,
    /// The variables of this environment that are settings.
    pub(super) variables: &'a [(String, String)],
    /// The data on this host.
    pub(super) root: &'a Path,
    /// Whether the address was given, and is not the default.
    pub(super) address_is_given: bool,
}

impl Contained<'_> {
    /// The items of `ports`, `volumes` and `environment` in a compose file.
    pub(super) fn compose(&self) -> Result<[String; 3], Usage> {
        let settings = &self.loaded.settings;
        let mut variables = self.variables()?;
        if self.loaded.file.is_none() {
            // The defaults of serve, which the configuration of the image does not have.
            for (name, value) in DEFAULTS {
                let default = || Some(value.to_owned());
                variables.entry(name.to_owned()).or_insert_with(default);
            }
        }
        let mut ports = vec![published("http.addr", &settings.http.address, Some(PORT))?];
        if let Some(debug) = &settings.http.debug {
            ports.push(published("http.debug.addr", &debug.address, None)?);
            if let ListenAddress::Tcp { port, .. } = &debug.address {
                variables.insert(
                    "REGISTRY_HTTP_DEBUG_ADDR".to_owned(),
                    Some(format!(":{port}")),
                );
            }
        }
        let mut volumes = vec![mount(self.root, ROOT, "")?];
        if let Some(file) = &self.loaded.file {
            volumes.push(mount(file, CONFIGURATION_PATH, ":ro")?);
        }
        for (key, path) in settings.files() {
            let path = whole(key, path)?;
            volumes.push(mount(path, &path.display().to_string(), ":ro")?);
        }
        if let Some(CertificateSource::Acme(acme)) =
            settings.http.tls.as_ref().map(|tls| &tls.certificate)
        {
            if let Some(http) = &acme.http {
                ports.push(published("regctl.acme.http", http, None)?);
            }
            if let Some(cache) = &acme.cache {
                volumes.extend(self.cache_volume(whole(CACHE, cache)?)?);
            }
        }
        // Two keys may name the same file, and a list with equal items is refused.
        let mut known = BTreeSet::new();
        volumes.retain(|volume| known.insert(volume.clone()));
        let variables = variables.iter().map(|(name, value)| match value {
            Some(value) => format!("{name}: {}", quoted(&value.replace('$', "$$"))),
            // Without a value it is the one of the environment of docker compose.
            None => format!("{name}:"),
        });
        let item = |text: &String| format!("- {}", quoted(&text.replace('$', "$$")));
        Ok([
            lines(ports.iter().map(item), 6),
            lines(volumes.iter().map(item), 6),
            lines(variables, 6),
        ])
    }

    /// The item of `volumes` for the directory with the certificates of ACME, which the server makes and
    /// replaces there; `None` if it is with the data.
    fn cache_volume(&self, cache: &Path) -> Result<Option<String>, Usage> {
        let directory = if cache.is_file() {
            cache.parent()
        } else {
            Some(cache)
        };
        let directory = directory.filter(|found| found.parent().is_some());
        let Some(directory) = directory else {
            return Err(refused(&format!(
                "{CACHE} is {}, and its directory can't be mounted; hint: give it a directory of its own",
                cache.display()
            )));
        };
        if directory.starts_with(ROOT) && self.root == Path::new(ROOT) {
            return Ok(None);
        }
        let inside = directory.display().to_string();
        mount(directory, &inside, "").map(Some)
    }

    /// The text of the configuration, the items of `env`, and the scheme of the server, in manifests
    /// for Kubernetes.
    pub(super) fn kubernetes(&self, default: &str) -> Result<[String; 3], Usage> {
        let settings = &self.loaded.settings;
        let files: Vec<&str> = settings.files().into_iter().map(|(key, _)| key).collect();
        if !files.is_empty() {
            return Err(refused(&format!(
                "the configuration names files of this host, which a pod does not have ({}); hint: \
                 print the manifests without --config, add a Secret with these files, mount it at \
                 their paths, and put the configuration into the ConfigMap",
                files.join(", ")
            )));
        }
        if let Some(CertificateSource::Acme(acme)) =
            settings.http.tls.as_ref().map(|tls| &tls.certificate)
            && let Some(cache) = &acme.cache
            && !cache.starts_with(ROOT)
        {
            return Err(refused(&format!(
                "{CACHE} is {}, where a pod can't write; hint: remove it and name the hosts: then the \
                 certificate is kept with the data",
                cache.display()
            )));
        }
        if self.address_is_given
            && let ListenAddress::Tcp { host, .. } = &settings.http.address
            && !is_every_address(host)
        {
            return Err(refused(&format!(
                "the registry listens on {host} only, and a Service is for the whole cluster; hint: \
                 --listen :5000 if that is meant",
            )));
        }
        published("http.addr", &settings.http.address, Some(PORT)).or_else(|error| {
            // Which address of this host it is does not matter there.
            let is_tcp = matches!(settings.http.address, ListenAddress::Tcp { .. });
            if is_tcp {
                Ok(String::new())
            } else {
                Err(error)
            }
        })?;
        let text = match &self.loaded.file {
            Some(file) => config::text_of(file).map_err(|error| refused(&error.to_string()))?,
            None => default.to_owned(),
        };
        let variables = self.variables()?;
        if let Some((name, _)) = variables.iter().find(|(_, value)| value.is_none()) {
            return Err(refused(&format!(
                "the first administrator needs the password in {name}, which a manifest should not \
                 have; hint: remove regctl.accounts.first-admin, and create the account with \
                 kubectl exec: regctl user add NAME --admin"
            )));
        }
        let items = variables.iter().map(|(name, value)| {
            let value = quoted(value.as_deref().unwrap_or_default());
            format!("  - name: {name}\n    value: {value}")
        });
        let heading = if variables.is_empty() {
            "env: []"
        } else {
            "env:"
        };
        let variables = std::iter::once(heading.to_owned()).chain(items);
        let scheme = if settings.http.tls.is_some() {
            "HTTPS"
        } else {
            "HTTP"
        };
        Ok([
            lines(std::iter::once(text.trim_end().to_owned()), 4),
            lines(variables, 10),
            scheme.to_owned(),
        ])
    }

    /// The variables of the container: those of this host, except for what differs in a container.
    fn variables(&self) -> Result<BTreeMap<String, Option<String>>, Usage> {
        let settings = &self.loaded.settings;
        refuse_what_is_of_the_host(settings)?;
        let mut variables = BTreeMap::new();
        let mut set = |name: &str, value: &str| {
            variables.insert(name.to_owned(), Some(value.to_owned()));
        };
        for (name, value) in self.variables {
            set(name, value);
        }
        let is_set_here = self.variables.iter().any(|(name, _)| {
            name.starts_with("REGISTRY_HTTP") || name.starts_with("REGISTRY_STORAGE")
        });
        if self.loaded.file.is_some() || is_set_here {
            set("REGISTRY_HTTP_NET", "tcp");
            set("REGISTRY_HTTP_ADDR", &format!(":{PORT}"));
            set("REGISTRY_STORAGE_FILESYSTEM_ROOTDIRECTORY", ROOT);
        }
        if let AccessSettings::Accounts {
            first_admin: Some(first),
            ..
        } = &settings.access
            && first.password_file.is_none()
        {
            variables.insert("REGCTL_FIRST_ADMIN_PASSWORD".to_owned(), None);
        }
        Ok(variables)
    }
}

/// An error if the settings name places of this host that a container can't be given.
fn refuse_what_is_of_the_host(settings: &Settings) -> Result<(), Usage> {
    let key = if settings.index.is_some() {
        "regctl.index"
    } else if !settings.health.files.is_empty() {
        "health.file"
    } else {
        return Ok(());
    };
    Err(refused(&format!(
        "{key} names a file of this host, which can't be carried over; hint: print the file for a \
         configuration without {key}, then add it with a volume"
    )))
}

/// An item of `ports`: the address of this host, and the port in the container.
fn published(key: &str, address: &ListenAddress, inside: Option<u16>) -> Result<String, Usage> {
    let (host, port) = match address {
        ListenAddress::Tcp { host, port } => (host.as_str(), *port),
        ListenAddress::Unix(path) => {
            return Err(refused(&format!(
                "{key} is the socket {}, and a container publishes ports; hint: --listen HOST:PORT",
                path.display()
            )));
        }
    };
    let inside = inside.unwrap_or(port);
    if is_every_address(host) {
        return Ok(format!("{port}:{inside}"));
    }
    match host.parse() {
        Ok(IpAddr::V4(host)) => Ok(format!("{host}:{port}:{inside}")),
        Ok(IpAddr::V6(host)) => Ok(format!("[{host}]:{port}:{inside}")),
        Err(_) if host == "localhost" => Ok(format!("127.0.0.1:{port}:{inside}")),
        Err(_) => Err(refused(&format!(
            "{key} is the name {host}, and ports are published on addresses; hint: write the \
             address, as in --listen 127.0.0.1:{port}"
        ))),
    }
}

fn is_every_address(host: &str) -> bool {
    matches!(host, "" | "0.0.0.0" | "::")
}

/// An item of `volumes`.
fn mount(path: &Path, inside: &str, mode: &str) -> Result<String, Usage> {
    let host = std::path::absolute(path).unwrap_or_else(|_| PathBuf::from(path));
    let host = host.display().to_string();
    if host.contains(':') {
        return Err(refused(&format!(
            "{host} has a colon, which an item of volumes can't have; hint: use another path"
        )));
    }
    Ok(format!("{host}:{inside}{mode}"))
}

fn refused(reason: &str) -> Usage {
    Usage(reason.to_owned())
}

/// A text in quotes, in YAML.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// Texts as lines with an indentation, without the last line feed.
fn lines(texts: impl Iterator<Item = String>, indentation: usize) -> String {
    let indent = " ".repeat(indentation);
    let texts: Vec<String> = texts.collect();
    let lines = texts.iter().flat_map(|text| text.split('\n'));
    let lines = lines.map(|line| match line {
        "" => String::new(),
        line => format!("{indent}{line}"),
    });
    lines.collect::<Vec<_>>().join("\n")
}
