//! The expected content of a registry, as simple as possible: sets, and loops over them.

use std::collections::{BTreeMap, BTreeSet};

use super::*;

pub(super) const LEASE: Millis = 1000;
pub(super) const TRASH: Millis = 3000;

/// A manifest in the reference.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Known {
    pub(super) bytes: Bytes,
    pub(super) subject: Option<Digest>,
    /// Blobs, as it names them.
    pub(super) blobs: Vec<Digest>,
    pub(super) children: Vec<Digest>,
    /// Whether its references are known.
    pub(super) readable: bool,
    /// Whether its media type is known.
    pub(super) familiar: bool,
    pub(super) pushed_at: Millis,
    pub(super) pulled_at: Option<Millis>,
}

#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Contents {
    /// Readable blobs, by canonical digest.
    pub(super) links: BTreeSet<Digest>,
    pub(super) manifests: BTreeMap<Digest, Known>,
    pub(super) tags: BTreeMap<String, Digest>,
}

/// A deletion that can be restored.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Deletion {
    pub(super) kind: TrashedKind,
    pub(super) repository: &'static str,
    pub(super) contents: Contents,
    pub(super) ends: Millis,
}

#[derive(Default)]
pub(super) struct Reference {
    pub(super) now: Millis,
    pub(super) blobs: BTreeSet<Digest>,
    pub(super) leases: BTreeMap<Digest, Millis>,
    pub(super) repositories: BTreeMap<&'static str, Contents>,
    /// The latest last.
    pub(super) trash: Vec<Deletion>,
    /// Pulls that are not saved yet.
    pub(super) pulled: BTreeSet<(&'static str, Digest)>,
    /// The canonical digest of each sha512 digest.
    pub(super) aliases: BTreeMap<Digest, Digest>,
}

/// The tag under which clients list the referrers of a manifest.
pub(super) fn fallback(subject: &Digest) -> String {
    let hex = subject.hex();
    format!("{}-{}", subject.algorithm(), &hex[..hex.len().min(64)])
}

impl Reference {
    pub(super) fn canonical(&self, digest: &Digest) -> Digest {
        self.aliases.get(digest).copied().unwrap_or(*digest)
    }

    pub(super) fn lease(&mut self, digest: Digest) {
        let end = self.leases.entry(digest).or_insert(Millis::MIN);
        if *end < self.now + LEASE / 2 {
            *end = self.now + LEASE;
        }
    }

    pub(super) fn is_leased(&self, digest: &Digest) -> bool {
        self.leases.get(digest).is_some_and(|end| *end > self.now)
    }

    pub(super) fn contents(&mut self, name: &'static str) -> &mut Contents {
        self.repositories.entry(name).or_default()
    }

    /// Removes the links that no manifest of a deletion needs.
    fn keep_needed(&self, contents: &mut Contents) {
        let names: BTreeSet<Digest> = contents
            .manifests
            .values()
            .flat_map(|known| known.blobs.iter().map(|digest| self.canonical(digest)))
            .collect();
        // An unreadable manifest may refer to anything.
        if contents.manifests.values().all(|known| known.readable) {
            contents.links.retain(|digest| names.contains(digest));
        }
    }

    /// Moves a deletion to the trash.
    pub(super) fn throw(
        &mut self,
        kind: TrashedKind,
        repository: &'static str,
        mut contents: Contents,
    ) {
        self.keep_needed(&mut contents);
        let ends = self.now + TRASH;
        self.trash.push(Deletion {
            kind,
            repository,
            contents,
            ends,
        });
    }

    /// Restores the recently deleted children of an index that was put, with their own children and
    /// the referrers that were deleted with them.
    pub(super) fn restore_children(&mut self, name: &'static str, index: Digest) {
        let mut parents = vec![index];
        while !parents.is_empty() {
            let there = &self.repositories[name].manifests;
            let children = parents.iter().filter_map(|parent| there.get(parent));
            let absent: BTreeSet<Digest> = children
                .flat_map(|known| known.children.iter().copied())
                .filter(|child| !there.contains_key(child))
                .collect();
            let mut found: BTreeSet<(usize, Digest)> = BTreeSet::new();
            for child in absent {
                let of = self.trash.iter().rposition(|deletion| {
                    deletion.repository == name
                        && deletion.ends > self.now
                        && deletion.ends - TRASH > self.now - LEASE
                        && deletion.contents.manifests.contains_key(&child)
                });
                found.extend(of.map(|of| (of, child)));
            }
            loop {
                let before = found.len();
                for (of, subject) in found.clone() {
                    let manifests = &self.trash[of].contents.manifests;
                    let referrers = manifests
                        .iter()
                        .filter(|(_, known)| known.subject == Some(subject));
                    found.extend(referrers.map(|(digest, _)| (of, *digest)));
                }
                if found.len() == before {
                    break;
                }
            }
            parents.clear();
            for (of, digest) in found {
                let deletion = &mut self.trash[of].contents;
                let known = deletion.manifests.remove(&digest).unwrap();
                let mut links = deletion.links.clone();
                if known.readable {
                    let names = known.blobs.iter().map(|blob| self.canonical(blob));
                    let names: BTreeSet<Digest> = names.collect();
                    links.retain(|digest| names.contains(digest));
                }
                let contents = self.contents(name);
                contents.links.extend(links);
                contents.manifests.entry(digest).or_insert_with(|| {
                    parents.push(digest);
                    known
                });
            }
            for digest in &parents {
                self.lease(self.canonical(digest));
            }
            self.shrink();
        }
    }

