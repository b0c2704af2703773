//! Connections to a registry and to the addresses it refers to: direct, through a proxy of the
//! environment, or through ssh.
//!
//! Connection timeouts, proxies, TLS settings, the tunnel. Knows no requests. Invariants: addresses
//! on this machine's loopback bypass the proxy; the tunnel is only for the registry; a loopback
//! address named by the remote host is not taken for this machine's.

use std::collections::HashMap;
use std::time::Duration;

use hyper_util::client::proxy::matcher::Matcher;
use parking_lot::Mutex;
use reqwest::ClientBuilder;
use url::Url;

use super::certificates::Certificates;
use super::endpoint::{Endpoint, is_loopback};
use super::failure::{Failed, failure, failure_through, refused};
use super::tunnel::Tunnel;
use super::words::innermost;
use super::{Error, Options};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(15);
const READ_TIMEOUT: Duration = Duration::from_mins(1);

/// The route of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Way {
    Tunnel,
    Direct,
    Proxied,
}

/// The read timeout of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Pace {
    /// The usual timeout.
    Usual,
    /// No timeout: for streamed bodies, and for large blobs that the registry moves into place.
    Unhurried,
}

/// Connection pools, created when first needed.
pub(super) struct Connections {
    certificates: Certificates,
    /// The name for the certificates.
    key: String,
    insecure: bool,
    pools: Mutex<HashMap<(Way, Pace), reqwest::Client>>,
    tunnel: Option<Tunnel>,
    /// The address of the registry.
    registry: Url,
}

impl Connections {
    /// Connections for a registry; none is opened yet.
    pub(super) fn new(name: &str, endpoint: &Endpoint, options: &Options) -> Result<Self, Error> {
        let address = endpoint.behind_ssh().cloned();
        let tunnel = address.map(|address| Tunnel::new(address, name, options.listener.clone()));
        let connections = Self {
            certificates: Certificates::load(&[endpoint.key(), endpoint.authority()])?,
            key: endpoint.key().to_owned(),
            insecure: options.insecure,
            pools: Mutex::default(),
            tunnel: tunnel.transpose()?,
            registry: endpoint.decided().clone(),
        };
        // Reports invalid certificates at once.
        connections.pool(connections.way(&connections.registry)?, Pace::Usual)?;
        Ok(connections)
    }

    /// The pool for an address, with the tunnel started if the route needs it.
    pub(super) async fn to(&self, url: &Url, pace: Pace) -> Result<reqwest::Client, Error> {
        let way = self.way(url)?;
        if let (Way::Tunnel, Some(tunnel)) = (way, &self.tunnel) {
            tunnel.ready().await?;
        }
        self.pool(way, pace)
    }

    fn way(&self, url: &Url) -> Result<Way, Error> {
        match (&self.tunnel, is_loopback(url)) {
            (Some(_), near) if self.is_registrys(url, near) => Ok(Way::Tunnel),
            (Some(_), true) => Err(Error::Malformed {
                registry: self.key.clone(),
                what: url.path().to_owned(),
                reason: format!("{} is on its own loopback", url.authority()),
            }),
            (None, true) => Ok(Way::Direct),
            (_, false) => Ok(Way::Proxied),
        }
    }

    /// Whether an address is that of the registry behind the tunnel, which may name itself by its
    /// listening address.
    fn is_registrys(&self, url: &Url, loopback: bool) -> bool {
        // The scheme may still change, but not the port.
        let port = |url: &Url| url.port_or_known_default();
        let same_host = url.host_str() == self.registry.host_str() || loopback;
        same_host && port(url) == port(&self.registry)
    }

    fn pool(&self, way: Way, pace: Pace) -> Result<reqwest::Client, Error> {
        let mut pools = self.pools.lock();
        if let Some(pool) = pools.get(&(way, pace)) {
            return Ok(pool.clone());
        }
        // A machine without any authorities can still use plain http.
        let pool = self.settled(way, pace)?.build().or_else(|_| {
            let settled = self.settled(way, pace)?.tls_certs_only([]);
            settled.build().map_err(|error| self.unusable(&error))
        })?;
        pools.insert((way, pace), pool.clone());
        Ok(pool)
    }

    fn settled(&self, way: Way, pace: Pace) -> Result<ClientBuilder, Error> {
        let mut builder = reqwest::Client::builder()
            .user_agent(concat!("regctl/", env!("CARGO_PKG_VERSION")))
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .connect_timeout(CONNECT_TIMEOUT);
        if pace == Pace::Usual {
            builder = builder.read_timeout(READ_TIMEOUT);
        }
        let mut insecure = self.insecure;
        match (way, &self.tunnel) {
            (Way::Tunnel, Some(tunnel)) => {
                builder = builder.unix_socket(tunnel.socket());
                // A certificate proves the identity of a host. ssh has verified it by the host's
                // key, and the connection ends on that host's loopback, for which certificates are
                // rarely issued.
                insecure = true;
            }
            (Way::Direct, _) => builder = builder.no_proxy(),
            _ => {}
        }
        let settled = self.certificates.settle(builder, insecure);
        settled.map_err(|error| self.unusable(&*error))
    }

    fn unusable(&self, error: &(dyn std::error::Error + 'static)) -> Error {
        Error::Setup {
            what: "the TLS settings".into(),
            reason: innermost(error),
            hint: format!("check the certificates for {}", self.key),
        }
    }

    /// The meaning of a failed exchange; for a tunnel, ssh's messages explain it.
    pub(super) async fn failure(&self, error: &reqwest::Error, url: &Url) -> Failed {
        let Some(tunnel) = self.tunnel_to(url) else {
            return match self.proxy_to(url) {
                Some(proxy) => failure_through(&proxy, error, url),
                None => failure(error, url),
            };
        };
        if !error.is_timeout()
            && let Some(refusal) = tunnel.refusal().await
        {
            return Failed::Final(refusal);
        }
        if refused(error) {
            tunnel.broken().await;
            return Failed::Transient {
                reason: "the ssh connection broke".into(),
                hint: "",
            };
        }
        match failure(error, url) {
            Failed::Transient { reason, .. } => Failed::Transient {
                reason,
                hint: "check that a registry listens there, on the loopback of that host",
            },
            last @ Failed::Final(_) => last,
        }
    }

    /// The proxy for an address, as `host:port`, as reqwest reads it from the environment.
    fn proxy_to(&self, url: &Url) -> Option<String> {
        if self.way(url).ok()? != Way::Proxied {
            return None;
        }
        let proxied = Matcher::from_env().intercept(&url.as_str().parse().ok()?)?;
        Some(proxied.uri().authority()?.to_string())
    }

    /// The tunnel, if the address is routed through it.
    pub(super) fn tunnel_to(&self, url: &Url) -> Option<&Tunnel> {
        self.tunnel
            .as_ref()
            .filter(|_| self.is_registrys(url, is_loopback(url)))
    }
}
