//! One pass over the tables for a report of disk usage.

use super::{Index, IndexError, parsed};
use crate::oci::{Repository, Tag};

/// Rows of the tables, by their ids.
#[derive(Debug, Clone, Default)]
pub struct Contents {
    /// Repositories: id, name.
    pub repositories: Vec<(i64, Repository)>,
    /// Manifests: id, repository, blob.
    pub manifests: Vec<(i64, i64, i64)>,
    /// Manifests with their children and referrers.
    pub attached: Vec<(i64, i64)>,
    /// Manifests with the existing configurations and layers that they reference.
    pub references: Vec<(i64, i64)>,
    /// Tags: repository, name, manifest.
    pub tags: Vec<(i64, Tag, i64)>,
    /// Blobs: id, bytes.
    pub blobs: Vec<(i64, u64)>,
}

impl Index {
    /// Reads all tables in one snapshot.
    pub async fn contents(&self) -> Result<Contents, IndexError> {
        let mut moment = self.readers.begin().await?;
        let repositories: Vec<(i64, String)> =
            sqlx::query_as("SELECT id, name FROM repositories ORDER BY name")
                .fetch_all(&mut *moment)
                .await?;
        let manifests = sqlx::query_as("SELECT id, repository_id, blob_id FROM manifests")
            .fetch_all(&mut *moment)
            .await?;
        let attached = sqlx::query_as(
            "SELECT f.manifest_id, c.id FROM manifest_references f \
             JOIN manifests m ON m.id = f.manifest_id \
             JOIN manifests c ON c.repository_id = m.repository_id AND c.digest = f.digest \
             WHERE f.kind = 'manifest' \
             UNION ALL SELECT s.id, m.id FROM manifests m \
             JOIN manifests s ON s.repository_id = m.repository_id AND s.digest = m.subject \
             WHERE m.subject IS NOT NULL",
        )
        .fetch_all(&mut *moment)
        .await?;
        let references = sqlx::query_as(
            "SELECT f.manifest_id, b.id FROM manifest_references f \
             JOIN blobs b ON b.digest = f.digest WHERE f.kind <> 'manifest' \
             UNION ALL SELECT f.manifest_id, a.blob_id FROM manifest_references f \
             JOIN digest_aliases a ON a.digest = f.digest WHERE f.kind <> 'manifest'",
        )
        .fetch_all(&mut *moment)
        .await?;
        let tags: Vec<(i64, String, i64)> =
            sqlx::query_as("SELECT repository_id, name, manifest_id FROM tags ORDER BY name")
                .fetch_all(&mut *moment)
                .await?;
        let blobs: Vec<(i64, i64)> = sqlx::query_as("SELECT id, size FROM blobs")
            .fetch_all(&mut *moment)
            .await?;
        Ok(Contents {
            repositories: repositories
                .iter()
                .map(|(id, name)| Ok((*id, parsed("repository name", name)?)))
                .collect::<Result<_, IndexError>>()?,
            manifests,
            attached,
            references,
            tags: tags
                .iter()
                .map(|(repository, name, manifest)| {
                    Ok((*repository, parsed("tag", name)?, *manifest))
                })
                .collect::<Result<_, IndexError>>()?,
            blobs: blobs
                .into_iter()
                .map(|(id, size)| (id, size.unsigned_abs()))
                .collect(),
        })
    }
}
