//! The registry itself as the source of the pages.

use std::collections::HashMap;

use bytes::Bytes;
use futures_util::FutureExt;
use globset::GlobBuilder;
use parking_lot::Mutex;

use super::source::{
    Answering, Document, Fault, Listing, RepositoryDetails, RepositoryItem, RepositoryQuery,
    RepositorySort, Source, TagItem, TagQuery, TagSort,
};
use crate::clock::Millis;
use crate::oci::{Descriptor, Digest, Reference, Repository, Tag, Visibility, tag_version};
use crate::registry::{
    Count, Registry, RegistryError, RepositoryOrder, RepositoryRow, RepositorySearch, TagOrder,
    TagRow,
};

/// Maximum number of cached sizes of repositories, and their age.
const SIZES: usize = 4096;
const SIZE_AGE: std::time::Duration = std::time::Duration::from_mins(1);
/// Number of days of pulls in the chart.
const DAYS: usize = 30;
/// Referrers that are shown.
const REFERRERS: usize = 100;
/// Maximum number of listed tags of a manifest.
const TAGS_OF_ONE: usize = 100;

/// A registry in this process.
pub struct Own {
    registry: Registry,
    /// Bytes of a repository, in total and unique, with its last push at the time of the count.
    sizes: Mutex<HashMap<Repository, Measured>>,
}

#[derive(Clone, Copy)]
struct Measured {
    pushed_at: Option<Millis>,
    at: std::time::Instant,
    all: u64,
    alone: u64,
}

impl Own {
    /// The source for `registry`.
    pub fn new(registry: Registry) -> Self {
        Self {
            registry,
            sizes: Mutex::default(),
        }
    }

    /// The sizes of a repository. Counting them is expensive, so they may be a minute old.
    async fn sizes(&self, row: &RepositoryRow) -> Result<(u64, u64), Fault> {
        let known = self.sizes.lock().get(&row.name).copied();
        if let Some(known) = known
            && known.pushed_at == row.pushed_at
            && known.at.elapsed() < SIZE_AGE
        {
            return Ok((known.all, known.alone));
        }
        let (all, alone) = self.registry.repository_bytes(&row.name).await?;
        let measured = Measured {
            pushed_at: row.pushed_at,
            at: std::time::Instant::now(),
            all,
            alone,
        };
        let mut sizes = self.sizes.lock();
        if sizes.len() >= SIZES {
            sizes.clear();
        }
        sizes.insert(row.name.clone(), measured);
        Ok((all, alone))
    }

    /// A row of a list. Its size is the one by which the list is sorted, unless the repository has
    /// just changed.
    async fn listed(&self, row: RepositoryRow) -> Result<RepositoryItem, Fault> {
        let size = match row.bytes {
            Some(bytes) => bytes,
            None => self.sizes(&row).await?.0,
        };
        Ok(Self::item(row, size))
    }

    fn item(row: RepositoryRow, size: u64) -> RepositoryItem {
        RepositoryItem {
            name: row.name,
            public: Some(row.public),
            tags: Some(row.tags),
            newest: row.newest,
            pushed_at: row.pushed_at,
            pulls: Some(row.pulls),
            size: Some(size),
            stars: Some(row.stars),
            summary: row.summary,
        }
    }

    /// Returns an error unless the caller may see the repository.
    async fn seen(&self, visibility: &Visibility, name: &Repository) -> Result<(), Fault> {
        self.registry.repository_row(visibility, name).await?;
        Ok(())
    }
}

impl From<RegistryError> for Fault {
    fn from(error: RegistryError) -> Self {
        match error {
            RegistryError::NameUnknown(_)
            | RegistryError::ManifestUnknown { .. }
            | RegistryError::BlobUnknown(_) => Self::NotFound,
            error => {
                tracing::error!(%error, "a page could not be read");
                Self::Failed
            }
        }
    }
}

/// Decides whether a tag matches a filter.
pub type Matcher = Box<dyn Fn(&str) -> bool + Send + Sync>;

