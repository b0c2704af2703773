//! A store on a local file system: a key is a path below the root.
//!
//! All file-system calls of the store are here; none of them runs on the reactor. Small records are
//! written to a temporary file, which is then renamed.

#![expect(clippy::disallowed_methods, reason = "the store accesses files")]

use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use rustix::fs::OFlags;

use super::file_appender::FileAppender;
use super::mounts::{self, Links};
use super::open_files::OpenFiles;
use super::ownership::{FILE, Ownership, explained};
use super::space::Space;
use super::times::{changed, node, written};
use super::{
    Appender, Body, Boot, Device, Entry, Stat, Step, StepError, Store, StoreError, StoreFuture,
    placing, syncing,
};
use crate::hash::Hasher;

/// A store below a directory. Cheap to clone.
#[derive(Clone)]
pub struct FileStore {
    root: Arc<Path>,
    /// Open files of uploads between two requests.
    files: Arc<OpenFiles>,
    links: Arc<Links>,
    /// Whether a sync is of single files and directories.
    syncs_keys: bool,
    ownership: Ownership,
}

impl FileStore {
    /// A store below `root`, which is created if it is missing.
    pub fn open(root: &Path) -> Result<Self, StoreError> {
        let ownership = Ownership::of_root(root);
        ownership
            .create_dir_all(root)
            .map_err(|error| StoreError::new("create the directory", root.display(), error))?;
        let links = Links::default();
        Ok(Self {
            root: root.into(),
            files: Arc::new(OpenFiles::new(File::sync_all)),
            syncs_keys: syncing::syncs_paths(root, &links),
            links: Arc::new(links),
            ownership,
        })
    }

    /// The same store as on a file system that can't be synced as a whole.
    #[cfg(test)]
    pub(crate) fn syncing_keys(self) -> Self {
        Self {
            syncs_keys: true,
            ..self
        }
    }

    /// The same store with another `sync`, for tests with failing devices.
    #[cfg(test)]
    pub(crate) fn syncing_by(self, sync: fn(&File) -> io::Result<()>) -> Self {
        let files = Arc::new(OpenFiles::new(sync));
        Self { files, ..self }
    }

    fn path(&self, key: &str) -> PathBuf {
        debug_assert!(
            !key.split('/').any(|part| matches!(part, "" | "." | "..")),
            "{key:?}"
        );
        self.root.join(key)
    }

    /// Runs file-system work off the reactor.
    fn run<'a, T: Send + 'static>(
        &self,
        work: impl FnOnce(&Self) -> Result<T, StoreError> + Send + 'static,
    ) -> StoreFuture<'a, T> {
        let store = self.clone();
        Box::pin(async move {
            match tokio::task::spawn_blocking(move || work(&store)).await {
                Ok(result) => result,
                Err(error) => Err(StoreError::new(
                    "work on",
                    "the store",
                    io::Error::other(error),
                )),
            }
        })
    }
}

fn ignore_absent(result: io::Result<()>) -> io::Result<()> {
    match result {
        Err(error) if is_absent(&error) => Ok(()),
        result => result,
    }
}

impl Store for FileStore {
    fn append(&self, key: &str, offset: u64, hashers: Vec<Hasher>) -> Box<dyn Appender> {
        Box::new(FileAppender::new(
            &self.files,
            self.ownership,
            self.path(key),
            key,
            offset,
            hashers,
        ))
    }

    fn read<'a>(&'a self, key: &'a str, range: Option<(u64, u64)>) -> StoreFuture<'a, Body> {
        let key = key.to_owned();
        self.run(move |store| {
            let wrap = |error| StoreError::new("read", &key, error);
            let (file, metadata) = open_file(&store.path(&key)).map_err(wrap)?;
            let length = metadata.len();
            let (start, end) = range.unwrap_or((0, length));
            if start > end || end > length {
                return Err(StoreError::Short {
                    key,
                    length,
                    expected: end,
                });
            }
            Body::from_file(file, start, end - start, changed(&metadata)).map_err(wrap)
        })
    }

