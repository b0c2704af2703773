//! The directory tree of registry:2 and registry:3: all paths, and the steps of layout changes.
//!
//! Only this file contains paths. Files of regctl are below `regctl/`. Below `docker/registry/v2`
//! regctl writes only files that registry:2 understands.

use bytes::Bytes;

use crate::index::LayoutChange;
use crate::oci::{Digest, Repository, Tag};
use crate::store::Step;

/// The directory of the layout.
pub(super) const TREE: &str = "docker/registry/v2";
/// Blobs of all algorithms.
pub(super) const ALL_BLOBS: &str = "docker/registry/v2/blobs";
/// Blobs by their canonical digest, in 256 directories by the first two digits.
pub(super) const BLOBS: &str = "docker/registry/v2/blobs/sha256";
/// Repositories; each component of a name is a directory.
pub(super) const REPOSITORIES: &str = "docker/registry/v2/repositories";
/// The directory of regctl, outside of the layout of registry:2.
pub(super) const OURS: &str = "regctl";
/// Upload sessions, by repository.
pub(super) const UPLOADS: &str = "regctl/uploads";
/// Bytes being received without an upload session.
pub(super) const STAGING: &str = "regctl/staging";
/// Quarantined and unknown files, for the operator to inspect.
pub(super) const LOST: &str = "regctl/lost+found";
/// A file that is written to read the clock of the store.
pub(super) const CLOCK: &str = "regctl/clock";

/// The journal rows that were applied to the layout.
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

/// The quarantined content of a blob that does not match its digest.
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

/// The link of a manifest in a repository.
pub(super) fn revision(name: &Repository, digest: &Digest) -> String {
    format!(
        "{REPOSITORIES}/{name}/_manifests/revisions/{}/{}/link",
        digest.algorithm(),
        digest.hex()
    )
}

/// The directory of a tag.
pub(super) fn tag(name: &Repository, tag: &Tag) -> String {
    format!("{REPOSITORIES}/{name}/_manifests/tags/{tag}")
}

/// The link with the current digest of a tag.
pub(super) fn tag_current(name: &Repository, tag_name: &Tag) -> String {
    format!("{}/current/link", tag(name, tag_name))
}

/// The link of a digest that the tag had.
fn tag_past(name: &Repository, tag_name: &Tag, digest: &Digest) -> String {
    format!(
        "{}/index/{}/{}/link",
        tag(name, tag_name),
        digest.algorithm(),
        digest.hex()
    )
}

/// The bytes that an upload session has received. They are outside of the layout: another program
/// can't continue the session, because it lacks the key for the state that its client sends.
pub(super) fn upload(name: &Repository, id: &str) -> String {
    format!("{UPLOADS}/{name}/_{id}")
}

/// The bytes of an upload session of registry:2.
pub(super) fn foreign_upload(name: &Repository, id: &str) -> String {
    format!("{REPOSITORIES}/{name}/_uploads/{id}/data")
}

/// The start time of an upload session of registry:2, RFC 3339 in UTC.
pub(super) fn foreign_upload_started(name: &Repository, id: &str) -> String {
    format!("{REPOSITORIES}/{name}/_uploads/{id}/startedat")
}

/// A new file for the bytes of a manifest, or of a blob that is sent in one request.
pub(super) fn staged() -> String {
    format!("{STAGING}/{}", uuid::Uuid::new_v4())
}

/// Whether a file is an unfinished write of the record `name`: `name.<uuid>.tmp`.
pub(super) fn is_half_written(file: &str, name: &str) -> bool {
    file.strip_prefix(name)
        .and_then(|rest| rest.strip_prefix('.')?.strip_suffix(".tmp"))
        .is_some_and(|id| uuid::Uuid::try_parse(id).is_ok())
}

/// The places of unfinished writes if the process ended during a change: each directory, and the
/// name of the record in it.
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

/// The key for the order of changes. Changes to the same files have the same key and are applied in
/// order.
#[derive(Hash)]
pub(super) enum LaneKey<'a> {
    Blob(&'a Digest),
    Bytes(&'a str),
    Repository(&'a Repository),
}

/// The key of a change.
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

/// The blob whose bytes a change places or removes.
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

/// The target of a change. A later change with the same target supersedes it.
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

/// Whether a key belongs to an upload session of registry:2, which registry:2 may continue.
pub(super) fn is_foreign_upload(key: &str) -> bool {
    key.starts_with(REPOSITORIES)
}

/// The steps that apply a change to the layout.
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
        LayoutChange::BlobQuarantined { digest } => {
            let mut steps = vec![Step::Place {
                from: blob(digest),
                to: lost_blob(digest),
            }];
            // Without it, a blob that registry:2 stores again changes the directory above.
            let directory = blob(digest).trim_end_matches("/data").to_owned();
            if let Some((above, _)) = directory.rsplit_once('/') {
                let below = above.to_owned();
                steps.push(Step::RemoveEmpty {
                    key: directory,
                    below,
                });
            }
            steps
        }
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

/// The keys that a change writes or removes.
pub(super) fn changed(change: &LayoutChange) -> impl Iterator<Item = String> {
    steps(change).into_iter().map(|step| match step {
        Step::Place { to: key, .. }
        | Step::Put { key, .. }
        | Step::Note { key, .. }
        | Step::Remove { key }
        | Step::Prune { key }
        | Step::RemoveEmpty { key, .. }
        | Step::RemoveTree { key } => key,
    })
}

/// Removes received bytes, and the directory of their session if it is one of registry:2.
pub(super) fn discard(key: &str) -> Step {
    session_directory(key).unwrap_or_else(|| Step::Remove {
        key: key.to_owned(),
    })
}

/// The step that removes the directory of a session of registry:2; `None` for other keys.
fn session_directory(key: &str) -> Option<Step> {
    let (directory, _) = key.strip_prefix(REPOSITORIES)?.rsplit_once('/')?;
    Some(Step::RemoveTree {
        key: format!("{REPOSITORIES}{directory}"),
    })
}
