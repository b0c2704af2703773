//! A store in memory: the driver `inmemory` of the configuration, and fault injection for tests.
//!
//! The bytes exist as long as the process. Directories are implied by keys.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use bytes::{Bytes, BytesMut};
use futures_util::future::BoxFuture;
use parking_lot::Mutex;

use super::{
    Appender, Body, Boot, Entry, Stat, Step, StepError, Store, StoreError, StoreFuture, Written,
};
use crate::hash::Hasher;

/// The result that a call returns instead of doing its work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// No space left.
    Full,
    /// A quota is used up.
    Quota,
    /// The device is mounted read-only.
    ReadOnly,
    /// A device that fails.
    Failing,
    /// The device fails.
    Broken,
}

impl Fault {
    /// The error of the system for this fault.
    fn error(self) -> std::io::Error {
        match self {
            Self::Full => rustix::io::Errno::NOSPC.into(),
            Self::Quota => rustix::io::Errno::DQUOT.into(),
            Self::ReadOnly => rustix::io::Errno::ROFS.into(),
            Self::Failing => rustix::io::Errno::IO.into(),
            Self::Broken => std::io::Error::other("injected fault"),
        }
    }
}

/// Decides whether a call fails, given its action (`append`, `write`, `seal`, `place`, `put`,
/// `remove`, …) and key.
pub(super) type Faults = dyn Fn(&str, &str) -> Option<Fault> + Send + Sync;

#[derive(Clone)]
struct Record {
    bytes: BytesMut,
    changed: i64,
}

/// A store in memory. Clones share their content.
#[derive(Clone, Default)]
pub struct MemoryStore {
    records: Arc<Mutex<BTreeMap<String, Record>>>,
    ticks: Arc<AtomicI64>,
    faults: Arc<Mutex<Option<Box<Faults>>>>,
    boots: Arc<AtomicI64>,
}

impl MemoryStore {
    /// An empty store.
    pub fn new() -> Self {
        Self::default()
    }

    /// Calls `faults` before each later call; `None` ends the injection.
    pub fn set_faults(&self, faults: Option<Box<Faults>>) {
        *self.faults.lock() = faults;
    }

    /// Advances the clock of this store, in nanoseconds.
    #[cfg(test)]
    pub(crate) fn age(&self, by: i64) {
        self.ticks.fetch_add(by, Ordering::Relaxed);
    }

    /// Removes a record, without injected faults.
    #[cfg(test)]
    pub(crate) fn remove(&self, key: &str) {
        self.records.lock().remove(key);
    }

    /// Simulates another boot: one that began now, or at most at this time.
    #[cfg(test)]
    pub(crate) fn reboot(&self, by: i64) {
        let now = self.ticks.fetch_add(1, Ordering::Relaxed);
        self.boots.store(now.min(by), Ordering::Relaxed);
    }

    fn check(&self, action: &'static str, key: &str) -> Result<(), StoreError> {
        let fault = self
            .faults
            .lock()
            .as_ref()
            .and_then(|faults| faults(action, key));
        match fault {
            None => Ok(()),
            Some(fault) => Err(StoreError::new(action, key, fault.error())),
        }
    }

    /// Runs `work` on the records, unless a fault is injected.
    fn checked<T>(
        &self,
        action: &'static str,
        key: &str,
        work: impl FnOnce(&mut BTreeMap<String, Record>, i64) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        self.check(action, key)?;
        let tick = self.ticks.fetch_add(1, Ordering::Relaxed);
        work(&mut self.records.lock(), tick)
    }

