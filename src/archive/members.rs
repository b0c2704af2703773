//! The members of a tar stream, in order.
//!
//! Reads POSIX, PAX, GNU and old headers with the field parsers of the `tar` crate. That crate's
//! iterator reads names and extended headers of any length into memory, and takes a truncated
//! member for the end; this one has a limit for the first and an error for the second. Invariants:
//! names are normalized (see [`super::path`]); headers of links, directories and devices have no
//! data, whatever their size field says, as in Go's reader.

mod extension;
mod holes;

use std::borrow::Cow;
use std::io::{self, ErrorKind, Read};

use tar::{EntryType, Header};

use self::extension::Extension;
use self::holes::holes;
use super::Error;
use super::path::{self, PathError};
use super::sparse::SparseMap;

const BLOCK: u64 = 512;
/// Maximum length of a name or extended header, in bytes.
const EXTENSION_LIMIT: u64 = 1024 * 1024;

/// Input that can skip bytes.
pub trait Input: Read + Send {
    /// Skips bytes; `UnexpectedEof` if there are not enough.
    fn skip(&mut self, bytes: u64) -> io::Result<()>;
}

/// The kind of a member.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Kind {
    /// A file with its bytes.
    File,
    /// A link to another member, by its normalized name.
    Link(String),
    /// A link out of the archive.
    LinkOutside(PathError),
    /// A sparse file, of which only some bytes are stored.
    Sparse(SparseMap),
    /// A directory, a device, a pipe.
    Other,
}

/// A member's header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Member {
    /// The normalized name.
    pub(super) name: String,
    pub(super) kind: Kind,
    /// Bytes of data after the header.
    pub(super) size: u64,
    /// Offset of the data in the stream.
    pub(super) offset: u64,
}

/// A tar stream.
pub(super) struct Members<R> {
    input: R,
    position: u64,
    /// Unread data of the current member, including its padding.
    left: u64,
    padding: u64,
    current: String,
    ended: bool,
}

impl<R: Input> Members<R> {
    /// The members of a stream from its current position.
    pub(super) fn new(input: R) -> Self {
        Self {
            input,
            position: 0,
            left: 0,
            padding: 0,
            current: String::new(),
            ended: false,
        }
    }

    /// Whether the end-of-archive marker was read.
    pub(super) fn ended(&self) -> bool {
        self.ended
    }

    /// The stream after the last member.
    pub(super) fn into_inner(self) -> R {
        self.input
    }

    /// The next member; unread data of the current one is skipped.
    pub(super) fn next(&mut self) -> Result<Option<Member>, Error> {
        let mut extension = Extension::default();
        loop {
            let Some(header) = self.header()? else {
                return Ok(None);
            };
            let malformed = |error: io::Error| Error::NotAnArchive {
                reason: format!("its tar headers are malformed ({error})"),
            };
            let size = header.entry_size().map_err(malformed)?;
            match header.entry_type() {
                EntryType::GNULongName => extension.path = Some(self.text(size)?),
                EntryType::GNULongLink => extension.link = Some(self.text(size)?),
                EntryType::XHeader => {
                    let records = self.extension(size)?;
                    extension.read(&records)?;
                }
                EntryType::XGlobalHeader => {
                    self.extension(size)?;
                }
                kind => return self.member(&header, kind, size, &extension).map(Some),
            }
        }
    }

    fn member(
        &mut self,
        header: &Header,
        kind: EntryType,
        size: u64,
        extension: &Extension,
    ) -> Result<Member, Error> {
        let name = extension.path.clone();
        let name = name.unwrap_or_else(|| header.path_bytes().into_owned());
        let written = String::from_utf8_lossy(&name).into_owned();
        let is_file = matches!(
            kind,
            EntryType::Regular | EntryType::Continuous | EntryType::GNUSparse
        ) && !written.ends_with('/');
        let plain = match path::member(&written) {
            Ok(plain) => plain,
            Err(why) if is_file => return Err(outside(&written, why.of_member())),
            // The name of a volume label, a directory or a device does not matter.
            Err(_) => String::new(),
        };
        let mut stored = match kind {
            EntryType::Link
            | EntryType::Symlink
            | EntryType::Char
            | EntryType::Block
            | EntryType::Directory
            | EntryType::Fifo => 0,
            _ => extension.size.unwrap_or(size),
        };
        if stored.checked_add(self.position + BLOCK).is_none() {
            return Err(Error::NotAnArchive {
                reason: format!("the size of its member {plain:?} is too large"),
            });
        }
        let link = || {
            let target = extension.link.clone();
            let target = target.or_else(|| header.link_name_bytes().map(Cow::into_owned));
            String::from_utf8_lossy(&target.unwrap_or_default()).into_owned()
        };
        let linked = |target: Result<String, PathError>| match target {
            // `tar` writes a file that is given twice as a link to itself the second time.
            Ok(target) if target == plain => Kind::Other,
            Ok(_) if plain.is_empty() => Kind::Other,
            Ok(target) => Kind::Link(target),
            Err(why) => Kind::LinkOutside(why),
        };
        let kind = match kind {
            EntryType::Symlink => linked(path::symbolic(&plain, &link())),
            EntryType::Link => linked(path::member(&link())),
            EntryType::GNUSparse => Kind::Sparse(self.gnu_map(header, &plain)?),
            _ if is_file && extension.is_sparse() => {
                Kind::Sparse(self.pax_map(extension, &mut stored, &plain)?)
            }
            _ if is_file => Kind::File,
            _ => Kind::Other,
        };
        let size = stored;
        self.current.clone_from(&plain);
        self.left = size;
        if let Kind::Sparse(map) = &kind
            && map.stored != size
        {
            return Err(holes(&plain));
        }
        self.padding = padding(size);
        Ok(Member {
            name: plain,
            kind,
            size,
            offset: self.position,
        })
    }

