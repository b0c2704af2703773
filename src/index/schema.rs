//! The schema, and the migrations from version to version.

use sqlx::{Connection, SqliteConnection};

use super::IndexError;

/// Each migration once, in order. A released migration is never changed.
const STEPS: &[&str] = &[
    include_str!("migrations/0001_relations.sql"),
    include_str!("migrations/0002_collection.sql"),
    include_str!("migrations/0003_damaged.sql"),
    include_str!("migrations/0004_visibility.sql"),
    include_str!("migrations/0005_accounts.sql"),
    include_str!("migrations/0006_browse.sql"),
    include_str!("migrations/0007_events.sql"),
    include_str!("migrations/0008_sessions.sql"),
    include_str!("migrations/0009_journal_times.sql"),
    include_str!("migrations/0017_outside_identities.sql"),
];

/// Brings the schema up to date, each migration in its own transaction.
pub(super) async fn migrate(connection: &mut SqliteConnection) -> Result<(), IndexError> {
    sqlx::query("CREATE TABLE IF NOT EXISTS schema_version (version BIGINT NOT NULL)")
        .execute(&mut *connection)
        .await?;
    let found: Option<i64> = sqlx::query_scalar("SELECT MAX(version) FROM schema_version")
        .fetch_one(&mut *connection)
        .await?;
    let found = found.unwrap_or(0);
    let known = i64::try_from(STEPS.len()).unwrap_or(i64::MAX);
    if found > known {
        return Err(IndexError::Later { found, known });
    }
    for (version, step) in (1..).zip(STEPS).filter(|(version, _)| *version > found) {
        let mut transaction = connection.begin().await?;
        sqlx::raw_sql(*step).execute(&mut *transaction).await?;
        sqlx::query("INSERT INTO schema_version (version) VALUES ($1)")
            .bind(version)
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await?;
    }
    Ok(())
}
