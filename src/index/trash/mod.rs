//! The trash: what was deleted, as rows that can be restored.
//!
//! One row for each deletion, with copies of the deleted manifests, their references and tags.
//! Until a deletion ends, it holds everything that it references (see `collect`); triggers add
//! candidates when its row is removed. Repositories are stored by name, because their rows may be
//! deleted.

mod batches;
mod children;
mod discard;
mod restore;
mod restore_plan;

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::events::NewEvent;
use super::{Index, IndexError, parsed};
use crate::clock::Millis;
use crate::oci::{Digest, Repository, Tag};

pub(super) use children::restore_children;
pub use discard::Discard;
pub(super) use discard::{trash_manifest, trash_manifest_into, trash_repository, trash_tag};

/// What was deleted by one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TrashedKind {
    /// A tag.
    Tag,
    /// A manifest, with its tags.
    Manifest,
    /// A whole repository.
    Repository,
}

impl fmt::Display for TrashedKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Tag => "tag",
            Self::Manifest => "manifest",
            Self::Repository => "repository",
        })
    }
}

impl FromStr for TrashedKind {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        match text {
            "tag" => Ok(Self::Tag),
            "manifest" => Ok(Self::Manifest),
            "repository" => Ok(Self::Repository),
            _ => Err(()),
        }
    }
}

/// What is to be restored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Restorable {
    /// A tag, with its manifest if that was deleted as well.
    Tag(Repository, Tag),
    /// A manifest, with the tags that it had.
    Manifest(Repository, Digest),
    /// All content of a repository that was deleted as a whole.
    Repository(Repository),
}

impl Restorable {
    /// Its repository.
    pub fn repository(&self) -> &Repository {
        match self {
            Self::Tag(repository, _)
            | Self::Manifest(repository, _)
            | Self::Repository(repository) => repository,
        }
    }
}

impl fmt::Display for Restorable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tag(repository, tag) => write!(f, "{repository}:{tag}"),
            Self::Manifest(repository, digest) => write!(f, "{repository}@{digest}"),
            Self::Repository(repository) => write!(f, "the repository {repository}"),
        }
    }
}

/// What was restored.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Restored {
    /// The tags.
    pub tags: Vec<(Tag, Digest)>,
    /// The manifests.
    pub manifests: Vec<Digest>,
    /// Tags that were set again after the deletion and are not changed, with their manifests.
    pub moved: Vec<(Tag, Digest)>,
}

/// The result of a restore.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RestoreOutcome {
    /// It was restored.
    Done(Restored),
    /// It is not in the trash. Nothing was changed.
    NotFound,
    /// The tag was set again after the deletion and points at this manifest. Nothing was changed.
    Moved(Digest),
    /// Required blobs are missing: another program removed them. Nothing was changed.
    Incomplete(Vec<Digest>),
}

/// A deletion that can still be restored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Trashed {
    /// What was deleted.
    pub kind: TrashedKind,
    /// Its repository.
    pub repository: Repository,
    /// The deleted tags by name, and their manifests.
    pub tags: Vec<(Tag, Digest)>,
    /// The deleted manifests.
    pub manifests: Vec<Digest>,
    /// Bytes of those manifests and their references, each digest once. Others may hold some of it
    /// as well.
    pub bytes: u64,
    /// When it was deleted.
    pub deleted_at: Millis,
    /// Until when it can be restored.
    pub expires_at: Millis,
}

/// Removes a part of the ended deletions, small enough for other writers: manifests, then the rest.
const REMOVE_ENDED: [&str; 2] = [
    "DELETE FROM trash_manifests WHERE id IN (SELECT m.id FROM trash t \
     JOIN trash_manifests m ON m.trash_id = t.id WHERE t.expires_at <= $1 LIMIT 64)",
    "DELETE FROM trash WHERE id IN (SELECT id FROM trash WHERE expires_at <= $1 LIMIT 64)",
];

impl Index {
    /// The deletions that can be restored at `now`, the latest first.
    pub async fn trash(&self, now: Millis) -> Result<Vec<Trashed>, IndexError> {
        let rows: Vec<(i64, String, String, i64, i64, i64)> = sqlx::query_as(
            "SELECT t.id, t.repository, t.kind, t.deleted_at, t.expires_at, \
               (SELECT COALESCE(SUM(b.size), 0) FROM blobs b WHERE b.id IN ( \
                  SELECT m.blob_id FROM trash_manifests m WHERE m.trash_id = t.id \
                  UNION SELECT c.id FROM trash_manifests m \
                    JOIN trash_references f ON f.manifest_id = m.id \
                    JOIN blobs c ON c.digest = f.digest WHERE m.trash_id = t.id)) \
             FROM trash t WHERE t.expires_at > $1 ORDER BY t.id DESC",
        )
        .bind(now)
        .fetch_all(&self.readers)
        .await?;
        let mut trash = Vec::with_capacity(rows.len());
        for (id, repository, kind, deleted_at, expires_at, bytes) in rows {
            let tags: Vec<(String, String)> = sqlx::query_as(
                "SELECT name, digest FROM trash_tags WHERE trash_id = $1 ORDER BY name",
            )
            .bind(id)
            .fetch_all(&self.readers)
            .await?;
            let manifests: Vec<String> = sqlx::query_scalar(
                "SELECT digest FROM trash_manifests WHERE trash_id = $1 ORDER BY digest",
            )
            .bind(id)
            .fetch_all(&self.readers)
            .await?;
            trash.push(Trashed {
                kind: parsed("kind", &kind)?,
                repository: parsed("repository name", &repository)?,
                tags: tags
                    .iter()
                    .map(|(tag, digest)| Ok((parsed("tag", tag)?, parsed("digest", digest)?)))
                    .collect::<Result<_, IndexError>>()?,
                manifests: manifests
                    .iter()
                    .map(|digest| parsed("digest", digest))
                    .collect::<Result<_, IndexError>>()?,
                bytes: bytes.unsigned_abs(),
                deleted_at,
                expires_at,
            });
        }
        Ok(trash)
    }

    /// Ends all deletions that can still be restored at `now`. Returns how many.
    pub async fn end_trash(&self, now: Millis) -> Result<u64, IndexError> {
        self.write(move |transaction| {
            Box::pin(async move {
                let done = sqlx::query("UPDATE trash SET expires_at = $1 WHERE expires_at > $1")
                    .bind(now)
                    .execute(transaction.connection())
                    .await?;
                let deletions = done.rows_affected();
                if deletions > 0 {
                    let emptied = NewEvent::new("empty-trash", now);
                    let detail = serde_json::json!({ "deletions": deletions });
                    transaction.event(emptied.detail(detail));
                }
                Ok(deletions)
            })
        })
        .await
    }

    /// Removes a part of the deletions that ended before `now`. Returns the number of rows; 0 if
    /// there are no more.
    pub async fn remove_ended_trash(&self, now: Millis) -> Result<u64, IndexError> {
        self.write(move |transaction| {
            Box::pin(async move {
                for statement in REMOVE_ENDED {
                    let done = sqlx::query(statement)
                        .bind(now)
                        .execute(transaction.connection())
                        .await?;
                    if done.rows_affected() > 0 {
                        return Ok(done.rows_affected());
                    }
                }
                Ok(0)
            })
        })
        .await
    }
}
