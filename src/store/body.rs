//! The content of a blob as a stream of known length.
//!
//! Bytes in the page cache are copied at once; only reads from the device use a thread for blocking
//! work.

use std::fs::File;
use std::io::{self, IoSliceMut};
use std::os::unix::fs::FileExt;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};

use bytes::Bytes;
use futures_util::{Stream, ready};
use memmap2::MmapMut;
use parking_lot::Mutex;
use rustix::io::{ReadWriteFlags, preadv2};
use tokio::task::JoinHandle;

use crate::hash::Hasher;
use crate::oci::Digest;

/// Bytes of one read: large enough that the switch between threads does not matter, small enough
/// for a thousand readers in memory.
const SLICE: u64 = 128 * 1024;
/// Bytes read when a file is opened, and kept until the client reads them.
const FIRST: u64 = 64 * 1024;
/// Maximum bytes that all bodies keep this way; beyond it nothing is read when a file is opened.
const AHEAD_LIMIT: usize = 16 * 1024 * 1024;

/// Bytes that bodies keep.
static AHEAD: AtomicUsize = AtomicUsize::new(0);

/// Bytes read ahead, counted until it is dropped.
struct Ahead(usize);

impl Ahead {
    /// `None` beyond the limit.
    fn reserve(bytes: usize) -> Option<Self> {
        let reserved = Self(bytes);
        let before = AHEAD.fetch_add(bytes, Ordering::Relaxed);
        (before < AHEAD_LIMIT).then_some(reserved)
    }
}

impl Drop for Ahead {
    fn drop(&mut self) {
        AHEAD.fetch_sub(self.0, Ordering::Relaxed);
    }
}

/// A blob, or a range of it, as a stream of slices.
pub struct Body {
    length: u64,
    /// When the file last changed, before it was read.
    changed: Option<i64>,
    source: Source,
    /// Kept until the first slice is returned.
    ahead: Option<Ahead>,
    check: Option<Check>,
    /// Kept until the bytes were read.
    _held: Option<Arc<()>>,
}

/// The digest that the bytes must have.
struct Check {
    hasher: Hasher,
    expected: Digest,
    /// Bytes not yet hashed.
    remaining: u64,
    /// Called once: with true after the last byte if the digest matches, with false if it differs or
    /// bytes are missing.
    checked: Option<Box<dyn FnOnce(bool) + Send>>,
}

impl Check {
    /// Hashes a slice. Returns an error instead of the last slice if the digest differs.
    fn slice(&mut self, read: io::Result<Bytes>) -> io::Result<Bytes> {
        let bytes = match read {
            Ok(bytes) => bytes,
            Err(error) => {
                if error.kind() == io::ErrorKind::UnexpectedEof {
                    self.report(false);
                }
                return Err(error);
            }
        };
        self.hasher.update(&bytes);
        self.remaining = self.remaining.saturating_sub(bytes.len() as u64);
        if self.remaining > 0 {
            return Ok(bytes);
        }
        let matches = self.hasher.clone().finish() == self.expected;
        self.report(matches);
        if !matches {
            let message = format!("the content does not match {}", self.expected);
            return Err(io::Error::new(io::ErrorKind::InvalidData, message));
        }
        Ok(bytes)
    }

    fn report(&mut self, matches: bool) {
        if let Some(checked) = self.checked.take() {
            checked(matches);
        }
    }
}

enum Source {
    Bytes(Option<Bytes>),
    File(Reader),
}

struct Reader {
    file: Arc<File>,
    /// Offset of the next slice.
    position: u64,
    /// Bytes not yet returned.
    remaining: u64,
    /// The first slice, if it was read when the file was opened.
    first: Option<Bytes>,
    /// A slice that is being read from the device.
    pending: Option<JoinHandle<io::Result<Bytes>>>,
}

impl Body {
    /// A body in memory.
    pub fn from_bytes(bytes: Bytes) -> Self {
        Self {
            length: bytes.len() as u64,
            changed: None,
            source: Source::Bytes(Some(bytes)),
            ahead: None,
            check: None,
            _held: None,
        }
    }