    fn get<'a>(&'a self, keys: &'a [String]) -> StoreFuture<'a, Vec<Option<Bytes>>> {
        let keys = keys.to_vec();
        self.run(move |store| {
            keys.iter()
                .map(|key| {
                    let mut bytes = Vec::new();
                    match open_file(&store.path(key))
                        .and_then(|(mut file, _)| file.read_to_end(&mut bytes))
                    {
                        Ok(_) => Ok(Some(bytes.into())),
                        Err(error) if is_absent(&error) => Ok(None),
                        Err(error) => {
                            tracing::error!(%error, key, "a record can't be read");
                            Ok(Some(Bytes::new()))
                        }
                    }
                })
                .collect()
        })
    }

    fn apply(&self, steps: Vec<Step>) -> BoxFuture<'_, Result<(), StepError>> {
        let store = self.clone();
        Box::pin(async move {
            let taken = tokio::task::spawn_blocking(move || {
                for (number, step) in steps.iter().enumerate() {
                    store.step(step).map_err(|error| StepError {
                        step: number,
                        error: explained(error, step, &store.root),
                    })?;
                }
                Ok(())
            });
            taken.await.unwrap_or_else(|error| {
                let error = StoreError::new("work on", "the store", io::Error::other(error));
                Err(StepError { step: 0, error })
            })
        })
    }

    fn list<'a>(&'a self, keys: &'a [String]) -> StoreFuture<'a, Vec<Vec<Entry>>> {
        let keys = keys.to_vec();
        self.run(move |store| keys.iter().map(|key| store.entries(key)).collect())
    }

    fn stat<'a>(&'a self, keys: &'a [String]) -> StoreFuture<'a, Vec<Option<Stat>>> {
        let keys = keys.to_vec();
        self.run(move |store| {
            keys.iter()
                .map(|key| match fs::metadata(store.path(key)) {
                    Ok(found) => Ok(Some(Stat {
                        file: found.is_file(),
                        size: found.len(),
                        changed: changed(&found),
                        written: written(&found),
                        node: node(&found),
                    })),
                    Err(error) if is_absent(&error) => Ok(None),
                    Err(error) => Err(StoreError::new("look at", key, error)),
                })
                .collect()
        })
    }

    fn sync<'a>(&'a self, keys: &'a [String]) -> StoreFuture<'a, ()> {
        let paths: Vec<PathBuf> = keys.iter().map(|key| self.path(key)).collect();
        self.run(move |store| {
            let synced = syncing::sync_file_systems(&store.root, &store.links);
            if store.syncs_keys {
                syncing::sync_paths(&store.root, &paths, store.files.how())?;
            }
            synced
        })
    }

    fn syncs_keys(&self) -> bool {
        self.syncs_keys
    }

    fn device(&self) -> StoreFuture<'_, Option<Device>> {
        self.run(|store| {
            let space = Space::of(&store.root).map_err(|error| {
                StoreError::new("read the free space of", store.root.display(), error)
            })?;
            Ok(Some(Device {
                total: space.total,
                free: space.free,
            }))
        })
    }

    fn boot(&self) -> Boot {
        Boot::current()
    }
}

impl FileStore {
    fn step(&self, step: &Step) -> Result<(), StoreError> {
        match step {
            Step::Place { from: key, .. } | Step::Remove { key } | Step::RemoveTree { key } => {
                self.files.forget(&self.path(key));
            }
            Step::Put { .. }
            | Step::Note { .. }
            | Step::Prune { .. }
            | Step::RemoveEmpty { .. } => {}
        }
        match step {
            Step::Place { from, to } => self.place(from, to),
            Step::Put { key, bytes } => self.put(key, bytes),
            Step::Note { key, bytes } => {
                let noted = OpenOptions::new()
                    .append(true)
                    .open(self.path(key))
                    .and_then(|mut file| file.write_all(bytes));
                if let Err(error) = noted {
                    tracing::debug!(%error, key, "a record could not be appended to");
                }
                Ok(())
            }
            Step::Remove { key } => ignore_absent(fs::remove_file(self.path(key)))
                .map_err(|error| StoreError::new("remove", key, error)),
            Step::Prune { key } => {
                let path = self.path(key);
                ignore_absent(fs::remove_file(&path))
                    .map_err(|error| StoreError::new("remove", key, error))?;
                if let Some(parent) = path.parent().filter(|parent| **parent != *self.root) {
                    // Fails, as intended, if the directory is not empty.
                    let _ = fs::remove_dir(parent);
                }
                Ok(())
            }
            Step::RemoveEmpty { key, below } => self.remove_empty(key, below),
            Step::RemoveTree { key } => ignore_absent(fs::remove_dir_all(self.path(key)))
                .map_err(|error| StoreError::new("remove", key, error)),
        }
    }

