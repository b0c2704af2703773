//! Restores in the model.

use super::model::Model;
use super::reference::Deletion;
use super::*;

impl Model {
    /// Restores the latest deletion of a random kind with this name.
    pub(super) async fn restore(&mut self, name: &'static str) {
        let of: Vec<Deletion> = self
            .reference
            .lying()
            .filter(|deletion| deletion.repository == name)
            .cloned()
            .collect();
        if of.is_empty() {
            return;
        }
        let chosen = &of[self.chance.below(of.len())].contents;
        let latest = |has: &dyn Fn(&Deletion) -> bool| of.iter().rfind(|other| has(other));
        let first = (chosen.tags.keys().next(), chosen.manifests.keys().next());
        let (what, found) = match first {
            (Some(name_of_tag), None) => (
                Restorable::Tag(repository(name), tag(name_of_tag)),
                latest(&|other| other.contents.tags.contains_key(name_of_tag)),
            ),
            (_, Some(digest)) if chosen.manifests.len() == 1 => (
                Restorable::Manifest(repository(name), *digest),
                latest(&|other| other.contents.manifests.contains_key(digest)),
            ),
            _ => (
                Restorable::Repository(repository(name)),
                latest(&|other| other.kind == TrashedKind::Repository),
            ),
        };
        let mut found = vec![found.unwrap().clone()];
        let mut moved = None;
        let mut incomplete = false;
        if let (Restorable::Tag(..), Some((tag, at))) = (&what, chosen.tags.iter().next()) {
            let at = *found[0].contents.tags.get(tag).unwrap_or(at);
            let contents = self.reference.repositories.get(name);
            let now = contents.and_then(|contents| contents.tags.get(tag));
            moved = now.copied().filter(|now| *now != at);
            let there = contents.is_some_and(|contents| contents.manifests.contains_key(&at));
            let with = found[0].contents.manifests.contains_key(&at);
            if !with && !there && moved.is_none() {
                match latest(&|other| other.contents.manifests.contains_key(&at)) {
                    Some(other) => found.insert(0, other.clone()),
                    None => incomplete = true,
                }
            }
        }
        // Restoring one manifest of many has its own test.
        let whole = matches!(what, Restorable::Repository(_));
        if !whole && found.iter().any(|one| one.kind == TrashedKind::Repository) {
            return;
        }
        let restored = self.registry.restore(&what).await;
        match restored {
            Err(RegistryError::TagMoved { digest, .. }) => assert_eq!(Some(digest), moved),
            Err(RegistryError::RestoreIncomplete { .. }) => assert!(incomplete),
            Ok(restored) => {
                assert!(moved.is_none() && !incomplete, "{what}");
                self.bring_back(found, restored);
            }
            Err(error) => panic!("{what}: {error}"),
        }
    }

    fn bring_back(&mut self, found: Vec<Deletion>, restored: Restored) {
        let mut expected = Restored::default();
        for mut deletion in found {
            let trash = &mut self.reference.trash;
            let at = trash.iter().rposition(|other| *other == deletion).unwrap();
            trash.remove(at);
            let contents = self.reference.contents(deletion.repository);
            contents.links.extend(&deletion.contents.links);
            let mut leased = Vec::new();
            deletion.contents.links.clear();
            for (digest, known) in std::mem::take(&mut deletion.contents.manifests) {
                contents.manifests.entry(digest).or_insert_with(|| {
                    leased.push(digest);
                    known
                });
            }
            let tags = std::mem::take(&mut deletion.contents.tags);
            for (name, at) in tags {
                match contents.tags.get(&name) {
                    // Its manifest came back with an index, and was deleted again.
                    _ if !contents.manifests.contains_key(&at) => {
                        deletion.contents.tags.insert(name, at);
                    }
                    None => {
                        expected.tags.push((tag(&name), at));
                        contents.tags.insert(name, at);
                    }
                    Some(there) if *there == at => {}
                    Some(there) => expected.moved.push((tag(&name), *there)),
                }
            }
            for digest in &leased {
                self.reference.lease(self.reference.canonical(digest));
            }
            self.reference.keep_tags(deletion, at);
            expected.manifests.extend(leased);
        }
        let sorted = |mut restored: Restored| {
            restored.manifests.sort_unstable();
            restored.tags.sort_unstable();
            restored.moved.sort_unstable();
            restored
        };
        assert_eq!(sorted(restored), sorted(expected));
    }
}
