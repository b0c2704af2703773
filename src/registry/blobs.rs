//! Blobs: checking, reading, mounting and deleting them.

use std::sync::atomic::Ordering;

use super::{Registry, RegistryError, layout};
use crate::index::{BlobRecord, IndexError};
use crate::oci::{Digest, Repository};
use crate::store::{Body, StoreError};

/// Number of neighbouring blobs that are checked when one is missing.
const SAMPLE: usize = 64;
/// With fewer blobs than this, missing ones do not show that the storage is not mounted.
const FEW: usize = 10;

/// An existing blob.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Blob {
    record: BlobRecord,
}

impl Blob {
    /// Bytes.
    pub fn size(&self) -> u64 {
        self.record.size
    }
}

impl Registry {
    /// Whether a blob is in a repository. If it is, leases it.
    pub async fn lease_blob(
        &self,
        repository: &Repository,
        digest: &Digest,
    ) -> Result<Blob, RegistryError> {
        let terms = self.lease();
        if let Some(record) = self.cache.leased(repository, digest, terms.renew_before()) {
            return Ok(Blob { record });
        }
        let seen = self.cache.begin_read(repository);
        let leased = match self.index.lease_blob(repository, *digest, terms).await {
            // The blob exists nevertheless. No push can rely on the answer, as there is no space.
            Err(IndexError::Full | IndexError::Quota) => {
                let blob = self.blob(repository, digest).await?;
                self.must_be_in_place(&blob.record, digest).await?;
                return Ok(blob);
            }
            leased => leased?,
        };
        let (record, end) = leased.ok_or(RegistryError::BlobUnknown(*digest))?;
        self.must_be_in_place(&record, digest).await?;
        self.cache
            .insert_leased(seen, repository, *digest, record, end);
        Ok(Blob { record })
    }

    /// A blob in a repository, for an immediate read.
    pub async fn blob(
        &self,
        repository: &Repository,
        digest: &Digest,
    ) -> Result<Blob, RegistryError> {
        if let Some(record) = self.cache.leased(repository, digest, self.clock.steady()) {
            return Ok(Blob { record });
        }
        let record = self.index.blob(repository, digest).await?;
        record
            .map(|record| Blob { record })
            .ok_or(RegistryError::BlobUnknown(*digest))
    }

    /// The bytes of a blob, or those from `start` up to `end` (exclusive). A full read is hashed,
    /// unless one was recently and the file is the same: if the digest differs, the body ends with
    /// an error instead of its last slice, and the blob is quarantined. A blob whose bytes are missing or of another length is quarantined as well.
    pub async fn read_blob(
        &self,
        blob: &Blob,
        range: Option<(u64, u64)>,
    ) -> Result<Body, RegistryError> {
        self.traffic.fetch_add(1, Ordering::Relaxed);
        let relying = self.relying();
        let BlobRecord { canonical, size } = blob.record;
        let range = range.filter(|range| *range != (0, size));
        let (opened, steady) = (self.clock.now(), self.clock.steady());
        let body = match self.read(&canonical, range).await {
            Ok(body) if range.is_some() || body.length() == size => body.holding(relying),
            Ok(body) => {
                let key = layout::blob(&canonical);
                let (length, expected) = (body.length(), size);
                let error = StoreError::Short {
                    key,
                    length,
                    expected,
                };
                self.reject(&canonical, error).await?;
                return Err(RegistryError::BlobUnknown(canonical));
            }
            Err(error) => {
                self.reject(&canonical, error).await?;
                return Err(RegistryError::BlobUnknown(canonical));
            }
        };
        if !self.rules.verify_reads || range.is_some() {
            return Ok(body);
        }
        let changed = body.changed();
        if changed.is_some_and(|changed| self.verified.contains(&canonical, changed, steady)) {
            return Ok(body);
        }
        let registry = self.clone();
        Ok(body.verified(canonical, move |matches| {
            if !matches {
                registry.quarantine_later(canonical);
            } else if let Some(changed) = changed {
                let verified = &registry.verified;
                verified.insert(canonical, changed, opened, steady);
            }
        }))
    }

    fn quarantine_later(self, canonical: Digest) {
        tokio::spawn(async move {
            if let Err(error) = self.quarantine(&canonical).await {
                tracing::error!(digest = %canonical, %error, "a damaged blob could not be quarantined");
            }
        });
    }

    /// Quarantines a blob whose bytes are missing or of another length. Any other error is
    /// returned: a failing device or unmounted storage does not show that a single blob is damaged.
    pub(super) async fn reject(
        &self,
        canonical: &Digest,
        error: StoreError,
    ) -> Result<(), RegistryError> {
        match &error {
            StoreError::Short { .. } => {}
            StoreError::NotFound(_) => self.must_have_blobs_beside(canonical).await?,
            _ => return Err(error.into()),
        }
        if self.quarantine(canonical).await? {
            tracing::error!(digest = %canonical, %error, "its bytes are missing or of another length");
        }
        Ok(())
    }

