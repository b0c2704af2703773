//! The schema, and the migrations from version to version.

use sqlx::{Connection, SqliteConnection};

use super::{IndexError, words};

/// The migration after which the words of existing descriptions are stored.
const WORDS: i64 = 14;

/// Each migration with its number, in order. A released migration never changes. Numbers need not
/// be consecutive: the applied ones are recorded.
const STEPS: &[(i64, &str)] = &[
    (1, include_str!("migrations/0001_relations.sql")),
    (2, include_str!("migrations/0002_collection.sql")),
    (3, include_str!("migrations/0003_damaged.sql")),
    (4, include_str!("migrations/0004_visibility.sql")),
    (5, include_str!("migrations/0005_accounts.sql")),
    (6, include_str!("migrations/0006_browse.sql")),
    (7, include_str!("migrations/0007_events.sql")),
    (8, include_str!("migrations/0008_sessions.sql")),
    (9, include_str!("migrations/0009_journal_times.sql")),
    (10, include_str!("migrations/0010_refusals.sql")),
    (11, include_str!("migrations/0011_outside_identities.sql")),
    (12, include_str!("migrations/0012_storage.sql")),
    (13, include_str!("migrations/0013_sizes.sql")),
    (WORDS, include_str!("migrations/0014_search.sql")),
    (15, include_str!("migrations/0015_stars.sql")),
    (16, include_str!("migrations/0016_retention_rules.sql")),
];

/// Applies the missing migrations in one transaction: a new index waits for one sync and not for one
/// a migration, and after a failure the index has the version that it had.
pub(super) async fn migrate(connection: &mut SqliteConnection) -> Result<(), IndexError> {
    let mut transaction = connection.begin().await?;
    sqlx::query("CREATE TABLE IF NOT EXISTS schema_version (version BIGINT NOT NULL)")
        .execute(&mut *transaction)
        .await?;
    let done: Vec<i64> = sqlx::query_scalar("SELECT version FROM schema_version")
        .fetch_all(&mut *transaction)
        .await?;
    let found = done.iter().copied().max().unwrap_or(0);
    let known = STEPS.last().map_or(0, |(version, _)| *version);
    if found > known {
        return Err(IndexError::Later { found, known });
    }
    for (version, step) in STEPS.iter().filter(|(version, _)| !done.contains(version)) {
        sqlx::raw_sql(*step).execute(&mut *transaction).await?;
        if *version == WORDS {
            words::fill(&mut transaction).await?;
        }
        sqlx::query("INSERT INTO schema_version (version) VALUES ($1)")
            .bind(version)
            .execute(&mut *transaction)
            .await?;
    }
    transaction.commit().await?;
    Ok(())
}
