//! Recovery: what a start does with the rows that the last process left in the journal.
//!
//! A row is committed, then applied (the layout shows it), and removed when a sync covers it. The
//! marks list the applied rows. The time of the last mark is the boundary: later changes were made
//! by an interrupted batch, or by another program that has used the root since.
//!
//! - Applied, and the machine was not restarted: the row is not applied again, even if its target
//!   has changed.
//! - Not applied, and not acknowledged (the process ended before the answer): it is applied, unless
//!   another program has changed its repository since. Then the layout is authoritative.
//! - Not applied, but acknowledged (the device failed, or a path was occupied): it is applied,
//!   unless another program has written its target since. A link that changed after the boundary
//!   was written by regctl if its content is what an unapplied row writes there.
//! - An unapplied removal is applied only if no other program has written anything in the
//!   repository. Bytes of blobs are removed last, after the layout has been compared: another
//!   program may rely on them without having touched them.
//! - After a restart of the machine no row counts as applied, and every row counts as acknowledged.
//!   The boundary is then the last mark or row, but not later than the boot.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::ops::Range;

use super::super::RegistryError;
use super::foreign::{Interrupted, Links};
use super::marks::Marks;
use super::{Journal, layout};
use crate::hash::Hasher;
use crate::index::{Index, JournalEntry, LayoutChange};
use crate::oci::{Digest, Repository};
use crate::store::{Stat, Step, Store, StoreError};

/// Number of directories read in one call of the store.
const CHUNK: usize = 1024;
/// How much later than the last row of the journal a change by regctl may be, in nanoseconds. After
/// a power cut the marks may be older than the changes that they mark.
const LAG: i64 = 60_000_000_000;
/// The setting with the identity of an index.
const IDENTITY: &str = "journal_identity";

/// The result of a recovery.
#[derive(Default)]
pub(in super::super) struct Recovered {
    /// Number of applied changes.
    pub(in super::super) changes: usize,
    /// Repositories with skipped changes: their layout is authoritative.
    pub(in super::super) contested: HashSet<Repository>,
    /// Blobs that were deleted from the index and whose bytes still exist, with their sizes.
    pub(in super::super) returned: Vec<(Digest, u64)>,
    /// When other programs may have written links: after the last process, and before the changes
    /// applied now.
    pub(in super::super) pushes: Range<i64>,
    /// Removals of blobs, deferred until the layout has been compared.
    pub(in super::super) removals: Vec<JournalEntry>,
}

/// What is known about the last process that changed the layout.
struct LastRun {
    /// Later changes are by an interrupted batch or by another program.
    boundary: i64,
    marks: Marks,
    /// Whether the machine has not been restarted since.
    same_boot: bool,
}

impl LastRun {
    fn is_applied(&self, entry: &JournalEntry) -> bool {
        self.same_boot && self.marks.applied.contains(&entry.id)
    }

    /// Whether an unapplied row may have been acknowledged to a client.
    fn is_promised(&self, entry: &JournalEntry) -> bool {
        !self.same_boot || self.marks.promised.contains(&entry.id)
    }

    /// Whether the end of the process may have interrupted the change of a row.
    fn is_interrupted(&self, entry: &JournalEntry) -> bool {
        self.same_boot && !self.is_applied(entry)
    }
}

