//! The section `http`: listeners, the public address, headers.

use std::path::PathBuf;

use super::acme::OwnAcme;
use super::error::{ConfigError, Origin, Place};
use super::interpret::{Basis, Flags};
use super::section::{Section, Warnings, refused};
use super::settings::{DebugSettings, HttpSettings, ListenAddress};
use super::tls::tls_settings;
use super::values::{self, BadValue};

pub(super) fn http_settings(
    top: &mut Section,
    basis: Basis,
    acme: OwnAcme,
    flags: Flags<'_>,
    warnings: &mut Warnings,
) -> Result<HttpSettings, ConfigError> {
    let mut http = top.section("http")?;
    let address = address(&mut http, basis, flags.listen)?;
    let prefix = http.value("prefix", values::prefix)?;
    let host = public_host(&mut http, warnings)?;
    // registry:2 signs the upload states that it sends to clients; regctl stores them itself.
    http.text("secret")?;
    let relative_urls = http.value("relativeurls", values::boolean)?;
    let drain_timeout = http.value("draintimeout", values::duration)?;
    let headers = headers(&mut http, answered)?;
    let tls = tls_settings(&mut http, host.as_deref(), acme, flags, warnings)?;
    let debug = debug_settings(&mut http, &address, warnings)?;
    let mut http2 = http.section("http2")?;
    let http2_disabled = http2.value("disabled", values::boolean)?;
    http2.finish(warnings);
    let mut h2c = http.section("h2c")?;
    let h2c_enabled = h2c.value("enabled", values::boolean)?;
    h2c.finish(warnings);
    http.finish(warnings);
    Ok(HttpSettings {
        address,
        prefix: prefix.unwrap_or_default(),
        host,
        relative_urls: relative_urls.unwrap_or(false),
        drain_timeout: drain_timeout.filter(|timeout| !timeout.is_zero()),
        headers,
        tls,
        debug,
        http2: !http2_disabled.unwrap_or(false),
        h2c: h2c_enabled.unwrap_or(false),
    })
}

/// The address to listen on: the flag alone, or `net` and `addr`.
fn address(
    http: &mut Section,
    basis: Basis,
    listen: Option<&str>,
) -> Result<ListenAddress, ConfigError> {
    let unix = http.value("net", |net| match net {
        "tcp" => Ok(false),
        "unix" => Ok(true),
        _ => Err(BadValue::not(net, "a network", "write tcp or unix")),
    })?;
    let configured = if unix.unwrap_or(false) {
        http.text("addr")?
            .map(|path| ListenAddress::Unix(PathBuf::from(path)))
    } else {
        http.value("addr", values::tcp_address)?
    };
    if let Some(text) = listen {
        return listen_address(text);
    }
    match configured {
        Some(address) => Ok(address),
        None if unix == Some(true) => Err(ConfigError::Value {
            place: http.place().clone(),
            key: http.path_of("addr"),
            reason: "is missing, and http.net asks for a socket".to_owned(),
            hint: "write the path of the socket".to_owned(),
        }),
        None => Ok(ListenAddress::Tcp {
            host: match basis {
                Basis::File => String::new(),
                Basis::Nothing => "127.0.0.1".to_owned(),
            },
            port: 5000,
        }),
    }
}

/// The address of the `--listen` flag.
pub(super) fn listen_address(text: &str) -> Result<ListenAddress, ConfigError> {
    values::flag_address(text).map_err(|bad| ConfigError::Value {
        place: Place::start_of(Origin::Flag("--listen")),
        key: "the address".to_owned(),
        reason: bad.reason,
        hint: bad.hint.to_owned(),
    })
}

fn public_host(http: &mut Section, warnings: &mut Warnings) -> Result<Option<String>, ConfigError> {
    let Some(field) = http.take("host") else {
        return Ok(None);
    };
    let (place, path) = (field.node.place.clone(), field.path.clone());
    let host = field.read(values::public_host)?;
    if host.is_none() {
        warnings.add(
            &place,
            &path,
            "has no scheme (as in https://registry.example.com): it is ignored, and clients are \
             answered with the address they ask at",
        );
    }
    Ok(host)
}

/// Header fields with their values, in the order of the file.
pub(super) fn headers(
    section: &mut Section,
    check: impl Fn(&str) -> Result<(), BadValue>,
) -> Result<Vec<(String, Vec<String>)>, ConfigError> {
    let mut headers = Vec::new();
    for (name, field) in section.section("headers")?.rest() {
        if let Err(bad) = values::header_name(&name).and_then(|name| check(&name)) {
            return Err(refused(field, bad.reason, bad.hint));
        }
        let values = field
            .items()?
            .into_iter()
            .map(|item| item.read(values::header_value))
            .collect::<Result<Vec<_>, _>>()?;
        headers.push((name, values));
    }
    Ok(headers)
}

/// Refuses headers that describe the body of one answer: on every answer they are wrong, and clients
/// read nothing.
fn answered(name: &str) -> Result<(), BadValue> {
    const OF_ONE_BODY: [&str; 5] = [
        "content-length",
        "transfer-encoding",
        "content-encoding",
        "content-range",
        "trailer",
    ];
    let is_of_one = OF_ONE_BODY.contains(&name.to_ascii_lowercase().as_str());
    if is_of_one {
        return Err(BadValue {
            reason: "describes the body of one answer, and would be on every answer".to_owned(),
            hint: "remove it: regctl sets it where it belongs",
        });
    }
    Ok(())
}

fn debug_settings(
    http: &mut Section,
    main: &ListenAddress,
    warnings: &mut Warnings,
) -> Result<Option<DebugSettings>, ConfigError> {
    let mut debug = http.section("debug")?;
    let field = debug.take("addr");
    let address = field.clone().map(|field| field.read(values::tcp_address));
    let address = address.transpose()?;
    if let (Some(field), Some(address)) = (field, &address)
        && address.overlaps(main)
    {
        let reason = format!("is {address}, and the registry itself listens on {main}");
        return Err(refused(field, reason, "choose another port"));
    }
    let mut prometheus = debug.section("prometheus")?;
    let enabled = prometheus.value("enabled", values::boolean)?;
    let path = prometheus.value("path", values::metrics_path)?;
    let place = prometheus.place().clone();
    prometheus.finish(warnings);
    debug.finish(warnings);
    let prometheus = enabled
        .unwrap_or(false)
        .then(|| path.unwrap_or_else(|| "/metrics".to_owned()));
    if address.is_none() && prometheus.is_some() {
        warnings.add(
            &place,
            "http.debug.prometheus",
            "has no effect: there is no http.debug.addr to serve the metrics at",
        );
    }
    Ok(address.map(|address| DebugSettings {
        address,
        prometheus,
    }))
}