    fn with<'a, T: Send + 'a>(
        &self,
        action: &'static str,
        key: &str,
        work: impl FnOnce(&mut BTreeMap<String, Record>, i64) -> Result<T, StoreError>,
    ) -> StoreFuture<'a, T> {
        Box::pin(std::future::ready(self.checked(action, key, work)))
    }

    fn step(&self, step: &Step) -> Result<(), StoreError> {
        match step {
            Step::Place { from, to } => self.checked("place", to, |records, changed| {
                match (records.remove(from), records.contains_key(to)) {
                    (None, true) => Ok(()),
                    (Some(record), _) => {
                        records.insert(to.clone(), Record { changed, ..record });
                        Ok(())
                    }
                    (None, false) => Err(StoreError::NotFound(from.clone())),
                }
            }),
            Step::Put { key, bytes } => self.checked("put", key, |records, changed| {
                let bytes = BytesMut::from(&bytes[..]);
                records.insert(key.clone(), Record { bytes, changed });
                Ok(())
            }),
            Step::Note { key, bytes } => {
                // An injected fault is ignored, like any error of this step.
                let _ = self.checked("note", key, |records, changed| {
                    if let Some(record) = records.get_mut(key) {
                        record.bytes.extend_from_slice(bytes);
                        record.changed = changed;
                    }
                    Ok(())
                });
                Ok(())
            }
            Step::Remove { key } | Step::Prune { key } => {
                self.checked("remove", key, |records, _| {
                    records.remove(key);
                    Ok(())
                })
            }
            // Keys imply their directories.
            Step::RemoveEmpty { key, .. } => self.check("remove", key),
            Step::RemoveTree { key } => self.checked("remove", key, |records, _| {
                let prefix = format!("{key}/");
                records.retain(|key, _| !key.starts_with(&prefix));
                Ok(())
            }),
        }
    }
}

/// The keys below a directory.
fn below<'a>(
    records: &'a BTreeMap<String, Record>,
    prefix: &'a str,
) -> impl Iterator<Item = (&'a String, &'a Record)> {
    records
        .range(prefix.to_owned()..)
        .take_while(move |(key, _)| key.starts_with(prefix))
}

impl Store for MemoryStore {
    fn append(&self, key: &str, offset: u64, hashers: Vec<Hasher>) -> Box<dyn Appender> {
        let (store, key) = (self.clone(), key.to_owned());
        Box::new(MemoryAppender {
            store,
            key,
            offset: Some(offset),
            hashers,
        })
    }

    fn read<'a>(&'a self, key: &'a str, range: Option<(u64, u64)>) -> StoreFuture<'a, Body> {
        self.with("read", key, |records, _| {
            let record = records
                .get(key)
                .ok_or_else(|| StoreError::NotFound(key.to_owned()))?;
            let length = record.bytes.len() as u64;
            let (start, end) = range.unwrap_or((0, length));
            let slice = usize::try_from(start)
                .ok()
                .zip(usize::try_from(end).ok())
                .and_then(|(start, end)| record.bytes.get(start..end));
            match slice {
                Some(slice) => Ok(Body::from_bytes(Bytes::copy_from_slice(slice))),
                None => Err(StoreError::Short {
                    key: key.to_owned(),
                    length,
                    expected: end,
                }),
            }
        })
    }

    fn get<'a>(&'a self, keys: &'a [String]) -> StoreFuture<'a, Vec<Option<Bytes>>> {
        let first = keys.first().map_or("", String::as_str);
        self.with("get", first, |records, _| {
            let bytes = |record: &Record| Bytes::copy_from_slice(&record.bytes);
            Ok(keys.iter().map(|key| records.get(key).map(bytes)).collect())
        })
    }

