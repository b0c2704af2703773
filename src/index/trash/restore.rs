//! Bringing back what lies in the trash.
//!
//! A deletion comes back as a whole; out of a deleted repository also one manifest by itself, with
//! what belongs to it: children, referrers, and the tags that pointed at any of these.

use serde_json::json;

use super::{Restorable, Restored, Restoring, TrashedKind};
use crate::clock::Millis;
use crate::index::events::NewEvent;
use crate::index::writer::Transaction;
use crate::index::{
    Index, IndexError, LayoutChange, Lease, blobs, leases, manifests, parsed, repositories, tags,
};
use crate::oci::{Digest, Repository, Tag};

/// What of a deleted repository belongs to the manifests in `batch`, and is not there yet.
const BELONGING: &str = "INSERT INTO batch SELECT x.id FROM trash_manifests x WHERE x.trash_id = $1 \
    AND x.id NOT IN (SELECT id FROM batch) AND ( \
      x.digest IN (SELECT f.digest FROM batch y CROSS JOIN trash_references f \
        WHERE f.manifest_id = y.id AND f.kind = 'manifest') \
      OR x.subject IN (SELECT m.digest FROM batch y CROSS JOIN trash_manifests m WHERE m.id = y.id) \
      OR x.digest IN (SELECT t.digest FROM batch y CROSS JOIN trash_manifests m \
        CROSS JOIN trash_tags t WHERE m.id = y.id AND t.trash_id = $1 AND t.name = substr(replace(m.digest, ':', '-'), 1, 71)))";

/// References of the manifests in `batch` to blobs that could be read and whose rows are gone.
const GONE: &str = "SELECT DISTINCT f.digest FROM batch y \
    CROSS JOIN trash_references f WHERE f.manifest_id = y.id AND f.linked \
    AND NOT EXISTS (SELECT 1 FROM blobs b WHERE b.digest = f.digest) \
    AND NOT EXISTS (SELECT 1 FROM digest_aliases a WHERE a.digest = f.digest) ORDER BY 1";

const LINKS: &str = "SELECT b.id, b.digest, f.digest FROM batch y \
    CROSS JOIN trash_references f CROSS JOIN blobs b \
    WHERE f.manifest_id = y.id AND b.digest = f.digest AND f.linked \
    UNION SELECT b.id, b.digest, f.digest FROM batch y CROSS JOIN trash_references f \
    CROSS JOIN digest_aliases a CROSS JOIN blobs b WHERE f.manifest_id = y.id \
    AND a.digest = f.digest AND b.id = a.blob_id AND f.linked";

const MANIFESTS: &str = "INSERT INTO manifests (repository_id, digest, blob_id, media_type, \
      artifact_type, subject, annotations, platforms, created, size, content_size, readable, \
      pushed_at, pulled_at, pull_count) \
    SELECT $1, m.digest, m.blob_id, m.media_type, m.artifact_type, m.subject, m.annotations, \
      m.platforms, m.created, m.size, m.content_size, m.readable, m.pushed_at, m.pulled_at, \
      m.pull_count \
    FROM batch y CROSS JOIN trash_manifests m WHERE m.id = y.id \
    ON CONFLICT (repository_id, digest) DO NOTHING RETURNING digest, blob_id";

const REFERENCES: &str = "INSERT INTO manifest_references (manifest_id, digest, kind) \
    SELECT m.id, f.digest, f.kind FROM batch y CROSS JOIN trash_manifests x CROSS JOIN manifests m \
    CROSS JOIN trash_references f WHERE x.id = y.id AND m.repository_id = $1 \
    AND m.digest = x.digest AND f.manifest_id = x.id AND f.kind <> 'link' \
    ON CONFLICT DO NOTHING";

/// A repository that was restored has the time of its last push again.
const PUSHED: &str = "UPDATE repositories SET pushed_at = (SELECT MAX(at) FROM ( \
      SELECT MAX(t.updated_at) AS at FROM tags t WHERE t.repository_id = $1 \
      UNION ALL SELECT MAX(m.pushed_at) FROM manifests m WHERE m.repository_id = $1 \
      UNION ALL SELECT r.pushed_at FROM repositories r WHERE r.id = $1) x) WHERE id = $1";

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

/// Where a tag points that lies in a deletion.
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

