//! The total size of the blobs on each day, for a chart of their growth.

use super::{Index, IndexError, column};

/// All blobs at the last count of a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StoredOnDay {
    /// The day, in days since 1970 (UTC).
    pub day: i64,
    /// Bytes of all blobs.
    pub bytes: u64,
    /// Number of blobs.
    pub blobs: u64,
}

impl Index {
    /// Records the number and bytes of all blobs for this day (in days since 1970). Replaces an
    /// earlier record of the day.
    pub async fn record_stored(&self, day: i64) -> Result<(), IndexError> {
        let (bytes, blobs): (i64, i64) =
            sqlx::query_as("SELECT COALESCE(SUM(size), 0), COUNT(*) FROM blobs")
                .fetch_one(&self.readers)
                .await?;
        self.write(move |transaction| {
            Box::pin(async move {
                sqlx::query(
                    "INSERT INTO stored_bytes (day, bytes, blobs) VALUES ($1, $2, $3) \
                     ON CONFLICT (day) DO UPDATE SET bytes = excluded.bytes, blobs = excluded.blobs",
                )
                .bind(day)
                .bind(bytes)
                .bind(blobs)
                .execute(transaction.connection())
                .await?;
                Ok(())
            })
        })
        .await
    }

    /// The latest recorded days, at most `limit`, earliest first.
    pub async fn stored_by_day(&self, limit: usize) -> Result<Vec<StoredOnDay>, IndexError> {
        let rows: Vec<(i64, i64, i64)> =
            sqlx::query_as("SELECT day, bytes, blobs FROM stored_bytes ORDER BY day DESC LIMIT $1")
                .bind(column(limit as u64))
                .fetch_all(&self.readers)
                .await?;
        let days = rows.into_iter().rev();
        Ok(days
            .map(|(day, bytes, blobs)| StoredOnDay {
                day,
                bytes: bytes.unsigned_abs(),
                blobs: blobs.unsigned_abs(),
            })
            .collect())
    }
}
