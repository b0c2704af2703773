//! Which host a registry is reached at, and whether over https or http.
//!
//! https, always, with three exceptions: where http is asked for, a registry on this machine's loopback
//! that does not speak TLS, and one behind ssh. The latter two are found out once, by a request without
//! credentials. Credentials go to all three, as docker, crane and skopeo send them: nobody between can
//! read them on the loopback or inside ssh.

use std::net::IpAddr;

use tokio::sync::OnceCell;
use url::{Host, Url};

use super::Error;
use super::ssh::{SSH, SshAddress};
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
    /// https; on this machine's loopback http, where the registry does not speak TLS.
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
    /// The address for `host` or `host:port`, or for `ssh://…`.
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
            // A name that only ssh's configuration can make something of.
            Some(_) => "localhost",
            None if canonical(name) == DOCKER_HUB => DOCKER_HUB_HOST,
            None => name,
        };
        if host.contains(['/', '?', '#', '@', '\\']) || host.contains(char::is_whitespace) {
            return Err(wrong("it has characters that no host name has"));
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

    /// `host` or `host:port`, as it was named, under which credentials and certificates are filed;
    /// behind ssh the name that the registry would have without.
    pub(super) fn key(&self) -> &str {
        &self.key
    }

    /// `host` or `host:port` as it is spoken to, without the port of https itself.
    pub(super) fn authority(&self) -> &str {
        self.https.authority()
    }

    /// How ssh reaches it, where it is reached so.
    pub(super) fn behind_ssh(&self) -> Option<&SshAddress> {
        self.ssh.as_ref()
    }

    /// The root of the registry, its scheme decided.
    pub(super) async fn base(&self, transport: &Transport) -> Result<&Url, Error> {
        match self.scheme {
            Scheme::Http => return Ok(&self.http),
            Scheme::Found if self.loopback || self.ssh.is_some() => {}
            Scheme::Found | Scheme::Https => return Ok(&self.https),
        }
        self.decided
            .get_or_try_init(|| async {
                let probe = |base: &Url| base.join("v2/").unwrap_or_else(|_| base.clone());
                // Behind ssh a registry is mostly without TLS, and the way is long.
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

    /// The root of the registry as far as it is known: after [`Endpoint::base`], the one it gave.
    pub(super) fn decided(&self) -> &Url {
        if self.scheme == Scheme::Http {
            return &self.http;
        }
        self.decided.get().unwrap_or(&self.https)
    }

    /// Whether a token service at an http address may be sent credentials: only where the registry
    /// itself is sent them so. Behind ssh that is the registry alone, beside a registry on the loopback
    /// one that is there too.
    pub(super) fn trusts_plain(&self, realm: &Url) -> bool {
        let base = self.decided();
        match (&self.ssh, self.scheme) {
            (Some(_), _) => realm.origin() == base.origin(),
            (None, Scheme::Http) => true,
            (None, _) => base.scheme() == "http" && is_loopback(realm),
        }
    }
}

/// Whether an address is on the loopback of the machine that takes it to be.
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
