//! The flags of `regctl frontend`, which has no configuration file.

use std::time::Duration;

use super::error::ConfigError;
use super::settings::{ListenAddress, TlsSettings, TlsVersion};
use super::tls::{refused_flag, source};
use super::values::{self, BadValue};
use super::wire::listen_address;

/// The flags as they were given.
#[derive(Debug, Clone, Default)]
pub struct FrontendFlags {
    /// `--listen`: `HOST:PORT`, `:PORT`, `unix:PATH` or an absolute path.
    pub listen: String,
    /// `--tls`: `self-signed`, or `CERTIFICATE,KEY`.
    pub tls: Option<String>,
    /// `--host`: further names of this host, for `self-signed`.
    pub hosts: Vec<String>,
    /// `--base-path`: the prefix of every link.
    pub base_path: String,
    /// `--cache`: how long answers of the registry are cached.
    pub cache: String,
}

/// What the flags mean.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FrontendSettings {
    /// The address to listen on.
    pub address: ListenAddress,
    /// TLS, or plain http.
    pub tls: Option<TlsSettings>,
    /// The prefix of every link: empty, or `/registry`.
    pub base_path: String,
    /// How long answers of the registry are cached.
    pub cache: Duration,
}

/// Reads the flags.
pub fn frontend(flags: &FrontendFlags) -> Result<FrontendSettings, ConfigError> {
    let refused = |flag, bad: BadValue| refused_flag(flag, &bad.reason, bad.hint);
    Ok(FrontendSettings {
        address: listen_address(&flags.listen)?,
        tls: tls(flags)?,
        base_path: values::prefix(&flags.base_path).map_err(|bad| refused("--base-path", bad))?,
        cache: values::period(&flags.cache).map_err(|bad| refused("--cache", bad))?,
    })
}

fn tls(flags: &FrontendFlags) -> Result<Option<TlsSettings>, ConfigError> {
    let Some(text) = &flags.tls else {
        if flags.hosts.is_empty() {
            return Ok(None);
        }
        let hint = "use it with --tls self-signed";
        return Err(refused_flag("--host", "has no effect", hint));
    };
    if text == "acme" {
        let hint = "write --tls self-signed or --tls CERTIFICATE,KEY, or put a proxy in front that \
                    has the certificate";
        return Err(refused_flag(
            "--tls",
            "is \"acme\", which is for regctl serve",
            hint,
        ));
    }
    Ok(Some(TlsSettings {
        certificate: source(text, &flags.hosts)?,
        minimum: TlsVersion::Tls12,
        clients: None,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::CertificateSource;

    fn flags(tls: Option<&str>, base_path: &str, cache: &str) -> FrontendFlags {
        FrontendFlags {
            listen: ":8080".to_owned(),
            tls: tls.map(str::to_owned),
            hosts: Vec::new(),
            base_path: base_path.to_owned(),
            cache: cache.to_owned(),
        }
    }

    #[test]
    fn flags_of_a_frontend() {
        let plain = frontend(&flags(None, "", "1m")).unwrap();
        assert_eq!(plain.tls, None);
        assert_eq!(plain.base_path, "");
        assert_eq!(plain.cache, Duration::from_mins(1));
        let files = frontend(&flags(Some("a.pem,b.pem"), "registry/", "0")).unwrap();
        assert_eq!(files.base_path, "/registry");
        assert_eq!(files.cache, Duration::ZERO);
        let certificate = files.tls.unwrap().certificate;
        assert!(matches!(certificate, CertificateSource::Files { .. }));
    }

    #[test]
    fn flags_that_a_frontend_refuses() {
        for (bad, word) in [
            (flags(Some("acme"), "", "1m"), "--tls"),
            (flags(Some("a.pem"), "", "1m"), "--tls"),
            (flags(None, "/a b", "1m"), "--base-path"),
            (flags(None, "", "soon"), "--cache"),
        ] {
            let error = frontend(&bad).unwrap_err().to_string();
            assert!(error.contains(word) && error.contains("hint:"), "{error}");
        }
        let alone = FrontendFlags {
            hosts: vec!["pages.example".to_owned()],
            ..flags(None, "", "1m")
        };
        assert!(frontend(&alone).unwrap_err().to_string().contains("--host"));
        let nowhere = FrontendFlags {
            listen: "bogus".to_owned(),
            ..flags(None, "", "1m")
        };
        let error = frontend(&nowhere).unwrap_err();
        assert!(error.is_of_command_line(), "{error}");
    }
}
