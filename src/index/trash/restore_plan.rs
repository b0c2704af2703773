//! Plans a restore: which manifests of which deletions, and whether they can be restored at all.
//!
//! Runs in one transaction and changes nothing.

use super::restore::{GONE, digests};
use super::{Restorable, RestoreOutcome, TrashedKind};
use crate::clock::Millis;
use crate::index::writer::Transaction;
use crate::index::{IndexError, manifests, parsed, repositories, tags};
use crate::oci::{Digest, Repository, Tag};

/// The dependents, within a deleted repository, of the manifests in `batch` that are not in `batch`
/// yet.
const BELONGING: &str = "INSERT INTO batch SELECT x.id FROM trash_manifests x WHERE x.trash_id = $1 \
    AND x.id NOT IN (SELECT id FROM batch) AND ( \
      x.digest IN (SELECT f.digest FROM batch y CROSS JOIN trash_references f \
        WHERE f.manifest_id = y.id AND f.kind = 'manifest') \
      OR x.subject IN (SELECT m.digest FROM batch y CROSS JOIN trash_manifests m WHERE m.id = y.id) \
      OR x.digest IN (SELECT t.digest FROM batch y CROSS JOIN trash_manifests m \
        CROSS JOIN trash_tags t WHERE m.id = y.id AND t.trash_id = $1 AND t.name = substr(replace(m.digest, ':', '-'), 1, 71)))";

/// A part of a restore: manifests of one deletion.
pub(super) struct Part {
    pub(super) deletion: i64,
    pub(super) manifests: Vec<i64>,
    /// The one manifest that is restored, with its dependents; without it, the whole deletion is,
    /// including tags whose manifests it does not contain.
    pub(super) only: Option<Digest>,
}

/// A deletion in the trash.
struct Deletion {
    id: i64,
    kind: TrashedKind,
}

async fn latest(
    transaction: &mut Transaction,
    statement: &'static str,
    repository: &Repository,
    name: Option<String>,
    now: Millis,
) -> Result<Option<Deletion>, IndexError> {
    let row: Option<(i64, String)> = sqlx::query_as(statement)
        .bind(repository.as_str())
        .bind(now)
        .bind(name)
        .fetch_optional(transaction.connection())
        .await?;
    row.map(|(id, kind)| {
        let kind = parsed("kind", &kind)?;
        Ok(Deletion { id, kind })
    })
    .transpose()
}

const OF_TAG: &str = "SELECT t.id, t.kind FROM trash t JOIN trash_tags y ON y.trash_id = t.id \
    WHERE t.repository = $1 AND t.expires_at > $2 AND y.name = $3 ORDER BY t.id DESC LIMIT 1";
const OF_MANIFEST: &str = "SELECT t.id, t.kind FROM trash t \
    JOIN trash_manifests m ON m.trash_id = t.id \
    WHERE t.repository = $1 AND t.expires_at > $2 AND m.digest = $3 ORDER BY t.id DESC LIMIT 1";
const OF_REPOSITORY: &str = "SELECT id, kind FROM trash WHERE repository = $1 AND expires_at > $2 \
    AND kind = 'repository' ORDER BY id DESC LIMIT 1";

/// The manifest of a tag in a deletion.
async fn trashed_tag(
    transaction: &mut Transaction,
    deletion: i64,
    tag: &Tag,
) -> Result<Option<Digest>, IndexError> {
    let text: Option<String> =
        sqlx::query_scalar("SELECT digest FROM trash_tags WHERE trash_id = $1 AND name = $2")
            .bind(deletion)
            .bind(tag.as_str())
            .fetch_optional(transaction.connection())
            .await?;
    text.map(|text| parsed("digest", &text)).transpose()
}

/// Whether a manifest belongs to a deletion.
async fn contains(
    transaction: &mut Transaction,
    deletion: i64,
    digest: &Digest,
) -> Result<bool, IndexError> {
    let found = sqlx::query_scalar(
        "SELECT EXISTS (SELECT 1 FROM trash_manifests WHERE trash_id = $1 AND digest = $2)",
    );
    let found = found.bind(deletion).bind(digest.to_string());
    Ok(found.fetch_one(transaction.connection()).await?)
}

