//! Sparse files in a tar stream: which parts of a file are stored, and the restored file.
//!
//! Reads the maps of GNU tar in its own format and in all three of its PAX formats. Invariant: an
//! accepted map is sorted, lies within the file, and describes exactly the stored bytes.

use std::io::{self, ErrorKind, Read};
use std::sync::Arc;

use tar::{GnuSparseHeader, Header};

/// Maximum number of stored extents of a file.
const EXTENTS: usize = 100_000;

/// A stored extent of a file: its offset and length in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Extent {
    offset: u64,
    length: u64,
}

/// Which parts of a file are stored. All others are zeros.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SparseMap {
    /// Bytes of the file.
    pub size: u64,
    /// Bytes that are stored.
    pub stored: u64,
    stretches: Vec<Extent>,
}

/// A map being parsed.
#[derive(Debug, Default)]
pub(super) struct MapBuilder {
    stretches: Vec<Extent>,
    offset: Option<u64>,
}

impl MapBuilder {
    /// Adds the extents of a GNU header.
    pub(super) fn headers(&mut self, headers: &[GnuSparseHeader]) -> Option<()> {
        for header in headers.iter().filter(|header| !header.is_empty()) {
            self.extent(header.offset().ok()?, header.length().ok()?)?;
        }
        Some(())
    }

    /// Adds a number; offsets and lengths alternate.
    pub(super) fn number(&mut self, number: u64) -> Option<()> {
        match self.offset.take() {
            None => self.offset = Some(number),
            Some(offset) => self.extent(offset, number)?,
        }
        Some(())
    }

    fn extent(&mut self, offset: u64, length: u64) -> Option<()> {
        if self.stretches.len() >= EXTENTS {
            return None;
        }
        if length > 0 {
            self.stretches.push(Extent { offset, length });
        }
        Some(())
    }

    /// The map of a file of `size` bytes; `None` if it is invalid.
    pub(super) fn finish(self, size: u64) -> Option<SparseMap> {
        let (mut end, mut stored) = (0_u64, 0_u64);
        for extent in &self.stretches {
            if extent.offset < end {
                return None;
            }
            end = extent.offset.checked_add(extent.length)?;
            stored += extent.length;
        }
        (end <= size && self.offset.is_none()).then_some(SparseMap {
            size,
            stored,
            stretches: self.stretches,
        })
    }
}

/// The map in a GNU header, and whether blocks with more of it follow.
pub(super) fn of_header(header: &Header) -> Option<(MapBuilder, u64)> {
    let gnu = header.as_gnu()?;
    let mut map = MapBuilder::default();
    map.headers(&gnu.sparse)?;
    Some((map, gnu.real_size().ok()?))
}

/// The map of PAX format 1.0, at the beginning of the data: one number per line, first the number
/// of extents, padded to a block. `line` returns the next number.
pub(super) fn of_lines(
    size: u64,
    mut line: impl FnMut() -> io::Result<u64>,
) -> io::Result<SparseMap> {
    let invalid = || io::Error::new(ErrorKind::InvalidData, "its map of holes can't be read");
    let count = line()?;
    let mut map = MapBuilder::default();
    for _ in 0..count.checked_mul(2).ok_or_else(invalid)? {
        map.number(line()?).ok_or_else(invalid)?;
    }
    map.finish(size).ok_or_else(invalid)
}

/// Reads a sparse file with its holes filled with zeros.
pub struct SparseReader<R> {
    stored: R,
    map: Arc<SparseMap>,
    position: u64,
    next: usize,
}

impl<R: Read> SparseReader<R> {
    /// Creates a reader from the stored bytes.
    pub fn new(stored: R, map: Arc<SparseMap>) -> Self {
        Self {
            stored,
            map,
            position: 0,
            next: 0,
        }
    }
}

impl<R: Read> Read for SparseReader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let stretches = &self.map.stretches;
        while let Some(extent) = stretches.get(self.next)
            && self.position >= extent.offset + extent.length
        {
            self.next += 1;
        }
        let extent = stretches.get(self.next);
        let within = extent.is_some_and(|extent| self.position >= extent.offset);
        let end = match extent {
            Some(extent) if within => extent.offset + extent.length,
            Some(extent) => extent.offset,
            None => self.map.size,
        };
        let most = usize::try_from(end - self.position).unwrap_or(usize::MAX);
        let most = most.min(buffer.len());
        let read = if within {
            self.stored.read(&mut buffer[..most])?
        } else {
            buffer[..most].fill(0);
            most
        };
        if read == 0 && most > 0 {
            return Err(ErrorKind::UnexpectedEof.into());
        }
        self.position += read as u64;
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(size: u64, numbers: &[u64]) -> Option<SparseMap> {
        let mut map = MapBuilder::default();
        for number in numbers {
            map.number(*number)?;
        }
        map.finish(size)
    }

    #[test]
    fn holes_are_zeros_again() {
        for (size, numbers, stored, whole) in [
            (6, &[1, 2, 4, 1][..], "abc", "\0ab\0c\0"),
            (3, &[0, 3], "abc", "abc"),
            (3, &[0, 1, 1, 2, 3, 0], "abc", "abc"),
            (2, &[], "", "\0\0"),
            (0, &[], "", ""),
        ] {
            let map = map(size, numbers).unwrap();
            assert_eq!(map.stored, stored.len() as u64);
            let mut read = Vec::new();
            let mut filled = SparseReader::new(stored.as_bytes(), Arc::new(map));
            filled.read_to_end(&mut read).unwrap();
            assert_eq!(read, whole.as_bytes(), "{numbers:?}");
        }
    }

    #[test]
    fn maps_that_cannot_be() {
        for (size, numbers) in [
            (5, &[4, 2][..]),
            (9, &[4, 2, 5, 1]),
            (9, &[4, 2, 1, 1]),
            (9, &[1]),
            (u64::MAX, &[u64::MAX, 2]),
        ] {
            assert_eq!(map(size, numbers), None, "{numbers:?}");
        }
        let mut cut = SparseReader::new(&b"a"[..], Arc::new(map(3, &[0, 2]).unwrap()));
        assert!(cut.read_to_end(&mut Vec::new()).is_err());
    }
}
