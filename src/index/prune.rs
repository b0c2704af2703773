//! Executes a retention plan in transactions that check again: a tag is deleted only if it still
//! points at the planned manifest, a manifest only if nothing holds it any more.

use serde_json::json;

use super::events::NewEvent;
use super::trash::{self, Discard};
use super::writer::Transaction;
use super::{Index, IndexError, LayoutChange, manifests, repositories, tags};
use crate::clock::Millis;
use crate::oci::{Digest, Repository, Tag};

/// A manifest with its dependents: deleted together and restored together.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Bundle {
    /// Tags to delete, and the manifests that they pointed at.
    pub tags: Vec<(Tag, Digest)>,
    /// Manifests to delete: an index before its children, a subject before its referrers. One that
    /// was pushed, for the first time or again, after the given time is kept.
    pub manifests: Vec<(Digest, Millis)>,
}

/// What was deleted of a bundle.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Bundled {
    /// The tags.
    pub tags: Vec<Tag>,
    /// The manifests.
    pub manifests: Vec<Digest>,
}

/// Whether nothing holds a manifest except tags that are deleted as well (`$3`, a JSON array of
/// names), and that it was not pushed after `$4`.
const FREE: &str = "SELECT m.pushed_at <= $4 AND NOT EXISTS (SELECT 1 FROM tags t WHERE t.manifest_id = m.id \
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
    let mut bundled = Bundled::default();
    let Some(id) = repositories::find(transaction.connection(), repository).await? else {
        return Ok(bundled);
    };
    // A tag that was moved since the plan is kept.
    let mut tags_to_delete: Vec<Tag> = Vec::new();
    for (tag, digest) in bundle.tags {
        if tags::find(transaction.connection(), id, &tag).await? == Some(digest) {
            tags_to_delete.push(tag);
        }
    }
    let names: Vec<&str> = tags_to_delete.iter().map(Tag::as_str).collect();
    let names = serde_json::to_string(&names)
        .map_err(|error| IndexError::Database(sqlx::Error::Encode(error.into())))?;
    let mut deletion = None;
    for (digest, promised) in bundle.manifests {
        let connection = transaction.connection();
        let Some(manifest) = manifests::find(connection, id, &digest).await? else {
            continue;
        };
        let free: bool = sqlx::query_scalar(FREE)
            .bind(id)
            .bind(manifest)
            .bind(&names)
            .bind(promised)
            .fetch_one(&mut *connection)
            .await?;
        if !free {
            continue;
        }
        deletion = trash::trash_manifest_into(transaction, repository, manifest, deletion, discard)
            .await?;
        let tags = manifests::remove(transaction.connection(), manifest).await?;
        let deleted = NewEvent::within("delete-manifest", discard.now, repository)
            .digest(digest)
            .detail(json!({ "by": "retention", "tags": tags.len() }));
        transaction.event(deleted);
        for tag in tags {
            remove_tag(transaction, repository, &tag);
            tags_to_delete.retain(|other| *other != tag);
            bundled.tags.push(tag);
        }
        let repository = repository.clone();
        transaction.journal(LayoutChange::RevisionUnlinked { repository, digest });
        bundled.manifests.push(digest);
    }
    for tag in tags_to_delete {
        let connection = transaction.connection();
        trash::trash_tag(connection, repository, id, &tag, discard).await?;
        let digest = tags::find(connection, id, &tag).await?;
        tags::remove(connection, id, &tag).await?;
        let mut deleted = NewEvent::within("delete-tag", discard.now, repository)
            .tag(&tag)
            .detail(json!({ "by": "retention" }));
        deleted.digest = digest;
        transaction.event(deleted);
        remove_tag(transaction, repository, &tag);
        bundled.tags.push(tag);
    }
    Ok(bundled)
}

fn remove_tag(transaction: &mut Transaction, repository: &Repository, tag: &Tag) {
    let (repository, tag) = (repository.clone(), tag.clone());
    transaction.journal(LayoutChange::TagRemoved { repository, tag });
}

impl Index {
    /// Moves the part of a bundle that still matches the plan to the trash. Returns what was deleted.
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
