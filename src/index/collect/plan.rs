//! Finds what a collection deletes, on a connection of its own, beside the writer and the readers.
//!
//! Manifests are planned in rounds: parents and subjects first, then the manifests that only they
//! hold. A planned manifest counts as deleted in later rounds. A plan locks nothing: the deleting
//! transactions check again.

use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Connection, SqliteConnection};

use super::super::{Index, IndexError, PAGE_OF_ROWS, batch, parsed};
use super::{
    CollectTerms, KeptRecord, ManifestDeleteReason, PlannedBlob, PlannedManifest, planned_blob,
};
use crate::clock::Millis;
use crate::oci::Repository;

/// The tables of a plan in addition to [`batch::TABLES`]: the rows to examine, and the blobs to delete.
const TABLES: &str = "
CREATE TEMP TABLE examined_manifests (id INTEGER PRIMARY KEY);
CREATE TEMP TABLE examined_blobs (id INTEGER PRIMARY KEY, repository TEXT);
CREATE TEMP TABLE planned_blobs (id INTEGER PRIMARY KEY);
CREATE TEMP TABLE held_manifests (id INTEGER PRIMARY KEY, until BIGINT NOT NULL);
";

/// Rows of a page.
pub(super) const PAGE: i64 = 1024;

/// Adds the dependents of the last round to the manifests to examine: children, referrers, fallback tags.
pub(super) const DEPENDENTS: [&str; 3] = [
    "INSERT INTO examined_manifests SELECT c.id FROM planned_manifests g CROSS JOIN manifests m \
     CROSS JOIN manifest_references f CROSS JOIN manifests c \
     WHERE g.round = $5 AND m.id = g.id AND f.manifest_id = m.id AND f.kind = 'manifest' \
     AND c.repository_id = m.repository_id AND c.digest = f.digest ON CONFLICT DO NOTHING",
    "INSERT INTO examined_manifests SELECT c.id FROM planned_manifests g CROSS JOIN manifests m CROSS JOIN manifests c \
     WHERE g.round = $5 AND m.id = g.id AND c.repository_id = m.repository_id \
     AND c.subject = m.digest ON CONFLICT DO NOTHING",
    "INSERT INTO examined_manifests SELECT t.manifest_id FROM planned_manifests g CROSS JOIN manifests m \
     CROSS JOIN tags t WHERE g.round = $5 AND m.id = g.id AND t.repository_id = m.repository_id \
     AND t.name = substr(replace(m.digest, ':', '-'), 1, 71) ON CONFLICT DO NOTHING",
];

/// The blobs to examine, each with the first of its repositories by name: candidates, and the blobs of
/// manifests that are deleted or in the trash.
pub(super) const EXAMINED_BLOBS: [&str; 3] = [
    "INSERT INTO examined_blobs SELECT blob_id, repository FROM candidates",
    "INSERT INTO examined_blobs SELECT x.id, MIN(r.name) FROM ( \
       SELECT m.id AS manifest, m.blob_id AS id FROM planned_manifests g CROSS JOIN manifests m WHERE m.id = g.id \
       UNION SELECT g.id, b.id FROM planned_manifests g CROSS JOIN manifest_references f CROSS JOIN blobs b \
         WHERE f.manifest_id = g.id AND b.digest = f.digest \
       UNION SELECT g.id, a.blob_id FROM planned_manifests g CROSS JOIN manifest_references f \
         CROSS JOIN digest_aliases a WHERE f.manifest_id = g.id AND a.digest = f.digest) x \
     CROSS JOIN manifests m CROSS JOIN repositories r \
     WHERE m.id = x.manifest AND r.id = m.repository_id GROUP BY x.id ON CONFLICT (id) DO UPDATE SET repository = excluded.repository \
     WHERE examined_blobs.repository IS NULL OR examined_blobs.repository > excluded.repository",
    "INSERT INTO examined_blobs SELECT x.id, MIN(x.repository) FROM ( \
       SELECT blob_id AS id, repository FROM trash_manifests \
       UNION SELECT b.id, m.repository FROM trash_references f \
         CROSS JOIN trash_manifests m CROSS JOIN blobs b \
         WHERE m.id = f.manifest_id AND b.digest = f.digest \
       UNION SELECT a.blob_id, m.repository FROM trash_references f \
         CROSS JOIN trash_manifests m CROSS JOIN digest_aliases a \
         WHERE m.id = f.manifest_id AND a.digest = f.digest) x \
     GROUP BY x.id ON CONFLICT (id) DO UPDATE SET repository = excluded.repository \
     WHERE examined_blobs.repository IS NULL OR examined_blobs.repository > excluded.repository",
];

