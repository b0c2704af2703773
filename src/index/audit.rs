//! The state that the index expects of the layout, for `check`, and the rows that a repair adds.

use std::collections::{HashMap, HashSet};

use serde::{Deserialize, Serialize};

use super::{
    Index, IndexError, LayoutChange, blobs, column, manifests, parsed, repositories, tags,
};
use crate::oci::{Algorithm, Digest, Repository, Tag};

/// A blob as recorded in the index.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AuditedBlob {
    /// Bytes.
    pub size: u64,
    /// Whether it is in quarantine and therefore unknown to clients.
    pub quarantined: bool,
}

/// A repository as recorded in the index.
#[derive(Debug, Clone, Default)]
pub struct AuditedRepository {
    /// Its tags, and where they point.
    pub tags: HashMap<Tag, Digest>,
    /// Its manifests, with the canonical digests of their blobs.
    pub manifests: HashMap<Digest, Digest>,
    /// The blobs that it may read, by canonical digest.
    pub blobs: HashSet<Digest>,
    /// Other digests of those blobs, with the canonical ones.
    pub aliases: HashMap<Digest, Digest>,
}

/// A link of the layout.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Link {
    /// A repository may read a blob.
    Layer(Digest),
    /// A manifest is in a repository.
    Revision(Digest),
    /// A tag is in a repository.
    Tag(Tag),
}

/// A blob that a manifest references and that its repository cannot read.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct MissingLink {
    /// The repository.
    pub repository: Repository,
    /// The manifest.
    pub manifest: Digest,
    /// The blob.
    pub digest: Digest,
    /// Whether the blob exists in another repository.
    pub elsewhere: bool,
}

/// A manifest that an index lists and that its repository lacks.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct MissingChild {
    /// The row of the index, for the next page.
    pub row: i64,
    /// The repository.
    pub repository: Repository,
    /// The index.
    pub manifest: Digest,
    /// The listed manifest.
    pub child: Digest,
    /// Whether the repository has another manifest that the index lists.
    pub siblings: bool,
}

impl Index {
    /// The blobs whose canonical digest has this hexadecimal prefix.
    pub async fn audited_blobs(
        &self,
        prefix: &str,
    ) -> Result<HashMap<Digest, AuditedBlob>, IndexError> {
        let rows: Vec<(String, i64, bool)> = sqlx::query_as(
            "SELECT digest, size, quarantined_at IS NOT NULL FROM blobs \
             WHERE digest >= $1 AND digest < $2",
        )
        .bind(format!("{}:{prefix}", Algorithm::Sha256))
        .bind(format!("{}:{prefix}g", Algorithm::Sha256))
        .fetch_all(&self.readers)
        .await?;
        rows.into_iter()
            .map(|(digest, size, quarantined)| {
                let size = size.unsigned_abs();
                Ok((
                    parsed("digest", &digest)?,
                    AuditedBlob { size, quarantined },
                ))
            })
            .collect()
    }

    /// At most `limit` blobs after `last`, in the order of their digests.
    pub async fn blobs_after(
        &self,
        last: Option<&Digest>,
        limit: usize,
    ) -> Result<Vec<(Digest, AuditedBlob)>, IndexError> {
        let rows: Vec<(String, i64, bool)> = sqlx::query_as(
            "SELECT digest, size, quarantined_at IS NOT NULL FROM blobs \
             WHERE digest > $1 ORDER BY digest LIMIT $2",
        )
        .bind(last.map(ToString::to_string).unwrap_or_default())
        .bind(column(limit as u64))
        .fetch_all(&self.readers)
        .await?;
        rows.into_iter()
            .map(|(digest, size, quarantined)| {
                let size = size.unsigned_abs();
                Ok((
                    parsed("digest", &digest)?,
                    AuditedBlob { size, quarantined },
                ))
            })
            .collect()
    }

    /// One blob by its canonical digest, in any repository.
    pub async fn audited_blob(
        &self,
        canonical: &Digest,
    ) -> Result<Option<AuditedBlob>, IndexError> {
        let row: Option<(i64, bool)> =
            sqlx::query_as("SELECT size, quarantined_at IS NOT NULL FROM blobs WHERE digest = $1")
                .bind(canonical.to_string())
                .fetch_optional(&self.readers)
                .await?;
        Ok(row.map(|(size, quarantined)| AuditedBlob {
            size: size.unsigned_abs(),
            quarantined,
        }))
    }

