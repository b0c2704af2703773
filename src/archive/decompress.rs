//! Decompression: detection of the encoding, and the reader.
//!
//! For the outer compression of an archive as well as for layers. Memory is bounded for any input.
//! A stream that ends early is reported as truncated; errors of the input are returned unchanged.

use std::io::{self, BufReader, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// The encoding of a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Encoding {
    /// None, or unknown.
    Plain,
    /// gzip, one member or many.
    Gzip,
    /// zstd, one frame or many.
    Zstd,
    /// xz, one stream or many.
    Xz,
    /// bzip2, one stream or many.
    Bzip2,
}

impl Encoding {
    /// Number of bytes that [`Encoding::sniff`] needs.
    pub const SNIFFED: usize = 6;

    /// Detects the encoding by the first bytes ([`Encoding::SNIFFED`], or fewer in a shorter
    /// stream).
    pub fn sniff(first: &[u8]) -> Self {
        match first {
            [0x1f, 0x8b, ..] => Self::Gzip,
            [0x28, 0xb5, 0x2f, 0xfd, ..] => Self::Zstd,
            // A skippable frame, which some programs write first.
            [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => Self::Zstd,
            [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => Self::Xz,
            [b'B', b'Z', b'h', b'1'..=b'9', ..] => Self::Bzip2,
            _ => Self::Plain,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Gzip => "gzip",
            Self::Zstd => "zstd",
            Self::Xz => "xz",
            Self::Bzip2 => "bzip2",
        }
    }
}

/// zstd may refer back 2^27 bytes (128 MiB), the default limit of the zstd program.
const ZSTD_WINDOW_LOG_MAX: u32 = 27;
/// Enough for `xz -9`, whose dictionary is 64 MiB.
const XZ_MEMORY_KIB: u32 = 129 * 1024;
const BUFFER: usize = 64 * 1024;

/// Reads the decoded bytes of a stream.
pub fn decoder<'a, R: Read + Send + 'a>(
    encoding: Encoding,
    reader: R,
) -> io::Result<Box<dyn Read + Send + 'a>> {
    if encoding == Encoding::Plain {
        return Ok(Box::new(reader));
    }
    let failed = Arc::new(AtomicBool::new(false));
    let input = Input {
        reader,
        failed: Arc::clone(&failed),
    };
    let input = BufReader::with_capacity(BUFFER, input);
    let reader: Box<dyn Read + Send + 'a> = match encoding {
        Encoding::Plain => Box::new(input),
        Encoding::Gzip => Box::new(flate2::bufread::MultiGzDecoder::new(input)),
        Encoding::Zstd => {
            let mut decoder = zstd::stream::read::Decoder::with_buffer(input)?;
            decoder.window_log_max(ZSTD_WINDOW_LOG_MAX)?;
            Box::new(decoder)
        }
        Encoding::Xz => Box::new(lzma_rust2::XzReader::new_mem_limit(
            input,
            true,
            XZ_MEMORY_KIB,
        )),
        Encoding::Bzip2 => Box::new(bzip2::bufread::MultiBzDecoder::new(input)),
    };
    Ok(Box::new(Decoder {
        reader,
        encoding,
        failed,
    }))
}

/// The encoded input; remembers whether reading it failed.
struct Input<R> {
    reader: R,
    failed: Arc<AtomicBool>,
}

impl<R: Read> Read for Input<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.reader.read(buffer).inspect_err(|error| {
            if error.kind() != io::ErrorKind::Interrupted {
                self.failed.store(true, Ordering::Relaxed);
            }
        })
    }
}

/// The decoded bytes; describes errors.
struct Decoder<'a> {
    reader: Box<dyn Read + Send + 'a>,
    encoding: Encoding,
    failed: Arc<AtomicBool>,
}

impl Read for Decoder<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.reader.read(buffer).map_err(|error| {
            if self.failed.load(Ordering::Relaxed) || error.kind() == io::ErrorKind::Interrupted {
                return error;
            }
            let name = self.encoding.name();
            let said = if error.kind() == io::ErrorKind::UnexpectedEof {
                format!("the {name} stream ends early: it is truncated")
            } else {
                format!("the {name} stream can't be read: {error}")
            };
            io::Error::new(error.kind(), said)
        })
    }
}

#[cfg(test)]
mod tests;
