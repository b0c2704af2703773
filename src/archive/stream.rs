//! The outer layer of an archive: a pipe or a file, compressed or not.
//!
//! Invariants: every read of the underlying stream is large; a truncated stream is reported,
//! wherever it ends.

use std::fs::File;
use std::io::{self, BufReader, Cursor, ErrorKind, Read, Seek, SeekFrom};

use super::members::{Input, fill};
use super::{Encoding, Error, decoder};

/// Bytes of one read from a stream.
const CHUNK: usize = 256 * 1024;
/// Bytes of one read from a file whose blobs are skipped.
const HEADERS_CHUNK: usize = 16 * 1024;
/// Maximum number of uncompressed bytes after the end of an archive: padding, in blocks of any
/// size.
const TRAIL: u64 = 64 * 1024 * 1024;

/// A stream that is read once.
pub struct Stream {
    bytes: Box<dyn Read + Send>,
}

impl Stream {
    /// Opens a stream and decompresses it.
    pub fn open(mut input: impl Read + Send + 'static) -> Result<Self, Error> {
        let mut magic = [0; Encoding::SNIFFED];
        let length = fill(&mut input, &mut magic)?;
        let encoding = Encoding::sniff(&magic[..length]);
        let whole = Cursor::new(magic).take(length as u64).chain(input);
        let bytes: Box<dyn Read + Send> = match encoding {
            Encoding::Plain => Box::new(whole),
            encoding => decoder(encoding, BufReader::with_capacity(CHUNK, whole))?,
        };
        Ok(Self { bytes })
    }

    /// Reads the bytes after the archive, so that the writer gets no broken pipe and the
    /// compression is checked to its end.
    pub fn drain(&mut self) -> Result<(), Error> {
        match io::copy(&mut (&mut *self).take(TRAIL), &mut io::sink()) {
            Ok(_) => Ok(()),
            Err(error) if error.kind() == ErrorKind::UnexpectedEof => Err(Error::Truncated {
                place: "after its last member".into(),
            }),
            Err(error) => Err(Error::Read(error)),
        }
    }
}

impl Read for Stream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.bytes.read(buffer)
    }
}

impl Input for Stream {
    fn skip(&mut self, bytes: u64) -> io::Result<()> {
        let passed = io::copy(&mut (&mut self.bytes).take(bytes), &mut io::sink())?;
        if passed < bytes {
            return Err(ErrorKind::UnexpectedEof.into());
        }
        Ok(())
    }
}

/// A plain tar file of which only headers and documents are read.
pub struct Seekable {
    file: BufReader<File>,
    left: u64,
}

impl Seekable {
    /// Opens a file for reading in any order. Returns the file if it is compressed or not a regular
    /// file.
    pub fn open(mut file: File) -> Result<Result<Self, File>, Error> {
        let metadata = file.metadata()?;
        if !metadata.is_file() {
            return Ok(Err(file));
        }
        let mut magic = [0; Encoding::SNIFFED];
        let length = fill(&mut file, &mut magic)?;
        file.seek(SeekFrom::Start(0))?;
        if Encoding::sniff(&magic[..length]) != Encoding::Plain {
            return Ok(Err(file));
        }
        Ok(Ok(Self {
            file: BufReader::with_capacity(HEADERS_CHUNK, file),
            left: metadata.len(),
        }))
    }

    /// A second handle of the file, to read parts of it.
    pub fn file(&self) -> io::Result<File> {
        self.file.get_ref().try_clone()
    }
}

impl Read for Seekable {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read(buffer)?;
        self.left = self.left.saturating_sub(read as u64);
        Ok(read)
    }
}

impl Input for Seekable {
    fn skip(&mut self, bytes: u64) -> io::Result<()> {
        let distance = i64::try_from(bytes).ok().filter(|_| bytes <= self.left);
        let distance = distance.ok_or(ErrorKind::UnexpectedEof)?;
        self.file.seek_relative(distance)?;
        self.left -= bytes;
        Ok(())
    }
}