    fn apply(&self, steps: Vec<Step>) -> BoxFuture<'_, Result<(), StepError>> {
        let taken = steps.iter().enumerate().try_for_each(|(number, step)| {
            self.step(step).map_err(|error| StepError {
                step: number,
                error,
            })
        });
        Box::pin(std::future::ready(taken))
    }

    fn list<'a>(&'a self, keys: &'a [String]) -> StoreFuture<'a, Vec<Vec<Entry>>> {
        let first = keys.first().map_or("", String::as_str);
        self.with("list", first, |records, _| {
            let entries = |key: &String| {
                let prefix = format!("{key}/");
                let mut entries: Vec<Entry> = below(records, &prefix)
                    .map(|(key, _)| match key[prefix.len()..].split_once('/') {
                        Some((name, _)) => Entry {
                            name: name.to_owned(),
                            directory: true,
                        },
                        None => Entry {
                            name: key[prefix.len()..].to_owned(),
                            directory: false,
                        },
                    })
                    .collect();
                entries.sort();
                entries.dedup();
                entries
            };
            Ok(keys.iter().map(entries).collect())
        })
    }

    fn stat<'a>(&'a self, keys: &'a [String]) -> StoreFuture<'a, Vec<Option<Stat>>> {
        let first = keys.first().map_or("", String::as_str);
        self.with("stat", first, |records, _| {
            let stat = |key: &String| match records.get(key) {
                Some(record) => Some(Stat {
                    size: record.bytes.len() as u64,
                    ..Stat::at(record.changed)
                }),
                None => below(records, &format!("{key}/"))
                    .map(|(_, record)| record.changed)
                    .max()
                    .map(|changed| Stat {
                        file: false,
                        ..Stat::at(changed)
                    }),
            };
            Ok(keys.iter().map(stat).collect())
        })
    }

    fn sync<'a>(&'a self, _: &'a [String]) -> StoreFuture<'a, ()> {
        self.with("sync", "", |_, _| Ok(()))
    }

    fn boot(&self) -> Boot {
        let began = self.boots.load(Ordering::Relaxed);
        Boot {
            id: format!("boot-{began}"),
            began,
        }
    }
}

struct MemoryAppender {
    store: MemoryStore,
    key: String,
    /// The offset of the first write.
    offset: Option<u64>,
    hashers: Vec<Hasher>,
}

impl MemoryAppender {
    /// Prepares the record for the first write.
    fn begin(&mut self) -> Result<(), StoreError> {
        let (Some(offset), key) = (self.offset.take(), &self.key) else {
            return Ok(());
        };
        self.store.checked("append", key, |records, changed| {
            if offset > 0 && !records.contains_key(key) {
                return Err(StoreError::NotFound(key.clone()));
            }
            let record = records.entry(key.clone()).or_insert_with(|| Record {
                bytes: BytesMut::new(),
                changed,
            });
            let length = record.bytes.len() as u64;
            if length < offset {
                return Err(StoreError::Short {
                    key: key.clone(),
                    length,
                    expected: offset,
                });
            }
            record
                .bytes
                .truncate(usize::try_from(offset).unwrap_or(usize::MAX));
            Ok(())
        })
    }

    fn append(&mut self, slices: &[Bytes]) -> Result<(), StoreError> {
        self.begin()?;
        let Self {
            store,
            key,
            hashers,
            ..
        } = self;
        store.checked("write", key, |records, changed| {
            let record = records
                .get_mut(key)
                .ok_or_else(|| StoreError::NotFound(key.clone()))?;
            for slice in slices {
                for hasher in hashers.iter_mut() {
                    hasher.update(slice);
                }
                record.bytes.extend_from_slice(slice);
            }
            record.changed = changed;
            Ok(())
        })
    }

    fn end(mut self, action: &'static str) -> Result<Written, StoreError> {
        self.begin()?;
        self.store
            .check(action, &self.key)
            .map_err(|error| match action {
                "seal" => StoreError::DataLost {
                    source: match &error {
                        StoreError::Full(_) => Fault::Full.error(),
                        StoreError::Quota(_) => Fault::Quota.error(),
                        StoreError::Failing { .. } => Fault::Failing.error(),
                        _ => Fault::Broken.error(),
                    },
                    key: self.key.clone(),
                },
                _ => error,
            })?;
        let length = self
            .store
            .records
            .lock()
            .get(&self.key)
            .map(|record| record.bytes.len());
        match length {
            Some(length) => Ok(Written {
                hashers: self.hashers,
                length: length as u64,
            }),
            None => Err(StoreError::NotFound(self.key)),
        }
    }
}

impl Appender for MemoryAppender {
    fn write(&mut self, slices: Vec<Bytes>) -> StoreFuture<'_, ()> {
        Box::pin(std::future::ready(self.append(&slices)))
    }

    fn finish(self: Box<Self>) -> StoreFuture<'static, Written> {
        Box::pin(std::future::ready(self.end("finish")))
    }

    fn seal(self: Box<Self>) -> StoreFuture<'static, Written> {
        Box::pin(std::future::ready(self.end("seal")))
    }
}
