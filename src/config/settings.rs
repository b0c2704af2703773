//! The interpreted configuration: types that the server reads.
//!
//! Values with a default are not optional, and texts are parsed: users of [`Settings`] need to know
//! neither the source of a value nor which keys were missing.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use super::access::AccessSettings;
use super::acme::AcmeSettings;
use super::collection::{CollectionSettings, ScrubSettings};
use super::content::ContentSettings;
use super::oidc::OidcProviderSettings;
use super::pages::PagesSettings;
use super::places::FilePlaces;
use super::reach::ReachSettings;
use super::workloads::WorkloadSettings;
use crate::oci::Platform;
use crate::oci::RetentionRule;

/// The settings of `serve`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// The log and the access log.
    pub log: LogSettings,
    /// How callers sign in.
    pub access: AccessSettings,
    /// Rules for ID tokens of CI systems and clusters.
    pub workloads: Vec<WorkloadSettings>,
    /// The provider through which people sign in to the pages.
    pub oidc: Option<OidcProviderSettings>,
    /// The storage, and the permitted operations.
    pub storage: StorageSettings,
    /// The listeners and their answers.
    pub http: HttpSettings,
    /// The health checks.
    pub health: HealthSettings,
    /// Maximum number of entries of a page of the catalog.
    pub catalog_limit: usize,
    /// Maximum number of entries of a page of tags.
    pub tag_limit: usize,
    /// The checks of pushed manifests.
    pub validation: ValidationSettings,
    /// Settings of garbage collection.
    pub collection: CollectionSettings,
    /// The retention rules.
    pub retention: Vec<RetentionRule>,
    /// The checks of blobs and manifests.
    pub content: ContentSettings,
    /// The file of the index if the root is read-only; `None`: in memory.
    pub index: Option<PathBuf>,
    /// The background check; `None` if it is off.
    pub scrub: Option<ScrubSettings>,
    /// The pages for browsers.
    pub pages: PagesSettings,
    /// How clients reach the registry.
    pub reach: ReachSettings,
    /// How long events are stored.
    pub audit: Duration,
    /// The positions of the keys that name files.
    pub places: FilePlaces,
}

/// The log (stderr) and the access log (stdout).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogSettings {
    /// Messages below this level are not written.
    pub level: LogLevel,
    /// The format of messages.
    pub format: LogFormat,
    /// Fields added to every message.
    pub fields: BTreeMap<String, String>,
    /// Whether each request is written to the access log.
    pub access_log: bool,
}

/// The level of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum LogLevel {
    /// A failure.
    Error,
    /// A problem.
    Warn,
    /// An event of interest to operators.
    Info,
    /// Details for developers.
    Debug,
    /// Every step. registry:2 does not have this level.
    Trace,
}

/// The format of messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// A line for people.
    Text,
    /// One JSON object per line.
    Json,
    /// One JSON object per line, with Logstash's names (`@timestamp`, `@version`).
    Logstash,
}

/// The storage, and the permitted operations.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StorageSettings {
    /// The driver.
    pub driver: StorageDriver,
    /// Whether clients may delete.
    pub delete: bool,
    /// Whether all writes of clients are refused (`maintenance.readonly`).
    pub read_only: bool,
    /// How abandoned uploads are removed; `None`: they are kept.
    pub upload_purging: Option<UploadPurging>,
}

/// A storage driver.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StorageDriver {
    /// A directory, in the layout of registry:2.
    Filesystem {
        /// The root: the layout is in `docker/registry/v2` below it.
        root: PathBuf,
    },
    /// Memory: everything is lost when the process ends.
    Memory,
}

/// How abandoned uploads are removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UploadPurging {
    /// Older uploads are removed.
    pub age: Duration,
    /// The interval of the task; never zero.
    pub interval: Duration,
    /// Whether uploads are only reported.
    pub dry_run: bool,
}

/// How long running requests may continue after a stop, if nothing is configured.
pub const DRAIN: Duration = Duration::from_secs(30);

/// The listeners and their answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpSettings {
    /// The address to listen on.
    pub address: ListenAddress,
    /// The path of `/v2/`: `""`, or `/x/y` without a slash at the end.
    pub prefix: String,
    /// The public address: `scheme://host[:port]` and possibly a path, without a slash at the end.
    /// `None`: the address in the request.
    pub host: Option<String>,
    /// Whether `Location` is a path only.
    pub relative_urls: bool,
    /// How long requests may continue after a stop; `None` if it is not configured.
    pub drain_timeout: Option<Duration>,
    /// Header fields of every answer, valid, in the order of the file.
    pub headers: Vec<(String, Vec<String>)>,
    /// TLS; `None` is plain HTTP.
    pub tls: Option<TlsSettings>,
    /// The debug listener, for health and metrics.
    pub debug: Option<DebugSettings>,
    /// Whether HTTP/2 is offered over TLS.
    pub http2: bool,
    /// Whether HTTP/2 is spoken without TLS.
    pub h2c: bool,
}

