//! Changes that other programs made in a repository after the last process changed the layout.
//!
//! A link that is younger than the last mark was written by another program, or by a batch that
//! the end of the process interrupted. It was the batch if its content is what an unmarked row writes
//! there. A directory that changed after the last mark, without a change by such a row, shows that
//! another program removed something.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use bytes::Bytes;

use super::layout;
use crate::index::{JournalEntry, LayoutChange};
use crate::oci::{Digest, Repository};
use crate::store::{Step, Store, StoreError};

/// Number of directories read in one call of the store.
const CHUNK: usize = 1024;
/// Maximum difference between the times of a new directory and its parent, in nanoseconds. Clocks
/// of file systems tick every 4 to 10 ms.
const TICKS: i64 = 20_000_000;

/// The changes that were in progress when the last process ended.
#[derive(Default)]
pub(super) struct Interrupted {
    /// Contents of links that were being written, by key.
    writes: HashMap<String, Vec<Bytes>>,
    /// Links and directories that were being removed.
    removes: Vec<String>,
}

impl Interrupted {
    /// The changes of some rows.
    pub(super) fn new<'a>(rows: impl Iterator<Item = &'a JournalEntry>) -> Self {
        let mut interrupted = Self::default();
        for step in rows.flat_map(|row| layout::steps(&row.change)) {
            match step {
                Step::Put { key, bytes } => interrupted.writes.entry(key).or_default().push(bytes),
                Step::Remove { key }
                | Step::Prune { key }
                | Step::RemoveTree { key }
                | Step::RemoveEmpty { key, .. } => interrupted.removes.push(key),
                Step::Place { .. } | Step::Note { .. } => {}
            }
        }
        interrupted
    }

    fn writes(&self, key: &str, content: &Bytes) -> bool {
        let contents = self.writes.get(key);
        contents.is_some_and(|contents| contents.contains(content))
    }
}

/// The files and directories of a repository's links.
#[derive(Default)]
struct Tree {
    /// Every link file.
    links: HashSet<String>,
    directories: HashSet<String>,
    /// Directories with an unfinished write.
    half_written: HashSet<String>,
}

impl Tree {
    async fn read(store: &dyn Store, repository: &Repository) -> Result<Self, StoreError> {
        let directory = layout::repository(repository.as_str());
        let mut level = vec![
            format!("{directory}/_manifests"),
            format!("{directory}/_layers"),
        ];
        let mut tree = Self::default();
        while !level.is_empty() {
            let mut next = Vec::new();
            for keys in level.chunks(CHUNK) {
                for (key, entries) in keys.iter().zip(store.list(keys).await?) {
                    for entry in entries {
                        let member = format!("{key}/{}", entry.name);
                        if entry.directory {
                            next.push(member);
                        } else if layout::is_half_written(&entry.name, "link") {
                            tree.half_written.insert(key.clone());
                        } else {
                            tree.links.insert(member);
                        }
                    }
                }
            }
            tree.directories.extend(level);
            level = next;
        }
        Ok(tree)
    }

    /// Whether an interrupted change may be the last one to a directory. `times` has the
    /// directories that changed after the last mark.
    fn explains(
        &self,
        interrupted: &Interrupted,
        times: &HashMap<String, i64>,
        directory: &str,
    ) -> bool {
        let within = format!("{directory}/");
        let wrote = interrupted.writes.keys().any(|key| {
            key.strip_prefix(&within).is_some_and(|rest| {
                let member = rest.split_once('/').map_or(rest, |(first, _)| first);
                let member = format!("{within}{member}");
                self.directories.contains(&member)
                    || self.links.contains(&member)
                    || self.half_written.contains(directory)
                    || is_new(times, directory)
            })
        });
        let removed = |key: &String| {
            key.starts_with(&within)
                || directory == key
                || directory
                    .strip_prefix(key.as_str())
                    .is_some_and(|rest| rest.starts_with('/'))
        };
        wrote || interrupted.removes.iter().any(removed)
    }
}

/// Whether a directory has not changed since it was made. Making it changed its parent at the same
/// time.
fn is_new(times: &HashMap<String, i64>, directory: &str) -> bool {
    let parent = directory
        .rsplit_once('/')
        .and_then(|(parent, _)| times.get(parent));
    let changed = times.get(directory);
    parent
        .zip(changed)
        .is_some_and(|(parent, changed)| (changed - parent).abs() <= TICKS)
}

/// The links of a repository.
pub(super) struct Links {
    /// Every link file.
    all: HashSet<String>,
    /// The links that another program has written.
    foreign: BTreeSet<String>,
    /// A path at which another program has written or removed something.
    changed: Option<String>,
}

