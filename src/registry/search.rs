//! Search, descriptions and stars, for the caller of the registry.

use super::{Registry, RegistryError};
use crate::index::SearchPage;
use crate::oci::{AccountName, Repository};

impl Registry {
    /// Searches among the repositories that the caller may see.
    pub async fn search(
        &self,
        term: &str,
        offset: usize,
        limit: usize,
    ) -> Result<SearchPage, RegistryError> {
        let visibility = &self.visibility;
        Ok(self.index.search(visibility, term, offset, limit).await?)
    }

    /// Describes a repository; an empty text removes the description.
    pub async fn describe(&self, name: &Repository, text: String) -> Result<(), RegistryError> {
        if self
            .index
            .describe(name.clone(), text, self.clock.now())
            .await?
        {
            Ok(())
        } else {
            Err(RegistryError::NameUnknown(name.clone()))
        }
    }

    /// Sets whether new repositories are public.
    pub async fn set_new_public(&self, public: bool) -> Result<(), RegistryError> {
        Ok(self.index.set_new_public(public).await?)
    }

    /// Adds or removes the star of an account. Returns the repository's number of stars.
    pub async fn star(
        &self,
        name: &Repository,
        account: AccountName,
        starred: bool,
    ) -> Result<u64, RegistryError> {
        let now = self.clock.now();
        let stars = self.index.star(name.clone(), account, starred, now).await?;
        stars.ok_or_else(|| RegistryError::NameUnknown(name.clone()))
    }
}
