//! Rows of the index, for states that clients would take hours to make, or can't make.

use sqlx::{Connection as _, SqliteConnection};

use super::Server;

impl Server {
    /// Executes a statement on the index of the running server.
    pub(crate) fn write_index(&self, statement: &str) {
        let address = format!("sqlite://{}", self.root().join("regctl/index.db").display());
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(async {
            let mut connection = SqliteConnection::connect(&address).await.unwrap();
            let statement = sqlx::AssertSqlSafe(statement.to_owned());
            sqlx::query(statement)
                .execute(&mut connection)
                .await
                .unwrap();
            connection.close().await.unwrap();
        });
    }
}
