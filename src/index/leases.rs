//! Leases: how long a blob is kept because a client relies on its existence.
//!
//! A lease is extended only after half of its length has passed.

use sqlx::{QueryBuilder, Sqlite, SqliteConnection};

use super::{Index, IndexError, appends};
use crate::clock::Millis;
use crate::oci::{Digest, Repository};

/// The terms of a lease.
#[derive(Debug, Clone, Copy)]
pub struct Lease {
    /// The time that is recorded with pushed rows.
    pub now: Millis,
    /// The time by the steady clock: leases begin and end by it.
    pub steady: Millis,
    /// The time for the trash.
    pub trash: Millis,
    /// Its duration, in milliseconds.
    pub length: Millis,
}

impl Lease {
    /// The end of a lease that begins now.
    pub fn until(self) -> Millis {
        self.steady.saturating_add(self.length)
    }

    /// Leases that end after this time have more than half of their length left and are not
    /// extended.
    pub fn renew_before(self) -> Millis {
        self.steady.saturating_add(self.length / 2)
    }
}

/// Creates or extends a lease on a canonical digest. Returns its end.
pub(super) async fn ensure(
    connection: &mut SqliteConnection,
    canonical: &Digest,
    terms: Lease,
) -> Result<Millis, IndexError> {
    let taken: Option<Millis> = sqlx::query_scalar(
        "INSERT INTO leases (digest, expires_at) VALUES ($1, $2) \
         ON CONFLICT (digest) DO UPDATE SET expires_at = excluded.expires_at \
         WHERE leases.expires_at < $3 RETURNING expires_at",
    )
    .bind(canonical.to_string())
    .bind(terms.until())
    .bind(terms.renew_before())
    .fetch_optional(&mut *connection)
    .await?;
    match taken {
        Some(end) => Ok(end),
        // The existing lease lasts long enough.
        None => Ok(
            sqlx::query_scalar("SELECT expires_at FROM leases WHERE digest = $1")
                .bind(canonical.to_string())
                .fetch_one(connection)
                .await?,
        ),
    }
}

/// Creates or extends leases on canonical digests.
pub(super) async fn ensure_all(
    connection: &mut SqliteConnection,
    mut canonical: Vec<Digest>,
    terms: Lease,
) -> Result<(), IndexError> {
    canonical.sort_unstable();
    canonical.dedup();
    for size in appends::sizes(canonical.len()) {
        let mut take = QueryBuilder::<Sqlite>::new("INSERT INTO leases (digest, expires_at) ");
        take.push_values(canonical.drain(..size), |mut row, digest| {
            row.push_bind(digest.to_string()).push_bind(terms.until());
        });
        take.push(
            " ON CONFLICT (digest) DO UPDATE SET expires_at = excluded.expires_at \
             WHERE leases.expires_at < ",
        );
        take.push_bind(terms.renew_before());
        take.build().execute(&mut *connection).await?;
    }
    Ok(())
}

/// Maximum number of leases in one transaction.
const BATCH: i64 = 500;

impl Index {
    /// The end of the lease on a canonical digest, if there is one.
    pub async fn lease_end(&self, canonical: &Digest) -> Result<Option<Millis>, IndexError> {
        let end = sqlx::query_scalar("SELECT expires_at FROM leases WHERE digest = $1")
            .bind(canonical.to_string())
            .fetch_optional(&self.readers)
            .await?;
        Ok(end)
    }

    /// Extends the leases on the blobs of a repository.
    pub async fn extend_leases(&self, name: Repository, terms: Lease) -> Result<(), IndexError> {
        self.write(move |transaction| {
            Box::pin(async move {
                sqlx::query(
                    "UPDATE leases SET expires_at = $1 WHERE expires_at > $2 AND expires_at < $3 \
                     AND digest IN (SELECT b.digest FROM repositories r \
                       JOIN repository_blobs l ON l.repository_id = r.id \
                       JOIN blobs b ON b.id = l.blob_id WHERE r.name = $4)",
                )
                .bind(terms.until())
                .bind(terms.steady)
                .bind(terms.renew_before())
                .bind(name.as_str())
                .execute(transaction.connection())
                .await?;
                Ok(())
            })
        })
        .await
    }

    /// Ends all leases. Returns them with their ends.
    pub async fn end_leases(&self) -> Result<Vec<(String, Millis)>, IndexError> {
        self.write(|transaction| {
            Box::pin(async move {
                Ok(
                    sqlx::query_as("DELETE FROM leases RETURNING digest, expires_at")
                        .fetch_all(transaction.connection())
                        .await?,
                )
            })
        })
        .await
    }

    /// Restores leases that [`Index::end_leases`] has ended.
    pub async fn restore_leases(&self, leases: Vec<(String, Millis)>) -> Result<(), IndexError> {
        self.write(move |transaction| {
            Box::pin(async move {
                for (digest, end) in leases {
                    sqlx::query(
                        "INSERT INTO leases (digest, expires_at) VALUES ($1, $2) \
                         ON CONFLICT (digest) DO UPDATE SET expires_at = excluded.expires_at \
                         WHERE leases.expires_at < excluded.expires_at",
                    )
                    .bind(digest)
                    .bind(end)
                    .execute(transaction.connection())
                    .await?;
                }
                Ok(())
            })
        })
        .await
    }

    /// Removes ended leases, at most [`BATCH`]. Returns how many.
    pub async fn drop_ended_leases(&self, now: Millis) -> Result<u64, IndexError> {
        self.write(move |transaction| {
            Box::pin(async move {
                let done = sqlx::query(
                    "DELETE FROM leases WHERE digest IN \
                     (SELECT digest FROM leases WHERE expires_at <= $1 LIMIT $2)",
                )
                .bind(now)
                .bind(BATCH)
                .execute(transaction.connection())
                .await?;
                Ok(done.rows_affected())
            })
        })
        .await
    }

    /// A page, after `last`, of the canonical digests of blobs added at `now` or later that no
    /// manifest references and no lease holds.
    pub async fn unleased_blobs(&self, last: &str, now: Millis) -> Result<Vec<String>, IndexError> {
        let digests = sqlx::query_scalar(
            "SELECT b.digest FROM candidates c JOIN blobs b ON b.id = c.blob_id \
             WHERE b.digest > $1 AND b.created_at >= $2 AND NOT EXISTS \
               (SELECT 1 FROM leases l WHERE l.digest = b.digest AND l.expires_at > $2) \
             ORDER BY b.digest LIMIT $3",
        )
        .bind(last)
        .bind(now)
        .bind(BATCH)
        .fetch_all(&self.readers)
        .await?;
        Ok(digests)
    }

    /// Creates leases on canonical digests, each with its own end.
    pub async fn lease_until(&self, ends: Vec<(Digest, Millis)>) -> Result<(), IndexError> {
        let ends = ends.into_iter();
        self.restore_leases(
            ends.map(|(digest, end)| (digest.to_string(), end))
                .collect(),
        )
        .await
    }
}
