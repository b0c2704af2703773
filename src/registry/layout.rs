//! The directory tree of registry:2 and registry:3: where everything lies.
//!
//! This file alone knows the paths. Ours lie below `regctl/`; nothing of a foreign shape is ever
//! written below `docker/registry/v2`.

use bytes::Bytes;

use crate::index::LayoutChange;
use crate::oci::{Digest, Repository, Tag};
use crate::store::{Store, StoreError};

/// Blobs by their canonical digest, in 256 directories by the first two digits.
pub(super) const BLOBS: &str = "docker/registry/v2/blobs/sha256";
/// Repositories, their components as directories.
pub(super) const REPOSITORIES: &str = "docker/registry/v2/repositories";
/// Manifests on their way in: sealed, not yet placed.
pub(super) const STAGING: &str = "regctl/staging";
/// Written to learn what time it is where the bytes lie.
pub(super) const CLOCK: &str = "regctl/clock";

/// The directory of a repository.
pub(super) fn repository(name: &str) -> String {
    format!("{REPOSITORIES}/{name}")
}

/// The bytes of a blob.
pub(super) fn blob(canonical: &Digest) -> String {
    let hex = canonical.hex();
    format!("{BLOBS}/{}/{hex}/data", &hex[..2])
}

/// The link that lets a repository read a blob.
pub(super) fn layer(name: &Repository, digest: &Digest) -> String {
    format!(
        "{REPOSITORIES}/{name}/_layers/{}/{}/link",
        digest.algorithm(),
        digest.hex()
    )
}

/// The link that says that a manifest is in a repository.
pub(super) fn revision(name: &Repository, digest: &Digest) -> String {
    format!(
        "{REPOSITORIES}/{name}/_manifests/revisions/{}/{}/link",
        digest.algorithm(),
        digest.hex()
    )
}

/// All that is kept of a tag.
pub(super) fn tag(name: &Repository, tag: &Tag) -> String {
    format!("{REPOSITORIES}/{name}/_manifests/tags/{tag}")
}

/// What a tag points at now.
pub(super) fn tag_current(name: &Repository, tag_name: &Tag) -> String {
    format!("{}/current/link", tag(name, tag_name))
}

/// A digest that a tag has had.
fn tag_past(name: &Repository, tag_name: &Tag, digest: &Digest) -> String {
    format!(
        "{}/index/{}/{}/link",
        tag(name, tag_name),
        digest.algorithm(),
        digest.hex()
    )
}

/// All that is kept of an upload session.
pub(super) fn upload(name: &Repository, id: &str) -> String {
    format!("{REPOSITORIES}/{name}/_uploads/{id}")
}

/// The bytes that an upload session has received.
pub(super) fn upload_data(name: &Repository, id: &str) -> String {
    format!("{}/data", upload(name, id))
}

/// When an upload session began, RFC 3339 in UTC.
pub(super) fn upload_started(name: &Repository, id: &str) -> String {
    format!("{}/startedat", upload(name, id))
}

/// The bytes of a manifest on its way in.
pub(super) fn staged(id: &str) -> String {
    format!("{STAGING}/{id}/data")
}

/// The text of a link file.
fn link(digest: &Digest) -> Bytes {
    digest.to_string().into()
}

/// The key by which changes are kept in order: two changes that touch the same files share it.
pub(super) fn lane_key(change: &LayoutChange) -> &str {
    match change {
        LayoutChange::BlobPlaced { from, .. } => from,
        LayoutChange::Discarded { key } => key,
        LayoutChange::LayerLinked { repository, .. }
        | LayoutChange::LayerUnlinked { repository, .. }
        | LayoutChange::RevisionLinked { repository, .. }
        | LayoutChange::RevisionUnlinked { repository, .. }
        | LayoutChange::TagSet { repository, .. }
        | LayoutChange::TagRemoved { repository, .. } => repository.as_str(),
    }
}

/// Brings the layout to where a change wants it. Done again, it changes nothing.
pub(super) async fn apply(store: &dyn Store, change: &LayoutChange) -> Result<(), StoreError> {
    match change {
        LayoutChange::BlobPlaced { digest, from } => {
            let to = blob(digest);
            match store.place(from, &to).await {
                // A collection or another hand took it since; there is nothing left to place.
                Err(error) if error.is_not_found() => {
                    tracing::warn!(%digest, "the bytes of a blob are neither staged nor in place");
                }
                result => result?,
            }
            discard(store, from).await
        }
        LayoutChange::Discarded { key } => discard(store, key).await,
        LayoutChange::LayerLinked {
            repository,
            digest,
            canonical,
        } => store.put(&layer(repository, digest), link(canonical)).await,
        LayoutChange::LayerUnlinked { repository, digest } => {
            store.remove(&layer(repository, digest)).await
        }
        LayoutChange::RevisionLinked {
            repository,
            digest,
            canonical,
        } => {
            store
                .put(&revision(repository, digest), link(canonical))
                .await
        }
        LayoutChange::RevisionUnlinked { repository, digest } => {
            store.remove(&revision(repository, digest)).await
        }
        LayoutChange::TagSet {
            repository,
            tag,
            digest,
        } => {
            store
                .put(&tag_past(repository, tag, digest), link(digest))
                .await?;
            store.put(&tag_current(repository, tag), link(digest)).await
        }
        LayoutChange::TagRemoved {
            repository,
            tag: name,
        } => store.remove_tree(&tag(repository, name)).await,
    }
}

/// Removes an upload or a staged manifest: the directory that holds its bytes.
pub(super) async fn discard(store: &dyn Store, data: &str) -> Result<(), StoreError> {
    match data.rsplit_once('/') {
        Some((directory, _)) => store.remove_tree(directory).await,
        None => Ok(()),
    }
}
