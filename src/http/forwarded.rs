//! The client behind a proxy: its address from `X-Forwarded-For` and `Forwarded` (RFC 7239).
//!
//! Only trusted proxies are believed. Each proxy appends the address of its peer, so the list is
//! read from its end, past trusted proxies, to the first other address. If both headers exist and
//! disagree, a client may have forged one of them: neither is used.

use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicBool, Ordering};

use http::header::{FORWARDED, HeaderMap, HeaderName};

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// The networks of trusted proxies.
#[derive(Debug, Default)]
pub(super) struct TrustedProxies {
    networks: Vec<(IpAddr, u8)>,
    warned: AtomicBool,
}

impl TrustedProxies {
    pub(super) fn new(networks: Vec<(IpAddr, u8)>) -> Self {
        Self {
            networks,
            warned: AtomicBool::new(false),
        }
    }

    /// The address of the client that sent a request received from `peer` (`None`: a Unix socket,
    /// whose peers are trusted).
    pub(super) fn client(&self, headers: &HeaderMap, peer: Option<IpAddr>) -> Option<IpAddr> {
        if !headers.contains_key(FORWARDED_FOR) && !headers.contains_key(FORWARDED) {
            return peer;
        }
        if let Some(peer) = peer.filter(|peer| !self.trusts(*peer)) {
            if !self.warned.swap(true, Ordering::Relaxed) {
                tracing::warn!(
                    %peer,
                    "a forwarded request came from an address that is not trusted, so the log has \
                     this address and not the client's; hint: if it is your proxy's, name it in \
                     regctl.trusted-proxies"
                );
            }
            return Some(peer);
        }
        let of = |name: &HeaderName, read: fn(&str) -> Option<IpAddr>| {
            headers.contains_key(name).then(|| {
                let values = headers.get_all(name).iter();
                let elements: Vec<Option<IpAddr>> = values
                    .flat_map(|value| value.to_str().unwrap_or_default().split(','))
                    .map(|element| read(element.trim()))
                    .collect();
                self.last_untrusted(&elements)
            })
        };
        let by_element = of(&FORWARDED, for_parameter);
        let by_list = of(&FORWARDED_FOR, address);
        match (by_element, by_list) {
            (Some(one), Some(other)) if one != other => peer,
            (Some(client), _) | (None, Some(client)) => client.or(peer),
            (None, None) => peer,
        }
    }

    /// Reads from the end. Elements before an invalid one are not trustworthy.
    fn last_untrusted(&self, elements: &[Option<IpAddr>]) -> Option<IpAddr> {
        let mut client = None;
        for element in elements.iter().rev() {
            let Some(address) = element else { break };
            client = Some(*address);
            if !self.trusts(*address) {
                break;
            }
        }
        client
    }

    pub(super) fn trusts(&self, address: IpAddr) -> bool {
        self.networks
            .iter()
            .any(|(network, bits)| contains(*network, *bits, address.to_canonical()))
    }
}

fn contains(network: IpAddr, bits: u8, address: IpAddr) -> bool {
    let (network, address, width) = match (network, address) {
        (IpAddr::V4(network), IpAddr::V4(address)) => (
            u128::from(network.to_bits()),
            u128::from(address.to_bits()),
            32,
        ),
        (IpAddr::V6(network), IpAddr::V6(address)) => (network.to_bits(), address.to_bits(), 128),
        _ => return false,
    };
    let rest = width - u32::from(bits).min(width);
    network.checked_shr(rest).unwrap_or(0) == address.checked_shr(rest).unwrap_or(0)
}

/// The address in `for=…` of an element of `Forwarded`.
fn for_parameter(element: &str) -> Option<IpAddr> {
    let value = element.split(';').find_map(|pair| {
        let (name, value) = pair.split_once('=')?;
        name.trim()
            .eq_ignore_ascii_case("for")
            .then(|| value.trim())
    })?;
    address(value.trim_matches('"'))
}

