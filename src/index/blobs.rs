//! Blobs, the repositories that may read them, and their leases.

use serde_json::json;
use sqlx::SqliteConnection;

use super::events::NewEvent;
use super::writer::Transaction;
use super::{
    Index, IndexError, LayoutChange, Lease, column, leases, parsed, repositories, uploads, visible,
};
use crate::clock::Millis;
use crate::oci::{Algorithm, Digest, Repository, Visibility};

/// A blob as recorded in the index.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BlobRecord {
    /// The canonical digest.
    pub canonical: Digest,
    /// Bytes.
    pub size: u64,
}

/// A blob whose bytes are sealed.
#[derive(Debug, Clone)]
pub struct NewBlob {
    /// The repository that may read it.
    pub repository: Repository,
    /// Its canonical digest.
    pub canonical: Digest,
    /// The digest that the client named, if it is not the canonical one.
    pub alias: Option<Digest>,
    /// Bytes.
    pub size: u64,
    /// Whether the content of the blob, of this size, is in place already.
    pub in_place: bool,
    /// The key of the sealed bytes.
    pub staged: String,
    /// The upload session that this blob ends.
    pub upload: Option<String>,
}

/// A row of `blobs`.
pub(super) struct BlobRow {
    pub(super) id: i64,
    pub(super) record: BlobRecord,
}

/// Finds a blob by its canonical digest or an alias. Quarantined blobs are not found.
pub(super) async fn find(
    connection: &mut SqliteConnection,
    digest: &Digest,
) -> Result<Option<BlobRow>, IndexError> {
    look_up(connection, digest, false).await
}

/// Like [`find`], including quarantined blobs.
pub(super) async fn find_any(
    connection: &mut SqliteConnection,
    digest: &Digest,
) -> Result<Option<BlobRow>, IndexError> {
    look_up(connection, digest, true).await
}

async fn look_up(
    connection: &mut SqliteConnection,
    digest: &Digest,
    any: bool,
) -> Result<Option<BlobRow>, IndexError> {
    let statement = match digest.algorithm() {
        Algorithm::Sha256 => sqlx::query_as(
            "SELECT id, digest, size FROM blobs \
             WHERE digest = $1 AND ($2 OR quarantined_at IS NULL)",
        ),
        Algorithm::Sha512 => sqlx::query_as(
            "SELECT b.id, b.digest, b.size FROM digest_aliases a \
             JOIN blobs b ON b.id = a.blob_id \
             WHERE a.digest = $1 AND ($2 OR b.quarantined_at IS NULL)",
        ),
    };
    let row: Option<(i64, String, i64)> = statement
        .bind(digest.to_string())
        .bind(any)
        .fetch_optional(connection)
        .await?;
    row.map(|(id, canonical, size)| {
        let record = BlobRecord {
            canonical: parsed("digest", &canonical)?,
            size: size.unsigned_abs(),
        };
        Ok(BlobRow { id, record })
    })
    .transpose()
}

/// Finds a blob that a repository may read, by its canonical digest or an alias. Quarantined blobs
/// are not found.
pub(super) async fn linked(
    connection: &mut SqliteConnection,
    repository: i64,
    digest: &Digest,
) -> Result<Option<BlobRecord>, IndexError> {
    let statement = match digest.algorithm() {
        Algorithm::Sha256 => sqlx::query_as(
            "SELECT b.digest, b.size FROM blobs b \
             JOIN repository_blobs l ON l.repository_id = $2 AND l.blob_id = b.id \
             WHERE b.digest = $1 AND b.quarantined_at IS NULL",
        ),
        Algorithm::Sha512 => sqlx::query_as(
            "SELECT b.digest, b.size FROM digest_aliases a JOIN blobs b ON b.id = a.blob_id \
             JOIN repository_blobs l ON l.repository_id = $2 AND l.blob_id = b.id \
             WHERE a.digest = $1 AND b.quarantined_at IS NULL",
        ),
    };
    let row: Option<(String, i64)> = statement
        .bind(digest.to_string())
        .bind(repository)
        .fetch_optional(connection)
        .await?;
    row.map(|(canonical, size)| {
        Ok(BlobRecord {
            canonical: parsed("digest", &canonical)?,
            size: size.unsigned_abs(),
        })
    })
    .transpose()
}

