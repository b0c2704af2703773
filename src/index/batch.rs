//! The rows that the statements of one transaction are about: a temporary table of the writer's
//! connection, so that the statements themselves stay the same.

use super::IndexError;
use super::writer::Transaction;
use sqlx::{QueryBuilder, Sqlite};

/// Tables of one connection: `going` are manifests that are taken for gone (empty where rows are
/// really taken), `batch` is what a statement is about.
pub(super) const TABLES: &str = "
CREATE TEMP TABLE going (id INTEGER PRIMARY KEY, round BIGINT NOT NULL);
CREATE TEMP TABLE batch (id INTEGER PRIMARY KEY);
";

impl Transaction {
    /// Puts these rows, and no others, into `batch`.
    pub(super) async fn fill_batch(&mut self, ids: &[i64]) -> Result<(), IndexError> {
        self.execute("DELETE FROM batch").await?;
        if ids.is_empty() {
            return Ok(());
        }
        let mut insert = QueryBuilder::<Sqlite>::new("INSERT INTO batch (id) ");
        insert.push_values(ids, |mut row, id| {
            row.push_bind(*id);
        });
        // As many texts as lengths: not worth keeping.
        let insert = insert.build().persistent(false);
        insert.execute(self.connection()).await?;
        Ok(())
    }

    /// The rows that are in `batch`, in order.
    pub(super) async fn batch(&mut self) -> Result<Vec<i64>, IndexError> {
        let ids = sqlx::query_scalar("SELECT id FROM batch ORDER BY id");
        Ok(ids.fetch_all(self.connection()).await?)
    }

    /// Runs a statement without parameters: how many rows it changed.
    pub(super) async fn execute(&mut self, statement: &'static str) -> Result<u64, IndexError> {
        let done = sqlx::query(statement).execute(self.connection()).await?;
        Ok(done.rows_affected())
    }
}
