//! Blobs: asking for one, reading it, mounting it elsewhere, taking it out.

use std::sync::atomic::Ordering;

use super::{Registry, RegistryError, layout};
use crate::index::BlobRecord;
use crate::oci::{Digest, Repository};
use crate::store::{Body, StoreError};

/// A blob that is there.
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
    /// Whether a blob is in a repository. A yes binds: it takes or extends a lease.
    pub async fn promise_blob(
        &self,
        repository: &Repository,
        digest: &Digest,
    ) -> Result<Blob, RegistryError> {
        let terms = self.lease();
        if let Some(record) = self.cache.leased(repository, digest, terms.enough()) {
            return Ok(Blob { record });
        }
        let seen = self.cache.look(repository);
        let (record, end) = self
            .index
            .lease_blob(repository, *digest, terms)
            .await?
            .ok_or(RegistryError::BlobUnknown(*digest))?;
        self.cache
            .keep_leased(seen, repository, *digest, record, end);
        Ok(Blob { record })
    }

    /// A blob in a repository, to be read at once.
    pub async fn blob(
        &self,
        repository: &Repository,
        digest: &Digest,
    ) -> Result<Blob, RegistryError> {
        if let Some(record) = self.cache.leased(repository, digest, self.clock.now()) {
            return Ok(Blob { record });
        }
        let record = self.index.blob(repository, digest).await?;
        record
            .map(|record| Blob { record })
            .ok_or(RegistryError::BlobUnknown(*digest))
    }

    /// The bytes of a blob, or those from `start` up to `end` (not included).
    pub async fn read_blob(
        &self,
        blob: &Blob,
        range: Option<(u64, u64)>,
    ) -> Result<Body, RegistryError> {
        self.traffic.fetch_add(1, Ordering::Relaxed);
        Ok(self
            .read(
                &blob.record.canonical,
                range.or(Some((0, blob.record.size))),
            )
            .await?)
    }

    /// Reads from the place of a blob, or from where its bytes still wait.
    pub(super) async fn read(
        &self,
        canonical: &Digest,
        range: Option<(u64, u64)>,
    ) -> Result<Body, StoreError> {
        let place = layout::blob(canonical);
        match self.store.read(&place, range).await {
            Err(error) if error.is_not_found() => {}
            result => return result,
        }
        for waiting in self.journal.waiting(canonical) {
            match self.store.read(&waiting, range).await {
                Err(error) if error.is_not_found() => {}
                result => return result,
            }
        }
        // Placed between the two looks.
        self.store.read(&place, range).await
    }

    /// Lets a repository read a blob of another one, or, without `from`, of any; in either case of
    /// one that the caller may see.
    pub async fn mount_blob(
        &self,
        repository: &Repository,
        from: Option<&Repository>,
        digest: &Digest,
    ) -> Result<Option<Blob>, RegistryError> {
        self.must_be_writable()?;
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
        Ok(mounted.map(|(record, _)| Blob { record }))
    }

    /// Takes a blob out of a repository.
    pub async fn delete_blob(
        &self,
        repository: &Repository,
        digest: &Digest,
    ) -> Result<(), RegistryError> {
        self.must_allow_deletes()?;
        let now = self.clock.now();
        if self
            .index
            .unlink_blob(repository.clone(), *digest, now)
            .await?
        {
            Ok(())
        } else {
            Err(RegistryError::BlobUnknown(*digest))
        }
    }
}
