//! The registry for names without a host: `--registry`, otherwise its variable, otherwise the
//! client's settings file, otherwise [`DEFAULT`].
//!
//! Parses registry names, and the settings file. A URL, as `serve` prints it, gives the scheme;
//! anything after the host is an error.

use anyhow::Context as _;
use serde::Deserialize;

use super::exit::Usage;
use super::output::Printer;
use crate::client::{SSH, Scheme, SshAddress, files};

/// The default registry: `regctl serve`'s own address.
const DEFAULT: &str = "127.0.0.1:5000";
/// The variable instead of the flag. It is read here and not by clap, which would take a set
/// variable for an argument and print no help for an empty command line.
const VARIABLE: &str = "REGCTL_REGISTRY";

/// A parsed registry.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Registry {
    /// `host` or `host:port`, or the full address behind ssh.
    pub(super) host: String,
    /// The scheme for it.
    pub(super) scheme: Scheme,
}

/// Why a text is not a registry.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{text:?} {reason}; hint: a registry is written HOST[:PORT], http://HOST[:PORT], https://HOST[:PORT] or ssh://[USER@]HOST[:PORT][/REGISTRY-PORT]"
)]
pub(super) struct RegistryError {
    text: String,
    reason: String,
}

impl std::str::FromStr for Registry {
    type Err = RegistryError;

    fn from_str(text: &str) -> Result<Self, RegistryError> {
        if text.starts_with(SSH) {
            let checked = text.parse::<SshAddress>();
            checked.map_err(|wrong| error(text, wrong.to_string()))?;
            return Ok(Self {
                host: text.to_owned(),
                scheme: Scheme::Found,
            });
        }
        let (scheme, rest) = match text.split_once("://") {
            None => (Scheme::Found, text),
            Some(("http", rest)) => (Scheme::Http, rest),
            Some(("https", rest)) => (Scheme::Https, rest),
            Some((other, _)) => return Err(error(text, format!("begins with {other}://"))),
        };
        let host = rest.strip_suffix('/').unwrap_or(rest);
        match host.split_once('/') {
            Some((_, path)) => Err(error(text, format!("has a path, /{path}"))),
            None if host.is_empty() => Err(error(text, "has no host".into())),
            None => Ok(Self {
                host: host.to_owned(),
                scheme,
            }),
        }
    }
}

fn error(text: &str, reason: String) -> RegistryError {
    RegistryError {
        text: text.to_owned(),
        reason,
    }
}

impl Registry {
    /// Warns that a command which works on a root of this host ignores the variable, if it is set.
    pub(super) fn warn_of_environment(printer: Printer) {
        if std::env::var_os(VARIABLE).is_some_and(|value| !value.is_empty()) {
            printer.warning(
                "REGCTL_REGISTRY does not apply to this command, which works on a root of this host; \
                 hint: --registry names a server elsewhere, --root a directory here",
            );
        }
    }

    /// The registry to use, given the value of `--registry`.
    pub(super) fn meant(flag: Option<&str>) -> anyhow::Result<Self> {
        let variable = std::env::var(VARIABLE).ok();
        let written = [("--registry", flag), (VARIABLE, variable.as_deref())];
        for (place, text) in written {
            if let Some(text) = text.filter(|text| !text.is_empty()) {
                let registry = text.parse::<Self>();
                return registry.map_err(|error| Usage(format!("{place}: {error}")).into());
            }
        }
        match Settings::load()?.registry {
            Some(registry) => Ok(registry),
            None => Ok(DEFAULT.parse()?),
        }
    }
}

/// `<user config dir>/regctl/settings.yml`.
#[derive(Debug, Default)]
struct Settings {
    /// The registry for names without a host.
    registry: Option<Registry>,
}

impl Settings {
    fn load() -> anyhow::Result<Self> {
        let Some(path) = dirs::config_dir().map(|config| config.join("regctl/settings.yml")) else {
            return Ok(Self::default());
        };
        let Some(bytes) = files::read_if_present(&path)? else {
            return Ok(Self::default());
        };
        Self::parse(&bytes).with_context(|| format!("can't use the settings in {}", path.display()))
    }

    fn parse(bytes: &[u8]) -> anyhow::Result<Self> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Keys {
            registry: Option<String>,
        }
        let text = std::str::from_utf8(bytes).context("it is not UTF-8")?;
        if text.trim().is_empty() {
            return Ok(Self::default());
        }
        let keys: Keys = serde_saphyr::from_str(text).map_err(|error| {
            // The first line has the reason and the position; the others show an excerpt.
            let message = error.to_string();
            let first = message.lines().next().unwrap_or_default();
            let first = first.trim_start_matches("error: ");
            anyhow::anyhow!("{first}; hint: the one key is `registry: HOST[:PORT]`")
        })?;
        let registry = keys.registry.map(|text| text.parse()).transpose()?;
        Ok(Self { registry })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses() {
        let parse = |text: &str| text.parse::<Registry>();
        for (text, host, scheme) in [
            ("h:5000", "h:5000", Scheme::Found),
            ("http://127.0.0.1:5000", "127.0.0.1:5000", Scheme::Http),
            ("https://[::1]:5000/", "[::1]:5000", Scheme::Https),
            ("ssh://ada@far/5001", "ssh://ada@far/5001", Scheme::Found),
        ] {
            let host = host.to_owned();
            assert_eq!(parse(text), Ok(Registry { host, scheme }));
        }
        for (text, reason) in [
            ("http://h:5000/v2/", "has a path, /v2"),
            ("h:5000/team", "has a path, /team"),
            ("oci://h", "begins with oci://"),
            ("ssh://h/team", "has a path that is not"),
            ("ssh://-oProxyCommand=x", "no host name"),
            ("https://", "has no host"),
            ("", "has no host"),
        ] {
            assert!(
                parse(text).unwrap_err().to_string().contains(reason),
                "{text}"
            );
        }
    }

    #[test]
    fn settings() {
        let parse = |text: &str| Settings::parse(text.as_bytes());
        let host = |text| parse(text).unwrap().registry.map(|registry| registry.host);
        assert_eq!(host(""), None);
        assert_eq!(host("registry: h:5000\n").as_deref(), Some("h:5000"));
        for (text, message) in [
            ("registri: h\n", "registri"),
            ("registry: [a]\n", "line 1"),
            ("registry: h/a\n", "has a path"),
        ] {
            let error = parse(text).unwrap_err().to_string();
            assert!(error.contains(message), "{error}");
            assert!(
                !error.contains('\n') && !error.contains("error:"),
                "{error}"
            );
        }
        assert!(Settings::parse(b"\xff").is_err());
    }
}
