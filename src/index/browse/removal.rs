//! What is removed together with manifests, and how many bytes a collection then frees.

use std::collections::{HashMap, HashSet};

use super::super::{Index, IndexError, parsed};
use crate::oci::{Digest, Repository};

/// For more manifests than this the bytes are not summed up.
const SUM_LIMIT: usize = 500;

/// What is removed together with some manifests.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Removal {
    /// Manifests that stay because an index that stays contains them.
    pub held: HashSet<Digest>,
    /// Manifests without a tag that only removed indexes contain.
    pub children: Vec<Digest>,
    /// Manifests without a tag that refer to removed ones.
    pub referrers: Vec<Digest>,
    /// Bytes that nothing else references; `None` for too many manifests.
    pub bytes: Option<u64>,
}

impl Index {
    /// What is removed together with manifests of a repository that lose their last tag.
    pub async fn removal(
        &self,
        repository: &Repository,
        manifests: &[Digest],
    ) -> Result<Removal, IndexError> {
        let mut removal = Removal::default();
        let asked: HashSet<Digest> = manifests.iter().copied().collect();
        for digest in manifests {
            let parents = self.parents(repository, digest).await?;
            if parents.iter().any(|parent| !asked.contains(parent)) {
                removal.held.insert(*digest);
            }
        }
        let gone = manifests.iter().copied();
        let gone: Vec<Digest> = gone.filter(|one| !removal.held.contains(one)).collect();
        let mut all: HashSet<Digest> = gone.iter().copied().collect();
        let mut queue = gone;
        while let Some(digest) = queue.pop() {
            if all.len() > SUM_LIMIT {
                return Ok(removal);
            }
            for child in self.untagged(repository, &digest, CHILDREN).await? {
                let parents = self.parents(repository, &child).await?;
                if parents.iter().all(|parent| all.contains(parent)) && all.insert(child) {
                    removal.children.push(child);
                    queue.push(child);
                }
            }
            for referrer in self.untagged(repository, &digest, REFERRERS).await? {
                if all.insert(referrer) {
                    removal.referrers.push(referrer);
                    queue.push(referrer);
                }
            }
        }
        removal.bytes = Some(self.freed(repository, &all).await?);
        Ok(removal)
    }

    /// The indexes of a repository that contain a manifest.
    async fn parents(
        &self,
        repository: &Repository,
        digest: &Digest,
    ) -> Result<Vec<Digest>, IndexError> {
        let rows: Vec<String> = sqlx::query_scalar(
            "SELECT m.digest FROM manifest_references f \
             JOIN manifests m ON m.id = f.manifest_id \
             JOIN repositories r ON r.id = m.repository_id \
             WHERE f.digest = $2 AND f.kind = 'manifest' AND r.name = $1",
        )
        .bind(repository.as_str())
        .bind(digest.to_string())
        .fetch_all(&self.readers)
        .await?;
        rows.iter().map(|row| parsed("digest", row)).collect()
    }

    /// Untagged manifests that a query finds for another manifest.
    async fn untagged(
        &self,
        repository: &Repository,
        digest: &Digest,
        statement: &'static str,
    ) -> Result<Vec<Digest>, IndexError> {
        let rows: Vec<String> = sqlx::query_scalar(statement)
            .bind(repository.as_str())
            .bind(digest.to_string())
            .fetch_all(&self.readers)
            .await?;
        rows.iter().map(|row| parsed("digest", row)).collect()
    }

    /// Bytes that only these manifests of a repository reference.
    async fn freed(
        &self,
        repository: &Repository,
        manifests: &HashSet<Digest>,
    ) -> Result<u64, IndexError> {
        let mut blobs: HashMap<i64, (i64, i64)> = HashMap::new();
        for digest in manifests {
            let rows: Vec<(i64, i64)> = sqlx::query_as(CONTENT)
                .bind(repository.as_str())
                .bind(digest.to_string())
                .fetch_all(&self.readers)
                .await?;
            for (blob, size) in rows {
                blobs.entry(blob).or_insert((size, 0)).1 += 1;
            }
        }
        let mut bytes: u64 = 0;
        for (blob, (size, uses)) in blobs {
            let total: i64 = sqlx::query_scalar(
                "SELECT (SELECT COUNT(*) FROM manifests WHERE blob_id = $1) + \
                   (SELECT COUNT(DISTINCT f.manifest_id) FROM manifest_references f \
                    JOIN blobs b ON b.digest = f.digest \
                    WHERE b.id = $1 AND f.kind <> 'manifest')",
            )
            .bind(blob)
            .fetch_one(&self.readers)
            .await?;
            if total <= uses {
                bytes += size.unsigned_abs();
            }
        }
        Ok(bytes)
    }
}

/// Untagged children of an index.
const CHILDREN: &str = "SELECT c.digest FROM repositories r \
     JOIN manifests m ON m.repository_id = r.id AND m.digest = $2 \
     JOIN manifest_references f ON f.manifest_id = m.id AND f.kind = 'manifest' \
     JOIN manifests c ON c.repository_id = r.id AND c.digest = f.digest \
     WHERE r.name = $1 AND NOT EXISTS (SELECT 1 FROM tags t WHERE t.manifest_id = c.id)";

/// Untagged referrers of a manifest.
const REFERRERS: &str = "SELECT m.digest FROM repositories r \
     JOIN manifests m ON m.repository_id = r.id AND m.subject = $2 \
     WHERE r.name = $1 AND NOT EXISTS (SELECT 1 FROM tags t WHERE t.manifest_id = m.id)";

/// The blobs of a manifest, including its own.
const CONTENT: &str = "SELECT b.id, b.size FROM repositories r \
     JOIN manifests m ON m.repository_id = r.id AND m.digest = $2 \
     JOIN blobs b ON b.id = m.blob_id WHERE r.name = $1 \
     UNION ALL SELECT DISTINCT b.id, b.size FROM repositories r \
     JOIN manifests m ON m.repository_id = r.id AND m.digest = $2 \
     JOIN manifest_references f ON f.manifest_id = m.id AND f.kind <> 'manifest' \
     JOIN blobs b ON b.digest = f.digest WHERE r.name = $1";
