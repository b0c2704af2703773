//! What a configuration means, decided: the types that the server reads and never writes.
//!
//! Nothing here is optional that has a default, and nothing is text that has a meaning: whoever
//! holds a [`Settings`] needs to know neither where a value came from nor what was left out.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use super::access::AccessSettings;
use super::collection::{CollectionSettings, ScrubSettings};
use super::pages::PagesSettings;
use super::reach::ReachSettings;
use crate::oci::Platform;
use crate::oci::RetentionRule;

/// Everything that `serve` goes by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// The log and the access log.
    pub log: LogSettings,
    /// How callers sign in.
    pub access: AccessSettings,
    /// Where the data is, and what may be done with it.
    pub storage: StorageSettings,
    /// The listeners and what they answer.
    pub http: HttpSettings,
    /// What is looked at to say that the registry is well.
    pub health: HealthSettings,
    /// The most entries in a page of the catalog.
    pub catalog_limit: usize,
    /// The most entries in a page of tags.
    pub tag_limit: usize,
    /// What is checked in a manifest that is pushed.
    pub validation: ValidationSettings,
    /// How garbage is collected.
    pub collection: CollectionSettings,
    /// Which tags go by themselves.
    pub retention: Vec<RetentionRule>,
    /// The check in the background; `None` where nothing asks for it.
    pub scrub: Option<ScrubSettings>,
    /// The pages for people.
    pub pages: PagesSettings,
    /// How clients reach the registry.
    pub reach: ReachSettings,
}

/// The log (stderr) and the access log (stdout).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogSettings {
    /// The least grave messages that are written.
    pub level: LogLevel,
    /// How a message is written.
    pub format: LogFormat,
    /// Fields that stand in every message.
    pub fields: BTreeMap<String, String>,
    /// Whether each request is written to the access log.
    pub access_log: bool,
}

/// How grave a message is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum LogLevel {
    /// Something failed.
    Error,
    /// Something is not as it should be.
    Warn,
    /// Something happened that an operator may want to know.
    Info,
    /// What a developer wants to know.
    Debug,
    /// Every step. (registry:2 does not have it.)
    Trace,
}

/// How a message is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// A line for people.
    Text,
    /// A JSON object a line.
    Json,
    /// A JSON object a line, with the names that Logstash wants (`@timestamp`, `@version`).
    Logstash,
}

/// Where the data is, and what may be done with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StorageSettings {
    /// What keeps the bytes.
    pub driver: StorageDriver,
    /// Whether clients may delete.
    pub delete: bool,
    /// Whether clients may write nothing (`maintenance.readonly`).
    pub read_only: bool,
    /// How uploads that nobody finishes are removed; `None` where they are kept.
    pub upload_purging: Option<UploadPurging>,
}

/// What keeps the bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StorageDriver {
    /// A directory, in the layout of registry:2.
    Filesystem {
        /// The root: the layout lies in `docker/registry/v2` below it.
        root: PathBuf,
    },
    /// Memory: everything is gone when the process ends.
    Memory,
}

/// How uploads that nobody finishes are removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UploadPurging {
    /// Uploads that began longer ago are removed.
    pub age: Duration,
    /// The time between two rounds; never zero.
    pub interval: Duration,
    /// Whether a round only says what it would remove.
    pub dry_run: bool,
}

/// The listeners and what they answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpSettings {
    /// Where clients connect.
    pub address: ListenAddress,
    /// The path under which `/v2/` lies: `""`, or `/x/y` with no slash at its end.
    pub prefix: String,
    /// How clients reach the registry: `scheme://host[:port]`, and a path if there is one, with no
    /// slash at its end. `None`: as the request says.
    pub host: Option<String>,
    /// Whether `Location` is a path only.
    pub relative_urls: bool,
    /// How long requests may go on after a stop was asked for; `None` where the file does not say.
    pub drain_timeout: Option<Duration>,
    /// Fields that are added to every answer, well-formed, in the order of the file.
    pub headers: Vec<(String, Vec<String>)>,
    /// TLS; `None` speaks plain HTTP.
    pub tls: Option<TlsSettings>,
    /// The debug listener, for health and metrics.
    pub debug: Option<DebugSettings>,
    /// Whether HTTP/2 is offered over TLS.
    pub http2: bool,
    /// Whether HTTP/2 is spoken without TLS.
    pub h2c: bool,
}

/// Where to listen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ListenAddress {
    /// A TCP port.
    Tcp {
        /// A name or an address, IPv6 without brackets; empty for all addresses, v6 and v4.
        host: String,
        /// The port; 0 takes a free one.
        port: u16,
    },
    /// A Unix socket.
    Unix(PathBuf),
}

