//! Streams of every encoding: single, concatenated, truncated, damaged, and with too large windows.

use std::io::Write as _;

use super::*;

fn plain() -> Vec<u8> {
    (0..300_000_u32)
        .flat_map(|number| (number / 7).to_le_bytes())
        .collect()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn zstd(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = zstd::stream::write::Encoder::new(Vec::new(), 1).unwrap();
    encoder.include_checksum(true).unwrap();
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn xz(bytes: &[u8]) -> Vec<u8> {
    let options = lzma_rust2::XzOptions::with_preset(1);
    let mut encoder = lzma_rust2::XzWriter::new(Vec::new(), options).unwrap();
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn bzip2(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

const ENCODERS: [(Encoding, fn(&[u8]) -> Vec<u8>); 4] = [
    (Encoding::Gzip, gzip),
    (Encoding::Zstd, zstd),
    (Encoding::Xz, xz),
    (Encoding::Bzip2, bzip2),
];

fn read(bytes: &[u8]) -> io::Result<Vec<u8>> {
    let mut plain = Vec::new();
    decoder(Encoding::sniff(bytes), bytes)?.read_to_end(&mut plain)?;
    Ok(plain)
}

#[test]
fn every_encoding_is_recognized_and_read() {
    let plain = plain();
    for (encoding, encode) in ENCODERS {
        let bytes = encode(&plain);
        assert_eq!(Encoding::sniff(&bytes[..Encoding::SNIFFED]), encoding);
        assert!(read(&bytes).unwrap() == plain, "{encoding:?}");
    }
    assert!(read(&plain).unwrap() == plain);
    assert_eq!(Encoding::sniff(b""), Encoding::Plain);
    assert_eq!(Encoding::sniff(b"BZ"), Encoding::Plain);
}

#[test]
fn several_streams_one_after_the_other_are_read_as_one() {
    for (encoding, encode) in ENCODERS {
        let mut bytes = encode(b"one, ");
        bytes.extend(encode(b""));
        bytes.extend(encode(b"two"));
        assert_eq!(read(&bytes).unwrap(), b"one, two", "{encoding:?}");
    }
    let mut skipped = vec![0x51, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3];
    skipped.extend(zstd(b"after what is skipped"));
    assert_eq!(read(&skipped).unwrap(), b"after what is skipped");
}

#[test]
fn a_truncated_stream_is_reported() {
    let plain = plain();
    for (encoding, encode) in ENCODERS {
        let bytes = encode(&plain);
        for length in [7, 20, bytes.len() / 2, bytes.len() - 5, bytes.len() - 1] {
            let error = read(&bytes[..length]).unwrap_err();
            assert_eq!(
                error.kind(),
                io::ErrorKind::UnexpectedEof,
                "{encoding:?} {length}"
            );
            let said = error.to_string();
            assert!(
                said.ends_with("stream ends early: it is truncated"),
                "{said}"
            );
        }
    }
}

#[test]
fn a_damaged_stream_is_an_error() {
    let plain = plain();
    for (encoding, encode) in ENCODERS {
        let mut bytes = encode(&plain);
        let middle = bytes.len() / 2;
        for byte in &mut bytes[middle..middle + 16] {
            *byte ^= 0x5a;
        }
        assert!(read(&bytes).is_err(), "{encoding:?}");
    }
}

#[test]
fn an_error_of_the_input_is_returned() {
    struct Broken<'a>(&'a [u8]);
    impl Read for Broken<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            match self.0.read(buffer)? {
                0 => Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the cable")),
                count => Ok(count),
            }
        }
    }
    let plain = plain();
    for (encoding, encode) in ENCODERS {
        let bytes = encode(&plain);
        let mut reader = decoder(encoding, Broken(&bytes[..bytes.len() / 2])).unwrap();
        let error = reader.read_to_end(&mut Vec::new()).unwrap_err();
        assert_eq!(error.to_string(), "the cable", "{encoding:?}");
    }
}

#[test]
fn a_window_that_is_too_large_is_refused() {
    let mut encoder = zstd::stream::write::Encoder::new(Vec::new(), 1).unwrap();
    encoder.window_log(28).unwrap();
    encoder.write_all(b"small all the same").unwrap();
    let error = read(&encoder.finish().unwrap()).unwrap_err();
    assert!(
        error
            .to_string()
            .starts_with("the zstd stream can't be read: "),
        "{error}"
    );

    let mut options = lzma_rust2::XzOptions::with_preset(0);
    options.lzma_options.dict_size = 256 * 1024 * 1024;
    let encoder = lzma_rust2::XzWriter::new(Vec::new(), options).unwrap();
    let bytes = with_content(encoder);
    let error = read(&bytes).unwrap_err();
    assert!(
        error
            .to_string()
            .starts_with("the xz stream can't be read: "),
        "{error}"
    );
}

fn with_content(mut encoder: lzma_rust2::XzWriter<Vec<u8>>) -> Vec<u8> {
    encoder.write_all(b"small all the same").unwrap();
    encoder.finish().unwrap()
}
