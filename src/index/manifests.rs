//! Manifests and their references.

use std::fmt;
use std::str::FromStr;

use serde_json::json;

use super::events::NewEvent;
use super::many::ROWS;
use super::trash::{self, Discard};
use super::writer::Transaction;
use super::{
    BlobRecord, Index, IndexError, LayoutChange, Lease, blobs, column, leases, many, parsed,
    quarantine, repositories, tags,
};
use crate::clock::Millis;
use crate::oci::{Digest, MediaType, Reference, Repository, Tag};

/// The kind of a reference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ReferenceKind {
    /// The configuration of an image.
    Config,
    /// A layer, or a blob of an artifact.
    Layer,
    /// A child of an index.
    Manifest,
}

impl fmt::Display for ReferenceKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Config => "config",
            Self::Layer => "layer",
            Self::Manifest => "manifest",
        })
    }
}

impl FromStr for ReferenceKind {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        match text {
            "config" => Ok(Self::Config),
            "layer" => Ok(Self::Layer),
            "manifest" => Ok(Self::Manifest),
            _ => Err(()),
        }
    }
}

/// A manifest as recorded in the index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ManifestRecord {
    /// The digest by which clients ask for it.
    pub digest: Digest,
    /// The blob with its content.
    pub blob: BlobRecord,
    /// Its media type.
    pub media_type: MediaType,
}

/// A manifest to add to a repository.
#[derive(Debug, Clone)]
pub struct NewManifest {
    /// The repository.
    pub repository: Repository,
    /// The digest by which clients ask for it.
    pub digest: Digest,
    /// Its canonical digest.
    pub canonical: Digest,
    /// Bytes of the manifest itself.
    pub size: u64,
    /// Its media type.
    pub media_type: MediaType,
    /// The artifact type, as a listing of referrers shows and filters it.
    pub artifact_type: Option<String>,
    /// The manifest that it names as its subject.
    pub subject: Option<Digest>,
    /// Its annotations as a JSON object; only if it has a subject.
    pub annotations: Option<String>,
    /// Its platforms, each `os/architecture[/variant]`.
    pub platforms: Vec<String>,
    /// When the image was created, according to its configuration.
    pub created: Option<String>,
    /// Bytes of the configuration and the layers.
    pub content_size: u64,
    /// Whether it could be parsed and has a known type, so that all its references are known.
    pub readable: bool,
    /// Its references.
    pub references: Vec<(Digest, ReferenceKind)>,
}

/// The result of putting a manifest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PutManifest {
    /// It was added, and the tags point at it.
    Done,
    /// Required blobs are not in the repository. Nothing was changed.
    Missing(Vec<Digest>),
    /// Its own bytes are missing, and none were staged. Nothing was changed.
    NeedsBytes,
}

/// The row of a manifest in a repository.
pub(super) async fn find(
    connection: &mut sqlx::SqliteConnection,
    repository: i64,
    digest: &Digest,
) -> Result<Option<i64>, IndexError> {
    let id =
        sqlx::query_scalar("SELECT id FROM manifests WHERE repository_id = $1 AND digest = $2")
            .bind(repository)
            .bind(digest.to_string())
            .fetch_optional(connection)
            .await?;
    Ok(id)
}

/// Adds the rows of a manifest whose blob exists. Returns `None` if the manifest existed already.
pub(super) async fn insert(
    connection: &mut sqlx::SqliteConnection,
    repository: i64,
    blob: i64,
    new: &NewManifest,
    now: Millis,
) -> Result<Option<i64>, IndexError> {
    let id: Option<i64> = sqlx::query_scalar(
        "INSERT INTO manifests (repository_id, digest, blob_id, media_type, artifact_type, subject, \
           annotations, platforms, created, size, content_size, readable, pushed_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) \
         ON CONFLICT (repository_id, digest) DO NOTHING RETURNING id",
    )
    .bind(repository)
    .bind(new.digest.to_string())
    .bind(blob)
    .bind(new.media_type.as_str())
    .bind(new.artifact_type.as_deref())
    .bind(new.subject.map(|subject| subject.to_string()))
    .bind(new.annotations.as_deref())
    .bind(new.platforms.join(","))
    .bind(new.created.as_deref())
    .bind(column(new.size))
    .bind(column(new.content_size))
    .bind(new.readable)
    .bind(now)
    .fetch_optional(&mut *connection)
    .await?;
    if let Some(id) = id {
        let references: Vec<_> = new.references.iter().map(|one| (id, one)).collect();
        for some in references.chunks(ROWS) {
            let mut insert = many::insert_references(some);
            insert.build().execute(&mut *connection).await?;
        }
    }
    Ok(id)
}

