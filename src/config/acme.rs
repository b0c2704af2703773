//! Certificates of an ACME directory (RFC 8555): `http.tls.letsencrypt` as in registry:2, the keys
//! of `regctl.acme`, and the flags `--tls acme`, `--host` and `--acme-…`, which take precedence.

use std::path::PathBuf;

use super::error::ConfigError;
use super::section::{Field, Section, Warnings};
use super::settings::ListenAddress;
use super::tls::refused_flag;
use super::values::{self, BadValue};

/// The default directory.
const LETS_ENCRYPT: &str = "https://acme-v02.api.letsencrypt.org/directory";

/// The source of an ACME certificate, and its names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AcmeSettings {
    /// The address of the directory.
    pub directory: String,
    /// The names in the certificate, at least one, in lower case.
    pub hosts: Vec<String>,
    /// The address to which the authority sends mail, if there is one.
    pub email: Option<String>,
    /// The authorities that verify the directory's own certificate, PEM; `None`: the system's.
    pub authorities: Option<PathBuf>,
    /// The directory of account and certificate; `None`: below the root.
    pub cache: Option<PathBuf>,
    /// The address that answers HTTP-01 challenges; `None`: TLS-ALPN-01 only.
    pub http: Option<ListenAddress>,
}

/// The ACME flags of `serve`.
#[derive(Debug, Clone, Default)]
pub struct AcmeFlags {
    /// The `--acme-directory` flag: an address.
    pub directory: Option<String>,
    /// The `--acme-ca` flag: a file.
    pub authorities: Option<PathBuf>,
    /// The `--acme-email` flag.
    pub email: Option<String>,
    /// The `--acme-http` flag: `HOST:PORT` or `:PORT`.
    pub http: Option<String>,
}

/// The section `regctl.acme`: settings that `http.tls.letsencrypt` does not have.
#[derive(Debug, Default)]
pub(super) struct OwnAcme {
    authorities: Option<PathBuf>,
    http: Option<ListenAddress>,
    /// The first key of the section, for a warning if it is unused.
    place: Option<super::Place>,
}

/// Reads `regctl.acme`.
pub(super) fn own_acme(own: &mut Section, warnings: &mut Warnings) -> Result<OwnAcme, ConfigError> {
    let Some(field) = own.take("acme") else {
        return Ok(OwnAcme::default());
    };
    let place = Some(field.node.place.clone());
    let mut section = Section::of(field.path, field.node)?;
    let authorities = section.text("ca")?.map(PathBuf::from);
    let http = section.value("http", values::tcp_address)?;
    section.finish(warnings);
    Ok(OwnAcme {
        authorities,
        http,
        place,
    })
}

impl OwnAcme {
    /// Warns if no ACME certificate is configured.
    pub(super) fn unused(&self, warnings: &mut Warnings) {
        if let Some(place) = &self.place {
            let instead = "has no effect: neither --tls acme nor http.tls.letsencrypt enables ACME";
            warnings.add(place, "regctl.acme", instead);
        }
    }
}

impl AcmeFlags {
    /// Refuses the flags without `--tls acme`.
    pub(super) fn refuse(&self) -> Result<(), ConfigError> {
        let given = [
            ("--acme-directory", self.directory.is_some()),
            ("--acme-ca", self.authorities.is_some()),
            ("--acme-email", self.email.is_some()),
            ("--acme-http", self.http.is_some()),
        ];
        match given.into_iter().find(|(_, given)| *given) {
            Some((flag, _)) => Err(refused_flag(
                flag,
                "has no effect",
                "use it with --tls acme",
            )),
            None => Ok(()),
        }
    }
}

/// The section `http.tls.letsencrypt`.
#[derive(Debug, Default)]
pub(super) struct LetsEncrypt {
    field: Option<(super::Place, String)>,
    cache: Option<PathBuf>,
    email: Option<String>,
    hosts: Vec<String>,
    directory: Option<String>,
}

impl LetsEncrypt {
    /// Reads the section.
    pub(super) fn read(tls: &mut Section, warnings: &mut Warnings) -> Result<Self, ConfigError> {
        let Some(field) = tls.take("letsencrypt") else {
            return Ok(Self::default());
        };
        let at = (field.node.place.clone(), field.path.clone());
        let mut section = Section::of(field.path, field.node)?;
        let cache = section.text("cachefile")?.map(PathBuf::from);
        let email = section.text("email")?;
        let hosts = section.list("hosts")?.into_iter().map(host_of);
        let hosts = hosts.collect::<Result<_, _>>()?;
        let directory = section.value("directoryurl", directory)?;
        section.finish(warnings);
        Ok(Self {
            field: Some(at),
            cache,
            email,
            hosts,
            directory,
        })
    }