    /// The next header; `None` at the end.
    fn header(&mut self) -> Result<Option<Header>, Error> {
        if self.ended {
            return Ok(None);
        }
        self.skip_rest()?;
        let mut header = Header::new_old();
        let first = self.position == 0;
        let read = fill(&mut self.input, header.as_mut_bytes())
            .map_err(|error| self.broken(error))? as u64;
        self.position += read;
        if read == 0 {
            return if first {
                Err(Error::NotAnArchive {
                    reason: "it is empty".into(),
                })
            } else {
                Ok(None)
            };
        }
        if read < BLOCK {
            return Err(if first {
                Error::NotAnArchive {
                    reason: "it is shorter than any tar archive".into(),
                }
            } else {
                self.truncated()
            });
        }
        if header.as_bytes().iter().all(|byte| *byte == 0) {
            self.ended = true;
            return Ok(None);
        }
        if !is_header(header.as_bytes()) {
            return Err(Error::NotAnArchive {
                reason: if first {
                    "it is not a tar archive, compressed or not".into()
                } else {
                    format!(
                        "what follows its member {:?} is not a tar header",
                        self.current
                    )
                },
            });
        }
        Ok(Some(header))
    }

    fn skip_rest(&mut self) -> Result<(), Error> {
        let rest = self.left + self.padding;
        if rest > 0 {
            self.input.skip(rest).map_err(|error| self.broken(error))?;
            self.position += rest;
            (self.left, self.padding) = (0, 0);
        }
        Ok(())
    }

    /// A name in an extended header, up to its first NUL.
    fn text(&mut self, size: u64) -> Result<Vec<u8>, Error> {
        let mut text = self.extension(size)?;
        if let Some(end) = text.iter().position(|byte| *byte == 0) {
            text.truncate(end);
        }
        Ok(text)
    }

    fn extension(&mut self, size: u64) -> Result<Vec<u8>, Error> {
        let length = usize::try_from(size)
            .ok()
            .filter(|_| size <= EXTENSION_LIMIT)
            .ok_or_else(|| Error::TooMuch {
                what: "a very long header",
                limit: "1 MiB".into(),
            })?;
        let mut bytes = vec![0; length];
        self.fill(&mut bytes)?;
        self.padding = padding(size);
        Ok(bytes)
    }

    fn fill(&mut self, bytes: &mut [u8]) -> Result<(), Error> {
        let read = fill(&mut self.input, bytes).map_err(|error| self.broken(error))?;
        self.position += read as u64;
        if read < bytes.len() {
            return Err(self.truncated());
        }
        Ok(())
    }

    /// An error of the stream, with its position.
    pub(super) fn broken(&self, error: io::Error) -> Error {
        if error.kind() == ErrorKind::UnexpectedEof {
            self.truncated()
        } else {
            Error::Read(error)
        }
    }

    fn truncated(&self) -> Error {
        Error::Truncated {
            place: if self.current.is_empty() {
                "at its beginning".into()
            } else {
                format!("in or after its member {:?}", self.current)
            },
        }
    }
}

impl<R: Input> Read for Members<R> {
    /// Reads data of the current member. An early end of the stream is an `UnexpectedEof`.
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let most = usize::try_from(self.left).unwrap_or(usize::MAX);
        let most = most.min(buffer.len());
        if most == 0 {
            return Ok(0);
        }
        let read = self.input.read(&mut buffer[..most])?;
        if read == 0 {
            return Err(ErrorKind::UnexpectedEof.into());
        }
        self.left -= read as u64;
        self.position += read as u64;
        Ok(read)
    }
}

/// Whether a block is a tar header, by its checksum.
pub(super) fn is_header(block: &[u8]) -> bool {
    let Ok(block) = <&[u8; 512]>::try_from(block) else {
        return false;
    };
    let said = Header::from_byte_slice(block).cksum();
    let sum = |byte: fn(u8) -> i64| -> i64 {
        let around = block[..148].iter().chain(&block[156..]);
        around.map(|value| byte(*value)).sum::<i64>() + 8 * i64::from(b' ')
    };
    // Old writers summed signed bytes.
    said.is_ok_and(|said| {
        let said = i64::from(said);
        said == sum(i64::from) || said == sum(|byte| i64::from(byte.cast_signed()))
    })
}

/// Bytes of padding after `size` bytes.
fn padding(size: u64) -> u64 {
    size.wrapping_neg() % BLOCK
}

/// Reads until a buffer is full or the stream ends.
pub(super) fn fill(input: &mut impl Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match input.read(&mut buffer[filled..]) {
            Ok(0) => break,
            Ok(read) => filled += read,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

fn outside(name: &str, reason: &'static str) -> Error {
    Error::Outside {
        name: name.to_owned(),
        reason,
    }
}

#[cfg(test)]
mod tests;
