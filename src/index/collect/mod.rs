//! Collection in the index: SQL over the candidates finds unreferenced rows, and batches that check
//! again delete them.
//!
//! The life of a blob: live (a row), condemned (its candidate has the time), being deleted (no row,
//! a `BlobRemoved` in the journal), deleted. Triggers of the schema add candidates, so the cost
//! follows the number of changes and not the size of the store. Planning and deleting share the
//! conditions of `conditions`.

#[macro_use]
mod conditions;
mod delete;
mod held;
mod plan;
mod runs;

use std::str::FromStr;

use serde::{Deserialize, Serialize};
use sqlx::Arguments;
use sqlx::sqlite::SqliteArguments;

use super::{IndexError, parsed};
use crate::clock::Millis;
use crate::oci::{Digest, Repository};

pub use plan::Plan;
pub use runs::CollectionRecord;

/// A difference of the two clocks below this is not a step, in milliseconds.
const UNSTEADY: Millis = 1000;

/// The terms of a collection.
#[derive(Debug, Clone, Copy)]
pub struct CollectTerms {
    /// The current time.
    pub now: Millis,
    /// The time by the steady clock: leases that ended before it hold nothing.
    pub steady: Millis,
    /// Trash that ends after this time holds.
    pub trash: Millis,
    /// Manifests pushed until this time are collected; `None`: no manifests are.
    pub untagged: Option<Millis>,
    /// Manifests pulled after this time are kept.
    pub pulled: Millis,
}

impl CollectTerms {
    /// A time by the steady clock as people see it, by the clock of the day.
    fn shown(self, steady: Millis) -> Millis {
        let ahead = self.now.saturating_sub(self.steady);
        // The two clocks are not read at the same moment: without a step, the same end is the same
        // time in each report.
        if ahead.abs() < UNSTEADY {
            return steady;
        }
        steady.saturating_add(ahead)
    }

    /// The parameters `$1` to `$4` of the conditions.
    fn arguments(self) -> Result<SqliteArguments, IndexError> {
        let untagged = self.untagged.unwrap_or(Millis::MIN);
        let mut arguments = SqliteArguments::default();
        for value in [self.steady, self.trash, untagged, self.pulled] {
            arguments
                .add(value)
                .map_err(|error| IndexError::Database(sqlx::Error::Encode(error)))?;
        }
        Ok(arguments)
    }
}

/// Why a manifest is deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ManifestDeleteReason {
    /// No tag and no parent holds it.
    Untagged,
    /// Its subject is absent, or deleted with it.
    Orphaned,
}

/// Why a manifest that nothing holds is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ManifestKeepReason {
    /// It can't be parsed.
    Unreadable,
    /// An unreadable manifest of its repository may refer to it.
    BesideUnreadable,
    /// Its media type is unknown.
    UnknownType,
    /// It is an index with absent children.
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
    /// A client relies on the existence of the blob.
    Lease,
    /// It belongs to a deletion that can be restored.
    Trash,
    /// An unreadable manifest of its repository may refer to it.
    Unreadable,
    /// It was pushed too recently.
    Age,
    /// It was pulled too recently.
    Pull,
    /// A manifest that is itself held.
    Manifest,
}

/// A blob to delete.
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

/// A blob that would be deleted if it were not held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldBlob {
    /// The blob.
    pub blob: PlannedBlob,
    /// The hold that lasts longest.
    pub by: Hold,
    /// End of the hold.
    pub until: Option<Millis>,
}

/// A manifest that would be deleted if it were not held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldManifest {
    /// Its row.
    pub(super) id: i64,
    /// Its repository.
    pub repository: Repository,
    /// Its digest.
    pub digest: Digest,
    /// The hold that lasts longest.
    pub by: Hold,
    /// End of the hold.
    pub until: Millis,
}

/// A manifest to delete.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlannedManifest {
    /// Its row.
    pub(super) id: i64,
    /// Its repository.
    pub repository: Repository,
    /// Its digest.
    pub digest: Digest,
    /// Why it is deleted.
    pub why: ManifestDeleteReason,
}

/// A manifest that nothing holds and that is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptRecord {
    /// Its repository.
    pub repository: Repository,
    /// Its digest.
    pub digest: Digest,
    /// Why it is kept.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_end_is_the_same_time_in_each_report_unless_the_clock_was_set() {
        const HOUR: Millis = 3_600_000;
        for (ahead, shown) in [(0, HOUR), (1, HOUR), (-1, HOUR), (HOUR, 2 * HOUR)] {
            let terms = CollectTerms {
                now: ahead,
                steady: 0,
                trash: ahead,
                untagged: None,
                pulled: 0,
            };
            assert_eq!(terms.shown(HOUR), shown, "{ahead}");
        }
    }
}
