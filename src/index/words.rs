//! The words of descriptions, which searches use.
//!
//! A word is a run of letters and digits. Words are stored in the transaction of the description.
//! Words that are in no description any more are deleted when a description changes; those of a
//! deleted repository stay until then and match nothing.

use std::collections::BTreeSet;

use sqlx::SqliteConnection;

use super::{IndexError, column};

/// A word with more links to repositories than this is too common to search by: reading the
/// descriptions in order soon finds enough.
pub(super) const COMMON: usize = if cfg!(test) { 20 } else { 20_000 };

/// The words of a text that is in lower case.
fn words(text: &str) -> BTreeSet<&str> {
    pieces(text).collect()
}

fn pieces(text: &str) -> impl Iterator<Item = &str> {
    text.split(|letter: char| !letter.is_alphanumeric())
        .filter(|word| !word.is_empty())
}

/// The longest word of a term. Every match has a word that contains it.
pub(super) fn longest(term: &str) -> Option<&str> {
    pieces(term).max_by_key(|word| word.len())
}

/// Replaces the words of a repository by those of `searched`.
pub(super) async fn replace(
    connection: &mut SqliteConnection,
    repository: i64,
    searched: &str,
) -> Result<(), IndexError> {
    let old: Vec<i64> = sqlx::query_scalar(
        "DELETE FROM description_words WHERE repository_id = $1 RETURNING word_id",
    )
    .bind(repository)
    .fetch_all(&mut *connection)
    .await?;
    add(connection, repository, searched).await?;
    for word in old {
        sqlx::query(
            "DELETE FROM words WHERE id = $1 \
             AND NOT EXISTS (SELECT 1 FROM description_words l WHERE l.word_id = $1)",
        )
        .bind(word)
        .execute(&mut *connection)
        .await?;
    }
    Ok(())
}

async fn add(
    connection: &mut SqliteConnection,
    repository: i64,
    searched: &str,
) -> Result<(), IndexError> {
    for word in words(searched) {
        sqlx::query("INSERT INTO words (word) VALUES ($1) ON CONFLICT (word) DO NOTHING")
            .bind(word)
            .execute(&mut *connection)
            .await?;
        sqlx::query(
            "INSERT INTO description_words (word_id, repository_id) \
             SELECT id, $2 FROM words WHERE word = $1",
        )
        .bind(word)
        .bind(repository)
        .execute(&mut *connection)
        .await?;
    }
    Ok(())
}

/// Stores the words of descriptions that an earlier version wrote.
pub(super) async fn fill(connection: &mut SqliteConnection) -> Result<(), IndexError> {
    let mut last = -1_i64;
    loop {
        let rows: Vec<(i64, String)> = sqlx::query_as(
            "SELECT repository_id, searched FROM descriptions WHERE repository_id > $1 \
             ORDER BY repository_id LIMIT 1000",
        )
        .bind(last)
        .fetch_all(&mut *connection)
        .await?;
        let Some((end, _)) = rows.last() else {
            return Ok(());
        };
        last = *end;
        for (repository, searched) in &rows {
            add(connection, *repository, searched).await?;
        }
    }
}

/// Whether the words that are like a pattern link to more than [`COMMON`] repositories.
pub(super) async fn are_common(
    connection: &mut SqliteConnection,
    pattern: &str,
) -> Result<bool, IndexError> {
    // The order of a `CROSS JOIN` is kept by SQLite: the words first, of which few match.
    let count: i64 = sqlx::query_scalar(
        "SELECT COUNT(*) FROM (SELECT 1 FROM words w \
         CROSS JOIN description_words l \
         WHERE l.word_id = w.id AND w.word LIKE $1 ESCAPE '\\' LIMIT $2) AS links",
    )
    .bind(pattern)
    .bind(column(COMMON as u64 + 1))
    .fetch_one(connection)
    .await?;
    Ok(count > column(COMMON as u64))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_runs_of_letters_and_digits() {
        let found: Vec<&str> = words("the app, v2 — für alle: app/web_1")
            .into_iter()
            .collect();
        assert_eq!(found, ["1", "alle", "app", "für", "the", "v2", "web"]);
        assert!(words(" --- ").is_empty());
        assert_eq!(longest("my payment app"), Some("payment"));
        assert_eq!(longest("--"), None);
    }
}
