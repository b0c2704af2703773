//! The tags and manifests of a repository and their references, for retention.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::collections::hash_map::Entry;

use super::{Index, IndexError, parsed, repositories};
use crate::clock::Millis;
use crate::oci::{Digest, Repository, Tag};

/// A tag, its manifest, and when it was set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RepositoryTag {
    /// Its name.
    pub name: Tag,
    /// The manifest that it points at.
    pub digest: Digest,
    /// When it was set.
    pub updated_at: Millis,
    /// When its manifest, or a manifest in it if it is an index, was last pulled, under any name;
    /// `None` without a known pull.
    pub pulled_at: Option<Millis>,
}

/// A manifest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RepositoryManifest {
    /// Its digest.
    pub digest: Digest,
    /// Its subject, which may be absent.
    pub subject: Option<Digest>,
    /// When it was last pushed.
    pub pushed_at: Millis,
}

/// A manifest row: digest, subject, whether it is readable, its last push and its last pull.
type ManifestRow = (String, Option<String>, bool, Millis, Option<Millis>);

/// The contents of a repository.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Holdings {
    /// Its tags.
    pub tags: Vec<RepositoryTag>,
    /// Its manifests.
    pub manifests: Vec<RepositoryManifest>,
    /// Indexes and their children, which may be absent.
    pub children: Vec<(Digest, Digest)>,
    /// Whether all of its manifests could be parsed, so that `children` is complete.
    pub readable: bool,
}

impl Index {
    /// The contents of a repository; empty if it is unknown.
    pub async fn holdings(&self, name: &Repository) -> Result<Holdings, IndexError> {
        let mut connection = self.readers.acquire().await?;
        let Some(id) = repositories::find(&mut connection, name).await? else {
            return Ok(Holdings::default());
        };
        let tags: Vec<(String, String, i64)> = sqlx::query_as(
            "SELECT t.name, m.digest, t.updated_at FROM tags t \
             JOIN manifests m ON m.id = t.manifest_id WHERE t.repository_id = $1",
        )
        .bind(id)
        .fetch_all(&mut *connection)
        .await?;
        let manifests: Vec<ManifestRow> = sqlx::query_as(
            "SELECT digest, subject, readable, pushed_at, pulled_at FROM manifests \
             WHERE repository_id = $1",
        )
        .bind(id)
        .fetch_all(&mut *connection)
        .await?;
        let children: Vec<(String, String)> = sqlx::query_as(
            "SELECT m.digest, f.digest FROM manifests m \
             JOIN manifest_references f ON f.manifest_id = m.id \
             WHERE m.repository_id = $1 AND f.kind = 'manifest'",
        )
        .bind(id)
        .fetch_all(&mut *connection)
        .await?;
        let digest = |text: &String| parsed::<Digest>("digest", text);
        let children: Vec<(Digest, Digest)> = children
            .iter()
            .map(|(index, child)| Ok((digest(index)?, digest(child)?)))
            .collect::<Result<_, IndexError>>()?;
        let mut pulls = Vec::new();
        for (own, .., pulled_at) in &manifests {
            if let Some(at) = pulled_at {
                pulls.push((*at, digest(own)?));
            }
        }
        let pulled = last_pulls(pulls, &children);
        Ok(Holdings {
            readable: manifests.iter().all(|(_, _, readable, ..)| *readable),
            tags: tags
                .iter()
                .map(|(name, target, updated_at)| {
                    let digest = digest(target)?;
                    Ok(RepositoryTag {
                        name: parsed("tag", name)?,
                        digest,
                        updated_at: *updated_at,
                        pulled_at: pulled.get(&digest).copied(),
                    })
                })
                .collect::<Result<_, IndexError>>()?,
            manifests: manifests
                .iter()
                .map(|(own, subject, _, pushed_at, _)| {
                    Ok(RepositoryManifest {
                        digest: digest(own)?,
                        subject: subject.as_ref().map(digest).transpose()?,
                        pushed_at: *pushed_at,
                    })
                })
                .collect::<Result<_, IndexError>>()?,
            children,
        })
    }
}

/// The last pull of each manifest or of one in it, at any depth: a client that is told the digest of
/// a platform, or has resolved it before, never asks for the index.
fn last_pulls(
    mut pulls: Vec<(Millis, Digest)>,
    children: &[(Digest, Digest)],
) -> HashMap<Digest, Millis> {
    let mut parents: HashMap<Digest, Vec<Digest>> = HashMap::new();
    for (index, child) in children {
        parents.entry(*child).or_default().push(*index);
    }
    // Latest first: the first pull that reaches a manifest is its last one.
    pulls.sort_unstable_by_key(|(at, _)| Reverse(*at));
    let mut last = HashMap::new();
    for (at, pulled) in pulls {
        let mut next = vec![pulled];
        while let Some(digest) = next.pop() {
            if let Entry::Vacant(entry) = last.entry(digest) {
                entry.insert(at);
                next.extend(parents.get(&digest).into_iter().flatten());
            }
        }
    }
    last
}