impl HttpSettings {
    /// How long running requests may continue after a stop.
    pub fn drain(&self) -> Duration {
        self.drain_timeout.unwrap_or(DRAIN)
    }
}

/// An address to listen on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ListenAddress {
    /// A TCP port.
    Tcp {
        /// A name or an address, IPv6 without brackets; empty for all addresses, v6 and v4.
        host: String,
        /// The port; 0 for a free one.
        port: u16,
    },
    /// A Unix socket.
    Unix(PathBuf),
}

impl ListenAddress {
    /// Whether one process can't listen on both: they have the same port, and one host or all.
    pub(super) fn overlaps(&self, other: &Self) -> bool {
        let (Self::Tcp { host, port }, Self::Tcp { host: of, port: at }) = (self, other) else {
            return false;
        };
        let is_every = |host: &str| matches!(host, "" | "0.0.0.0" | "::");
        port == at && *port != 0 && (host == of || is_every(host) || is_every(of))
    }
}

/// TLS settings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsSettings {
    /// The source of the certificate.
    pub certificate: CertificateSource,
    /// The minimum version.
    pub minimum: TlsVersion,
    /// Client certificates; `None`: they are not requested.
    pub clients: Option<ClientCertificates>,
}

/// The source of the server's certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CertificateSource {
    /// Two files, which are reloaded when replaced.
    Files {
        /// The certificate and its chain, PEM.
        certificate: PathBuf,
        /// The private key, PEM.
        key: PathBuf,
    },
    /// This server's own authority, stored below the root.
    SelfSigned {
        /// Names and addresses of the host in addition to the detected ones.
        hosts: Vec<String>,
    },
    /// From an ACME directory.
    Acme(AcmeSettings),
}

/// Client certificates.
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
    /// Its address.
    pub address: ListenAddress,
    /// The path of the metrics, if they are enabled.
    pub prometheus: Option<String>,
}

/// The health checks.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HealthSettings {
    /// Whether the storage answers.
    pub storage: Option<HealthCheck>,
    /// Files that must not exist.
    pub files: Vec<FileCheck>,
    /// Servers that must answer a request.
    pub http: Vec<HttpCheck>,
    /// Servers that must accept a connection.
    pub tcp: Vec<TcpCheck>,
}

/// The interval and the threshold of a health check.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HealthCheck {
    /// The time between two checks; never zero.
    pub interval: Duration,
    /// Number of failures in a row that make the registry unhealthy; at least 1.
    pub threshold: u32,
}

/// A file that takes the registry out of rotation while it exists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileCheck {
    /// The file.
    pub path: PathBuf,
    /// The interval and the threshold.
    pub check: HealthCheck,
}

/// A server that must answer a HEAD request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpCheck {
    /// The requested `http` or `https` URL.
    pub uri: String,
    /// The header fields of the request.
    pub headers: Vec<(String, Vec<String>)>,
    /// The expected status.
    pub status: u16,
    /// Timeout; by default the interval.
    pub timeout: Duration,
    /// The interval and the threshold.
    pub check: HealthCheck,
}

/// A server that must accept a connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TcpCheck {
    /// `HOST:PORT`; the host is required.
    pub address: String,
    /// Timeout; by default the interval.
    pub timeout: Duration,
    /// The interval and the threshold.
    pub check: HealthCheck,
}

/// The checks of pushed manifests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ValidationSettings {
    /// Patterns of which a URL in a manifest must match one. If this list is empty, every URL is
    /// allowed that `urls_deny` does not match; registry:2 allows none if both are empty.
    pub urls_allow: Vec<String>,
    /// Patterns of which a URL in a manifest must match none.
    pub urls_deny: Vec<String>,
    /// The images of an index that must exist when it is pushed.
    pub index_platforms: IndexPlatforms,
    /// Whether any of these checks is enabled. If not, the lists are empty and `index_platforms` is
    /// [`IndexPlatforms::None`].
    pub enabled: bool,
}

/// The images of an index that must exist when it is pushed.
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
    /// The spelling in a configuration: `HOST:PORT`, `[IPv6]:PORT`, `:PORT`, `unix:PATH`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp { host, port } if host.contains(':') => write!(f, "[{host}]:{port}"),
            Self::Tcp { host, port } => write!(f, "{host}:{port}"),
            Self::Unix(path) => write!(f, "unix:{}", path.display()),
        }
    }
}