/// Removes a manifest and its tags from a repository. Returns the tags.
pub(super) async fn remove(
    connection: &mut sqlx::SqliteConnection,
    id: i64,
) -> Result<Vec<Tag>, IndexError> {
    let names: Vec<String> =
        sqlx::query_scalar("DELETE FROM tags WHERE manifest_id = $1 RETURNING name")
            .bind(id)
            .fetch_all(&mut *connection)
            .await?;
    sqlx::query("DELETE FROM manifests WHERE id = $1")
        .bind(id)
        .execute(connection)
        .await?;
    names.iter().map(|name| parsed("tag", name)).collect()
}

/// The row of a manifest that exists already, and was pushed again.
async fn again(
    connection: &mut sqlx::SqliteConnection,
    repository: i64,
    digest: &Digest,
    now: Millis,
) -> Result<i64, IndexError> {
    let id: Option<i64> = sqlx::query_scalar(
        "UPDATE manifests SET pushed_at = $3 WHERE repository_id = $1 AND digest = $2 RETURNING id",
    )
    .bind(repository)
    .bind(digest.to_string())
    .bind(now)
    .fetch_optional(connection)
    .await?;
    id.ok_or(IndexError::Closed)
}

async fn put(
    transaction: &mut Transaction,
    new: NewManifest,
    required: Vec<Digest>,
    tags: Vec<Tag>,
    staged: Option<String>,
    terms: Lease,
) -> Result<PutManifest, IndexError> {
    let connection = transaction.connection();
    let known = repositories::find(connection, &new.repository).await?;
    let (mut missing, mut held) = (Vec::new(), vec![new.canonical]);
    for digest in required {
        let row = match known {
            Some(repository) => blobs::linked(connection, repository, &digest).await?,
            None => None,
        };
        match row {
            Some(blob) => held.push(blob.canonical),
            None => missing.push(digest),
        }
    }
    if !missing.is_empty() {
        return Ok(PutManifest::Missing(missing));
    }
    let blob = match staged {
        Some(staged) => {
            // The caller stages bytes only if those in place are missing or have another length.
            blobs::place(
                transaction,
                new.canonical,
                new.size,
                staged,
                false,
                terms.now,
            )
            .await?
        }
        None => match blobs::find(connection, &new.canonical).await? {
            Some(row) => row.id,
            None => return Ok(PutManifest::NeedsBytes),
        },
    };
    let connection = transaction.connection();
    if new.digest != new.canonical {
        blobs::alias(connection, blob, &new.digest).await?;
    }
    let repository = match known {
        Some(repository) => repository,
        None => repositories::ensure(connection, &new.repository, terms.now).await?,
    };
    let children: Vec<Digest> = new
        .references
        .iter()
        .filter(|(_, kind)| *kind == ReferenceKind::Manifest)
        .map(|(digest, _)| *digest)
        .collect();
    for some in children.chunks(ROWS) {
        held.extend(quarantine::known_among(connection, some).await?);
    }
    leases::ensure_all(connection, held, terms).await?;
    let manifest = match insert(connection, repository, blob, &new, terms.now).await? {
        Some(id) => {
            let (repository, digest) = (new.repository.clone(), new.digest);
            let canonical = new.canonical;
            transaction.journal(LayoutChange::RevisionLinked {
                repository,
                digest,
                canonical,
            });
            id
        }
        None => again(connection, repository, &new.digest, terms.now).await?,
    };
    if !children.is_empty() {
        trash::restore_children(transaction, &new, repository, manifest, terms).await?;
    }
    repositories::pushed(transaction.connection(), repository, terms.now).await?;
    let mut pushed = NewEvent::within("push-manifest", terms.now, &new.repository)
        .digest(new.digest)
        .size(new.size);
    pushed.media_type = Some(new.media_type.clone());
    transaction.event(pushed);
    for tag in tags {
        let connection = transaction.connection();
        let before = tags::find(connection, repository, &tag).await?;
        tags::set(connection, repository, &tag, manifest, terms.now).await?;
        if before != Some(new.digest) {
            let mut set = NewEvent::within("set-tag", terms.now, &new.repository)
                .tag(&tag)
                .digest(new.digest);
            set.detail = before.map(|before| json!({ "from": before }));
            transaction.event(set);
        }
        let (repository, digest) = (new.repository.clone(), new.digest);
        transaction.journal(LayoutChange::TagSet {
            repository,
            tag,
            digest,
        });
    }
    Ok(PutManifest::Done)
}