impl Journal {
    /// Applies the remaining rows, except where another program has changed the target.
    pub(in super::super) async fn recover(
        &self,
        index: &Index,
    ) -> Result<Recovered, RegistryError> {
        let store = &*self.store;
        let entries = last_placements(index.journal().await?);
        let identity = identity(index).await?;
        let last_run = last_run(store, index, &identity).await?;
        let mut recovered = Recovered::default();
        let promised = entries.iter().filter(|entry| last_run.is_promised(entry));
        let promised: BTreeSet<i64> = promised.map(|entry| entry.id).collect();
        let mut todo = Vec::new();
        let (mut settled, mut deferred) = (Vec::new(), Vec::new());
        let mut by_repository: BTreeMap<&Repository, Vec<&JournalEntry>> = BTreeMap::new();
        for entry in &entries {
            if last_run.is_applied(entry) {
                settled.push(entry.id);
            } else if let Some(repository) = layout::repository_of(&entry.change) {
                by_repository.entry(repository).or_default().push(entry);
            } else if let LayoutChange::BlobRemoved { digest } = &entry.change {
                let at = stat_key(store, layout::blob(digest)).await?;
                recovered
                    .returned
                    .extend(at.map(|stat| (*digest, stat.size)));
                deferred.push(entry.id);
                recovered.removals.push(entry.clone());
            } else if must_be_applied(store, entry, &last_run).await? {
                todo.push(entry.clone());
            } else {
                settled.push(entry.id);
            }
        }
        let interrupted = Interrupted::new(
            entries
                .iter()
                .filter(|entry| last_run.is_interrupted(entry)),
        );
        for (repository, rows) in by_repository {
            let links = Links::of(store, repository, last_run.boundary, &interrupted).await?;
            let (apply, skip) = links.split(rows, |row| last_run.is_promised(row));
            todo.extend(apply.into_iter().cloned());
            if !skip.is_empty() {
                tracing::warn!(%repository, path = links.changed(), "another program has changed this repository; unfinished changes of this registry that conflict with it are given up");
                settled.extend(skip.iter().map(|entry| entry.id));
                recovered.contested.insert(repository.clone());
            }
        }
        todo.sort_by_key(|entry| entry.id);
        for some in entries.chunks(CHUNK) {
            if let Err(error) = sweep(store, some).await {
                tracing::warn!(%error, "unfinished writes of the last run could not be removed");
                break;
            }
        }
        recovered.changes = todo.len();
        let marks = {
            let mut state = self.state.lock();
            state.last = entries.last().map_or(0, |entry| entry.id);
            state.promised = &promised - &settled.iter().copied().collect();
            state.applied.extend(settled);
            state.outstanding.extend(deferred.iter().copied());
            state.deferred.extend(deferred);
            state.boot = store.boot().id;
            state.identity = identity;
            state.marks()
        };
        match store.apply(vec![marks.write()]).await {
            Ok(()) => {
                let now = stat_key(store, layout::MARKS.to_owned()).await?;
                let now = now.map_or(i64::MIN, |stat| stat.written);
                // The last mark may have been made in the same tick of the clock.
                recovered.pushes = last_run.boundary.saturating_add(1)..now;
            }
            Err(error) => {
                tracing::warn!(error = %StoreError::from(error), "the marks of the journal could not be written");
            }
        }
        self.commit(todo).await;
        Ok(recovered)
    }
}

/// Reads the marks, and the times of the rows.
async fn last_run(
    store: &dyn Store,
    index: &Index,
    identity: &str,
) -> Result<LastRun, RegistryError> {
    let key = [layout::MARKS.to_owned()];
    let file = store.get(&key).await?.into_iter().flatten().next();
    let written = store.stat(&key).await?.into_iter().flatten().next();
    let written = written.map_or(0, |stat| stat.written);
    let marks = Marks::parse(&file.unwrap_or_default());
    let boot = store.boot();
    let same_boot = !boot.id.is_empty() && marks.boot == boot.id && marks.index == identity;
    let boundary = if same_boot {
        written
    } else {
        let noted = index.last_noted().await?.saturating_mul(1_000_000);
        let last = written.max(noted);
        let end = last.saturating_add(LAG);
        // A boot that began before the last run's end tells nothing: it is that of another machine, or
        // its clock was late. The marks are not synced: after a power cut they may be empty.
        let is_own = marks.index == identity || marks.index.is_empty();
        if is_own && boot.began <= last {
            end
        } else {
            end.min(boot.began)
        }
    };
    Ok(LastRun {
        boundary,
        marks,
        same_boot,
    })
}

async fn identity(index: &Index) -> Result<String, RegistryError> {
    if let Some(identity) = index.setting(IDENTITY).await? {
        return Ok(identity);
    }
    let identity = uuid::Uuid::new_v4().to_string();
    index.set_setting(IDENTITY, identity.clone()).await?;
    Ok(identity)
}

