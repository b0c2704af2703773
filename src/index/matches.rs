//! The repositories that match a search term, in the order of its results.

use std::cmp::Reverse;

use sqlx::{AssertSqlSafe, SqliteConnection};

use super::repositories::SEPARATE_QUERIES;
use super::visible::{PUSHED, Visible};
use super::{IndexError, column, words};
use crate::oci::Visibility;

/// A repository that matches. Sorted as results are.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Match {
    /// 0 is the name itself, 1 its last component, 2 its beginning, 3 anything else.
    rank: i64,
    pub(super) stars: Reverse<i64>,
    pub(super) name: String,
    pub(super) id: i64,
}

/// Conditions that determine the rank of a match.
const LAST_COMPONENT: &str = "r.name LIKE $3 ESCAPE '\\'";
/// A range, which the index on names serves.
const BEGINNING: &str = "(r.name >= $2 AND r.name < $4)";
/// A name that contains the term.
const NAMED: &str = "r.name LIKE $1 ESCAPE '\\'";
/// A description that contains the term.
const DESCRIBED: &str = "EXISTS (SELECT 1 FROM descriptions d \
     WHERE d.repository_id = r.id AND d.searched LIKE $1 ESCAPE '\\')";
/// A description that has a word which contains the longest word of the term. A search begins with
/// these repositories, unless a '+' precedes it. `CROSS JOIN` makes SQLite read the words first, of
/// which few match; otherwise it reads all links.
const WORDED: &str = "r.id IN (SELECT l.repository_id FROM words w \
     CROSS JOIN description_words l WHERE l.word_id = w.id AND w.word LIKE $6 ESCAPE '\\')";
const STARRED: &str = "r.star_count > 0";

/// Maximum number of visible repositories of a caller whose searches read all of these.
const FEW: u64 = if cfg!(test) { 20 } else { 5000 };

const BY_NAME: &str = "ORDER BY r.name";
const UNSORTED: &str = "";

/// The matches of a term among visible repositories.
pub(super) struct Matches<'a> {
    visibility: &'a Visibility,
    term: &'a str,
    pattern: String,
}

/// The term as a part of a pattern.
fn escaped(term: &str) -> String {
    term.chars().fold(String::new(), |mut text, letter| {
        if matches!(letter, '%' | '_' | '\\') {
            text.push('\\');
        }
        text.push(letter);
        text
    })
}

impl<'a> Matches<'a> {
    pub(super) fn new(visibility: &'a Visibility, term: &'a str) -> Self {
        Self {
            visibility,
            term,
            pattern: escaped(term),
        }
    }

    /// At least the first `wanted` matches, unsorted, and the number of all matches, counted up to
    /// `counted`.
    pub(super) async fn find(
        &self,
        connection: &mut SqliteConnection,
        counted: usize,
        wanted: usize,
    ) -> Result<(Vec<Match>, usize), IndexError> {
        if let Some(all) = self.find_among_few(connection).await? {
            let total = all.len().min(counted);
            return Ok((all, total));
        }
        let mut named = self.read(connection, NAMED, UNSORTED, counted + 1).await?;
        if named.len() > counted {
            return Ok((self.best(connection, wanted).await?, counted));
        }
        let Some(word) = words::longest(self.term) else {
            let total = named.len();
            return Ok((named, total));
        };
        // Descriptions contain a common word so often that reading them in order soon finds enough.
        let is_common = words::are_common(connection, &format!("%{word}%")).await?;
        let found = if is_common {
            DESCRIBED.to_owned()
        } else if word == self.term {
            WORDED.to_owned()
        } else {
            format!("{WORDED} AND {DESCRIBED}")
        };
        let others = format!("{found} AND NOT {NAMED}");
        let missing = counted + 1 - named.len();
        let described = self.read(connection, &others, UNSORTED, missing).await?;
        let total = named.len() + described.len();
        if total <= counted {
            named.extend(described);
            return Ok((named, total));
        }
        // This has all matches by name, and the first of the others.
        let plus = if is_common { "" } else { "+" };
        let starred = format!("{STARRED} AND {DESCRIBED} AND NOT {NAMED}");
        named.extend(
            self.read(connection, &starred, UNSORTED, usize::MAX)
                .await?,
        );
        let rest = format!("{plus}{others} AND NOT {STARRED}");
        named.extend(self.read(connection, &rest, BY_NAME, wanted).await?);
        Ok((named, counted))
    }