/// How TLS is spoken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsSettings {
    /// Where the certificate comes from.
    pub certificate: CertificateSource,
    /// The least version that is spoken.
    pub minimum: TlsVersion,
    /// Certificates that clients show; `None`: they are not asked for any.
    pub clients: Option<ClientCertificates>,
}

/// Where the certificate of the server comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CertificateSource {
    /// From two files; replaced files are taken up.
    Files {
        /// The certificate and its chain, PEM.
        certificate: PathBuf,
        /// The private key, PEM.
        key: PathBuf,
    },
    /// From an authority of this server's own, kept below the root.
    SelfSigned {
        /// Names and addresses of the host besides those that it knows itself.
        hosts: Vec<String>,
    },
}

/// Certificates that clients show.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientCertificates {
    /// Files with the authorities that sign them, PEM.
    pub authorities: Vec<PathBuf>,
    /// Whether clients without one are refused.
    pub required: bool,
}

/// A version of TLS.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum TlsVersion {
    /// TLS 1.2.
    Tls12,
    /// TLS 1.3.
    Tls13,
}

/// The debug listener.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DebugSettings {
    /// Where it listens.
    pub address: ListenAddress,
    /// The path of the metrics, if they are served.
    pub prometheus: Option<String>,
}

/// What is looked at to say that the registry is well.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HealthSettings {
    /// Whether the storage answers.
    pub storage: Option<HealthCheck>,
    /// Files that must not be there.
    pub files: Vec<FileCheck>,
    /// Servers that must answer a request.
    pub http: Vec<HttpCheck>,
    /// Servers that must take a connection.
    pub tcp: Vec<TcpCheck>,
}

/// How often something is looked at, and how often it may fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HealthCheck {
    /// The time between two looks; never zero.
    pub interval: Duration,
    /// How many failures in a row make the registry unwell; at least 1.
    pub threshold: u32,
}

/// A file that takes the registry out of rotation as long as it is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileCheck {
    /// The file.
    pub path: PathBuf,
    /// How often it is tried.
    pub check: HealthCheck,
}

/// A server that must answer a HEAD request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpCheck {
    /// What is asked for: an `http` or `https` address.
    pub uri: String,
    /// The fields of the request.
    pub headers: Vec<(String, Vec<String>)>,
    /// The status it must answer.
    pub status: u16,
    /// How long it may take: the interval, where the file does not say.
    pub timeout: Duration,
    /// How often it is tried.
    pub check: HealthCheck,
}

/// A server that must take a connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TcpCheck {
    /// `HOST:PORT`, with a host in it.
    pub address: String,
    /// How long it may take: the interval, where the file does not say.
    pub timeout: Duration,
    /// How often it is tried.
    pub check: HealthCheck,
}

/// What is checked in a manifest that is pushed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ValidationSettings {
    /// Patterns that a URL in a manifest must match one of. Where this list is empty, every URL is
    /// allowed that `urls_deny` lets by; registry:2 allows none where both are.
    pub urls_allow: Vec<String>,
    /// Patterns that a URL in a manifest must match none of.
    pub urls_deny: Vec<String>,
    /// Which images of an index must be there when it is pushed.
    pub index_platforms: IndexPlatforms,
    /// Whether any of this is checked. If not, the lists are empty and `index_platforms` is
    /// [`IndexPlatforms::None`].
    pub enabled: bool,
}

/// Which images of an index must be there when it is pushed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IndexPlatforms {
    /// All of them.
    All,
    /// None: a sparse index is accepted.
    None,
    /// Those for one of these platforms; only operating system and architecture count.
    List(Vec<Platform>),
}

impl fmt::Display for LogLevel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Error => "error",
            Self::Warn => "warn",
            Self::Info => "info",
            Self::Debug => "debug",
            Self::Trace => "trace",
        })
    }
}

impl fmt::Display for LogFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Text => "text",
            Self::Json => "json",
            Self::Logstash => "logstash",
        })
    }
}

impl fmt::Display for TlsVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Tls12 => "TLS 1.2",
            Self::Tls13 => "TLS 1.3",
        })
    }
}

impl fmt::Display for ListenAddress {
    /// As it is written in a configuration: `HOST:PORT`, `[IPv6]:PORT`, `:PORT`, `unix:PATH`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp { host, port } if host.contains(':') => write!(f, "[{host}]:{port}"),
            Self::Tcp { host, port } => write!(f, "{host}:{port}"),
            Self::Unix(path) => write!(f, "unix:{}", path.display()),
        }
    }
}
