//! The header in which a proxy names the user that it has signed in (`regctl.proxy-user-header`).

use std::net::IpAddr;

use http::HeaderMap;
use http::header::HeaderName;

use super::forwarded::TrustedProxies;
use crate::auth::Credentials;

/// The header, if there is one. Only trusted proxies may send it.
pub(super) struct UserHeader(Option<HeaderName>);

impl UserHeader {
    /// The header with this name.
    pub(super) fn new(name: Option<HeaderName>) -> Self {
        Self(name)
    }

    /// Removes it from requests by other clients, so that it can be trusted later.
    pub(super) fn distrust(
        &self,
        headers: &mut HeaderMap,
        proxies: &TrustedProxies,
        peer: Option<IpAddr>,
    ) {
        if let Some(name) = &self.0
            && headers.contains_key(name)
            && peer.is_some_and(|peer| !proxies.trusts(peer))
        {
            headers.remove(name);
            tracing::warn!(
                peer = peer.map(tracing::field::display),
                header = name.as_str(),
                "a user name sent by an address that is not a trusted proxy was ignored"
            );
        }
    }

    /// The credentials in it; `None` if it is absent.
    pub(super) fn of(&self, headers: &HeaderMap) -> Option<Credentials> {
        let mut values = headers.get_all(self.0.as_ref()?).iter();
        let name = match (values.next()?, values.next()) {
            (value, None) => value.to_str().ok().map(str::trim),
            // A proxy sends one; of two, a client may have sent one.
            (_, Some(_)) => None,
        };
        if name == Some("") {
            return None;
        }
        let name = name.and_then(|name| name.parse().ok());
        Some(name.map_or(Credentials::Malformed, Credentials::Carried))
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn headers(values: &[&str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append("x-remote-user", HeaderValue::from_str(value).unwrap());
        }
        headers
    }

    #[test]
    fn only_a_trusted_proxy_names_a_user() {
        let header = UserHeader::new(Some(HeaderName::from_static("x-remote-user")));
        let proxies = TrustedProxies::new(vec![([10, 0, 0, 1].into(), 32)]);
        let carried = |values: &[&str], peer: Option<IpAddr>| {
            let mut headers = headers(values);
            header.distrust(&mut headers, &proxies, peer);
            header.of(&headers)
        };
        let (proxy, other) = (Some([10, 0, 0, 1].into()), Some([10, 0, 0, 2].into()));
        let alice = Credentials::Carried("alice".parse().unwrap());
        assert_eq!(carried(&["alice"], proxy), Some(alice));
        assert_eq!(carried(&["alice"], other), None);
        assert_eq!(carried(&[""], proxy), None);
        assert_eq!(carried(&[], proxy), None);
        let malformed = Some(Credentials::Malformed);
        assert_eq!(carried(&["alice", "root"], proxy), malformed);
        assert_eq!(carried(&["a b"], proxy), malformed);
        assert_eq!(UserHeader::new(None).of(&headers(&["alice"])), None);
    }
}
