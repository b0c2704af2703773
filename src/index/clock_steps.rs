//! What a clock that was set changes in the index, as `clock` describes it.

use sqlx::{QueryBuilder, Sqlite};

use super::{Index, IndexError, Lease};
use crate::clock::Millis;

/// The setting with the time of day minus the steady time, as the last process knew it.
const AHEAD: &str = "clock_ahead";
/// The two clocks are not read at the same moment: below this they do not differ, in milliseconds.
const UNSTEADY: Millis = 1000;
/// A lease that ends later than this was made by a clock that was ahead, in milliseconds from now. It
/// exceeds any sensible duration, since that may have been configured otherwise then.
const LONGEST_LEASE: Millis = 7 * 24 * 60 * 60 * 1000;
/// Maximum number of manifests corrected in one transaction.
const BATCH: i64 = 512;

/// The clock was set.
#[derive(Debug, Clone, Copy)]
pub struct ClockStep {
    /// The start of the process, by the clock as it was before.
    pub began: Millis,
    /// The moment of the step, by the clock as it was before.
    pub until: Millis,
    /// How far it was set: forward, or back if negative.
    pub by: Millis,
    /// The time of day minus the steady time since then.
    pub ahead: Millis,
    /// The time that [`Index::correct_manifests`] has written by a clock that was late.
    pub corrected: Option<Millis>,
}

impl Index {
    /// Converts the steady times of the last process to those of this one, in which the time of day
    /// is `ahead` of the steady time. They are never moved back: a clock that was set back may have
    /// been put right since, and the moved times would have ended.
    pub async fn continue_steady_times(&self, ahead: Millis) -> Result<(), IndexError> {
        let last = self.setting(AHEAD).await?;
        let last: Millis = last.and_then(|text| text.parse().ok()).unwrap_or_default();
        let by = last.saturating_sub(ahead);
        if by.abs() < UNSTEADY {
            return Ok(());
        }
        self.write(move |transaction| {
            Box::pin(async move {
                for statement in [
                    "UPDATE leases SET expires_at = expires_at + $1 WHERE $1 > 0",
                    "UPDATE uploads SET started_at = started_at + $1, updated_at = updated_at + $1 \
                     WHERE $1 > 0",
                ] {
                    sqlx::query(statement)
                        .bind(by)
                        .execute(transaction.connection())
                        .await?;
                }
                transaction.set_setting(AHEAD, ahead.to_string()).await
            })
        })
        .await
    }

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
                for (statement, now) in [
                    (
                        "UPDATE uploads SET updated_at = $1 WHERE updated_at > $1",
                        terms.steady,
                    ),
                    (
                        "UPDATE trash SET deleted_at = $1, \
                         expires_at = expires_at - deleted_at + $1 WHERE deleted_at > $1",
                        terms.now,
                    ),
                ] {
                    sqlx::query(statement)
                        .bind(now)
                        .execute(transaction.connection())
                        .await?;
                }
                Ok(())
            })
        })
        .await
    }

    /// Moves deletions and corrected times with the clock, and saves its difference to the steady
    /// time.
    ///
    /// A clock that is set forward was late before: whatever could still be restored by it moves,
    /// except a deletion in its future, which another clock made. One that is set back was ahead for
    /// this process at least: only its own deletions move, since those of others would end early.
    pub async fn follow_step(&self, step: ClockStep) -> Result<(), IndexError> {
        self.write(move |transaction| {
            Box::pin(async move {
                sqlx::query(
                    "UPDATE trash SET deleted_at = deleted_at + $3, expires_at = expires_at + $3 \
                     WHERE deleted_at <= $2 \
                     AND CASE WHEN $3 > 0 THEN expires_at > $2 ELSE deleted_at >= $1 END",
                )
                .bind(step.began)
                .bind(step.until)
                .bind(step.by)
                .execute(transaction.connection())
                .await?;
                if let Some(corrected) = step.corrected {
                    for statement in [
                        "UPDATE manifests SET pulled_at = $1 + $2 WHERE pulled_at = $1",
                        "UPDATE manifests SET pushed_at = $1 + $2 WHERE pushed_at = $1",
                    ] {
                        sqlx::query(statement)
                            .bind(corrected)
                            .bind(step.by)
                            .execute(transaction.connection())
                            .await?;
                    }
                }
                transaction.set_setting(AHEAD, step.ahead.to_string()).await
            })
        })
        .await
    }

    /// Sets pushes and pulls of manifests in the future to `now`: otherwise nothing would collect the
    /// manifests until then. Returns whether there were any.
    pub async fn correct_manifests(&self, now: Millis) -> Result<bool, IndexError> {
        let (mut last, mut found) = (0, false);
        loop {
            let ids: Vec<i64> = sqlx::query_scalar(
                "SELECT id FROM manifests WHERE id > $1 AND (pushed_at > $2 OR pulled_at > $2) \
                 ORDER BY id LIMIT $3",
            )
            .bind(last)
            .bind(now)
            .bind(BATCH)
            .fetch_all(&self.readers)
            .await?;
            let Some(end) = ids.last().copied() else {
                return Ok(found);
            };
            (last, found) = (end, true);
            self.write(move |transaction| {
                Box::pin(async move {
                    for column in ["pushed_at", "pulled_at"] {
                        let mut correct = QueryBuilder::<Sqlite>::new("UPDATE manifests SET ");
                        correct.push(column).push(" = ").push_bind(now);
                        correct.push(" WHERE ").push(column).push(" > ");
                        correct.push_bind(now).push(" AND id IN (");
                        let mut separated = correct.separated(", ");
                        for id in &ids {
                            separated.push_bind(*id);
                        }
                        correct.push(")");
                        let correct = correct.build().persistent(false);
                        correct.execute(transaction.connection()).await?;
                    }
                    Ok(())
                })
            })
            .await?;
        }
    }
}
