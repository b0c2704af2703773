//! When manifests were last pulled, and how often.

use super::{Index, IndexError, column};
use crate::clock::Millis;
use crate::oci::{Digest, Repository};

/// Milliseconds of a day.
const DAY: Millis = 24 * 60 * 60 * 1000;

impl Index {
    /// Adds the pulls counted until `now`.
    pub async fn save_pulls(
        &self,
        pulls: Vec<(Repository, Digest, u64)>,
        now: Millis,
    ) -> Result<(), IndexError> {
        self.write(move |transaction| {
            Box::pin(async move {
                for (repository, digest, times) in pulls {
                    sqlx::query(
                        "UPDATE repositories SET pull_count = pull_count + $2 WHERE name = $1",
                    )
                    .bind(repository.as_str())
                    .bind(column(times))
                    .execute(transaction.connection())
                    .await?;
                    sqlx::query(
                        "INSERT INTO repository_pulls (repository_id, day, times) \
                         SELECT id, $2, $3 FROM repositories WHERE name = $1 \
                         ON CONFLICT (repository_id, day) \
                         DO UPDATE SET times = repository_pulls.times + excluded.times",
                    )
                    .bind(repository.as_str())
                    .bind(now / DAY)
                    .bind(column(times))
                    .execute(transaction.connection())
                    .await?;
                    // A clock that was set back does not undo a later pull: retention goes by it.
                    sqlx::query(
                        "UPDATE manifests SET pull_count = pull_count + $4, \
                         pulled_at = CASE WHEN pulled_at > $3 THEN pulled_at ELSE $3 END \
                         WHERE repository_id = (SELECT id FROM repositories WHERE name = $1) \
                         AND digest = $2",
                    )
                    .bind(repository.as_str())
                    .bind(digest.to_string())
                    .bind(now)
                    .bind(column(times))
                    .execute(transaction.connection())
                    .await?;
                }
                Ok(())
            })
        })
        .await
    }

    /// When a manifest was last pulled, and how often; `None` if it is unknown or was never pulled.
    pub async fn pulls(
        &self,
        repository: &Repository,
        digest: &Digest,
    ) -> Result<Option<(Millis, u64)>, IndexError> {
        let row: Option<(Option<i64>, i64)> = sqlx::query_as(
            "SELECT m.pulled_at, m.pull_count FROM manifests m \
             JOIN repositories r ON r.id = m.repository_id WHERE r.name = $1 AND m.digest = $2",
        )
        .bind(repository.as_str())
        .bind(digest.to_string())
        .fetch_optional(&self.readers)
        .await?;
        Ok(row.and_then(|(at, times)| Some((at?, times.unsigned_abs()))))
    }
}
