//! Reads for the pages. They count no pulls and create no leases.

use std::sync::Arc;

use bytes::Bytes;

use super::cache::Manifest;
use super::{Registry, RegistryError};
use crate::hash::Hasher;
use crate::index::{
    BlobUser, FoundRepositories, Removal, RepositoryRow, RepositorySearch, TagOrder, TagPage,
};
use crate::oci::{Digest, Reference, Repository, Tag, Visibility};
use crate::store::StoreError;

/// Milliseconds of a day.
const DAY: i64 = 24 * 60 * 60 * 1000;

impl Registry {
    /// A page of the visible repositories that match a search.
    pub async fn search_repositories(
        &self,
        search: &RepositorySearch,
    ) -> Result<FoundRepositories, RegistryError> {
        Ok(self.index.search_repositories(search).await?)
    }

    /// The namespaces below a namespace, or the first components of all visible names.
    pub async fn namespaces(
        &self,
        visibility: &Visibility,
        below: Option<&Repository>,
        limit: usize,
    ) -> Result<Vec<String>, RegistryError> {
        Ok(self.index.namespaces(visibility, below, limit).await?)
    }

    /// One repository; an error if it is not visible.
    pub async fn repository_row(
        &self,
        visibility: &Visibility,
        name: &Repository,
    ) -> Result<RepositoryRow, RegistryError> {
        let row = self.index.repository_row(visibility, name).await?;
        row.ok_or_else(|| RegistryError::NameUnknown(name.clone()))
    }

    /// Bytes of the content of a repository, and of the part that no other repository has.
    pub async fn repository_bytes(&self, name: &Repository) -> Result<(u64, u64), RegistryError> {
        Ok(self.index.repository_bytes(name).await?)
    }

    /// Counts the bytes of repositories that have changed, at most `limit`; returns how many.
    pub async fn measure_repositories(&self, limit: usize) -> Result<usize, RegistryError> {
        Ok(self.index.measure_repositories(limit).await?)
    }

    /// Pulls of a repository on each of the last `days` days, today last.
    pub async fn daily_pulls(
        &self,
        name: &Repository,
        days: usize,
    ) -> Result<Vec<u64>, RegistryError> {
        let today = self.clock.now() / DAY;
        let first = today - i64::try_from(days).unwrap_or(0) + 1;
        let mut counts = vec![0; days];
        for (day, times) in self.index.pulls_by_day(name, first).await? {
            if let Some(count) = usize::try_from(day - first)
                .ok()
                .and_then(|place| counts.get_mut(place))
            {
                *count = times;
            }
        }
        Ok(counts)
    }

    /// A page of the tags whose names `matches` accepts.
    pub async fn tag_page(
        &self,
        repository: &Repository,
        matches: Option<&(dyn Fn(&str) -> bool + Send + Sync)>,
        order: TagOrder,
        skip: usize,
        limit: usize,
    ) -> Result<TagPage, RegistryError> {
        let page = self
            .index
            .tag_page(repository, matches, order, skip, limit)
            .await?;
        page.ok_or_else(|| RegistryError::NameUnknown(repository.clone()))
    }

    /// The tags that point at a manifest.
    pub async fn tags_of_manifest(
        &self,
        repository: &Repository,
        digest: &Digest,
        limit: usize,
    ) -> Result<Vec<Tag>, RegistryError> {
        Ok(self
            .index
            .tags_of_manifest(repository, digest, limit)
            .await?)
    }

    /// What is removed together with manifests of a repository that lose their last tag.
    pub async fn removal(
        &self,
        repository: &Repository,
        manifests: &[Digest],
    ) -> Result<Removal, RegistryError> {
        Ok(self.index.removal(repository, manifests).await?)
    }

    /// The visible repositories other than `except` with a blob.
    pub async fn blob_users(
        &self,
        visibility: &Visibility,
        except: &Repository,
        digest: &Digest,
        limit: usize,
    ) -> Result<Vec<BlobUser>, RegistryError> {
        Ok(self
            .index
            .blob_users(visibility, except, digest, limit)
            .await?)
    }

    /// A manifest, without counting a pull.
    pub async fn peek_manifest(
        &self,
        repository: &Repository,
        reference: &Reference,
    ) -> Result<Arc<Manifest>, RegistryError> {
        self.find_manifest(repository, reference).await
    }

    /// A blob of at most `limit` bytes, without a lease; `None` if it is larger.
    pub async fn peek_blob(
        &self,
        repository: &Repository,
        digest: &Digest,
        limit: u64,
    ) -> Result<Option<Bytes>, RegistryError> {
        let blob = self.blob(repository, digest).await?;
        if blob.size() > limit {
            return Ok(None);
        }
        let body = self.read_blob(&blob, None).await?;
        let bytes = body
            .collect()
            .await
            .map_err(|error| StoreError::new("read", digest, error))?;
        if Hasher::digest(digest.algorithm(), &bytes) != *digest {
            return Err(RegistryError::BlobUnknown(*digest));
        }
        Ok(Some(bytes))
    }
}
