//! The host that a request names (RFC 9112, section 3.2; RFC 9113, section 8.3.1).

use http::header::HOST;
use http::{Request, Version};

use super::respond::Refusal;
use crate::oci::ErrorCode;

/// Refuses a request without exactly one host, as far as its version of HTTP requires one, and a
/// request whose host is malformed.
pub(super) fn check<B>(request: &Request<B>) -> Result<(), Refusal> {
    let refused = |message: &str| Err(Refusal::bad(ErrorCode::Unsupported, message));
    let mut hosts = request.headers().get_all(HOST).iter();
    let (host, more) = (hosts.next(), hosts.next().is_some());
    if more || (host.is_none() && request.version() == Version::HTTP_11) {
        return refused("an HTTP/1.1 request has exactly one Host header");
    }
    let target = request.uri().authority();
    let named = host.map(http::HeaderValue::as_bytes);
    let named = named
        .into_iter()
        .chain(target.map(|target| target.as_str().as_bytes()));
    for host in named {
        if !host.iter().all(|byte| belongs_to_host(*byte)) {
            return refused("the host of the request is malformed");
        }
    }
    Ok(())
}

/// Whether a byte may occur in a host with its port (RFC 3986, section 3.2.2): the table of Go's
/// servers, and so of registry:2. Their order is not checked: a client that reaches registry:2 by
/// an odd name reaches this server as well.
fn belongs_to_host(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=%:[]".contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_accepted_as_by_registry_2() {
        for host in [
            "registry.example:5000",
            "under_score:5000",
            "[::1]:5000",
            "[fe80::1%25eth0]",
            "a.",
            "a..b",
            "h:",
            "h:99999",
            ":5000",
            "",
        ] {
            let request = Request::builder().header(HOST, host).body(()).unwrap();
            assert!(check(&request).is_ok(), "{host:?}");
        }
        for host in [
            "a b", "a/b", "u@h", "a\"b", "<h>", "a\\b", "a?b", "a#b", "a\tb", "{h}", "a|b", "ä",
        ] {
            let request = Request::builder().header(HOST, host.as_bytes());
            let request = request.body(()).unwrap();
            assert!(check(&request).is_err(), "{host:?}");
        }
    }

    #[test]
    fn the_host_in_the_target_is_checked_too() {
        for (target, accepted) in [("http://a_b:1/v2/", true), ("http://u@h/v2/", false)] {
            let request = Request::builder().version(Version::HTTP_2).uri(target);
            let request = request.body(()).unwrap();
            assert_eq!(check(&request).is_ok(), accepted, "{target}");
        }
    }

    #[test]
    fn http_1_1_names_exactly_one_host() {
        let with = |version, hosts: &[&str]| {
            let mut request = Request::builder().version(version);
            for host in hosts {
                request = request.header(HOST, *host);
            }
            check(&request.body(()).unwrap()).is_ok()
        };
        assert!(!with(Version::HTTP_11, &[]));
        assert!(with(Version::HTTP_10, &[]));
        assert!(with(Version::HTTP_2, &[]));
        assert!(!with(Version::HTTP_11, &["a", "a"]));
        assert!(!with(Version::HTTP_10, &["a", "b"]));
    }
}
