//! Reads for the page of an image: its tags, and the other repositories with its layers.

use sqlx::AssertSqlSafe;

use super::super::visible::Visible;
use super::super::{Index, IndexError, column, parsed};
use crate::oci::{Digest, Repository, Tag, Visibility};

/// A repository with a blob.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BlobUser {
    /// The blob.
    pub digest: Digest,
    /// The repository.
    pub repository: Repository,
}

impl Index {
    /// The tags that point at a manifest, in the order of their names.
    pub async fn tags_of_manifest(
        &self,
        repository: &Repository,
        digest: &Digest,
        limit: usize,
    ) -> Result<Vec<Tag>, IndexError> {
        let names: Vec<String> = sqlx::query_scalar(
            "SELECT t.name FROM repositories r JOIN manifests m ON m.repository_id = r.id \
             JOIN tags t ON t.manifest_id = m.id \
             WHERE r.name = $1 AND m.digest = $2 ORDER BY t.name LIMIT $3",
        )
        .bind(repository.as_str())
        .bind(digest.to_string())
        .bind(column(limit as u64))
        .fetch_all(&self.readers)
        .await?;
        names.iter().map(|name| parsed("tag", name)).collect()
    }

    /// Visible repositories other than `except` with one of these blobs: any of them, at most
    /// `limit`, so that the cost does not grow with the number of repositories.
    pub async fn blob_users(
        &self,
        visibility: &Visibility,
        except: &Repository,
        digest: &Digest,
        limit: usize,
    ) -> Result<Vec<BlobUser>, IndexError> {
        let visible = Visible::new(visibility, 4);
        let statement = format!(
            "SELECT r.name FROM blobs b JOIN repository_blobs l ON l.blob_id = b.id \
             JOIN repositories r ON r.id = l.repository_id \
             WHERE b.digest = $1 AND r.name <> $2 AND {} LIMIT $3",
            visible.condition
        );
        let mut query = sqlx::query_scalar(AssertSqlSafe(statement))
            .bind(digest.to_string())
            .bind(except.as_str())
            .bind(column(limit as u64));
        for value in visible.values {
            query = query.bind(value);
        }
        let mut names: Vec<String> = query.fetch_all(&self.readers).await?;
        names.sort();
        names
            .iter()
            .map(|name| {
                Ok(BlobUser {
                    digest: *digest,
                    repository: parsed("repository name", name)?,
                })
            })
            .collect()
    }
}
