//! The credential entries of docker's `config.json` and podman's `auth.json`.
//!
//! Pure. As lenient as Go: `null` is an absent value everywhere, and unknown fields are ignored.
//! Secrets are never in `Debug` output.

use std::collections::HashMap;

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use super::credentials::Credential;

/// Padding is optional.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// docker's file; `null` means absent anywhere in it, as in Go.
#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default, expecting = "an object")]
pub(super) struct File {
    #[serde(deserialize_with = "present")]
    pub(super) auths: HashMap<String, Entry>,
    #[serde(deserialize_with = "null_or")]
    pub(super) creds_store: String,
    #[serde(deserialize_with = "present")]
    pub(super) cred_helpers: HashMap<String, String>,
}

#[derive(Deserialize, Default)]
#[serde(default, expecting = "an object")]
pub(super) struct Entry {
    #[serde(deserialize_with = "null_or")]
    auth: String,
    #[serde(deserialize_with = "null_or")]
    username: String,
    #[serde(deserialize_with = "null_or")]
    password: String,
    #[serde(deserialize_with = "null_or")]
    identitytoken: String,
    #[serde(deserialize_with = "null_or")]
    registrytoken: String,
}

/// A value; the default for `null`.
fn null_or<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(
    deserializer: D,
) -> Result<T, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

/// A map without keys whose value is `null` or of another type, which must not hide the others; empty
/// for `null`.
fn present<'de, D: Deserializer<'de>, T: DeserializeOwned>(
    deserializer: D,
) -> Result<HashMap<String, T>, D::Error> {
    let entries: Option<HashMap<String, Value>> = Option::deserialize(deserializer)?;
    let entries = entries.unwrap_or_default().into_iter();
    Ok(entries
        .filter(|(_, value)| !value.is_null())
        .filter_map(|(key, value)| Some((key, serde_json::from_value(value).ok()?)))
        .collect())
}

impl Entry {
    pub(super) fn credential(&self) -> Option<Credential> {
        if !self.identitytoken.is_empty() {
            return Some(Credential::Identity(self.identitytoken.clone()));
        }
        if !self.registrytoken.is_empty() {
            return Some(Credential::Registry(self.registrytoken.clone()));
        }
        if self.auth.is_empty() {
            return (!self.username.is_empty()).then(|| Credential::Basic {
                user: self.username.clone(),
                password: self.password.clone(),
            });
        }
        let (user, password) = self.decoded()?;
        Some(Credential::Basic { user, password })
    }

    pub(super) fn decoded(&self) -> Option<(String, String)> {
        let decoded = BASE64.decode(self.auth.trim()).ok()?;
        let decoded = String::from_utf8(decoded).ok()?;
        let (user, password) = decoded.split_once(':')?;
        // Old versions of docker padded it with NUL.
        let password = password.trim_end_matches('\0');
        Some((user.to_owned(), password.to_owned()))
    }
}