impl Index {
    /// Adds a manifest to a repository and points `tags` at it, if the repository may read every
    /// blob in `required`. Leases the blobs that it references. `staged` is the key of its sealed
    /// bytes; without it, its blob must exist.
    pub async fn put_manifest(
        &self,
        new: NewManifest,
        required: Vec<Digest>,
        tags: Vec<Tag>,
        staged: Option<String>,
        terms: Lease,
    ) -> Result<PutManifest, IndexError> {
        self.write(move |transaction| {
            Box::pin(put(transaction, new, required, tags, staged, terms))
        })
        .await
    }

    /// A manifest of a repository, by tag or digest.
    pub async fn manifest(
        &self,
        repository: &Repository,
        reference: &Reference,
    ) -> Result<Option<ManifestRecord>, IndexError> {
        let statement = match reference {
            Reference::Tag(_) => sqlx::query_as(
                "SELECT m.digest, b.digest, m.media_type, m.size FROM repositories r \
                 JOIN tags t ON t.repository_id = r.id JOIN manifests m ON m.id = t.manifest_id \
                 JOIN blobs b ON b.id = m.blob_id WHERE r.name = $1 AND t.name = $2 \
                 AND b.quarantined_at IS NULL",
            ),
            Reference::Digest(_) => sqlx::query_as(
                "SELECT m.digest, b.digest, m.media_type, m.size FROM repositories r \
                 JOIN manifests m ON m.repository_id = r.id \
                 JOIN blobs b ON b.id = m.blob_id WHERE r.name = $1 AND m.digest = $2 \
                 AND b.quarantined_at IS NULL",
            ),
        };
        let row: Option<(String, String, String, i64)> = statement
            .bind(repository.as_str())
            .bind(reference.to_string())
            .fetch_optional(&self.readers)
            .await?;
        row.map(|(digest, canonical, media_type, size)| {
            Ok(ManifestRecord {
                digest: parsed("digest", &digest)?,
                blob: BlobRecord {
                    canonical: parsed("digest", &canonical)?,
                    size: size.unsigned_abs(),
                },
                media_type: MediaType::new(&media_type),
            })
        })
        .transpose()
    }

    /// Moves a manifest and its tags into the trash. Returns the tags, or `None` if there is no
    /// such manifest.
    pub async fn delete_manifest(
        &self,
        repository: Repository,
        digest: Digest,
        discard: Discard,
    ) -> Result<Option<Vec<Tag>>, IndexError> {
        self.write(move |transaction| {
            Box::pin(async move {
                let connection = transaction.connection();
                let Some(id) = repositories::find(connection, &repository).await? else {
                    return Ok(None);
                };
                let Some(manifest) = find(connection, id, &digest).await? else {
                    return Ok(None);
                };
                trash::trash_manifest(transaction, &repository, manifest, discard).await?;
                let tags = remove(transaction.connection(), manifest).await?;
                for tag in &tags {
                    let (repository, tag) = (repository.clone(), tag.clone());
                    transaction.journal(LayoutChange::TagRemoved { repository, tag });
                }
                let deleted = NewEvent::within("delete-manifest", discard.now, &repository)
                    .digest(digest)
                    .detail(json!({ "tags": tags.len() }));
                transaction.event(deleted);
                transaction.journal(LayoutChange::RevisionUnlinked { repository, digest });
                Ok(Some(tags))
            })
        })
        .await
    }

    /// Whether the blob of a canonical digest exists, in any repository.
    pub async fn has_blob(&self, canonical: &Digest) -> Result<bool, IndexError> {
        let mut connection = self.readers.acquire().await?;
        Ok(blobs::find(&mut connection, canonical).await?.is_some())
    }
}
