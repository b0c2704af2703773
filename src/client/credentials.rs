//! The credentials of docker and podman users: their sources, and which one applies.
//!
//! Read-only. In order of precedence: `DOCKER_AUTH_CONFIG`; docker's `config.json` with its
//! helpers; podman's `auth.json`. In one source a key may name a namespace (`host/team`), and the
//! most specific one applies; a helper knows hosts only, and comes before the entry of a host. An
//! unusable file or helper is a warning, never an error: the next source is used.
//! Secrets are never in `Debug` output or messages.

use std::ffi::OsString;
use std::path::PathBuf;

use super::docker_config::File;
use super::endpoint::{DOCKER_HUB, canonical};
use super::files::read_if_present;
use super::helper;
use crate::oci::Repository;

/// Docker Hub's key in files and helpers, a legacy of the first registry.
pub(super) const DOCKER_HUB_KEY: &str = "https://index.docker.io/v1/";

/// A credential.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum Credential {
    /// A user and a password, or a token instead of the password.
    Basic {
        /// The user.
        user: String,
        /// The password.
        password: String,
    },
    /// A refresh token of the registry's token service.
    Identity(String),
    /// A token for the registry itself.
    Registry(String),
}

impl Credential {
    fn user(&self) -> Option<String> {
        match self {
            Self::Basic { user, .. } => Some(user.clone()),
            Self::Identity(_) | Self::Registry(_) => None,
        }
    }
}

/// A credential and its source, for messages.
#[derive(Clone)]
pub(super) struct Found {
    pub(super) credential: Credential,
    pub(super) source: String,
    /// The user, if the source names one.
    pub(super) user: Option<String>,
}

/// The credentials of all sources for one registry.
pub(super) struct Credentials {
    host: String,
    /// In order of precedence.
    sources: Vec<Source>,
}

/// A file, or a variable like one.
struct Source {
    name: String,
    file: File,
    /// The answer of its helper. That of a source after one that knows the host is not asked.
    helped: Option<Found>,
}

impl Credentials {
    /// Reads the files and asks the helpers. `warn` receives the ignored entries.
    pub(super) async fn load(registry: &str, warn: impl Fn(&str)) -> Self {
        let mut found = Self {
            host: canonical(registry).to_owned(),
            sources: Vec::new(),
        };
        if let Ok(text) = std::env::var("DOCKER_AUTH_CONFIG") {
            found.add("DOCKER_AUTH_CONFIG", text.as_bytes(), &warn);
        }
        for path in paths() {
            match read_if_present(&path) {
                Ok(Some(bytes)) => found.add(&path.display().to_string(), &bytes, &warn),
                Ok(None) => {}
                Err(error) => warn(&error.to_string()),
            }
        }
        found.ask_helpers(&warn).await;
        found
    }

    /// Only this credential, without those of this machine.
    pub(super) fn only(registry: &str, user: &str, credential: Credential) -> Self {
        Self {
            host: canonical(registry).to_owned(),
            sources: vec![Source {
                name: String::new(),
                file: File::default(),
                helped: Some(Found {
                    credential,
                    source: format!("{user}, who signed in"),
                    user: Some(user.to_owned()),
                }),
            }],
        }
    }

    fn add(&mut self, source: &str, bytes: &[u8], warn: &impl Fn(&str)) {
        match serde_json::from_slice::<Option<File>>(bytes) {
            Ok(file) => self.sources.push(Source {
                name: source.to_owned(),
                file: file.unwrap_or_default(),
                helped: None,
            }),
            // Errors of serde_json name a position and a type, no content.
            Err(error) => warn(&format!("{source} is ignored: {error}")),
        }
    }

    /// Asks the helpers up to the first source that knows the host: the answers of later ones would
    /// not be used, and a helper may be slow.
    async fn ask_helpers(&mut self, warn: &impl Fn(&str)) {
        let host = &self.host;
        for source in &mut self.sources {
            source.helped = source.ask_helper(host, warn).await;
            if source.of_host(host).is_some() {
                break;
            }
        }
    }

