//! Which host a registry is reached at, and whether over https or http.
//!
//! https, always, with two exceptions: where http is asked for, and a registry on this machine's loopback
//! that does not speak TLS. The latter is found out once, by a request without credentials, and a
//! registry found so is never sent any ([`Endpoint::may_send_credentials`]).

use std::net::IpAddr;

use tokio::sync::OnceCell;
use url::{Host, Url};

use super::Error;
use super::transport::Transport;

/// What Docker Hub calls itself in references and credentials.
pub(super) const DOCKER_HUB: &str = "docker.io";
/// Where Docker Hub's registry is.
const DOCKER_HUB_HOST: &str = "registry-1.docker.io";

/// The name under which a host is known: the spellings of Docker Hub are one.
pub(super) fn canonical(host: &str) -> &str {
    match host {
        "docker.io" | "index.docker.io" | "registry-1.docker.io" => DOCKER_HUB,
        other => other,
    }
}

/// How a registry is spoken to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scheme {
    /// https; on this machine's loopback http, without credentials, where nobody speaks TLS.
    Found,
    /// https only.
    Https,
    /// http, with credentials.
    Http,
}

/// One registry's address.
pub(super) struct Endpoint {
    https: Url,
    http: Url,
    scheme: Scheme,
    loopback: bool,
    decided: OnceCell<Url>,
}

impl Endpoint {
    /// The address for `host` or `host:port`.
    pub(super) fn new(name: &str, scheme: Scheme) -> Result<Self, Error> {
        let host = if canonical(name) == DOCKER_HUB {
            DOCKER_HUB_HOST
        } else {
            name
        };
        let wrong = |reason: &str| Error::Name {
            name: name.to_owned(),
            reason: reason.to_owned(),
        };
        if host.contains(['/', '?', '#', '@', '\\']) || host.contains(char::is_whitespace) {
            return Err(wrong("it has characters that no host name has"));
        }
        let parse = |scheme: &str| {
            Url::parse(&format!("{scheme}://{host}/")).map_err(|error| wrong(&error.to_string()))
        };
        let (https, http) = (parse("https")?, parse("http")?);
        Ok(Self {
            loopback: is_loopback(&https),
            https,
            http,
            scheme,
            decided: OnceCell::new(),
        })
    }

    /// `host` or `host:port`, as certificates are filed under it.
    pub(super) fn authority(&self) -> &str {
        self.https.authority()
    }

    /// Whether it is on this machine.
    pub(super) fn is_loopback(&self) -> bool {
        self.loopback
    }

    /// The root of the registry, its scheme decided.
    pub(super) async fn base(&self, transport: &Transport) -> Result<&Url, Error> {
        match self.scheme {
            Scheme::Http => return Ok(&self.http),
            Scheme::Found if self.loopback => {}
            Scheme::Found | Scheme::Https => return Ok(&self.https),
        }
        self.decided
            .get_or_try_init(|| async {
                let probe = self
                    .https
                    .join("v2/")
                    .unwrap_or_else(|_| self.https.clone());
                Ok(if transport.speaks_tls(probe).await? {
                    self.https.clone()
                } else {
                    self.http.clone()
                })
            })
            .await
    }

    /// The root of the registry as far as it is known: after [`Endpoint::base`], the one it gave.
    pub(super) fn decided(&self) -> &Url {
        if self.scheme == Scheme::Http {
            return &self.http;
        }
        self.decided.get().unwrap_or(&self.https)
    }

    /// Whether a secret may go to this registry at all: not over an http that nobody asked for.
    pub(super) fn may_send_credentials(&self) -> bool {
        self.scheme == Scheme::Http
            || self
                .decided
                .get()
                .is_none_or(|base| base.scheme() == "https")
    }

    /// Whether it is spoken to without TLS.
    pub(super) fn is_plain(&self) -> bool {
        self.scheme == Scheme::Http
            || self
                .decided
                .get()
                .is_some_and(|base| base.scheme() == "http")
    }
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(domain)) => domain == "localhost" || domain.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => IpAddr::V4(address).is_loopback(),
        Some(Host::Ipv6(address)) => IpAddr::V6(address).is_loopback(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_are_hosts() {
        for (name, authority, loopback) in [
            ("127.0.0.1:5000", "127.0.0.1:5000", true),
            ("localhost", "localhost", true),
            ("[::1]:5000", "[::1]:5000", true),
            ("registry.example.org", "registry.example.org", false),
            ("docker.io", "registry-1.docker.io", false),
        ] {
            let endpoint = Endpoint::new(name, Scheme::Found).unwrap();
            assert_eq!(endpoint.authority(), authority);
            assert_eq!(endpoint.is_loopback(), loopback, "{name}");
        }
    }

    #[test]
    fn names_that_are_not() {
        for name in ["", "a/b", "a b", "u@h", "h:99999", "h?x", "[::1"] {
            assert!(Endpoint::new(name, Scheme::Found).is_err(), "{name}");
        }
    }

    #[test]
    fn secrets_go_over_http_only_when_asked() {
        assert!(
            Endpoint::new("a.example:80", Scheme::Http)
                .unwrap()
                .may_send_credentials()
        );
        let endpoint = Endpoint::new("127.0.0.1:5000", Scheme::Found).unwrap();
        endpoint.decided.set(endpoint.http.clone()).unwrap();
        assert!(endpoint.is_plain() && !endpoint.may_send_credentials());
    }
}
