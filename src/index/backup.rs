//! Copies of the database while it is in use.

use std::path::Path;
use std::time::Duration;

use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _};

use super::{Index, IndexError};

impl Index {
    /// Copies the index in `file` as it is at one moment into the new file `to`. Another process
    /// may use it and write to it in the meantime.
    ///
    /// A copy of the files themselves could be torn: SQLite moves rows from the log into the
    /// database while they are read (<https://sqlite.org/howtocorrupt.html>, section 1.2).
    pub async fn copy(file: &Path, to: &str) -> Result<(), IndexError> {
        let mut connection = SqliteConnectOptions::new()
            .filename(file)
            .read_only(true)
            .busy_timeout(Duration::from_secs(10))
            .disable_statement_logging()
            .connect()
            .await?;
        sqlx::query("VACUUM INTO $1")
            .bind(to)
            .execute(&mut connection)
            .await?;
        connection.close().await?;
        Ok(())
    }
}