    /// The credential for a repository, or for the registry as a whole.
    pub(super) fn find(&self, repository: Option<&Repository>) -> Option<Found> {
        let mut namespaces = Vec::new();
        let mut path = repository.map_or(String::new(), ToString::to_string);
        while !path.is_empty() {
            namespaces.push(format!("{}/{path}", self.host));
            path.truncate(path.rfind('/').unwrap_or(0));
        }
        self.sources.iter().find_map(|source| {
            let mut namespaces = namespaces.iter();
            namespaces
                .find_map(|key| source.entry(key))
                .or_else(|| source.of_host(&self.host))
        })
    }
}

impl Source {
    async fn ask_helper(&self, host: &str, warn: &impl Fn(&str)) -> Option<Found> {
        let mut helpers = self.file.cred_helpers.iter();
        let named = helpers.find(|(key, _)| normalised(key) == host);
        // An empty name for a host means the file itself.
        let name = named.map_or(&self.file.creds_store, |(_, helper)| helper);
        if name.is_empty() {
            return None;
        }
        match helper::get(name, key(host)).await {
            Ok(credential) => credential.map(|credential| Found {
                user: credential.user(),
                credential,
                source: format!("docker-credential-{name}"),
            }),
            Err(reason) => {
                let source = &self.name;
                warn(&format!(
                    "docker-credential-{name}, named in {source}, is ignored: {reason}"
                ));
                None
            }
        }
    }

    /// The credential for a host.
    fn of_host(&self, host: &str) -> Option<Found> {
        self.helped.clone().or_else(|| self.entry(host))
    }

    /// The credential of the entry for a host or a namespace.
    fn entry(&self, wanted: &str) -> Option<Found> {
        // Of several spellings, docker's own is the latest.
        let exact = self.file.auths.get(key(wanted));
        let mut entries = self.file.auths.iter();
        let mut any = || entries.find(|(key, _)| normalised(key) == wanted);
        let entry = exact.or_else(|| Some(any()?.1))?;
        let credential = entry.credential()?;
        Some(Found {
            user: credential.user().or_else(|| Some(entry.decoded()?.0)),
            credential,
            source: self.name.clone(),
        })
    }
}

/// The key of a registry in docker's files and for helpers.
pub(super) fn key(registry: &str) -> &str {
    match canonical(registry) {
        DOCKER_HUB => DOCKER_HUB_KEY,
        host => host,
    }
}

/// The host of a key with a scheme, ignoring the path, as docker and podman do; otherwise the key
/// without the old `/v1/`, which may name a namespace. Spellings of Docker Hub are equal.
pub(super) fn normalised(key: &str) -> &str {
    let address = key.strip_prefix("https://");
    if let Some(address) = address.or_else(|| key.strip_prefix("http://")) {
        return canonical(address.split('/').next().unwrap_or(address));
    }
    let key = key.trim_end_matches('/');
    let key = key
        .strip_suffix("/v1")
        .or_else(|| key.strip_suffix("/v2"))
        .unwrap_or(key);
    canonical(key)
}

/// The value of a variable that is set and not empty.
fn variable(name: &str) -> Option<OsString> {
    std::env::var_os(name).filter(|value| !value.is_empty())
}

/// The path of docker's file.
pub(super) fn docker_config() -> Option<PathBuf> {
    let directory = match variable("DOCKER_CONFIG") {
        Some(directory) => PathBuf::from(directory),
        None => dirs::home_dir()?.join(".docker"),
    };
    Some(directory.join("config.json"))
}

/// The paths of the files, in order of precedence.
fn paths() -> Vec<PathBuf> {
    let mut paths = Vec::from_iter(docker_config());
    if let Some(file) = variable("REGISTRY_AUTH_FILE") {
        paths.push(PathBuf::from(file));
        return paths;
    }
    paths.push(match variable("XDG_RUNTIME_DIR") {
        Some(directory) => PathBuf::from(directory).join("containers/auth.json"),
        // So podman does, as root, with sudo and in cron.
        None => without_session(rustix::process::getuid().as_raw()),
    });
    if let Some(config) = dirs::config_dir() {
        paths.push(config.join("containers/auth.json"));
    }
    paths
}

/// Podman's file of a user without a session.
fn without_session(user: u32) -> PathBuf {
    PathBuf::from(format!("/run/containers/{user}/auth.json"))
}

#[cfg(test)]
mod tests;
