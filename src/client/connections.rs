//! Connections to a registry and to the addresses it refers to: direct, through a proxy of the
//! environment, or through ssh.
//!
//! Contains connection timeouts, proxies, TLS settings and the tunnel, but no requests. Invariants:
//! addresses on this machine's loopback bypass the proxy; the tunnel is only for the registry; a
//! loopback address named by the remote host is never treated as this machine's.

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
use super::{Error, Options, no_proxy, proxy_variable};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(15);
const READ_TIMEOUT: Duration = Duration::from_mins(1);

/// Whether the environment excepts an address from the proxy.
fn is_excepted(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
    let port = url.port_or_known_default().unwrap_or_default();
    no_proxy::is_excepted(host, port, &no_proxy::list())
}

/// Why the proxy of the environment for an address can't be used, if it can't.
pub(super) fn unusable_proxy(url: &Url) -> Option<Error> {
    let goes_past = is_loopback(url) || is_excepted(url);
    proxy_variable::check(url).err().filter(|_| !goes_past)
}

/// The proxy of the environment for an address, as `host:port`, as reqwest reads it.
pub(super) fn proxy_of(url: &Url) -> Option<String> {
    if is_loopback(url) || is_excepted(url) {
        return None;
    }
    let proxied = Matcher::from_env().intercept(&url.as_str().parse().ok()?)?;
    Some(proxied.uri().authority()?.to_string())
}

/// The route of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Route {
    Tunnel,
    Direct,
    Proxied,
}

/// The read timeout of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum ReadTimeout {
    /// The usual timeout.
    Usual,
    /// No timeout: for streamed bodies, and for large blobs that the registry moves into place.
    Unlimited,
}

/// Connection pools, created when first needed.
pub(super) struct Connections {
    certificates: Certificates,
    /// The name for the certificates.
    key: String,
    insecure: bool,
    pools: Mutex<HashMap<(Route, ReadTimeout), reqwest::Client>>,
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
        connections.pool(
            connections.route(&connections.registry)?,
            ReadTimeout::Usual,
        )?;
        Ok(connections)
    }

    /// The pool for an address, with the tunnel started if the route needs it.
    pub(super) async fn to(&self, url: &Url, pace: ReadTimeout) -> Result<reqwest::Client, Error> {
        let route = self.route(url)?;
        if let (Route::Tunnel, Some(tunnel)) = (route, &self.tunnel) {
            tunnel.ready().await?;
        }
        if route == Route::Proxied {
            proxy_variable::check(url)?;
        }
        self.pool(route, pace)
    }

    fn route(&self, url: &Url) -> Result<Route, Error> {
        match (&self.tunnel, is_loopback(url)) {
            (Some(_), near) if self.is_registry_address(url, near) => Ok(Route::Tunnel),
            (Some(_), true) => Err(Error::Malformed {
                registry: self.key.clone(),
                what: url.path().to_owned(),
                reason: format!("{} is on its own loopback", url.authority()),
            }),
            (None, true) => Ok(Route::Direct),
            // reqwest ignores entries of NO_PROXY that have a port.
            (_, false) if is_excepted(url) => Ok(Route::Direct),
            (_, false) => Ok(Route::Proxied),
        }
    }

    /// Whether an address is that of the registry behind the tunnel, which may name itself by its
    /// listening address.
    fn is_registry_address(&self, url: &Url, loopback: bool) -> bool {
        // The scheme may still change, but not the port.
        let port = |url: &Url| url.port_or_known_default();
        let same_host = url.host_str() == self.registry.host_str() || loopback;
        same_host && port(url) == port(&self.registry)
    }

    fn pool(&self, route: Route, pace: ReadTimeout) -> Result<reqwest::Client, Error> {
        let mut pools = self.pools.lock();
        if let Some(pool) = pools.get(&(route, pace)) {
            return Ok(pool.clone());
        }
        // A machine without any authorities can still use plain http.
        let pool = self.builder(route, pace)?.build().or_else(|_| {
            let settled = self.builder(route, pace)?.tls_certs_only([]);
            settled.build().map_err(|error| self.unusable(&error))
        })?;
        pools.insert((route, pace), pool.clone());
        Ok(pool)
    }

    fn builder(&self, route: Route, pace: ReadTimeout) -> Result<ClientBuilder, Error> {
        let mut builder = reqwest::Client::builder()
            .user_agent(concat!("regctl/", env!("CARGO_PKG_VERSION")))
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .connect_timeout(CONNECT_TIMEOUT);
        if pace == ReadTimeout::Usual {
            builder = builder.read_timeout(READ_TIMEOUT);
        }
        let mut insecure = self.insecure;
        match (route, &self.tunnel) {
            (Route::Tunnel, Some(tunnel)) => {
                builder = builder.unix_socket(tunnel.socket());
                // A certificate proves the identity of a host. ssh has verified it by the host's
                // key, and the connection ends on that host's loopback, for which certificates are
                // rarely issued.
                insecure = true;
            }
            (Route::Direct, _) => builder = builder.no_proxy(),
            _ => {}
        }
        let settled = self.certificates.configure(builder, insecure);
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
            last => last,
        }
    }

    /// The proxy for an address, as `host:port`.
    fn proxy_to(&self, url: &Url) -> Option<String> {
        let route = self.route(url).ok()?;
        (route == Route::Proxied).then(|| proxy_of(url))?
    }

    /// The tunnel, if the address is routed through it.
    pub(super) fn tunnel_to(&self, url: &Url) -> Option<&Tunnel> {
        self.tunnel
            .as_ref()
            .filter(|_| self.is_registry_address(url, is_loopback(url)))
    }
}