    /// How many blobs there are, and their bytes.
    pub async fn blob_totals(&self) -> Result<(u64, u64), IndexError> {
        let (count, bytes): (i64, i64) =
            sqlx::query_as("SELECT COUNT(*), COALESCE(SUM(size), 0) FROM blobs")
                .fetch_one(&self.readers)
                .await?;
        Ok((count.unsigned_abs(), bytes.unsigned_abs()))
    }

    /// The recorded state of a repository; empty if it is unknown.
    pub async fn audited_repository(
        &self,
        name: &Repository,
    ) -> Result<AuditedRepository, IndexError> {
        let known = self.known_repository(name).await?;
        let pairs = |rows: Vec<(String, String)>| -> Result<HashMap<Digest, Digest>, IndexError> {
            rows.iter()
                .map(|(digest, canonical)| {
                    Ok((parsed("digest", digest)?, parsed("digest", canonical)?))
                })
                .collect()
        };
        let manifests: Vec<(String, String)> = sqlx::query_as(
            "SELECT m.digest, b.digest FROM repositories r \
             JOIN manifests m ON m.repository_id = r.id JOIN blobs b ON b.id = m.blob_id \
             WHERE r.name = $1",
        )
        .bind(name.as_str())
        .fetch_all(&self.readers)
        .await?;
        let aliases: Vec<(String, String)> = sqlx::query_as(
            "SELECT a.digest, b.digest FROM repositories r \
             JOIN repository_blobs l ON l.repository_id = r.id \
             JOIN digest_aliases a ON a.blob_id = l.blob_id JOIN blobs b ON b.id = l.blob_id \
             WHERE r.name = $1",
        )
        .bind(name.as_str())
        .fetch_all(&self.readers)
        .await?;
        Ok(AuditedRepository {
            tags: known.tags,
            manifests: pairs(manifests)?,
            blobs: known.blobs,
            aliases: pairs(aliases)?,
        })
    }

    /// Configurations and layers that a manifest references and that are missing, or that its
    /// repository cannot read.
    pub async fn missing_links(&self) -> Result<Vec<MissingLink>, IndexError> {
        let rows: Vec<(String, String, String, bool)> = sqlx::query_as(
            "SELECT r.name, m.digest, f.digest, b.id IS NOT NULL FROM manifest_references f \
             JOIN manifests m ON m.id = f.manifest_id \
             JOIN repositories r ON r.id = m.repository_id \
             LEFT JOIN blobs b ON b.id = COALESCE( \
               (SELECT id FROM blobs WHERE digest = f.digest), \
               (SELECT blob_id FROM digest_aliases WHERE digest = f.digest)) \
             WHERE f.kind <> 'manifest' AND (b.id IS NULL OR NOT EXISTS ( \
               SELECT 1 FROM repository_blobs l \
               WHERE l.repository_id = m.repository_id AND l.blob_id = b.id)) \
             ORDER BY r.name, m.digest, f.digest",
        )
        .fetch_all(&self.readers)
        .await?;
        rows.into_iter()
            .map(|(repository, manifest, digest, elsewhere)| {
                Ok(MissingLink {
                    repository: parsed("repository name", &repository)?,
                    manifest: parsed("digest", &manifest)?,
                    digest: parsed("digest", &digest)?,
                    elsewhere,
                })
            })
            .collect()
    }

    /// At most `limit` manifests that indexes list and their repositories lack, after `last`, by
    /// index. Lists of referrers are left out: an entry may stay when a referrer is deleted.
    pub async fn missing_children(
        &self,
        last: Option<&MissingChild>,
        limit: usize,
    ) -> Result<Vec<MissingChild>, IndexError> {
        let rows: Vec<(i64, String, String, String, bool)> = sqlx::query_as(
            "SELECT m.id, r.name, m.digest, f.digest, EXISTS (SELECT 1 FROM manifest_references g \
               JOIN manifests s ON s.repository_id = m.repository_id AND s.digest = g.digest \
               WHERE g.manifest_id = m.id AND g.kind = 'manifest') \
             FROM manifests m \
             CROSS JOIN manifest_references f ON f.manifest_id = m.id \
             JOIN repositories r ON r.id = m.repository_id \
             WHERE m.id >= $1 AND (m.id > $1 OR f.digest > $2) \
             AND f.kind = 'manifest' AND NOT EXISTS (SELECT 1 FROM manifests c \
               WHERE c.repository_id = m.repository_id AND c.digest = f.digest) \
             AND NOT EXISTS (SELECT 1 FROM tags t WHERE t.manifest_id = m.id \
               AND (t.name LIKE 'sha256-%' OR t.name LIKE 'sha512-%')) \
             ORDER BY m.id, f.digest LIMIT $3",
        )
        .bind(last.map_or(0, |last| last.row))
        .bind(last.map(|last| last.child.to_string()).unwrap_or_default())
        .bind(column(limit as u64))
        .fetch_all(&self.readers)
        .await?;
        rows.into_iter()
            .map(|(row, repository, manifest, child, siblings)| {
                Ok(MissingChild {
                    row,
                    repository: parsed("repository name", &repository)?,
                    manifest: parsed("digest", &manifest)?,
                    child: parsed("digest", &child)?,
                    siblings,
                })
            })
            .collect()
    }

