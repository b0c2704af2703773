//! Listings of repositories and tags, as names and as records.

use super::{Registry, RegistryError};
use crate::index::{RepositoryRecord, TagRecord};
use crate::oci::Repository;

/// Tags of a repository, with digest, size, platforms and dates.
pub type TagListing = Vec<TagRecord>;

impl Registry {
    /// The names of visible repositories after `last`, in byte order. Repositories without
    /// manifests are left out.
    pub async fn repositories(
        &self,
        last: &str,
        limit: usize,
    ) -> Result<Vec<String>, RegistryError> {
        Ok(self
            .index
            .repositories(&self.visibility, last, limit)
            .await?)
    }

    /// Like [`Registry::repositories`], with tags, size and last push.
    pub async fn repository_records(
        &self,
        last: &str,
        limit: usize,
    ) -> Result<Vec<RepositoryRecord>, RegistryError> {
        Ok(self
            .index
            .repository_records(&self.visibility, last, limit)
            .await?)
    }

    /// The tags of a repository after `last`, in byte order.
    pub async fn tags(
        &self,
        repository: &Repository,
        last: &str,
        limit: usize,
    ) -> Result<Vec<String>, RegistryError> {
        let tags = self.index.tags(repository, last, limit).await?;
        tags.ok_or_else(|| RegistryError::NameUnknown(repository.clone()))
    }

    /// Like [`Registry::tags`], with digest, size, platforms and dates.
    pub async fn tag_records(
        &self,
        repository: &Repository,
        last: &str,
        limit: usize,
    ) -> Result<TagListing, RegistryError> {
        let tags = self.index.tag_records(repository, last, limit).await?;
        tags.ok_or_else(|| RegistryError::NameUnknown(repository.clone()))
    }
}
