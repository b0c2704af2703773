//! Restores deletions from the trash.
//!
//! A deletion is restored as a whole; from a deleted repository also one manifest with its
//! children, its referrers and their tags. A restore is planned in one transaction and done in
//! several, so that other writers get their turn; each checks again.

use std::sync::Arc;

use serde_json::json;

use super::restore_plan::{Part, plan};
use super::{Restorable, RestoreOutcome, Restored};
use crate::clock::Millis;
use crate::index::events::NewEvent;
use crate::index::writer::Transaction;
use crate::index::{
    Index, IndexError, LayoutChange, Lease, blobs, column, leases, parsed, repositories, tags,
};
use crate::oci::{Digest, Repository, Tag};

/// Maximum number of manifests restored in one transaction.
const MANIFESTS_AT_ONCE: usize = 16;
/// Maximum number of tags restored in one transaction.
const TAGS: usize = 32;

/// Blobs that the manifests in `batch` reference, that were readable and whose rows are deleted.
pub(super) const GONE: &str = "SELECT DISTINCT f.digest FROM batch y \
    CROSS JOIN trash_references f WHERE f.manifest_id = y.id AND f.linked \
    AND NOT EXISTS (SELECT 1 FROM blobs b WHERE b.digest = f.digest) \
    AND NOT EXISTS (SELECT 1 FROM digest_aliases a WHERE a.digest = f.digest) ORDER BY 1";

/// Like [`GONE`], for all manifests of the deletion `$1`.
const GONE_OF_ALL: &str = "SELECT DISTINCT f.digest FROM trash_manifests y \
    CROSS JOIN trash_references f WHERE y.trash_id = $1 AND f.manifest_id = y.id AND f.linked \
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
    ON CONFLICT (repository_id, digest) DO NOTHING \
    RETURNING digest, (SELECT b.digest FROM blobs b WHERE b.id = manifests.blob_id)";

const REFERENCES: &str = "INSERT INTO manifest_references (manifest_id, digest, kind) \
    SELECT m.id, f.digest, f.kind FROM batch y CROSS JOIN trash_manifests x CROSS JOIN manifests m \
    CROSS JOIN trash_references f WHERE x.id = y.id AND m.repository_id = $1 \
    AND m.digest = x.digest AND f.manifest_id = x.id AND f.kind <> 'link' \
    ON CONFLICT DO NOTHING";

/// A restored repository gets back the time of its last push.
const PUSHED: &str = "UPDATE repositories SET pushed_at = (SELECT MAX(at) FROM ( \
      SELECT MAX(t.updated_at) AS at FROM tags t WHERE t.repository_id = $1 \
      UNION ALL SELECT MAX(m.pushed_at) FROM manifests m WHERE m.repository_id = $1 \
      UNION ALL SELECT r.pushed_at FROM repositories r WHERE r.id = $1) x) WHERE id = $1";

/// Removes the deletion `$1` if nothing of it can be restored any more: no manifest, and no tag whose
/// manifest lives or is in the trash.
pub(super) const REMOVE_EMPTY: &str = "DELETE FROM trash WHERE id = $1 \
    AND NOT EXISTS (SELECT 1 FROM trash_manifests m WHERE m.trash_id = trash.id) \
    AND NOT EXISTS (SELECT 1 FROM trash_tags y WHERE y.trash_id = trash.id \
      AND (EXISTS (SELECT 1 FROM trash_manifests m \
          WHERE m.digest = y.digest AND m.repository = trash.repository) \
        OR EXISTS (SELECT 1 FROM repositories r CROSS JOIN manifests m \
          WHERE r.name = trash.repository AND m.repository_id = r.id AND m.digest = y.digest)))";

/// Restores the manifests in `batch` with their links and references, and leases them.
pub(super) async fn restore_manifests(
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
    let rows: Vec<(String, String)> = sqlx::query_as(MANIFESTS)
        .bind(id)
        .fetch_all(transaction.connection())
        .await?;
    sqlx::query(REFERENCES)
        .bind(id)
        .execute(transaction.connection())
        .await?;
    let mut restored = Vec::with_capacity(rows.len());
    let mut held = Vec::with_capacity(rows.len());
    for (digest, canonical) in rows {
        let (digest, canonical) = (parsed("digest", &digest)?, parsed("digest", &canonical)?);
        held.push(canonical);
        let repository = repository.clone();
        changes.push(LayoutChange::RevisionLinked {
            repository,
            digest,
            canonical,
        });
        restored.push(digest);
    }
    leases::ensure_all(transaction.connection(), held, terms).await?;
    restored.sort_unstable();
    transaction.journal_all(changes);
    Ok(restored)
}