/// Parses an address with or without a port, IPv6 with or without brackets.
fn address(text: &str) -> Option<IpAddr> {
    let bare = text
        .strip_prefix('[')
        .and_then(|text| text.strip_suffix(']'));
    let address = bare.unwrap_or(text).parse().ok();
    address
        .or_else(|| Some(text.parse::<SocketAddr>().ok()?.ip()))
        .map(|address: IpAddr| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(peer: Option<&str>, sent: &[(&'static str, &str)]) -> String {
        let trusted = TrustedProxies::new(vec![
            ([127, 0, 0, 0].into(), 8),
            ([10, 0, 0, 0].into(), 8),
            ("fd00::".parse().unwrap(), 8),
        ]);
        let mut headers = HeaderMap::new();
        for (name, value) in sent {
            headers.append(*name, value.parse().unwrap());
        }
        let client = trusted.client(&headers, peer.map(|peer| peer.parse().unwrap()));
        client.map_or_else(|| "none".to_owned(), |client| client.to_string())
    }

    #[test]
    fn trusted_proxies_are_read_from_the_end_of_the_list() {
        const LIST: &str = "x-forwarded-for";
        for (peer, sent, expected) in [
            ("127.0.0.1", &[][..], "127.0.0.1"),
            ("127.0.0.1", &[(LIST, "192.0.2.1")], "192.0.2.1"),
            ("127.0.0.1", &[(LIST, "192.0.2.1:8080")], "192.0.2.1"),
            ("::ffff:127.0.0.1", &[(LIST, "192.0.2.1")], "192.0.2.1"),
            // The client forged the first element.
            ("127.0.0.1", &[(LIST, "6.6.6.6, 192.0.2.1")], "192.0.2.1"),
            (
                "127.0.0.1",
                &[(LIST, "6.6.6.6, 192.0.2.1, 10.0.0.9")],
                "192.0.2.1",
            ),
            (
                "127.0.0.1",
                &[(LIST, "6.6.6.6"), (LIST, "192.0.2.1")],
                "192.0.2.1",
            ),
            (
                "127.0.0.1",
                &[(LIST, "6.6.6.6, unknown, 10.0.0.9")],
                "10.0.0.9",
            ),
            ("127.0.0.1", &[(LIST, "10.0.0.8, 10.0.0.9")], "10.0.0.8"),
            ("127.0.0.1", &[(LIST, "nonsense")], "127.0.0.1"),
            // Not a trusted proxy.
            ("192.0.2.9", &[(LIST, "192.0.2.1")], "192.0.2.9"),
            ("192.0.2.9", &[("forwarded", "for=192.0.2.1")], "192.0.2.9"),
            (
                "fd00::1",
                &[("forwarded", "for=\"[2001:db8::1]:471\";proto=https")],
                "2001:db8::1",
            ),
            (
                "10.1.1.1",
                &[("forwarded", "for=_hidden, For=192.0.2.1")],
                "192.0.2.1",
            ),
            // One of the two was forged.
            (
                "10.1.1.1",
                &[("forwarded", "for=6.6.6.6"), (LIST, "192.0.2.1")],
                "10.1.1.1",
            ),
            (
                "10.1.1.1",
                &[("forwarded", "for=192.0.2.1"), (LIST, "192.0.2.1")],
                "192.0.2.1",
            ),
        ] {
            assert_eq!(client(Some(peer), sent), expected, "{peer} {sent:?}");
        }
        assert_eq!(client(None, &[(LIST, "192.0.2.1")]), "192.0.2.1");
        assert_eq!(client(None, &[]), "none");
    }

    #[test]
    fn networks_end_at_their_bits() {
        let contains = |network: &str, bits, address: &str| {
            contains(network.parse().unwrap(), bits, address.parse().unwrap())
        };
        assert!(contains("10.0.0.0", 8, "10.255.0.1"));
        assert!(!contains("10.0.0.0", 8, "11.0.0.1"));
        assert!(contains("0.0.0.0", 0, "11.0.0.1"));
        assert!(!contains("0.0.0.0", 0, "::1"));
        assert!(contains("::", 0, "2001:db8::1"));
        assert!(contains("192.0.2.1", 32, "192.0.2.1"));
        assert!(!contains("192.0.2.1", 32, "192.0.2.2"));
    }
}
