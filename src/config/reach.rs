//! How clients reach the registry: trusted proxies, the mode and group of the socket, rate limits.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::error::ConfigError;
use super::section::{Section, Warnings};
use super::values::BadValue;

/// The system's groups.
const GROUPS: &str = "/etc/group";

/// A network: an address and the length of its prefix.
pub type Network = (IpAddr, u8);

/// How clients reach the registry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReachSettings {
    /// Networks of the proxies whose headers about the client are trusted.
    pub trusted_proxies: Vec<Network>,
    /// The header in which these proxies name the signed-in user, in lower case.
    pub user_header: Option<String>,
    /// The permissions of the socket, if the registry listens on one.
    pub socket: SocketSettings,
    /// Rate limit of a client address; `None`: no limit.
    pub address_rate: Option<RateSettings>,
    /// Rate limit of an account; `None`: no limit.
    pub account_rate: Option<RateSettings>,
}

/// A rate limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RateSettings {
    /// Requests per second on average; not zero.
    pub each_second: u32,
    /// Requests at once after an idle time; not zero.
    pub burst: u32,
}

/// The permissions of a Unix socket.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SocketSettings {
    /// The mode of the file; by default the process's umask decides.
    pub mode: Option<u32>,
    /// The id of its group; by default the group of the process.
    pub group: Option<u32>,
}

impl Default for ReachSettings {
    fn default() -> Self {
        Self {
            trusted_proxies: vec![
                (Ipv4Addr::new(127, 0, 0, 0).into(), 8),
                (Ipv6Addr::LOCALHOST.into(), 128),
            ],
            user_header: None,
            socket: SocketSettings::default(),
            address_rate: None,
            account_rate: None,
        }
    }
}

/// Takes the keys `trusted-proxies` and `socket` of the section `regctl`.
pub(super) fn reach_settings(
    own: &mut Section,
    warnings: &mut Warnings,
) -> Result<ReachSettings, ConfigError> {
    let mut settings = ReachSettings::default();
    // An empty list trusts nobody.
    if let Some(items) = own.written_list("trusted-proxies")? {
        settings.trusted_proxies = items
            .into_iter()
            .map(|item| item.read(network))
            .collect::<Result<_, _>>()?;
    }
    settings.user_header = own.value("proxy-user-header", header)?;
    let mut socket = own.section("socket")?;
    settings.socket = SocketSettings {
        mode: socket.value("mode", mode)?,
        group: socket.value("group", group)?,
    };
    socket.finish(warnings);
    let mut limits = own.section("limits")?;
    settings.address_rate = rate(&mut limits, "address", warnings)?;
    settings.account_rate = rate(&mut limits, "account", warnings)?;
    limits.finish(warnings);
    Ok(settings)
}

/// A rate; the default burst is ten seconds' worth.
fn rate(
    limits: &mut Section,
    key: &str,
    warnings: &mut Warnings,
) -> Result<Option<RateSettings>, ConfigError> {
    let mut section = limits.section(key)?;
    let each_second = section.value("rate", positive)?;
    let burst = section.value("burst", positive)?;
    section.finish(warnings);
    Ok(each_second.map(|each_second| RateSettings {
        each_second,
        burst: burst.unwrap_or_else(|| each_second.saturating_mul(10)),
    }))
}

fn positive(text: &str) -> Result<u32, BadValue> {
    match text.parse() {
        Ok(number @ 1..=1_000_000) => Ok(number),
        _ => Err(BadValue::not(
            text,
            "a number of requests",
            "write a whole number from 1, as in 50",
        )),
    }
}

/// An address, or a network as in `10.0.0.0/8`.
fn network(text: &str) -> Result<Network, BadValue> {
    let bad = || {
        BadValue::not(
            text,
            "an address or a network",
            "write it as in 10.0.0.7 or 10.0.0.0/8",
        )
    };
    let (address, bits) = match text.split_once('/') {
        Some((address, bits)) => (address, Some(bits)),
        None => (text, None),
    };
    let address: IpAddr = address.parse().map_err(|_| bad())?;
    let most = if address.is_ipv4() { 32 } else { 128 };
    let bits = match bits {
        Some(bits) => bits.parse().ok().filter(|bits| *bits <= most),
        None => Some(most),
    };
    Ok((address, bits.ok_or_else(bad)?))
}

/// The name of a header that has no other meaning.
fn header(text: &str) -> Result<String, BadValue> {
    let name = text.to_ascii_lowercase();
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    let taken = ["authorization", "cookie", "host", "forwarded"].contains(&name.as_str());
    if name.is_empty() || taken || !name.bytes().all(plain) {
        return Err(BadValue::not(
            text,
            "a header without another meaning",
            "write it as in X-Remote-User",
        ));
    }
    Ok(name)
}

fn mode(text: &str) -> Result<u32, BadValue> {
    let digits = text.strip_prefix("0o").unwrap_or(text);
    match u32::from_str_radix(digits, 8) {
        Ok(mode) if mode <= 0o777 => Ok(mode),
        _ => Err(BadValue::not(
            text,
            "the mode of a file",
            "write it in octal, as in 0660",
        )),
    }
}

/// The id of a group, from its number or its name.
fn group(text: &str) -> Result<u32, BadValue> {
    if let Ok(id) = text.parse() {
        return Ok(id);
    }
    let groups = std::fs::read_to_string(GROUPS).unwrap_or_default();
    let found = groups.lines().find_map(|line| {
        let mut fields = line.split(':');
        (fields.next() == Some(text)).then(|| fields.nth(1)?.parse().ok())?
    });
    found.ok_or_else(|| BadValue {
        reason: format!("is {text:?}, which is not a group in {GROUPS}"),
        hint: "write the number of the group, as in 998",
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_modes_and_groups() {
        assert_eq!(network("10.0.0.0/8").unwrap(), ([10, 0, 0, 0].into(), 8));
        assert_eq!(network("10.0.0.7").unwrap(), ([10, 0, 0, 7].into(), 32));
        assert_eq!(network("fd00::/8").unwrap().1, 8);
        for bad in [
            "",
            "10.0.0.0/33",
            "10.0.0/8",
            "::/129",
            "nginx",
            "10.0.0.1:80",
        ] {
            assert!(network(bad).is_err(), "{bad}");
        }
        assert_eq!(header("X-Remote-User").unwrap(), "x-remote-user");
        for bad in ["", "Authorization", "x user"] {
            assert!(header(bad).is_err(), "{bad}");
        }
        assert_eq!(mode("0660").unwrap(), 0o660);
        assert_eq!(mode("0o600").unwrap(), 0o600);
        for bad in ["", "0999", "1777", "rw"] {
            assert!(mode(bad).is_err(), "{bad}");
        }
        assert_eq!(group("17").unwrap(), 17);
        assert_eq!(group("root").unwrap(), 0);
        assert!(group("no such group").is_err());
    }
}
