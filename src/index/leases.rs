//! Leases: until when a blob stays because somebody was told that it is there.
//!
//! Coalesced: one that has more than half of its length left is not written again.

use sqlx::SqliteConnection;

use super::{Index, IndexError};
use crate::clock::Millis;
use crate::oci::{Digest, Repository};

/// How long an answer that a blob is there binds.
#[derive(Debug, Clone, Copy)]
pub struct Lease {
    /// The time at which it is given.
    pub now: Millis,
    /// For how long, in milliseconds.
    pub length: Millis,
}

impl Lease {
    /// When a lease that is taken now ends.
    pub fn until(self) -> Millis {
        self.now.saturating_add(self.length)
    }

    /// Leases that end after this are left as they are: more than half is left of them.
    pub fn enough(self) -> Millis {
        self.now.saturating_add(self.length / 2)
    }
}

/// Takes or extends a lease on a canonical digest: when it ends.
pub(super) async fn take(
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
    .bind(terms.enough())
    .fetch_optional(&mut *connection)
    .await?;
    match taken {
        Some(end) => Ok(end),
        // Enough of it was left.
        None => Ok(
            sqlx::query_scalar("SELECT expires_at FROM leases WHERE digest = $1")
                .bind(canonical.to_string())
                .fetch_one(connection)
                .await?,
        ),
    }
}

/// Leases that are worked on in one transaction.
const SOME: i64 = 500;

impl Index {
    /// When the lease on a canonical digest ends, if there is one.
    pub async fn lease_end(&self, canonical: &Digest) -> Result<Option<Millis>, IndexError> {
        let end = sqlx::query_scalar("SELECT expires_at FROM leases WHERE digest = $1")
            .bind(canonical.to_string())
            .fetch_optional(&self.readers)
            .await?;
        Ok(end)
    }

    /// Extends the leases that are held on blobs of a repository.
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
                .bind(terms.now)
                .bind(terms.enough())
                .bind(name.as_str())
                .execute(transaction.connection())
                .await?;
                Ok(())
            })
        })
        .await
    }

    /// Ends all leases: those that have ended by this.
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

    /// Takes leases again that were ended.
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

    /// Forgets leases that have ended, at most [`SOME`]: how many.
    pub async fn drop_ended_leases(&self, now: Millis) -> Result<u64, IndexError> {
        self.write(move |transaction| {
            Box::pin(async move {
                let done = sqlx::query(
                    "DELETE FROM leases WHERE digest IN \
                     (SELECT digest FROM leases WHERE expires_at <= $1 LIMIT $2)",
                )
                .bind(now)
                .bind(SOME)
                .execute(transaction.connection())
                .await?;
                Ok(done.rows_affected())
            })
        })
        .await
    }

    /// Canonical digests of some blobs after `last` that have come at `now` or later, and that no
    /// manifest refers to and no lease holds.
    pub async fn unheld_blobs(&self, last: &str, now: Millis) -> Result<Vec<String>, IndexError> {
        let digests = sqlx::query_scalar(
            "SELECT b.digest FROM candidates c JOIN blobs b ON b.id = c.blob_id \
             WHERE b.digest > $1 AND b.created_at >= $2 AND NOT EXISTS \
               (SELECT 1 FROM leases l WHERE l.digest = b.digest AND l.expires_at > $2) \
             ORDER BY b.digest LIMIT $3",
        )
        .bind(last)
        .bind(now)
        .bind(SOME)
        .fetch_all(&self.readers)
        .await?;
        Ok(digests)
    }

    /// Takes leases on canonical digests, each with its own end.
    pub async fn lease_until(&self, ends: Vec<(Digest, Millis)>) -> Result<(), IndexError> {
        self.write(move |transaction| {
            Box::pin(async move {
                for (digest, end) in ends {
                    sqlx::query(
                        "INSERT INTO leases (digest, expires_at) VALUES ($1, $2) \
                         ON CONFLICT (digest) DO UPDATE SET expires_at = excluded.expires_at \
                         WHERE leases.expires_at < excluded.expires_at",
                    )
                    .bind(digest.to_string())
                    .bind(end)
                    .execute(transaction.connection())
                    .await?;
                }
                Ok(())
            })
        })
        .await
    }
}
