//! Referrers: the manifests that have a given manifest as their subject.
//!
//! For registries without the referrers API, clients maintained a list under the fallback tag
//! `<algorithm>-<hex>` (OCI distribution specification, "Referrers Tag Schema"). Such a list is
//! merged into the result.

use std::collections::BTreeMap;

use super::{Registry, RegistryError};
use crate::index::ReferrerRecord;
use crate::oci::{Descriptor, Digest, ManifestView, Reference, Repository};

/// Bytes of annotations and types in a page: an answer stays below 4 MiB.
const PAGE_BYTES: usize = 3 * 1024 * 1024;

/// A page of referrers, in the order of their digests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Referrers {
    /// Their descriptors.
    pub manifests: Vec<Descriptor>,
    /// Whether there are more referrers after the last one.
    pub more: bool,
}

impl Registry {
    /// The referrers of `subject` after `last`, at most `limit`, of one artifact type or of all.
    /// The subject need not exist.
    pub async fn referrers(
        &self,
        repository: &Repository,
        subject: &Digest,
        artifact_type: Option<&str>,
        last: Option<&Digest>,
        limit: usize,
    ) -> Result<Referrers, RegistryError> {
        let after = last.map(Digest::to_string).unwrap_or_default();
        let records = self
            .index
            .referrers(repository, subject, artifact_type, &after, limit + 1)
            .await?;
        let mut found: BTreeMap<String, Descriptor> = records
            .into_iter()
            .map(|record| (record.digest.to_string(), descriptor(record)))
            .collect();
        for listed in self.fallback(repository, subject).await? {
            let wanted = artifact_type.is_none_or(|wanted| {
                let listed = listed.artifact_type.as_deref();
                listed.is_some_and(|listed| listed.eq_ignore_ascii_case(wanted))
            });
            let key = listed.digest.to_string();
            if wanted && key > after {
                found.entry(key).or_insert(listed);
            }
        }
        let all = found.len();
        let mut bytes = 0;
        let manifests: Vec<Descriptor> = found
            .into_values()
            .take(limit)
            .take_while(|listed| {
                let first = bytes == 0;
                bytes += length(listed);
                first || bytes <= PAGE_BYTES
            })
            .collect();
        let more = manifests.len() < all;
        Ok(Referrers { manifests, more })
    }

    /// The list under the fallback tag of a subject; empty if the tag does not exist or is not an
    /// index.
    async fn fallback(
        &self,
        repository: &Repository,
        subject: &Digest,
    ) -> Result<Vec<Descriptor>, RegistryError> {
        let hex = subject.hex();
        // A tag has at most 128 characters: a sha512 is shortened, as specified.
        let name = format!("{}-{}", subject.algorithm(), &hex[..hex.len().min(64)]);
        let Ok(tag) = name.parse() else {
            return Ok(Vec::new());
        };
        match self.find_manifest(repository, &Reference::Tag(tag)).await {
            Ok(manifest) => {
                let view = ManifestView::read(&manifest.bytes);
                Ok(view.map(|(view, _)| view.manifests).unwrap_or_default())
            }
            Err(RegistryError::ManifestUnknown { .. }) => Ok(Vec::new()),
            Err(error) => Err(error),
        }
    }
}

/// Bytes of a descriptor as JSON.
fn length(descriptor: &Descriptor) -> usize {
    serde_json::to_vec(descriptor).map_or(0, |json| json.len() + 1)
}

fn descriptor(record: ReferrerRecord) -> Descriptor {
    Descriptor {
        media_type: record.media_type,
        digest: record.digest,
        size: record.size,
        urls: Vec::new(),
        platform: None,
        artifact_type: record.artifact_type,
        annotations: record
            .annotations
            .and_then(|text| serde_json::from_str(&text).ok()),
    }
}
