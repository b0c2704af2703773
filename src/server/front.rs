//! The network side of a server: the addresses, the certificate, the number of connections.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, anyhow};
use http::header::HeaderName;

use super::acme::Acme;
use super::certificate::{self, Watched};
use super::outgoing::UnusableAuthorities;
use super::self_signed::SelfSigned;
use super::systemd::PassedSockets;
use super::tasks::{self, Tasks};
use crate::admin::CertificateOrigin;
use crate::config::{
    self, CertificateSource, ListenAddress, RateSettings, ReachSettings, Settings, TlsSettings,
};
use crate::http::{
    Address, Bound, Certificate, ClientAuthorities, ConnectionLimits, Rate, RateLimits,
    SocketAccess, Tls, TlsError, TlsVersion,
};

/// Descriptors for other purposes: the index, waiting connections, the log.
const RESERVED_DESCRIPTORS: u64 = 384;
/// Maximum number of connections, regardless of the system.
const MOST_CONNECTIONS: usize = 10_000;
/// Maximum number of concurrent requests: each may use some 64 KiB of memory.
const MOST_REQUESTS: usize = 4096;

/// How the certificate is renewed, if this server renews it.
pub(super) enum Renewal {
    /// By this server's own authority.
    Own(SelfSigned),
    /// An ACME authority.
    Acme(Box<Acme>),
}

/// TLS of a listener, with its certificate and the renewal of that.
pub(super) struct Secured {
    pub(super) tls: Tls,
    pub(super) watched: Watched,
    pub(super) renewal: Option<Renewal>,
}

/// Sets up TLS, if it is configured. The server's own certificates are stored in `directory`.
pub(super) fn tls(
    settings: Option<&TlsSettings>,
    directory: &Path,
) -> anyhow::Result<Option<Secured>> {
    let Some(settings) = settings else {
        return Ok(None);
    };
    let (watched, renewal) = match &settings.certificate {
        CertificateSource::Files { certificate, key } => {
            let certificate = Certificate::load(certificate, key)?;
            let watched = Watched::new(certificate, CertificateOrigin::Files);
            (watched, None)
        }
        CertificateSource::SelfSigned { hosts } => {
            let own = SelfSigned::new(directory.to_owned(), hosts.clone());
            own.ensure()?;
            let certificate = Certificate::load(&own.certificate(), &own.key())?;
            let watched = Watched::new(certificate, CertificateOrigin::SelfSigned);
            watched.set_renewals(own.renewals());
            (watched, Some(Renewal::Own(own)))
        }
        CertificateSource::Acme(settings) => {
            let acme = Acme::open(settings, directory)?;
            (acme.watched(), Some(Renewal::Acme(Box::new(acme))))
        }
    };
    let challenges = match &renewal {
        Some(Renewal::Acme(acme)) => Some(acme.challenges()),
        _ => None,
    };
    let tls = Tls {
        certificate: Arc::clone(&watched.certificate),
        minimum: match settings.minimum {
            config::TlsVersion::Tls12 => TlsVersion::Tls12,
            config::TlsVersion::Tls13 => TlsVersion::Tls13,
        },
        clients: client_authorities(settings)?,
        challenges,
    };
    Ok(Some(Secured {
        tls,
        watched,
        renewal,
    }))
}

/// The error about a file of TLS, with the keys of the configuration that name it.
pub(super) fn located(error: anyhow::Error, settings: &Settings) -> anyhow::Error {
    let authorities = error.downcast_ref::<UnusableAuthorities>();
    let paths = match error.downcast_ref() {
        Some(TlsError::File { path, .. }) => vec![path],
        Some(TlsError::Pair {
            certificate, key, ..
        }) => vec![certificate, key],
        Some(TlsError::Settings(_)) | None => authorities.iter().map(|file| &file.path).collect(),
    };
    let named = paths.iter().filter_map(|path| settings.places.naming(path));
    let mut named: Vec<&str> = named.collect();
    named.dedup();
    if named.is_empty() {
        return error;
    }
    let named = named.join(", ");
    error.context(named)
}

/// Reloads the certificate, renews it, and warns before its end.
pub(super) fn maintain(tasks: &mut Tasks, secured: Secured) {
    let watched = secured.watched;
    tasks::reload(tasks, watched.clone());
    match secured.renewal {
        Some(Renewal::Own(own)) => tasks::renew(tasks, own, watched.clone()),
        Some(Renewal::Acme(acme)) => drop(tasks.0.spawn((*acme).maintain())),
        None => {}
    }
    certificate::warn_before_end(tasks, watched);
}

/// The address that answers HTTP-01, if there is one.
pub(super) async fn challenges(tls: Option<&TlsSettings>) -> anyhow::Result<Option<Bound>> {
    let settings = match tls.map(|tls| &tls.certificate) {
        Some(CertificateSource::Acme(acme)) => acme.http.as_ref(),
        _ => None,
    };
    let Some(settings) = settings else {
        return Ok(None);
    };
    let address = address(settings);
    let bound = bind(&address, SocketAccess::default(), "--acme-http").await;
    let bound = bound.context("for HTTP-01 challenges (--acme-http, regctl.acme.http)")?;
    tracing::info!(
        "HTTP-01 challenges are answered at {}",
        url(&address, bound.address(), false)
    );
    Ok(Some(bound))
}

