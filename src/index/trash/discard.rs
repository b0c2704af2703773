//! Copies deleted rows to the trash, within the transaction that deletes them.

use sqlx::SqliteConnection;

use super::TrashedKind;
use crate::clock::Millis;
use crate::index::IndexError;
use crate::index::writer::Transaction;
use crate::oci::{Repository, Tag};

/// The terms of a deletion.
#[derive(Debug, Clone, Copy)]
pub struct Discard {
    /// Its time.
    pub now: Millis,
    /// The time from which it counts in the trash, by the clock that the trash follows.
    pub trashed_at: Millis,
    /// How long it stays in the trash, in milliseconds; 0 bypasses the trash.
    pub keep: Millis,
    /// The deletion in the trash that this one continues, if it is done in parts.
    pub deletion: Option<i64>,
}

/// Begins or continues a deletion. Returns its row in the trash, if there is a trash.
pub(super) async fn begin(
    connection: &mut SqliteConnection,
    repository: &Repository,
    kind: TrashedKind,
    discard: Discard,
) -> Result<Option<i64>, IndexError> {
    if discard.keep <= 0 {
        return Ok(None);
    }
    if let Some(deletion) = discard.deletion {
        // The trash was emptied since the last part, or all of it lives again.
        let there: Option<i64> = sqlx::query_scalar(
            "SELECT id FROM trash WHERE id = $1 AND repository = $2 AND kind = $3",
        )
        .bind(deletion)
        .bind(repository.as_str())
        .bind(kind.to_string())
        .fetch_optional(&mut *connection)
        .await?;
        if there.is_some() {
            return Ok(there);
        }
    }
    let id = sqlx::query_scalar(
        "INSERT INTO trash (repository, kind, deleted_at, expires_at) VALUES ($1, $2, $3, $4) \
         RETURNING id",
    )
    .bind(repository.as_str())
    .bind(kind.to_string())
    .bind(discard.trashed_at)
    .bind(discard.trashed_at.saturating_add(discard.keep))
    .fetch_one(connection)
    .await?;
    Ok(Some(id))
}

/// Copies a tag before it is deleted.
pub(in crate::index) async fn trash_tag(
    connection: &mut SqliteConnection,
    name: &Repository,
    repository: i64,
    tag: &Tag,
    discard: Discard,
) -> Result<(), IndexError> {
    let Some(trash) = begin(connection, name, TrashedKind::Tag, discard).await? else {
        return Ok(());
    };
    sqlx::query(
        "INSERT INTO trash_tags (trash_id, name, digest, updated_at) \
         SELECT $1, t.name, m.digest, t.updated_at FROM tags t \
         JOIN manifests m ON m.id = t.manifest_id WHERE t.repository_id = $2 AND t.name = $3",
    )
    .bind(trash)
    .bind(repository)
    .bind(tag.as_str())
    .execute(connection)
    .await?;
    Ok(())
}

/// Copies a manifest and its tags before they are deleted.
pub(in crate::index) async fn trash_manifest(
    transaction: &mut Transaction,
    name: &Repository,
    manifest: i64,
    discard: Discard,
) -> Result<(), IndexError> {
    let kind = TrashedKind::Manifest;
    let Some(trash) = begin(transaction.connection(), name, kind, discard).await? else {
        return Ok(());
    };
    transaction.fill_batch(&[manifest]).await?;
    copy(transaction, trash).await
}

/// Copies everything in a repository before it is deleted.
pub(in crate::index) async fn trash_repository(
    transaction: &mut Transaction,
    name: &Repository,
    repository: i64,
    discard: Discard,
) -> Result<(), IndexError> {
    transaction.fill_batch(&[]).await?;
    let found = sqlx::query("INSERT INTO batch SELECT id FROM manifests WHERE repository_id = $1")
        .bind(repository)
        .execute(transaction.connection())
        .await?;
    // An empty repository has nothing to restore.
    if found.rows_affected() == 0 {
        return Ok(());
    }
    let kind = TrashedKind::Repository;
    match begin(transaction.connection(), name, kind, discard).await? {
        Some(trash) => copy(transaction, trash).await,
        None => Ok(()),
    }
}

