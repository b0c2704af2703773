//! The configuration of `serve`: `config.yml` as registry:2 and registry:3 read it, the
//! environment, and the flags, decided once.
//!
//! Flags take precedence over variables, variables over the file. [`load`] reads all three once and
//! interprets them; it accesses no other file. A key of registry:2 either works, or is named in a
//! warning, or is an error if ignoring it would be dangerous: nothing is ignored silently.

#![expect(clippy::disallowed_methods, reason = "the configuration is a file")]

mod access;
mod acme;
mod audit;
mod collection;
mod content;
mod cron;
mod describe;
mod duration;
mod environment;
mod error;
mod files;
mod frontend;
mod health;
mod interpret;
mod keys;
mod node;
mod oidc;
mod pages;
mod places;
mod reach;
mod section;
mod settings;
mod storage;
mod time_zone;
mod tls;
mod unused;
mod values;
mod wire;
mod workloads;

#[cfg(test)]
mod tests;

use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::clock::Millis;

pub use access::{AccessSettings, FirstAdmin, TokenServerSettings};
pub use acme::{AcmeFlags, AcmeSettings};
pub use collection::{CollectionSettings, Schedule, ScrubSettings};
pub use content::ContentSettings;
pub use cron::CronPattern;
pub use error::{ConfigError, Origin, Place};
pub use frontend::{FrontendFlags, FrontendSettings, frontend};
pub use keys::{KEYS, Key};
pub use oidc::OidcProviderSettings;
pub use pages::PagesSettings;
pub use places::FilePlaces;
pub use reach::{Network, RateSettings, ReachSettings, SocketSettings};
pub use settings::{
    CertificateSource, ClientCertificates, DRAIN, DebugSettings, FileCheck, HealthCheck,
    HealthSettings, HttpCheck, HttpSettings, IndexPlatforms, ListenAddress, LogFormat, LogLevel,
    LogSettings, Settings, StorageDriver, StorageSettings, TcpCheck, TlsSettings, TlsVersion,
    UploadPurging, ValidationSettings,
};
pub use storage::default_root;
pub use workloads::WorkloadSettings;

use interpret::{Basis, Flags, TOP, interpret};
use node::Node;
use section::Warnings;

/// Maximum number of bytes of a file.
const LIMIT: u64 = 4 << 20;

/// The configuration of the package for Debian, which is also read without `--config`; then those
/// of registry:2 and registry:3.
const USUAL_PLACES: [&str; 3] = [
    "/etc/regctl/config.yml",
    "/etc/docker/registry/config.yml",
    "/etc/distribution/config.yml",
];

/// Flags and environment of `serve`.
#[derive(Debug, Clone)]
pub struct Request {
    /// The `--config` flag.
    pub config: ConfigChoice,
    /// The `--root` flag.
    pub root: Option<PathBuf>,
    /// The `--listen` flag: `HOST:PORT`, `:PORT`, `unix:PATH` or an absolute path.
    pub listen: Option<String>,
    /// The `--accounts` flag: regctl's own accounts. `None` for a command beside the server, which does
    /// not know it.
    pub accounts: Option<bool>,
    /// The `--tls` flag: `self-signed`, `acme`, or `CERTIFICATE,KEY`.
    pub tls: Option<String>,
    /// The `--host` flags.
    pub hosts: Vec<String>,
    /// The flags about ACME.
    pub acme: AcmeFlags,
    /// The variables of the environment; only those that begin with `REGISTRY_` are read.
    pub environment: Vec<(String, String)>,
}

/// Which configuration file to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ConfigChoice {
    /// No flag: the file in `REGISTRY_CONFIGURATION_PATH`; else, without `--root`, the first of the
    /// usual places if this user may read it; or none.
    None,
    /// The flag without a path: the file in `REGISTRY_CONFIGURATION_PATH`, or the first existing
    /// one of the usual places.
    Search,
    /// This file.
    File(PathBuf),
}

/// A configuration that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Loaded {
    /// The settings.
    pub settings: Settings,
    /// The file, if one was read. Without a file, regctl's defaults apply and not registry:2's.
    pub file: Option<PathBuf>,
    /// One line for each key that is ignored or interpreted differently, with its position.
    pub warnings: Vec<String>,
}

/// Parses a duration of the command line and of regctl's own keys: `12h`, `7d`, `2w`. The error
/// continues a sentence that begins with the text.
pub fn period(text: &str) -> Result<Duration, String> {
    values::period(text).map_err(|bad| format!("{}; hint: {}", bad.reason, bad.hint))
}

