//! The words of administration: what may be asked of a root, what is told meanwhile, what comes of
//! it. They go over the admin socket as JSON, a line each, and to the command line as they are.
//!
//! Knows nothing of how a thing is done. Sizes are bytes, times milliseconds since 1970, ages
//! milliseconds.

use serde::{Deserialize, Serialize};

use crate::clock::Millis;
use crate::oci::{Digest, Repository, Tag};

/// What may be asked of a root.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "do")]
pub enum Operation {
    /// Collect garbage.
    Collect {
        /// Only say what would go.
        dry_run: bool,
        /// Take manifests that nothing holds, too, that were pushed longer ago than this.
        untagged: Option<Millis>,
        /// Let go of what lies in the trash.
        empty_trash: bool,
    },
    /// How collections went, and whether one runs.
    Status,
    /// What lies in the trash.
    Trash,
    /// Let go of what lies in the trash.
    EmptyTrash,
    /// Bring something back from the trash.
    Restore {
        /// What.
        what: Name,
    },
    /// Delete a repository with all that is in it.
    DeleteRepository {
        /// Which.
        repository: Repository,
    },
    /// Compare the layout with the index.
    Check {
        /// Whether to read every byte.
        read: bool,
        /// Whether to add what can be derived, and to move away what can't be explained.
        repair: bool,
    },
    /// How many bytes there are, and for what.
    Usage {
        /// The repositories of this name and below it, by tag; all, by repository, without.
        under: Option<Repository>,
    },
    /// Delete tags by a rule.
    Prune {
        /// The rule.
        rule: PruneRule,
        /// Only say what would go.
        dry_run: bool,
    },
}

/// A repository, or a manifest of it by tag or digest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Name {
    /// The repository.
    pub repository: Repository,
    /// A tag of it.
    pub tag: Option<Tag>,
    /// A manifest of it.
    pub digest: Option<Digest>,
}

/// Which tags go.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PruneRule {
    /// Patterns of repository names.
    pub repositories: Vec<String>,
    /// How many stay.
    pub keep_last: Option<u32>,
    /// The least age of what goes.
    pub older_than: Option<Millis>,
    /// Patterns of tags that may go; all, without.
    pub matching: Vec<String>,
    /// Patterns of tags that stay.
    pub exclude: Vec<String>,
    /// How long what goes has not been pulled.
    pub not_pulled_for: Option<Millis>,
    /// Whether all tags of a repository may go.
    pub all: bool,
}

/// What sort of thing is told of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Thing {
    /// A blob.
    Blob,
    /// A manifest.
    Manifest,
    /// A tag.
    Tag,
    /// A repository.
    Repository,
    /// An upload that was not finished.
    Upload,
    /// A file that a crash has left.
    File,
}

/// What happens on the way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Event {
    /// Something goes.
    Goes(Line),
    /// Something stays that might be expected to go.
    Stays(Line),
    /// Something is not as it should be.
    Differs(Difference),
    /// The bytes of a blob were wrong and are right again.
    Healed(Digest),
    /// So many bytes of so many have been read.
    Read(u64, u64),
}

/// A thing that goes or stays.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// What it is.
    pub thing: Thing,
    /// What it is called: a digest, `repository:tag`, `repository@digest`, a path.
    pub name: String,
    /// The repository that it belongs to.
    pub repository: Option<Repository>,
    /// Its bytes, where that means anything.
    pub bytes: Option<u64>,
    /// Until when it stays, if there is an end to that.
    pub until: Option<Millis>,
    /// Why, in words.
    pub why: String,
}

/// Something that is not as it should be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Difference {
    /// What, in words.
    pub what: String,
    /// What helps.
    pub remedy: String,
    /// Whether content does not match its digest.
    pub mismatch: bool,
    /// Whether it is well now.
    pub repaired: bool,
}

/// How much of something there is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Amount {
    /// Manifests.
    pub manifests: u64,
    /// Blobs, those of manifests among them.
    pub blobs: u64,
    /// Bytes of those blobs.
    pub bytes: u64,
}

/// What came of an operation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// Of [`Operation::Collect`].
    Collected(Collected),
    /// Of [`Operation::Status`].
    Status(Status),
    /// Of [`Operation::Trash`], the latest deletion first.
    Trash(Vec<Trashed>),
    /// Of [`Operation::EmptyTrash`]: how many deletions.
    Emptied(u64),
    /// Of [`Operation::Restore`].
    Restored(Restored),
    /// Of [`Operation::DeleteRepository`].
    Deleted,
    /// Of [`Operation::Check`].
    Checked(Checked),
    /// Of [`Operation::Usage`].
    Usage(Usage),
    /// Of [`Operation::Prune`].
    Pruned(Pruned),
}

