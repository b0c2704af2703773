//! Manifests that another program has added, as seen by a start that can't compare the layout: the
//! index lacks their references, so nothing may be collected.

use std::collections::HashSet;

use super::super::{Registry, RegistryError, layout};
use super::agreement::ALL;
use super::repositories::OldLinks;
use crate::oci::Repository;

/// Why nothing is collected until the next start.
const UNSEEN: &str = "another program has added it, and the index can't take it in while the layout \
    lags behind";

impl Registry {
    /// Notes a manifest of the layout that the index does not know, and that no unfinished change
    /// explains: one that is newer than the last agreement, or one whose bytes it does not know
    /// either.
    pub(in crate::registry) async fn note_unseen(&self) -> Result<(), RegistryError> {
        let agreed = self.agreed_at().await?;
        let since = match self.store_time().await {
            Ok(started) => self.trust(agreed, started).await?.since,
            // A full store has no time.
            Err(_) => ALL,
        };
        let unfinished = self.index.journal().await?;
        let unfinished: HashSet<String> = unfinished
            .iter()
            .map(|entry| layout::target(&entry.change))
            .collect();
        let walked = self.walk_repositories().await?;
        for (name, error) in &walked.unreadable {
            self.note_failure(layout::repository(name), error);
        }
        // A whole repository may be about to be removed.
        let left = |name: &&Repository| !unfinished.contains(&layout::repository(name.as_str()));
        for name in walked.repositories.iter().filter(left) {
            if let Some(key) = self.unseen_in(name, since, &unfinished).await? {
                self.note_failure(key, UNSEEN);
                break;
            }
        }
        Ok(())
    }

    /// The first such manifest of a repository.
    async fn unseen_in(
        &self,
        name: &Repository,
        since: i64,
        unfinished: &HashSet<String>,
    ) -> Result<Option<String>, RegistryError> {
        let directory = format!("{}/_manifests/revisions", layout::repository(name.as_str()));
        let links = self.links(&directory).await?;
        let known = self.index.known_repository(name).await?;
        let unknown = links.iter().filter(|link| {
            !known.manifests.contains(&link.name)
                && !unfinished.contains(&layout::revision(name, &link.name))
        });
        let (new, old): (Vec<_>, Vec<_>) = unknown.partition(|link| link.stat.changed >= since);
        if let Some(link) = new.first() {
            return Ok(Some(layout::revision(name, &link.name)));
        }
        let old = old.iter().map(|link| link.name).collect();
        let old = self.old_links(name, old, layout::revision).await?;
        let is_untimely = matches!(old, OldLinks::Untimely);
        Ok(is_untimely.then_some(directory))
    }
}
