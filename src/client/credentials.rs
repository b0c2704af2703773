//! The credentials of docker and podman users: their sources, and which one applies.
//!
//! Read-only. In order of precedence: `DOCKER_AUTH_CONFIG`; docker's `config.json` with its
//! helpers; podman's `auth.json`. A key may name a namespace (`host/team`); the most specific one
//! applies. An unusable file or helper is a warning, never an error: the next source is used.
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
#[derive(Clone)]
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
    files: Vec<(String, File)>,
    helpers: Vec<Found>,
}

impl Credentials {
    /// Reads the files and asks the helpers. `warn` receives the ignored entries.
    pub(super) async fn load(registry: &str, warn: impl Fn(&str)) -> Self {
        let mut found = Self {
            host: canonical(registry).to_owned(),
            files: Vec::new(),
            helpers: Vec::new(),
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
            files: Vec::new(),
            helpers: vec![Found {
                credential,
                source: format!("{user}, who signed in"),
                user: Some(user.to_owned()),
            }],
        }
    }

    fn add(&mut self, source: &str, bytes: &[u8], warn: &impl Fn(&str)) {
        match serde_json::from_slice::<Option<File>>(bytes) {
            Ok(file) => self
                .files
                .push((source.to_owned(), file.unwrap_or_default())),
            // Errors of serde_json name a position and a type, no content.
            Err(error) => warn(&format!("{source} is ignored: {error}")),
        }
    }

    async fn ask_helpers(&mut self, warn: &impl Fn(&str)) {
        let key = key(&self.host);
        for (source, file) in &self.files {
            let named = file
                .cred_helpers
                .iter()
                .find(|(host, _)| normalised(host) == self.host)
                .map(|(_, helper)| helper.as_str());
            // An empty name for a host means the file itself.
            let name = named.unwrap_or(&file.creds_store);
            if name.is_empty() {
                continue;
            }
            match helper::get(name, key).await {
                Ok(Some(credential)) => self.helpers.push(Found {
                    user: credential.user(),
                    credential,
                    source: format!("docker-credential-{name}"),
                }),
                Ok(None) => {}
                Err(reason) => warn(&format!(
                    "docker-credential-{name}, named in {source}, is ignored: {reason}"
                )),
            }
        }
    }

    /// The credential for a repository, or for the registry as a whole.
    pub(super) fn find(&self, repository: Option<&Repository>) -> Option<Found> {
        let mut candidates = Vec::new();
        let mut path = repository.map_or(String::new(), ToString::to_string);
        while !path.is_empty() {
            candidates.push(format!("{}/{path}", self.host));
            path.truncate(path.rfind('/').unwrap_or(0));
        }
        // Helpers know hosts only: more specific keys in files take precedence, less specific ones
        // come last.
        self.in_files(&candidates)
            .or_else(|| self.helpers.first().cloned())
            .or_else(|| self.in_files(std::slice::from_ref(&self.host)))
    }

