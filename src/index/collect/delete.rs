//! Deletes planned rows in batches, one transaction each, which checks the holds again.

use super::super::writer::Transaction;
use super::super::{Index, IndexError, LayoutChange, parsed};
use super::{CollectTerms, PlannedBlob, PlannedManifest};
use crate::oci::Repository;

async fn run_with(
    transaction: &mut Transaction,
    statement: &'static str,
    terms: CollectTerms,
) -> Result<(), IndexError> {
    sqlx::query_with(statement, terms.arguments()?)
        .execute(transaction.connection())
        .await?;
    Ok(())
}

async fn delete_blobs(
    transaction: &mut Transaction,
    ids: Vec<i64>,
    terms: CollectTerms,
) -> Result<Vec<i64>, IndexError> {
    transaction.fill_batch(&ids).await?;
    run_with(
        transaction,
        concat!(
            "DELETE FROM batch WHERE id NOT IN (SELECT b.id FROM batch x \
             CROSS JOIN blobs b CROSS JOIN candidates c \
             WHERE b.id = x.id AND c.blob_id = b.id AND c.condemned_at IS NOT NULL AND ",
            free_blob!(),
            ")"
        ),
        terms,
    )
    .await?;
    let links: Vec<(String, String)> = sqlx::query_as(
        "SELECT r.name, b.digest FROM batch x CROSS JOIN blobs b CROSS JOIN repository_blobs l \
         CROSS JOIN repositories r \
         WHERE b.id = x.id AND l.blob_id = b.id AND r.id = l.repository_id \
         UNION ALL SELECT r.name, a.digest FROM batch x CROSS JOIN digest_aliases a \
         CROSS JOIN repository_blobs l CROSS JOIN repositories r \
         WHERE a.blob_id = x.id AND l.blob_id = x.id AND r.id = l.repository_id",
    )
    .fetch_all(transaction.connection())
    .await?;
    let digests: Vec<String> =
        sqlx::query_scalar("SELECT b.digest FROM batch x CROSS JOIN blobs b WHERE b.id = x.id")
            .fetch_all(transaction.connection())
            .await?;
    transaction
        .execute("DELETE FROM blobs WHERE id IN (SELECT id FROM batch)")
        .await?;
    let mut changes = Vec::with_capacity(links.len() + digests.len());
    for (repository, digest) in links {
        changes.push(LayoutChange::LayerUnlinked {
            repository: parsed("repository name", &repository)?,
            digest: parsed("digest", &digest)?,
        });
    }
    for digest in digests {
        changes.push(LayoutChange::BlobRemoved {
            digest: parsed("digest", &digest)?,
        });
    }
    transaction.journal_all(changes);
    transaction.batch().await
}

async fn delete_manifests(
    transaction: &mut Transaction,
    ids: Vec<i64>,
    terms: CollectTerms,
) -> Result<Vec<i64>, IndexError> {
    transaction.fill_batch(&ids).await?;
    run_with(
        transaction,
        concat!(
            "DELETE FROM batch WHERE id NOT IN (SELECT m.id FROM batch x \
             CROSS JOIN manifests m WHERE m.id = x.id AND ",
            free_manifest!(),
            " AND ",
            kept_manifest!(),
            " IS NULL)"
        ),
        terms,
    )
    .await?;
    let tags: Vec<(String, String)> = sqlx::query_as(
        "SELECT r.name, t.name FROM batch x CROSS JOIN tags t CROSS JOIN repositories r \
         WHERE t.manifest_id = x.id AND r.id = t.repository_id",
    )
    .fetch_all(transaction.connection())
    .await?;
    let revisions: Vec<(String, String)> = sqlx::query_as(
        "SELECT r.name, m.digest FROM batch x CROSS JOIN manifests m CROSS JOIN repositories r \
         WHERE m.id = x.id AND r.id = m.repository_id",
    )
    .fetch_all(transaction.connection())
    .await?;
    for statement in [
        "DELETE FROM tags WHERE manifest_id IN (SELECT id FROM batch)",
        "DELETE FROM manifests WHERE id IN (SELECT id FROM batch)",
    ] {
        transaction.execute(statement).await?;
    }
    let mut changes = Vec::with_capacity(tags.len() + revisions.len());
    for (repository, tag) in tags {
        changes.push(LayoutChange::TagRemoved {
            repository: parsed("repository name", &repository)?,
            tag: parsed("tag", &tag)?,
        });
    }
    for (repository, digest) in revisions {
        changes.push(LayoutChange::RevisionUnlinked {
            repository: parsed("repository name", &repository)?,
            digest: parsed("digest", &digest)?,
        });
    }
    transaction.journal_all(changes);
    transaction.batch().await
}

