//! Repositories: their rows, and the pages of the catalog.

use sqlx::{AssertSqlSafe, SqliteConnection};

use super::events::NewEvent;
use super::trash::{self, Discard};
use super::visible::{PUSHED, Visible};
use super::{Index, IndexError, LayoutChange, column, parsed};
use crate::clock::Millis;
use crate::oci::{Repository, Visibility};

/// Maximum number of a caller's patterns that are queried one by one.
pub(super) const SEPARATE_QUERIES: usize = 64;

/// A repository in the catalog.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RepositoryRecord {
    /// Its name.
    pub name: Repository,
    /// How many tags it has.
    pub tags: u64,
    /// How many manifests it has.
    pub manifests: u64,
    /// Bytes of its manifests and of what they reference, each digest once.
    pub size: u64,
    /// When something was last pushed to it.
    pub pushed_at: Option<Millis>,
}

/// The row of a repository.
pub(super) async fn find(
    connection: &mut SqliteConnection,
    name: &Repository,
) -> Result<Option<i64>, IndexError> {
    let id = sqlx::query_scalar("SELECT id FROM repositories WHERE name = $1")
        .bind(name.as_str())
        .fetch_optional(connection)
        .await?;
    Ok(id)
}

/// The row of a repository, added when there is none.
pub(super) async fn ensure(
    connection: &mut SqliteConnection,
    name: &Repository,
    now: Millis,
) -> Result<i64, IndexError> {
    if let Some(id) = find(connection, name).await? {
        return Ok(id);
    }
    let id = sqlx::query_scalar(
        "INSERT INTO repositories (name, created_at, public) VALUES ($1, $2, \
           COALESCE((SELECT value = 'public' FROM settings WHERE name = 'new-repositories'), FALSE)) \
         RETURNING id",
    )
    .bind(name.as_str())
    .bind(now)
    .fetch_one(connection)
    .await?;
    Ok(id)
}

/// Sets the time of the last push.
pub(super) async fn pushed(
    connection: &mut SqliteConnection,
    id: i64,
    now: Millis,
) -> Result<(), IndexError> {
    sqlx::query(
        "UPDATE repositories SET pushed_at = $2 \
         WHERE id = $1 AND (pushed_at IS NULL OR pushed_at < $2)",
    )
    .bind(id)
    .bind(now)
    .execute(connection)
    .await?;
    Ok(())
}

/// At most `limit` names after `last`, in byte order.
async fn names_after(
    connection: &mut SqliteConnection,
    (visible, least): (Visible, String),
    last: &str,
    limit: usize,
) -> Result<Vec<String>, IndexError> {
    let statement = format!(
        "SELECT r.name FROM repositories r WHERE r.name >= $1 AND r.name <> $2 AND {} \
         AND {PUSHED} ORDER BY r.name LIMIT $3",
        visible.condition
    );
    let mut query = sqlx::query_scalar(AssertSqlSafe(statement))
        .bind(least)
        .bind(last)
        .bind(column(limit as u64));
    for value in visible.values {
        query = query.bind(value);
    }
    Ok(query.fetch_all(connection).await?)
}

impl Index {
    /// The names after `last`, in byte order, of visible repositories that have a manifest.
    ///
    /// For a caller with few patterns each pattern is a query of its own, which reads only its
    /// matches; one query for all would read every name.
    pub async fn repositories(
        &self,
        visibility: &Visibility,
        last: &str,
        limit: usize,
    ) -> Result<Vec<String>, IndexError> {
        let mut connection = self.readers.acquire().await?;
        let parts = visibility.parts(SEPARATE_QUERIES);
        let mut parts: Vec<_> = parts
            .iter()
            .map(|part| Visible::after(part, last, 4))
            .collect();
        parts.sort_by(|(_, one), (_, other)| one.cmp(other));
        let mut names: Vec<String> = Vec::new();
        for part in parts {
            // The page is full, and all names of the remaining parts come after it.
            if names.len() >= limit && names.last().is_none_or(|end| *end < part.1) {
                break;
            }
            names.extend(names_after(&mut connection, part, last, limit).await?);
            names.sort_unstable();
            names.dedup();
            names.truncate(limit);
        }
        Ok(names)
    }

    /// Like [`Index::repositories`], with counts, size and last push.
    pub async fn repository_records(
        &self,
        visibility: &Visibility,
        last: &str,
        limit: usize,
    ) -> Result<Vec<RepositoryRecord>, IndexError> {
        let visible = Visible::new(visibility, 3);
        let statement = format!(
            "SELECT r.name, \
               (SELECT COUNT(*) FROM tags t WHERE t.repository_id = r.id), \
               (SELECT COUNT(*) FROM manifests m WHERE m.repository_id = r.id), \
               (SELECT COALESCE(SUM(b.size), 0) FROM blobs b WHERE b.id IN ( \
                  SELECT m.blob_id FROM manifests m WHERE m.repository_id = r.id \
                  UNION SELECT c.id FROM manifests m \
                    JOIN manifest_references f ON f.manifest_id = m.id \
                    JOIN blobs c ON c.digest = f.digest WHERE m.repository_id = r.id)), \
               r.pushed_at \
             FROM repositories r WHERE r.name > $1 AND {} \
             AND {PUSHED} ORDER BY r.name LIMIT $2",
            visible.condition
        );
        let mut query = sqlx::query_as(AssertSqlSafe(statement))
            .bind(last)
            .bind(column(limit as u64));
        for value in visible.values {
            query = query.bind(value);
        }
        let rows: Vec<(String, i64, i64, i64, Option<i64>)> =
            query.fetch_all(&self.readers).await?;
        rows.into_iter()
            .map(|(name, tags, manifests, size, pushed_at)| {
                Ok(RepositoryRecord {
                    name: parsed("repository name", &name)?,
                    tags: tags.unsigned_abs(),
                    manifests: manifests.unsigned_abs(),
                    size: size.unsigned_abs(),
                    pushed_at,
                })
            })
            .collect()
    }

    /// Whether anything was ever pushed to a repository.
    pub async fn has_repository(&self, name: &Repository) -> Result<bool, IndexError> {
        let mut connection = self.readers.acquire().await?;
        Ok(find(&mut connection, name).await?.is_some())
    }

    /// Moves a repository with its manifests and tags into the trash. Returns false if it is unknown.
    pub async fn delete_repository(
        &self,
        repository: Repository,
        discard: Discard,
    ) -> Result<bool, IndexError> {
        self.write(move |transaction| {
            Box::pin(async move {
                let connection = transaction.connection();
                let Some(id) = find(connection, &repository).await? else {
                    return Ok(false);
                };
                trash::trash_repository(transaction, &repository, id, discard).await?;
                let deleted = NewEvent::within("delete-repository", discard.now, &repository);
                transaction.event(deleted);
                for statement in [
                    "DELETE FROM tags WHERE repository_id = $1",
                    "DELETE FROM manifests WHERE repository_id = $1",
                    "DELETE FROM repositories WHERE id = $1",
                ] {
                    sqlx::query(statement)
                        .bind(id)
                        .execute(transaction.connection())
                        .await?;
                }
                transaction.journal(LayoutChange::RepositoryRemoved { repository });
                Ok(true)
            })
        })
        .await
    }
}