    fn in_files(&self, candidates: &[String]) -> Option<Found> {
        self.files.iter().find_map(|(source, file)| {
            candidates.iter().find_map(|candidate| {
                // Of several spellings, docker's own is the latest.
                let exact = file.auths.get(key(candidate));
                let mut entries = file.auths.iter();
                let mut any = || entries.find(|(key, _)| normalised(key) == candidate);
                let entry = exact.or_else(|| Some(any()?.1))?;
                let credential = entry.credential()?;
                Some(Found {
                    user: credential.user().or_else(|| Some(entry.decoded()?.0)),
                    credential,
                    source: source.clone(),
                })
            })
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
mod tests {
    use base64::Engine as _;

    use super::*;

    #[test]
    fn podmans_file_without_a_session_is_found() {
        let path = without_session(1000);
        assert_eq!(path, PathBuf::from("/run/containers/1000/auth.json"));
        if variable("XDG_RUNTIME_DIR").is_none() && variable("REGISTRY_AUTH_FILE").is_none() {
            let own = without_session(rustix::process::getuid().as_raw());
            assert!(paths().contains(&own));
        }
    }

    fn credentials(host: &str, files: &[&str]) -> Credentials {
        let mut credentials = Credentials {
            host: canonical(host).to_owned(),
            files: Vec::new(),
            helpers: Vec::new(),
        };
        for (number, file) in files.iter().enumerate() {
            credentials.add(&number.to_string(), file.as_bytes(), &|warning| {
                panic!("{warning}")
            });
        }
        credentials
    }

    fn user(found: Option<Found>) -> Option<String> {
        match found?.credential {
            Credential::Basic { user, password } => Some(format!("{user}:{password}")),
            Credential::Identity(token) | Credential::Registry(token) => Some(token),
        }
    }

    fn auth(text: &str) -> String {
        base64::engine::general_purpose::STANDARD_NO_PAD.encode(text)
    }

    #[test]
    fn the_most_specific_key_wins() {
        let file = serde_json::json!({"auths": {
            "h:5000": {"auth": auth("host:1")},
            "h:5000/team": {"auth": auth("team:p:w")},
            "h:5000/team/app": {"auth": auth("app:3")},
            "other": {"auth": auth("other:4")},
        }});
        let credentials = credentials("h:5000", &[&file.to_string()]);
        for (repository, expected) in [
            (Some("team/app"), "app:3"),
            (Some("team/app/deep"), "app:3"),
            (Some("team/other"), "team:p:w"),
            (Some("teamwork/x"), "host:1"),
            (None, "host:1"),
        ] {
            let repository = repository.map(|name| name.parse().unwrap());
            assert_eq!(
                user(credentials.find(repository.as_ref())).as_deref(),
                Some(expected)
            );
        }
    }

    #[test]
    fn docker_hub_by_all_its_names() {
        for key in [
            "https://index.docker.io/v1/",
            "docker.io",
            "index.docker.io",
            "registry-1.docker.io",
        ] {
            let file = serde_json::json!({"auths": {key: {"auth": auth("hub:1")}}}).to_string();
            for host in ["docker.io", "registry-1.docker.io", "index.docker.io"] {
                let found = credentials(host, &[&file]).find(None);
                assert_eq!(user(found).as_deref(), Some("hub:1"), "{key} {host}");
            }
        }
    }

    #[test]
    fn entries_of_all_kinds() {
        for (entry, expected) in [
            (
                serde_json::json!({"username": "u", "password": "p"}),
                Some("u:p"),
            ),
            (
                serde_json::json!({"identitytoken": "t", "auth": auth("x:")}),
                Some("t"),
            ),
            (serde_json::json!({"registrytoken": "r"}), Some("r")),
            (serde_json::json!({"auth": "not base64!"}), None),
            (serde_json::json!({"auth": auth("no colon")}), None),
            (serde_json::json!({}), None),
        ] {
            let file = serde_json::json!({"auths": {"https://h/": entry}, "unknown": 1});
            let found = credentials("h", &[&file.to_string()]).find(None);
            assert_eq!(user(found).as_deref(), expected, "{entry}");
        }
    }

    #[test]
    fn an_earlier_source_takes_precedence() {
        let file = |user: &str| {
            serde_json::json!({"auths": {"h": {"username": user, "password": ""}}}).to_string()
        };
        let found = credentials("h", &[&file("a"), &file("b")]).find(None);
        assert_eq!(user(found).as_deref(), Some("a:"));
    }

    #[test]
    fn null_is_absent() {
        let good = serde_json::json!({"auth": auth("ada:1"), "identitytoken": null});
        for file in [
            serde_json::json!({"auths": {"h": good}}),
            serde_json::json!({"auths": {"h": good, "other": null}, "credsStore": null}),
            serde_json::json!({"auths": {"h": good}, "credHelpers": null}),
            serde_json::json!({"auths": {"h": good}, "credHelpers": {"x": null}, "y": null}),
        ] {
            let found = credentials("h", &[&file.to_string()]).find(None);
            assert_eq!(user(found).as_deref(), Some("ada:1"), "{file}");
        }
        assert!(
            credentials("h", &[r#"{"auths":null}"#])
                .find(None)
                .is_none()
        );
    }

    #[test]
    fn keys_that_are_addresses() {
        for key in [
            "https://h/",
            "http://h",
            "https://h/v1/",
            "https://h/some/path",
        ] {
            let file = serde_json::json!({"auths": {key: {"auth": auth("ada:1")}}});
            let found = credentials("h", &[&file.to_string()]).find(None);
            assert_eq!(user(found).as_deref(), Some("ada:1"), "{key}");
        }
        let file = serde_json::json!({"auths": {"h/some/path": {"auth": auth("ada:1")}}});
        assert!(credentials("h", &[&file.to_string()]).find(None).is_none());
    }

    #[test]
    fn a_damaged_file_is_a_warning() {
        let mut credentials = credentials("h", &[]);
        let warned = std::cell::Cell::new(false);
        credentials.add("x", b"{\"auths\": 3}", &|_| warned.set(true));
        assert!(warned.get() && credentials.files.is_empty());
    }
}
