//! The schema, and the migrations from version to version.

use std::collections::HashSet;

use sqlx::{Connection, SqliteConnection};

use super::error::{SQL_ERROR, code, message};
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
    let is_new = names(&mut transaction).await?.is_empty();
    sqlx::query("CREATE TABLE IF NOT EXISTS schema_version (version BIGINT NOT NULL)")
        .execute(&mut *transaction)
        .await?;
    let done: Vec<i64> = sqlx::query_scalar("SELECT version FROM schema_version")
        .fetch_all(&mut *transaction)
        .await?;
    if done.is_empty() && !is_new {
        return Err(missing("table schema_version, or it is empty"));
    }
    let found = done.iter().copied().max().unwrap_or(0);
    let known = STEPS.last().map_or(0, |(version, _)| *version);
    if found > known {
        return Err(IndexError::Later { found, known });
    }
    for (version, step) in STEPS.iter().filter(|(version, _)| !done.contains(version)) {
        let applied = sqlx::raw_sql(*step).execute(&mut *transaction).await;
        applied.map_err(unexpected)?;
        if *version == WORDS {
            words::fill(&mut transaction).await?;
        }
        sqlx::query("INSERT INTO schema_version (version) VALUES ($1)")
            .bind(version)
            .execute(&mut *transaction)
            .await?;
    }
    let there = names(&mut transaction).await?;
    if let Some((kind, name)) = parts().find(|(_, name)| !there.contains(*name)) {
        return Err(missing(&format!("{kind} {name}")));
    }
    transaction.commit().await?;
    Ok(())
}

/// The tables, database indexes and triggers that the migrations create: the kind and the name of
/// each.
fn parts() -> impl Iterator<Item = (String, &'static str)> {
    let lines = STEPS.iter().flat_map(|(_, step)| step.lines());
    lines.filter_map(|line| {
        let mut words = line.strip_prefix("CREATE ")?.split([' ', '(']);
        let kind = words.find(|word| *word != "UNIQUE")?;
        Some((kind.to_lowercase(), words.next()?))
    })
}

/// The names of everything that the file contains.
async fn names(connection: &mut SqliteConnection) -> Result<HashSet<String>, IndexError> {
    let names = sqlx::query_scalar("SELECT name FROM sqlite_schema");
    Ok(names.fetch_all(connection).await?.into_iter().collect())
}

fn missing(what: &str) -> IndexError {
    IndexError::Malformed(format!("it has no {what}"))
}

/// A migration that does not fit to the tables: another program has changed them.
fn unexpected(error: sqlx::Error) -> IndexError {
    match code(&error) {
        Some(SQL_ERROR) => IndexError::Malformed(message(&error)),
        _ => error.into(),
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use sqlx::ConnectOptions;
    use sqlx::sqlite::SqliteConnectOptions;

    use super::*;

    async fn connect(file: &Path) -> SqliteConnection {
        let options = SqliteConnectOptions::new().filename(file);
        let options = options.create_if_missing(true).foreign_keys(false);
        options.connect().await.unwrap()
    }

    #[tokio::test]
    async fn a_part_that_is_missing_is_named() {
        let kinds: HashSet<String> = parts().map(|(kind, _)| kind).collect();
        let expected = ["table", "index", "trigger"].map(str::to_owned);
        assert_eq!(kinds, HashSet::from(expected));
        for (kind, name) in [
            ("table", "tags"),
            ("table", "schema_version"),
            ("table", "accounts"),
            ("index", "tags_by_manifest"),
            ("trigger", "tag_goes"),
        ] {
            let directory = tempfile::tempdir().unwrap();
            let file = directory.path().join("index.db");
            let mut connection = connect(&file).await;
            migrate(&mut connection).await.unwrap();
            migrate(&mut connection).await.unwrap();
            let drop = format!("DROP {kind} {name}");
            sqlx::raw_sql(sqlx::AssertSqlSafe(drop))
                .execute(&mut connection)
                .await
                .unwrap();
            let Err(IndexError::Malformed(what)) = migrate(&mut connection).await else {
                panic!("{name} is not missed");
            };
            assert!(what.contains(&format!("no {kind} {name}")), "{what}");
        }
    }
}