/// Copies parts of the manifests in `batch` for the deletion `$1`. If a manifest was pushed again
/// between two parts of the deletion, it contains it twice.
const MANIFESTS: [&str; 4] = [
    "INSERT INTO trash_tags (trash_id, name, digest, updated_at) \
     SELECT $1, t.name, m.digest, t.updated_at FROM batch y CROSS JOIN manifests m \
     CROSS JOIN tags t WHERE m.id = y.id AND t.manifest_id = m.id \
     ON CONFLICT (trash_id, name) DO UPDATE SET digest = excluded.digest, \
       updated_at = excluded.updated_at",
    "INSERT INTO trash_manifests (trash_id, repository, digest, blob_id, media_type, \
       artifact_type, subject, annotations, platforms, created, size, content_size, readable, \
       pushed_at, pulled_at, pull_count) \
     SELECT $1, r.name, m.digest, m.blob_id, m.media_type, m.artifact_type, m.subject, \
       m.annotations, m.platforms, m.created, m.size, m.content_size, m.readable, m.pushed_at, \
       m.pulled_at, m.pull_count \
     FROM batch y CROSS JOIN manifests m CROSS JOIN repositories r \
     WHERE m.id = y.id AND r.id = m.repository_id",
    "INSERT INTO trash_references (manifest_id, digest, kind, linked) \
     SELECT x.id, f.digest, f.kind, f.kind <> 'manifest' AND (EXISTS (SELECT 1 FROM blobs b \
         CROSS JOIN repository_blobs l WHERE b.digest = f.digest AND l.blob_id = b.id \
         AND l.repository_id = m.repository_id) \
       OR EXISTS (SELECT 1 FROM digest_aliases a CROSS JOIN repository_blobs l \
         WHERE a.digest = f.digest AND l.blob_id = a.blob_id \
         AND l.repository_id = m.repository_id)) \
     FROM batch y CROSS JOIN manifests m CROSS JOIN trash_manifests x \
     CROSS JOIN manifest_references f WHERE m.id = y.id AND x.trash_id = $1 \
     AND x.digest = m.digest AND f.manifest_id = m.id ON CONFLICT DO NOTHING",
    // An unreadable manifest may reference anything in its repository.
    "INSERT INTO trash_references (manifest_id, digest, kind, linked) \
     SELECT x.id, b.digest, 'link', true FROM batch y CROSS JOIN manifests m \
     CROSS JOIN trash_manifests x CROSS JOIN repository_blobs l CROSS JOIN blobs b \
     WHERE m.id = y.id AND NOT m.readable AND x.trash_id = $1 AND x.digest = m.digest \
     AND l.repository_id = m.repository_id AND b.id = l.blob_id ON CONFLICT DO NOTHING",
];

/// Copies the manifests in `batch` with their references and tags.
pub(super) async fn copy(transaction: &mut Transaction, trash: i64) -> Result<(), IndexError> {
    for statement in MANIFESTS {
        sqlx::query(statement)
            .bind(trash)
            .execute(transaction.connection())
            .await?;
    }
    Ok(())
}

/// Copies a manifest and its tags into `deletion`, or into a new one, before they are deleted.
/// Returns the deletion.
pub(in crate::index) async fn trash_manifest_into(
    transaction: &mut Transaction,
    name: &Repository,
    manifest: i64,
    deletion: Option<i64>,
    discard: Discard,
) -> Result<Option<i64>, IndexError> {
    let kind = TrashedKind::Manifest;
    let deletion = match deletion {
        Some(deletion) => Some(deletion),
        None => begin(transaction.connection(), name, kind, discard).await?,
    };
    if let Some(deletion) = deletion {
        transaction.fill_batch(&[manifest]).await?;
        copy(transaction, deletion).await?;
    }
    Ok(deletion)
}
