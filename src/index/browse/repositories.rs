//! Repositories as the first page lists them.

use sqlx::AssertSqlSafe;

use super::super::visible::{PUSHED, Visible};
use super::super::{Index, IndexError, column, parsed};
use super::{COUNT_LIMIT, Count, anywhere};
use crate::clock::Millis;
use crate::oci::{Repository, Tag, Visibility};

/// The order of a listing of repositories.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RepositoryOrder {
    /// The last pushed first.
    Pushed,
    /// By name.
    Name,
    /// The most pulled first.
    Pulls,
    /// The largest first, by the last count (see `sizes`).
    Size,
    /// The one with the most stars first.
    Stars,
}

/// A search among repositories: filter, order and page.
#[derive(Debug, Clone)]
pub struct RepositorySearch {
    /// What the caller may see.
    pub visibility: Visibility,
    /// A part of the name; empty for all.
    pub term: String,
    /// Only those below this namespace.
    pub namespace: Option<Repository>,
    /// The order.
    pub order: RepositoryOrder,
    /// Number of rows to skip.
    pub skip: u64,
    /// Number of rows to return.
    pub limit: u64,
}

/// A repository as a list shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RepositoryRow {
    /// Its name.
    pub name: Repository,
    /// Whether everybody may pull from it.
    pub public: bool,
    /// How many tags it has.
    pub tags: u64,
    /// The tag that was set last.
    pub newest: Option<Tag>,
    /// When something was last pushed to it.
    pub pushed_at: Option<Millis>,
    /// How often its manifests were pulled.
    pub pulls: u64,
    /// How many accounts have starred it.
    pub stars: u64,
    /// The first line of its description; empty without one.
    pub summary: String,
    /// Bytes of all its content; `None` if it has changed since the last count.
    pub bytes: Option<u64>,
}

/// A page of repositories.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundRepositories {
    /// The rows.
    pub rows: Vec<RepositoryRow>,
    /// Number of matches on all pages.
    pub count: Count,
}

/// The characters of a component of a name.
const COMPONENT: &str = "abcdefghijklmnopqrstuvwxyz0123456789._-";

const ROW: &str = "r.name, r.public, \
     (SELECT COUNT(*) FROM tags t WHERE t.repository_id = r.id), \
     (SELECT t.name FROM tags t WHERE t.repository_id = r.id \
        ORDER BY t.updated_at DESC, t.name DESC LIMIT 1), \
     r.pushed_at, r.pull_count, \
     r.star_count, \
     COALESCE((SELECT d.summary FROM descriptions d WHERE d.repository_id = r.id), ''), \
     CASE WHEN EXISTS (SELECT 1 FROM unmeasured_repositories u WHERE u.repository_id = r.id) \
       THEN NULL ELSE r.bytes END";

type Columns = (
    String,
    bool,
    i64,
    Option<String>,
    Option<i64>,
    i64,
    i64,
    String,
    Option<i64>,
);

fn row(columns: Columns) -> Result<RepositoryRow, IndexError> {
    let (name, public, tags, newest, pushed_at, pulls, stars, summary, bytes) = columns;
    Ok(RepositoryRow {
        name: parsed("repository name", &name)?,
        public,
        tags: tags.unsigned_abs(),
        newest: newest.map(|text| parsed("tag", &text)).transpose()?,
        pushed_at,
        pulls: pulls.unsigned_abs(),
        stars: stars.unsigned_abs(),
        summary,
        bytes: bytes.map(i64::unsigned_abs),
    })
}

