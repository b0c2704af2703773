//! Collection in the index: what nothing holds, told by SQL over the candidates, and taken in
//! batches that look again.
//!
//! The life of a blob: live (a row), condemned (its candidate says when), being deleted (no row, a
//! `BlobRemoved` in the journal), gone. Candidates are fed by triggers (the schema has them), so the
//! cost follows what was let go of, not the store. Planning and taking share the conditions below.

#[macro_use]
mod conditions;
mod held;
mod plan;
mod runs;
mod take;

use std::str::FromStr;

use serde::{Deserialize, Serialize};
use sqlx::Arguments;
use sqlx::sqlite::SqliteArguments;

use super::{IndexError, parsed};
use crate::clock::Millis;
use crate::oci::{Digest, Repository};

pub use plan::Plan;
pub use runs::CollectionRecord;

/// What a collection goes by.
#[derive(Debug, Clone, Copy)]
pub struct CollectTerms {
    /// The time: leases and trash that ended before it hold nothing.
    pub now: Millis,
    /// Whether the trash holds nothing at all.
    pub empty_trash: bool,
    /// Manifests pushed until then may go; none at all without it.
    pub untagged: Option<Millis>,
    /// Manifests that were asked for after that stay.
    pub pulled: Millis,
}

impl CollectTerms {
    /// Trash that lasts longer than this holds.
    pub fn trash(self) -> Millis {
        if self.empty_trash {
            Millis::MAX
        } else {
            self.now
        }
    }

    /// The parameters `$1` to `$4` of the conditions.
    fn arguments(self) -> Result<SqliteArguments, IndexError> {
        let untagged = self.untagged.unwrap_or(Millis::MIN);
        let mut arguments = SqliteArguments::default();
        for value in [self.now, self.trash(), untagged, self.pulled] {
            arguments
                .add(value)
                .map_err(|error| IndexError::Database(sqlx::Error::Encode(error)))?;
        }
        Ok(arguments)
    }
}

/// Why a manifest goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ManifestDeleteReason {
    /// No tag, no parent holds it.
    Untagged,
    /// It refers to a subject that is gone, or goes.
    Orphaned,
}

/// Why a manifest that nothing holds stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ManifestKeepReason {
    /// It can't be read.
    Unreadable,
    /// One in its repository can't be read, which may refer to it.
    BesideUnreadable,
    /// It is of a type that is not known here.
    UnknownType,
    /// An index that names manifests that are not there.
    Sparse,
}

impl FromStr for ManifestKeepReason {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        match text {
            "unreadable" => Ok(Self::Unreadable),
            "beside" => Ok(Self::BesideUnreadable),
            "type" => Ok(Self::UnknownType),
            "sparse" => Ok(Self::Sparse),
            _ => Err(()),
        }
    }
}

/// What holds a candidate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Hold {
    /// Somebody was told that it is there.
    Lease,
    /// It belongs to what was deleted, and may be restored.
    Trash,
    /// A manifest that can't be read is in its repository.
    Unreadable,
    /// It was pushed too recently.
    Age,
    /// It was pulled too recently.
    Pull,
    /// A manifest that is held itself.
    Manifest,
}

/// A blob that is to go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlannedBlob {
    /// Its row.
    pub(super) id: i64,
    /// Its canonical digest.
    pub digest: Digest,
    /// Bytes.
    pub size: u64,
    /// A repository that it belongs to.
    pub repository: Option<Repository>,
}

/// A blob that would go, were it not held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldBlob {
    /// The blob.
    pub blob: PlannedBlob,
    /// What holds it longest.
    pub by: Hold,
    /// Until when.
    pub until: Option<Millis>,
}

/// A manifest that would go, were it not held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldManifest {
    /// Its row.
    pub(super) id: i64,
    /// Where it is.
    pub repository: Repository,
    /// Its digest.
    pub digest: Digest,
    /// What holds it longest.
    pub by: Hold,
    /// Until when.
    pub until: Millis,
}

/// A manifest that is to go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlannedManifest {
    /// Its row.
    pub(super) id: i64,
    /// Where it is.
    pub repository: Repository,
    /// Its digest.
    pub digest: Digest,
    /// Why it goes.
    pub why: ManifestDeleteReason,
}

/// A manifest that nothing holds and that stays.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptRecord {
    /// Where it is.
    pub repository: Repository,
    /// Its digest.
    pub digest: Digest,
    /// Why it stays.
    pub why: ManifestKeepReason,
}

/// A row of a planned blob.
fn planned_blob(
    (id, digest, size, repository): (i64, String, i64, Option<String>),
) -> Result<PlannedBlob, IndexError> {
    Ok(PlannedBlob {
        id,
        digest: parsed("digest", &digest)?,
        size: size.unsigned_abs(),
        repository: repository
            .map(|name| parsed("repository name", &name))
            .transpose()?,
    })
}