    fn place(&self, from: &str, to: &str) -> Result<(), StoreError> {
        placing::place(&self.path(from), &self.path(to), self.ownership)
            .map_err(|error| StoreError::new("rename", format!("{from} to {to}"), error))
    }

    /// Removes directories from `key` upwards while they are empty.
    fn remove_empty(&self, key: &str, below: &str) -> Result<(), StoreError> {
        let last = self.path(below);
        let path = self.path(key);
        for directory in path.ancestors().take_while(|path| **path != *last) {
            match fs::remove_dir(directory) {
                Ok(()) => {}
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                // A symbolic link to a directory stays.
                Err(error)
                    if matches!(
                        error.kind(),
                        io::ErrorKind::DirectoryNotEmpty | io::ErrorKind::NotADirectory
                    ) =>
                {
                    break;
                }
                Err(error) => return Err(StoreError::new("remove", key, error)),
            }
        }
        Ok(())
    }

    fn put(&self, key: &str, bytes: &Bytes) -> Result<(), StoreError> {
        let path = self.path(key);
        let temporary = PathBuf::from(format!("{}.{}.tmp", path.display(), uuid::Uuid::new_v4()));
        let write = || {
            let mut file = self.ownership.create_new(&temporary, FILE)?;
            file.write_all(bytes)
        };
        let written = self
            .ownership
            .with_parent(&temporary, write)
            .and_then(|()| fs::rename(&temporary, &path));
        if written.is_err() {
            // The first error is the one to report.
            let _ = fs::remove_file(&temporary);
        }
        written.map_err(|error| StoreError::new("write", key, error))
    }

    fn entries(&self, key: &str) -> Result<Vec<Entry>, StoreError> {
        let wrap = |error| StoreError::new("list", key, error);
        let path = self.path(key);
        let members = match fs::read_dir(&path) {
            Ok(members) => members,
            Err(error) if is_absent(&error) => return Ok(Vec::new()),
            Err(error) => return Err(wrap(error)),
        };
        let mut entries = Vec::new();
        for member in members {
            let member = member.map_err(wrap)?;
            // The layout has no names that are not UTF-8, so these are not ours.
            if let Ok(name) = member.file_name().into_string() {
                let kind = member.file_type().map_err(wrap)?;
                if name == mounts::LOST && kind.is_dir() && mounts::is_mount_point(&path) {
                    continue;
                }
                let directory = kind.is_dir()
                    || kind.is_symlink() && self.links.follow(&self.root, &member.path());
                entries.push(Entry { name, directory });
            }
        }
        Ok(entries)
    }
}

/// Opens a file for reading. Anything else is an error; opening a FIFO does not wait for a writer.
fn open_file(path: &Path) -> io::Result<(File, Metadata)> {
    let mut options = OpenOptions::new();
    let no_wait = OFlags::NONBLOCK.bits().cast_signed();
    let file = options.read(true).custom_flags(no_wait).open(path)?;
    let metadata = file.metadata()?;
    if metadata.is_file() {
        return Ok((file, metadata));
    }
    Err(io::Error::new(
        io::ErrorKind::InvalidInput,
        "it is not a file",
    ))
}

/// Whether the path does not exist: no entry, a parent that is not a directory, or a link to
/// itself.
fn is_absent(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
    ) || error.raw_os_error() == Some(rustix::io::Errno::LOOP.raw_os_error())
}