    /// Whether a certificate is configured: by a cache file, as in registry:2, or by hosts.
    pub(super) fn is_wanted(&self) -> bool {
        self.cache.is_some() || !self.hosts.is_empty()
    }

    /// Warns that the section has no effect.
    pub(super) fn unused(&self, has_certificate: bool, warnings: &mut Warnings) {
        if let Some((place, path)) = &self.field {
            let instead = if has_certificate {
                "has no effect: another certificate is configured"
            } else {
                "has no effect: it has neither cachefile nor hosts"
            };
            warnings.add(place, path, instead);
        }
    }

    /// The settings, with those of `regctl.acme` and the flags. `public` is `http.host`.
    pub(super) fn settings(
        self,
        own: OwnAcme,
        flags: &AcmeFlags,
        hosts: &[String],
        public: Option<&str>,
    ) -> Result<AcmeSettings, ConfigError> {
        let mut named = Vec::new();
        for text in hosts {
            let refused = |bad: BadValue| refused_flag("--host", &bad.reason, bad.hint);
            named.push(host(text).map_err(refused)?);
        }
        if named.is_empty() {
            named = self.hosts;
        }
        let public = public.and_then(|public| url::Url::parse(public).ok());
        let public = public.as_ref().and_then(url::Url::host_str);
        if named.is_empty() {
            named.extend(public.and_then(|public| host(public).ok()));
        }
        named.sort();
        named.dedup();
        if named.is_empty() {
            return Err(match self.field {
                Some((place, key)) => ConfigError::Value {
                    place,
                    key: format!("{key}.hosts"),
                    reason: "is missing".to_owned(),
                    hint: "write the names of this registry, as in [registry.example.com]: a \
                           certificate is asked for these alone"
                        .to_owned(),
                },
                _ => refused_flag(
                    "--tls",
                    "is \"acme\", and no name for the certificate is given",
                    "write it as in --tls acme --host registry.example.com",
                ),
            });
        }
        let refused = |flag| move |bad: BadValue| refused_flag(flag, &bad.reason, bad.hint);
        let flag = flags.directory.as_deref().map(directory).transpose();
        let flag = flag.map_err(refused("--acme-directory"))?;
        let http = flags.http.as_deref().map(values::tcp_address).transpose();
        let http = http.map_err(refused("--acme-http"))?;
        Ok(AcmeSettings {
            directory: flag
                .or(self.directory)
                .unwrap_or_else(|| LETS_ENCRYPT.to_owned()),
            hosts: named,
            email: flags.email.clone().or(self.email),
            authorities: flags.authorities.clone().or(own.authorities),
            cache: self.cache,
            http: http.or(own.http),
        })
    }
}

fn host_of(field: Field) -> Result<String, ConfigError> {
    let (place, path) = (field.node.place.clone(), field.path.clone());
    field.read(|text| Ok(text.to_owned())).and_then(|text| {
        host(&text).map_err(|bad| ConfigError::Value {
            place,
            key: path,
            reason: bad.reason,
            hint: bad.hint.to_owned(),
        })
    })
}

/// A name that an ACME challenge at the host itself can validate.
fn host(text: &str) -> Result<String, BadValue> {
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
    };
    let is_address = text.parse::<std::net::IpAddr>().is_ok();
    if is_address || text.len() > 253 || !text.split('.').all(is_label) {
        return Err(BadValue {
            reason: format!("is {text:?}, which is not a host name"),
            hint: "write a DNS name without a port; for addresses and wildcards no challenge is \
                   answered here",
        });
    }
    Ok(text.to_ascii_lowercase())
}

/// The address of a directory. The certificate depends on it, so plain HTTP is refused.
fn directory(text: &str) -> Result<String, BadValue> {
    values::checked_address(text)
        .ok()
        .filter(|text| text.starts_with("https://"))
        .ok_or_else(|| {
            BadValue::not(
                text,
                "the https address of an ACME directory",
                "write it as in https://ca.example.com/acme/directory",
            )
        })
}

/// A description of the settings for `--check`.
pub(super) fn describe(acme: &AcmeSettings) -> String {
    let how = match &acme.http {
        Some(address) => format!("HTTP-01 at {address}, or TLS-ALPN-01"),
        None => "TLS-ALPN-01".to_owned(),
    };
    let hosts = acme.hosts.join(", ");
    format!("from {} for {hosts}, by {how}", acme.directory)
}