    /// Returns an error if the storage has no blob at all, or lacks most of those whose digests
    /// follow the missing one: then the storage is not mounted, and the blob is not lost.
    pub(super) async fn must_have_blobs_beside(
        &self,
        missing: &Digest,
    ) -> Result<(), RegistryError> {
        let away = || RegistryError::StorageNotMounted(layout::BLOBS.to_owned());
        let prefixes = self.directories(layout::BLOBS).await?;
        if prefixes.is_empty() && self.index.blob_totals().await?.0 > 0 {
            return Err(away());
        }
        let mut beside = self.index.blobs_after(Some(missing), SAMPLE).await?;
        if beside.len() < SAMPLE {
            beside.extend(self.index.blobs_after(None, SAMPLE - beside.len()).await?);
        }
        let sound: Vec<String> = beside
            .iter()
            .filter(|(digest, blob)| {
                digest != missing
                    && !blob.quarantined
                    && self.journal.staged_keys(digest).is_empty()
            })
            .map(|(digest, _)| layout::blob(digest))
            .collect();
        let stats = self.store.stat(&sound).await?;
        let found = stats.into_iter().flatten().count();
        if sound.len() >= FEW && found * 2 < sound.len() {
            return Err(away());
        }
        Ok(())
    }

    /// Whether bytes of this length are at the final key of a blob.
    pub(super) async fn is_in_place(
        &self,
        canonical: &Digest,
        size: u64,
    ) -> Result<bool, RegistryError> {
        let stats = self.store.stat(&[layout::blob(canonical)]).await?;
        Ok(stats.into_iter().flatten().any(|stat| stat.size == size))
    }

    /// Quarantines a blob and returns an error if its bytes are neither at their final key nor
    /// staged.
    async fn must_be_in_place(
        &self,
        record: &BlobRecord,
        digest: &Digest,
    ) -> Result<(), RegistryError> {
        let BlobRecord { canonical, size } = record;
        let there = self.is_in_place(canonical, *size).await?
            || !self.journal.staged_keys(canonical).is_empty()
            // The bytes may have been placed between the two checks.
            || self.is_in_place(canonical, *size).await?;
        if there {
            return Ok(());
        }
        self.reject(canonical, StoreError::NotFound(layout::blob(canonical)))
            .await?;
        Err(RegistryError::BlobUnknown(*digest))
    }

    /// Reads a blob from its final key, or from its staging key.
    pub(super) async fn read(
        &self,
        canonical: &Digest,
        range: Option<(u64, u64)>,
    ) -> Result<Body, StoreError> {
        let place = layout::blob(canonical);
        let there = self.store.read(&place, range).await;
        let staged = self.journal.staged_keys(canonical);
        match there {
            Err(error) if error.is_not_found() => {}
            // Something else occupies the place, so the bytes are still staged.
            Err(_) if !staged.is_empty() => {}
            result => return result,
        }
        for staged in staged {
            match self.store.read(&staged, range).await {
                Err(error) if error.is_not_found() => {}
                result => return result,
            }
        }
        // The bytes may have been placed between the two attempts.
        self.store.read(&place, range).await
    }

    /// Lets a repository read a blob of another repository, or of any repository if there is no
    /// `from`; the caller must be allowed to see the other repository.
    pub async fn mount_blob(
        &self,
        repository: &Repository,
        from: Option<&Repository>,
        digest: &Digest,
    ) -> Result<Option<Blob>, RegistryError> {
        self.must_accept_content().await?;
        let mounted = self
            .index
            .mount(
                repository.clone(),
                from.cloned(),
                *digest,
                self.visibility.clone(),
                self.lease(),
            )
            .await?;
        let Some((record, _)) = mounted else {
            return Ok(None);
        };
        match self.must_be_in_place(&record, digest).await {
            Ok(()) => Ok(Some(Blob { record })),
            Err(RegistryError::BlobUnknown(_)) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Deletes a blob from a repository.
    pub async fn delete_blob(
        &self,
        repository: &Repository,
        digest: &Digest,
    ) -> Result<(), RegistryError> {
        self.must_allow_deletes()?;
        let now = self.clock.now();
        if self
            .index
            .freeing()
            .unlink_blob(repository.clone(), *digest, now)
            .await?
        {
            Ok(())
        } else {
            Err(RegistryError::BlobUnknown(*digest))
        }
    }
}
