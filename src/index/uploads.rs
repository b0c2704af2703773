//! Saved upload sessions, which continue after a restart.

use sqlx::SqliteConnection;

use super::{Index, IndexError, column, parsed};
use crate::clock::Millis;
use crate::oci::Repository;

/// An upload session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UploadRecord {
    /// Its UUID.
    pub id: String,
    /// The repository that it belongs to.
    pub repository: Repository,
    /// When it began.
    pub started_at: Millis,
    /// When it last received data.
    pub updated_at: Millis,
    /// Number of bytes that `state` covers.
    pub position: u64,
    /// The saved hash states of those bytes, in the registry's format.
    pub state: String,
}

/// Removes a session.
pub(super) async fn remove(connection: &mut SqliteConnection, id: &str) -> Result<(), IndexError> {
    sqlx::query("DELETE FROM uploads WHERE id = $1")
        .bind(id)
        .execute(connection)
        .await?;
    Ok(())
}

type UploadRow = (String, String, i64, i64, i64, String);

fn record(row: UploadRow) -> Result<UploadRecord, IndexError> {
    let (id, repository, started_at, updated_at, position, state) = row;
    Ok(UploadRecord {
        id,
        repository: parsed("repository name", &repository)?,
        started_at,
        updated_at,
        position: position.unsigned_abs(),
        state,
    })
}

impl Index {
    /// Saves the positions and hash states of sessions.
    pub async fn save_uploads(&self, records: Vec<UploadRecord>) -> Result<(), IndexError> {
        self.write(move |transaction| {
            Box::pin(async move {
                for upload in records {
                    sqlx::query(
                        "INSERT INTO uploads (id, repository, started_at, updated_at, position, state) \
                         VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (id) DO UPDATE SET \
                         updated_at = excluded.updated_at, position = excluded.position, \
                         state = excluded.state",
                    )
                    .bind(upload.id)
                    .bind(upload.repository.as_str())
                    .bind(upload.started_at)
                    .bind(upload.updated_at)
                    .bind(column(upload.position))
                    .bind(upload.state)
                    .execute(transaction.connection())
                    .await?;
                }
                Ok(())
            })
        })
        .await
    }

    /// A saved session.
    pub async fn upload(&self, id: &str) -> Result<Option<UploadRecord>, IndexError> {
        let row: Option<UploadRow> = sqlx::query_as(
            "SELECT id, repository, started_at, updated_at, position, state FROM uploads \
             WHERE id = $1",
        )
        .bind(id)
        .fetch_optional(&self.readers)
        .await?;
        row.map(record).transpose()
    }

    /// Sessions without new data since `before`, at most `limit`.
    pub async fn idle_uploads(
        &self,
        before: Millis,
        limit: usize,
    ) -> Result<Vec<UploadRecord>, IndexError> {
        let rows: Vec<UploadRow> = sqlx::query_as(
            "SELECT id, repository, started_at, updated_at, position, state FROM uploads \
             WHERE updated_at < $1 ORDER BY updated_at LIMIT $2",
        )
        .bind(before)
        .bind(column(limit as u64))
        .fetch_all(&self.readers)
        .await?;
        rows.into_iter().map(record).collect()
    }

    /// Removes the saved hash states of all sessions, so that their bytes are hashed again.
    pub async fn forget_upload_states(&self) -> Result<(), IndexError> {
        self.write(|transaction| {
            Box::pin(async move {
                sqlx::query("UPDATE uploads SET position = 0, state = '' WHERE state <> ''")
                    .execute(transaction.connection())
                    .await?;
                Ok(())
            })
        })
        .await
    }

    /// Removes a session.
    pub async fn remove_upload(&self, id: String) -> Result<(), IndexError> {
        self.write(move |transaction| {
            Box::pin(async move { remove(transaction.connection(), &id).await })
        })
        .await
    }
}