impl Index {
    /// A page of the visible repositories that match a search.
    pub async fn search_repositories(
        &self,
        search: &RepositorySearch,
    ) -> Result<FoundRepositories, IndexError> {
        let visible = Visible::new(&search.visibility, 1);
        let mut values = visible.values;
        let mut condition = visible.condition;
        if !search.term.is_empty() {
            values.push(anywhere(&search.term.to_lowercase()));
            condition = format!("{condition} AND r.name LIKE ${} ESCAPE '\\'", values.len());
        }
        if let Some(namespace) = &search.namespace {
            values.extend([format!("{namespace}/"), format!("{namespace}0")]);
            let last = values.len();
            condition = format!(
                "{condition} AND r.name >= ${} AND r.name < ${last}",
                last - 1
            );
        }
        condition = format!("{condition} AND {PUSHED}");
        let order = match search.order {
            RepositoryOrder::Pushed => "r.pushed_at DESC, r.name DESC",
            RepositoryOrder::Name => "r.name",
            RepositoryOrder::Pulls => "r.pull_count DESC, r.name DESC",
            RepositoryOrder::Size => "r.bytes DESC, r.name DESC",
            RepositoryOrder::Stars => "r.star_count DESC, r.name DESC",
        };
        // Few matches are read first and sorted then: in the order of a database index, they would
        // be far apart.
        if !search.term.is_empty() || search.namespace.is_some() {
            let matching = self.matching(&condition, &values).await?;
            if let Some(ids) = matching {
                let count = Count::exactly(ids.split_terminator(',').count());
                let condition = format!("r.id IN ({ids})");
                let rows = self.listed(&condition, None, order, search).await?;
                return Ok(FoundRepositories { rows, count });
            }
        }
        let rows = self
            .listed(&condition, Some(&values), order, search)
            .await?;
        // A page that is not full is the last one, which makes the number known.
        if !rows.is_empty() && (rows.len() as u64) < search.limit {
            let count = Count::bounded(column(search.skip + rows.len() as u64));
            return Ok(FoundRepositories { rows, count });
        }
        let statement = format!(
            "SELECT COUNT(*) FROM (SELECT 1 FROM repositories r WHERE {condition} \
             LIMIT {}) counted",
            COUNT_LIMIT + 1
        );
        let mut query = sqlx::query_scalar(AssertSqlSafe(statement));
        for value in &values {
            query = query.bind(value);
        }
        let count: i64 = query.fetch_one(&self.readers).await?;
        Ok(FoundRepositories {
            rows,
            count: Count::bounded(count),
        })
    }

    /// The ids of the repositories that fulfil a condition, separated by commas; `None` if there
    /// are more than [`COUNT_LIMIT`].
    async fn matching(
        &self,
        condition: &str,
        values: &[String],
    ) -> Result<Option<String>, IndexError> {
        let statement = format!(
            "SELECT COUNT(*), COALESCE(string_agg(CAST(id AS TEXT), ','), '') FROM \
             (SELECT r.id AS id FROM repositories r WHERE {condition} LIMIT {}) matching",
            COUNT_LIMIT + 1
        );
        let mut query = sqlx::query_as(AssertSqlSafe(statement));
        for value in values {
            query = query.bind(value);
        }
        let (count, ids): (i64, String) = query.fetch_one(&self.readers).await?;
        Ok((count.unsigned_abs() <= COUNT_LIMIT).then_some(ids))
    }

    /// The rows of the page of a search. A condition without values names ids, and is used once.
    async fn listed(
        &self,
        condition: &str,
        values: Option<&[String]>,
        order: &str,
        search: &RepositorySearch,
    ) -> Result<Vec<RepositoryRow>, IndexError> {
        let next = values.map_or(0, <[String]>::len) + 1;
        let statement = format!(
            "SELECT {ROW} FROM repositories r WHERE {condition} ORDER BY {order} \
             LIMIT ${next} OFFSET ${}",
            next + 1
        );
        let mut query = sqlx::query_as(AssertSqlSafe(statement)).persistent(values.is_some());
        for value in values.unwrap_or_default() {
            query = query.bind(value);
        }
        let rows: Vec<Columns> = query
            .bind(column(search.limit))
            .bind(column(search.skip))
            .fetch_all(&self.readers)
            .await?;
        rows.into_iter().map(row).collect()
    }

    /// One repository; `None` where it is unknown or not visible.
    pub async fn repository_row(
        &self,
        visibility: &Visibility,
        name: &Repository,
    ) -> Result<Option<RepositoryRow>, IndexError> {
        let visible = Visible::new(visibility, 2);
        let statement = format!(
            "SELECT {ROW} FROM repositories r WHERE r.name = $1 AND {}",
            visible.condition
        );
        let mut query = sqlx::query_as(AssertSqlSafe(statement)).bind(name.as_str());
        for value in visible.values {
            query = query.bind(value);
        }
        let columns: Option<Columns> = query.fetch_optional(&self.readers).await?;
        columns.map(row).transpose()
    }

