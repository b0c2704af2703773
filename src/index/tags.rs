//! Tags: movable names in a repository that point at manifests.

use sqlx::SqliteConnection;

use super::events::NewEvent;
use super::trash::{self, Discard};
use super::{Index, IndexError, LayoutChange, column, parsed, repositories};
use crate::clock::Millis;
use crate::oci::{Digest, MediaType, Repository, Tag};

/// A tag as a listing shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TagRecord {
    /// Its name.
    pub name: Tag,
    /// The manifest that it points at.
    pub digest: Digest,
    /// The media type of the manifest.
    pub media_type: MediaType,
    /// Bytes: the manifest and its content; for an index, its present children as well.
    pub size: u64,
    /// The platforms, each `os/architecture[/variant]`.
    pub platforms: Vec<String>,
    /// When the image was created, according to its configuration.
    pub created: Option<String>,
    /// When the tag was set.
    pub updated_at: Millis,
}

/// Points a tag at a manifest.
pub(super) async fn set(
    connection: &mut SqliteConnection,
    repository: i64,
    name: &Tag,
    manifest: i64,
    now: Millis,
) -> Result<(), IndexError> {
    sqlx::query(
        "INSERT INTO tags (repository_id, name, manifest_id, updated_at) VALUES ($1, $2, $3, $4) \
         ON CONFLICT (repository_id, name) DO UPDATE \
         SET manifest_id = excluded.manifest_id, updated_at = excluded.updated_at",
    )
    .bind(repository)
    .bind(name.as_str())
    .bind(manifest)
    .bind(now)
    .execute(connection)
    .await?;
    Ok(())
}

/// Records that a tag was set again to the manifest that it points at.
pub(super) async fn renew(
    connection: &mut SqliteConnection,
    repository: i64,
    name: &Tag,
    at: Millis,
) -> Result<(), IndexError> {
    sqlx::query(
        "UPDATE tags SET updated_at = $3 \
         WHERE repository_id = $1 AND name = $2 AND updated_at < $3",
    )
    .bind(repository)
    .bind(name.as_str())
    .bind(at)
    .execute(connection)
    .await?;
    Ok(())
}

/// The manifest that a tag points at.
pub(super) async fn find(
    connection: &mut SqliteConnection,
    repository: i64,
    name: &Tag,
) -> Result<Option<Digest>, IndexError> {
    let digest: Option<String> = sqlx::query_scalar(
        "SELECT m.digest FROM tags t JOIN manifests m ON m.id = t.manifest_id \
         WHERE t.repository_id = $1 AND t.name = $2",
    )
    .bind(repository)
    .bind(name.as_str())
    .fetch_optional(connection)
    .await?;
    digest.map(|text| parsed("digest", &text)).transpose()
}

/// Removes a tag. Returns false if there is none.
pub(super) async fn remove(
    connection: &mut SqliteConnection,
    repository: i64,
    name: &Tag,
) -> Result<bool, IndexError> {
    let gone = sqlx::query("DELETE FROM tags WHERE repository_id = $1 AND name = $2")
        .bind(repository)
        .bind(name.as_str())
        .execute(connection)
        .await?;
    Ok(gone.rows_affected() > 0)
}

impl Index {
    /// The tags after `last`, in byte order. `None` if nothing was ever pushed to the repository.
    pub async fn tags(
        &self,
        repository: &Repository,
        last: &str,
        limit: usize,
    ) -> Result<Option<Vec<String>>, IndexError> {
        let mut connection = self.readers.acquire().await?;
        let Some(id) = repositories::find(&mut connection, repository).await? else {
            return Ok(None);
        };
        let names = sqlx::query_scalar(
            "SELECT name FROM tags WHERE repository_id = $1 AND name > $2 ORDER BY name LIMIT $3",
        )
        .bind(id)
        .bind(last)
        .bind(column(limit as u64))
        .fetch_all(&mut *connection)
        .await?;
        Ok(Some(names))
    }

    /// Like [`Index::tags`], with the data of a listing for each.
    pub async fn tag_records(
        &self,
        repository: &Repository,
        last: &str,
        limit: usize,
    ) -> Result<Option<Vec<TagRecord>>, IndexError> {
        let mut connection = self.readers.acquire().await?;
        let Some(id) = repositories::find(&mut connection, repository).await? else {
            return Ok(None);
        };
        let rows: Vec<(String, String, String, i64, String, Option<String>, i64)> = sqlx::query_as(
            "SELECT t.name, m.digest, m.media_type, m.size + m.content_size + \
               (SELECT COALESCE(SUM(c.size + c.content_size), 0) FROM manifest_references f \
                JOIN manifests c ON c.repository_id = m.repository_id AND c.digest = f.digest \
                WHERE f.manifest_id = m.id AND f.kind = 'manifest'), \
               m.platforms, m.created, t.updated_at \
             FROM tags t JOIN manifests m ON m.id = t.manifest_id \
             WHERE t.repository_id = $1 AND t.name > $2 ORDER BY t.name LIMIT $3",
        )
        .bind(id)
        .bind(last)
        .bind(column(limit as u64))
        .fetch_all(&mut *connection)
        .await?;
        rows.into_iter()
            .map(
                |(name, digest, media_type, size, platforms, created, updated_at)| {
                    let platforms = platforms.split(',').filter(|name| !name.is_empty());
                    Ok(TagRecord {
                        name: parsed("tag", &name)?,
                        digest: parsed("digest", &digest)?,
                        media_type: MediaType::new(&media_type),
                        size: size.unsigned_abs(),
                        platforms: platforms.map(str::to_owned).collect(),
                        created,
                        updated_at,
                    })
                },
            )
            .collect::<Result<_, _>>()
            .map(Some)
    }

    /// Moves a tag, but not its manifest, into the trash. Returns false if there is no such tag.
    pub async fn delete_tag(
        &self,
        repository: Repository,
        tag: Tag,
        discard: Discard,
    ) -> Result<bool, IndexError> {
        self.write(move |transaction| {
            Box::pin(async move {
                let connection = transaction.connection();
                let Some(id) = repositories::find(connection, &repository).await? else {
                    return Ok(false);
                };
                let digest = find(connection, id, &tag).await?;
                if let Some(digest) = digest {
                    trash::trash_tag(connection, &repository, id, &tag, discard).await?;
                    remove(transaction.connection(), id, &tag).await?;
                    let deleted = NewEvent::within("delete-tag", discard.now, &repository)
                        .tag(&tag)
                        .digest(digest);
                    transaction.event(deleted);
                    transaction.journal(LayoutChange::TagRemoved { repository, tag });
                }
                Ok(digest.is_some())
            })
        })
        .await
    }
}