    /// Adds a link to the journal again if the index still has it. Returns false otherwise.
    pub async fn journal_link(&self, name: Repository, link: Link) -> Result<bool, IndexError> {
        self.write(move |transaction| {
            Box::pin(async move {
                let connection = transaction.connection();
                let Some(id) = repositories::find(connection, &name).await? else {
                    return Ok(false);
                };
                let repository = name;
                let change = match link {
                    Link::Layer(digest) => {
                        let Some(blob) = blobs::linked(connection, id, &digest).await? else {
                            return Ok(false);
                        };
                        LayoutChange::LayerLinked {
                            repository,
                            digest,
                            canonical: blob.canonical,
                        }
                    }
                    Link::Revision(digest) => {
                        let canonical: Option<String> = sqlx::query_scalar(
                            "SELECT b.digest FROM manifests m JOIN blobs b ON b.id = m.blob_id \
                             WHERE m.repository_id = $1 AND m.digest = $2",
                        )
                        .bind(id)
                        .bind(digest.to_string())
                        .fetch_optional(connection)
                        .await?;
                        let Some(canonical) = canonical else {
                            return Ok(false);
                        };
                        LayoutChange::RevisionLinked {
                            repository,
                            digest,
                            canonical: parsed("digest", &canonical)?,
                        }
                    }
                    Link::Tag(tag) => {
                        let Some(digest) = tags::find(connection, id, &tag).await? else {
                            return Ok(false);
                        };
                        LayoutChange::TagSet {
                            repository,
                            tag,
                            digest,
                        }
                    }
                };
                transaction.journal(change);
                Ok(true)
            })
        })
        .await
    }

    /// Links a blob to a repository whose manifest references it. Returns false if one of the two
    /// no longer exists.
    pub async fn repair_link(&self, link: MissingLink) -> Result<bool, IndexError> {
        self.write(move |transaction| {
            Box::pin(async move {
                let MissingLink {
                    repository,
                    manifest,
                    digest,
                    ..
                } = link;
                let connection = transaction.connection();
                let Some(id) = repositories::find(connection, &repository).await? else {
                    return Ok(false);
                };
                let named = manifests::find(connection, id, &manifest).await?;
                let blob = blobs::find(connection, &digest).await?;
                let (Some(_), Some(blob)) = (named, blob) else {
                    return Ok(false);
                };
                blobs::link(connection, id, blob.id).await?;
                let canonical = blob.record.canonical;
                let mut digests = vec![canonical];
                digests.extend(Some(digest).filter(|digest| *digest != canonical));
                for digest in digests {
                    let repository = repository.clone();
                    transaction.journal(LayoutChange::LayerLinked {
                        repository,
                        digest,
                        canonical,
                    });
                }
                Ok(true)
            })
        })
        .await
    }

    /// Corrects the size of a blob.
    pub async fn correct_size(&self, canonical: Digest, size: u64) -> Result<(), IndexError> {
        self.write(move |transaction| {
            Box::pin(async move {
                sqlx::query("UPDATE blobs SET size = $2 WHERE digest = $1")
                    .bind(canonical.to_string())
                    .bind(column(size))
                    .execute(transaction.connection())
                    .await?;
                Ok(())
            })
        })
        .await
    }

    /// Ends the quarantine of a blob. Returns false if it is not quarantined.
    pub async fn release(&self, canonical: Digest) -> Result<bool, IndexError> {
        self.write(move |transaction| {
            Box::pin(async move {
                let done = sqlx::query(
                    "UPDATE blobs SET quarantined_at = NULL \
                     WHERE digest = $1 AND quarantined_at IS NOT NULL",
                )
                .bind(canonical.to_string())
                .execute(transaction.connection())
                .await?;
                Ok(done.rows_affected() > 0)
            })
        })
        .await
    }
}