/// A plan of a collection.
pub struct Plan {
    pub(super) connection: SqliteConnection,
    pub(super) terms: CollectTerms,
    pub(super) rounds: i64,
}

impl Index {
    /// Begins a plan.
    pub async fn plan(&self, terms: CollectTerms) -> Result<Plan, IndexError> {
        Plan::open(self.options.clone(), terms).await
    }
}

impl Plan {
    async fn open(options: SqliteConnectOptions, terms: CollectTerms) -> Result<Self, IndexError> {
        let options = options
            .pragma("temp_store", "MEMORY")
            .pragma("cache_size", "-8192")
            .row_buffer_size(PAGE_OF_ROWS);
        let mut connection = options.connect().await?;
        for statements in [batch::TABLES, TABLES] {
            sqlx::raw_sql(statements).execute(&mut connection).await?;
        }
        let mut plan = Self {
            connection,
            terms,
            rounds: 0,
        };
        plan.run("INSERT INTO examined_manifests SELECT manifest_id FROM candidate_manifests")
            .await?;
        Ok(plan)
    }

    /// Frees the memory of the plan.
    pub async fn close(self) -> Result<(), IndexError> {
        Ok(self.connection.close().await?)
    }

    pub(super) async fn run(&mut self, statement: &'static str) -> Result<u64, IndexError> {
        let done = sqlx::query_with(statement, self.terms.arguments()?)
            .bind(self.rounds)
            .execute(&mut self.connection)
            .await?;
        Ok(done.rows_affected())
    }

    /// The next round of manifests to delete: those that only earlier rounds hold. Empty after the
    /// last round, and if untagged manifests are not collected.
    pub async fn manifests(&mut self) -> Result<Vec<PlannedManifest>, IndexError> {
        if self.terms.untagged.is_none() {
            return Ok(Vec::new());
        }
        self.rounds += 1;
        let found = self
            .run(concat!(
                "INSERT INTO planned_manifests (id, round) SELECT m.id, $5 FROM examined_manifests s \
                 CROSS JOIN manifests m WHERE m.id = s.id AND m.id NOT IN (SELECT id FROM planned_manifests) AND ",
                free_manifest!(),
                " AND ",
                kept_manifest!(),
                " IS NULL"
            ))
            .await?;
        if found == 0 {
            return Ok(Vec::new());
        }
        for statement in DEPENDENTS {
            self.run(statement).await?;
        }
        let rows: Vec<(i64, String, String, bool)> = sqlx::query_as(
            "SELECT m.id, r.name, m.digest, m.subject IS NOT NULL \
               OR EXISTS (SELECT 1 FROM tags t WHERE t.manifest_id = m.id) \
             FROM planned_manifests g CROSS JOIN manifests m CROSS JOIN repositories r \
             WHERE m.id = g.id AND r.id = m.repository_id AND g.round = $1 ORDER BY g.id",
        )
        .bind(self.rounds)
        .fetch_all(&mut self.connection)
        .await?;
        rows.into_iter()
            .map(|(id, repository, digest, orphaned)| {
                Ok(PlannedManifest {
                    id,
                    repository: parsed("repository name", &repository)?,
                    digest: parsed("digest", &digest)?,
                    why: if orphaned {
                        ManifestDeleteReason::Orphaned
                    } else {
                        ManifestDeleteReason::Untagged
                    },
                })
            })
            .collect()
    }

    /// Manifests that are kept although nothing holds them, and unreadable ones.
    pub async fn kept(&mut self) -> Result<Vec<KeptRecord>, IndexError> {
        let rows: Vec<(String, String, String)> = sqlx::query_as_with(
            concat!(
                "SELECT r.name, m.digest, 'unreadable' FROM manifests m \
                 CROSS JOIN repositories r WHERE r.id = m.repository_id AND NOT m.readable \
                 UNION SELECT r.name, d.digest, 'unreadable' FROM damaged_manifests d \
                 CROSS JOIN repositories r WHERE r.id = d.repository_id \
                 UNION SELECT r.name, m.digest, ",
                kept_manifest!(),
                " FROM examined_manifests s CROSS JOIN manifests m CROSS JOIN repositories r \
                 WHERE m.id = s.id AND r.id = m.repository_id AND m.id NOT IN (SELECT id FROM planned_manifests) AND $3 > -9223372036854775808 AND ",
                kept_manifest!(),
                " IS NOT NULL AND ",
                free_manifest!(),
                " ORDER BY 1, 2"
            ),
            self.terms.arguments()?,
        )
        .fetch_all(&mut self.connection)
        .await?;
        rows.iter()
            .map(|(repository, digest, why)| {
                Ok(KeptRecord {
                    repository: parsed("repository name", repository)?,
                    digest: parsed("digest", digest)?,
                    why: parsed("reason", why)?,
                })
            })
            .collect()
    }

