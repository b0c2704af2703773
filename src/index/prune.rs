//! Executes a retention plan in transactions that check again: a tag is deleted only while it points
//! where the plan saw it, a manifest only when nothing holds it any more.

use serde_json::json;

use super::events::NewEvent;
use super::trash::{self, Discard};
use super::writer::Transaction;
use super::{Index, IndexError, LayoutChange, manifests, repositories, tags};
use crate::oci::{Digest, Repository, Tag};

/// What is deleted in one step and restored in one: a manifest with what belongs to it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Bundle {
    /// Tags to delete, and where they pointed.
    pub tags: Vec<(Tag, Digest)>,
    /// Manifests to delete: an index before its children, a subject before its referrers.
    pub manifests: Vec<Digest>,
}

/// What was deleted of a bundle.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Bundled {
    /// The tags.
    pub tags: Vec<Tag>,
    /// The manifests.
    pub manifests: Vec<Digest>,
}

/// Whether nothing holds a manifest but tags that are deleted as well (`$3`, a JSON array of names).
const FREE: &str = "SELECT NOT EXISTS (SELECT 1 FROM tags t WHERE t.manifest_id = m.id \
      AND t.name NOT IN (SELECT value FROM json_each($3))) \
    AND NOT EXISTS (SELECT 1 FROM manifest_references f JOIN manifests p ON p.id = f.manifest_id \
      WHERE f.digest = m.digest AND f.kind = 'manifest' AND p.repository_id = m.repository_id) \
    AND NOT EXISTS (SELECT 1 FROM manifests s \
      WHERE s.repository_id = m.repository_id AND s.digest = m.subject) \
    AND NOT EXISTS (SELECT 1 FROM manifests u \
      WHERE u.repository_id = m.repository_id AND NOT u.readable) \
    FROM manifests m WHERE m.repository_id = $1 AND m.id = $2";

async fn discard(
    transaction: &mut Transaction,
    repository: &Repository,
    bundle: Bundle,
    discard: Discard,
) -> Result<Bundled, IndexError> {
    let mut gone = Bundled::default();
    let Some(id) = repositories::find(transaction.connection(), repository).await? else {
        return Ok(gone);
    };
    // A tag that points elsewhere by now is not the one that was planned.
    let mut going: Vec<Tag> = Vec::new();
    for (tag, digest) in bundle.tags {
        if tags::find(transaction.connection(), id, &tag).await? == Some(digest) {
            going.push(tag);
        }
    }
    let names: Vec<&str> = going.iter().map(Tag::as_str).collect();
    let names = serde_json::to_string(&names)
        .map_err(|error| IndexError::Database(sqlx::Error::Encode(error.into())))?;
    let mut deletion = None;
    for digest in bundle.manifests {
        let connection = transaction.connection();
        let Some(manifest) = manifests::find(connection, id, &digest).await? else {
            continue;
        };
        let free: bool = sqlx::query_scalar(FREE)
            .bind(id)
            .bind(manifest)
            .bind(&names)
            .fetch_one(&mut *connection)
            .await?;
        if !free {
            continue;
        }
        deletion = trash::throw_with(transaction, repository, manifest, deletion, discard).await?;
        let tags = manifests::remove(transaction.connection(), manifest).await?;
        let deleted = NewEvent::within("delete-manifest", discard.now, repository)
            .digest(digest)
            .detail(json!({ "by": "retention", "tags": tags.len() }));
        transaction.event(deleted).await?;
        for tag in tags {
            remove_tag(transaction, repository, &tag).await?;
            going.retain(|other| *other != tag);
            gone.tags.push(tag);
        }
        let repository = repository.clone();
        transaction
            .journal(LayoutChange::RevisionUnlinked { repository, digest })
            .await?;
        gone.manifests.push(digest);
    }
    for tag in going {
        let connection = transaction.connection();
        trash::throw_tag(connection, repository, id, &tag, discard).await?;
        let digest = tags::find(connection, id, &tag).await?;
        tags::remove(connection, id, &tag).await?;
        let mut deleted = NewEvent::within("delete-tag", discard.now, repository)
            .tag(&tag)
            .detail(json!({ "by": "retention" }));
        deleted.digest = digest;
        transaction.event(deleted).await?;
        remove_tag(transaction, repository, &tag).await?;
        gone.tags.push(tag);
    }
    Ok(gone)
}

async fn remove_tag(
    transaction: &mut Transaction,
    repository: &Repository,
    tag: &Tag,
) -> Result<(), IndexError> {
    let (repository, tag) = (repository.clone(), tag.clone());
    transaction
        .journal(LayoutChange::TagRemoved { repository, tag })
        .await
}

impl Index {
    /// Moves a bundle to the trash, as far as the plan still holds. Returns what was deleted.
    pub async fn discard_bundle(
        &self,
        repository: Repository,
        bundle: Bundle,
        terms: Discard,
    ) -> Result<Bundled, IndexError> {
        self.write(move |transaction| {
            Box::pin(async move { discard(transaction, &repository, bundle, terms).await })
        })
        .await
    }
}