/// Lets a repository read a blob. Returns false if it could already.
pub(super) async fn link(
    connection: &mut SqliteConnection,
    repository: i64,
    blob: i64,
) -> Result<bool, IndexError> {
    let done = sqlx::query(
        "INSERT INTO repository_blobs (repository_id, blob_id) VALUES ($1, $2) \
         ON CONFLICT DO NOTHING",
    )
    .bind(repository)
    .bind(blob)
    .execute(connection)
    .await?;
    Ok(done.rows_affected() > 0)
}

/// Adds the row of a blob if there is none. A quarantined blob, or one of another size, is
/// replaced. Returns the id, and whether the bytes are new.
pub(super) async fn insert(
    connection: &mut SqliteConnection,
    canonical: &Digest,
    size: u64,
    now: Millis,
) -> Result<(i64, bool), IndexError> {
    let inserted: Option<i64> = sqlx::query_scalar(
        "INSERT INTO blobs (digest, size, created_at) VALUES ($1, $2, $3) \
         ON CONFLICT (digest) DO UPDATE SET size = excluded.size, quarantined_at = NULL \
         WHERE blobs.quarantined_at IS NOT NULL OR blobs.size <> excluded.size RETURNING id",
    )
    .bind(canonical.to_string())
    .bind(column(size))
    .bind(now)
    .fetch_optional(&mut *connection)
    .await?;
    if let Some(id) = inserted {
        return Ok((id, true));
    }
    let id = sqlx::query_scalar("SELECT id FROM blobs WHERE digest = $1")
        .bind(canonical.to_string())
        .fetch_one(connection)
        .await?;
    Ok((id, false))
}

/// Adds an alias of a blob: another digest.
pub(super) async fn alias(
    connection: &mut SqliteConnection,
    blob: i64,
    digest: &Digest,
) -> Result<(), IndexError> {
    sqlx::query(
        "INSERT INTO digest_aliases (digest, blob_id) VALUES ($1, $2) ON CONFLICT DO NOTHING",
    )
    .bind(digest.to_string())
    .bind(blob)
    .execute(connection)
    .await?;
    Ok(())
}

/// Places sealed bytes as a blob. Returns the id of its row. The bytes are discarded only if the
/// blob is known and its content is in place (`in_place`).
pub(super) async fn place(
    transaction: &mut Transaction,
    canonical: Digest,
    size: u64,
    staged: String,
    in_place: bool,
    now: Millis,
) -> Result<i64, IndexError> {
    let (id, new) = insert(transaction.connection(), &canonical, size, now).await?;
    let change = if new || !in_place {
        LayoutChange::BlobPlaced {
            digest: canonical,
            from: staged,
        }
    } else {
        LayoutChange::Discarded { key: staged }
    };
    transaction.journal(change);
    Ok(id)
}

impl Transaction {
    /// Journals a link for the canonical digest and for each alias.
    async fn link_layer(
        &mut self,
        repository: &Repository,
        blob: i64,
        canonical: Digest,
        alias: Option<Digest>,
        now: Millis,
    ) -> Result<(), IndexError> {
        let id = repositories::ensure(self.connection(), repository, now).await?;
        let new = link(self.connection(), id, blob).await?;
        for digest in std::iter::once(canonical).filter(|_| new).chain(alias) {
            let repository = repository.clone();
            self.journal(LayoutChange::LayerLinked {
                repository,
                digest,
                canonical,
            });
        }
        Ok(())
    }
}

impl Index {
    /// A blob that a repository may read.
    pub async fn blob(
        &self,
        repository: &Repository,
        digest: &Digest,
    ) -> Result<Option<BlobRecord>, IndexError> {
        let mut connection = self.readers.acquire().await?;
        let Some(repository) = repositories::find(&mut connection, repository).await? else {
            return Ok(None);
        };
        linked(&mut connection, repository, digest).await
    }

    /// A blob that a repository may read, and the end of the lease that this takes in the same
    /// step.
    pub async fn lease_blob(
        &self,
        repository: &Repository,
        digest: Digest,
        terms: Lease,
    ) -> Result<Option<(BlobRecord, Millis)>, IndexError> {
        // Most requests for absent blobs end here, without queueing a write.
        if self.blob(repository, &digest).await?.is_none() {
            return Ok(None);
        }
        let (into, from) = (repository.clone(), Some(repository.clone()));
        self.mount(into, from, digest, Visibility::Everything, terms)
            .await
    }

