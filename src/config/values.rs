//! Parsers for scalars of a configuration: addresses, prefixes, the public address, levels,
//! versions, header fields.
//!
//! Pure: a text in, a value or a [`BadValue`] out. Independent of the source of the text.

use std::path::{Path, PathBuf};

pub(super) use super::duration::{duration, period, positive_duration, positive_period, words};
use super::settings::{ListenAddress, LogFormat, LogLevel, TlsVersion};

/// Why a text is invalid.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct BadValue {
    /// The reason, as a continuation of the key: `is "x", which is not a number`.
    pub(super) reason: String,
    /// What to write.
    pub(super) hint: &'static str,
}

impl BadValue {
    /// The error that `text` is not `what`.
    pub(super) fn not(text: &str, what: &str, hint: &'static str) -> Self {
        Self {
            reason: format!("is {text:?}, which is not {what}"),
            hint,
        }
    }
}

/// `true` or `false`, or one of YAML 1.1's other words for them.
pub(super) fn boolean(text: &str) -> Result<bool, BadValue> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "yes" | "on" | "y" => Ok(true),
        "false" | "no" | "off" | "n" => Ok(false),
        _ => Err(BadValue::not(text, "true or false", "write true or false")),
    }
}

/// A whole number.
pub(super) fn number(text: &str) -> Result<i64, BadValue> {
    text.replace('_', "")
        .parse()
        .map_err(|_| BadValue::not(text, "a whole number", "write it in digits, as in 1000"))
}

/// A whole number that is not negative.
pub(super) fn count(text: &str) -> Result<u32, BadValue> {
    text.replace('_', "")
        .parse()
        .map_err(|_| BadValue::not(text, "a whole number from 0", "write it in digits, as in 3"))
}

/// The status that a checked server must answer.
pub(super) fn status_code(text: &str) -> Result<u16, BadValue> {
    match text.parse() {
        Ok(status @ 100..=599) => Ok(status),
        _ => Err(BadValue::not(
            text,
            "a status code",
            "write the status that the server answers, as in 200",
        )),
    }
}

/// Bytes per second: `4MiB`, `500k`, `1048576`, each with or without `/s`; units are powers of
/// 1024.
pub(super) fn byte_rate(text: &str) -> Result<u64, BadValue> {
    let bad = || BadValue::not(text, "a number of bytes a second", "write it as in 4MiB");
    let number = text.strip_suffix("/s").unwrap_or(text).trim();
    let end = number
        .find(|character: char| !character.is_ascii_digit())
        .unwrap_or(number.len());
    let (digits, unit) = number.split_at(end);
    let scale: u64 = match unit.trim().to_ascii_lowercase().as_str() {
        "" | "b" => 1,
        "k" | "kb" | "kib" => 1 << 10,
        "m" | "mb" | "mib" => 1 << 20,
        "g" | "gb" | "gib" => 1 << 30,
        _ => return Err(bad()),
    };
    let bytes = digits.parse::<u64>().ok();
    let bytes = bytes.and_then(|bytes| bytes.checked_mul(scale));
    bytes.filter(|bytes| *bytes > 0).ok_or_else(bad)
}

/// `HOST:PORT`, `[IPv6]:PORT`, or `:PORT` for all addresses.
pub(super) fn tcp_address(text: &str) -> Result<ListenAddress, BadValue> {
    let bad = || {
        BadValue::not(
            text,
            "HOST:PORT",
            "write HOST:PORT, or :PORT for all addresses",
        )
    };
    let (host, port) = text.rsplit_once(':').ok_or_else(bad)?;
    let port = match port {
        "http" => 80,
        "https" => 443,
        digits if digits.bytes().all(|byte| byte.is_ascii_digit()) => {
            digits.parse().map_err(|_| bad())?
        }
        _ => return Err(bad()),
    };
    let host = match host.strip_prefix('[') {
        Some(inner) => {
            let inner = inner.strip_suffix(']').ok_or_else(bad)?;
            // A zone (`fe80::1%eth0`) may follow the address.
            let address = inner.split('%').next().unwrap_or(inner);
            address.parse::<std::net::Ipv6Addr>().map_err(|_| bad())?;
            inner
        }
        None => host,
    };
    let named = |byte: u8| byte.is_ascii_alphanumeric() || b".-_".contains(&byte);
    if !text.starts_with('[') && !host.bytes().all(named) {
        return Err(bad());
    }
    Ok(ListenAddress::Tcp {
        host: host.to_owned(),
        port,
    })
}

/// `HOST:PORT` of a server that a health check connects to.
pub(super) fn peer_address(text: &str) -> Result<String, BadValue> {
    match tcp_address(text)? {
        ListenAddress::Tcp { host, port } if !host.is_empty() && port != 0 => Ok(text.to_owned()),
        _ => Err(BadValue::not(
            text,
            "the HOST:PORT of a server",
            "write it as in cache.example.com:6379",
        )),
    }
}