    /// Leaves the tags of a restored deletion in the trash, at their place, whose manifests are there.
    pub(super) fn keep_tags(&mut self, deletion: Deletion, at: usize) {
        let is_kept = deletion.contents.tags.values().any(|of| {
            self.trash.iter().any(|other| {
                other.repository == deletion.repository && other.contents.manifests.contains_key(of)
            })
        });
        if is_kept {
            self.trash.insert(at, deletion);
        }
    }

    /// Removes from the trash what no manifest or tag in it needs.
    fn shrink(&mut self) {
        let trash = std::mem::take(&mut self.trash);
        for mut deletion in trash {
            self.keep_needed(&mut deletion.contents);
            if deletion.contents.manifests.is_empty() && deletion.contents.tags.is_empty() {
                continue;
            }
            self.trash.push(deletion);
        }
    }

    pub(super) fn save_pulls(&mut self) {
        for (name, digest) in std::mem::take(&mut self.pulled) {
            let now = self.now;
            let repository = self.repositories.get_mut(name);
            if let Some(known) = repository.and_then(|contents| contents.manifests.get_mut(&digest))
            {
                known.pulled_at = Some(now);
            }
        }
    }

    /// The deletions in the trash that have not ended.
    pub(super) fn lying(&self) -> impl Iterator<Item = &Deletion> {
        self.trash
            .iter()
            .filter(|deletion| deletion.ends > self.now)
    }

    /// Applies a collection.
    pub(super) fn collect(&mut self, options: &CollectOptions) {
        self.save_pulls();
        if options.empty_trash {
            self.trash.clear();
        }
        let now = self.now;
        self.trash.retain(|deletion| deletion.ends > now);
        if let Some(age) = options.untagged {
            while let Some((name, digest)) = self.free_manifest(now - age) {
                let contents = self.contents(name);
                contents.manifests.remove(&digest);
                contents.tags.retain(|_, at| *at != digest);
            }
        }
        let held: BTreeSet<Digest> = self.held_blobs();
        let blobs = std::mem::take(&mut self.blobs);
        let leases = self.leases.clone();
        let (kept, gone): (BTreeSet<Digest>, BTreeSet<Digest>) =
            blobs.into_iter().partition(|digest| {
                held.contains(digest) || leases.get(digest).is_some_and(|end| *end > now)
            });
        self.blobs = kept;
        for contents in self.repositories.values_mut() {
            contents.links.retain(|digest| !gone.contains(digest));
        }
        let trash = std::mem::take(&mut self.trash);
        self.repositories.retain(|name, contents| {
            !contents.manifests.is_empty()
                || trash.iter().any(|deletion| deletion.repository == *name)
                || contents
                    .links
                    .iter()
                    .any(|digest| leases.get(digest).is_some_and(|end| *end > now))
        });
        self.trash = trash;
    }

    /// Blobs that a manifest, live or in the trash, needs.
    fn held_blobs(&self) -> BTreeSet<Digest> {
        let living = self.repositories.values();
        let trashed = self.trash.iter().map(|deletion| &deletion.contents);
        let mut held = BTreeSet::new();
        for contents in living.chain(trashed) {
            for (digest, known) in &contents.manifests {
                held.insert(self.canonical(digest));
                let names = known.blobs.iter().chain(&known.children);
                held.extend(names.map(|digest| self.canonical(digest)));
                if !known.readable {
                    held.extend(&contents.links);
                }
            }
        }
        held
    }

    /// A manifest that nothing holds or keeps.
    fn free_manifest(&self, pushed_until: Millis) -> Option<(&'static str, Digest)> {
        for (name, contents) in &self.repositories {
            if contents.manifests.values().any(|known| !known.readable) {
                continue;
            }
            for (digest, known) in &contents.manifests {
                let sparse = known
                    .children
                    .iter()
                    .any(|child| !contents.manifests.contains_key(child));
                let kept = sparse || !known.familiar || known.pushed_at > pushed_until;
                if !kept && !self.is_held(name, digest, known) {
                    return Some((name, *digest));
                }
            }
        }
        None
    }

    fn is_held(&self, name: &str, digest: &Digest, known: &Known) -> bool {
        let pulled_since = self.now - LEASE;
        if self.is_leased(&self.canonical(digest))
            || known.pulled_at.is_some_and(|at| at > pulled_since)
        {
            return true;
        }
        let contents = &self.repositories[name];
        let trash: Vec<&Contents> = self
            .trash
            .iter()
            .filter(|deletion| deletion.repository == name)
            .map(|deletion| &deletion.contents)
            .collect();
        let is_there = |subject: &Digest| {
            contents.manifests.contains_key(subject)
                || trash
                    .iter()
                    .any(|thrown| thrown.manifests.contains_key(subject))
        };
        let tagged = contents.tags.iter().any(|(tag, at)| {
            let referrers =
                (tag.starts_with("sha256-") || tag.starts_with("sha512-")) && tag.len() == 71;
            let subjects = contents.manifests.keys();
            let subjects = subjects.chain(trash.iter().flat_map(|thrown| thrown.manifests.keys()));
            at == digest
                && (!referrers
                    || subjects
                        .into_iter()
                        .any(|subject| fallback(subject) == *tag))
        });
        let child_of = |of: &Contents| {
            let mut parents = of.manifests.values();
            parents.any(|parent| parent.children.contains(digest))
        };
        tagged
            || child_of(contents)
            || known.subject.is_some_and(|subject| is_there(&subject))
            || trash
                .iter()
                .any(|thrown| child_of(thrown) || thrown.tags.values().any(|at| at == digest))
    }
}
