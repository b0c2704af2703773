//! The address of a registry behind ssh: `ssh://[user@]host[:port][/registry-port]`.
//!
//! Pure. Parses the address, and gives the arguments for ssh and the key for credentials and
//! certificates. Invariant: no part of it can be taken for an option of ssh, or for more than one
//! word by a shell that runs a `ProxyCommand`.

use std::fmt;
use std::str::FromStr;

/// Prefix of such an address.
pub const SSH: &str = "ssh://";
/// Default port of a registry.
const REGISTRY_PORT: u16 = 5000;

/// The address of a registry on the loopback of a host that ssh reaches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SshAddress {
    user: Option<String>,
    /// Without the brackets of an IPv6 address; or a name in the user's configuration of ssh.
    host: String,
    /// The port of the ssh server, if it differs from the configuration's.
    port: Option<u16>,
    /// The port of the registry there, if it is named.
    registry_port: Option<u16>,
}

/// Why a text is not such an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SshAddressError {
    /// It begins with something else.
    #[error("does not begin with ssh://")]
    Scheme,
    /// It has a password, which must not appear on a command line.
    #[error("has a password, which ssh asks for itself")]
    Password,
    /// The user name is invalid.
    #[error("has a user name that can't be passed to ssh")]
    User,
    /// The host is missing or invalid.
    #[error("has no host name that can be passed to ssh")]
    Host,
    /// The port of the ssh server is invalid.
    #[error("has a port that is not a number from 1 to 65535")]
    Port,
    /// The path is not the registry's port.
    #[error("has a path that is not the registry's port there")]
    RegistryPort,
}

impl FromStr for SshAddress {
    type Err = SshAddressError;

    fn from_str(text: &str) -> Result<Self, SshAddressError> {
        use SshAddressError as Error;
        let rest = text.strip_prefix(SSH).ok_or(Error::Scheme)?;
        let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
        let (user, place) = match authority.rsplit_once('@') {
            Some((user, place)) => (Some(user), place),
            None => (None, authority),
        };
        if user.is_some_and(|user| user.contains(':')) {
            return Err(Error::Password);
        }
        if user.is_some_and(|user| !is_user(user)) {
            return Err(Error::User);
        }
        let (host, port) = split(place).ok_or(Error::Host)?;
        Ok(Self {
            user: user.map(str::to_owned),
            host: host.to_owned(),
            port: port.map(number).transpose().or(Err(Error::Port))?,
            registry_port: match path {
                "" => None,
                path => Some(number(path).or(Err(Error::RegistryPort))?),
            },
        })
    }
}

/// Splits a host and the port after it.
fn split(place: &str) -> Option<(&str, Option<&str>)> {
    let (host, rest, inner) = if let Some(place) = place.strip_prefix('[') {
        let (host, rest) = place.split_once(']')?;
        (host, rest, ":%")
    } else {
        let end = place.find(':').unwrap_or(place.len());
        (&place[..end], &place[end..], "")
    };
    let port = match rest.strip_prefix(':') {
        Some(port) => Some(port),
        None if rest.is_empty() => None,
        None => return None,
    };
    let good =
        |letter: char| letter.is_alphanumeric() || "._-".contains(letter) || inner.contains(letter);
    let is_host = !host.is_empty() && !host.starts_with('-') && host.chars().all(good);
    is_host.then_some((host, port))
}

/// Names in directories may have a domain before or after them.
fn is_user(user: &str) -> bool {
    let good = |letter: char| letter.is_alphanumeric() || "._-+\\@".contains(letter);
    !user.is_empty() && !user.starts_with('-') && user.chars().all(good)
}

fn number(text: &str) -> Result<u16, ()> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    match text.parse() {
        Ok(port @ 1..) if digits => Ok(port),
        _ => Err(()),
    }
}

impl SshAddress {
    /// The arguments for ssh that name the host.
    pub(super) fn words(&self) -> Vec<String> {
        let mut words = Vec::new();
        if let Some(port) = self.port {
            words.extend(["-p".to_owned(), port.to_string()]);
        }
        words.push("--".to_owned());
        words.push(match &self.user {
            Some(user) => format!("{user}@{}", self.host),
            None => self.host.clone(),
        });
        words
    }

