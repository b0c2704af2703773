//! The state of the index for a comparison with the layout, and the differences that it found.
//!
//! Except for [`Index::remove_unlinked_blobs`] these writes add nothing to the journal: the layout
//! is already in that state.

use std::collections::{HashMap, HashSet};

use super::{
    Index, IndexError, LayoutChange, NewManifest, blobs, manifests, many, parsed, repositories,
    tags,
};
use crate::clock::Millis;
use crate::oci::{Algorithm, Digest, Repository, Tag};

/// A repository as recorded in the index.
#[derive(Debug, Clone, Default)]
pub struct KnownRepository {
    /// Its tags, and where they point.
    pub tags: HashMap<Tag, Digest>,
    /// Its manifests.
    pub manifests: HashSet<Digest>,
    /// The blobs that it may read, by canonical digest.
    pub blobs: HashSet<Digest>,
}

/// Differences between the layout of a repository and the index.
#[derive(Debug, Clone)]
pub struct FoundRepository {
    /// Its name.
    pub name: Repository,
    /// Blobs that may be read: each digest with its canonical digest.
    pub linked: Vec<(Digest, Digest)>,
    /// Blobs that may no longer be read.
    pub unlinked: Vec<Digest>,
    /// New manifests, each with its time.
    pub manifests: Vec<(NewManifest, Millis)>,
    /// Manifests that no longer exist.
    pub removed: Vec<Digest>,
    /// New or moved tags, each with its time.
    pub tags: Vec<(Tag, Digest, Millis)>,
    /// Tags that no longer exist.
    pub untagged: Vec<Tag>,
    /// Known manifests that were pushed again, each with its time.
    pub renewed: Vec<(Digest, Millis)>,
    /// Tags that were set again to the same manifest, each with its time.
    pub renewed_tags: Vec<(Tag, Millis)>,
}

impl FoundRepository {
    /// A repository without differences.
    pub fn unchanged(name: Repository) -> Self {
        Self {
            name,
            linked: Vec::new(),
            unlinked: Vec::new(),
            manifests: Vec::new(),
            removed: Vec::new(),
            tags: Vec::new(),
            untagged: Vec::new(),
            renewed: Vec::new(),
            renewed_tags: Vec::new(),
        }
    }

    /// Whether there are no differences.
    pub fn is_unchanged(&self) -> bool {
        self.linked.is_empty()
            && self.unlinked.is_empty()
            && self.manifests.is_empty()
            && self.removed.is_empty()
            && self.tags.is_empty()
            && self.untagged.is_empty()
            && self.renewed.is_empty()
            && self.renewed_tags.is_empty()
    }
}

impl Index {
    /// The names of all repositories, with or without content.
    pub async fn all_repositories(&self) -> Result<Vec<Repository>, IndexError> {
        let names: Vec<String> = sqlx::query_scalar("SELECT name FROM repositories ORDER BY name")
            .fetch_all(&self.readers)
            .await?;
        names
            .iter()
            .map(|name| parsed("repository name", name))
            .collect()
    }

    /// How many blobs and manifests there are.
    pub async fn counts(&self) -> Result<(u64, u64), IndexError> {
        let (blobs, manifests): (i64, i64) =
            sqlx::query_as("SELECT (SELECT COUNT(*) FROM blobs), (SELECT COUNT(*) FROM manifests)")
                .fetch_one(&self.readers)
                .await?;
        Ok((blobs.unsigned_abs(), manifests.unsigned_abs()))
    }

    /// The state of a repository; empty if it is unknown.
    pub async fn known_repository(&self, name: &Repository) -> Result<KnownRepository, IndexError> {
        let mut connection = self.readers.acquire().await?;
        let Some(id) = repositories::find(&mut connection, name).await? else {
            return Ok(KnownRepository::default());
        };
        let tags: Vec<(String, String)> = sqlx::query_as(
            "SELECT t.name, m.digest FROM tags t JOIN manifests m ON m.id = t.manifest_id \
             WHERE t.repository_id = $1",
        )
        .bind(id)
        .fetch_all(&mut *connection)
        .await?;
        let manifests: Vec<String> =
            sqlx::query_scalar("SELECT digest FROM manifests WHERE repository_id = $1")
                .bind(id)
                .fetch_all(&mut *connection)
                .await?;
        let blobs: Vec<String> = sqlx::query_scalar(
            "SELECT b.digest FROM repository_blobs l JOIN blobs b ON b.id = l.blob_id \
             WHERE l.repository_id = $1",
        )
        .bind(id)
        .fetch_all(&mut *connection)
        .await?;
        let digests = |texts: Vec<String>| -> Result<HashSet<Digest>, IndexError> {
            texts.iter().map(|text| parsed("digest", text)).collect()
        };
        Ok(KnownRepository {
            tags: tags
                .iter()
                .map(|(tag, digest)| Ok((parsed("tag", tag)?, parsed("digest", digest)?)))
                .collect::<Result<_, IndexError>>()?,
            manifests: digests(manifests)?,
            blobs: digests(blobs)?,
        })
    }