/// What was collected, or would be.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Collected {
    /// Whether nothing was really taken.
    pub dry_run: bool,
    /// All of it.
    pub freed: Amount,
    /// By repository; each blob counts for one.
    pub by_repository: Vec<(Repository, Amount)>,
    /// Repositories in which there is nothing left.
    pub repositories: u64,
    /// Unfinished uploads.
    pub uploads: u64,
    /// Files that crashes have left.
    pub files: u64,
    /// Bytes of those.
    pub file_bytes: u64,
    /// Blobs that are garbage and stay for now.
    pub held_blobs: u64,
    /// Bytes of those.
    pub held_bytes: u64,
    /// Manifests that nothing holds and that stay all the same.
    pub kept_manifests: u64,
}

/// Whether a collection runs, and how the last ones ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    /// The one that runs.
    pub running: Option<Running>,
    /// The last runs, the latest first.
    pub runs: Vec<Run>,
}

/// A collection that runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Running {
    /// When it began.
    pub since: Millis,
    /// Whether it takes nothing.
    pub dry_run: bool,
    /// What went so far.
    pub freed: Amount,
    /// Manifests and blobs that have yet to go.
    pub left: u64,
}

/// A collection that has ended, or was interrupted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Run {
    /// When it began.
    pub started: Millis,
    /// When it ended; without, it was interrupted.
    pub ended: Option<Millis>,
    /// What went.
    pub freed: Amount,
    /// Uploads that went.
    pub uploads: u64,
    /// Why it failed, if it did.
    pub failure: Option<String>,
}

/// A deletion that can still be restored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trashed {
    /// What was deleted: a tag, a manifest, or a repository.
    pub thing: Thing,
    /// From which repository.
    pub repository: Repository,
    /// Its tags, and where they pointed.
    pub tags: Vec<(Tag, Digest)>,
    /// Its manifests.
    pub manifests: Vec<Digest>,
    /// Bytes of those and of what they refer to.
    pub bytes: u64,
    /// When it was deleted.
    pub deleted: Millis,
    /// Until when it can be restored.
    pub until: Millis,
}

/// What was brought back.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Restored {
    /// Tags that are set again.
    pub tags: Vec<(Tag, Digest)>,
    /// Manifests that are there again.
    pub manifests: Vec<Digest>,
    /// Tags that have been set to something else since, and stay there.
    pub moved: Vec<(Tag, Digest)>,
}

/// How a check ended.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checked {
    /// Repositories that were looked at.
    pub repositories: u64,
    /// Blobs that were looked at.
    pub blobs: u64,
    /// Bytes that were read.
    pub bytes: u64,
    /// Differences that are left.
    pub left: u64,
    /// Blobs among them whose bytes do not match their digest.
    pub mismatches: u64,
    /// Differences that were repaired.
    pub repaired: u64,
}

/// How many bytes there are, and for what.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usage {
    /// By repository, and by tag where that was asked for.
    pub rows: Vec<UsageRow>,
    /// Blobs that there are.
    pub blobs: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Bytes that a collection would free now; `None` while one runs.
    pub reclaimable: Option<u64>,
}

/// What something takes up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UsageRow {
    /// The repository.
    pub repository: Repository,
    /// A tag of it.
    pub tag: Option<Tag>,
    /// Whether it stands for what no tag leads to.
    pub untagged: bool,
    /// All that it names, each blob once.
    pub total: u64,
    /// What nothing else of its kind names.
    pub unique: u64,
    /// What a collection would free now; of repositories only.
    pub reclaimable: Option<u64>,
}

/// How a prune ended, or would.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pruned {
    /// Repositories that the rule is about.
    pub repositories: u64,
    /// Tags that went.
    pub tags: u64,
    /// Manifests that went.
    pub manifests: u64,
    /// Tags that stay.
    pub kept: u64,
    /// Repositories that would have lost all of their tags; nothing went from anywhere.
    pub emptied: Vec<Repository>,
    /// Until when what went can be restored; `None`: it can't.
    pub until: Option<Millis>,
}

/// Why something was not done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{message}")]
pub struct Failure {
    /// What sort of reason.
    pub kind: FailureKind,
    /// The reason, and what to do, in one line.
    pub message: String,
}

/// What sort of reason it is that something was not done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FailureKind {
    /// What was named is not there.
    NotFound,
    /// Whoever asks may not.
    Denied,
    /// Something else is at work; later it may be done.
    Busy,
    /// What was asked can't be meant.
    Usage,
    /// Anything else.
    Error,
}

impl Failure {
    /// Why something was not done.
    pub fn new(kind: FailureKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
        }
    }
}