    /// Empty repositories: no manifest, no trash, no leased blob.
    pub async fn repositories(&mut self) -> Result<Vec<Repository>, IndexError> {
        let names: Vec<String> = sqlx::query_scalar_with(
            concat!(
                "SELECT r.name FROM repositories r WHERE r.id IN ( \
                   SELECT repository_id FROM candidate_repositories \
                   UNION SELECT m.repository_id FROM planned_manifests g CROSS JOIN manifests m \
                     WHERE m.id = g.id) AND ",
                empty_repository!(),
                " ORDER BY r.name"
            ),
            self.terms.arguments()?,
        )
        .fetch_all(&mut self.connection)
        .await?;
        names
            .iter()
            .map(|name| parsed("repository name", name))
            .collect()
    }

    /// Removes the planned manifests from the plan, after they were deleted or kept.
    pub async fn forget_manifests(&mut self) -> Result<(), IndexError> {
        self.run("DELETE FROM planned_manifests").await?;
        Ok(())
    }

    /// Removes the planned blobs from the plan, after they were deleted or kept.
    pub async fn forget_blobs(&mut self) -> Result<(), IndexError> {
        self.run("DELETE FROM planned_blobs").await?;
        Ok(())
    }

    /// Finds the unreferenced blobs. Returns their number.
    pub async fn find_blobs(&mut self) -> Result<u64, IndexError> {
        for statement in EXAMINED_BLOBS {
            self.run(statement).await?;
        }
        self.run(concat!(
            "INSERT INTO planned_blobs SELECT b.id FROM examined_blobs s CROSS JOIN blobs b \
             WHERE b.id = s.id AND ",
            free_blob!()
        ))
        .await
    }

    /// A page of the found blobs, after `last`.
    pub async fn blobs(
        &mut self,
        last: Option<&PlannedBlob>,
    ) -> Result<Vec<PlannedBlob>, IndexError> {
        let rows: Vec<(i64, String, i64, Option<String>)> = sqlx::query_as(
            "SELECT b.id, b.digest, b.size, COALESCE((SELECT MIN(r.name) FROM repository_blobs l \
               CROSS JOIN repositories r WHERE l.blob_id = b.id AND r.id = l.repository_id), \
               s.repository) \
             FROM planned_blobs d CROSS JOIN blobs b CROSS JOIN examined_blobs s \
             WHERE b.id = d.id AND s.id = d.id AND d.id > $1 ORDER BY d.id LIMIT $2",
        )
        .bind(last.map_or(i64::MIN, |blob| blob.id))
        .bind(PAGE)
        .fetch_all(&mut self.connection)
        .await?;
        rows.into_iter().map(planned_blob).collect()
    }

    /// Blobs that are no longer candidates: a manifest, live or in the trash, references them.
    pub async fn settled_blobs(&mut self) -> Result<Vec<i64>, IndexError> {
        Ok(sqlx::query_scalar(concat!(
            "SELECT c.blob_id FROM candidates c CROSS JOIN blobs b \
             WHERE b.id = c.blob_id AND NOT (",
            unrelated_blob!(),
            ")"
        ))
        .bind(Millis::MIN)
        .bind(Millis::MIN)
        .fetch_all(&mut self.connection)
        .await?)
    }

    /// Manifests that are no longer candidates: a tag, a parent or a subject holds them.
    pub async fn settled_manifests(&mut self) -> Result<Vec<i64>, IndexError> {
        Ok(sqlx::query_scalar(concat!(
            "SELECT m.id FROM candidate_manifests c CROSS JOIN manifests m \
             WHERE m.id = c.manifest_id AND ",
            related_manifest!()
        ))
        .fetch_all(&mut self.connection)
        .await?)
    }
}