fn client_authorities(settings: &TlsSettings) -> anyhow::Result<Option<ClientAuthorities>> {
    let Some(clients) = &settings.clients else {
        return Ok(None);
    };
    let authorities = ClientAuthorities::load(&clients.authorities, clients.required)?;
    Ok(Some(authorities))
}

/// Checks the configured TLS files, without creating any.
pub(super) fn check_tls(settings: &TlsSettings) -> anyhow::Result<()> {
    client_authorities(settings)?;
    if let CertificateSource::Files { certificate, key } = &settings.certificate {
        Certificate::load(certificate, key)?;
    }
    if let CertificateSource::Acme(acme) = &settings.certificate {
        super::outgoing::client(acme.authorities.as_deref(), std::time::Duration::ZERO)?;
    }
    Ok(())
}

pub(super) fn rates(settings: &ReachSettings) -> RateLimits {
    let rate = |rate: RateSettings| Rate {
        each_second: rate.each_second,
        burst: rate.burst,
    };
    RateLimits {
        address: settings.address_rate.map(rate),
        account: settings.account_rate.map(rate),
    }
}

/// The header in which proxies name the signed-in user.
pub(super) fn user_header(settings: &ReachSettings) -> anyhow::Result<Option<HeaderName>> {
    let name = settings.user_header.as_deref().map(HeaderName::try_from);
    name.transpose().context("regctl.proxy-user-header")
}

/// Whether traffic to an address can be read by others.
pub(super) fn is_exposed(address: &Address) -> bool {
    let Address::Tcp(host, _) = address else {
        return false;
    };
    let is_loopback = |host: &str| {
        let address = host.parse::<std::net::IpAddr>();
        address.map_or(host == "localhost", |address| address.is_loopback())
    };
    !is_loopback(host)
}

fn address(settings: &ListenAddress) -> Address {
    match settings {
        ListenAddress::Tcp { host, port } => Address::Tcp(host.clone(), *port),
        ListenAddress::Unix(path) => Address::Unix(path.clone()),
    }
}

/// Where a server listens.
pub(super) struct Entrance {
    pub(super) bound: Bound,
    pub(super) address: Address,
    pub(super) url: String,
    /// The socket that this server has created and removes when it stops.
    pub(super) socket: Option<PathBuf>,
}

/// Listens on the configured address, or on the next socket passed by systemd. `key` is the flag or
/// key that sets the address.
pub(super) async fn enter(
    passed: &mut PassedSockets,
    (key, configured): (&str, &ListenAddress),
    access: SocketAccess,
    tls: bool,
) -> anyhow::Result<Entrance> {
    let mut socket = None;
    let (bound, address) = if let Some(passed) = passed.next()? {
        passed
    } else {
        let address = address(configured);
        let bound = bind(&address, access, key).await?;
        if let Address::Unix(path) = &address {
            socket = Some(path.clone());
        }
        (bound, address)
    };
    let url = url(&address, bound.address(), tls);
    Ok(Entrance {
        bound,
        address,
        url,
        socket,
    })
}

/// Binds an address that this flag or key sets.
async fn bind(address: &Address, access: SocketAccess, key: &str) -> anyhow::Result<Bound> {
    let name = match address {
        Address::Tcp(host, port) => format!("{host}:{port}"),
        Address::Unix(path) => path.display().to_string(),
    };
    Bound::bind(address, access).await.map_err(|error| {
        let hint = match error.kind() {
            std::io::ErrorKind::AddrInUse => {
                format!("another process listens there; choose another address with {key}")
            }
            std::io::ErrorKind::AlreadyExists => {
                "a file that is not a socket has this name".to_owned()
            }
            std::io::ErrorKind::PermissionDenied if matches!(address, Address::Unix(_)) => {
                "this user may not make the socket, or give it the group of regctl.socket".to_owned()
            }
            std::io::ErrorKind::PermissionDenied => format!(
                "ports below 1024 are reserved for root; choose another with {key}, or let systemd open it \
                 (regctl setup socket)"
            ),
            _ => format!("choose another address with {key}"),
        };
        anyhow!("listen on {name}: {error}; hint: {hint}")
    })
}

fn url(address: &Address, bound: &str, tls: bool) -> String {
    match address {
        Address::Tcp(..) => format!("{}://{bound}", if tls { "https" } else { "http" }),
        Address::Unix(path) => format!("unix:{}", path.display()),
    }
}

/// Numbers of connections and requests for the available descriptors, after raising the limit. A
/// request needs another descriptor for its file.
pub(super) fn limits() -> ConnectionLimits {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit {
        current: limit.maximum,
        maximum: limit.maximum,
    };
    let current = match setrlimit(Resource::Nofile, raised) {
        Ok(()) => limit.maximum,
        Err(_) => limit.current,
    };
    let half = current
        .unwrap_or(u64::MAX)
        .saturating_sub(RESERVED_DESCRIPTORS)
        / 2;
    let half = usize::try_from(half).unwrap_or(usize::MAX);
    ConnectionLimits {
        connections: half.clamp(16, MOST_CONNECTIONS),
        requests: half.clamp(16, MOST_REQUESTS),
    }
}
