//! Manifests that have another manifest as their subject.

use super::{Index, IndexError, column, parsed};
use crate::oci::{Digest, MediaType, Repository};

/// A referrer as a listing shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReferrerRecord {
    /// Its digest.
    pub digest: Digest,
    /// Its media type.
    pub media_type: MediaType,
    /// Its artifact type.
    pub artifact_type: Option<String>,
    /// Bytes of the manifest.
    pub size: u64,
    /// Its annotations, a JSON object.
    pub annotations: Option<String>,
}

impl Index {
    /// The referrers of `subject` after `last`, in the order of their digests.
    pub async fn referrers(
        &self,
        repository: &Repository,
        subject: &Digest,
        artifact_type: Option<&str>,
        last: &str,
        limit: usize,
    ) -> Result<Vec<ReferrerRecord>, IndexError> {
        let rows: Vec<(String, String, Option<String>, i64, Option<String>)> = sqlx::query_as(
            "SELECT m.digest, m.media_type, m.artifact_type, m.size, m.annotations \
             FROM manifests m JOIN repositories r ON r.id = m.repository_id \
             WHERE r.name = $1 AND m.subject = $2 AND m.digest > $3 \
             AND ($4 IS NULL OR LOWER(m.artifact_type) = LOWER($4)) ORDER BY m.digest LIMIT $5",
        )
        .bind(repository.as_str())
        .bind(subject.to_string())
        .bind(last)
        .bind(artifact_type)
        .bind(column(limit as u64))
        .fetch_all(&self.readers)
        .await?;
        rows.into_iter()
            .map(|(digest, media_type, artifact_type, size, annotations)| {
                Ok(ReferrerRecord {
                    digest: parsed("digest", &digest)?,
                    media_type: MediaType::new(&media_type),
                    artifact_type,
                    size: size.unsigned_abs(),
                    annotations,
                })
            })
            .collect()
    }
}
