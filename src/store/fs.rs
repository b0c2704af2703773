//! A store on a local file system: a key is a path below the root.
//!
//! Owns the calls to the file system; none of them runs on the reactor. Small records are written
//! beside their place and renamed. Sealing a blob is one fsync; while a large one is being written,
//! what has piled up is pushed out from time to time, so that the last fsync is short.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use tokio::task::JoinHandle;

use super::{Appender, Body, Entry, Stat, Store, StoreError, StoreFuture, Written};
use crate::hash::Hasher;

/// Written bytes after which a blob in the making is pushed out to the device.
const PUSH_OUT: u64 = 16 * 1024 * 1024;

/// A store below a directory. Cheap to clone.
#[derive(Clone)]
pub struct FileStore {
    root: Arc<Path>,
}

impl FileStore {
    /// A store below `root`, which is created when it is missing.
    pub fn open(root: &Path) -> Result<Self, StoreError> {
        fs::create_dir_all(root)
            .map_err(|error| StoreError::new("create the directory", root.display(), error))?;
        Ok(Self { root: root.into() })
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

/// Runs `open`, and once more after creating the directory above when that was missing.
fn with_parent<T>(path: &Path, open: impl Fn() -> io::Result<T>) -> io::Result<T> {
    match open() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            if let Some(parent) = path.parent() {
                fs::create_dir_all(parent)?;
            }
            open()
        }
        result => result,
    }
}

fn absent_is_fine(result: io::Result<()>) -> io::Result<()> {
    match result {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        result => result,
    }
}

impl Store for FileStore {
    fn append<'a>(
        &'a self,
        key: &'a str,
        offset: u64,
        hashers: Vec<Hasher>,
    ) -> StoreFuture<'a, Box<dyn Appender>> {
        let key: Arc<str> = key.into();
        self.run(move |store| {
            let path = store.path(&key);
            let wrap = |error| StoreError::new("open", &key, error);
            let mut options = OpenOptions::new();
            options.write(true).create(offset == 0);
            let mut file = with_parent(&path, || options.open(&path)).map_err(wrap)?;
            let length = file.metadata().map_err(wrap)?.len();
            if length < offset {
                return Err(StoreError::Short {
                    key: key.to_string(),
                    length,
                    expected: offset,
                });
            }
            if length > offset {
                file.set_len(offset).map_err(wrap)?;
            }
            file.seek(SeekFrom::Start(offset)).map_err(wrap)?;
            let writing = Writing {
                key,
                file,
                hashers,
                length: offset,
                pushed: offset,
                pushing: None,
                failed: None,
            };
            Ok(Box::new(FileAppender(State::Idle(Box::new(writing)))) as Box<dyn Appender>)
        })
    }

    fn seal<'a>(&'a self, key: &'a str) -> StoreFuture<'a, ()> {
        let key = key.to_owned();
        self.run(move |store| {
            File::open(store.path(&key))
                .and_then(|file| file.sync_all())
                .map_err(|error| StoreError::new("sync", key, error))
        })
    }

    fn place<'a>(&'a self, from: &'a str, to: &'a str) -> StoreFuture<'a, ()> {
        let (from, to) = (from.to_owned(), to.to_owned());
        self.run(move |store| {
            let (source, target) = (store.path(&from), store.path(&to));
            if target.exists() {
                return absent_is_fine(fs::remove_file(&source))
                    .map_err(|error| StoreError::new("remove", from, error));
            }
            with_parent(&target, || fs::rename(&source, &target))
                .map_err(|error| StoreError::new("rename", format!("{from} to {to}"), error))
        })
    }

    fn read<'a>(&'a self, key: &'a str, range: Option<(u64, u64)>) -> StoreFuture<'a, Body> {
        let key = key.to_owned();
        self.run(move |store| {
            let wrap = |error| StoreError::new("read", &key, error);
            let mut file = File::open(store.path(&key)).map_err(wrap)?;
            let length = file.metadata().map_err(wrap)?.len();
            let (start, end) = range.unwrap_or((0, length));
            if start > end || end > length {
                return Err(StoreError::Short {
                    key,
                    length,
                    expected: end,
                });
            }
            if start > 0 {
                file.seek(SeekFrom::Start(start)).map_err(wrap)?;
            }
            Body::from_file(file, end - start).map_err(wrap)
        })
    }

    fn get<'a>(&'a self, keys: &'a [String]) -> StoreFuture<'a, Vec<Option<Bytes>>> {
        let keys = keys.to_vec();
        self.run(move |store| {
            keys.iter()
                .map(|key| {
                    let mut bytes = Vec::new();
                    match File::open(store.path(key))
                        .and_then(|mut file| file.read_to_end(&mut bytes))
                    {
                        Ok(_) => Ok(Some(bytes.into())),
                        Err(error) if is_absent(&error) => Ok(None),
                        Err(error) => Err(StoreError::new("read", key, error)),
                    }
                })
                .collect()
        })
    }

    fn put<'a>(&'a self, key: &'a str, bytes: Bytes) -> StoreFuture<'a, ()> {
        let key = key.to_owned();
        self.run(move |store| {
            let path = store.path(&key);
            let beside = PathBuf::from(format!("{}.{}.tmp", path.display(), uuid::Uuid::new_v4()));
            let written = with_parent(&beside, || {
                let mut file = OpenOptions::new()
                    .write(true)
                    .create_new(true)
                    .open(&beside)?;
                file.write_all(&bytes)
            })
            .and_then(|()| fs::rename(&beside, &path));
            if written.is_err() {
                // The first error is the one to tell; what is left behind is swept on start.
                let _ = fs::remove_file(&beside);
            }
            written.map_err(|error| StoreError::new("write", key, error))
        })
    }

    fn remove<'a>(&'a self, key: &'a str) -> StoreFuture<'a, ()> {
        let key = key.to_owned();
        self.run(move |store| {
            let path = store.path(&key);
            absent_is_fine(fs::remove_file(&path))
                .map_err(|error| StoreError::new("remove", key, error))?;
            if let Some(parent) = path.parent().filter(|parent| **parent != *store.root) {
                // Fails where it is not empty, which is what is wanted.
                let _ = fs::remove_dir(parent);
            }
            Ok(())
        })
    }

    fn remove_tree<'a>(&'a self, key: &'a str) -> StoreFuture<'a, ()> {
        let key = key.to_owned();
        self.run(move |store| {
            absent_is_fine(fs::remove_dir_all(store.path(&key)))
                .map_err(|error| StoreError::new("remove", key, error))
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
                        size: found.len(),
                        changed: found.ctime().saturating_mul(1_000_000_000) + found.ctime_nsec(),
                    })),
                    Err(error) if is_absent(&error) => Ok(None),
                    Err(error) => Err(StoreError::new("look at", key, error)),
                })
                .collect()
        })
    }

    fn sync(&self) -> StoreFuture<'_, ()> {
        self.run(|store| {
            File::open(&store.root)
                .and_then(|root| rustix::fs::syncfs(&root).map_err(io::Error::from))
                .map_err(|error| StoreError::new("sync", store.root.display(), error))
        })
    }
}

