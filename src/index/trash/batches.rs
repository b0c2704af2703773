//! Deletes large manifests and repositories in several transactions, so that other writers get
//! their turn.
//!
//! All parts belong to one deletion in the trash. A crash between two parts leaves a deletion that
//! can be restored, and the rest unchanged.

use sqlx::{QueryBuilder, Sqlite};

use super::discard::{begin, copy};
use super::{Discard, TrashedKind};
use crate::index::writer::Transaction;
use crate::index::{Index, IndexError, LayoutChange, column, manifests, parsed, repositories};
use crate::oci::{Digest, Repository, Tag};

/// Maximum number of tags deleted in one transaction.
const TAGS: usize = 64;
/// Maximum number of manifests deleted in one transaction.
const MANIFESTS: usize = 16;

/// Deletes the next tags of the manifest `$2` in the repository `$1`.
const TAGS_OF_MANIFEST: &str = "DELETE FROM tags WHERE repository_id = $1 AND name IN \
    (SELECT t.name FROM tags t WHERE t.manifest_id = $2 LIMIT $3) RETURNING name, updated_at, \
    (SELECT m.digest FROM manifests m WHERE m.id = tags.manifest_id)";
/// Deletes the next tags of the repository `$1`.
const TAGS_OF_REPOSITORY: &str = "DELETE FROM tags WHERE repository_id = $1 AND $2 IS NULL \
    AND name IN (SELECT t.name FROM tags t WHERE t.repository_id = $1 LIMIT $3) \
    RETURNING name, updated_at, (SELECT m.digest FROM manifests m WHERE m.id = tags.manifest_id)";

/// The result of one part of a deletion.
pub(in crate::index) struct Part {
    /// The terms, with the deletion that the part belongs to.
    discard: Discard,
    /// The tags that were deleted.
    tags: Vec<Tag>,
    /// Whether there was nothing left to delete.
    is_last: bool,
}

async fn delete_tags(
    transaction: &mut Transaction,
    name: &Repository,
    repository: i64,
    manifest: Option<i64>,
    discard: Discard,
) -> Result<Part, IndexError> {
    let (kind, statement) = if manifest.is_some() {
        (TrashedKind::Manifest, TAGS_OF_MANIFEST)
    } else {
        (TrashedKind::Repository, TAGS_OF_REPOSITORY)
    };
    let rows: Vec<(String, i64, String)> = sqlx::query_as(statement)
        .bind(repository)
        .bind(manifest)
        .bind(column(TAGS as u64))
        .fetch_all(transaction.connection())
        .await?;
    let deletion = begin(transaction.connection(), name, kind, discard).await?;
    if let Some(deletion) = deletion.filter(|_| !rows.is_empty()) {
        let mut insert = QueryBuilder::<Sqlite>::new(
            "INSERT INTO trash_tags (trash_id, name, digest, updated_at) ",
        );
        insert.push_values(&rows, |mut row, (name, updated_at, digest)| {
            row.push_bind(deletion)
                .push_bind(name)
                .push_bind(digest)
                .push_bind(*updated_at);
        });
        // The tag was set again after an earlier part had deleted it.
        insert.push(
            " ON CONFLICT (trash_id, name) DO UPDATE SET digest = excluded.digest, \
             updated_at = excluded.updated_at",
        );
        let insert = insert.build().persistent(false);
        insert.execute(transaction.connection()).await?;
    }
    let tags = rows.iter().map(|(name, ..)| parsed("tag", name));
    let tags: Vec<Tag> = tags.collect::<Result<_, IndexError>>()?;
    let removed = tags.iter().map(|tag| LayoutChange::TagRemoved {
        repository: name.clone(),
        tag: tag.clone(),
    });
    transaction.journal_all(removed.collect());
    Ok(Part {
        discard: Discard {
            deletion,
            ..discard
        },
        is_last: tags.len() < TAGS,
        tags,
    })
}

