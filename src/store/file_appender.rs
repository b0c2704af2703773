//! Appends to blobs on a file system.
//!
//! Threads for blocking work hash and write slices, one at a time, while the next is received.
//! Sealing is one fsync; during a large blob an early sync starts from time to time, so that the
//! last fsync is short. The result of every sync is checked.

use std::fs::{File, OpenOptions};
use std::io::{self, IoSlice, Seek, SeekFrom, Write};
use std::path::PathBuf;
use std::sync::Arc;

use bytes::Bytes;
use tokio::task::{JoinHandle, spawn_blocking};

use super::open_files::OpenFiles;
use super::ownership::Ownership;
use super::{Appender, StoreError, StoreFuture, Written};
use crate::hash::Hasher;

/// Bytes after which an early sync starts.
const SYNC_INTERVAL: u64 = 16 * 1024 * 1024;

/// A file being written; moves between the receiving task and the writing threads.
struct Writing {
    key: Arc<str>,
    path: PathBuf,
    file: File,
    files: Arc<OpenFiles>,
    hashers: Vec<Hasher>,
    length: u64,
    /// Offset up to which a sync was started.
    synced: u64,
    pushing: Option<JoinHandle<io::Result<()>>>,
}

impl Writing {
    fn write(&mut self, slices: &[Bytes]) -> Result<(), StoreError> {
        for hasher in &mut self.hashers {
            for slice in slices {
                hasher.update(slice);
            }
        }
        self.write_all(slices)
            .map_err(|error| StoreError::new("write", &self.key, error))
    }

    /// Starts an early sync if enough bytes were written since the last one.
    fn start_sync(&mut self) {
        if self.length - self.synced >= SYNC_INTERVAL
            && self.pushing.is_none()
            && let Ok(file) = self.file.try_clone()
        {
            self.synced = self.length;
            let files = Arc::clone(&self.files);
            self.pushing = Some(spawn_blocking(move || files.sync(&file)));
        }
    }

    /// Returns the result of an early sync if it is finished, or waits for it (`wait`). The system
    /// reports a device error once, so no result may be dropped.
    async fn sync_result(&mut self, wait: bool) -> Result<(), StoreError> {
        let pushing = self.pushing.take_if(|task| wait || task.is_finished());
        let Some(pushing) = pushing else {
            return Ok(());
        };
        let synced = pushing
            .await
            .unwrap_or_else(|error| Err(io::Error::other(error)));
        synced.map_err(|error| self.not_kept(error))
    }

    fn not_kept(&self, source: io::Error) -> StoreError {
        let key = self.key.to_string();
        StoreError::DataLost { key, source }
    }