/// Puts the manifests of a deletion into `batch`: all, or one with what belongs to it.
async fn choose(
    transaction: &mut Transaction,
    deletion: i64,
    only: Option<Digest>,
) -> Result<(), IndexError> {
    transaction.fill_batch(&[]).await?;
    sqlx::query(
        "INSERT INTO batch SELECT id FROM trash_manifests \
         WHERE trash_id = $1 AND ($2 IS NULL OR digest = $2)",
    )
    .bind(deletion)
    .bind(only.map(|digest| digest.to_string()))
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

/// Brings back the manifests in `batch`, with their links and references, and leases them.
async fn bring_back(
    transaction: &mut Transaction,
    repository: &Repository,
    terms: Lease,
) -> Result<Vec<Digest>, IndexError> {
    let id = repositories::ensure(transaction.connection(), repository, terms.now).await?;
    let links: Vec<(i64, String, String)> = sqlx::query_as(LINKS)
        .fetch_all(transaction.connection())
        .await?;
    let mut changes = Vec::new();
    for (blob, canonical, digest) in links {
        let new = blobs::link(transaction.connection(), id, blob).await?;
        let canonical = parsed("digest", &canonical)?;
        let other = Some(parsed("digest", &digest)?).filter(|other| *other != canonical);
        for digest in std::iter::once(canonical).filter(|_| new).chain(other) {
            let repository = repository.clone();
            changes.push(LayoutChange::LayerLinked {
                repository,
                digest,
                canonical,
            });
        }
    }
    let rows: Vec<(String, i64)> = sqlx::query_as(MANIFESTS)
        .bind(id)
        .fetch_all(transaction.connection())
        .await?;
    sqlx::query(REFERENCES)
        .bind(id)
        .execute(transaction.connection())
        .await?;
    let mut restored = Vec::with_capacity(rows.len());
    for (digest, blob) in rows {
        let canonical: String = sqlx::query_scalar("SELECT digest FROM blobs WHERE id = $1")
            .bind(blob)
            .fetch_one(transaction.connection())
            .await?;
        let (digest, canonical) = (parsed("digest", &digest)?, parsed("digest", &canonical)?);
        leases::take(transaction.connection(), &canonical, terms).await?;
        let repository = repository.clone();
        changes.push(LayoutChange::RevisionLinked {
            repository,
            digest,
            canonical,
        });
        restored.push(digest);
    }
    restored.sort_unstable();
    transaction.journal_all(changes).await?;
    Ok(restored)
}

/// Sets the tags of a deletion again, all or those of the manifests in `batch`; forgets them.
async fn set_tags(
    transaction: &mut Transaction,
    repository: &Repository,
    deletion: i64,
    all: bool,
    restored: &mut Restored,
) -> Result<(), IndexError> {
    let connection = transaction.connection();
    let Some(id) = repositories::find(connection, repository).await? else {
        return Ok(());
    };
    let rows: Vec<(String, String, i64, i64)> = sqlx::query_as(
        "SELECT t.name, t.digest, t.updated_at, m.id FROM trash_tags t \
         JOIN manifests m ON m.repository_id = $2 AND m.digest = t.digest \
         WHERE t.trash_id = $1 AND ($3 OR t.digest IN \
           (SELECT x.digest FROM batch y CROSS JOIN trash_manifests x WHERE x.id = y.id)) \
         ORDER BY t.name",
    )
    .bind(deletion)
    .bind(id)
    .bind(all)
    .fetch_all(connection)
    .await?;
    for (name, digest, updated_at, manifest) in rows {
        let (tag, digest): (Tag, Digest) = (parsed("tag", &name)?, parsed("digest", &digest)?);
        let connection = transaction.connection();
        match tags::find(connection, id, &tag).await? {
            None => {
                tags::set(connection, id, &tag, manifest, updated_at).await?;
                let (repository, set) = (repository.clone(), tag.clone());
                transaction
                    .journal(LayoutChange::TagSet {
                        repository,
                        tag: set,
                        digest,
                    })
                    .await?;
                restored.tags.push((tag, digest));
            }
            Some(there) if there == digest => {}
            Some(there) => restored.moved.push((tag, there)),
        }
        sqlx::query("DELETE FROM trash_tags WHERE trash_id = $1 AND name = $2")
            .bind(deletion)
            .bind(&name)
            .execute(transaction.connection())
            .await?;
    }
    Ok(())
}

/// Brings back one deletion, or `only` one of its manifests.
async fn undo(
    transaction: &mut Transaction,
    repository: &Repository,
    deletion: i64,
    only: Option<Digest>,
    terms: Lease,
    restored: &mut Restored,
) -> Result<Vec<Digest>, IndexError> {
    choose(transaction, deletion, only).await?;
    let gone: Vec<String> = sqlx::query_scalar(GONE)
        .fetch_all(transaction.connection())
        .await?;
    if !gone.is_empty() {
        return gone.iter().map(|text| parsed("digest", text)).collect();
    }
    let manifests = bring_back(transaction, repository, terms).await?;
    restored.manifests.extend(manifests);
    set_tags(transaction, repository, deletion, only.is_none(), restored).await?;
    if let Some(id) = repositories::find(transaction.connection(), repository).await? {
        sqlx::query(PUSHED)
            .bind(id)
            .execute(transaction.connection())
            .await?;
    }
    transaction
        .execute("DELETE FROM trash_manifests WHERE id IN (SELECT id FROM batch)")
        .await?;
    sqlx::query(
        "DELETE FROM trash WHERE id = $1 \
         AND NOT EXISTS (SELECT 1 FROM trash_manifests m WHERE m.trash_id = trash.id)",
    )
    .bind(deletion)
    .execute(transaction.connection())
    .await?;
    Ok(Vec::new())
}

async fn restore_tag(
    transaction: &mut Transaction,
    repository: &Repository,
    tag: &Tag,
    terms: Lease,
) -> Result<Restoring, IndexError> {
    let name = Some(tag.to_string());
    let Some(deletion) = latest(transaction, OF_TAG, repository, name, terms.now).await? else {
        return Ok(Restoring::NotThere);
    };
    let Some(digest) = trashed_tag(transaction, deletion.id, tag).await? else {
        return Ok(Restoring::NotThere);
    };
    let connection = transaction.connection();
    let mut there = false;
    if let Some(id) = repositories::find(connection, repository).await? {
        match tags::find(connection, id, tag).await? {
            Some(other) if other != digest => return Ok(Restoring::Moved(other)),
            _ => there = manifests::find(connection, id, &digest).await?.is_some(),
        }
    }
    let mut restored = Restored::default();
    // A tag by itself needs its manifest, which may have been deleted after it.
    if deletion.kind == TrashedKind::Tag && !there {
        let name = Some(digest.to_string());
        let of = latest(transaction, OF_MANIFEST, repository, name, terms.now).await?;
        let Some(of) = of else {
            return Ok(Restoring::Incomplete(vec![digest]));
        };
        let only = Some(digest);
        let gone = undo(transaction, repository, of.id, only, terms, &mut restored).await?;
        if !gone.is_empty() {
            return Ok(Restoring::Incomplete(gone));
        }
    }
    let only = (deletion.kind == TrashedKind::Repository).then_some(digest);
    let gone = undo(
        transaction,
        repository,
        deletion.id,
        only,
        terms,
        &mut restored,
    )
    .await?;
    Ok(if gone.is_empty() {
        Restoring::Done(restored)
    } else {
        Restoring::Incomplete(gone)
    })
}

async fn restore(
    transaction: &mut Transaction,
    what: Restorable,
    terms: Lease,
) -> Result<Restoring, IndexError> {
    let (repository, statement, name, only) = match what {
        Restorable::Tag(repository, tag) => {
            return restore_tag(transaction, &repository, &tag, terms).await;
        }
        Restorable::Manifest(repository, digest) => {
            let name = Some(digest.to_string());
            (repository, OF_MANIFEST, name, Some(digest))
        }
        Restorable::Repository(repository) => (repository, OF_REPOSITORY, None, None),
    };
    let deletion = latest(transaction, statement, &repository, name, terms.now).await?;
    let Some(Deletion { id, kind }) = deletion else {
        return Ok(Restoring::NotThere);
    };
    let only = only.filter(|_| kind == TrashedKind::Repository);
    let mut restored = Restored::default();
    let gone = undo(transaction, &repository, id, only, terms, &mut restored).await?;
    Ok(if gone.is_empty() {
        Restoring::Done(restored)
    } else {
        Restoring::Incomplete(gone)
    })
}

fn restored_event(what: Restorable, restored: &Restored, now: Millis) -> NewEvent {
    let event = match what {
        Restorable::Tag(repository, tag) => NewEvent::within("restore", now, &repository).tag(&tag),
        Restorable::Manifest(repository, digest) => {
            NewEvent::within("restore", now, &repository).digest(digest)
        }
        Restorable::Repository(repository) => NewEvent::within("restore", now, &repository),
    };
    let (tags, manifests) = (restored.tags.len(), restored.manifests.len());
    event.detail(json!({ "tags": tags, "manifests": manifests }))
}

impl Index {
    /// Brings back what was deleted last, and leases it.
    pub async fn restore(&self, what: Restorable, terms: Lease) -> Result<Restoring, IndexError> {
        self.write(move |transaction| {
            Box::pin(async move {
                let done = restore(transaction, what.clone(), terms).await?;
                if let Restoring::Done(restored) = &done {
                    let event = restored_event(what, restored, terms.now);
                    transaction.event(event).await?;
                }
                Ok(done)
            })
        })
        .await
    }
}