    /// The canonical digests with this hexadecimal prefix, of blobs that are not quarantined.
    pub async fn known_blobs(&self, prefix: &str) -> Result<HashSet<Digest>, IndexError> {
        let texts: Vec<String> = sqlx::query_scalar(
            "SELECT digest FROM blobs WHERE digest >= $1 AND digest < $2 \
             AND quarantined_at IS NULL",
        )
        .bind(format!("{}:{prefix}", Algorithm::Sha256))
        .bind(format!("{}:{prefix}g", Algorithm::Sha256))
        .fetch_all(&self.readers)
        .await?;
        texts.iter().map(|text| parsed("digest", text)).collect()
    }

    /// Reindexes blobs: adds new ones (with their sizes) and removes those that no longer exist,
    /// with the manifests whose bytes they were, in the trash as well. Returns the removed
    /// manifests that were in repositories.
    pub async fn reindex_blobs(
        &self,
        come: Vec<(Digest, u64)>,
        removed: Vec<Digest>,
        now: Millis,
    ) -> Result<Vec<(Repository, Digest)>, IndexError> {
        self.write(move |transaction| {
            Box::pin(async move {
                let connection = transaction.connection();
                let mut lost = Vec::new();
                many::insert_blobs(connection, &come, now).await?;
                for digest in removed {
                    let Some(blob) = blobs::find_any(connection, &digest).await? else {
                        continue;
                    };
                    let held: Vec<(i64, String, String)> = sqlx::query_as(
                        "SELECT m.id, r.name, m.digest FROM manifests m \
                         JOIN repositories r ON r.id = m.repository_id WHERE m.blob_id = $1",
                    )
                    .bind(blob.id)
                    .fetch_all(&mut *connection)
                    .await?;
                    for (manifest, repository, digest) in held {
                        manifests::remove(connection, manifest).await?;
                        lost.push((
                            parsed("repository name", &repository)?,
                            parsed("digest", &digest)?,
                        ));
                    }
                    for statement in [
                        "DELETE FROM trash_manifests WHERE blob_id = $1",
                        "DELETE FROM blobs WHERE id = $1",
                    ] {
                        sqlx::query(statement)
                            .bind(blob.id)
                            .execute(&mut *connection)
                            .await?;
                    }
                }
                Ok(lost)
            })
        })
        .await
    }

    /// Removes those of some blobs, with their bytes, that no repository may read and no manifest
    /// consists of or refers to. Returns the others.
    pub async fn remove_unlinked_blobs(
        &self,
        digests: Vec<Digest>,
    ) -> Result<Vec<Digest>, IndexError> {
        self.write(move |transaction| {
            Box::pin(async move {
                let mut kept = Vec::new();
                for digest in digests {
                    let removed = sqlx::query(
                        "DELETE FROM blobs WHERE digest = $1 \
                         AND NOT EXISTS (SELECT 1 FROM repository_blobs l WHERE l.blob_id = blobs.id) \
                         AND NOT EXISTS (SELECT 1 FROM manifests m WHERE m.blob_id = blobs.id) \
                         AND NOT EXISTS (SELECT 1 FROM trash_manifests t WHERE t.blob_id = blobs.id) \
                         AND NOT EXISTS (SELECT 1 FROM manifest_references f \
                                         WHERE f.digest = blobs.digest)",
                    )
                    .bind(digest.to_string())
                    .execute(transaction.connection())
                    .await?;
                    if removed.rows_affected() > 0 {
                        let change = LayoutChange::BlobRemoved { digest };
                        transaction.journal(change);
                    } else {
                        kept.push(digest);
                    }
                }
                Ok(kept)
            })
        })
        .await
    }

    /// Records that the layout names a manifest whose bytes are missing or damaged. Until it is
    /// pushed again, nothing in its repository is collected.
    pub async fn mark_damaged(
        &self,
        repository: Repository,
        digest: Digest,
        now: Millis,
    ) -> Result<(), IndexError> {
        self.write(move |transaction| {
            Box::pin(async move {
                let connection = transaction.connection();
                let id = repositories::ensure(connection, &repository, now).await?;
                sqlx::query(
                    "INSERT INTO damaged_manifests (repository_id, digest) VALUES ($1, $2) \
                     ON CONFLICT DO NOTHING",
                )
                .bind(id)
                .bind(digest.to_string())
                .execute(connection)
                .await?;
                Ok(())
            })
        })
        .await
    }

