//! Members of every kind, sizes beyond eight gibibytes, and bytes that are no archive.

use proptest::prelude::*;

use super::*;

/// Headers and in between as many zeros as nobody wants to hold.
struct Long {
    parts: Vec<(Vec<u8>, u64)>,
}

impl Read for Long {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while let Some((bytes, zeros)) = self.parts.first_mut() {
            if !bytes.is_empty() {
                let most = bytes.len().min(buffer.len());
                buffer[..most].copy_from_slice(&bytes[..most]);
                bytes.drain(..most);
                return Ok(most);
            }
            if *zeros > 0 {
                let most = usize::try_from(*zeros)
                    .unwrap_or(usize::MAX)
                    .min(buffer.len());
                buffer[..most].fill(0);
                *zeros -= most as u64;
                return Ok(most);
            }
            self.parts.remove(0);
        }
        Ok(0)
    }
}

impl Input for Long {
    fn pass(&mut self, mut bytes: u64) -> io::Result<()> {
        while bytes > 0 {
            let Some((held, zeros)) = self.parts.first_mut() else {
                return Err(ErrorKind::UnexpectedEof.into());
            };
            let some = usize::try_from(bytes).unwrap_or(usize::MAX).min(held.len());
            held.drain(..some);
            bytes -= some as u64;
            let more = bytes.min(*zeros);
            *zeros -= more;
            bytes -= more;
            if held.is_empty() && *zeros == 0 {
                self.parts.remove(0);
            }
        }
        Ok(())
    }
}

fn header(kind: EntryType, name: &str, size: u64) -> Vec<u8> {
    let mut header = Header::new_gnu();
    header.as_gnu_mut().unwrap().name[..name.len()].copy_from_slice(name.as_bytes());
    header.set_entry_type(kind);
    header.set_size(size);
    header.set_cksum();
    header.as_bytes().to_vec()
}

fn padded(mut bytes: Vec<u8>) -> Vec<u8> {
    bytes.resize(bytes.len().next_multiple_of(512), 0);
    bytes
}

#[test]
fn nine_gibibytes_either_way_they_are_written() {
    let size = 9 << 30;
    let records = format!("20 size={size}\n");
    let records = format!("{} size={size}\n", records.len());
    assert_eq!(records.len().to_string(), records[..2]);
    let mut extended = header(EntryType::XHeader, "pax", records.len() as u64);
    extended.extend(padded(records.into_bytes()));
    extended.extend(header(EntryType::Regular, "b", 0));
    let mut members = Members::new(Long {
        parts: vec![
            (header(EntryType::Regular, "a", size), size),
            (extended, size),
            (header(EntryType::Regular, "c", 1), 512 + 1024),
        ],
    });
    let mut sizes = Vec::new();
    while let Some(member) = members.next().unwrap() {
        sizes.push((member.name, member.size));
    }
    let expected = [("a", size), ("b", size), ("c", 1)];
    assert_eq!(sizes, expected.map(|(name, size)| (name.to_owned(), size)));
    assert!(members.ended());
}

#[test]
fn old_and_new_checksums() {
    let mut block = header(EntryType::Regular, "é", 5);
    assert!(is_header(&block));
    block[300] ^= 1;
    assert!(!is_header(&block));
    assert!(!is_header(&[0; 512]) && !is_header(b"short"));
}

#[test]
fn files_with_holes_are_told() {
    let mut members = Members::new(Long {
        parts: vec![(header(EntryType::GNUSparse, "holes", 512), 512 + 1024)],
    });
    assert_eq!(members.next().unwrap().unwrap().kind, Kind::Sparse);
    assert!(members.next().unwrap().is_none());
}

proptest! {
    /// Whatever comes, it ends, with members or with an error.
    #[test]
    fn no_bytes_make_it_panic(
        blocks in prop::collection::vec(
            (prop::collection::vec(any::<u8>(), 0..600), any::<u8>(), 0_u64..5000), 0..6,
        )
    ) {
        let mut bytes = Vec::new();
        for (noise, kind, size) in blocks {
            bytes.extend(header(EntryType::new(kind), "a/b", size));
            bytes.extend(noise);
        }
        let mut members = Members::new(Long { parts: vec![(bytes, 0)] });
        for _ in 0..100 {
            match members.next() {
                Ok(Some(_)) => {}
                Ok(None) | Err(_) => break,
            }
        }
    }

    #[test]
    fn no_pax_records_make_it_panic(records in prop::collection::vec(any::<u8>(), 0..100)) {
        let _ = Extension::default().read(&records);
    }

    #[test]
    fn what_the_tar_crate_writes_is_read(
        files in prop::collection::vec(("[a-z]{1,150}", prop::collection::vec(any::<u8>(), 0..2000)), 0..5)
    ) {
        let mut builder = tar::Builder::new(Vec::new());
        for (name, content) in &files {
            let mut header = Header::new_gnu();
            header.set_size(content.len() as u64);
            builder.append_data(&mut header, name, &content[..]).unwrap();
        }
        let bytes = builder.into_inner().unwrap();
        if files.is_empty() {
            return Ok(());
        }
        let mut members = Members::new(Long { parts: vec![(bytes, 0)] });
        for (name, content) in &files {
            let member = members.next().unwrap().unwrap();
            prop_assert_eq!(&member.name, name);
            let mut read = Vec::new();
            members.read_to_end(&mut read).unwrap();
            prop_assert_eq!(&read, content);
        }
        prop_assert!(members.next().unwrap().is_none());
    }
}
