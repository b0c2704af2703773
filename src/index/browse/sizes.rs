//! The sizes of repositories, counted after changes, so that a list can be sorted by them.

use super::super::{Index, IndexError, column};

impl Index {
    /// Counts the bytes of repositories that have changed since they were counted, at most `limit`.
    /// Returns how many were counted; fewer than `limit` if no others have changed.
    pub async fn measure_repositories(&self, limit: usize) -> Result<usize, IndexError> {
        let changed: Vec<(i64, i64)> =
            sqlx::query_as("SELECT repository_id, mark FROM unmeasured_repositories LIMIT $1")
                .bind(column(limit as u64))
                .fetch_all(&self.readers)
                .await?;
        let mut counted = Vec::with_capacity(changed.len());
        for (repository, mark) in changed {
            let bytes: i64 = sqlx::query_scalar(
                "SELECT COALESCE(SUM(b.size), 0) FROM blobs b WHERE b.id IN ( \
                   SELECT m.blob_id FROM manifests m WHERE m.repository_id = $1 \
                   UNION SELECT c.id FROM manifests m \
                     JOIN manifest_references f ON f.manifest_id = m.id \
                     JOIN blobs c ON c.digest = f.digest WHERE m.repository_id = $1)",
            )
            .bind(repository)
            .fetch_one(&self.readers)
            .await?;
            counted.push((repository, mark, bytes));
        }
        let number = counted.len();
        if number == 0 {
            return Ok(0);
        }
        self.write(move |transaction| {
            Box::pin(async move {
                for (repository, mark, bytes) in counted {
                    sqlx::query("UPDATE repositories SET bytes = $2 WHERE id = $1")
                        .bind(repository)
                        .bind(bytes)
                        .execute(transaction.connection())
                        .await?;
                    // A change during the count sets another mark, so that the repository is
                    // counted again.
                    sqlx::query(
                        "DELETE FROM unmeasured_repositories WHERE repository_id = $1 AND mark = $2",
                    )
                    .bind(repository)
                    .bind(mark)
                    .execute(transaction.connection())
                    .await?;
                }
                Ok(())
            })
        })
        .await?;
        Ok(number)
    }
}
