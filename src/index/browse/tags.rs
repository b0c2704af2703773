//! Tags as a page lists them; the order spans all pages.

use std::collections::HashMap;

use sqlx::{AssertSqlSafe, SqliteConnection};

use super::super::{Index, IndexError, column, parsed, repositories};
use super::Count;
use crate::clock::Millis;
use crate::oci::{Digest, MediaType, Repository, Tag, VersionKey};

/// The order of a listing of tags.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TagOrder {
    /// The last set first.
    Pushed,
    /// By name, in byte order.
    Name,
    /// By version, the highest first.
    Version,
    /// The largest first.
    Size,
    /// The last pulled first; tags without a pull come last.
    Pulled,
}

/// A tag as a list shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TagRow {
    /// Its name.
    pub name: Tag,
    /// The manifest that it points at.
    pub digest: Digest,
    /// The media type of the manifest.
    pub media_type: MediaType,
    /// The artifact type of the manifest, if it names one.
    pub artifact_type: Option<String>,
    /// Bytes: the manifest and its content; for an index, its present children as well.
    pub size: u64,
    /// The platforms, each `os/architecture[/variant]`.
    pub platforms: Vec<String>,
    /// When the image was created, according to its configuration; of an index, the last of its
    /// images.
    pub created: Option<String>,
    /// When the tag was set.
    pub updated_at: Millis,
    /// When the manifest was last pulled.
    pub pulled_at: Option<Millis>,
    /// How often the manifest was pulled.
    pub pulls: u64,
}

/// A page of tags.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TagPage {
    /// The rows.
    pub rows: Vec<TagRow>,
    /// Number of matches on all pages.
    pub count: Count,
}

const SIZE: &str = "m.size + m.content_size + m.children_size";

/// When an image was made; of an index, the last of its children.
const CREATED: &str = "COALESCE(m.created, \
     (SELECT MAX(c.created) FROM manifest_references f \
      JOIN manifests c ON c.repository_id = m.repository_id AND c.digest = f.digest \
      WHERE f.manifest_id = m.id AND f.kind = 'manifest'))";

/// Rows that one statement reads by their names.
const NAMED: usize = 500;

/// The rows of the tags of a repository, which is `$1`.
fn rows_of_repository() -> String {
    format!(
        "SELECT t.name, m.digest, m.media_type, m.artifact_type, {SIZE} AS bytes, m.platforms, \
           {CREATED}, t.updated_at, m.pulled_at, m.pull_count \
         FROM tags t JOIN manifests m ON m.id = t.manifest_id WHERE t.repository_id = $1"
    )
}

/// Reads rows by the names of the tags, in the order of these. Tags deleted in the meantime are
/// left out.
async fn named(
    connection: &mut SqliteConnection,
    repository: i64,
    names: &[&str],
) -> Result<Vec<TagRow>, IndexError> {
    let mut rows = Vec::with_capacity(names.len());
    for names in names.chunks(NAMED) {
        let places: Vec<String> = (2..names.len() + 2)
            .map(|place| format!("${place}"))
            .collect();
        let statement = format!(
            "{} AND t.name IN ({})",
            rows_of_repository(),
            places.join(", ")
        );
        let mut query = sqlx::query_as(AssertSqlSafe(statement)).bind(repository);
        for name in names {
            query = query.bind(*name);
        }
        let found: Vec<Columns> = query.fetch_all(&mut *connection).await?;
        let mut found: HashMap<String, Columns> = found
            .into_iter()
            .map(|columns| (columns.0.clone(), columns))
            .collect();
        for name in names {
            if let Some(columns) = found.remove(*name) {
                rows.push(row(columns)?);
            }
        }
    }
    Ok(rows)
}

type Columns = (
    String,
    String,
    String,
    Option<String>,
    i64,
    String,
    Option<String>,
    i64,
    Option<i64>,
    i64,
);