    /// The manifests recorded by [`Index::mark_damaged`].
    pub async fn damaged(&self) -> Result<Vec<(Repository, Digest)>, IndexError> {
        let rows: Vec<(String, String)> = sqlx::query_as(
            "SELECT r.name, d.digest FROM damaged_manifests d \
             JOIN repositories r ON r.id = d.repository_id",
        )
        .fetch_all(&self.readers)
        .await?;
        rows.iter()
            .map(|(name, digest)| Ok((parsed("repository name", name)?, parsed("digest", digest)?)))
            .collect()
    }

    /// Removes such a record when the layout no longer names the manifest.
    pub async fn unmark_damaged(
        &self,
        repository: Repository,
        digest: Digest,
    ) -> Result<(), IndexError> {
        self.write(move |transaction| {
            Box::pin(async move {
                sqlx::query(
                    "DELETE FROM damaged_manifests WHERE digest = $2 AND repository_id = \
                     (SELECT id FROM repositories WHERE name = $1)",
                )
                .bind(repository.as_str())
                .bind(digest.to_string())
                .execute(transaction.connection())
                .await?;
                Ok(())
            })
        })
        .await
    }

    /// Applies the differences of a repository. References to absent blobs are left out.
    pub async fn reindex_repository(
        &self,
        found: FoundRepository,
        now: Millis,
    ) -> Result<(), IndexError> {
        self.write(move |transaction| {
            Box::pin(async move {
                let connection = transaction.connection();
                let id = repositories::ensure(connection, &found.name, now).await?;
                let linked = found.linked.iter().map(|(_, canonical)| *canonical);
                let of_manifests = found.manifests.iter();
                let stored = of_manifests.map(|(manifest, _)| manifest.canonical);
                let ids = many::blob_ids(connection, linked.chain(stored)).await?;
                let mut readable = Vec::with_capacity(found.linked.len());
                for (digest, canonical) in &found.linked {
                    let Some(&blob) = ids.get(canonical) else {
                        continue;
                    };
                    if digest != canonical {
                        blobs::alias(connection, blob, digest).await?;
                    }
                    readable.push(blob);
                }
                many::link(connection, id, &readable).await?;
                for canonical in &found.unlinked {
                    sqlx::query(
                        "DELETE FROM repository_blobs WHERE repository_id = $1 \
                         AND blob_id = (SELECT id FROM blobs WHERE digest = $2)",
                    )
                    .bind(id)
                    .bind(canonical.to_string())
                    .execute(&mut *connection)
                    .await?;
                }
                let mut manifests = Vec::with_capacity(found.manifests.len());
                let mut last_push = None;
                for (manifest, pushed_at) in &found.manifests {
                    let Some(&blob) = ids.get(&manifest.canonical) else {
                        continue;
                    };
                    if manifest.digest != manifest.canonical {
                        blobs::alias(connection, blob, &manifest.digest).await?;
                    }
                    manifests.push((manifest, blob, *pushed_at));
                    last_push = last_push.max(Some(*pushed_at));
                }
                many::insert_manifests(connection, id, &manifests).await?;
                let targets: Vec<Digest> =
                    found.tags.iter().map(|(_, digest, _)| *digest).collect();
                let targets = many::manifest_ids(connection, id, &targets).await?;
                let mut tags = Vec::with_capacity(found.tags.len());
                for (tag, digest, updated_at) in &found.tags {
                    match targets.get(digest) {
                        Some(&manifest) => {
                            tags.push((tag, manifest, *updated_at));
                            last_push = last_push.max(Some(*updated_at));
                        }
                        // It points at a missing manifest: registry:2 answers 404 as well.
                        None => drop(tags::remove(connection, id, tag).await?),
                    }
                }
                many::set_tags(connection, id, &tags).await?;
                for (digest, pushed_at) in &found.renewed {
                    sqlx::query(
                        "UPDATE manifests SET pushed_at = $3 \
                         WHERE repository_id = $1 AND digest = $2 AND pushed_at < $3",
                    )
                    .bind(id)
                    .bind(digest.to_string())
                    .bind(pushed_at)
                    .execute(&mut *connection)
                    .await?;
                    last_push = last_push.max(Some(*pushed_at));
                }
                for (tag, updated_at) in &found.renewed_tags {
                    tags::renew(connection, id, tag, *updated_at).await?;
                    last_push = last_push.max(Some(*updated_at));
                }
                if let Some(last_push) = last_push {
                    repositories::pushed(connection, id, last_push).await?;
                }
                for tag in &found.untagged {
                    tags::remove(connection, id, tag).await?;
                }
                for digest in &found.removed {
                    if let Some(manifest) = manifests::find(connection, id, digest).await? {
                        manifests::remove(connection, manifest).await?;
                    }
                }
                Ok(())
            })
        })
        .await
    }
}
