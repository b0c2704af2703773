//! Compares the tags of a repository in the layout with those in the index.

use std::collections::HashSet;

use super::super::survey::{CHUNK, NO_DIGEST, Place, parse_link};
use super::super::{Registry, RegistryError, layout};
use super::repositories::Basis;
use crate::index::{FoundRepository, KnownRepository};
use crate::oci::{Digest, Tag};

impl Registry {
    pub(super) async fn compare_tags(
        &self,
        known: &KnownRepository,
        basis: Basis<'_>,
        found: &mut FoundRepository,
    ) -> Result<(), RegistryError> {
        let name = found.name.clone();
        let directory = format!("{}/_manifests/tags", layout::repository(name.as_str()));
        let tags: Vec<Tag> = self
            .directories(&directory)
            .await?
            .iter()
            .filter_map(|tag| tag.parse().ok())
            .collect();
        let added: HashSet<Digest> = found
            .manifests
            .iter()
            .map(|(manifest, _)| manifest.digest)
            .collect();
        let removed: HashSet<Digest> = found.removed.iter().copied().collect();
        let mut there = HashSet::new();
        for tags in tags.chunks(CHUNK) {
            let keys: Vec<String> = tags
                .iter()
                .map(|tag| layout::tag_current(&name, tag))
                .collect();
            let mut changed = Vec::new();
            let places = self.survey_each(&keys).await;
            for ((tag, key), place) in tags.iter().zip(keys).zip(places) {
                let stat = match place {
                    Place::Absent => continue,
                    Place::Unreadable(_) => {
                        there.insert(tag.clone());
                        continue;
                    }
                    Place::There(stat) => stat,
                };
                there.insert(tag.clone());
                // The link of a tag whose manifest has vanished may have been replaced by an older one.
                let target = known.tags.get(tag);
                if stat.changed >= basis.since
                    || target.is_none_or(|target| removed.contains(target))
                {
                    changed.push((tag, key, stat));
                }
            }
            let keys: Vec<String> = changed.iter().map(|(_, key, _)| key.clone()).collect();
            for ((tag, key, stat), link) in changed.iter().zip(self.store.get(&keys).await?) {
                let digest = match link.as_deref().and_then(parse_link) {
                    Some(digest) => Some(digest),
                    None => match self.read_again(key).await? {
                        Ok(digest) => digest,
                        Err(reason) => {
                            self.note_failure(key.clone(), &reason);
                            continue;
                        }
                    },
                };
                let Some(digest) = digest else {
                    tracing::warn!(repository = %name, %tag, "the link of a tag can't be read; skipped");
                    self.note_unreadable(key.clone(), NO_DIGEST.to_owned());
                    continue;
                };
                let resolves = added.contains(&digest)
                    || known.manifests.contains(&digest) && !removed.contains(&digest);
                let written = stat.written / 1_000_000;
                if !resolves {
                    // registry:2 leaves such tags behind, and answers 404 for them.
                    there.remove(*tag);
                } else if known.tags.get(*tag) != Some(&digest) {
                    found.tags.push(((*tag).clone(), digest, written));
                } else if basis.pushes.contains(&stat.written) {
                    found.renewed_tags.push(((*tag).clone(), written));
                }
            }
        }
        found.untagged = known
            .tags
            .keys()
            .filter(|tag| !there.contains(*tag))
            .cloned()
            .collect();
        Ok(())
    }
}
