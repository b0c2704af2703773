//! How much of the index's content the layout has lost.

use std::collections::HashSet;

use crate::index::{FoundRepository, KnownRepository};
use crate::oci::{Digest, Tag};

/// What has gone from the layout.
#[derive(Default)]
pub(super) struct Loss {
    /// Manifests.
    pub(super) manifests: u64,
    /// Tags whose manifest is among them, unless they have another one now.
    tags: u64,
    /// Tags of the index.
    known_tags: u64,
}

impl Loss {
    /// Adds a repository that has gone.
    pub(super) fn add_all(&mut self, known: &KnownRepository) {
        self.manifests += known.manifests.len() as u64;
        self.tags += known.tags.len() as u64;
        self.known_tags += known.tags.len() as u64;
    }

    /// Adds a repository with what was found of it. Manifests without bytes have gone as well.
    pub(super) fn add(
        &mut self,
        known: &KnownRepository,
        found: &FoundRepository,
        without_bytes: &HashSet<Digest>,
    ) {
        let removed: HashSet<&Digest> = found.removed.iter().collect();
        let gone = |digest: &Digest| removed.contains(digest) || without_bytes.contains(digest);
        let manifests = known.manifests.iter().filter(|digest| gone(digest));
        self.manifests += manifests.count() as u64;
        let moved: HashSet<&Tag> = found.tags.iter().map(|(tag, ..)| tag).collect();
        let tags = known.tags.iter();
        let tags = tags.filter(|(tag, digest)| gone(digest) && !moved.contains(tag));
        self.tags += tags.count() as u64;
        self.known_tags += known.tags.len() as u64;
    }

    /// Whether most of the manifests have gone, which the index knows `known` of, and most tags with
    /// them. A collection by registry:2 may remove most manifests, but none with a tag.
    pub(super) fn is_most_of(&self, known: u64) -> bool {
        let most = |lost: u64, all: u64| lost == all || lost * 2 > all;
        self.manifests > 0 && most(self.manifests, known) && most(self.tags, self.known_tags)
    }
}
