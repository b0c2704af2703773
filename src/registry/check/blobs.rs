//! Compares the blobs of the layout, and their sizes, with those of the index.

use std::collections::{HashMap, HashSet};

use super::bytes::Content;
use super::{Check, CheckEntry, Difference};
use crate::index::AuditedBlob;
use crate::oci::{Algorithm, Digest};
use crate::registry::survey::{CHUNK, Place};
use crate::registry::{Registry, RegistryError, layout};

/// Whether a name is a temporary file of another program, or a directory that regctl ignores.
pub(super) fn is_ignored(name: &str) -> bool {
    let temporary = name.strip_suffix(".tmp").is_some();
    temporary || name == "tarsum" || name == "signatures"
}

impl Check<'_> {
    /// Compares all blobs.
    pub(super) async fn blobs(&mut self) -> Result<(), RegistryError> {
        let strays = self.registry.strays_around_blobs().await?;
        let again = strays.clone();
        self.confirm(strays, &again).await?;
        for prefix in 0..=u8::MAX {
            let prefix = format!("{prefix:02x}");
            let (count, first) = self.registry.blobs_of(&prefix).await?;
            self.report.blobs += count;
            if !first.is_empty() {
                self.registry.wait_for_layout().await;
                let (_, second) = self.registry.blobs_of(&prefix).await?;
                self.confirm(first, &second).await?;
            }
        }
        self.quarantined().await
    }

    /// Blobs that are in quarantine.
    async fn quarantined(&mut self) -> Result<(), RegistryError> {
        for (digest, _) in self.registry.index.quarantined().await? {
            if self.damaged.contains(&digest) {
                continue;
            }
            // The bytes may have been restored.
            if self.registry.content(&digest).await? == Content::Right {
                if !self.options.repair {
                    self.found(Difference::BlobRestored(digest)).await?;
                } else if self.registry.release(digest).await? {
                    self.listener.receive(CheckEntry::Healed(digest)).await;
                }
            } else {
                let aside = self
                    .registry
                    .store
                    .stat(&[layout::lost_blob(&digest)])
                    .await?;
                let damaged = aside.into_iter().flatten().next().is_some();
                self.found(if damaged {
                    Difference::BlobDamaged(digest)
                } else {
                    Difference::BlobGone(digest)
                })
                .await?;
            }
        }
        Ok(())
    }
}

impl Registry {
    /// Strays above and beside the directories of blobs.
    async fn strays_around_blobs(&self) -> Result<Vec<Difference>, RegistryError> {
        let mut strays = Vec::new();
        let known: [(&str, fn(&str) -> bool); 3] = [
            (layout::TREE, |name| {
                matches!(name, "blobs" | "repositories")
            }),
            (layout::ALL_BLOBS, |name| name == "sha256"),
            (layout::BLOBS, is_prefix),
        ];
        for (directory, is_known) in known {
            for entry in self.list_one(directory).await? {
                let fits = entry.directory && is_known(&entry.name);
                if !fits && !is_ignored(&entry.name) {
                    strays.push(Difference::Stray(format!("{directory}/{}", entry.name)));
                }
            }
        }
        Ok(strays)
    }

    /// The members of one directory.
    pub(super) async fn list_one(
        &self,
        key: &str,
    ) -> Result<Vec<crate::store::Entry>, RegistryError> {
        let mut listed = self.store.list(&[key.to_owned()]).await?;
        Ok(listed.pop().unwrap_or_default())
    }

    /// The number of blobs whose digests have this prefix, and their differences.
    async fn blobs_of(&self, prefix: &str) -> Result<(u64, Vec<Difference>), RegistryError> {
        let known = self.index.audited_blobs(prefix).await?;
        let directory = format!("{}/{prefix}", layout::BLOBS);
        let mut differences = Vec::new();
        let mut digests = Vec::new();
        let entries = match self.list_one(&directory).await {
            Err(RegistryError::Store(error)) => {
                let unreadable = Difference::PlaceUnreadable(directory, error.to_string());
                return Ok((known.len() as u64, vec![unreadable]));
            }
            entries => entries?,
        };
        for entry in entries {
            match Digest::from_hex(Algorithm::Sha256, &entry.name) {
                Ok(digest) if entry.directory && entry.name.starts_with(prefix) => {
                    digests.push(digest);
                }
                _ if is_ignored(&entry.name) => {}
                _ => differences.push(Difference::Stray(format!("{directory}/{}", entry.name))),
            }
        }
        let (mut found, mut unreadable) = (HashMap::new(), HashSet::new());
        for digests in digests.chunks(CHUNK) {
            let keys: Vec<String> = digests.iter().map(layout::blob).collect();
            for (digest, place) in digests.iter().zip(self.stat_each(&keys).await) {
                match place {
                    Place::There(stat) => {
                        found.insert(*digest, stat.size);
                    }
                    Place::Unreadable(reason) => {
                        let key = layout::blob(digest);
                        differences.push(Difference::PlaceUnreadable(key, reason));
                        unreadable.insert(*digest);
                    }
                    Place::Absent => {}
                }
            }
            let directories: Vec<String> = digests.iter().map(layout::blob_directory).collect();
            for (directory, entries) in directories.iter().zip(self.list_each(&directories).await) {
                let entries = match entries {
                    Ok(entries) => entries,
                    Err(error) => {
                        let reason = error.to_string();
                        differences.push(Difference::PlaceUnreadable(directory.clone(), reason));
                        continue;
                    }
                };
                let others = entries.iter().map(|entry| entry.name.as_str());
                let others = others.filter(|name| *name != "data" && !is_ignored(name));
                differences
                    .extend(others.map(|name| Difference::Stray(format!("{directory}/{name}"))));
            }
        }
        for (digest, blob) in known
            .iter()
            .filter(|(digest, _)| !unreadable.contains(*digest))
        {
            differences.extend(self.blob_differs(digest, *blob, found.get(digest)).await?);
        }
        let unknown = found.keys().filter(|digest| !known.contains_key(*digest));
        differences.extend(unknown.map(|digest| Difference::BlobUnknown(*digest)));
        differences.sort_unstable();
        Ok((known.len() as u64, differences))
    }

    async fn blob_differs(
        &self,
        digest: &Digest,
        known: AuditedBlob,
        found: Option<&u64>,
    ) -> Result<Option<Difference>, RegistryError> {
        match found {
            Some(size) if *size == known.size => Ok(None),
            // Its content shows which of the two sizes is right.
            Some(size) => Ok(match self.content(digest).await? {
                Content::Right => Some(Difference::BlobSize {
                    digest: *digest,
                    known: known.size,
                    found: *size,
                }),
                Content::Wrong => Some(Difference::BlobDamaged(*digest)),
                Content::Unreadable(error) => Some(Difference::BlobUnreadable(*digest, error)),
                Content::Gone => Some(Difference::BlobGone(*digest)),
            }),
            None if known.quarantined => Ok(None),
            None if !self.journal.staged_keys(digest).is_empty() => Ok(None),
            None => Ok(Some(Difference::BlobGone(*digest))),
        }
    }
}

/// Whether a name is one of the 256 directories of blobs.
fn is_prefix(name: &str) -> bool {
    let digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    name.len() == 2 && name.bytes().all(digit)
}