    /// Writes with as few system calls as possible: large calls let the system use large pages.
    fn write_all(&mut self, slices: &[Bytes]) -> io::Result<()> {
        let mut buffers: Vec<IoSlice<'_>> =
            slices.iter().map(|slice| IoSlice::new(slice)).collect();
        let mut rest = buffers.as_mut_slice();
        // Writing an empty slice returns 0, which looks like a device that accepts no bytes.
        IoSlice::advance_slices(&mut rest, 0);
        while !rest.is_empty() {
            match self.file.write_vectored(rest) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(written) => {
                    self.length += written as u64;
                    IoSlice::advance_slices(&mut rest, written);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Ends an appender. The file stays open for the next request unless its bytes are durable now.
    fn end(self, seal: bool) -> Result<Written, StoreError> {
        let (hashers, length) = (self.hashers, self.length);
        let ended = if seal {
            self.files.sync(&self.file)
        } else {
            self.files.keep(self.path, self.file, length)
        };
        match ended {
            Ok(()) => Ok(Written { hashers, length }),
            Err(source) => Err(StoreError::DataLost {
                key: self.key.to_string(),
                source,
            }),
        }
    }
}

/// A blob whose file is not open yet. Its first bytes stay in memory until more follow, so that a
/// small blob is opened, written and sealed in one blocking task.
struct Unopened {
    files: Arc<OpenFiles>,
    ownership: Ownership,
    path: PathBuf,
    key: Arc<str>,
    offset: u64,
    hashers: Vec<Hasher>,
    held: Vec<Bytes>,
}

impl Unopened {
    /// Opens the file and writes the bytes kept in memory. Blocks.
    fn open(self) -> WorkResult {
        let Self {
            files,
            ownership,
            path,
            key,
            offset,
            hashers,
            held,
        } = self;
        let wrap = |error| StoreError::new("open", &key, error);
        let mut file = match files.take(&path) {
            Ok(Some(file)) => file,
            Ok(None) => {
                let mut options = OpenOptions::new();
                options.write(true);
                let open = || match offset {
                    0 => ownership.open_or_create(&path, &options),
                    _ => options.open(&path),
                };
                ownership.with_parent(&path, open).map_err(wrap)?
            }
            Err(source) => {
                let key = key.to_string();
                return Err(StoreError::DataLost { key, source });
            }
        };
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
        let mut writing = Box::new(Writing {
            key,
            path,
            file,
            files,
            hashers,
            length: offset,
            synced: offset,
            pushing: None,
        });
        let written = writing.write(&held);
        Ok((writing, written))
    }
}

/// The result of work on the file: the file, and whether the write succeeded.
type WorkResult = Result<(Box<Writing>, Result<(), StoreError>), StoreError>;

/// Appends to a file.
pub(super) struct FileAppender(State);

enum State {
    Begun(Box<Unopened>),
    Busy(JoinHandle<WorkResult>),
    /// A write has failed, and the caller has received the error.
    Failed,
}

fn failed(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> StoreError {
    StoreError::new("write", "a blob", io::Error::other(error))
}

/// Runs blocking work on a file.
async fn work<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
) -> Result<T, StoreError> {
    spawn_blocking(work).await.map_err(failed)?
}

/// The file after successful work. After a failure the file stays open, so that the next request
/// sees device errors that were not reported yet.
async fn finish_work(trip: WorkResult) -> Result<Box<Writing>, StoreError> {
    let (mut writing, written) = trip?;
    writing.sync_result(written.is_err()).await?;
    match written {
        Ok(()) => Ok(writing),
        Err(error) => {
            work(move || writing.end(false)).await?;
            Err(error)
        }
    }
}

impl FileAppender {
    pub(super) fn new(
        files: &Arc<OpenFiles>,
        ownership: Ownership,
        path: PathBuf,
        key: &str,
        offset: u64,
        hashers: Vec<Hasher>,
    ) -> Self {
        let (key, held) = (key.into(), Vec::new());
        Self(State::Begun(Box::new(Unopened {
            files: Arc::clone(files),
            ownership,
            path,
            key,
            offset,
            hashers,
            held,
        })))
    }

    fn take(&mut self) -> State {
        std::mem::replace(&mut self.0, State::Failed)
    }

    /// Waits for the current write, then ends the file. A small blob takes one blocking task.
    async fn end(mut self: Box<Self>, seal: bool) -> Result<Written, StoreError> {
        match self.take() {
            State::Begun(beginning) => {
                work(move || {
                    let (writing, written) = beginning.open()?;
                    match written {
                        Ok(()) => writing.end(seal),
                        Err(error) => writing.end(false).and(Err(error)),
                    }
                })
                .await
            }
            State::Busy(task) => {
                let mut writing = finish_work(task.await.map_err(failed)?).await?;
                writing.sync_result(true).await?;
                work(move || writing.end(seal)).await
            }
            State::Failed => Err(failed("an earlier write failed")),
        }
    }
}

impl Appender for FileAppender {
    fn write(&mut self, slices: Vec<Bytes>) -> StoreFuture<'_, ()> {
        Box::pin(async move {
            self.0 = match self.take() {
                State::Begun(mut beginning) if beginning.held.is_empty() => {
                    beginning.held = slices;
                    State::Begun(beginning)
                }
                State::Begun(beginning) => State::Busy(spawn_blocking(move || {
                    let (mut writing, mut written) = beginning.open()?;
                    if written.is_ok() {
                        written = writing.write(&slices);
                    }
                    Ok((writing, written))
                })),
                State::Busy(task) => {
                    let mut writing = finish_work(task.await.map_err(failed)?).await?;
                    writing.start_sync();
                    State::Busy(spawn_blocking(move || {
                        let written = writing.write(&slices);
                        Ok((writing, written))
                    }))
                }
                State::Failed => return Err(failed("an earlier write failed")),
            };
            Ok(())
        })
    }

    fn finish(self: Box<Self>) -> StoreFuture<'static, Written> {
        Box::pin(self.end(false))
    }

    fn seal(self: Box<Self>) -> StoreFuture<'static, Written> {
        Box::pin(self.end(true))
    }
}