/// Puts a manifest of a deletion into `batch` with its dependents.
async fn choose(
    transaction: &mut Transaction,
    deletion: i64,
    only: Digest,
) -> Result<(), IndexError> {
    transaction.fill_batch(&[]).await?;
    sqlx::query(
        "INSERT INTO batch SELECT id FROM trash_manifests WHERE trash_id = $1 AND digest = $2",
    )
    .bind(deletion)
    .bind(only.to_string())
    .execute(transaction.connection())
    .await?;
    loop {
        let more = sqlx::query(BELONGING)
            .bind(deletion)
            .execute(transaction.connection())
            .await?;
        if more.rows_affected() == 0 {
            return Ok(());
        }
    }
}

/// Plans to restore a deletion, or `only` one of its manifests.
async fn plan_part(
    transaction: &mut Transaction,
    deletion: i64,
    only: Option<Digest>,
) -> Result<Result<Part, RestoreOutcome>, IndexError> {
    let manifests = match only {
        Some(digest) => {
            choose(transaction, deletion, digest).await?;
            let gone: Vec<String> = sqlx::query_scalar(GONE)
                .fetch_all(transaction.connection())
                .await?;
            if !gone.is_empty() {
                return Ok(Err(RestoreOutcome::Incomplete(digests(&gone)?)));
            }
            transaction.batch().await?
        }
        None => {
            sqlx::query_scalar("SELECT id FROM trash_manifests WHERE trash_id = $1 ORDER BY id")
                .bind(deletion)
                .fetch_all(transaction.connection())
                .await?
        }
    };
    Ok(Ok(Part {
        deletion,
        manifests,
        only,
    }))
}

async fn plan_tag(
    transaction: &mut Transaction,
    repository: &Repository,
    tag: &Tag,
    now: Millis,
) -> Result<Result<Vec<Part>, RestoreOutcome>, IndexError> {
    let name = Some(tag.to_string());
    let Some(deletion) = latest(transaction, OF_TAG, repository, name, now).await? else {
        return Ok(Err(RestoreOutcome::NotFound));
    };
    let Some(digest) = trashed_tag(transaction, deletion.id, tag).await? else {
        return Ok(Err(RestoreOutcome::NotFound));
    };
    let connection = transaction.connection();
    let mut there = false;
    if let Some(id) = repositories::find(connection, repository).await? {
        match tags::find(connection, id, tag).await? {
            Some(other) if other != digest => return Ok(Err(RestoreOutcome::Moved(other))),
            _ => there = manifests::find(connection, id, &digest).await?.is_some(),
        }
    }
    let mut parts = Vec::new();
    // A tag needs its manifest, which may have been deleted after the tag; also if it was deleted
    // with it, but has come back with an index since.
    if !there && !contains(transaction, deletion.id, &digest).await? {
        let name = Some(digest.to_string());
        let Some(of) = latest(transaction, OF_MANIFEST, repository, name, now).await? else {
            return Ok(Err(RestoreOutcome::Incomplete(vec![digest])));
        };
        match plan_part(transaction, of.id, Some(digest)).await? {
            Ok(part) => parts.push(part),
            Err(refused) => return Ok(Err(refused)),
        }
    }
    let only = (deletion.kind == TrashedKind::Repository).then_some(digest);
    let part = plan_part(transaction, deletion.id, only).await?;
    Ok(part.map(|part| {
        parts.push(part);
        parts
    }))
}

/// Plans a restore. Returns its parts in order, or why it is impossible.
pub(super) async fn plan(
    transaction: &mut Transaction,
    what: Restorable,
    now: Millis,
) -> Result<Result<Vec<Part>, RestoreOutcome>, IndexError> {
    let (repository, statement, name, only) = match what {
        Restorable::Tag(repository, tag) => {
            return plan_tag(transaction, &repository, &tag, now).await;
        }
        Restorable::Manifest(repository, digest) => {
            let name = Some(digest.to_string());
            (repository, OF_MANIFEST, name, Some(digest))
        }
        Restorable::Repository(repository) => (repository, OF_REPOSITORY, None, None),
    };
    let deletion = latest(transaction, statement, &repository, name, now).await?;
    let Some(Deletion { id, kind }) = deletion else {
        return Ok(Err(RestoreOutcome::NotFound));
    };
    let only = only.filter(|_| kind == TrashedKind::Repository);
    let part = plan_part(transaction, id, only).await?;
    Ok(part.map(|part| vec![part]))
}
