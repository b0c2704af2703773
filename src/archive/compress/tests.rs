//! Compressors in every kind and level, against the decoders of others.

use std::io::Read as _;

use flate2::read::MultiGzDecoder;
use proptest::prelude::*;

use super::super::decompress::{Encoding, decoder};
use super::super::pool::Pool;
use super::*;

/// Bytes of medium compressibility: words, some of which are repeated.
fn sample(size: usize, seed: u64) -> Vec<u8> {
    let mut state = seed | 1;
    let mut bytes = Vec::with_capacity(size + 16);
    while bytes.len() < size {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        match state >> 61 {
            0 => bytes.extend_from_slice(&state.to_le_bytes()),
            1 => bytes.extend_from_slice(&[0; 24]),
            kind => bytes
                .extend_from_slice(format!("layer {} of {kind}\n", (state >> 40) % 200).as_bytes()),
        }
    }
    bytes.truncate(size);
    bytes
}

/// Compresses in writes of a given size, flushing from time to time.
fn compress(mut compressor: Compressor<Vec<u8>>, bytes: &[u8], write: usize) -> Vec<u8> {
    for (number, chunk) in bytes.chunks(write).enumerate() {
        compressor.write_all(chunk).unwrap();
        if number % 3 == 0 {
            compressor.flush().unwrap();
        }
    }
    compressor.finish().unwrap()
}

fn with_threads(kind: Compression, level: u32, threads: usize) -> Compressor<Vec<u8>> {
    if kind == Compression::Gzip {
        let pool = Box::leak(Box::new(Pool::start(threads)));
        return Compressor(Kind::Gzip(Gzip::new(Vec::new(), level, pool)));
    }
    Compressor::with_threads(Vec::new(), kind, level, threads).unwrap()
}

fn decompress(bytes: &[u8]) -> Vec<u8> {
    let mut plain = Vec::new();
    let mut reader = decoder(Encoding::sniff(bytes), bytes).unwrap();
    reader.read_to_end(&mut plain).unwrap();
    plain
}

#[test]
fn the_output_is_independent_of_threads_and_writes() {
    let plain = sample(3_000_000, 7);
    for kind in [Compression::Gzip, Compression::Zstd] {
        for level in [1, kind.default_level(), 6] {
            let one = compress(with_threads(kind, level, 1), &plain, plain.len());
            for (threads, write) in [(1, 10_000), (2, 65_536), (4, 262_144), (5, 999_983)] {
                let other = compress(with_threads(kind, level, threads), &plain, write);
                assert!(one == other, "{kind} {level} {threads} {write}");
            }
            assert!(decompress(&one) == plain, "{kind} {level}");
            assert!(one.len() < plain.len() / 2, "{kind} {level}: {}", one.len());
        }
    }
}

#[test]
fn gzip_is_reproducible() {
    for size in [0, 1, 262_143, 262_144, 262_145, 524_288, 1_000_000] {
        let plain = sample(size, 3);
        let bytes = compress(with_threads(Compression::Gzip, 3, 2), &plain, 100_000);
        let (mut rest, mut back, mut members) = (&bytes[..], Vec::new(), 0);
        while !rest.is_empty() {
            // Magic, deflate, no flags, no time; an unknown system.
            assert_eq!(rest[..8], [0x1f, 0x8b, 8, 0, 0, 0, 0, 0]);
            assert_eq!(rest[9], 255);
            let mut decoder = flate2::bufread::GzDecoder::new(&mut rest);
            decoder.read_to_end(&mut back).unwrap();
            members += 1;
        }
        assert!(back == plain, "{size}");
        assert_eq!(members, size.div_ceil(262_144).max(1));

        let mut all = Vec::new();
        MultiGzDecoder::new(&bytes[..])
            .read_to_end(&mut all)
            .unwrap();
        assert!(all == plain, "{size}");
    }
}

#[test]
fn incompressible_input_hardly_grows() {
    let mut state = 1_u64;
    let plain: Vec<u8> = (0..1_000_000)
        .map(|_| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            (state >> 56) as u8
        })
        .collect();
    for level in Compression::Gzip.levels() {
        let bytes = compress(with_threads(Compression::Gzip, level, 2), &plain, 50_000);
        assert!(bytes.len() < 1_001_000, "{level}: {}", bytes.len());
        let mut back = Vec::new();
        MultiGzDecoder::new(&bytes[..])
            .read_to_end(&mut back)
            .unwrap();
        assert!(back == plain);
    }
}

#[test]
fn levels_are_brought_into_the_range_of_their_kind() {
    let plain = sample(100_000, 1);
    for (kind, level, meant) in [
        (Compression::Gzip, 0, 1),
        (Compression::Gzip, 99, 9),
        (Compression::Zstd, 0, 1),
        (Compression::Zstd, 22, 12),
    ] {
        let asked = Compressor::new(Vec::new(), kind, level).unwrap();
        let same = Compressor::new(Vec::new(), kind, meant).unwrap();
        assert!(compress(asked, &plain, 9000) == compress(same, &plain, 9000));
    }
}

#[test]
fn none_does_not_change_the_bytes() {
    let compressor = Compressor::new(Vec::new(), Compression::None, 9).unwrap();
    assert_eq!(compress(compressor, b"as it is", 3), b"as it is");
}

#[test]
fn an_error_of_the_writer_is_returned() {
    struct Full;
    impl Write for Full {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::StorageFull.into())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    for kind in [Compression::Gzip, Compression::Zstd, Compression::None] {
        let mut compressor = Compressor::new(Full, kind, 3).unwrap();
        let result = compressor
            .write_all(&sample(2_000_000, 5))
            .and_then(|()| compressor.finish().map(drop));
        assert_eq!(
            result.unwrap_err().kind(),
            io::ErrorKind::StorageFull,
            "{kind}"
        );
    }
}

#[test]
fn names_are_read_as_they_are_written() {
    for kind in [Compression::Gzip, Compression::Zstd, Compression::None] {
        assert_eq!(kind.to_string().parse(), Ok(kind));
        assert!(kind.levels().contains(&kind.default_level()));
    }
    assert_eq!(
        "br".parse::<Compression>().unwrap_err().to_string(),
        "\"br\" is not a compression; use gzip, zstd or none"
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn compressed_bytes_are_decompressed(
        size in 0_usize..700_000, seed in any::<u64>(), write in 1_000_usize..400_000, level in 1_u32..=9,
    ) {
        let plain = sample(size, seed);
        for kind in [Compression::Gzip, Compression::Zstd] {
            let compressor = Compressor::new(Vec::new(), kind, level).unwrap();
            let bytes = compress(compressor, &plain, write);
            prop_assert!(decompress(&bytes) == plain, "{} {}", kind, level);
        }
    }
}
