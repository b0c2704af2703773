//! Manifests that another program has added, as seen by a start that can't compare the layout: the
//! index lacks their references, so nothing may be collected.

use std::collections::HashSet;

use super::super::{Registry, RegistryError, layout};
use super::agreement::SLACK;
use crate::oci::Repository;

/// Why nothing is collected until the next start.
const UNSEEN: &str = "another program has added it, and the index can't take it in while the layout \
    lags behind";

impl Registry {
    /// Notes a manifest of the layout that is newer than the last agreement, that the index does not
    /// know, and that no unfinished change explains.
    pub(in crate::registry) async fn note_unseen(&self) -> Result<(), RegistryError> {
        let agreed = self.agreed_at().await?;
        let since = agreed.unwrap_or(i64::MIN).saturating_sub(SLACK);
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
        let mut unseen = links
            .iter()
            .filter(|link| link.stat.changed >= since && !known.manifests.contains(&link.name))
            .map(|link| layout::revision(name, &link.name));
        Ok(unseen.find(|key| !unfinished.contains(key)))
    }
}