    /// Whether it names the port of a registry.
    pub fn names_registry_port(&self) -> bool {
        self.registry_port.is_some()
    }

    fn registry_port(&self) -> u16 {
        self.registry_port.unwrap_or(REGISTRY_PORT)
    }

    /// The address of the registry as the remote host sees it.
    pub(super) fn registry(&self) -> String {
        format!("127.0.0.1:{}", self.registry_port())
    }

    /// The key of the registry in files of credentials and certificates: its name without ssh.
    pub(super) fn key(&self) -> String {
        if self.host.contains(':') {
            return format!("[{}]:{}", self.host, self.registry_port());
        }
        format!("{}:{}", self.host, self.registry_port())
    }

    /// The address with a registry port, for a hint.
    pub(super) fn with_registry_port(&self, port: &str) -> String {
        format!("{SSH}{}/{port}", Authority(self))
    }
}

/// `[user@]host[:port]`
struct Authority<'a>(&'a SshAddress);

impl fmt::Display for Authority<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(address) = self;
        if let Some(user) = &address.user {
            write!(f, "{user}@")?;
        }
        if address.host.contains(':') {
            write!(f, "[{}]", address.host)?;
        } else {
            f.write_str(&address.host)?;
        }
        match address.port {
            Some(port) => write!(f, ":{port}"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn parse(text: &str) -> Result<SshAddress, SshAddressError> {
        text.parse()
    }

    #[test]
    fn addresses() {
        for (text, words, registry, key) in [
            ("ssh://h", "-- h", "127.0.0.1:5000", "h:5000"),
            ("ssh://h/", "-- h", "127.0.0.1:5000", "h:5000"),
            (
                "ssh://ada@h:22/5001",
                "-p 22 -- ada@h",
                "127.0.0.1:5001",
                "h:5001",
            ),
            (
                "ssh://ada@corp@h",
                "-- ada@corp@h",
                "127.0.0.1:5000",
                "h:5000",
            ),
            (
                "ssh://[::1]:22",
                "-p 22 -- ::1",
                "127.0.0.1:5000",
                "[::1]:5000",
            ),
            (
                "ssh://[fe80::1%eth0]/80",
                "-- fe80::1%eth0",
                "127.0.0.1:80",
                "[fe80::1%eth0]:80",
            ),
        ] {
            let address = parse(text).unwrap();
            assert_eq!(address.words().join(" "), words);
            assert_eq!(address.registry(), registry);
            assert_eq!(address.key(), key);
        }
        let address = parse("ssh://ada@[::1]:22").unwrap();
        assert_eq!(
            address.with_registry_port("PORT"),
            "ssh://ada@[::1]:22/PORT"
        );
    }

    #[test]
    fn malformed_addresses() {
        use SshAddressError as Error;
        for (text, error) in [
            ("http://h", Error::Scheme),
            ("ssh://", Error::Host),
            ("ssh:///5000", Error::Host),
            ("ssh://-oProxyCommand=x", Error::Host),
            ("ssh://-oProxyCommand=x@h", Error::User),
            ("ssh://a b", Error::Host),
            ("ssh://h\n", Error::Host),
            ("ssh://$(reboot)", Error::Host),
            ("ssh://`x`@h", Error::User),
            ("ssh://@h", Error::User),
            ("ssh://ada:secret@h", Error::Password),
            ("ssh://[::1", Error::Host),
            ("ssh://[::1]22", Error::Host),
            ("ssh://::1", Error::Host),
            ("ssh://h:", Error::Port),
            ("ssh://h:0", Error::Port),
            ("ssh://h:+22", Error::Port),
            ("ssh://h/team", Error::RegistryPort),
            ("ssh://h/5000/", Error::RegistryPort),
            ("ssh://h/99999", Error::RegistryPort),
        ] {
            assert_eq!(parse(text), Err(error), "{text}");
        }
    }

    proptest! {
        #[test]
        fn never_an_option(text in "[-a@:/\\[\\]%o=$ 0-9]{0,20}") {
            if let Ok(address) = parse(&format!("ssh://{text}")) {
                let words = address.words();
                prop_assert_eq!(&words[words.len() - 2], "--");
                prop_assert!(!words[words.len() - 1].starts_with('-'));
            }
        }
    }
}
