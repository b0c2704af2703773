//! Blobs in the making, on a file system.
//!
//! Slices are hashed and written on the threads for blocking work, one slice at a time, while the
//! next is being received. Sealing is one fsync; while a large blob is being written, what has piled
//! up is pushed out from time to time, so that the last fsync is short.

use std::fs::{File, OpenOptions};
use std::io::{self, IoSlice, Seek, SeekFrom, Write};
use std::path::PathBuf;
use std::sync::Arc;

use bytes::Bytes;
use tokio::task::JoinHandle;

use super::fs::with_parent;
use super::{Appender, StoreError, StoreFuture, Written};
use crate::hash::Hasher;

/// Written bytes after which a blob in the making is pushed out to the device.
const PUSH_OUT: u64 = 16 * 1024 * 1024;

/// A file being written; travels between the task that receives and the threads that write.
struct Writing {
    key: Arc<str>,
    file: File,
    hashers: Vec<Hasher>,
    length: u64,
    /// Up to where the device has been asked for the bytes.
    pushed: u64,
    pushing: Option<JoinHandle<()>>,
}

impl Writing {
    fn write(&mut self, slices: &[Bytes]) -> Result<(), StoreError> {
        for hasher in &mut self.hashers {
            for slice in slices {
                hasher.update(slice);
            }
        }
        self.write_all(slices)
            .map_err(|error| StoreError::new("write", &self.key, error))?;
        if self.length - self.pushed >= PUSH_OUT
            && self.pushing.as_ref().is_none_or(JoinHandle::is_finished)
            && let Ok(file) = self.file.try_clone()
        {
            self.pushed = self.length;
            // Only for an early start: the fsync of `seal` is the one that counts, and tells.
            self.pushing = Some(tokio::task::spawn_blocking(move || drop(file.sync_data())));
        }
        Ok(())
    }

    /// Writes in as few calls as the system allows: large ones let it use large pages.
    fn write_all(&mut self, slices: &[Bytes]) -> io::Result<()> {
        let mut buffers: Vec<IoSlice<'_>> =
            slices.iter().map(|slice| IoSlice::new(slice)).collect();
        let mut rest = buffers.as_mut_slice();
        // Empty ones would look like a device that takes nothing.
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

    fn end(self, end: fn(&Self) -> io::Result<()>) -> Result<Written, StoreError> {
        end(&self).map_err(|error| StoreError::new("sync", &self.key, error))?;
        Ok(Written {
            hashers: self.hashers,
            length: self.length,
        })
    }
}

/// A blob that nothing has been written to yet. Its first bytes are held until it is known whether
/// there are more, so that a small blob is opened, written and sealed in one go.
struct Beginning {
    path: PathBuf,
    key: Arc<str>,
    offset: u64,
    hashers: Vec<Hasher>,
    held: Vec<Bytes>,
}

impl Beginning {
    /// Opens the file and writes what was held. Blocks.
    fn open(self) -> Result<Box<Writing>, StoreError> {
        let Self {
            path,
            key,
            offset,
            hashers,
            held,
        } = self;
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
        let mut writing = Writing {
            key,
            file,
            hashers,
            length: offset,
            pushed: offset,
            pushing: None,
        };
        writing.write(&held)?;
        Ok(Box::new(writing))
    }
}

/// What a trip to the file brings back.
type Writes = Result<Box<Writing>, StoreError>;

/// Appends to a file.
pub(super) struct FileAppender(State);

enum State {
    Begun(Box<Beginning>),
    Busy(JoinHandle<Writes>),
    /// It has failed, and said so.
    Lost,
}

/// Runs work on a blob off the reactor.
fn work<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
) -> JoinHandle<Result<T, StoreError>> {
    tokio::task::spawn_blocking(work)
}

fn lost(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> StoreError {
    StoreError::new("write", "a blob", io::Error::other(error))
}

impl FileAppender {
    pub(super) fn new(path: PathBuf, key: &str, offset: u64, hashers: Vec<Hasher>) -> Self {
        let (key, held) = (key.into(), Vec::new());
        Self(State::Begun(Box::new(Beginning {
            path,
            key,
            offset,
            hashers,
            held,
        })))
    }

    fn take(&mut self) -> State {
        std::mem::replace(&mut self.0, State::Lost)
    }

    /// Waits for what is under way, then runs `end` on the file, in one trip for a small blob.
    async fn end(
        mut self: Box<Self>,
        end: fn(&Writing) -> io::Result<()>,
    ) -> Result<Written, StoreError> {
        let ended = match self.take() {
            State::Begun(beginning) => work(move || beginning.open()?.end(end)),
            State::Busy(task) => {
                let writing = task.await.map_err(lost)??;
                work(move || writing.end(end))
            }
            State::Lost => return Err(lost("an earlier write failed")),
        };
        ended.await.map_err(lost)?
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
                State::Begun(beginning) => State::Busy(work(move || {
                    let mut writing = beginning.open()?;
                    writing.write(&slices)?;
                    Ok(writing)
                })),
                State::Busy(task) => {
                    let mut writing = task.await.map_err(lost)??;
                    State::Busy(work(move || {
                        writing.write(&slices)?;
                        Ok(writing)
                    }))
                }
                State::Lost => return Err(lost("an earlier write failed")),
            };
            Ok(())
        })
    }

    fn finish(self: Box<Self>) -> StoreFuture<'static, Written> {
        Box::pin(self.end(|_| Ok(())))
    }

    fn seal(self: Box<Self>) -> StoreFuture<'static, Written> {
        Box::pin(self.end(|writing| writing.file.sync_all()))
    }
}
