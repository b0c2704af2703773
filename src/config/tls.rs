//! TLS: the section `http.tls`, and the flags `--tls` and `--host`, which take precedence.

use std::path::PathBuf;

use super::acme::{LetsEncrypt, OwnAcme};
use super::error::{ConfigError, Origin, Place};
use super::interpret::Flags;
use super::section::{Field, Section, Warnings, refused};
use super::settings::{CertificateSource, ClientCertificates, TlsSettings, TlsVersion};
use super::values::{self, BadValue};

pub(super) fn tls_settings(
    http: &mut Section,
    host: Option<&str>,
    acme: OwnAcme,
    flags: Flags<'_>,
    warnings: &mut Warnings,
) -> Result<Option<TlsSettings>, ConfigError> {
    let mut tls = http.section("tls")?;
    let certificate = tls.take("certificate");
    let key = tls.take("key");
    let minimum = minimum(&mut tls, warnings)?;
    let (clients, authorities) = clients(&mut tls, warnings)?;
    tls.ignore(
        "ciphersuites",
        "is not done: the suites of TLS 1.2 and 1.3 that are considered safe are offered",
        warnings,
    );
    let lets_encrypt = LetsEncrypt::read(&mut tls, warnings)?;
    tls.finish(warnings);
    let by_flag = flags.tls == Some("acme");
    let flag = match flags.tls {
        Some(text) if !by_flag => Some(source(text, flags.hosts)?),
        _ => None,
    };
    if flags.tls.is_none() && !flags.hosts.is_empty() {
        let hint = "use it with --tls self-signed or --tls acme";
        return Err(refused_flag("--host", "has no effect", hint));
    }
    if !by_flag {
        flags.acme.refuse()?;
    }
    let configured = files(certificate, key)?;
    // Configured files take precedence over a certificate that would have to be requested. Without
    // either the port would use plain HTTP although the file requires TLS.
    let other = flag.or_else(|| configured.filter(|_| !by_flag));
    let certificate = match other {
        None if by_flag || lets_encrypt.is_wanted() => {
            let settings = lets_encrypt.settings(acme, flags.acme, flags.hosts, host)?;
            Some(CertificateSource::Acme(settings))
        }
        other => {
            lets_encrypt.unused(other.is_some(), warnings);
            acme.unused(warnings);
            other
        }
    };
    let Some(certificate) = certificate else {
        // Over plain HTTP nobody would need a certificate.
        let clients = authorities.map(|field| {
            let reason = "requires TLS, and there is no http.tls.certificate";
            let hint = "name certificate and key, or remove clientcas to serve everybody";
            refused(field, reason, hint)
        });
        return clients.map_or(Ok(None), Err);
    };
    Ok(Some(TlsSettings {
        certificate,
        minimum,
        clients,
    }))
}

/// Parses the `--tls` flag.
pub(super) fn source(text: &str, hosts: &[String]) -> Result<CertificateSource, ConfigError> {
    if text == "self-signed" {
        for host in hosts {
            let is_name = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
            let is_host = !host.is_empty() && host.bytes().all(is_name);
            if !is_host && host.parse::<std::net::IpAddr>().is_err() {
                let reason = format!("is {host:?}, which is neither a name nor an address");
                return Err(refused_flag("--host", &reason, "write it without a port"));
            }
        }
        return Ok(CertificateSource::SelfSigned {
            hosts: hosts.to_vec(),
        });
    }
    match text.split_once(',') {
        Some((certificate, key)) if !certificate.is_empty() && !key.is_empty() => {
            Ok(CertificateSource::Files {
                certificate: PathBuf::from(certificate),
                key: PathBuf::from(key),
            })
        }
        _ => Err(refused_flag(
            "--tls",
            &format!("is {text:?}"),
            "write --tls self-signed, --tls acme, or --tls CERTIFICATE,KEY with the names of two files",
        )),
    }
}

pub(super) fn refused_flag(flag: &'static str, reason: &str, hint: &str) -> ConfigError {
    ConfigError::Value {
        place: Place::start_of(Origin::Flag("the command line")),
        key: flag.to_owned(),
        reason: reason.to_owned(),
        hint: hint.to_owned(),
    }
}

fn files(
    certificate: Option<Field>,
    key: Option<Field>,
) -> Result<Option<CertificateSource>, ConfigError> {
    let pair = |field: Field, lacks: &str| {
        let reason = format!("is incomplete: http.tls.{lacks} is missing");
        refused(field, reason, "name both, or neither to serve without TLS")
    };
    match (certificate, key) {
        (Some(certificate), Some(key)) => Ok(Some(CertificateSource::Files {
            certificate: path(certificate)?,
            key: path(key)?,
        })),
        (None, None) => Ok(None),
        (Some(certificate), None) => Err(pair(certificate, "key")),
        (None, Some(key)) => Err(pair(key, "certificate")),
    }
}

fn path(field: Field) -> Result<PathBuf, ConfigError> {
    field.read(|text| Ok(PathBuf::from(text)))
}

/// The client certificates, and the key that names their authorities. A requested certificate is
/// always verified.
fn clients(
    tls: &mut Section,
    warnings: &mut Warnings,
) -> Result<(Option<ClientCertificates>, Option<Field>), ConfigError> {
    let Some(field) = tls.take("clientcas") else {
        tls.ignore(
            "clientauth",
            "has no effect: there is no http.tls.clientcas",
            warnings,
        );
        return Ok((None, None));
    };
    let items = field.clone().items()?.into_iter();
    let authorities: Vec<PathBuf> = items.map(path).collect::<Result<_, _>>()?;
    let mut required = true;
    if let Some(field) = tls.take("clientauth") {
        let (place, key) = (field.node.place.clone(), field.path.clone());
        let (is_required, is_checked) = field.read(|text| match text {
            "request-client-cert" => Ok((false, false)),
            "require-any-client-cert" => Ok((true, false)),
            "verify-client-cert-if-given" => Ok((false, true)),
            "require-and-verify-client-cert" => Ok((true, true)),
            _ => Err(BadValue::not(
                text,
                "a way to ask clients for certificates",
                "write require-and-verify-client-cert or verify-client-cert-if-given",
            )),
        })?;
        required = is_required;
        if !is_checked {
            warnings.add(
                &place,
                &key,
                "leaves certificates unchecked: here they are checked against http.tls.clientcas",
            );
        }
    }
    let clients = ClientCertificates {
        authorities,
        required,
    };
    Ok((Some(clients), Some(field)))
}

fn minimum(tls: &mut Section, warnings: &mut Warnings) -> Result<TlsVersion, ConfigError> {
    let Some(field) = tls.take("minimumtls") else {
        return Ok(TlsVersion::Tls12);
    };
    let (place, path) = (field.node.place.clone(), field.path.clone());
    let (version, raised) = field.read(values::tls_version)?;
    if raised {
        warnings.add(
            &place,
            &path,
            "names a version that is not safe any more: the minimum is TLS 1.2",
        );
    }
    Ok(version)
}
