//! Descriptors: the type, size and digest of content.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize};

use super::{Digest, MediaType, Platform};

/// A reference to content (OCI image specification, "Content Descriptors").
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Descriptor {
    /// The media type of the content; empty where the writer left it out.
    #[serde(default, deserialize_with = "null_as_default")]
    pub media_type: MediaType,
    /// The digest of the content.
    pub digest: Digest,
    /// The length of the content in bytes; 0 where the writer left it out, as Go does for 0.
    #[serde(default, deserialize_with = "size")]
    pub size: u64,
    /// Where else the content may be fetched.
    #[serde(
        default,
        deserialize_with = "urls",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub urls: Vec<String>,
    /// The platform, in an index.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub platform: Option<Platform>,
    /// The type of an artifact.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub artifact_type: Option<String>,
    /// Annotations, in the order of their keys.
    #[serde(
        default,
        deserialize_with = "texts",
        skip_serializing_if = "Option::is_none"
    )]
    pub annotations: Option<BTreeMap<String, String>>,
}

impl Descriptor {
    /// Whether a registry may lack the content: it is not for distribution, or has an address
    /// elsewhere.
    pub fn may_be_absent(&self) -> bool {
        !self.urls.is_empty() || self.media_type.is_nondistributable()
    }
}

/// A size is a whole number from 0 to 2^63-1, which every client can represent. `null` is 0.
fn size<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    let size = Option::<i64>::deserialize(deserializer)?.unwrap_or_default();
    u64::try_from(size).map_err(|_| serde::de::Error::custom("a size is negative"))
}

/// Parses a value; `null` is the default, as in Go.
pub(super) fn null_as_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de> + Default,
{
    Ok(Option::<T>::deserialize(deserializer)?.unwrap_or_default())
}

fn urls<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    let urls = Option::<Vec<Option<String>>>::deserialize(deserializer)?.unwrap_or_default();
    Ok(urls.into_iter().flatten().collect())
}

/// Parses annotations; a `null` value is an empty text, as in Go.
pub(super) fn texts<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<BTreeMap<String, String>>, D::Error> {
    let texts = Option::<BTreeMap<String, Option<String>>>::deserialize(deserializer)?;
    Ok(texts.map(|texts| {
        texts
            .into_iter()
            .map(|(key, value)| (key, value.unwrap_or_default()))
            .collect()
    }))
}
