//! Rows of many blobs, manifests or tags in one statement, for reindexing: each statement costs
//! several switches between threads, which take longer than the insertion of a row.

use std::collections::HashMap;

use sqlx::{QueryBuilder, Sqlite, SqliteConnection};

use super::{IndexError, NewManifest, ReferenceKind, column, parsed};
use crate::clock::Millis;
use crate::oci::{Algorithm, Digest, Tag};

/// Rows of one statement. It is not kept as a prepared statement, which would take a megabyte.
pub(super) const ROWS: usize = 500;

async fn execute(
    connection: &mut SqliteConnection,
    mut statement: QueryBuilder<Sqlite>,
) -> Result<(), IndexError> {
    let query = statement.build().persistent(false);
    query.execute(connection).await?;
    Ok(())
}

/// Adds the rows of blobs that have none. A quarantined blob, or one of another size, is replaced.
pub(super) async fn insert_blobs(
    connection: &mut SqliteConnection,
    blobs: &[(Digest, u64)],
    now: Millis,
) -> Result<(), IndexError> {
    for some in blobs.chunks(ROWS) {
        let mut statement = QueryBuilder::new("INSERT INTO blobs (digest, size, created_at) ");
        statement.push_values(some, |mut row, (digest, size)| {
            row.push_bind(digest.to_string())
                .push_bind(column(*size))
                .push_bind(now);
        });
        statement.push(
            " ON CONFLICT (digest) DO UPDATE SET size = excluded.size, quarantined_at = NULL \
             WHERE blobs.quarantined_at IS NOT NULL OR blobs.size <> excluded.size",
        );
        execute(connection, statement).await?;
    }
    Ok(())
}

/// The ids of those of some blobs that exist, by canonical digest or alias.
pub(super) async fn blob_ids(
    connection: &mut SqliteConnection,
    digests: impl Iterator<Item = Digest>,
) -> Result<HashMap<Digest, i64>, IndexError> {
    let (canonical, aliases): (Vec<_>, Vec<_>) =
        digests.partition(|digest| digest.algorithm() == Algorithm::Sha256);
    let mut ids = HashMap::new();
    for (start, digests) in [
        ("SELECT digest, id FROM blobs WHERE digest IN ", canonical),
        (
            "SELECT digest, blob_id FROM digest_aliases WHERE digest IN ",
            aliases,
        ),
    ] {
        for some in digests.chunks(ROWS) {
            ids.extend(rows_of(connection, QueryBuilder::new(start), some).await?);
        }
    }
    Ok(ids)
}

/// The ids of those of some manifests that a repository has.
pub(super) async fn manifest_ids(
    connection: &mut SqliteConnection,
    repository: i64,
    digests: &[Digest],
) -> Result<HashMap<Digest, i64>, IndexError> {
    let mut ids = HashMap::new();
    for some in digests.chunks(ROWS) {
        let mut statement =
            QueryBuilder::new("SELECT digest, id FROM manifests WHERE repository_id = ");
        statement.push_bind(repository).push(" AND digest IN ");
        ids.extend(rows_of(connection, statement, some).await?);
    }
    Ok(ids)
}

/// The rows of a statement, completed with digests in parentheses.
async fn rows_of(
    connection: &mut SqliteConnection,
    mut statement: QueryBuilder<Sqlite>,
    digests: &[Digest],
) -> Result<Vec<(Digest, i64)>, IndexError> {
    statement.push("(");
    let mut list = statement.separated(", ");
    for digest in digests {
        list.push_bind(digest.to_string());
    }
    list.push_unseparated(")");
    let query = statement.build_query_as().persistent(false);
    let rows: Vec<(String, i64)> = query.fetch_all(connection).await?;
    rows.into_iter()
        .map(|(digest, id)| Ok((parsed("digest", &digest)?, id)))
        .collect()
}