/// Whether a change of bytes must still be applied.
async fn must_be_applied(
    store: &dyn Store,
    entry: &JournalEntry,
    last_run: &LastRun,
) -> Result<bool, RegistryError> {
    // As the boundary, by the time of writing: a change of the owner is none of the content.
    let untouched = |stat: Option<Stat>| stat.is_none_or(|stat| stat.written <= last_run.boundary);
    Ok(match &entry.change {
        LayoutChange::BlobPlaced { digest, from } if layout::is_foreign_upload(from) => {
            let at = stat_key(store, from.clone()).await?;
            untouched(at) || matches(store, from, digest).await?
        }
        LayoutChange::BlobQuarantined { digest } => {
            // By content: a change of the owner touches damaged bytes, and right ones that were
            // restored from a backup may be old.
            let key = layout::blob(digest);
            match matches(store, &key, digest).await {
                Ok(is_right) => !is_right,
                Err(_) => untouched(stat_key(store, key).await?),
            }
        }
        LayoutChange::Discarded { key } if layout::is_foreign_upload(key) => {
            untouched(stat_key(store, key.clone()).await?)
        }
        _ => true,
    })
}

async fn stat_key(store: &dyn Store, key: String) -> Result<Option<Stat>, StoreError> {
    let stats = store.stat(&[key]).await?;
    Ok(stats.into_iter().next().flatten())
}

/// Whether the bytes under a key are those of a digest.
async fn matches(store: &dyn Store, key: &str, digest: &Digest) -> Result<bool, StoreError> {
    let mut body = match store.read(key, None).await {
        Ok(body) => body,
        Err(error) if error.is_not_found() => return Ok(true),
        Err(error) => return Err(error),
    };
    let mut hasher = Hasher::new(digest.algorithm());
    while let Some(slice) = futures_util::StreamExt::next(&mut body).await {
        let slice = slice.map_err(|error| StoreError::new("read", key, error))?;
        hasher.update(&slice);
    }
    Ok(hasher.finish() == *digest)
}

/// Removes unfinished writes of these changes. No other program uses such names.
async fn sweep(store: &dyn Store, entries: &[JournalEntry]) -> Result<(), StoreError> {
    let places: Vec<(String, &str)> = entries
        .iter()
        .flat_map(|entry| layout::half_written(&entry.change))
        .collect();
    let directories: Vec<String> = places.iter().map(|(key, _)| key.clone()).collect();
    let mut steps = Vec::new();
    for ((directory, name), listed) in places.iter().zip(store.list(&directories).await?) {
        let left = listed
            .into_iter()
            .filter(|entry| !entry.directory && layout::is_half_written(&entry.name, name));
        steps.extend(left.map(|entry| Step::Remove {
            key: format!("{directory}/{}", entry.name),
        }));
    }
    if !steps.is_empty() {
        store.apply(steps).await?;
    }
    Ok(())
}

/// The changes to apply when some of them have been applied already: of those that place or remove
/// the bytes of a blob only the last counts, as an earlier one applied after it would undo it.
pub(super) fn last_placements(entries: Vec<JournalEntry>) -> Vec<JournalEntry> {
    let mut last = HashMap::new();
    for JournalEntry { id, change } in &entries {
        if let Some(digest) = layout::placed(change) {
            last.insert(*digest, *id);
        }
    }
    entries
        .into_iter()
        .map(|JournalEntry { id, change }| {
            let superseded = layout::placed(&change).is_some_and(|digest| last[digest] != id);
            match change {
                LayoutChange::BlobPlaced { from: key, .. } if superseded => JournalEntry {
                    id,
                    change: LayoutChange::Discarded { key },
                },
                // Superseded by a later row: there is nothing to do.
                _ if superseded => JournalEntry {
                    id,
                    change: LayoutChange::Discarded {
                        key: layout::staged(),
                    },
                },
                change => JournalEntry { id, change },
            }
        })
        .collect()
}
