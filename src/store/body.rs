//! The bytes of a blob on their way out: a stream whose length is known.

use std::fs::File;
use std::io::{self, Read};
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use futures_util::{Stream, ready};
use parking_lot::Mutex;
use tokio::task::JoinHandle;

/// Bytes of one read. Large enough that the hand-over between threads does not count, small enough
/// that a thousand readers fit in memory.
const SLICE: u64 = 256 * 1024;

/// A blob, or a range of it, as a stream of slices.
pub struct Body {
    length: u64,
    source: Source,
}

enum Source {
    Bytes(Option<Bytes>),
    File(Reader),
}

struct Reader {
    /// Not yet handed out, the slice under way included.
    remaining: u64,
    /// The first slice, read when the file was opened.
    first: Option<Bytes>,
    /// The slice that is being read while the one before it is on its way.
    ahead: JoinHandle<(File, io::Result<Bytes>)>,
}

impl Body {
    /// A body that lies in memory.
    pub fn from_bytes(bytes: Bytes) -> Self {
        Self {
            length: bytes.len() as u64,
            source: Source::Bytes(Some(bytes)),
        }
    }

    /// `length` bytes of a file from where it is positioned. Blocks for the first slice: not for
    /// the reactor.
    pub(super) fn from_file(mut file: File, length: u64) -> io::Result<Self> {
        let first = slice(&mut file, length)?;
        if first.len() as u64 == length {
            return Ok(Self::from_bytes(first));
        }
        let ahead = ahead(file, length - first.len() as u64);
        let reader = Reader {
            remaining: length,
            first: Some(first),
            ahead,
        };
        Ok(Self {
            length,
            source: Source::File(reader),
        })
    }

    /// Bytes in all.
    pub fn length(&self) -> u64 {
        self.length
    }

    /// All of it at once, for what is known to be small.
    pub async fn collect(mut self) -> io::Result<Bytes> {
        if let Source::Bytes(bytes) = &mut self.source {
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

/// Reads the next slice on another thread.
fn ahead(mut file: File, remaining: u64) -> JoinHandle<(File, io::Result<Bytes>)> {
    tokio::task::spawn_blocking(move || {
        let read = slice(&mut file, remaining);
        (file, read)
    })
}

/// Reads the next slice; an end before `remaining` bytes is an error, since a blob does not shrink.
fn slice(file: &mut File, remaining: u64) -> io::Result<Bytes> {
    let wanted = usize::try_from(remaining.min(SLICE)).map_err(io::Error::other)?;
    if wanted < SPARE_FROM {
        let mut bytes = vec![0; wanted];
        file.read_exact(&mut bytes)?;
        return Ok(bytes.into());
    }
    let mut buffer = Buffer::take();
    let Some(part) = buffer.bytes.get_mut(..wanted) else {
        return Err(io::ErrorKind::InvalidInput.into());
    };
    file.read_exact(part)?;
    Ok(Bytes::from_owner(buffer).slice(..wanted))
}

/// Reads smaller than this get memory of their own.
const SPARE_FROM: usize = 64 * 1024;
/// Buffers that are kept for the next read.
const SPARES: usize = 16;

/// Buffers that have been used: memory that is fresh from the system costs more than a read.
static SPARE: Mutex<Vec<Box<[u8]>>> = Mutex::new(Vec::new());

/// A buffer for one read, kept for another when the slice in it has gone out.
struct Buffer {
    bytes: Box<[u8]>,
}

impl Buffer {
    fn take() -> Self {
        let spare = SPARE.lock().pop();
        #[expect(clippy::cast_possible_truncation, reason = "a constant of 256 KiB")]
        let bytes = spare.unwrap_or_else(|| vec![0; SLICE as usize].into_boxed_slice());
        Self { bytes }
    }
}

impl AsRef<[u8]> for Buffer {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        let mut spare = SPARE.lock();
        if spare.len() < SPARES {
            spare.push(std::mem::take(&mut self.bytes));
        }
    }
}

impl Stream for Body {
    type Item = io::Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let reader = match &mut self.source {
            Source::Bytes(bytes) => {
                return Poll::Ready(bytes.take().filter(|bytes| !bytes.is_empty()).map(Ok));
            }
            Source::File(reader) => reader,
        };
        if let Some(first) = reader.first.take() {
            reader.remaining -= first.len() as u64;
            return Poll::Ready(Some(Ok(first)));
        }
        if reader.remaining == 0 {
            return Poll::Ready(None);
        }
        let read = match ready!(Pin::new(&mut reader.ahead).poll(context)) {
            Ok((file, Ok(bytes))) => {
                reader.remaining -= bytes.len() as u64;
                if reader.remaining > 0 {
                    reader.ahead = ahead(file, reader.remaining);
                }
                Ok(bytes)
            }
            Ok((_, Err(error))) => Err(error),
            Err(error) => Err(io::Error::other(error)),
        };
        if read.is_err() {
            reader.remaining = 0;
        }
        Poll::Ready(Some(read))
    }
}