    /// The same bytes, hashed as they are read. If their digest is not `expected`, the stream ends
    /// with an error instead of the last slice. `checked` is called with whether they match, unless
    /// reading fails or ends before the last byte.
    #[must_use]
    pub fn verified(self, expected: Digest, checked: impl FnOnce(bool) + Send + 'static) -> Self {
        let check = Check {
            hasher: Hasher::new(expected.algorithm()),
            expected,
            remaining: self.length,
            checked: Some(Box::new(checked)),
        };
        Self {
            check: Some(check),
            ..self
        }
    }

    /// The same body, which keeps a value until it was read.
    #[must_use]
    pub fn holding(self, value: Arc<()>) -> Self {
        Self {
            _held: Some(value),
            ..self
        }
    }

    /// `length` bytes of a file from `position`; `changed` is the time of its last change. Blocks for
    /// the first slice; do not call it in async code.
    pub(super) fn from_file(
        file: File,
        position: u64,
        length: u64,
        changed: i64,
    ) -> io::Result<Self> {
        let wanted = length.min(FIRST);
        let ahead = Ahead::reserve(usize::try_from(wanted).map_err(io::Error::other)?);
        let first = match &ahead {
            Some(_) => Some(read_device(&file, position, wanted)?),
            None => None,
        };
        if wanted == length
            && let Some(whole) = first
        {
            return Ok(Self {
                changed: Some(changed),
                ahead,
                ..Self::from_bytes(whole)
            });
        }
        let reader = Reader {
            file: Arc::new(file),
            position,
            remaining: length,
            first,
            pending: None,
        };
        Ok(Self {
            length,
            changed: Some(changed),
            source: Source::File(reader),
            ahead,
            check: None,
            _held: None,
        })
    }

    /// When the file last changed, as in [`super::Stat`]; `None` for bytes in memory.
    pub fn changed(&self) -> Option<i64> {
        self.changed
    }

    /// Length in bytes.
    pub fn length(&self) -> u64 {
        self.length
    }

    /// Reads the whole content; for small content.
    pub async fn collect(mut self) -> io::Result<Bytes> {
        if let Source::Bytes(bytes) = &mut self.source
            && self.check.is_none()
        {
            return Ok(bytes.take().unwrap_or_default());
        }
        let mut all = Vec::with_capacity(usize::try_from(self.length).map_err(io::Error::other)?);
        while let Some(slice) =
            std::future::poll_fn(|context| Pin::new(&mut self).poll_next(context)).await
        {
            all.extend_from_slice(&slice?);
        }
        Ok(all.into())
    }
}

/// Reads the next slice from the device. An end before `remaining` bytes is an error, because a
/// blob does not shrink.
fn read_device(file: &File, position: u64, remaining: u64) -> io::Result<Bytes> {
    let wanted = usize::try_from(remaining.min(SLICE)).map_err(io::Error::other)?;
    if wanted < REUSE_FROM {
        let mut bytes = vec![0; wanted];
        file.read_exact_at(&mut bytes, position)?;
        return Ok(bytes.into());
    }
    let mut buffer = Buffer::take()?;
    file.read_exact_at(&mut buffer.bytes()[..wanted], position)?;
    Ok(Bytes::from_owner(buffer).slice(..wanted))
}

/// Reads the part of the next slice that is in the page cache, without waiting for the device.
/// Returns `None` if there is none, or if the system does not support such reads.
fn read_cached(file: &File, position: u64, remaining: u64) -> Option<Bytes> {
    let wanted = usize::try_from(remaining.min(SLICE)).ok()?;
    let mut buffer = Buffer::take().ok()?;
    let mut parts = [IoSliceMut::new(&mut buffer.bytes()[..wanted])];
    match preadv2(file, &mut parts, position, ReadWriteFlags::NOWAIT) {
        Ok(0) | Err(_) => None,
        Ok(read) => Some(Bytes::from_owner(buffer).slice(..read)),
    }
}

/// Smaller reads allocate their own memory.
const REUSE_FROM: usize = 64 * 1024;
/// Number of buffers kept for reuse.
const MAX_SPARES: usize = 16;

