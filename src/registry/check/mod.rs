//! Checks a root: every link, every reference and every size, and, when asked, every byte against
//! its digest.
//!
//! Works beside requests: what differs is looked at again when the layout has caught up with the
//! index, and only what differs both times is reported. A check changes nothing. A repair adds what
//! can be derived, moves what can't be explained to `regctl/lost+found`, and quarantines blobs whose
//! bytes are wrong or missing, so that the next push replaces them; nothing is ever deleted.

mod blobs;
mod bytes;
mod difference;
mod links;
mod repair;
mod scrub;
mod sizes;

use std::collections::HashSet;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::survey::is_within;
use super::{Listener, Registry, RegistryError};
use crate::oci::{Digest, Repository};

pub(super) use bytes::Content;
pub use difference::{Difference, Remedy};
pub use scrub::Scrubbed;

/// How long to wait for the layout to catch up, before something is looked at again.
const PATIENCE: Duration = Duration::from_secs(2);
/// How often to look whether it has.
const GLANCE: Duration = Duration::from_millis(5);

/// What a check is to do.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct CheckOptions {
    /// Every byte is read.
    pub read: bool,
    /// What can be derived is added, what can't be explained moved away.
    pub repair: bool,
}

/// What a check reports while it runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CheckEntry {
    /// Something differs.
    Found(Difference),
    /// A difference was repaired.
    Repaired(Difference),
    /// The bytes of a quarantined blob are right: its quarantine has ended.
    Healed(Digest),
    /// Bytes that have been read, of all.
    Read(u64, u64),
}

/// How a check ended.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct CheckReport {
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

/// A check under way.
struct Check<'a> {
    registry: &'a Registry,
    options: CheckOptions,
    listener: &'a dyn Listener<CheckEntry>,
    report: CheckReport,
    /// Blobs that were reported as damaged, missing or unreadable.
    damaged: HashSet<Digest>,
}

impl Registry {
    /// Compares layout and index; `listener` receives each difference.
    pub async fn check(
        &self,
        options: CheckOptions,
        listener: &dyn Listener<CheckEntry>,
    ) -> Result<CheckReport, RegistryError> {
        let mut check = Check {
            registry: self,
            options,
            listener,
            report: CheckReport::default(),
            damaged: HashSet::new(),
        };
        // A disk that is not mounted is no list of differences.
        self.must_have_most_blobs().await?;
        check.blobs().await?;
        check.repositories().await?;
        check.sizes().await?;
        check.references().await?;
        if options.read {
            check.bytes().await?;
        }
        Ok(check.report)
    }

    /// Waits until the layout shows all that has been committed so far, but not for ever.
    async fn settle(&self) {
        let last = self.journal.last();
        let deadline = tokio::time::Instant::now() + PATIENCE;
        while !self.journal.shows(last) && tokio::time::Instant::now() < deadline {
            tokio::time::sleep(GLANCE).await;
        }
    }
}

impl Check<'_> {
    /// Reports the differences that a second look found as well, in the order of the first.
    async fn take(
        &mut self,
        first: Vec<Difference>,
        second: &[Difference],
    ) -> Result<(), RegistryError> {
        let second: HashSet<&Difference> = second.iter().collect();
        for difference in first {
            if second.contains(&difference) {
                self.found(difference).await?;
            }
        }
        Ok(())
    }

    /// Reports a difference, and repairs it if that was asked for and is possible.
    async fn found(&mut self, difference: Difference) -> Result<(), RegistryError> {
        match &difference {
            Difference::BlobDamaged(digest) | Difference::BlobGone(digest) => {
                self.damaged.insert(*digest);
                if self.options.repair {
                    self.registry.quarantine(digest).await?;
                }
            }
            Difference::BlobUnreadable(digest, _) => {
                self.damaged.insert(*digest);
            }
            _ => {}
        }
        if self.options.repair && self.registry.repair(&difference).await? {
            self.report.repaired += 1;
            self.listener.hear(CheckEntry::Repaired(difference)).await;
            return Ok(());
        }
        self.report.left += 1;
        self.report.mismatches += u64::from(difference.is_mismatch());
        self.listener.hear(CheckEntry::Found(difference)).await;
        Ok(())
    }

    async fn repositories(&mut self) -> Result<(), RegistryError> {
        let walked = self.registry.walk_repositories().await?;
        let mut names = walked.repositories;
        names.extend(self.registry.index.all_repositories().await?);
        // Their directories can't be read, which the walk has logged.
        names.retain(|name| !walked.unreadable.iter().any(|above| is_within(name, above)));
        names.sort();
        names.dedup();
        self.report.repositories = names.len() as u64;
        for name in &names {
            let first = self.registry.links_of(name).await?;
            if first.is_empty() {
                continue;
            }
            self.registry.settle().await;
            let second = self.registry.links_of(name).await?;
            self.take(first, &second).await?;
        }
        self.strays_between(&names).await
    }

    /// Strays between the directories of repositories.
    async fn strays_between(&mut self, names: &[Repository]) -> Result<(), RegistryError> {
        let first = self.registry.strays_above(names).await?;
        if first.is_empty() {
            return Ok(());
        }
        self.registry.settle().await;
        let second = self.registry.strays_above(names).await?;
        self.take(first, &second).await
    }

    /// Blobs that manifests need.
    async fn references(&mut self) -> Result<(), RegistryError> {
        let first = self.registry.needed().await?;
        if first.is_empty() {
            return Ok(());
        }
        let second = self.registry.needed().await?;
        self.take(first, &second).await
    }
}
