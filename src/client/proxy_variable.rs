//! The variable of the environment that names the proxy for an address, as reqwest reads it.
//!
//! reqwest ignores a value that it can't parse, and the request goes past the proxy; here that is an
//! error.

use hyper_util::client::proxy::matcher::Matcher;
use url::Url;

use super::Error;

/// Refuses an address whose proxy is named by a malformed variable.
pub(super) fn check(url: &Url) -> Result<(), Error> {
    // In a CGI program a client of the program can set HTTP_PROXY: reqwest uses none there.
    if std::env::var_os("REQUEST_METHOD").is_some() {
        return Ok(());
    }
    let variable = |names: [&'static str; 2]| {
        let set = names.map(|name| Some((name, std::env::var(name).ok()?)));
        set.into_iter().flatten().next()
    };
    let own = match url.scheme() {
        "https" => ["HTTPS_PROXY", "https_proxy"],
        _ => ["HTTP_PROXY", "http_proxy"],
    };
    let is_set = |(_, value): &(&str, String)| !value.is_empty();
    let named = variable(own).filter(is_set);
    let named = named.or_else(|| variable(["ALL_PROXY", "all_proxy"]).filter(is_set));
    match named {
        Some((name, value)) if !is_usable(&value) => Err(Error::Setup {
            what: name.to_owned(),
            reason: format!("{:?} is not the address of a proxy", without_user(&value)),
            hint: "write it as in http://proxy.example.com:3128; socks5 is possible, too"
                .to_owned(),
        }),
        _ => Ok(()),
    }
}

/// Whether reqwest uses this value.
fn is_usable(value: &str) -> bool {
    let any = http::Uri::from_static("http://registry/");
    let proxied = Matcher::builder().all(value).build().intercept(&any);
    let authority = proxied.and_then(|proxied| proxied.uri().authority().cloned());
    // A port that is not a number would be read as the default one.
    authority.is_some_and(|authority| {
        let host = authority.host();
        let port = authority.as_str().strip_prefix(host).unwrap_or_default();
        !host.is_empty() && (port.is_empty() || authority.port_u16().is_some())
    })
}

/// A value without what may be a user and a password.
fn without_user(value: &str) -> String {
    match value.rsplit_once('@') {
        Some((before, host)) => {
            let scheme = before.split_once("://").map_or("", |(scheme, _)| scheme);
            let separator = if scheme.is_empty() { "" } else { "://" };
            format!("{scheme}{separator}…@{host}")
        }
        None => value.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_that_name_a_proxy() {
        for (value, expected) in [
            ("proxy", true),
            ("proxy:3128", true),
            ("http://proxy:3128/", true),
            ("https://ada:p%3Aw@proxy", true),
            ("socks5h://proxy:1080", true),
            ("http://[fd00::1]:3128", true),
            ("10.0.0.1:3128", true),
            ("ftp://proxy:3128", false),
            ("http//proxy:3128", false),
            ("http://proxy:port", false),
            ("http://proxy:99999", false),
            ("http://", false),
            ("http:// proxy", false),
            ("/proxy", false),
        ] {
            assert_eq!(is_usable(value), expected, "{value}");
        }
    }

    #[test]
    fn a_message_has_no_password() {
        for (value, shown) in [
            ("ftp://ada:pw@proxy:1", "ftp://…@proxy:1"),
            ("http//ada:p@w@proxy", "…@proxy"),
            ("http://proxy:x", "http://proxy:x"),
        ] {
            assert_eq!(without_user(value), shown);
        }
    }
}