impl FileStore {
    fn entries(&self, key: &str) -> Result<Vec<Entry>, StoreError> {
        let wrap = |error| StoreError::new("list", key, error);
        let members = match fs::read_dir(self.path(key)) {
            Ok(members) => members,
            Err(error) if is_absent(&error) => return Ok(Vec::new()),
            Err(error) => return Err(wrap(error)),
        };
        let mut entries = Vec::new();
        for member in members {
            let member = member.map_err(wrap)?;
            // Names that are not UTF-8 are none of ours: nothing of the layout has one.
            if let Ok(name) = member.file_name().into_string() {
                let directory = member.file_type().map_err(wrap)?.is_dir();
                entries.push(Entry { name, directory });
            }
        }
        Ok(entries)
    }
}

/// Nothing is there, or something else stands where a directory should be.
fn is_absent(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
    )
}

/// A file being written; travels between the task that receives and the threads that write.
struct Writing {
    key: Arc<str>,
    file: File,
    hashers: Vec<Hasher>,
    length: u64,
    /// Up to where the device has been asked for the bytes.
    pushed: u64,
    pushing: Option<JoinHandle<()>>,
    /// An error that the next call is to answer.
    failed: Option<StoreError>,
}

impl Writing {
    fn write(&mut self, slices: &[Bytes]) {
        for slice in slices {
            for hasher in &mut self.hashers {
                hasher.update(slice);
            }
            if let Err(error) = self.file.write_all(slice) {
                self.failed = Some(StoreError::new("write", &self.key, error));
                return;
            }
            self.length += slice.len() as u64;
        }
        if self.length - self.pushed >= PUSH_OUT
            && self.pushing.as_ref().is_none_or(JoinHandle::is_finished)
            && let Ok(file) = self.file.try_clone()
        {
            self.pushed = self.length;
            // Only for an early start: the fsync of `seal` is the one that counts, and tells.
            self.pushing = Some(tokio::task::spawn_blocking(move || drop(file.sync_data())));
        }
    }
}

struct FileAppender(State);

enum State {
    Idle(Box<Writing>),
    Busy(JoinHandle<Box<Writing>>),
    /// A thread ended in a panic; nothing more can be written.
    Lost,
}

impl FileAppender {
    async fn settle(&mut self) -> Result<Box<Writing>, StoreError> {
        let writing = match std::mem::replace(&mut self.0, State::Lost) {
            State::Idle(writing) => writing,
            State::Busy(task) => task
                .await
                .map_err(|error| StoreError::new("write", "a blob", io::Error::other(error)))?,
            State::Lost => {
                return Err(StoreError::new(
                    "write",
                    "a blob",
                    io::ErrorKind::BrokenPipe.into(),
                ));
            }
        };
        self.settled(writing)
    }

    fn settled(&mut self, mut writing: Box<Writing>) -> Result<Box<Writing>, StoreError> {
        match writing.failed.take() {
            Some(error) => {
                self.0 = State::Lost;
                Err(error)
            }
            None => Ok(writing),
        }
    }
}

impl Appender for FileAppender {
    fn write(&mut self, slices: Vec<Bytes>) -> StoreFuture<'_, ()> {
        Box::pin(async move {
            let mut writing = self.settle().await?;
            self.0 = State::Busy(tokio::task::spawn_blocking(move || {
                writing.write(&slices);
                writing
            }));
            Ok(())
        })
    }

    fn finish(mut self: Box<Self>) -> StoreFuture<'static, Written> {
        Box::pin(async move {
            let writing = self.settle().await?;
            Ok(Written {
                hashers: writing.hashers,
                length: writing.length,
            })
        })
    }

    fn seal(mut self: Box<Self>) -> StoreFuture<'static, Written> {
        Box::pin(async move {
            let writing = self.settle().await?;
            tokio::task::spawn_blocking(move || {
                writing
                    .file
                    .sync_all()
                    .map_err(|error| StoreError::new("sync", &writing.key, error))?;
                Ok(Written {
                    hashers: writing.hashers,
                    length: writing.length,
                })
            })
            .await
            .map_err(|error| StoreError::new("sync", "a blob", io::Error::other(error)))?
        })
    }
}