/// Which tags of a deletion are set.
#[derive(Debug, Clone, Copy)]
enum Which {
    All,
    /// Those of the manifests in `batch`.
    Batch,
    /// Those of this manifest, which may have come back before.
    Of(Digest),
}

/// Sets the next tags of a deletion, and removes them from the trash. Returns whether there may be
/// more.
async fn set_tags(
    transaction: &mut Transaction,
    repository: &Repository,
    deletion: i64,
    which: Which,
    restored: &mut Restored,
) -> Result<bool, IndexError> {
    let connection = transaction.connection();
    let Some(id) = repositories::find(connection, repository).await? else {
        return Ok(false);
    };
    let rows: Vec<(String, String, i64, i64)> = sqlx::query_as(
        "SELECT t.name, t.digest, t.updated_at, m.id FROM trash_tags t \
         JOIN manifests m ON m.repository_id = $2 AND m.digest = t.digest \
         WHERE t.trash_id = $1 AND ($3 OR t.digest = $4 OR ($4 IS NULL AND t.digest IN \
           (SELECT x.digest FROM batch y CROSS JOIN trash_manifests x WHERE x.id = y.id))) \
         ORDER BY t.name LIMIT $5",
    )
    .bind(deletion)
    .bind(id)
    .bind(matches!(which, Which::All))
    .bind(match which {
        Which::Of(digest) => Some(digest.to_string()),
        Which::All | Which::Batch => None,
    })
    .bind(column(TAGS as u64))
    .fetch_all(connection)
    .await?;
    let more = rows.len() == TAGS;
    for (name, digest, updated_at, manifest) in rows {
        let (tag, digest): (Tag, Digest) = (parsed("tag", &name)?, parsed("digest", &digest)?);
        let connection = transaction.connection();
        match tags::find(connection, id, &tag).await? {
            None => {
                tags::set(connection, id, &tag, manifest, updated_at).await?;
                let (repository, set) = (repository.clone(), tag.clone());
                transaction.journal(LayoutChange::TagSet {
                    repository,
                    tag: set,
                    digest,
                });
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
    Ok(more)
}

/// Parses the digests of missing blobs.
pub(super) fn digests(rows: &[String]) -> Result<Vec<Digest>, IndexError> {
    rows.iter().map(|text| parsed("digest", text)).collect()
}

/// The result of one transaction of a restore.
enum Step {
    /// Some was restored; true if the same manifests have more tags.
    Done(Restored, bool),
    /// Blobs are missing. Nothing was changed.
    Gone(Vec<Digest>),
}

/// Restores some manifests of a deletion with some of their tags.
async fn step(
    transaction: &mut Transaction,
    repository: &Repository,
    deletion: i64,
    ids: &[i64],
    terms: Lease,
) -> Result<Step, IndexError> {
    transaction.fill_batch(ids).await?;
    let gone: Vec<String> = sqlx::query_scalar(GONE)
        .fetch_all(transaction.connection())
        .await?;
    if !gone.is_empty() {
        return Ok(Step::Gone(digests(&gone)?));
    }
    let mut restored = Restored {
        manifests: restore_manifests(transaction, repository, terms).await?,
        ..Restored::default()
    };
    let more = set_tags(
        transaction,
        repository,
        deletion,
        Which::Batch,
        &mut restored,
    )
    .await?;
    if !more {
        transaction
            .execute("DELETE FROM trash_manifests WHERE id IN (SELECT id FROM batch)")
            .await?;
    }
    Ok(Step::Done(restored, more))
}

/// Ends the restore of a part: sets the remaining tags of a whole deletion or of its one manifest,
/// and removes an empty deletion.
async fn finish(
    transaction: &mut Transaction,
    repository: &Repository,
    part: &Part,
) -> Result<Step, IndexError> {
    let mut restored = Restored::default();
    let which = part.only.map_or(Which::All, Which::Of);
    if set_tags(transaction, repository, part.deletion, which, &mut restored).await? {
        return Ok(Step::Done(restored, true));
    }
    if let Some(id) = repositories::find(transaction.connection(), repository).await? {
        sqlx::query(PUSHED)
            .bind(id)
            .execute(transaction.connection())
            .await?;
    }
    sqlx::query(REMOVE_EMPTY)
        .bind(part.deletion)
        .execute(transaction.connection())
        .await?;
    Ok(Step::Done(restored, false))
}

/// Writes the event of one transaction of a restore, unless it restored nothing.
fn note(transaction: &mut Transaction, what: &Restorable, restored: &Restored, now: Millis) {
    let (tags, manifests) = (restored.tags.len(), restored.manifests.len());
    if tags + manifests == 0 {
        return;
    }
    let event = match what {
        Restorable::Tag(repository, tag) => NewEvent::within("restore", now, repository).tag(tag),
        Restorable::Manifest(repository, digest) => {
            NewEvent::within("restore", now, repository).digest(*digest)
        }
        Restorable::Repository(repository) => NewEvent::within("restore", now, repository),
    };
    let event = event.detail(json!({ "tags": tags, "manifests": manifests }));
    transaction.event(event);
}

impl Index {
    /// Restores the latest deletion of something, and leases it.
    pub async fn restore(
        &self,
        what: Restorable,
        terms: Lease,
    ) -> Result<RestoreOutcome, IndexError> {
        let repository = what.repository().clone();
        let asked = Arc::new(what.clone());
        let planned = self.write(move |transaction| Box::pin(plan(transaction, what, terms.trash)));
        let parts = match planned.await? {
            Ok(parts) => parts,
            Err(refused) => return Ok(refused),
        };
        for part in &parts {
            let gone = self.missing_blobs_of(part).await?;
            if !gone.is_empty() {
                return Ok(RestoreOutcome::Incomplete(gone));
            }
        }
        let mut restored = Restored::default();
        for part in parts {
            let deletion = part.deletion;
            for ids in part.manifests.chunks(MANIFESTS_AT_ONCE) {
                loop {
                    let (name, ids) = (repository.clone(), ids.to_vec());
                    let asked = Arc::clone(&asked);
                    let done = self.write(move |transaction| {
                        Box::pin(async move {
                            let done = step(transaction, &name, deletion, &ids, terms).await?;
                            if let Step::Done(restored, _) = &done {
                                note(transaction, &asked, restored, terms.now);
                            }
                            Ok(done)
                        })
                    });
                    match done.await? {
                        Step::Gone(gone) => return Ok(RestoreOutcome::Incomplete(gone)),
                        Step::Done(some, more) => {
                            restored.extend(some);
                            if !more {
                                break;
                            }
                        }
                    }
                }
            }
            let part = Arc::new(part);
            loop {
                let (name, part) = (repository.clone(), Arc::clone(&part));
                let asked = Arc::clone(&asked);
                let done = self.write(move |transaction| {
                    Box::pin(async move {
                        let done = finish(transaction, &name, &part).await?;
                        if let Step::Done(restored, _) = &done {
                            note(transaction, &asked, restored, terms.now);
                        }
                        Ok(done)
                    })
                });
                if let Step::Done(some, more) = done.await? {
                    restored.extend(some);
                    if more {
                        continue;
                    }
                }
                break;
            }
        }
        Ok(RestoreOutcome::Done(restored))
    }

    /// Missing blobs that a part needs.
    async fn missing_blobs_of(&self, part: &Part) -> Result<Vec<Digest>, IndexError> {
        if part.only.is_some() {
            // The plan has checked them.
            return Ok(Vec::new());
        }
        let gone: Vec<String> = sqlx::query_scalar(GONE_OF_ALL)
            .bind(part.deletion)
            .fetch_all(&self.readers)
            .await?;
        digests(&gone)
    }
}

impl Restored {
    fn extend(&mut self, other: Self) {
        self.tags.extend(other.tags);
        self.manifests.extend(other.manifests);
        self.moved.extend(other.moved);
    }
}
