//! The sizes of repositories, counted after changes, so that a list can be sorted by them.

use sqlx::{QueryBuilder, Sqlite};

use super::super::{Index, IndexError, column};

impl Index {
    /// Counts the bytes of repositories that have changed since they were counted, at most `limit`.
    /// Returns how many were counted; fewer than `limit` if no others have changed.
    pub async fn measure_repositories(&self, limit: usize) -> Result<usize, IndexError> {
        let counted: Vec<(i64, i64, i64)> = sqlx::query_as(
            "SELECT u.repository_id, u.mark, ( \
               SELECT COALESCE(SUM(b.size), 0) FROM blobs b WHERE b.id IN ( \
                 SELECT m.blob_id FROM manifests m WHERE m.repository_id = u.repository_id \
                 UNION SELECT c.id FROM manifests m \
                   JOIN manifest_references f ON f.manifest_id = m.id \
                   JOIN blobs c ON c.digest = f.digest WHERE m.repository_id = u.repository_id)) \
             FROM (SELECT repository_id, mark FROM unmeasured_repositories LIMIT $1) u",
        )
        .bind(column(limit as u64))
        .fetch_all(&self.readers)
        .await?;
        let number = counted.len();
        if number == 0 {
            return Ok(0);
        }
        self.write(move |transaction| {
            Box::pin(async move {
                let mut update =
                    QueryBuilder::<Sqlite>::new("UPDATE repositories SET bytes = v.column2 FROM (");
                update.push_values(&counted, |mut row, (repository, _, bytes)| {
                    row.push_bind(*repository).push_bind(*bytes);
                });
                update.push(") v WHERE id = v.column1");
                let update = update.build().persistent(number == limit);
                update.execute(transaction.connection()).await?;
                // A change during the count sets another mark, so that the repository is counted
                // again.
                let mut delete = QueryBuilder::<Sqlite>::new(
                    "DELETE FROM unmeasured_repositories WHERE (repository_id, mark) IN (",
                );
                delete.push_values(&counted, |mut row, (repository, mark, _)| {
                    row.push_bind(*repository).push_bind(*mark);
                });
                delete.push(")");
                let delete = delete.build().persistent(number == limit);
                delete.execute(transaction.connection()).await?;
                Ok(())
            })
        })
        .await?;
        Ok(number)
    }
}