    /// All matches, if the caller sees few repositories: these are read, instead of all matches of
    /// the registry.
    async fn find_among_few(
        &self,
        connection: &mut SqliteConnection,
    ) -> Result<Option<Vec<Match>>, IndexError> {
        let Visibility::Only { patterns, .. } = self.visibility else {
            return Ok(None);
        };
        let parts = self.visibility.parts(SEPARATE_QUERIES);
        // There are too many patterns to query one by one.
        if parts.len() < patterns.len() {
            return Ok(None);
        }
        let mut left = FEW;
        for part in &parts {
            let visible = Visible::new(part, 1);
            let statement = format!(
                "SELECT COUNT(*) FROM (SELECT 1 FROM repositories r WHERE {} LIMIT {}) counted",
                visible.condition,
                left + 1
            );
            let mut query = sqlx::query_scalar(AssertSqlSafe(statement)).persistent(false);
            for value in visible.values {
                query = query.bind(value);
            }
            let seen: i64 = query.fetch_one(&mut *connection).await?;
            let Some(rest) = left.checked_sub(seen.unsigned_abs()) else {
                return Ok(None);
            };
            left = rest;
        }
        let condition = match words::longest(self.term) {
            Some(_) => format!("({NAMED} OR {DESCRIBED})"),
            None => NAMED.to_owned(),
        };
        let mut found = Vec::new();
        for part in &parts {
            let visible = Visible::new(part, 7);
            found.extend(
                self.read_visible(connection, visible, &condition, UNSORTED, usize::MAX)
                    .await?,
            );
        }
        found.sort();
        found.dedup();
        Ok(Some(found))
    }

    /// At most `limit` visible repositories that fulfil a condition. Sorted by name, which has a
    /// database index, reading ends at the limit.
    async fn read(
        &self,
        connection: &mut SqliteConnection,
        condition: &str,
        order: &str,
        limit: usize,
    ) -> Result<Vec<Match>, IndexError> {
        let visible = Visible::new(self.visibility, 7);
        self.read_visible(connection, visible, condition, order, limit)
            .await
    }

    async fn read_visible(
        &self,
        connection: &mut SqliteConnection,
        visible: Visible,
        condition: &str,
        order: &str,
        limit: usize,
    ) -> Result<Vec<Match>, IndexError> {
        let statement = format!(
            "SELECT r.id, r.name, r.star_count, \
             CASE WHEN r.name = $2 THEN 0 WHEN {LAST_COMPONENT} THEN 1 WHEN {BEGINNING} THEN 2 \
             ELSE 3 END \
             FROM repositories r WHERE {condition} AND {PUSHED} \
             AND {} AND $1 <> '' AND $6 <> '' {order} LIMIT $5",
            visible.condition
        );
        let word = words::longest(self.term).unwrap_or_default();
        let mut query = sqlx::query_as(AssertSqlSafe(statement))
            .bind(format!("%{}%", self.pattern))
            .bind(self.term)
            .bind(format!("%/{}", self.pattern))
            // '{' follows every character of a name.
            .bind(format!("{}{{", self.term))
            .bind(column(limit as u64))
            .bind(format!("%{word}%"));
        for value in visible.values {
            query = query.bind(value);
        }
        let rows: Vec<(i64, String, i64, i64)> = query.fetch_all(connection).await?;
        Ok(rows
            .into_iter()
            .map(|(id, name, stars, rank)| Match {
                rank,
                stars: Reverse(stars),
                name,
                id,
            })
            .collect())
    }

    /// At least the first `wanted` matches of a term that many names contain, unsorted: those with
    /// stars, which are few, then the others rank by rank until there are enough.
    async fn best(
        &self,
        connection: &mut SqliteConnection,
        wanted: usize,
    ) -> Result<Vec<Match>, IndexError> {
        let contains = format!("({NAMED} OR {DESCRIBED})");
        let starred = format!("({STARRED} OR r.name = $2) AND {contains}");
        let mut found = self
            .read(connection, &starred, UNSORTED, usize::MAX)
            .await?;
        let others = format!("r.name <> $2 AND NOT {STARRED}");
        for (rank, condition) in [
            (1, format!("{LAST_COMPONENT} AND {others}")),
            (
                2,
                format!("{BEGINNING} AND NOT {LAST_COMPONENT} AND {others}"),
            ),
            (
                3,
                format!("NOT {BEGINNING} AND NOT {LAST_COMPONENT} AND {others} AND {contains}"),
            ),
        ] {
            let before = found.iter().filter(|one| one.rank < rank).count();
            if before >= wanted {
                break;
            }
            let missing = wanted - before;
            found.extend(self.read(connection, &condition, BY_NAME, missing).await?);
        }
        Ok(found)
    }
}
