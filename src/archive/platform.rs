//! Selection of a platform.
//!
//! Pure.

use serde::Deserialize;

use super::contents::text;
use crate::oci::{Digest, Platform, lenient};

/// The relevant fields of an image's configuration.
#[derive(Debug, Deserialize)]
#[serde(expecting = "an object")]
pub(super) struct Config {
    #[serde(default, deserialize_with = "lenient")]
    os: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    architecture: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    variant: Option<String>,
    rootfs: Option<RootFs>,
}

#[derive(Debug, Deserialize)]
#[serde(expecting = "an object")]
struct RootFs {
    #[serde(default)]
    diff_ids: Option<Vec<Digest>>,
}

impl Config {
    pub(super) fn parse(bytes: &[u8]) -> Result<Self, String> {
        serde_json::from_slice(text(bytes)).map_err(|error| error.to_string())
    }

    pub(super) fn platform(&self) -> Option<Platform> {
        Some(Platform {
            os: self.os.clone().filter(|os| !os.is_empty())?,
            architecture: self.architecture.clone().filter(|text| !text.is_empty())?,
            variant: self.variant.clone(),
            os_version: None,
        })
    }

    /// Whether it lists the layers of an image, as required.
    pub(super) fn is_of_an_image(&self) -> bool {
        self.rootfs.is_some()
    }

    pub(super) fn diff_ids(&self) -> &[Digest] {
        let ids = self
            .rootfs
            .as_ref()
            .and_then(|rootfs| rootfs.diff_ids.as_ref());
        ids.map_or(&[], Vec::as_slice)
    }
}

/// Parses `os/architecture[/variant]`.
pub fn parse_platform(text: &str) -> Option<Platform> {
    let parts: Vec<&str> = text.split('/').collect();
    let (os, architecture, variant) = match parts[..] {
        [os, architecture] => (os, architecture, None),
        [os, architecture, variant] => (os, architecture, Some(variant)),
        _ => return None,
    };
    let word = |part: &str| {
        !part.is_empty()
            && part
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
    };
    (word(os) && word(architecture) && variant.is_none_or(word)).then(|| Platform {
        os: os.to_owned(),
        architecture: architecture.to_owned(),
        variant: variant.map(str::to_owned),
        os_version: None,
    })
}

/// Whether an image for `platform` matches `wanted`. Without a variant any variant matches; for
/// arm64, `v8` is the same as no variant.
pub fn is_for(platform: &Platform, wanted: &Platform) -> bool {
    let variant = |platform: &Platform| {
        let variant = platform.variant.clone().filter(|text| !text.is_empty());
        variant.filter(|text| !(platform.architecture == "arm64" && text == "v8"))
    };
    platform.os == wanted.os
        && platform.architecture == wanted.architecture
        && (variant(wanted).is_none() || variant(wanted) == variant(platform))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_odd_field_of_a_configuration_costs_only_itself() {
        let config =
            r#"{"os":"linux","architecture":"arm","variant":7,"rootfs":{"diff_ids":null}}"#;
        let config = Config::parse(config.as_bytes()).unwrap();
        assert_eq!(config.platform().unwrap().to_string(), "linux/arm");
        assert!(config.is_of_an_image());
        let config = Config::parse(br#"{"os":null,"architecture":"arm"}"#).unwrap();
        assert_eq!(config.platform(), None);
    }

    #[test]
    fn matching() {
        let platform = |text| parse_platform(text).unwrap();
        for (have, wanted, fits) in [
            ("linux/amd64", "linux/amd64", true),
            ("linux/arm/v7", "linux/arm", true),
            ("linux/arm/v7", "linux/arm/v6", false),
            ("linux/arm64", "linux/arm64/v8", true),
            ("linux/arm64/v8", "linux/arm64", true),
            ("windows/amd64", "linux/amd64", false),
        ] {
            assert_eq!(
                is_for(&platform(have), &platform(wanted)),
                fits,
                "{have} {wanted}"
            );
        }
        for text in ["linux", "linux/", "/amd64", "a/b/c/d", "linux/amd 64", ""] {
            assert_eq!(parse_platform(text), None, "{text}");
        }
    }

    #[test]
    fn configurations() {
        let config = Config::parse(
            b"\xef\xbb\xbf{\"os\":\"linux\",\"architecture\":\"arm\",\"variant\":\"v7\"}",
        );
        let config = config.unwrap();
        assert_eq!(config.platform().unwrap().to_string(), "linux/arm/v7");
        assert!(config.diff_ids().is_empty());
        assert!(Config::parse(b"{\"rootfs\":{\"diff_ids\":[\"x\"]}}").is_err());
        assert_eq!(Config::parse(b"{}").unwrap().platform(), None);
    }
}
