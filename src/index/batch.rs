//! The rows that the statements of one transaction work on, in a temporary table of the writer's
//! connection. The text of the statements stays the same.

use super::IndexError;
use super::writer::Transaction;
use sqlx::{QueryBuilder, Sqlite};

/// Number of rows of a statement: the number of its parameters is limited.
const AT_ONCE: usize = 10_000;

/// Tables of one connection: manifests in `planned_manifests` count as deleted (it is empty outside a plan),
/// `batch` holds the rows that a statement works on.
pub(super) const TABLES: &str = "
CREATE TEMP TABLE planned_manifests (id INTEGER PRIMARY KEY, round BIGINT NOT NULL);
CREATE TEMP TABLE batch (id INTEGER PRIMARY KEY);
";

impl Transaction {
    /// Replaces the content of `batch` with these rows.
    pub(super) async fn fill_batch(&mut self, ids: &[i64]) -> Result<(), IndexError> {
        self.execute("DELETE FROM batch").await?;
        for some in ids.chunks(AT_ONCE) {
            let mut insert = QueryBuilder::<Sqlite>::new("INSERT INTO batch (id) ");
            insert.push_values(some, |mut row, id| {
                row.push_bind(*id);
            });
            // The text differs with the number of rows, so it is not kept as a prepared statement.
            let insert = insert.build().persistent(false);
            insert.execute(self.connection()).await?;
        }
        Ok(())
    }

    /// The rows in `batch`, in order.
    pub(super) async fn batch(&mut self) -> Result<Vec<i64>, IndexError> {
        let ids = sqlx::query_scalar("SELECT id FROM batch ORDER BY id");
        Ok(ids.fetch_all(self.connection()).await?)
    }

    /// Runs a statement without parameters. Returns the number of changed rows.
    pub(super) async fn execute(&mut self, statement: &'static str) -> Result<u64, IndexError> {
        let done = sqlx::query(statement).execute(self.connection()).await?;
        Ok(done.rows_affected())
    }
}
