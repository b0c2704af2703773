//! Restores the children of an index that were deleted while it was being pushed.
//!
//! A client that was told that a child exists does not push it again. If the child was deleted since,
//! by whomever, it comes back in the transaction that adds the index: with its own children and the
//! referrers that were deleted with it, but without tags. What was deleted before the time of a
//! lease stays in the trash: nobody relies on an answer that old.

use std::collections::HashMap;

use serde_json::json;

use super::restore::{REMOVE_EMPTY, restore_manifests};
use crate::index::events::NewEvent;
use crate::index::many::manifest_ids;
use crate::index::writer::Transaction;
use crate::index::{Index, IndexError, Lease, NewManifest, parsed};
use crate::oci::{Digest, Repository};

/// The blobs of the deleted manifest `x` are all there.
macro_rules! complete {
    () => {
        "EXISTS (SELECT 1 FROM blobs o WHERE o.id = x.blob_id AND o.quarantined_at IS NULL) \
         AND NOT EXISTS (SELECT 1 FROM trash_references g WHERE g.manifest_id = x.id AND g.linked \
           AND NOT EXISTS (SELECT 1 FROM blobs b WHERE b.digest = g.digest) \
           AND NOT EXISTS (SELECT 1 FROM digest_aliases a WHERE a.digest = g.digest))"
    };
}

/// The manifest `x` in the trash was deleted from the repository `$2` after `$3`, and can be
/// restored at `$4`.
macro_rules! recent {
    () => {
        concat!(
            "x.repository = $2 AND t.id = x.trash_id AND t.deleted_at > $3 AND t.expires_at > $4 AND ",
            complete!()
        )
    };
}

/// Recently deleted children of the manifests `$1`, a JSON array of rows, that are absent; the
/// latest deletion of each last.
const ABSENT: &str = concat!(
    "SELECT f.digest, x.id FROM json_each($1) y CROSS JOIN manifest_references f \
     CROSS JOIN trash_manifests x CROSS JOIN trash t \
     WHERE f.manifest_id = y.value AND f.kind = 'manifest' AND x.digest = f.digest \
     AND NOT EXISTS (SELECT 1 FROM manifests c \
       WHERE c.repository_id = $5 AND c.digest = f.digest) AND ",
    recent!(),
    " ORDER BY x.id"
);

/// Those of the digests `$1`, a JSON array, that were deleted recently.
const AMONG: &str = concat!(
    "SELECT DISTINCT x.digest FROM json_each($1) y CROSS JOIN trash_manifests x \
     CROSS JOIN trash t WHERE x.digest = y.value AND ",
    recent!()
);

/// Adds the referrers that were deleted together with the manifests in `batch`.
const REFERRERS: &str = concat!(
    "INSERT INTO batch SELECT x.id FROM trash_manifests x WHERE x.subject IS NOT NULL \
     AND x.trash_id IN (SELECT m.trash_id FROM batch y CROSS JOIN trash_manifests m \
       WHERE m.id = y.id) \
     AND EXISTS (SELECT 1 FROM trash_manifests m WHERE m.trash_id = x.trash_id \
       AND m.digest = x.subject AND m.id IN (SELECT id FROM batch)) \
     AND x.id NOT IN (SELECT id FROM batch) AND ",
    complete!()
);

const DELETIONS: &str = "SELECT DISTINCT m.trash_id FROM batch y CROSS JOIN trash_manifests m \
    WHERE m.id = y.id";

/// Deletions after this time can be undone by a push.
fn since(terms: Lease) -> i64 {
    terms.trash.saturating_sub(terms.length)
}

/// Restores what was recently deleted of the children of `manifest`, the row of `index`.
pub(in crate::index) async fn restore_children(
    transaction: &mut Transaction,
    index: &NewManifest,
    repository: i64,
    manifest: i64,
    terms: Lease,
) -> Result<(), IndexError> {
    let name = &index.repository;
    let mut parents = vec![manifest];
    let mut count = 0;
    loop {
        let absent: Vec<(String, i64)> = sqlx::query_as(ABSENT)
            .bind(json!(parents).to_string())
            .bind(name.as_str())
            .bind(since(terms))
            .bind(terms.trash)
            .bind(repository)
            .fetch_all(transaction.connection())
            .await?;
        if absent.is_empty() {
            break;
        }
        let latest: HashMap<String, i64> = absent.into_iter().collect();
        let latest: Vec<i64> = latest.into_values().collect();
        transaction.fill_batch(&latest).await?;
        while transaction.execute(REFERRERS).await? > 0 {}
        let deletions: Vec<i64> = sqlx::query_scalar(DELETIONS)
            .fetch_all(transaction.connection())
            .await?;
        let restored = restore_manifests(transaction, name, terms).await?;
        transaction
            .execute("DELETE FROM trash_manifests WHERE id IN (SELECT id FROM batch)")
            .await?;
        for deletion in deletions {
            sqlx::query(REMOVE_EMPTY)
                .bind(deletion)
                .execute(transaction.connection())
                .await?;
        }
        count += restored.len();
        let rows = manifest_ids(transaction.connection(), repository, &restored).await?;
        parents = rows.into_values().collect();
    }
    if count > 0 {
        let restored = NewEvent::within("restore", terms.now, name)
            .digest(index.digest)
            .detail(json!({ "by": "push", "tags": 0, "manifests": count }));
        transaction.event(restored);
    }
    Ok(())
}

impl Index {
    /// Those of some absent manifests that come back if an index with them is pushed.
    pub async fn recently_deleted(
        &self,
        repository: &Repository,
        digests: &[Digest],
        terms: Lease,
    ) -> Result<Vec<Digest>, IndexError> {
        let found: Vec<String> = sqlx::query_scalar(AMONG)
            .bind(json!(digests).to_string())
            .bind(repository.as_str())
            .bind(since(terms))
            .bind(terms.trash)
            .fetch_all(&self.readers)
            .await?;
        found.iter().map(|text| parsed("digest", text)).collect()
    }
}