/// A duration in milliseconds, as people write it.
pub fn period_in_words(milliseconds: Millis) -> String {
    values::words(Duration::from_millis(
        u64::try_from(milliseconds).unwrap_or_default(),
    ))
}

/// Reads the configuration.
pub fn load(request: &Request) -> Result<Loaded, ConfigError> {
    load_from(request, &USUAL_PLACES.map(Path::new))
}

/// Reads the configuration for a command that touches no data. A user without a data directory gets
/// the settings too.
pub fn load_without_data(request: &Request) -> Result<Loaded, ConfigError> {
    match load(request) {
        Err(ConfigError::NoDataDirectory) => load(&Request {
            root: Some(storage::REGISTRY_ROOT.into()),
            ..request.clone()
        }),
        loaded => loaded,
    }
}

fn load_from(request: &Request, usual_places: &[&Path]) -> Result<Loaded, ConfigError> {
    let file = find(request, usual_places)?;
    let (mut root, basis) = if let Some(path) = &file {
        (read(path)?, Basis::File)
    } else {
        let nowhere = Place::start_of(Origin::Flag("defaults"));
        (Node::null(nowhere), Basis::Nothing)
    };
    let mut warnings = Warnings::default();
    environment::apply(&mut root, &request.environment, &TOP, &mut warnings)?;
    let flags = Flags {
        root: request.root.as_deref(),
        listen: request.listen.as_deref(),
        accounts: request.accounts,
        tls: request.tls.as_deref(),
        hosts: &request.hosts,
        acme: &request.acme,
    };
    let values = places::values(&root);
    let mut settings = interpret(root, basis, flags, &mut warnings)?;
    settings.places = FilePlaces::find(&values, &settings);
    unused::warn(&values, &settings, &mut warnings);
    time_zone::check(settings.collection.schedule.as_ref(), &mut warnings);
    Ok(Loaded {
        settings,
        file,
        warnings: warnings.into_lines(),
    })
}

/// The variables of an environment that are settings, without the name of the file.
pub fn variables(environment: &[(String, String)]) -> Vec<(String, String)> {
    environment::settings(environment, &TOP)
}

/// The text of a configuration file.
pub fn text_of(path: &Path) -> Result<String, ConfigError> {
    text(path).map_err(|error| ConfigError::Unreadable {
        path: path.to_owned(),
        error,
    })
}

fn read(path: &Path) -> Result<Node, ConfigError> {
    Node::parse(&text_of(path)?, &Origin::File(path.into()))
}

/// The text of a file; an error if it is much larger than any configuration, such as a device.
fn text(path: &Path) -> std::io::Result<String> {
    let mut bytes = Vec::new();
    let file = std::fs::File::open(path)?;
    file.take(LIMIT + 1).read_to_end(&mut bytes)?;
    let refused = |reason| std::io::Error::new(std::io::ErrorKind::InvalidData, reason);
    if bytes.len() as u64 > LIMIT {
        return Err(refused("it is larger than 4 MiB"));
    }
    String::from_utf8(bytes).map_err(|_| refused("it is not text (UTF-8)"))
}

/// The file to read. Only a search checks that it exists.
fn find(request: &Request, usual_places: &[&Path]) -> Result<Option<PathBuf>, ConfigError> {
    let named = || {
        request
            .environment
            .iter()
            .find(|(name, value)| name == environment::FILE_VARIABLE && !value.is_empty())
            .map(|(_, value)| PathBuf::from(value))
    };
    match &request.config {
        ConfigChoice::File(path) => Ok(Some(path.clone())),
        // A user who may not read the system's configuration gets the defaults.
        ConfigChoice::None => Ok(named().or_else(|| {
            let own = *usual_places.first()?;
            let applies = request.root.is_none() && std::fs::File::open(own).is_ok();
            applies.then(|| own.to_owned())
        })),
        ConfigChoice::Search => match named() {
            Some(path) => Ok(Some(path)),
            None => usual_places
                .iter()
                .find(|path| path.exists())
                .map(|path| Some(path.to_path_buf()))
                .ok_or_else(|| ConfigError::NotFound {
                    looked: usual_places
                        .iter()
                        .map(|path| path.display().to_string())
                        .collect::<Vec<_>>()
                        .join(" or "),
                }),
        },
    }
}
