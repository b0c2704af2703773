//! Corrects times in the index that a wrong clock wrote.

use super::{Index, IndexError, Lease};
use crate::clock::Millis;

/// A lease that ends later than this was made by a clock that was ahead, in milliseconds from now. It
/// exceeds any sensible duration, since that may have been configured otherwise then.
const LONGEST_LEASE: Millis = 7 * 24 * 60 * 60 * 1000;

impl Index {
    /// Shortens what a clock that was ahead has prolonged: leases end after the duration of a lease,
    /// uploads have received data now at the latest, and deletions are restorable as long as if they
    /// had just been made.
    pub async fn correct_future(&self, terms: Lease) -> Result<(), IndexError> {
        self.write(move |transaction| {
            Box::pin(async move {
                sqlx::query("UPDATE leases SET expires_at = $1 WHERE expires_at > $2")
                    .bind(terms.until())
                    .bind(
                        terms
                            .until()
                            .max(terms.steady.saturating_add(LONGEST_LEASE)),
                    )
                    .execute(transaction.connection())
                    .await?;
                for statement in [
                    "UPDATE uploads SET updated_at = $1 WHERE updated_at > $1",
                    "UPDATE trash SET deleted_at = $1, expires_at = expires_at - deleted_at + $1 \
                     WHERE deleted_at > $1",
                ] {
                    sqlx::query(statement)
                        .bind(terms.now)
                        .execute(transaction.connection())
                        .await?;
                }
                Ok(())
            })
        })
        .await
    }

    /// Moves deletions made from `from` to `to` by `step`, after the clock was set.
    pub async fn move_trash(
        &self,
        from: Millis,
        to: Millis,
        step: Millis,
    ) -> Result<(), IndexError> {
        self.write(move |transaction| {
            Box::pin(async move {
                sqlx::query(
                    "UPDATE trash SET deleted_at = deleted_at + $3, expires_at = expires_at + $3 \
                     WHERE deleted_at >= $1 AND deleted_at <= $2",
                )
                .bind(from)
                .bind(to)
                .bind(step)
                .execute(transaction.connection())
                .await?;
                Ok(())
            })
        })
        .await
    }
}