async fn delete_manifests(
    transaction: &mut Transaction,
    name: &Repository,
    repository: i64,
    newest: i64,
    discard: Discard,
) -> Result<Part, IndexError> {
    transaction.fill_batch(&[]).await?;
    let found = sqlx::query(
        "INSERT INTO batch SELECT id FROM manifests WHERE repository_id = $1 AND id <= $2 \
         ORDER BY id LIMIT $3",
    )
    .bind(repository)
    .bind(newest)
    .bind(column(MANIFESTS as u64))
    .execute(transaction.connection())
    .await?;
    let kind = TrashedKind::Repository;
    let deletion = begin(transaction.connection(), name, kind, discard).await?;
    if let Some(deletion) = deletion {
        copy(transaction, deletion).await?;
    }
    // Tags set since the earlier parts.
    let names: Vec<String> = sqlx::query_scalar(
        "DELETE FROM tags WHERE manifest_id IN (SELECT id FROM batch) RETURNING name",
    )
    .fetch_all(transaction.connection())
    .await?;
    let digests: Vec<String> = sqlx::query_scalar(
        "DELETE FROM manifests WHERE id IN (SELECT id FROM batch) RETURNING digest",
    )
    .fetch_all(transaction.connection())
    .await?;
    let mut changes = Vec::with_capacity(names.len() + digests.len());
    for tag in &names {
        changes.push(LayoutChange::TagRemoved {
            repository: name.clone(),
            tag: parsed("tag", tag)?,
        });
    }
    for digest in &digests {
        changes.push(LayoutChange::RevisionUnlinked {
            repository: name.clone(),
            digest: parsed("digest", digest)?,
        });
    }
    transaction.journal_all(changes);
    Ok(Part {
        discard: Discard {
            deletion,
            ..discard
        },
        tags: Vec::new(),
        is_last: found.rows_affected() < MANIFESTS as u64,
    })
}

impl Index {
    /// Deletes the tags of a manifest in parts until few are left. Returns the deleted tags, and
    /// the terms for deleting the manifest with the rest.
    pub async fn delete_most_tags(
        &self,
        repository: &Repository,
        digest: &Digest,
        mut discard: Discard,
    ) -> Result<(Vec<Tag>, Discard), IndexError> {
        let mut deleted = Vec::new();
        let count: i64 = sqlx::query_scalar(
            "SELECT COUNT(*) FROM (SELECT 1 FROM repositories r \
               JOIN manifests m ON m.repository_id = r.id JOIN tags t ON t.manifest_id = m.id \
               WHERE r.name = $1 AND m.digest = $2 LIMIT $3) x",
        )
        .bind(repository.as_str())
        .bind(digest.to_string())
        .bind(column(TAGS as u64 + 1))
        .fetch_one(&self.readers)
        .await?;
        if count.unsigned_abs() <= TAGS as u64 {
            return Ok((deleted, discard));
        }
        loop {
            let (name, digest) = (repository.clone(), *digest);
            let part = self.write(move |transaction| {
                Box::pin(async move {
                    let connection = transaction.connection();
                    let Some(id) = repositories::find(connection, &name).await? else {
                        return Ok(None);
                    };
                    let Some(manifest) = manifests::find(connection, id, &digest).await? else {
                        return Ok(None);
                    };
                    let part = delete_tags(transaction, &name, id, Some(manifest), discard).await?;
                    Ok(Some(part))
                })
            });
            let Some(mut part) = part.await? else {
                return Ok((deleted, discard));
            };
            deleted.append(&mut part.tags);
            discard = part.discard;
            if part.is_last {
                return Ok((deleted, discard));
            }
        }
    }

    /// Deletes tags and manifests of a repository in parts until few are left. Returns the terms
    /// for deleting the repository with the rest.
    pub async fn delete_most_of_repository(
        &self,
        repository: &Repository,
        mut discard: Discard,
    ) -> Result<Discard, IndexError> {
        let counts: Option<(i64, i64, i64)> = sqlx::query_as(
            "SELECT (SELECT COUNT(*) FROM manifests m WHERE m.repository_id = r.id), \
               (SELECT COUNT(*) FROM tags t WHERE t.repository_id = r.id), \
               (SELECT COALESCE(MAX(m.id), 0) FROM manifests m WHERE m.repository_id = r.id) \
             FROM repositories r WHERE r.name = $1",
        )
        .bind(repository.as_str())
        .fetch_optional(&self.readers)
        .await?;
        let Some((manifests, tags, newest)) = counts else {
            return Ok(discard);
        };
        let is_small =
            manifests.unsigned_abs() <= MANIFESTS as u64 && tags.unsigned_abs() <= TAGS as u64;
        if is_small {
            return Ok(discard);
        }
        let mut tags_left = true;
        loop {
            let name = repository.clone();
            let part = self.write(move |transaction| {
                Box::pin(async move {
                    let connection = transaction.connection();
                    let Some(id) = repositories::find(connection, &name).await? else {
                        return Ok(None);
                    };
                    let part = if tags_left {
                        delete_tags(transaction, &name, id, None, discard).await?
                    } else {
                        delete_manifests(transaction, &name, id, newest, discard).await?
                    };
                    Ok(Some(part))
                })
            });
            let Some(part) = part.await? else { break };
            discard = part.discard;
            match (part.is_last, tags_left) {
                (true, true) => tags_left = false,
                (true, false) => break,
                (false, _) => {}
            }
        }
        Ok(discard)
    }
}
