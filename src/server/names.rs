//! The names and addresses of this host, for its certificate.
//!
//! Read from Linux's files, without any query to a name server.

#![expect(
    clippy::disallowed_methods,
    reason = "files of the system, not of a store"
)]

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The names and addresses of this host, and the configured ones.
pub(super) fn of_this_host(named: &[String]) -> BTreeSet<String> {
    let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
    let mut names: BTreeSet<String> = named.iter().map(|name| name.to_ascii_lowercase()).collect();
    names.insert("localhost".to_owned());
    let host = read("/proc/sys/kernel/hostname")
        .trim()
        .to_ascii_lowercase();
    if is_name(&host) {
        names.extend(aliases(&read("/etc/hosts"), &host));
        names.insert(host);
    }
    let addresses = ipv4(&read("/proc/net/fib_trie"))
        .into_iter()
        .map(IpAddr::V4)
        .chain(
            ipv6(&read("/proc/net/if_inet6"))
                .into_iter()
                .map(IpAddr::V6),
        )
        .chain([Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()]);
    names.extend(addresses.map(|address| address.to_string()));
    names
}

/// The name of this host.
pub(super) fn host() -> Option<String> {
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").ok()?;
    let host = host.trim().to_ascii_lowercase();
    is_name(&host).then_some(host)
}

fn is_name(text: &str) -> bool {
    let named = |byte: u8| byte.is_ascii_alphanumeric() || b"-.".contains(&byte);
    !text.is_empty() && text != "(none)" && text.bytes().all(named)
}

/// Other names of a host in `/etc/hosts`.
fn aliases(hosts: &str, host: &str) -> Vec<String> {
    let lines = hosts.lines().filter_map(|line| {
        let mut words = line.split('#').next()?.split_whitespace();
        words.next()?;
        let names: Vec<String> = words.map(str::to_ascii_lowercase).collect();
        names.iter().any(|name| name == host).then_some(names)
    });
    lines.flatten().filter(|name| is_name(name)).collect()
}

/// The local addresses in `/proc/net/fib_trie`: a line with an address, followed by one with `/32
/// host LOCAL`.
fn ipv4(trie: &str) -> BTreeSet<Ipv4Addr> {
    let mut addresses = BTreeSet::new();
    let mut last: Option<Ipv4Addr> = None;
    for line in trie.lines() {
        let line = line.trim_start();
        if let Some(address) = line.strip_prefix("|-- ") {
            last = address.trim().parse().ok();
        } else if line.starts_with("/32 host LOCAL") {
            addresses.extend(last);
        }
    }
    addresses
}

/// The addresses in `/proc/net/if_inet6`, except link-local ones, which need a zone.
fn ipv6(interfaces: &str) -> BTreeSet<Ipv6Addr> {
    let parsed = interfaces.lines().filter_map(|line| {
        let digits = line.split_whitespace().next()?;
        let address = Ipv6Addr::from_bits(u128::from_str_radix(digits, 16).ok()?);
        (!address.is_unicast_link_local()).then_some(address)
    });
    parsed.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_of_the_system_are_read() {
        let trie = "Main:\n  +-- 0.0.0.0/0 3 0 5\n     |-- 0.0.0.0\n        /0 universe UNICAST\n     \
                    +-- 10.0.2.0/24 2 0 2\n        |-- 10.0.2.0\n           /24 link UNICAST\n        \
                    |-- 10.0.2.15\n           /32 host LOCAL\n        |-- 10.0.2.255\n           \
                    /32 link BROADCAST\n";
        assert_eq!(ipv4(trie), BTreeSet::from([[10, 0, 2, 15].into()]));
        let interfaces = "00000000000000000000000000000001 01 80 10 80       lo\n\
                          fe80000000000000021c42fffe000001 02 40 20 80     eth0\n\
                          20010db8000000000000000000000007 02 40 00 80     eth0\n";
        let found: Vec<_> = ipv6(interfaces).iter().map(ToString::to_string).collect();
        assert_eq!(found, ["::1", "2001:db8::7"]);
        let hosts = "127.0.0.1 localhost\n127.0.1.1 box.example.com box # itself\n";
        assert_eq!(aliases(hosts, "box"), ["box.example.com", "box"]);
        assert!(aliases(hosts, "other").is_empty());
    }

    #[test]
    fn this_host_has_names_and_addresses() {
        let names = of_this_host(&["Registry.example.com".to_owned()]);
        for expected in ["localhost", "127.0.0.1", "::1", "registry.example.com"] {
            assert!(names.contains(expected), "{names:?}");
        }
    }
}
