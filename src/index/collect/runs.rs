//! The history of collections.

use serde::{Deserialize, Serialize};
use serde_json::json;
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use super::super::events::NewEvent;
use super::super::{Index, IndexError, column};
use crate::clock::Millis;

/// Number of runs in the history.
const HISTORY: i64 = 50;

/// A run of a collection.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct CollectionRecord {
    /// When it began.
    pub started_at: Millis,
    /// When it ended; `None` while it runs, or if it was interrupted.
    pub ended_at: Option<Millis>,
    /// Who began it, as in events; `None` if it was not recorded.
    pub actor: Option<String>,
    /// Manifests that were deleted.
    pub manifests: u64,
    /// Blobs that were deleted.
    pub blobs: u64,
    /// Bytes of those.
    pub bytes: u64,
    /// Uploads that were deleted.
    pub uploads: u64,
    /// Why it failed, if it did.
    pub failure: Option<String>,
}

impl Index {
    /// Records the start of a collection and removes the oldest record. Returns the new row.
    pub async fn begin_collection(&self, now: Millis) -> Result<i64, IndexError> {
        self.write(move |transaction| {
            Box::pin(async move {
                let actor = transaction.context().caller.actor();
                let connection = transaction.connection();
                let id: i64 = sqlx::query_scalar(
                    "INSERT INTO collections (started_at, actor) VALUES ($1, $2) RETURNING id",
                )
                .bind(now)
                .bind(actor)
                .fetch_one(&mut *connection)
                .await?;
                sqlx::query("DELETE FROM collections WHERE id <= $1")
                    .bind(id - HISTORY)
                    .execute(connection)
                    .await?;
                Ok(id)
            })
        })
        .await
    }

    /// Records the end of a collection.
    pub async fn end_collection(
        &self,
        id: i64,
        record: CollectionRecord,
    ) -> Result<(), IndexError> {
        self.write(move |transaction| {
            Box::pin(async move {
                let at = record.ended_at.unwrap_or(record.started_at);
                let detail = json!({
                    "manifests": record.manifests,
                    "blobs": record.blobs,
                    "bytes": record.bytes,
                    "uploads": record.uploads,
                    "failure": record.failure,
                });
                transaction.event(NewEvent::new("collect", at).detail(detail));
                sqlx::query(
                    "UPDATE collections SET ended_at = $2, manifests = $3, blobs = $4, bytes = $5, \
                     uploads = $6, failure = $7 WHERE id = $1",
                )
                .bind(id)
                .bind(record.ended_at)
                .bind(column(record.manifests))
                .bind(column(record.blobs))
                .bind(column(record.bytes))
                .bind(column(record.uploads))
                .bind(record.failure)
                .execute(transaction.connection())
                .await?;
                Ok(())
            })
        })
        .await
    }

    /// The latest collections, newest first.
    pub async fn collections(&self, limit: usize) -> Result<Vec<CollectionRecord>, IndexError> {
        let rows = sqlx::query(
            "SELECT started_at, ended_at, actor, manifests, blobs, bytes, uploads, failure \
             FROM collections ORDER BY id DESC LIMIT $1",
        )
        .bind(column(limit as u64))
        .fetch_all(&self.readers)
        .await?;
        rows.iter().map(record).collect()
    }
}

/// Reads a row back.
fn record(row: &SqliteRow) -> Result<CollectionRecord, IndexError> {
    let number = |name| row.try_get::<i64, _>(name).map(i64::unsigned_abs);
    Ok(CollectionRecord {
        started_at: row.try_get("started_at")?,
        ended_at: row.try_get("ended_at")?,
        actor: row.try_get("actor")?,
        manifests: number("manifests")?,
        blobs: number("blobs")?,
        bytes: number("bytes")?,
        uploads: number("uploads")?,
        failure: row.try_get("failure")?,
    })
}
