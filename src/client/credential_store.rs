//! Stores and erases a sign-in where docker expects it: in the helper that docker's `config.json`
//! names for the registry, otherwise in that file.
//!
//! Changes only the one entry of the file (and the helper, where docker would choose one itself).
//! Invariants: a file that can't be parsed is not written; if a helper fails, that is an error, and
//! the secret is not written to the file instead; no message contains a secret.

use std::fmt;
use std::path::PathBuf;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::credentials::{Credential, DOCKER_HUB_KEY, docker_config, key, normalised};
use super::endpoint::{DOCKER_HUB, canonical};
use super::files::{read_if_present, replace};
use super::raw_object::RawObject;
use super::{Error, helper};

/// Where a sign-in is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CredentialStore {
    /// In this file, readable for everyone who may read the file.
    File(PathBuf),
    /// In a helper, by the name of its program.
    Helper(String),
}

impl fmt::Display for CredentialStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => write!(f, "{}", path.display()),
            Self::Helper(program) => f.write_str(program),
        }
    }
}

/// docker's configuration file.
struct Config {
    path: PathBuf,
    document: RawObject,
}

impl Config {
    fn load() -> Result<Self, Error> {
        let path = docker_config().ok_or_else(|| Error::Setup {
            what: "docker's config.json".into(),
            reason: "this user has no home directory".into(),
            hint: "set DOCKER_CONFIG to a directory for it".into(),
        })?;
        let bytes = read_if_present(&path)?.unwrap_or_default();
        let document = if bytes.trim_ascii().is_empty() {
            Ok(RawObject::default())
        } else {
            RawObject::parse(&bytes)
        };
        // Errors of serde_json name a position and a type, no content.
        let document = document.map_err(|error| Error::Setup {
            what: path.display().to_string(),
            reason: error.to_string(),
            hint: "repair it; nothing in it was changed".into(),
        })?;
        Ok(Self { path, document })
    }

    fn save(&self) -> Result<(), Error> {
        let text = self.document.to_text(0);
        let text = text.map_err(|error| self.unusable(&error))?;
        replace(&self.path, text.as_bytes())
    }

    fn unusable(&self, reason: &dyn fmt::Display) -> Error {
        Error::Setup {
            what: self.path.display().to_string(),
            reason: reason.to_string(),
            hint: String::new(),
        }
    }

    /// The entries of the registries; none if there is no such object.
    fn auths(&self) -> Result<RawObject, Error> {
        match self.document.text("auths") {
            None | Some("null") => Ok(RawObject::default()),
            Some(text) => RawObject::parse(text.as_bytes())
                .map_err(|_| self.unusable(&"its auths is not an object")),
        }
    }

    fn set_auths(&mut self, auths: &RawObject) -> Result<(), Error> {
        let text = auths.to_text(1);
        let set = text.and_then(|text| self.document.set("auths", text));
        set.map_err(|error| self.unusable(&error))
    }

    /// The helper that the file names for a registry; an empty name means the file.
    fn helper(&self, host: &str) -> Option<String> {
        let helpers = self.document.text("credHelpers");
        let helpers = helpers.and_then(|text| RawObject::parse(text.as_bytes()).ok());
        let helpers = helpers.unwrap_or_default();
        let mut named = helpers.members();
        let named = named.find(|(key, _)| normalised(key) == host);
        let name = match named {
            Some((_, name)) => name,
            None => self.document.value("credsStore"),
        };
        let name = name?.as_str()?.to_owned();
        (!name.is_empty()).then_some(name)
    }

    /// The helper that docker would choose at its first sign-in.
    fn first_helper(&self) -> Option<String> {
        let said = |name: &str| match self.document.value(name) {
            Some(Value::Object(section)) => !section.is_empty(),
            Some(Value::String(text)) => !text.is_empty(),
            Some(_) => false,
            None => self.document.text(name).is_some(),
        };
        if said("auths") || said("credHelpers") || said("credsStore") {
            return None;
        }
        let name = if helper::is_on_path("pass") {
            "pass"
        } else {
            "secretservice"
        };
        helper::is_installed(name).then(|| name.to_owned())
    }

    fn helper_failed(&self, name: &str, reason: &str) -> Error {
        Error::Setup {
            what: format!("docker-credential-{name}"),
            reason: reason.to_owned(),
            hint: format!("{} sets which helper is used", self.path.display()),
        }
    }
}