/// Parses a filter of tags: a range of versions (`>=1.2, <2`), a pattern with `*` or `?`, otherwise
/// a part of the name, ignoring case.
pub fn matcher(filter: &str) -> Option<Matcher> {
    if filter.is_empty() {
        return None;
    }
    if filter.starts_with(['>', '<', '=', '^', '~'])
        && let Ok(range) = semver::VersionReq::parse(filter)
    {
        return Some(Box::new(move |tag| {
            tag_version(tag).is_some_and(|version| range.matches(&version))
        }));
    }
    if filter.contains(['*', '?'])
        && let Ok(glob) = GlobBuilder::new(filter).build()
    {
        let glob = glob.compile_matcher();
        return Some(Box::new(move |tag| glob.is_match(tag)));
    }
    let part = filter.to_lowercase();
    Some(Box::new(move |tag| tag.to_lowercase().contains(&part)))
}

fn total(count: Count) -> (u64, bool) {
    (count.number, count.exact)
}

fn tag_item(row: TagRow) -> TagItem {
    TagItem {
        name: row.name,
        digest: Some(row.digest),
        media_type: Some(row.media_type),
        artifact_type: row.artifact_type,
        size: Some(row.size),
        platforms: row.platforms,
        created: row.created,
        updated_at: Some(row.updated_at),
        pulled_at: Some(row.pulled_at),
    }
}

