//! Checks a root: every link, every reference and every size and, if requested, all content against
//! its digest.
//!
//! Runs beside requests: a difference is checked again after the layout has caught up with the
//! index, and reported only if it persists. A check changes nothing. A repair adds derivable data,
//! moves strays to `regctl/lost+found`, and quarantines blobs whose bytes are damaged or missing,
//! so that the next push replaces them; nothing is ever deleted.

mod blobs;
mod bytes;
mod difference;
mod links;
mod needed;
mod repair;
mod scrub;
mod sizes;

use std::collections::HashSet;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::survey::is_within;
use super::{Listener, Registry, RegistryError, layout};
use crate::oci::{Digest, Repository};

pub(super) use bytes::Content;
pub use difference::{Difference, Remedy};
pub use scrub::Scrubbed;

/// Timeout for the layout to catch up before a second check.
const SETTLE_TIMEOUT: Duration = Duration::from_secs(2);
/// Interval of that wait.
const POLL_INTERVAL: Duration = Duration::from_millis(5);

/// The options of a check.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct CheckOptions {
    /// Read all content.
    pub read: bool,
    /// Repair differences.
    pub repair: bool,
}

/// An event of a running check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CheckEntry {
    /// A difference was found.
    Found(Difference),
    /// A difference was repaired.
    Repaired(Difference),
    /// The content of a quarantined blob matches: its quarantine has ended.
    Healed(Digest),
    /// Bytes read, and the total.
    Read(u64, u64),
}

/// The result of a check.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct CheckReport {
    /// Number of repositories checked.
    pub repositories: u64,
    /// Number of blobs checked.
    pub blobs: u64,
    /// Number of bytes read.
    pub bytes: u64,
    /// Number of differences that remain.
    pub left: u64,
    /// Number of blobs among them whose content does not match their digest.
    pub mismatches: u64,
    /// Number of differences that were repaired.
    pub repaired: u64,
}

/// A check in progress.
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
        // Without its disk every blob would be a difference.
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

    /// Waits until the layout shows everything committed so far, with a timeout.
    async fn wait_for_layout(&self) {
        let last = self.journal.last();
        let deadline = tokio::time::Instant::now() + SETTLE_TIMEOUT;
        while !self.journal.shows(last) && tokio::time::Instant::now() < deadline {
            tokio::time::sleep(POLL_INTERVAL).await;
        }
    }
}

impl Check<'_> {
    /// Reports the differences that a second check confirmed, in the order of the first.
    async fn confirm(
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

    /// Reports a difference, and repairs it if requested and possible.
    async fn found(&mut self, difference: Difference) -> Result<(), RegistryError> {
        match &difference {
            Difference::BlobDamaged(digest)
            | Difference::BlobGone(digest)
            | Difference::ManifestDamaged {
                manifest: digest, ..
            } => {
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
        let difference = if self.options.repair {
            match self.repairs(difference).await? {
                Ok(repaired) => {
                    self.report.repaired += 1;
                    self.listener.receive(CheckEntry::Repaired(repaired)).await;
                    return Ok(());
                }
                Err(left) => left,
            }
        } else {
            difference
        };
        // A repair may have shown why.
        let difference = self.registry.blocked(&difference).unwrap_or(difference);
        self.report.left += 1;
        self.report.mismatches += u64::from(difference.is_mismatch());
        self.listener.receive(CheckEntry::Found(difference)).await;
        Ok(())
    }

    /// Repairs a difference if that is possible, and returns it; otherwise `Err` with what is left. A
    /// repair that the store refuses leaves the difference, and the check goes on.
    async fn repairs(
        &self,
        difference: Difference,
    ) -> Result<Result<Difference, Difference>, RegistryError> {
        Ok(match self.registry.repair(&difference).await {
            Ok(true) => Ok(difference),
            Ok(false) => Err(difference),
            Err(RegistryError::Store(error)) => {
                tracing::error!(%error, "a difference could not be repaired");
                Err(repair::left(difference, &error))
            }
            Err(error) => return Err(error),
        })
    }

    async fn repositories(&mut self) -> Result<(), RegistryError> {
        let walked = self.registry.walk_repositories().await?;
        let mut names = walked.repositories;
        names.extend(self.registry.index.all_repositories().await?);
        let unreadable = &walked.unreadable;
        names.retain(|name| !unreadable.iter().any(|(above, _)| is_within(name, above)));
        for (name, error) in &walked.unreadable {
            let key = layout::repository(name);
            self.found(Difference::PlaceUnreadable(key, error.to_string()))
                .await?;
        }
        names.sort();
        names.dedup();
        self.report.repositories = names.len() as u64;
        for name in &names {
            let first = self.registry.readable_links_of(name).await?;
            if first.is_empty() {
                continue;
            }
            self.registry.wait_for_layout().await;
            let second = self.registry.readable_links_of(name).await?;
            self.confirm(first, &second).await?;
        }
        self.strays_between(&names).await
    }

    /// Strays between the directories of repositories.
    async fn strays_between(&mut self, names: &[Repository]) -> Result<(), RegistryError> {
        let first = self.registry.strays_above(names).await?;
        if first.is_empty() {
            return Ok(());
        }
        self.registry.wait_for_layout().await;
        let second = self.registry.strays_above(names).await?;
        self.confirm(first, &second).await
    }

    /// What manifests need.
    async fn references(&mut self) -> Result<(), RegistryError> {
        let mut first = self.registry.needed().await?;
        // A manifest whose bytes are damaged is reported already, and is not in the index.
        first.retain(|difference| match difference {
            Difference::NeededGone { digest, .. } => !self.damaged.contains(digest),
            _ => true,
        });
        if first.is_empty() {
            return Ok(());
        }
        let second = self.registry.needed().await?;
        self.confirm(first, &second).await
    }
}
