//! Paths of the layout that something else occupies: a plain file where a directory belongs, or a
//! broken symbolic link. Their content seems to be missing, but nobody removed it.

use super::super::{Registry, RegistryError, layout};
use crate::index::FoundRepository;
use crate::oci::Repository;

/// The reason in reports.
const REASON: &str = "something else occupies this path";

impl Registry {
    /// Whether a repository seems to be missing because something occupies its directory or one
    /// above it. Records the path for reports.
    pub(super) async fn is_occupied(&self, name: &Repository) -> Result<bool, RegistryError> {
        let mut directory = layout::REPOSITORIES.to_owned();
        for component in name.as_str().split('/') {
            if self.occupies(&directory, component).await? {
                return Ok(true);
            }
            directory = format!("{directory}/{component}");
        }
        Ok(false)
    }

    /// Whether content of a repository seems to be missing because something occupies its path.
    /// Records the path for reports.
    pub(super) async fn hides_content(
        &self,
        found: &FoundRepository,
    ) -> Result<bool, RegistryError> {
        if found.removed.is_empty() && found.unlinked.is_empty() && found.untagged.is_empty() {
            return Ok(false);
        }
        let name = &found.name;
        let root = layout::repository(name.as_str());
        for (directory, below) in [
            (root.clone(), "_layers"),
            (root.clone(), "_manifests"),
            (format!("{root}/_layers"), "sha256"),
            (format!("{root}/_manifests"), "tags"),
            (format!("{root}/_manifests"), "revisions"),
            (format!("{root}/_manifests/revisions"), "sha256"),
        ] {
            if self.occupies(&directory, below).await? {
                return Ok(true);
            }
        }
        let tags = found.untagged.iter();
        let tags = tags.map(|tag| layout::tag_current(name, tag));
        let revisions = found.removed.iter();
        let revisions = revisions.map(|digest| layout::revision(name, digest));
        let layers = found.unlinked.iter();
        let layers = layers.map(|digest| layout::layer(name, digest));
        for link in tags.chain(revisions).chain(layers) {
            if self.is_broken(&link).await? {
                self.note_unreadable(link, REASON.to_owned());
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Whether a directory has an entry of a name that is not a directory.
    async fn occupies(&self, directory: &str, name: &str) -> Result<bool, RegistryError> {
        let listed = self.store.list(&[directory.to_owned()]).await?;
        let mut entries = listed.into_iter().flatten();
        let occupied = entries.any(|entry| entry.name == name && !entry.directory);
        if occupied {
            self.note_unreadable(format!("{directory}/{name}"), REASON.to_owned());
        }
        Ok(occupied)
    }

    /// Whether a link is listed in its directory but broken.
    async fn is_broken(&self, link: &str) -> Result<bool, RegistryError> {
        if self.store.stat(&[link.to_owned()]).await? != [None] {
            return Ok(false);
        }
        let Some((directory, name)) = link.rsplit_once('/') else {
            return Ok(false);
        };
        let listed = self.store.list(&[directory.to_owned()]).await?;
        Ok(listed.into_iter().flatten().any(|entry| entry.name == name))
    }
}