impl Source for Own {
    fn repositories<'a>(
        &'a self,
        visibility: &'a Visibility,
        query: &'a RepositoryQuery,
    ) -> Answering<'a, Listing<RepositoryItem>> {
        async move {
            let search = RepositorySearch {
                visibility: visibility.clone(),
                term: query.term.clone(),
                namespace: query.namespace.clone(),
                order: match query.sort {
                    RepositorySort::Pushed => RepositoryOrder::Pushed,
                    RepositorySort::Name => RepositoryOrder::Name,
                    RepositorySort::Pulls => RepositoryOrder::Pulls,
                    RepositorySort::Size => RepositoryOrder::Size,
                    RepositorySort::Stars => RepositoryOrder::Stars,
                },
                skip: query.skip as u64,
                limit: query.limit as u64,
            };
            let found = self.registry.search_repositories(&search).await?;
            let mut rows = Vec::with_capacity(found.rows.len());
            for row in found.rows {
                rows.push(self.listed(row).await?);
            }
            Ok(Listing {
                rows,
                total: total(found.count),
            })
        }
        .boxed()
    }

    fn namespaces<'a>(
        &'a self,
        visibility: &'a Visibility,
        below: Option<&'a Repository>,
        limit: usize,
    ) -> Answering<'a, Vec<String>> {
        async move { Ok(self.registry.namespaces(visibility, below, limit).await?) }.boxed()
    }

    fn repository<'a>(
        &'a self,
        visibility: &'a Visibility,
        name: &'a Repository,
    ) -> Answering<'a, RepositoryDetails> {
        async move {
            let row = self.registry.repository_row(visibility, name).await?;
            let (all, alone) = self.sizes(&row).await?;
            let item = Self::item(row, all);
            let daily_pulls = self.registry.daily_pulls(name, DAYS).await?;
            Ok(RepositoryDetails {
                item,
                unique: Some(alone),
                daily_pulls,
            })
        }
        .boxed()
    }

    fn readme<'a>(
        &'a self,
        visibility: &'a Visibility,
        name: &'a Repository,
    ) -> Answering<'a, Option<String>> {
        async move {
            self.seen(visibility, name).await?;
            let text = self.registry.index().description(name).await;
            text.map_err(|error| Fault::failed(&error))
        }
        .boxed()
    }

    fn tags<'a>(
        &'a self,
        visibility: &'a Visibility,
        name: &'a Repository,
        query: &'a TagQuery,
    ) -> Answering<'a, Listing<TagItem>> {
        async move {
            self.seen(visibility, name).await?;
            let order = match query.sort {
                TagSort::Pushed => TagOrder::Pushed,
                TagSort::Version => TagOrder::Version,
                TagSort::Name => TagOrder::Name,
                TagSort::Size => TagOrder::Size,
                TagSort::Pulled => TagOrder::Pulled,
            };
            let matcher = matcher(&query.filter);
            let page = self
                .registry
                .tag_page(name, matcher.as_deref(), order, query.skip, query.limit)
                .await?;
            Ok(Listing {
                rows: page.rows.into_iter().map(tag_item).collect(),
                total: total(page.count),
            })
        }
        .boxed()
    }

    fn manifest<'a>(
        &'a self,
        visibility: &'a Visibility,
        name: &'a Repository,
        reference: &'a Reference,
    ) -> Answering<'a, Document> {
        async move {
            self.seen(visibility, name).await?;
            let manifest = self.registry.peek_manifest(name, reference).await?;
            Ok(Document {
                digest: manifest.digest,
                media_type: manifest.media_type.clone(),
                bytes: manifest.bytes.clone(),
            })
        }
        .boxed()
    }

    fn blob<'a>(
        &'a self,
        visibility: &'a Visibility,
        name: &'a Repository,
        digest: &'a Digest,
        limit: u64,
    ) -> Answering<'a, Option<Bytes>> {
        async move {
            self.seen(visibility, name).await?;
            match self.registry.peek_blob(name, digest, limit).await {
                Err(RegistryError::BlobUnknown(_)) => Ok(None),
                found => Ok(found?),
            }
        }
        .boxed()
    }

    fn referrers<'a>(
        &'a self,
        visibility: &'a Visibility,
        name: &'a Repository,
        digest: &'a Digest,
    ) -> Answering<'a, Vec<Descriptor>> {
        async move {
            self.seen(visibility, name).await?;
            let found = self
                .registry
                .referrers(name, digest, None, None, REFERRERS)
                .await?;
            Ok(found.manifests)
        }
        .boxed()
    }

    fn tags_of<'a>(
        &'a self,
        visibility: &'a Visibility,
        name: &'a Repository,
        digest: &'a Digest,
    ) -> Answering<'a, Vec<Tag>> {
        async move {
            self.seen(visibility, name).await?;
            Ok(self
                .registry
                .tags_of_manifest(name, digest, TAGS_OF_ONE)
                .await?)
        }
        .boxed()
    }

    fn users_of<'a>(
        &'a self,
        visibility: &'a Visibility,
        name: &'a Repository,
        digests: &'a [Digest],
    ) -> Answering<'a, Vec<Vec<Repository>>> {
        async move {
            let mut users = Vec::with_capacity(digests.len());
            for digest in digests {
                let found = self
                    .registry
                    .blob_users(visibility, name, digest, 3)
                    .await?;
                users.push(found.into_iter().map(|user| user.repository).collect());
            }
            Ok(users)
        }
        .boxed()
    }
}

#[cfg(test)]
mod tests {
    use super::matcher;

    fn matched<'a>(filter: &str, tags: &[&'a str]) -> Vec<&'a str> {
        let matches = matcher(filter).unwrap();
        tags.iter().copied().filter(|tag| matches(tag)).collect()
    }

    #[test]
    fn filters_of_tags() {
        let tags = ["1.2.0", "v1.9.3", "2.0.0", "latest", "1.2.0-Alpine", "[x"];
        assert_eq!(matched(">=1.2, <2", &tags), ["1.2.0", "v1.9.3"]);
        // Fewer than three numbers are a version as well, as in the order of tags.
        assert_eq!(
            matched(">=1.1, <2", &["1", "1.1", "V1.5", "2", "x"]),
            ["1.1", "V1.5"]
        );
        assert_eq!(matched("1.*", &tags), ["1.2.0", "1.2.0-Alpine"]);
        assert_eq!(matched("alpine", &tags), ["1.2.0-Alpine"]);
        // A text that is neither a range nor a pattern is a part of a name.
        assert_eq!(matched("[x", &tags), ["[x"]);
        assert_eq!(matched("<nothing", &tags), [""; 0]);
        assert!(matcher("").is_none());
    }
}