/// The address of the `--listen` flag: [`tcp_address`], or `unix:PATH`, or an absolute path.
pub(super) fn flag_address(text: &str) -> Result<ListenAddress, BadValue> {
    match text.strip_prefix("unix:") {
        Some(path) if !path.is_empty() => Ok(ListenAddress::Unix(PathBuf::from(path))),
        None if Path::new(text).is_absolute() => Ok(ListenAddress::Unix(PathBuf::from(text))),
        _ => tcp_address(text),
    }
}

/// The path of `/v2/`: `""`, or `/a/b` without a slash at the end.
pub(super) fn prefix(text: &str) -> Result<String, BadValue> {
    let inner = text.trim_matches('/');
    if inner.is_empty() {
        return Ok(String::new());
    }
    let segment = |segment: &str| {
        !matches!(segment, "" | "." | "..")
            && segment
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:@".contains(&byte))
    };
    if inner.split('/').all(segment) {
        Ok(format!("/{inner}"))
    } else {
        Err(BadValue::not(
            text,
            "the path of a URL",
            "write it as in /my/registry/",
        ))
    }
}

/// The public address, `scheme://host[:port]` and possibly a path, without a slash at the end.
/// `None` if it has no scheme and host, which registry:2 ignores.
pub(super) fn public_host(text: &str) -> Result<Option<String>, BadValue> {
    if !text.contains("://") {
        return Ok(None);
    }
    let bad = || {
        BadValue::not(
            text,
            "the address of a registry",
            "write it as in https://registry.example.com:5000",
        )
    };
    let url = web_address(text).ok_or_else(bad)?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(BadValue {
            reason: "has a user or a password in it".to_owned(),
            hint: "leave them out: the address is public",
        });
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(bad());
    }
    Ok(Some(url.as_str().trim_end_matches('/').to_owned()))
}

/// The URL of a health check.
pub(super) fn checked_address(text: &str) -> Result<String, BadValue> {
    web_address(text).map(|_| text.to_owned()).ok_or_else(|| {
        BadValue::not(
            text,
            "an http or https address",
            "write it as in http://server.example.com/ready",
        )
    })
}

fn web_address(text: &str) -> Option<url::Url> {
    url::Url::parse(text)
        .ok()
        .filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
}

/// The path of the metrics.
pub(super) fn metrics_path(text: &str) -> Result<String, BadValue> {
    match prefix(text) {
        Ok(path) if !path.is_empty() && text.starts_with('/') => Ok(path),
        _ => Err(BadValue::not(text, "a path", "write it as in /metrics")),
    }
}

/// The level of the log.
pub(super) fn log_level(text: &str) -> Result<LogLevel, BadValue> {
    Ok(match text.to_ascii_lowercase().as_str() {
        "error" => LogLevel::Error,
        "warn" => LogLevel::Warn,
        "info" => LogLevel::Info,
        "debug" => LogLevel::Debug,
        "trace" => LogLevel::Trace,
        _ => {
            return Err(BadValue::not(
                text,
                "a log level",
                "write error, warn, info, debug or trace",
            ));
        }
    })
}

/// The format of the log.
pub(super) fn log_format(text: &str) -> Result<LogFormat, BadValue> {
    Ok(match text {
        "text" => LogFormat::Text,
        "json" => LogFormat::Json,
        "logstash" => LogFormat::Logstash,
        _ => {
            return Err(BadValue::not(
                text,
                "a log format",
                "write text, json or logstash",
            ));
        }
    })
}

/// The minimum version of TLS, and whether the text named an obsolete version.
pub(super) fn tls_version(text: &str) -> Result<(TlsVersion, bool), BadValue> {
    Ok(match text {
        "tls1.0" | "tls1.1" => (TlsVersion::Tls12, true),
        "tls1.2" => (TlsVersion::Tls12, false),
        "tls1.3" => (TlsVersion::Tls13, false),
        _ => {
            return Err(BadValue::not(
                text,
                "a version of TLS",
                "write tls1.2 or tls1.3",
            ));
        }
    })
}

/// A regular expression.
pub(super) fn pattern(text: &str) -> Result<String, BadValue> {
    match regex::Regex::new(text) {
        Ok(_) => Ok(text.to_owned()),
        Err(_) => Err(BadValue::not(
            text,
            "a regular expression",
            "write it as in ^https://example\\.com/",
        )),
    }
}

/// The name of a header field.
pub(super) fn header_name(text: &str) -> Result<String, BadValue> {
    match http::HeaderName::from_bytes(text.as_bytes()) {
        Ok(_) => Ok(text.to_owned()),
        Err(_) => Err(BadValue::not(
            text,
            "the name of a header",
            "write letters, digits and dashes",
        )),
    }
}

/// The value of a header field. It may be a secret, so errors do not quote it.
pub(super) fn header_value(text: &str) -> Result<String, BadValue> {
    match http::HeaderValue::from_str(text) {
        Ok(_) => Ok(text.to_owned()),
        Err(_) => Err(BadValue {
            reason: "can't be sent in a header".to_owned(),
            hint: "write it in one line, without control characters",
        }),
    }
}
