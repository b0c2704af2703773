//! Another registry as the source of the pages: lists are filtered and sorted here, because `/v2`
//! only lists names. The registry itself decides what its users may see.

use std::collections::BTreeSet;

use bytes::Bytes;
use futures_util::{FutureExt, StreamExt, TryStreamExt, stream};

use super::remote::{REQUESTS, Remote, Unread};
use crate::oci::{Descriptor, Digest, Reference, Repository, Tag, VersionKey, Visibility};
use crate::web::{
    Answering, Document, Listing, RepositoryDetails, RepositoryItem, RepositoryQuery,
    RepositorySort, Source, TagItem, TagQuery, TagSort, matcher,
};

fn item(name: Repository, tags: Option<u64>) -> RepositoryItem {
    RepositoryItem {
        name,
        public: None,
        tags,
        newest: None,
        pushed_at: None,
        pulls: None,
        size: None,
        stars: None,
        summary: String::new(),
    }
}

/// Whether a repository is below a namespace.
fn is_below(name: &Repository, namespace: &Repository) -> bool {
    let rest = name.as_str().strip_prefix(namespace.as_str());
    rest.is_some_and(|rest| rest.starts_with('/'))
}

impl Source for Remote {
    fn repository_sorts(&self) -> &'static [RepositorySort] {
        &[RepositorySort::Name]
    }

    fn tag_sorts(&self) -> &'static [TagSort] {
        &[TagSort::Version, TagSort::Name]
    }

    fn repositories<'a>(
        &'a self,
        _: &'a Visibility,
        query: &'a RepositoryQuery,
    ) -> Answering<'a, Listing<RepositoryItem>> {
        async move {
            let names = self.catalog().await?;
            let term = query.term.to_lowercase();
            let is_wanted = |name: &&Repository| {
                let namespace = query.namespace.as_ref();
                name.as_str().contains(&term)
                    && namespace.is_none_or(|namespace| is_below(name, namespace))
            };
            let total = names.iter().filter(is_wanted).count() as u64;
            let shown: Vec<Repository> = names
                .iter()
                .filter(is_wanted)
                .skip(query.skip)
                .take(query.limit)
                .cloned()
                .collect();
            let rows = stream::iter(shown)
                .map(|name| async move {
                    let tags = self.0.count(&name).await?;
                    Ok::<_, Unread>(item(name, tags))
                })
                .buffered(REQUESTS)
                .try_collect()
                .await?;
            Ok(Listing {
                rows,
                total: (total, true),
            })
        }
        .boxed()
    }

    fn namespaces<'a>(
        &'a self,
        _: &'a Visibility,
        below: Option<&'a Repository>,
        limit: usize,
    ) -> Answering<'a, Vec<String>> {
        async move {
            let names = self.catalog().await?;
            let found: BTreeSet<&str> = names
                .iter()
                .filter_map(|name| match below {
                    Some(above) => name
                        .as_str()
                        .strip_prefix(above.as_str())?
                        .strip_prefix('/'),
                    None => Some(name.as_str()),
                })
                .filter_map(|rest| Some(rest.split_once('/')?.0))
                .collect();
            Ok(found.into_iter().take(limit).map(str::to_owned).collect())
        }
        .boxed()
    }

    fn repository<'a>(
        &'a self,
        _: &'a Visibility,
        name: &'a Repository,
    ) -> Answering<'a, RepositoryDetails> {
        async move {
            let tags = self.0.tag_list(name).await?;
            Ok(RepositoryDetails {
                item: item(name.clone(), Some(tags.len() as u64)),
                unique: None,
                daily_pulls: Vec::new(),
            })
        }
        .boxed()
    }

    fn tags<'a>(
        &'a self,
        _: &'a Visibility,
        name: &'a Repository,
        query: &'a TagQuery,
    ) -> Answering<'a, Listing<TagItem>> {
        async move {
            let all = self.0.tag_list(name).await?;
            let matches = matcher(&query.filter);
            let mut tags: Vec<&Tag> = all
                .iter()
                .filter(|tag| matches.as_ref().is_none_or(|matches| matches(tag.as_str())))
                .collect();
            match query.sort {
                TagSort::Name => tags.sort_by_key(|tag| tag.as_str()),
                _ => tags.sort_by_cached_key(|tag| VersionKey::of(tag.as_str())),
            }
            let total = tags.len() as u64;
            let shown: Vec<Tag> = tags
                .into_iter()
                .skip(query.skip)
                .take(query.limit)
                .cloned()
                .collect();
            let rows = stream::iter(shown)
                .map(|tag| self.0.tag_item(name, tag))
                .buffered(REQUESTS)
                .try_collect()
                .await?;
            Ok(Listing {
                rows,
                total: (total, true),
            })
        }
        .boxed()
    }

    fn manifest<'a>(
        &'a self,
        _: &'a Visibility,
        name: &'a Repository,
        reference: &'a Reference,
    ) -> Answering<'a, Document> {
        async move { Ok(self.0.document(name, reference).await?) }.boxed()
    }

    fn blob<'a>(
        &'a self,
        _: &'a Visibility,
        name: &'a Repository,
        digest: &'a Digest,
        limit: u64,
    ) -> Answering<'a, Option<Bytes>> {
        async move {
            let bytes = self.0.small_blob(name, digest).await?;
            Ok(bytes.filter(|bytes| bytes.len() as u64 <= limit))
        }
        .boxed()
    }

    fn referrers<'a>(
        &'a self,
        _: &'a Visibility,
        name: &'a Repository,
        digest: &'a Digest,
    ) -> Answering<'a, Vec<Descriptor>> {
        async move {
            match Box::pin(self.0.ask(self.0.client.referrers(name, digest))).await {
                Ok(referrers) => Ok(referrers),
                Err(Unread::Absent | Unread::Odd(_)) => Ok(Vec::new()),
                Err(down) => Err(down.into()),
            }
        }
        .boxed()
    }

    /// `/v2` has the digest of a tag, but not the tags of a digest.
    fn tags_of<'a>(
        &'a self,
        _: &'a Visibility,
        _: &'a Repository,
        _: &'a Digest,
    ) -> Answering<'a, Vec<Tag>> {
        async { Ok(Vec::new()) }.boxed()
    }

    /// `/v2` does not list the repositories of a blob.
    fn users_of<'a>(
        &'a self,
        _: &'a Visibility,
        _: &'a Repository,
        _: &'a [Digest],
    ) -> Answering<'a, Vec<Vec<Repository>>> {
        async { Ok(Vec::new()) }.boxed()
    }
}
