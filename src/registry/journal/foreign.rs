//! Links of a repository that another program has written since the last process changed the layout.
//!
//! A link that changed after the last mark was written by another program, or by a trip to the store
//! that the end of the process cut off. It is ours where its content is what a row that is not marked
//! writes there.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use bytes::Bytes;

use super::layout;
use crate::index::{JournalEntry, LayoutChange};
use crate::oci::{Digest, Repository};
use crate::store::{Step, Store, StoreError};

/// Directories that are read in one trip to the store.
const CHUNK: usize = 1024;

/// What the last process was writing to links when it ended: contents by key.
#[derive(Default)]
pub(super) struct CutOff(HashMap<String, Vec<Bytes>>);

impl CutOff {
    /// The links that some rows write.
    pub(super) fn new<'a>(rows: impl Iterator<Item = &'a JournalEntry>) -> Self {
        let mut contents: HashMap<String, Vec<Bytes>> = HashMap::new();
        for step in rows.flat_map(|row| layout::steps(&row.change)) {
            if let Step::Put { key, bytes } = step {
                contents.entry(key).or_default().push(bytes);
            }
        }
        Self(contents)
    }

    fn writes(&self, key: &str, content: &Bytes) -> bool {
        let contents = self.0.get(key);
        contents.is_some_and(|contents| contents.contains(content))
    }
}

/// The links of a repository.
pub(super) struct Links {
    /// Every link file.
    all: HashSet<String>,
    /// Those that another program has written.
    foreign: BTreeSet<String>,
}

impl Links {
    /// Looks at the links of a repository. `boundary` is the time of the last mark, in nanoseconds.
    pub(super) async fn of(
        store: &dyn Store,
        repository: &Repository,
        boundary: i64,
        cut_off: &CutOff,
    ) -> Result<Self, StoreError> {
        let directory = layout::repository(repository.as_str());
        let mut level = vec![
            format!("{directory}/_manifests"),
            format!("{directory}/_layers"),
        ];
        let mut links = Self {
            all: HashSet::new(),
            foreign: BTreeSet::new(),
        };
        while !level.is_empty() {
            let mut next = Vec::new();
            for keys in level.chunks(CHUNK) {
                for (key, entries) in keys.iter().zip(store.list(keys).await?) {
                    for entry in entries {
                        let member = format!("{key}/{}", entry.name);
                        if entry.directory {
                            next.push(member);
                        } else if !layout::is_half_written(&entry.name, "link") {
                            links.all.insert(member);
                        }
                    }
                }
            }
            level = next;
        }
        let mut younger = Vec::new();
        let all: Vec<String> = links.all.iter().cloned().collect();
        for keys in all.chunks(CHUNK) {
            let stats = keys.iter().zip(store.stat(keys).await?);
            younger.extend(stats.filter_map(|(key, stat)| {
                let stat = stat.filter(|stat| stat.changed > boundary);
                stat.map(|_| key.clone())
            }));
        }
        let contents = store.get(&younger).await?;
        for (key, content) in younger.into_iter().zip(contents) {
            if !content.is_some_and(|content| cut_off.writes(&key, &content)) {
                links.foreign.insert(key);
            }
        }
        Ok(links)
    }

    /// Splits rows that are not applied, in order, into those to be made and those to be left: what
    /// another program has written stays as it is, and where it has written anything nothing is
    /// removed that it may rely on.
    pub(super) fn split<'a>(
        &self,
        rows: Vec<&'a JournalEntry>,
    ) -> (Vec<&'a JournalEntry>, Vec<&'a JournalEntry>) {
        // What a tag that is to be set needs, and whether an earlier row makes it.
        let mut revisions: BTreeMap<Digest, bool> = BTreeMap::new();
        rows.into_iter().partition(|row| match &row.change {
            LayoutChange::RevisionLinked { digest, .. } => {
                let made = self.may_write(&row.change);
                revisions.insert(*digest, made || self.has_revision(&row.change));
                made
            }
            LayoutChange::TagSet {
                repository, digest, ..
            } => {
                let manifest = revisions.get(digest).copied();
                let manifest = manifest
                    .unwrap_or_else(|| self.all.contains(&layout::revision(repository, digest)));
                manifest && self.may_write(&row.change)
            }
            LayoutChange::LayerLinked { .. } => self.may_write(&row.change),
            _ => self.foreign.is_empty(),
        })
    }

    fn may_write(&self, change: &LayoutChange) -> bool {
        !self.foreign.contains(&layout::target(change))
    }

    fn has_revision(&self, change: &LayoutChange) -> bool {
        self.all.contains(&layout::target(change))
    }
}
