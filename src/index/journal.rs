//! The journal: changes that committed transactions request of the layout. A row stays until a sync
//! of the store covers it.

use super::writer::Transaction;
use super::{Index, IndexError, JournalEntry, column};
use crate::clock::Millis;

/// Rows removed in one transaction, so that other writers get their turn.
const ROWS: u64 = 2000;

impl Index {
    /// The rows of the journal, in order.
    pub async fn journal(&self) -> Result<Vec<JournalEntry>, IndexError> {
        let rows = sqlx::query_as("SELECT id, change FROM journal ORDER BY id")
            .fetch_all(&self.readers)
            .await?;
        entries(rows)
    }

    /// When the last row of the journal was noted, by the system's clock.
    pub async fn last_noted(&self) -> Result<Millis, IndexError> {
        let last: Option<Millis> = sqlx::query_scalar("SELECT MAX(noted_at) FROM journal")
            .fetch_one(&self.readers)
            .await?;
        Ok(last.unwrap_or_default())
    }

    /// Passes the journal rows that `select` returns to the observer again, in order with the
    /// commits. Returns once the layout shows them.
    pub async fn replay_journal(
        &self,
        select: fn(Vec<JournalEntry>) -> Vec<JournalEntry>,
    ) -> Result<(), IndexError> {
        self.write(move |transaction| {
            Box::pin(async move {
                let rows = sqlx::query_as("SELECT id, change FROM journal ORDER BY id")
                    .fetch_all(transaction.connection())
                    .await?;
                transaction.replay(select(entries(rows)?));
                Ok(())
            })
        })
        .await
    }

    /// Removes the rows before `before`, except `kept`: the layout shows them durably.
    pub async fn remove_journal_rows(&self, before: i64, kept: &[i64]) -> Result<(), IndexError> {
        loop {
            let kept = kept.to_vec();
            let forgotten = self
                .write(move |transaction| {
                    Box::pin(async move { forget(transaction, before, &kept).await })
                })
                .await?;
            if forgotten < ROWS {
                return Ok(());
            }
        }
    }
}

async fn forget(
    transaction: &mut Transaction,
    before: i64,
    kept: &[i64],
) -> Result<u64, IndexError> {
    transaction.fill_batch(kept).await?;
    let done = sqlx::query(
        "DELETE FROM journal WHERE id IN (SELECT id FROM journal WHERE id < $1 \
         AND id NOT IN (SELECT id FROM batch) ORDER BY id LIMIT $2)",
    )
    .bind(before)
    .bind(column(ROWS))
    .execute(transaction.connection())
    .await?;
    Ok(done.rows_affected())
}

fn entries(rows: Vec<(i64, String)>) -> Result<Vec<JournalEntry>, IndexError> {
    rows.into_iter()
        .map(|(id, text)| {
            let change = serde_json::from_str(&text).map_err(|_| IndexError::Damaged {
                what: "journal entry",
                value: text,
            })?;
            Ok(JournalEntry { id, change })
        })
        .collect()
}
