//! The tags and manifests of a repository and their references, for retention.

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
    /// When its manifest was last pulled, under any name; `None` without a known pull.
    pub pulled_at: Option<Millis>,
}

/// A manifest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RepositoryManifest {
    /// Its digest.
    pub digest: Digest,
    /// Its subject, which may be absent.
    pub subject: Option<Digest>,
}

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
        let tags: Vec<(String, String, i64, Option<i64>)> = sqlx::query_as(
            "SELECT t.name, m.digest, t.updated_at, m.pulled_at FROM tags t \
             JOIN manifests m ON m.id = t.manifest_id WHERE t.repository_id = $1",
        )
        .bind(id)
        .fetch_all(&mut *connection)
        .await?;
        let manifests: Vec<(String, Option<String>, bool)> = sqlx::query_as(
            "SELECT digest, subject, readable FROM manifests WHERE repository_id = $1",
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
        Ok(Holdings {
            readable: manifests.iter().all(|(_, _, readable)| *readable),
            tags: tags
                .iter()
                .map(|(name, target, updated_at, pulled_at)| {
                    Ok(RepositoryTag {
                        name: parsed("tag", name)?,
                        digest: digest(target)?,
                        updated_at: *updated_at,
                        pulled_at: *pulled_at,
                    })
                })
                .collect::<Result<_, IndexError>>()?,
            manifests: manifests
                .iter()
                .map(|(own, subject, _)| {
                    Ok(RepositoryManifest {
                        digest: digest(own)?,
                        subject: subject.as_ref().map(digest).transpose()?,
                    })
                })
                .collect::<Result<_, IndexError>>()?,
            children: children
                .iter()
                .map(|(index, child)| Ok((digest(index)?, digest(child)?)))
                .collect::<Result<_, IndexError>>()?,
        })
    }
}
