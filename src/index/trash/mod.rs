//! The trash: what was deleted, as rows that a restore can bring back.
//!
//! One row a deletion, with copies of the manifests, their references and the tags that went by it.
//! While a row is there and has not ended, what it refers to is held (see `collect`); when it goes,
//! triggers make that candidates. Repositories are known by name: theirs may be gone.

mod restore;
mod throw;

use std::fmt;
use std::str::FromStr;

use super::{Index, IndexError, parsed};
use crate::clock::Millis;
use crate::oci::{Digest, Repository, Tag};

pub use restore::{Restorable, Restored, Restoring};
pub use throw::Discard;
pub(super) use throw::{begin, manifests};

/// What was deleted by one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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

/// A deletion that can still be restored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trashed {
    /// What was deleted.
    pub kind: TrashedKind,
    /// From which repository.
    pub repository: Repository,
    /// The tags that went, and where they pointed, by name.
    pub tags: Vec<(Tag, Digest)>,
    /// The manifests that went.
    pub manifests: Vec<Digest>,
    /// Bytes of those manifests and of what they refer to, each digest once. Some of it may be
    /// held by others as well.
    pub bytes: u64,
    /// When it was deleted.
    pub deleted_at: Millis,
    /// Until when it can be restored.
    pub expires_at: Millis,
}

impl Index {
    /// What lies in the trash at `now`, the latest first.
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

    /// Forgets deletions that ended until `end`, at most `limit`: how many.
    pub async fn forget_trash(&self, end: Millis, limit: i64) -> Result<u64, IndexError> {
        self.write(move |transaction| {
            Box::pin(async move {
                let done = sqlx::query(
                    "DELETE FROM trash WHERE id IN (SELECT id FROM trash WHERE expires_at <= $1 \
                     ORDER BY expires_at LIMIT $2)",
                )
                .bind(end)
                .bind(limit)
                .execute(transaction.connection())
                .await?;
                Ok(done.rows_affected())
            })
        })
        .await
    }
}