fn row(columns: Columns) -> Result<TagRow, IndexError> {
    let (
        name,
        digest,
        media,
        artifact_type,
        size,
        platforms,
        created,
        updated_at,
        pulled_at,
        pulls,
    ) = columns;
    let platforms = platforms.split(',').filter(|name| !name.is_empty());
    Ok(TagRow {
        name: parsed("tag", &name)?,
        digest: parsed("digest", &digest)?,
        media_type: MediaType::new(&media),
        artifact_type,
        size: size.unsigned_abs(),
        platforms: platforms.map(str::to_owned).collect(),
        created,
        updated_at,
        pulled_at,
        pulls: pulls.unsigned_abs(),
    })
}

impl Index {
    /// A page of the tags whose names `matches` accepts. Returns `None` if nothing was ever pushed
    /// to the repository.
    pub async fn tag_page(
        &self,
        repository: &Repository,
        matches: Option<&(dyn Fn(&str) -> bool + Send + Sync)>,
        order: TagOrder,
        skip: usize,
        limit: usize,
    ) -> Result<Option<TagPage>, IndexError> {
        let mut connection = self.readers.acquire().await?;
        let Some(id) = repositories::find(&mut connection, repository).await? else {
            return Ok(None);
        };
        // Orders that a database index serves are read page by page; the others sort the names
        // here.
        let ordered = match order {
            TagOrder::Pushed => "t.updated_at DESC, t.name DESC",
            TagOrder::Name | TagOrder::Version => "t.name",
            TagOrder::Size => &format!("{SIZE} DESC, t.name"),
            TagOrder::Pulled => "m.pulled_at IS NULL, m.pulled_at DESC, t.name",
        };
        if matches.is_none() && order != TagOrder::Version {
            let count: i64 =
                sqlx::query_scalar("SELECT COUNT(*) FROM tags WHERE repository_id = $1")
                    .bind(id)
                    .fetch_one(&mut *connection)
                    .await?;
            let statement = format!(
                "{} ORDER BY {ordered} LIMIT $2 OFFSET $3",
                rows_of_repository()
            );
            let rows: Vec<Columns> = sqlx::query_as(AssertSqlSafe(statement))
                .bind(id)
                .bind(column(limit as u64))
                .bind(column(skip as u64))
                .fetch_all(&mut *connection)
                .await?;
            return Ok(Some(TagPage {
                rows: rows.into_iter().map(row).collect::<Result<_, _>>()?,
                count: Count::exactly(usize::try_from(count).unwrap_or_default()),
            }));
        }
        // In one row, because the driver passes on each row by itself. No tag contains a space.
        let source = match order {
            TagOrder::Pushed | TagOrder::Name | TagOrder::Version => "tags t",
            TagOrder::Size | TagOrder::Pulled => "tags t JOIN manifests m ON m.id = t.manifest_id",
        };
        let ordered = match order {
            TagOrder::Version => String::new(),
            _ => format!("ORDER BY {ordered}"),
        };
        // The aggregate reads the rows in the order of the inner query. With an order of its own it
        // would sort them again, which takes most of the time.
        let statement = format!(
            "SELECT string_agg(name, ' ') FROM \
             (SELECT t.name AS name FROM {source} WHERE t.repository_id = $1 {ordered}) names"
        );
        let sorted: Option<String> = sqlx::query_scalar(AssertSqlSafe(statement))
            .bind(id)
            .fetch_one(&mut *connection)
            .await?;
        let sorted = sorted.unwrap_or_default();
        let mut names: Vec<&str> = sorted.split_ascii_whitespace().collect();
        if let Some(matches) = matches {
            names.retain(|name| matches(name));
        }
        if order == TagOrder::Version {
            names.sort_by_cached_key(|name| VersionKey::of(name));
        }
        let count = Count::exactly(names.len());
        let shown: Vec<&str> = names.into_iter().skip(skip).take(limit).collect();
        let rows = named(&mut connection, id, &shown).await?;
        Ok(Some(TagPage { rows, count }))
    }
}
