//! The host of a registry, and the choice of https or http.
//!
//! https, with three exceptions: http was requested, a registry on this machine's loopback does not
//! speak TLS, or a registry is behind ssh. The latter two are detected once, by a request without
//! credentials. All three receive credentials, as with docker, crane and skopeo: the loopback and
//! ssh can't be intercepted.

use std::net::IpAddr;

use tokio::sync::OnceCell;
use url::{Host, Url};

use super::Error;
use super::ssh::{SSH, SshAddress};
use super::transport::Transport;

/// Docker Hub's name in references and credentials.
pub(super) const DOCKER_HUB: &str = "docker.io";
/// The host of Docker Hub's registry.
const DOCKER_HUB_HOST: &str = "registry-1.docker.io";

/// The canonical name of a host: spellings of Docker Hub are equal.
pub(super) fn canonical(host: &str) -> &str {
    match host {
        "docker.io" | "index.docker.io" | "registry-1.docker.io" => DOCKER_HUB,
        other => other,
    }
}

/// The scheme for a registry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scheme {
    /// https; on this machine's loopback http if the registry does not speak TLS.
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
    ssh: Option<SshAddress>,
    key: String,
    decided: OnceCell<Url>,
}

impl Endpoint {
    /// The endpoint for `host` or `host:port`, or for `ssh://…`.
    pub(super) fn new(name: &str, scheme: Scheme) -> Result<Self, Error> {
        let wrong = |reason: &str| Error::Name {
            name: name.to_owned(),
            reason: reason.to_owned(),
        };
        let ssh = name.starts_with(SSH).then(|| name.parse::<SshAddress>());
        let ssh = ssh
            .transpose()
            .map_err(|error| wrong(&format!("it {error}")))?;
        let key = ssh.as_ref().map(SshAddress::key);
        let host = match &key {
            Some(key) if Url::parse(&format!("http://{key}/")).is_ok() => key,
            // A name that only ssh's configuration resolves.
            Some(_) => "localhost",
            None if canonical(name) == DOCKER_HUB => DOCKER_HUB_HOST,
            None => name,
        };
        if host.contains(['/', '?', '#', '@', '\\']) || host.contains(char::is_whitespace) {
            return Err(wrong("it has characters that are invalid in a host name"));
        }
        let parse = |scheme: &str| {
            Url::parse(&format!("{scheme}://{host}/")).map_err(|error| wrong(&error.to_string()))
        };
        let (https, http) = (parse("https")?, parse("http")?);
        Ok(Self {
            key: key.clone().unwrap_or_else(|| name.to_owned()),
            loopback: is_loopback(&https) && ssh.is_none(),
            https,
            http,
            scheme,
            ssh,
            decided: OnceCell::new(),
        })
    }

    /// `host` or `host:port` as the user named it, the key for credentials and certificates; behind
    /// ssh, the name without ssh.
    pub(super) fn key(&self) -> &str {
        &self.key
    }

    /// `host` or `host:port` for connections, without the default port of https.
    pub(super) fn authority(&self) -> &str {
        self.https.authority()
    }

    /// The ssh address, if it is reached through ssh.
    pub(super) fn behind_ssh(&self) -> Option<&SshAddress> {
        self.ssh.as_ref()
    }

    /// The base URL of the registry, after its scheme was decided.
    pub(super) async fn base(&self, transport: &Transport) -> Result<&Url, Error> {
        match self.scheme {
            Scheme::Http => return Ok(&self.http),
            Scheme::Found if self.loopback || self.ssh.is_some() => {}
            Scheme::Found | Scheme::Https => return Ok(&self.https),
        }
        self.decided
            .get_or_try_init(|| async {
                let probe = |base: &Url| base.join("v2/").unwrap_or_else(|_| base.clone());
                // Behind ssh, most registries have no TLS, and round trips are slow.
                let plain = self.ssh.is_some() && !transport.wants_tls(probe(&self.http)).await?;
                Ok(
                    if !plain && transport.speaks_tls(probe(&self.https)).await? {
                        self.https.clone()
                    } else {
                        self.http.clone()
                    },
                )
            })
            .await
    }

    /// The base URL as far as it is known: after [`Endpoint::base`], its result.
    pub(super) fn decided(&self) -> &Url {
        if self.scheme == Scheme::Http {
            return &self.http;
        }
        self.decided.get().unwrap_or(&self.https)
    }

    /// Whether a token service at an http address may receive credentials: only if the registry
    /// receives them over http itself. Behind ssh that is the registry's own address only; with a
    /// registry on the loopback, any address on the loopback.
    pub(super) fn trusts_plain(&self, realm: &Url) -> bool {
        let base = self.decided();
        match (&self.ssh, self.scheme) {
            (Some(_), _) => realm.origin() == base.origin(),
            (None, Scheme::Http) => true,
            (None, _) => base.scheme() == "http" && is_loopback(realm),
        }
    }
}

/// Whether an address is a loopback address.
pub(super) fn is_loopback(url: &Url) -> bool {
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
            assert_eq!(endpoint.loopback, loopback, "{name}");
        }
    }

    #[test]
    fn names_that_are_not() {
        for name in ["", "a/b", "a b", "u@h", "h:99999", "h?x", "[::1"] {
            assert!(Endpoint::new(name, Scheme::Found).is_err(), "{name}");
        }
    }

    #[test]
    fn token_services_over_http() {
        let trusts =
            |endpoint: &Endpoint, realm: &str| endpoint.trusts_plain(&Url::parse(realm).unwrap());
        let asked_for = Endpoint::new("a.example:80", Scheme::Http).unwrap();
        assert!(trusts(&asked_for, "http://b.example/token"));
        let secure = Endpoint::new("a.example", Scheme::Found).unwrap();
        assert!(!trusts(&secure, "http://a.example/token"));
        let near = Endpoint::new("127.0.0.1:5000", Scheme::Found).unwrap();
        assert!(!trusts(&near, "http://127.0.0.1:5001/token"));
        near.decided.set(near.http.clone()).unwrap();
        assert!(trusts(&near, "http://127.0.0.1:5001/token"));
        assert!(!trusts(&near, "http://b.example/token"));
    }

    #[test]
    fn behind_ssh() {
        let endpoint = Endpoint::new("ssh://ada@far/5001", Scheme::Found).unwrap();
        assert_eq!(endpoint.authority(), "far:5001");
        endpoint.decided.set(endpoint.http.clone()).unwrap();
        let realm = |text: &str| endpoint.trusts_plain(&Url::parse(text).unwrap());
        assert!(realm("http://far:5001/token"));
        assert!(!realm("http://far:5002/token") && !realm("http://other/token"));
        assert!(Endpoint::new("ssh://-x", Scheme::Found).is_err());
        let endpoint = Endpoint::new("ssh://localhost", Scheme::Found).unwrap();
        assert!(!endpoint.loopback);
    }
}
