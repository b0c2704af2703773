//! Search among repositories, and the descriptions in its results.
//!
//! A term is searched in names and descriptions, ignoring case. Exact names come first, then names
//! whose last component is the term, names that begin with it, and the rest; equal matches are
//! sorted by stars, then by name. Without a term every repository matches.

use sqlx::{AssertSqlSafe, SqliteConnection};

use super::events::NewEvent;
use super::matches::{Match, Matches};
use super::visible::{PUSHED, Visible};
use super::{Index, IndexError, column, parsed, repositories, words};
use crate::clock::Millis;
use crate::oci::{Repository, Visibility};

/// Characters of a description that are searched.
const SEARCHED: usize = 2000;
/// Characters of the summary that a result shows.
const SUMMARY: usize = 100;

/// Matches are counted up to this number.
const COUNTED: usize = 1000;

/// A result of a search.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundByTerm {
    /// Its name.
    pub name: Repository,
    /// The first line of its description; empty without one.
    pub summary: String,
    /// How many accounts have starred it.
    pub stars: u64,
}

/// A page of the results.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SearchPage {
    /// The results of this page.
    pub found: Vec<FoundByTerm>,
    /// Number of results on all pages, up to 1000.
    pub total: u64,
}

type Row = (String, String, i64);

/// The columns of a result for a repository `r`.
const SHOWN: &str = "SELECT r.name, \
     COALESCE((SELECT d.summary FROM descriptions d WHERE d.repository_id = r.id), ''), \
     r.star_count ";

fn rows(rows: Vec<Row>) -> Result<Vec<FoundByTerm>, IndexError> {
    rows.into_iter()
        .map(|(name, summary, stars)| {
            Ok(FoundByTerm {
                name: parsed("repository name", &name)?,
                summary,
                stars: stars.unsigned_abs(),
            })
        })
        .collect()
}

impl Index {
    /// Searches among visible repositories that have a manifest.
    ///
    /// Matches are counted up to 1000, and are read in the order of the results until the page is
    /// full. So a term that most names contain costs no more than a rare one. Descriptions are
    /// found by their words.
    pub async fn search(
        &self,
        visibility: &Visibility,
        term: &str,
        offset: usize,
        limit: usize,
    ) -> Result<SearchPage, IndexError> {
        let term = term.trim().to_lowercase();
        // SQLite would end the pattern there.
        if term.contains('\0') {
            return Ok(SearchPage::default());
        }
        let mut connection = self.readers.acquire().await?;
        if term.is_empty() {
            return everything(&mut connection, visibility, offset, limit).await;
        }
        let matches = Matches::new(visibility, &term);
        let (mut found, total) = matches
            .find(&mut connection, COUNTED, offset + limit)
            .await?;
        found.sort();
        let last = limit.min(total.saturating_sub(offset));
        let page: Vec<Match> = found.into_iter().skip(offset).take(last).collect();
        let mut results = Vec::with_capacity(page.len());
        for one in page {
            let summary: Option<String> =
                sqlx::query_scalar("SELECT summary FROM descriptions WHERE repository_id = $1")
                    .bind(one.id)
                    .fetch_optional(&mut *connection)
                    .await?;
            results.push(FoundByTerm {
                name: parsed("repository name", &one.name)?,
                summary: summary.unwrap_or_default(),
                stars: one.stars.0.unsigned_abs(),
            });
        }
        Ok(SearchPage {
            found: results,
            total: total as u64,
        })
    }