    /// Bytes of the content of a repository, and of the part that no other repository has.
    pub async fn repository_bytes(&self, name: &Repository) -> Result<(u64, u64), IndexError> {
        let (all, alone): (i64, i64) = sqlx::query_as(
            "SELECT COALESCE(SUM(b.size), 0), COALESCE(SUM(CASE WHEN EXISTS ( \
               SELECT 1 FROM repository_blobs o WHERE o.blob_id = b.id AND o.repository_id <> r.id) \
               OR EXISTS (SELECT 1 FROM manifests o \
                 WHERE o.blob_id = b.id AND o.repository_id <> r.id) \
               THEN 0 ELSE b.size END), 0) \
             FROM repositories r JOIN blobs b ON b.id IN ( \
               SELECT m.blob_id FROM manifests m WHERE m.repository_id = r.id \
               UNION SELECT c.id FROM manifests m \
                 JOIN manifest_references f ON f.manifest_id = m.id \
                 JOIN blobs c ON c.digest = f.digest WHERE m.repository_id = r.id) \
             WHERE r.name = $1",
        )
        .bind(name.as_str())
        .fetch_one(&self.readers)
        .await?;
        Ok((all.unsigned_abs(), alone.unsigned_abs()))
    }

    /// Pulls of a repository on each day (days since 1970) from `since` on, in order. Days without
    /// a pull are left out.
    pub async fn pulls_by_day(
        &self,
        name: &Repository,
        since: i64,
    ) -> Result<Vec<(i64, u64)>, IndexError> {
        let rows: Vec<(i64, i64)> = sqlx::query_as(
            "SELECT p.day, p.times FROM repository_pulls p \
             JOIN repositories r ON r.id = p.repository_id \
             WHERE r.name = $1 AND p.day >= $2 ORDER BY p.day",
        )
        .bind(name.as_str())
        .bind(since)
        .fetch_all(&self.readers)
        .await?;
        Ok(rows
            .into_iter()
            .map(|(day, times)| (day, times.unsigned_abs()))
            .collect())
    }

    /// The first components below a namespace (or of all names) that have repositories below them,
    /// at most `limit`.
    pub async fn namespaces(
        &self,
        visibility: &Visibility,
        below: Option<&Repository>,
        limit: usize,
    ) -> Result<Vec<String>, IndexError> {
        let prefix = below.map_or_else(String::new, |namespace| format!("{namespace}/"));
        let end = below.map_or_else(|| "~".to_owned(), |namespace| format!("{namespace}0"));
        let visible = Visible::new(visibility, 6);
        // One index lookup for each namespace, not for each repository, and one statement for all:
        // each name is the first after the namespace of the one before. `ltrim` removes the first
        // component, whose letters `$4` lists; '0' follows '/'.
        let first_after = |from: &str| {
            format!(
                "(SELECT r.name FROM repositories r WHERE r.name >= {from} AND r.name < $2 \
                 AND r.name LIKE $3 AND {} AND {PUSHED} ORDER BY r.name LIMIT 1)",
                visible.condition
            )
        };
        let rest = "substr(f.name, length($1) + 1)";
        let statement = format!(
            "WITH RECURSIVE found (name) AS (SELECT {} UNION ALL \
             SELECT {} FROM found f WHERE f.name IS NOT NULL) \
             SELECT name FROM found WHERE name IS NOT NULL LIMIT $5",
            first_after("$1"),
            first_after(&format!(
                "$1 || substr({rest}, 1, length({rest}) - length(ltrim({rest}, $4))) || '0'"
            )),
        );
        let mut query = sqlx::query_scalar(AssertSqlSafe(statement))
            .bind(&prefix)
            .bind(&end)
            .bind(format!("{prefix}%/%"))
            .bind(COMPONENT)
            .bind(column(limit as u64));
        for value in &visible.values {
            query = query.bind(value);
        }
        let names: Vec<String> = query.fetch_all(&self.readers).await?;
        let found = names.iter().filter_map(|name| {
            let (component, _) = name.strip_prefix(&prefix)?.split_once('/')?;
            Some(component.to_owned())
        });
        Ok(found.collect())
    }
}
