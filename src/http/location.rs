//! The addresses of this registry for clients, for `Location`.

use http::HeaderMap;
use http::header::{FORWARDED, HOST, HeaderName};
use http::uri::Authority;

const FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
const FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");

/// How addresses of this registry are written.
#[derive(Debug, Clone, Default)]
pub struct Locations {
    /// The configured `scheme://host[:port]`.
    pub host: Option<String>,
    /// Whether to write only paths, without scheme and host.
    pub relative: bool,
    /// The prefix of every path, before `/v2`.
    pub prefix: String,
}

impl Locations {
    /// The location of a path below the prefix (`/v2/…`), for the client that sent `headers`.
    pub(super) fn of(&self, path: &str, headers: &HeaderMap, tls: bool) -> String {
        let prefix = &self.prefix;
        if self.relative {
            return format!("{prefix}{path}");
        }
        self.absolute(path, headers, tls)
    }

    /// Like [`Locations::of`], always with scheme and host.
    pub(super) fn absolute(&self, path: &str, headers: &HeaderMap, tls: bool) -> String {
        let prefix = &self.prefix;
        if let Some(host) = &self.host {
            return format!("{host}{prefix}{path}");
        }
        match seen(headers, tls) {
            (scheme, Some(host)) => format!("{scheme}://{host}{prefix}{path}"),
            (_, None) => format!("{prefix}{path}"),
        }
    }

    /// `scheme://host[:port]` of this registry for the client. `target` is the host in the
    /// request's target, with HTTP/2.
    pub(super) fn origin(
        &self,
        headers: &HeaderMap,
        target: Option<&Authority>,
        tls: bool,
    ) -> String {
        if let Some(host) = &self.host {
            // Without a path.
            let end = host
                .match_indices('/')
                .nth(2)
                .map_or(host.len(), |(at, _)| at);
            return host[..end].to_owned();
        }
        let (scheme, host) = seen(headers, tls);
        let host = host.or_else(|| target.map(ToString::to_string));
        format!(
            "{scheme}://{}",
            host.unwrap_or_else(|| "localhost".to_owned())
        )
    }
}

/// The scheme and the host by which the client reached this registry.
fn seen(headers: &HeaderMap, tls: bool) -> (String, Option<String>) {
    let (mut scheme, mut host) = (None, None);
    let text = |name: &HeaderName| {
        let first = headers.get(name)?.to_str().ok()?.split(',').next()?.trim();
        (!first.is_empty()).then(|| first.to_owned())
    };
    if let Some(first) = text(&FORWARDED) {
        for pair in first.split(';') {
            let Some((name, value)) = pair.split_once('=') else {
                continue;
            };
            let value = value.trim().trim_matches('"').to_owned();
            match name.trim().to_ascii_lowercase().as_str() {
                "proto" => scheme = Some(value),
                "host" => host = Some(value),
                _ => {}
            }
        }
    }
    let scheme = scheme
        .or_else(|| text(&FORWARDED_PROTO))
        .map(|scheme| scheme.to_ascii_lowercase())
        .filter(|scheme| scheme == "http" || scheme == "https")
        .unwrap_or_else(|| if tls { "https" } else { "http" }.to_owned());
    let host = host
        .or_else(|| text(&FORWARDED_HOST))
        .or_else(|| text(&HOST))
        .filter(|host| host.parse::<Authority>().is_ok());
    (scheme, host)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|(name, value)| (HeaderName::from_static(name), value.parse().unwrap()))
            .collect()
    }

    #[test]
    fn the_url_of_the_client() {
        let plain = Locations::default();
        let host = ("host", "inner:5000");
        for (pairs, tls, expected) in [
            (vec![host], false, "http://inner:5000/v2/"),
            (vec![host], true, "https://inner:5000/v2/"),
            (
                vec![host, ("x-forwarded-proto", "https")],
                false,
                "https://inner:5000/v2/",
            ),
            (
                vec![
                    host,
                    ("x-forwarded-proto", "https"),
                    ("x-forwarded-host", "outer, proxy"),
                ],
                false,
                "https://outer/v2/",
            ),
            (
                vec![
                    host,
                    (
                        "forwarded",
                        "for=1.2.3.4;host=\"outer:8443\";proto=https, for=x",
                    ),
                ],
                false,
                "https://outer:8443/v2/",
            ),
            (
                vec![host, ("x-forwarded-proto", "javascript")],
                false,
                "http://inner:5000/v2/",
            ),
            (vec![("host", "a b/<script>")], false, "/v2/"),
            (vec![], false, "/v2/"),
        ] {
            assert_eq!(
                plain.of("/v2/", &headers(&pairs), tls),
                expected,
                "{pairs:?}"
            );
        }
        let fixed = Locations {
            host: Some("https://named".into()),
            prefix: "/r".into(),
            relative: false,
        };
        assert_eq!(
            fixed.of("/v2/", &headers(&[host]), false),
            "https://named/r/v2/"
        );
        let relative = Locations {
            relative: true,
            ..fixed
        };
        assert_eq!(relative.of("/v2/", &headers(&[host]), false), "/r/v2/");
    }
}