/// Used buffers. Fresh memory from the system costs more than a read.
static SPARE: Mutex<Vec<MmapMut>> = Mutex::new(Vec::new());

/// A buffer for one read; reused after its slice was sent. It is mapped, and not from the heap: after
/// many answers that no client has read, the heap would keep their memory.
struct Buffer {
    /// `None` once it is dropped.
    bytes: Option<MmapMut>,
}

impl Buffer {
    fn take() -> io::Result<Self> {
        let spare = SPARE.lock().pop();
        #[expect(clippy::cast_possible_truncation, reason = "a constant of 128 KiB")]
        let bytes = match spare {
            Some(bytes) => bytes,
            None => MmapMut::map_anon(SLICE as usize)?,
        };
        Ok(Self { bytes: Some(bytes) })
    }

    fn bytes(&mut self) -> &mut [u8] {
        self.bytes.as_deref_mut().unwrap_or_default()
    }
}

impl AsRef<[u8]> for Buffer {
    fn as_ref(&self) -> &[u8] {
        self.bytes.as_deref().unwrap_or_default()
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        let mut spare = SPARE.lock();
        if spare.len() < MAX_SPARES {
            spare.extend(self.bytes.take());
        }
    }
}

impl Stream for Body {
    type Item = io::Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let body = &mut *self;
        let read = match &mut body.source {
            Source::Bytes(bytes) => bytes.take().filter(|bytes| !bytes.is_empty()).map(Ok),
            Source::File(reader) => ready!(reader.poll_read(context)),
        };
        body.ahead = None;
        Poll::Ready(match (read, &mut body.check) {
            (Some(read), Some(check)) => {
                let checked = check.slice(read);
                if checked.is_err() {
                    body.source = Source::Bytes(None);
                }
                Some(checked)
            }
            (read, _) => read,
        })
    }
}

impl Reader {
    /// The next slice; `None` at the end.
    fn poll_read(&mut self, context: &mut Context<'_>) -> Poll<Option<io::Result<Bytes>>> {
        let reader = self;
        if reader.remaining == 0 {
            return Poll::Ready(None);
        }
        let read = loop {
            if let Some(first) = reader.first.take() {
                break Ok(first);
            }
            if let Some(pending) = &mut reader.pending {
                let read = ready!(Pin::new(pending).poll(context));
                reader.pending = None;
                break read.unwrap_or_else(|error| Err(io::Error::other(error)));
            }
            if let Some(read) = read_cached(&reader.file, reader.position, reader.remaining) {
                break Ok(read);
            }
            let (file, position) = (Arc::clone(&reader.file), reader.position);
            let remaining = reader.remaining;
            reader.pending = Some(tokio::task::spawn_blocking(move || {
                read_device(&file, position, remaining)
            }));
        };
        match &read {
            Ok(bytes) => {
                reader.position += bytes.len() as u64;
                reader.remaining -= bytes.len() as u64;
            }
            Err(_) => reader.remaining = 0,
        }
        Poll::Ready(Some(read))
    }
}

#[cfg(test)]
mod tests {
    use futures_util::StreamExt;

    use super::*;

    #[tokio::test]
    async fn many_open_bodies_keep_a_bounded_number_of_bytes() {
        for length in [0, 5, FIRST, FIRST + 5, 3 * SLICE] {
            let content: Vec<u8> = (0..length).map(|at| (at % 251) as u8).collect();
            let file = tempfile::tempfile().unwrap();
            file.write_all_at(&content, 0).unwrap();
            let open = || Body::from_file(file.try_clone().unwrap(), 0, length, 0).unwrap();
            let mut bodies: Vec<_> = (0..400).map(|_| open()).collect();
            // Other tests read files as well.
            assert!(AHEAD.load(Ordering::Relaxed) < AHEAD_LIMIT + (4 << 20));
            for body in [bodies.pop().unwrap(), bodies.swap_remove(0)] {
                assert_eq!(body.length(), length);
                let slices: Vec<_> = body.map(Result::unwrap).collect().await;
                assert_eq!(slices.concat(), content);
            }
        }
    }
}