    /// Makes sealed bytes a blob of a repository, leases it, and ends its upload session.
    pub async fn add_blob(&self, new: NewBlob, terms: Lease) -> Result<(), IndexError> {
        self.write(move |transaction| {
            Box::pin(async move {
                let NewBlob {
                    repository,
                    canonical,
                    alias: other,
                    size,
                    in_place,
                    staged,
                    upload,
                } = new;
                let blob = place(transaction, canonical, size, staged, in_place, terms.now).await?;
                if let Some(digest) = &other {
                    alias(transaction.connection(), blob, digest).await?;
                }
                transaction
                    .link_layer(&repository, blob, canonical, other, terms.now)
                    .await?;
                leases::ensure_all(transaction.connection(), vec![canonical], terms).await?;
                let pushed = NewEvent::within("push-blob", terms.now, &repository)
                    .digest(other.unwrap_or(canonical))
                    .size(size);
                transaction.event(pushed);
                if let Some(upload) = upload {
                    uploads::remove(transaction.connection(), &upload).await?;
                }
                Ok(())
            })
        })
        .await
    }

    /// Lets a repository read a blob of another visible repository (`from`, or any), and leases it.
    /// Returns `None` if there is no such blob.
    pub async fn mount(
        &self,
        repository: Repository,
        from: Option<Repository>,
        digest: Digest,
        visibility: Visibility,
        terms: Lease,
    ) -> Result<Option<(BlobRecord, Millis)>, IndexError> {
        self.write(move |transaction| {
            Box::pin(async move {
                let connection = transaction.connection();
                let Some(blob) = find(connection, &digest).await? else {
                    return Ok(None);
                };
                let readable =
                    visible::has_blob(connection, &visibility, from.as_ref(), blob.id).await?;
                if !readable {
                    return Ok(None);
                }
                let canonical = blob.record.canonical;
                if from.as_ref() != Some(&repository) {
                    let other = Some(digest).filter(|digest| *digest != canonical);
                    transaction
                        .link_layer(&repository, blob.id, canonical, other, terms.now)
                        .await?;
                    let mut mounted = NewEvent::within("mount-blob", terms.now, &repository)
                        .digest(digest)
                        .size(blob.record.size);
                    mounted.detail = from.map(|from| json!({ "from": from }));
                    transaction.event(mounted);
                }
                let end = leases::ensure(transaction.connection(), &canonical, terms).await?;
                Ok(Some((blob.record, end)))
            })
        })
        .await
    }

    /// Unlinks a blob from a repository. Returns false if it was not linked.
    pub async fn unlink_blob(
        &self,
        repository: Repository,
        digest: Digest,
        now: Millis,
    ) -> Result<bool, IndexError> {
        self.write(move |transaction| {
            Box::pin(async move {
                let connection = transaction.connection();
                let Some(blob) = find(connection, &digest).await? else {
                    return Ok(false);
                };
                let Some(id) = repositories::find(connection, &repository).await? else {
                    return Ok(false);
                };
                let gone = sqlx::query(
                    "DELETE FROM repository_blobs WHERE repository_id = $1 AND blob_id = $2",
                )
                .bind(id)
                .bind(blob.id)
                .execute(&mut *connection)
                .await?;
                if gone.rows_affected() == 0 {
                    return Ok(false);
                }
                let others: Vec<String> =
                    sqlx::query_scalar("SELECT digest FROM digest_aliases WHERE blob_id = $1")
                        .bind(blob.id)
                        .fetch_all(connection)
                        .await?;
                let deleted = NewEvent::within("delete-blob", now, &repository)
                    .digest(digest)
                    .size(blob.record.size);
                transaction.event(deleted);
                let mut digests = vec![blob.record.canonical];
                for other in others {
                    digests.push(parsed("digest", &other)?);
                }
                let unlinked = digests
                    .into_iter()
                    .map(|digest| LayoutChange::LayerUnlinked {
                        repository: repository.clone(),
                        digest,
                    });
                transaction.journal_all(unlinked.collect::<Vec<_>>());
                Ok(true)
            })
        })
        .await
    }
}