impl Links {
    /// Reads the links of a repository. `boundary` is the time of the last mark, in nanoseconds.
    pub(super) async fn of(
        store: &dyn Store,
        repository: &Repository,
        boundary: i64,
        interrupted: &Interrupted,
    ) -> Result<Self, StoreError> {
        let tree = Tree::read(store, repository).await?;
        let mut foreign = BTreeSet::new();
        let younger = written_after(store, &tree.links, boundary).await?;
        let younger: Vec<String> = younger.into_keys().collect();
        let contents = store.get(&younger).await?;
        for (key, content) in younger.into_iter().zip(contents) {
            if !content.is_some_and(|content| interrupted.writes(&key, &content)) {
                foreign.insert(key);
            }
        }
        let younger = written_after(store, &tree.directories, boundary).await?;
        let unexplained = |directory: &&String| !tree.explains(interrupted, &younger, directory);
        let unexplained = younger.keys().find(|directory| unexplained(directory));
        Ok(Self {
            changed: foreign.first().or(unexplained).cloned(),
            all: tree.links,
            foreign,
        })
    }

    /// A path that another program has written or removed, if there is one.
    pub(super) fn changed(&self) -> Option<&str> {
        self.changed.as_deref()
    }

    /// Splits rows that are not applied, in order, into those to apply and those to skip. A link
    /// that another program wrote is not changed, and if it wrote any, nothing that it may rely on
    /// is removed. If it changed anything, rows that were never acknowledged to a client are
    /// skipped: clients of the other program have seen the repository without them.
    pub(super) fn split<'a>(
        &self,
        rows: Vec<&'a JournalEntry>,
        is_promised: impl Fn(&JournalEntry) -> bool,
    ) -> (Vec<&'a JournalEntry>, Vec<&'a JournalEntry>) {
        // The manifests that tags need, and whether an earlier row links them.
        let mut revisions: BTreeMap<Digest, bool> = BTreeMap::new();
        rows.into_iter().partition(|row| {
            if self.changed.is_some() && !is_promised(row) {
                return false;
            }
            match &row.change {
                LayoutChange::RevisionLinked { digest, .. } => {
                    let made = self.may_write(&row.change);
                    revisions.insert(*digest, made || self.has_revision(&row.change));
                    made
                }
                LayoutChange::TagSet {
                    repository, digest, ..
                } => {
                    let manifest = revisions.get(digest).copied();
                    let manifest = manifest.unwrap_or_else(|| {
                        self.all.contains(&layout::revision(repository, digest))
                    });
                    manifest && self.may_write(&row.change)
                }
                LayoutChange::LayerLinked { .. } => self.may_write(&row.change),
                _ => self.foreign.is_empty(),
            }
        })
    }

    fn may_write(&self, change: &LayoutChange) -> bool {
        !self.foreign.contains(&layout::target(change))
    }

    fn has_revision(&self, change: &LayoutChange) -> bool {
        self.all.contains(&layout::target(change))
    }
}

/// The keys of files that were written after a time, in nanoseconds, and of directories whose entries
/// changed after it, with the time of that. Another owner, mode or label is no change.
async fn written_after(
    store: &dyn Store,
    keys: &HashSet<String>,
    boundary: i64,
) -> Result<HashMap<String, i64>, StoreError> {
    let mut younger = HashMap::new();
    let keys: Vec<String> = keys.iter().cloned().collect();
    for keys in keys.chunks(CHUNK) {
        for (key, stat) in keys.iter().zip(store.stat(keys).await?) {
            if let Some(stat) = stat.filter(|stat| stat.written > boundary) {
                younger.insert(key.clone(), stat.written);
            }
        }
    }
    Ok(younger)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_is_new_while_its_parent_has_the_same_time() {
        let at = |holder, time| {
            HashMap::from([("tags".to_owned(), holder), ("tags/b".to_owned(), time)])
        };
        assert!(is_new(&at(1000, 1000), "tags/b"));
        assert!(is_new(&at(1000, 1000 + TICKS), "tags/b"));
        // Something was removed from it, or another entry was made in its parent.
        assert!(!is_new(&at(1000, 1001 + TICKS), "tags/b"));
        assert!(!is_new(&at(1001 + TICKS, 1000), "tags/b"));
        // The parent has not changed: the directory is older.
        assert!(!is_new(
            &HashMap::from([("tags/b".to_owned(), 1)]),
            "tags/b"
        ));
    }
}
