//! Compression of layers: kinds, levels, and one writer for all.
//!
//! The same input, kind and level give the same bytes, regardless of the number of threads and the
//! sizes of writes: a layer that is compressed twice has one digest. Memory is a few blocks per
//! thread.

use std::fmt;
use std::io::{self, Write};
use std::ops::RangeInclusive;
use std::str::FromStr;

use zstd::stream::raw::CParameter;

use super::gzip::Gzip;
use super::pool;

/// How a layer is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Compression {
    /// Read by every client.
    Gzip,
    /// Smaller and faster; needs docker 20.10, containerd 1.5 or podman.
    Zstd,
    /// No compression.
    None,
}

/// A name other than `gzip`, `zstd`, `none`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a compression; use gzip, zstd or none")]
pub struct UnknownCompression(String);

impl Compression {
    /// The default level.
    pub fn default_level(self) -> u32 {
        match self {
            // A little smaller than the output of skopeo and podman, in half of their time.
            Self::Gzip => 2,
            Self::Zstd => 3,
            Self::None => 0,
        }
    }

    /// The valid levels, from the fastest to the smallest.
    pub fn levels(self) -> RangeInclusive<u32> {
        match self {
            Self::Gzip => 1..=9,
            // At higher levels, windows and tables need unbounded memory.
            Self::Zstd => 1..=12,
            Self::None => 0..=0,
        }
    }
}

impl fmt::Display for Compression {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Gzip => "gzip",
            Self::Zstd => "zstd",
            Self::None => "none",
        })
    }
}

impl FromStr for Compression {
    type Err = UnknownCompression;

    fn from_str(name: &str) -> Result<Self, UnknownCompression> {
        match name {
            "gzip" => Ok(Self::Gzip),
            "zstd" => Ok(Self::Zstd),
            "none" => Ok(Self::None),
            _ => Err(UnknownCompression(name.to_owned())),
        }
    }
}

/// Compresses one stream on several threads. The output is complete only after
/// [`Compressor::finish`].
pub struct Compressor<W: Write>(Kind<W>);

enum Kind<W: Write> {
    Gzip(Gzip<W>),
    Zstd(zstd::stream::write::Encoder<'static, W>),
    None(W),
}

/// Input bytes of one zstd job, and its window: both bound the memory.
const ZSTD_JOB: u32 = 512 * 1024;
const ZSTD_WINDOW_LOG: u32 = 20;
/// Higher levels use larger tables, tens of megabytes in each thread: there the table size and the
/// number of threads are limited.
const ZSTD_TABLES_LEVEL: i32 = 6;
const ZSTD_TABLE_LOG: u32 = 18;
const ZSTD_THREADS_HIGH: usize = 2;
/// More threads for a stream use more memory than they are worth.
const ZSTD_THREADS_MAX: usize = 4;

impl<W: Write> Compressor<W> {
    /// Begins a stream. A level out of range is clamped.
    pub fn new(output: W, compression: Compression, level: u32) -> io::Result<Self> {
        Self::with_threads(output, compression, level, pool::cores())
    }

    fn with_threads(
        output: W,
        compression: Compression,
        level: u32,
        threads: usize,
    ) -> io::Result<Self> {
        let levels = compression.levels();
        let level = level.clamp(*levels.start(), *levels.end());
        Ok(Self(match compression {
            Compression::Gzip => Kind::Gzip(Gzip::new(output, level, pool::shared())),
            Compression::Zstd => Kind::Zstd(zstd_encoder(output, level, threads)?),
            Compression::None => Kind::None(output),
        }))
    }

    /// Writes buffered data and the end of the stream.
    pub fn finish(self) -> io::Result<W> {
        match self.0 {
            Kind::Gzip(gzip) => gzip.finish(),
            Kind::Zstd(encoder) => encoder.finish(),
            Kind::None(output) => Ok(output),
        }
    }
}

/// zstd's own threads: their number does not change the output as long as there is at least one.
fn zstd_encoder<W: Write>(
    output: W,
    level: u32,
    threads: usize,
) -> io::Result<zstd::stream::write::Encoder<'static, W>> {
    let level = i32::try_from(level).map_err(io::Error::other)?;
    let most = if level > ZSTD_TABLES_LEVEL {
        ZSTD_THREADS_HIGH
    } else {
        ZSTD_THREADS_MAX
    };
    let threads = threads.clamp(1, most);
    let threads = u32::try_from(threads).map_err(io::Error::other)?;
    let mut encoder = zstd::stream::write::Encoder::new(output, level)?;
    encoder.multithread(threads)?;
    encoder.set_parameter(CParameter::JobSize(ZSTD_JOB))?;
    encoder.window_log(ZSTD_WINDOW_LOG)?;
    if level > ZSTD_TABLES_LEVEL {
        encoder.set_parameter(CParameter::HashLog(ZSTD_TABLE_LOG))?;
        encoder.set_parameter(CParameter::ChainLog(ZSTD_TABLE_LOG))?;
    }
    encoder.include_checksum(true)?;
    Ok(encoder)
}

impl<W: Write> Write for Compressor<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match &mut self.0 {
            Kind::Gzip(gzip) => gzip.write(bytes),
            Kind::Zstd(encoder) => encoder.write(bytes),
            Kind::None(output) => output.write(bytes),
        }
    }

    /// Flushes only the output; compression stays in whole blocks, so that the bytes do not depend
    /// on flushes.
    fn flush(&mut self) -> io::Result<()> {
        match &mut self.0 {
            Kind::Gzip(gzip) => gzip.flush(),
            Kind::Zstd(encoder) => encoder.get_mut().flush(),
            Kind::None(output) => output.flush(),
        }
    }
}

#[cfg(test)]
mod tests;
