//! The directory tree of registry:2 and registry:3: where everything lies.
//!
//! This file alone knows the paths. Ours lie below `regctl/`; nothing of a foreign shape is ever
//! written below `docker/registry/v2`.

use bytes::Bytes;

use crate::index::LayoutChange;
use crate::oci::{Digest, Repository, Tag};
use crate::store::Step;

/// All of the layout.
pub(super) const TREE: &str = "docker/registry/v2";
/// Blobs of all algorithms.
pub(super) const ALL_BLOBS: &str = "docker/registry/v2/blobs";
/// Blobs by their canonical digest, in 256 directories by the first two digits.
pub(super) const BLOBS: &str = "docker/registry/v2/blobs/sha256";
/// Repositories, their components as directories.
pub(super) const REPOSITORIES: &str = "docker/registry/v2/repositories";
/// All that is ours and not of the layout of registry:2.
pub(super) const OURS: &str = "regctl";
/// Upload sessions, by repository.
pub(super) const UPLOADS: &str = "regctl/uploads";
/// Bytes on their way in that no session holds.
pub(super) const STAGING: &str = "regctl/staging";
/// What is wrong or can't be explained, laid aside for a person to look at.
pub(super) const LOST: &str = "regctl/lost+found";
/// Written to learn what time it is where the bytes lie.
pub(super) const CLOCK: &str = "regctl/clock";

/// Which rows of the journal the layout shows.
pub(super) const MARKS: &str = "regctl/journal";

/// The directory of a repository.
pub(super) fn repository(name: &str) -> String {
    format!("{REPOSITORIES}/{name}")
}

/// The directory of a blob.
pub(super) fn blob_directory(canonical: &Digest) -> String {
    let hex = canonical.hex();
    format!("{BLOBS}/{}/{hex}", &hex[..2])
}

/// The bytes of a blob.
pub(super) fn blob(canonical: &Digest) -> String {
    format!("{}/data", blob_directory(canonical))
}

