//! The repositories that match a search term, in the order of its results.

use std::cmp::Reverse;

use sqlx::{AssertSqlSafe, SqliteConnection};

use super::visible::Visible;
use super::{IndexError, column};
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

/// Where a match has its rank from.
const LAST_COMPONENT: &str = "r.name LIKE $3 ESCAPE '\\'";
/// A range, which the index on names serves.
const BEGINNING: &str = "(r.name >= $2 AND r.name < $4)";
/// Any match at all.
const CONTAINS: &str = "(r.name LIKE $1 ESCAPE '\\' OR r.id IN \
     (SELECT repository_id FROM descriptions WHERE searched LIKE $1 ESCAPE '\\'))";
const STARRED: &str = "r.id IN (SELECT repository_id FROM stars)";

/// The matches of a term among visible repositories.
pub(super) struct Matches<'a> {
    visibility: &'a Visibility,
    term: &'a str,
    pattern: String,
}

impl<'a> Matches<'a> {
    pub(super) fn new(visibility: &'a Visibility, term: &'a str) -> Self {
        let pattern = term.chars().fold(String::new(), |mut text, letter| {
            if matches!(letter, '%' | '_' | '\\') {
                text.push('\\');
            }
            text.push(letter);
            text
        });
        Self {
            visibility,
            term,
            pattern,
        }
    }

    /// All matches, at most `limit`, in the order of their names.
    pub(super) async fn all(
        &self,
        connection: &mut SqliteConnection,
        limit: usize,
    ) -> Result<Vec<Match>, IndexError> {
        self.read(connection, CONTAINS, limit).await
    }

    /// At most `limit` repositories that fulfil a condition, in the order of their names, which an
    /// index has: so reading ends with the limit.
    async fn read(
        &self,
        connection: &mut SqliteConnection,
        condition: &str,
        limit: usize,
    ) -> Result<Vec<Match>, IndexError> {
        let visible = Visible::new(self.visibility, 6);
        let statement = format!(
            "SELECT r.id, r.name, (SELECT COUNT(*) FROM stars s WHERE s.repository_id = r.id), \
             CASE WHEN r.name = $2 THEN 0 WHEN {LAST_COMPONENT} THEN 1 WHEN {BEGINNING} THEN 2 \
             ELSE 3 END \
             FROM repositories r WHERE {condition} \
             AND EXISTS (SELECT 1 FROM manifests m WHERE m.repository_id = r.id) \
             AND {} AND $1 <> '' ORDER BY r.name LIMIT $5",
            visible.condition
        );
        let mut query = sqlx::query_as(AssertSqlSafe(statement))
            .bind(format!("%{}%", self.pattern))
            .bind(self.term)
            .bind(format!("%/{}", self.pattern))
            // '{' follows every character of a name.
            .bind(format!("{}{{", self.term))
            .bind(column(limit as u64));
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

    /// At least the first `wanted` of many matches, unsorted: those with stars, which are few, and of
    /// the others those of each rank until there are enough.
    pub(super) async fn best(
        &self,
        connection: &mut SqliteConnection,
        wanted: usize,
    ) -> Result<Vec<Match>, IndexError> {
        let starred = format!("({STARRED} OR r.name = $2) AND {CONTAINS}");
        let mut found = self.read(connection, &starred, usize::MAX).await?;
        let others = format!("r.name <> $2 AND NOT {STARRED}");
        for (rank, condition) in [
            (1, format!("{LAST_COMPONENT} AND {others}")),
            (
                2,
                format!("{BEGINNING} AND NOT {LAST_COMPONENT} AND {others}"),
            ),
            (
                3,
                format!("NOT {BEGINNING} AND NOT {LAST_COMPONENT} AND {others} AND {CONTAINS}"),
            ),
        ] {
            let before = found.iter().filter(|one| one.rank < rank).count();
            if before >= wanted {
                break;
            }
            found.extend(self.read(connection, &condition, wanted - before).await?);
        }
        Ok(found)
    }
}