/// Stores a credential for a registry, `host` or `host:port`.
pub(super) async fn keep(
    registry: &str,
    user: &str,
    credential: &Credential,
) -> Result<CredentialStore, Error> {
    let mut config = Config::load()?;
    let (host, key) = (canonical(registry), key(registry));
    let named = config.helper(host);
    let first = if named.is_none() {
        config.first_helper()
    } else {
        None
    };
    if let Some(name) = &first {
        let set = config.document.set("credsStore", json!(name).to_string());
        set.map_err(|error| config.unusable(&error))?;
    }
    let (entry, store) = if let Some(name) = named.or(first) {
        let stored = helper::store(&name, key, credential).await;
        stored.map_err(|reason| config.helper_failed(&name, &reason))?;
        (
            RawObject::default(),
            CredentialStore::Helper(format!("docker-credential-{name}")),
        )
    } else {
        let entry = entry(user, credential);
        let entry = RawObject::parse(entry.to_string().as_bytes());
        (
            entry.map_err(|error| config.unusable(&error))?,
            CredentialStore::File(config.path.clone()),
        )
    };
    let mut auths = config.auths()?;
    let set = entry.to_text(2).and_then(|text| auths.set(key, text));
    set.map_err(|error| config.unusable(&error))?;
    config.set_auths(&auths)?;
    config.save()?;
    Ok(store)
}

fn entry(user: &str, credential: &Credential) -> Value {
    let auth = |password: &str| STANDARD.encode(format!("{user}:{password}"));
    match credential {
        Credential::Basic { password, .. } => json!({"auth": auth(password)}),
        Credential::Identity(token) => json!({"auth": auth(""), "identitytoken": token}),
        Credential::Registry(token) => json!({"registrytoken": token}),
    }
}

/// Erases the credentials of a registry under all of its spellings. Returns where they were.
pub(super) async fn forget(registry: &str) -> Result<Vec<CredentialStore>, Error> {
    let mut config = Config::load()?;
    let host = canonical(registry);
    let mut forgotten = Vec::new();
    if let Some(name) = config.helper(host) {
        let failed = |reason: String| config.helper_failed(&name, &reason);
        for key in spellings(host) {
            if helper::get(&name, &key).await.map_err(failed)?.is_some() {
                helper::erase(&name, &key).await.map_err(failed)?;
                let store = CredentialStore::Helper(format!("docker-credential-{name}"));
                if !forgotten.contains(&store) {
                    forgotten.push(store);
                }
            }
        }
    }
    let mut auths = config.auths().unwrap_or_default();
    let is_known = |key: &str| normalised(key) == host;
    // A helper's entry is empty.
    let is_held = |entry: Option<Value>| match entry {
        Some(entry) => entry.as_object().is_some_and(|entry| !entry.is_empty()),
        None => true,
    };
    let mut entries = auths.members();
    if entries.any(|(key, entry)| is_known(key) && is_held(entry)) {
        forgotten.push(CredentialStore::File(config.path.clone()));
    }
    drop(entries);
    if auths.retain(|key| !is_known(key)) {
        config.set_auths(&auths)?;
        config.save()?;
    }
    Ok(forgotten)
}

/// The keys of a registry in helpers.
fn spellings(host: &str) -> Vec<String> {
    let mut hosts = vec![host];
    if host == DOCKER_HUB {
        hosts.extend(["index.docker.io", "registry-1.docker.io"]);
    }
    let mut keys: Vec<String> = Vec::new();
    if host == DOCKER_HUB {
        keys.push(DOCKER_HUB_KEY.to_owned());
    }
    for host in hosts {
        keys.extend([
            host.to_owned(),
            format!("https://{host}"),
            format!("http://{host}"),
        ]);
    }
    keys
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(document: &Value) -> Config {
        Config {
            path: "/nowhere/config.json".into(),
            document: RawObject::parse(document.to_string().as_bytes()).unwrap(),
        }
    }

    #[test]
    fn the_helper_that_docker_would_use() {
        let both = config(&json!({
            "credsStore": "all", "credHelpers": {"h:5000": "one", "plain.example": ""},
        }));
        assert_eq!(both.helper("h:5000").as_deref(), Some("one"));
        assert_eq!(both.helper("other").as_deref(), Some("all"));
        assert_eq!(both.helper("plain.example"), None);
        assert_eq!(config(&json!({})).helper("h"), None);
        let hub = config(&json!({"credHelpers": {"https://index.docker.io/v1/": "hub"}}));
        assert_eq!(hub.helper(DOCKER_HUB).as_deref(), Some("hub"));
        // With existing entries nothing changes.
        assert_eq!(config(&json!({"auths": {"h": {}}})).first_helper(), None);
    }

    #[test]
    fn entries_as_docker_writes_them() {
        let basic = Credential::Basic {
            user: "ada".into(),
            password: "p:w".into(),
        };
        assert_eq!(entry("ada", &basic), json!({"auth": "YWRhOnA6dw=="}));
        let identity = Credential::Identity("t".into());
        let expected = json!({"auth": "YWRhOg==", "identitytoken": "t"});
        assert_eq!(entry("ada", &identity), expected);
    }

    #[test]
    fn sections_of_odd_kinds() {
        let members = |auths: Value| {
            Ok::<_, Error>(config(&json!({"auths": auths})).auths()?.members().count())
        };
        assert_eq!(members(json!(null)).unwrap(), 0);
        assert_eq!(members(json!({"h": 3})).unwrap(), 1);
        assert!(members(json!(3)).is_err());
    }
}