/// Where the bytes of a blob are laid aside that are others than its digest says.
pub(super) fn lost_blob(canonical: &Digest) -> String {
    format!("{LOST}/blobs/{}", canonical.hex())
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

/// The bytes that an upload session has received. Ours lie beside the layout: a session means
/// nothing to another program, which lacks the key that its clients would have to show.
pub(super) fn upload(name: &Repository, id: &str) -> String {
    format!("{UPLOADS}/{name}/_{id}")
}

/// The bytes of an upload session that registry:2 began.
pub(super) fn foreign_upload(name: &Repository, id: &str) -> String {
    format!("{REPOSITORIES}/{name}/_uploads/{id}/data")
}

/// When registry:2 began an upload session, RFC 3339 in UTC.
pub(super) fn foreign_upload_started(name: &Repository, id: &str) -> String {
    format!("{REPOSITORIES}/{name}/_uploads/{id}/startedat")
}

/// The bytes of a manifest, or of a blob that comes in one request, on their way in.
pub(super) fn staged() -> String {
    format!("{STAGING}/{}", uuid::Uuid::new_v4())
}

/// Whether a name is that of a record, `name`, that was being written: `name.<uuid>.tmp`.
pub(super) fn is_half_written(file: &str, name: &str) -> bool {
    file.strip_prefix(name)
        .and_then(|rest| rest.strip_prefix('.')?.strip_suffix(".tmp"))
        .is_some_and(|id| uuid::Uuid::try_parse(id).is_ok())
}

/// Where files of a change may lie that was being made when the process ended: the directory, and
/// the name of the file that it should become.
pub(super) fn half_written(change: &LayoutChange) -> Vec<(String, &'static str)> {
    let link = |key: String| {
        let directory = key.strip_suffix("/link").map(str::to_owned);
        directory.map(|directory| (directory, "link"))
    };
    let places = match change {
        LayoutChange::BlobPlaced { digest, .. } => {
            let key = blob(digest);
            vec![
                key.strip_suffix("/data")
                    .map(|key| (key.to_owned(), "data")),
            ]
        }
        LayoutChange::LayerLinked {
            repository, digest, ..
        } => vec![link(layer(repository, digest))],
        LayoutChange::RevisionLinked {
            repository, digest, ..
        } => vec![link(revision(repository, digest))],
        LayoutChange::TagSet {
            repository,
            tag,
            digest,
        } => vec![
            link(tag_past(repository, tag, digest)),
            link(tag_current(repository, tag)),
        ],
        _ => Vec::new(),
    };
    places.into_iter().flatten().collect()
}

/// The text of a link file.
fn link(digest: &Digest) -> Bytes {
    digest.to_string().into()
}

/// By what changes are kept in order: two changes that touch the same files share it.
#[derive(Hash)]
pub(super) enum LaneKey<'a> {
    Blob(&'a Digest),
    Bytes(&'a str),
    Repository(&'a Repository),
}

/// What keeps a change in order.
pub(super) fn lane_key(change: &LayoutChange) -> LaneKey<'_> {
    match change {
        LayoutChange::BlobPlaced { digest, .. }
        | LayoutChange::BlobRemoved { digest }
        | LayoutChange::BlobQuarantined { digest } => LaneKey::Blob(digest),
        LayoutChange::Discarded { key } => LaneKey::Bytes(key),
        LayoutChange::LayerLinked { repository, .. }
        | LayoutChange::LayerUnlinked { repository, .. }
        | LayoutChange::RevisionLinked { repository, .. }
        | LayoutChange::RevisionUnlinked { repository, .. }
        | LayoutChange::TagSet { repository, .. }
        | LayoutChange::TagRemoved { repository, .. }
        | LayoutChange::RepositoryRemoved { repository } => LaneKey::Repository(repository),
    }
}

/// The blob whose bytes a change puts into their place, or takes from there.
pub(super) fn placed(change: &LayoutChange) -> Option<&Digest> {
    match change {
        LayoutChange::BlobPlaced { digest, .. }
        | LayoutChange::BlobRemoved { digest }
        | LayoutChange::BlobQuarantined { digest } => Some(digest),
        _ => None,
    }
}

/// The repository whose links a change writes or removes.
pub(super) fn repository_of(change: &LayoutChange) -> Option<&Repository> {
    match lane_key(change) {
        LaneKey::Repository(repository) => Some(repository),
        LaneKey::Blob(_) | LaneKey::Bytes(_) => None,
    }
}

/// What a change is about: later changes with the same target undo it or do it again.
pub(super) fn target(change: &LayoutChange) -> String {
    match change {
        LayoutChange::BlobPlaced { digest, .. }
        | LayoutChange::BlobRemoved { digest }
        | LayoutChange::BlobQuarantined { digest } => blob(digest),
        LayoutChange::Discarded { key } => key.clone(),
        LayoutChange::LayerLinked {
            repository, digest, ..
        }
        | LayoutChange::LayerUnlinked { repository, digest } => layer(repository, digest),
        LayoutChange::RevisionLinked {
            repository, digest, ..
        }
        | LayoutChange::RevisionUnlinked { repository, digest } => revision(repository, digest),
        LayoutChange::TagSet {
            repository, tag, ..
        }
        | LayoutChange::TagRemoved { repository, tag } => tag_current(repository, tag),
        LayoutChange::RepositoryRemoved { repository: name } => repository(name.as_str()),
    }
}

/// Whether bytes lie in an upload session of registry:2, which that may go on with.
pub(super) fn is_foreign_upload(key: &str) -> bool {
    key.starts_with(REPOSITORIES)
}

/// The steps that bring the layout to where a change wants it.
pub(super) fn steps(change: &LayoutChange) -> Vec<Step> {
    let put = |key, digest| Step::Put {
        key,
        bytes: link(digest),
    };
    match change {
        LayoutChange::BlobPlaced { digest, from } => {
            let mut steps = vec![Step::Place {
                from: from.clone(),
                to: blob(digest),
            }];
            steps.extend(session_directory(from));
            steps
        }
        LayoutChange::BlobRemoved { digest } => vec![Step::Prune { key: blob(digest) }],
        LayoutChange::BlobQuarantined { digest } => vec![Step::Place {
            from: blob(digest),
            to: lost_blob(digest),
        }],
        LayoutChange::Discarded { key } => vec![discard(key)],
        LayoutChange::LayerLinked {
            repository,
            digest,
            canonical,
        } => {
            vec![put(layer(repository, digest), canonical)]
        }
        LayoutChange::LayerUnlinked { repository, digest } => {
            vec![Step::Prune {
                key: layer(repository, digest),
            }]
        }
        LayoutChange::RevisionLinked {
            repository,
            digest,
            canonical,
        } => {
            vec![put(revision(repository, digest), canonical)]
        }
        LayoutChange::RevisionUnlinked { repository, digest } => {
            vec![Step::Prune {
                key: revision(repository, digest),
            }]
        }
        LayoutChange::TagSet {
            repository,
            tag,
            digest,
        } => vec![
            put(tag_past(repository, tag, digest), digest),
            put(tag_current(repository, tag), digest),
        ],
        LayoutChange::TagRemoved {
            repository,
            tag: name,
        } => {
            vec![Step::RemoveTree {
                key: tag(repository, name),
            }]
        }
        LayoutChange::RepositoryRemoved { repository: name } => {
            let directory = repository(name.as_str());
            vec![
                Step::RemoveTree {
                    key: format!("{directory}/_manifests"),
                },
                Step::RemoveTree {
                    key: format!("{directory}/_layers"),
                },
                Step::RemoveEmpty {
                    key: directory,
                    below: REPOSITORIES.to_owned(),
                },
            ]
        }
    }
}

/// Removes bytes on their way in, with the directory of their session where registry:2 made one.
pub(super) fn discard(key: &str) -> Step {
    session_directory(key).unwrap_or_else(|| Step::Remove {
        key: key.to_owned(),
    })
}

/// Removes the directory of a session of registry:2; nothing for bytes that lie alone.
fn session_directory(key: &str) -> Option<Step> {
    let (directory, _) = key.strip_prefix(REPOSITORIES)?.rsplit_once('/')?;
    Some(Step::RemoveTree {
        key: format!("{REPOSITORIES}{directory}"),
    })
}