/// Lets a repository read blobs.
pub(super) async fn link(
    connection: &mut SqliteConnection,
    repository: i64,
    blobs: &[i64],
) -> Result<(), IndexError> {
    for some in blobs.chunks(ROWS) {
        let mut statement =
            QueryBuilder::new("INSERT INTO repository_blobs (repository_id, blob_id) ");
        statement.push_values(some, |mut row, blob| {
            row.push_bind(repository).push_bind(*blob);
        });
        statement.push(" ON CONFLICT DO NOTHING");
        execute(connection, statement).await?;
    }
    Ok(())
}

/// Adds the rows of manifests, each with the row of its blob and its time, and of their references.
/// Those that exist already are left as they are.
pub(super) async fn insert_manifests(
    connection: &mut SqliteConnection,
    repository: i64,
    manifests: &[(&NewManifest, i64, Millis)],
) -> Result<(), IndexError> {
    for some in manifests.chunks(ROWS) {
        let mut statement = QueryBuilder::new(
            "INSERT INTO manifests (repository_id, digest, blob_id, media_type, artifact_type, \
               subject, annotations, platforms, created, size, content_size, readable, pushed_at) ",
        );
        statement.push_values(some, |mut row, (new, blob, pushed_at)| {
            row.push_bind(repository)
                .push_bind(new.digest.to_string())
                .push_bind(*blob)
                .push_bind(new.media_type.as_str().to_owned())
                .push_bind(new.artifact_type.clone())
                .push_bind(new.subject.map(|subject| subject.to_string()))
                .push_bind(new.annotations.clone())
                .push_bind(new.platforms.join(","))
                .push_bind(new.created.clone())
                .push_bind(column(new.size))
                .push_bind(column(new.content_size))
                .push_bind(new.readable)
                .push_bind(*pushed_at);
        });
        statement.push(" ON CONFLICT (repository_id, digest) DO NOTHING RETURNING digest, id");
        let query = statement.build_query_as().persistent(false);
        let added: Vec<(String, i64)> = query.fetch_all(&mut *connection).await?;
        let ids: HashMap<Digest, i64> = added
            .into_iter()
            .map(|(digest, id)| Ok((parsed("digest", &digest)?, id)))
            .collect::<Result<_, IndexError>>()?;
        let references: Vec<_> = some
            .iter()
            .filter_map(|(new, ..)| Some((*ids.get(&new.digest)?, &new.references)))
            .flat_map(|(id, references)| references.iter().map(move |one| (id, one)))
            .collect();
        for some in references.chunks(ROWS) {
            execute(connection, insert_references(some)).await?;
        }
    }
    Ok(())
}

/// The statement that adds references, each with the row of its manifest. Those that exist already
/// are left as they are.
pub(super) fn insert_references(rows: &[(i64, &(Digest, ReferenceKind))]) -> QueryBuilder<Sqlite> {
    let mut statement =
        QueryBuilder::new("INSERT INTO manifest_references (manifest_id, digest, kind) ");
    statement.push_values(rows, |mut row, (manifest, (digest, kind))| {
        row.push_bind(*manifest)
            .push_bind(digest.to_string())
            .push_bind(kind.to_string());
    });
    statement.push(" ON CONFLICT DO NOTHING");
    statement
}

/// Points tags at manifests, each at a time.
pub(super) async fn set_tags(
    connection: &mut SqliteConnection,
    repository: i64,
    tags: &[(&Tag, i64, Millis)],
) -> Result<(), IndexError> {
    for some in tags.chunks(ROWS) {
        let mut statement =
            QueryBuilder::new("INSERT INTO tags (repository_id, name, manifest_id, updated_at) ");
        statement.push_values(some, |mut row, (name, manifest, updated_at)| {
            row.push_bind(repository)
                .push_bind(name.as_str().to_owned())
                .push_bind(*manifest)
                .push_bind(*updated_at);
        });
        statement.push(
            " ON CONFLICT (repository_id, name) DO UPDATE \
             SET manifest_id = excluded.manifest_id, updated_at = excluded.updated_at",
        );
        execute(connection, statement).await?;
    }
    Ok(())
}