    /// Describes a repository; an empty text removes the description. Returns false if the
    /// repository is unknown.
    pub async fn describe(
        &self,
        name: Repository,
        text: String,
        now: Millis,
    ) -> Result<bool, IndexError> {
        self.write(move |transaction| {
            Box::pin(async move {
                let connection = transaction.connection();
                let Some(id) = repositories::find(connection, &name).await? else {
                    return Ok(false);
                };
                sqlx::query("DELETE FROM descriptions WHERE repository_id = $1")
                    .bind(id)
                    .execute(&mut *connection)
                    .await?;
                let searched: String = text.chars().take(SEARCHED).collect();
                let searched = searched.to_lowercase();
                words::replace(connection, id, &searched).await?;
                let described = NewEvent::within("describe", now, &name);
                if text.trim().is_empty() {
                    transaction.event(described);
                    return Ok(true);
                }
                sqlx::query(
                    "INSERT INTO descriptions (repository_id, summary, text, searched, updated_at) \
                     VALUES ($1, $2, $3, $4, $5)",
                )
                .bind(id)
                .bind(summary(&text))
                .bind(&text)
                .bind(searched)
                .bind(now)
                .execute(connection)
                .await?;
                transaction.event(described);
                Ok(true)
            })
        })
        .await
    }

    /// The description of a repository.
    pub async fn description(&self, name: &Repository) -> Result<Option<String>, IndexError> {
        let text = sqlx::query_scalar(
            "SELECT d.text FROM descriptions d \
             JOIN repositories r ON r.id = d.repository_id WHERE r.name = $1",
        )
        .bind(name.as_str())
        .fetch_optional(&self.readers)
        .await?;
        Ok(text)
    }
}

/// The first line that is not empty, without heading marks.
fn summary(text: &str) -> String {
    let lines = text
        .lines()
        .map(|line| line.trim().trim_start_matches('#').trim());
    let first = lines
        .into_iter()
        .find(|line| !line.is_empty())
        .unwrap_or_default();
    first.chars().take(SUMMARY).collect()
}

/// All repositories: those with stars, then the rest by name. Neither part is sorted as a whole.
async fn everything(
    connection: &mut SqliteConnection,
    visibility: &Visibility,
    offset: usize,
    limit: usize,
) -> Result<SearchPage, IndexError> {
    let visible = Visible::new(visibility, 1);
    let count = format!(
        "SELECT COUNT(*) FROM repositories r WHERE {PUSHED} AND {}",
        visible.condition
    );
    let mut query = sqlx::query_scalar(AssertSqlSafe(count));
    for value in &visible.values {
        query = query.bind(value);
    }
    let total: i64 = query.fetch_one(&mut *connection).await?;

    let starred = format!(
        "{SHOWN} FROM repositories r WHERE r.star_count > 0 \
         AND {PUSHED} AND {} ORDER BY star_count DESC, r.name",
        visible.condition
    );
    let mut query = sqlx::query_as(AssertSqlSafe(starred));
    for value in &visible.values {
        query = query.bind(value);
    }
    let starred: Vec<Row> = query.fetch_all(&mut *connection).await?;
    let past_stars = offset.saturating_sub(starred.len());
    let mut found: Vec<Row> = starred.into_iter().skip(offset).take(limit).collect();

    if found.len() < limit {
        let visible = Visible::new(visibility, 3);
        let rest = format!(
            "{SHOWN} FROM repositories r \
             WHERE r.star_count = 0 \
             AND {PUSHED} AND {} ORDER BY r.name LIMIT $1 OFFSET $2",
            visible.condition
        );
        let mut query = sqlx::query_as(AssertSqlSafe(rest))
            .bind(column((limit - found.len()) as u64))
            .bind(column(past_stars as u64));
        for value in visible.values {
            query = query.bind(value);
        }
        found.extend(query.fetch_all(&mut *connection).await?);
    }
    Ok(SearchPage {
        found: rows(found)?,
        total: total.unsigned_abs(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_summary_is_the_first_line_with_text() {
        assert_eq!(summary("\n\n# The app\n\nMore."), "The app");
        assert_eq!(summary("  plain  "), "plain");
        assert_eq!(summary(&"ü".repeat(300)).chars().count(), SUMMARY);
        assert_eq!(summary("#\n"), "");
    }
}
