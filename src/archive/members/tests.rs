//! Members of every kind, sizes beyond eight gibibytes, and bytes that are not an archive.

use proptest::prelude::*;

use super::*;

/// Headers separated by more zeros than fit into memory.
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
    fn skip(&mut self, mut bytes: u64) -> io::Result<()> {
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

/// A file of 2000 bytes of which 512 are stored, from 1024 on.
#[test]
fn maps_of_files_with_holes() {
    let record = |key: &str, value: &str| {
        let rest = format!(" {key}={value}\n");
        let length = rest.len() + 2;
        assert_eq!(length.to_string().len(), 2);
        format!("{length}{rest}")
    };
    let old = {
        let mut header = Header::new_gnu();
        header.set_entry_type(EntryType::GNUSparse);
        header.set_path("holes").unwrap();
        header.set_size(512);
        let gnu = header.as_gnu_mut().unwrap();
        gnu.sparse[0].set_offset(1024);
        gnu.sparse[0].set_length(512);
        gnu.set_real_size(2000);
        header.set_cksum();
        header.as_bytes().to_vec()
    };
    let pax = |records: &[(&str, &str)], data: &str| {
        let records: String = records
            .iter()
            .map(|(key, value)| record(key, value))
            .collect();
        let size = if data.is_empty() { 512 } else { 1024 };
        [
            header(EntryType::XHeader, "x", records.len() as u64),
            padded(records.into_bytes()),
            header(EntryType::Regular, "GNUSparseFile.1/holes", size),
            padded(data.as_bytes().to_vec()),
        ]
        .concat()
    };
    let name = ("GNU.sparse.name", "holes");
    for (kind, head) in [
        ("GNU", old),
        (
            "0.0",
            pax(
                &[
                    ("path", "holes"),
                    ("GNU.sparse.size", "2000"),
                    ("GNU.sparse.numblocks", "1"),
                    ("GNU.sparse.offset", "1024"),
                    ("GNU.sparse.numbytes", "512"),
                ],
                "",
            ),
        ),
        (
            "0.1",
            pax(
                &[
                    name,
                    ("GNU.sparse.size", "2000"),
                    ("GNU.sparse.map", "1024,512"),
                ],
                "",
            ),
        ),
        (
            "1.0",
            pax(
                &[
                    ("GNU.sparse.major", "1"),
                    ("GNU.sparse.minor", "0"),
                    name,
                    ("GNU.sparse.realsize", "2000"),
                ],
                "1\n1024\n512\n",
            ),
        ),
    ] {
        let parts = vec![(head, 512), (Vec::new(), 1024)];
        let mut members = Members::new(Long { parts });
        let member = members.next().unwrap().unwrap();
        assert_eq!(member.name, "holes", "{kind}");
        let Kind::Sparse(map) = member.kind else {
            panic!("{kind}: {:?}", member.kind)
        };
        assert_eq!(
            (map.size, map.stored, member.size),
            (2000, 512, 512),
            "{kind}"
        );
        assert!(members.next().unwrap().is_none(), "{kind}");
    }
}

#[test]
fn broken_links_are_not_errors() {
    let mut label = header(EntryType::new(b'V'), "/backup", 0);
    let mut link = Header::new_gnu();
    link.set_entry_type(EntryType::Symlink);
    link.set_path("latest").unwrap();
    link.set_link_name("/var/lib/images/x.tar").unwrap();
    link.set_size(0);
    link.set_cksum();
    let mut own = Header::new_gnu();
    own.set_entry_type(EntryType::Link);
    own.set_path("manifest.json").unwrap();
    own.set_link_name("manifest.json").unwrap();
    own.set_size(0);
    own.set_cksum();
    label.extend(link.as_bytes());
    label.extend(own.as_bytes());
    let mut members = Members::new(Long {
        parts: vec![(label, 1024)],
    });
    let mut kinds = Vec::new();
    while let Some(member) = members.next().unwrap() {
        kinds.push(member.kind);
    }
    let expected = [
        Kind::Other,
        Kind::LinkOutside(PathError::Absolute),
        Kind::Other,
    ];
    assert_eq!(kinds, expected);
}

proptest! {
    /// Any input ends with members or with an error.
    #[test]
    fn never_panics_on_any_bytes(
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
    fn never_panics_on_any_pax_records(records in prop::collection::vec(any::<u8>(), 0..100)) {
        let _ = Extension::default().read(&records);
    }

    #[test]
    fn archives_of_the_tar_crate_are_read(
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