impl Index {
    /// Condemns unreferenced blobs: the first of two checks.
    pub async fn condemn(
        &self,
        blobs: &[PlannedBlob],
        terms: CollectTerms,
    ) -> Result<(), IndexError> {
        let ids: Vec<i64> = blobs.iter().map(|blob| blob.id).collect();
        self.write(move |transaction| {
            Box::pin(async move {
                transaction.fill_batch(&ids).await?;
                run_with(
                    transaction,
                    concat!(
                        "UPDATE candidates SET condemned_at = $1 WHERE blob_id IN \
                         (SELECT b.id FROM batch x CROSS JOIN blobs b WHERE b.id = x.id AND ",
                        free_blob!(),
                        ")"
                    ),
                    terms,
                )
                .await
            })
        })
        .await
    }

    /// Deletes condemned, unreferenced blobs with their links. Returns the deleted ones.
    pub async fn delete_garbage_blobs(
        &self,
        blobs: &[PlannedBlob],
        terms: CollectTerms,
    ) -> Result<Vec<PlannedBlob>, IndexError> {
        let ids = blobs.iter().map(|blob| blob.id).collect();
        let deleted = self
            .write(move |transaction| Box::pin(delete_blobs(transaction, ids, terms)))
            .await?;
        let is_deleted = |blob: &&PlannedBlob| deleted.binary_search(&blob.id).is_ok();
        Ok(blobs.iter().filter(is_deleted).cloned().collect())
    }

    /// Deletes manifests that nothing holds. Returns the deleted ones.
    pub async fn delete_garbage_manifests(
        &self,
        manifests: &[PlannedManifest],
        terms: CollectTerms,
    ) -> Result<Vec<PlannedManifest>, IndexError> {
        let ids = manifests.iter().map(|manifest| manifest.id).collect();
        let deleted = self
            .write(move |transaction| Box::pin(delete_manifests(transaction, ids, terms)))
            .await?;
        let is_deleted = |manifest: &&PlannedManifest| deleted.binary_search(&manifest.id).is_ok();
        Ok(manifests.iter().filter(is_deleted).cloned().collect())
    }

    /// Removes candidates that a plan found to be held.
    pub async fn dismiss_candidates(
        &self,
        blobs: Vec<i64>,
        manifests: Vec<i64>,
    ) -> Result<(), IndexError> {
        self.write(move |transaction| {
            Box::pin(async move {
                let always = CollectTerms {
                    now: i64::MIN,
                    steady: i64::MIN,
                    trash: i64::MIN,
                    untagged: None,
                    pulled: i64::MIN,
                };
                transaction.fill_batch(&blobs).await?;
                run_with(
                    transaction,
                    concat!(
                        "DELETE FROM candidates WHERE blob_id IN (SELECT b.id FROM batch x \
                         CROSS JOIN blobs b WHERE b.id = x.id AND NOT (",
                        unrelated_blob!(),
                        "))"
                    ),
                    always,
                )
                .await?;
                transaction.fill_batch(&manifests).await?;
                transaction
                    .execute(concat!(
                        "DELETE FROM candidate_manifests WHERE manifest_id IN (SELECT m.id \
                         FROM batch x CROSS JOIN manifests m WHERE m.id = x.id AND ",
                        related_manifest!(),
                        ")"
                    ))
                    .await?;
                Ok(())
            })
        })
        .await
    }

    /// Deletes a repository if it is empty. Returns whether it was.
    pub async fn delete_empty_repository(
        &self,
        repository: Repository,
        terms: CollectTerms,
    ) -> Result<bool, IndexError> {
        self.write(move |transaction| {
            Box::pin(async move {
                let gone = sqlx::query_with(
                    concat!(
                        "DELETE FROM repositories WHERE id IN (SELECT r.id FROM repositories r \
                         WHERE r.name = $5 AND ",
                        empty_repository!(),
                        ")"
                    ),
                    terms.arguments()?,
                )
                .bind(repository.as_str())
                .execute(transaction.connection())
                .await?;
                if gone.rows_affected() > 0 {
                    transaction.journal(LayoutChange::RepositoryRemoved { repository });
                    return Ok(true);
                }
                Ok(false)
            })
        })
        .await
    }
}
