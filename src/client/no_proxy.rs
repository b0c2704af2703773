//! Which hosts are reached without a proxy: `NO_PROXY`, as Go reads it.
//!
//! Entries are separated by commas: `*`; a domain, which includes the domains below it; `.domain` or
//! `*.domain`, only those below; an address. Each may have a port, and then applies to it alone.
//! Ranges of addresses are left to reqwest.

use std::net::IpAddr;

/// The list in the environment.
pub(super) fn list() -> String {
    let variable = |name| std::env::var(name).ok().filter(|text| !text.is_empty());
    let list = variable("NO_PROXY").or_else(|| variable("no_proxy"));
    list.unwrap_or_default()
}

/// Whether a list names a host, without brackets, and its port.
pub(super) fn is_excepted(host: &str, port: u16, list: &str) -> bool {
    let host = host.trim_end_matches('.').to_ascii_lowercase();
    list.split(',').any(|entry| {
        let entry = entry.trim().to_ascii_lowercase();
        if entry == "*" {
            return true;
        }
        let (name, its_port) = split_port(&entry);
        !name.is_empty() && its_port.is_none_or(|its| its == port) && names(name, &host)
    })
}

/// An entry without its port, and the port.
fn split_port(entry: &str) -> (&str, Option<u16>) {
    if let Some((address, rest)) = entry
        .strip_prefix('[')
        .and_then(|rest| rest.split_once(']'))
    {
        return (
            address,
            rest.strip_prefix(':').and_then(|port| port.parse().ok()),
        );
    }
    // An IPv6 address without brackets has no port.
    match entry.split_once(':') {
        Some((name, port)) if !port.contains(':') => match port.parse() {
            Ok(port) => (name, Some(port)),
            Err(_) => (entry, None),
        },
        _ => (entry, None),
    }
}

fn names(name: &str, host: &str) -> bool {
    if let (Ok(name), Ok(host)) = (name.parse::<IpAddr>(), host.parse::<IpAddr>()) {
        return name == host;
    }
    let is_below = |domain: &str| {
        host.strip_suffix(domain)
            .is_some_and(|rest| rest.len() > 1 && rest.ends_with('.'))
    };
    match name.strip_prefix("*.").or_else(|| name.strip_prefix('.')) {
        Some(domain) => is_below(domain),
        None => host == name || is_below(name),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exceptions_from_the_proxy() {
        for (host, list, expected) in [
            ("r.example.com", "", false),
            ("r.example.com", "*", true),
            ("r.example.com", "example.com", true),
            ("R.example.com", "other, .Example.com", true),
            ("example.com", ".example.com", false),
            ("rexample.com", "example.com", false),
            ("r.example.com", "r.example.com", true),
            ("r.example.com", "r.example.com:5000", true),
            ("r.example.com", "r.example.com:443,other:5000", false),
            ("r.example.com", ".example.com:5000", true),
            ("r.example.com", "*.example.com:5000", true),
            ("r.example.com", ".example.com:80", false),
            ("10.0.0.1", "10.0.0.1:5000", true),
            ("10.0.0.1", "10.0.0.1:80", false),
            ("fd00::1", "[fd00::1]:5000", true),
            ("fd00::1", "[fd00::1]:80", false),
            ("fd00::1", "fd00:0::1", true),
        ] {
            assert_eq!(is_excepted(host, 5000, list), expected, "{host} {list}");
        }
    }
}
