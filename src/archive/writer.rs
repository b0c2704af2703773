//! Writes a tar file, member after member, to a stream without seeking.
//!
//! Everything that could differ between two runs is fixed: times, owners and modes. The size of a
//! member is declared before its bytes; more bytes are refused, fewer are an error at its end.

use std::io::{self, BufWriter, Write};

use tar::{EntryType, Header};

/// Block size of tar.
const RECORD: usize = 512;

/// Longer names need an additional member before the one that they name.
const NAME_LIMIT: usize = 100;

/// The name of the member with a long name.
const LONG_NAME: &str = "././@LongLink";

/// Writes an archive. It is incomplete without [`Writer::finish`].
pub struct Writer<W: Write> {
    output: BufWriter<W>,
    /// Bytes that the current member still needs.
    remaining: u64,
    /// Zeros after the current member.
    padding: usize,
}

impl<W: Write> Writer<W> {
    /// Begins an archive.
    pub fn new(output: W) -> Self {
        Self {
            output: BufWriter::new(output),
            remaining: 0,
            padding: 0,
        }
    }

    /// Writes a small member.
    pub fn document(&mut self, name: &str, bytes: &[u8]) -> io::Result<()> {
        self.begin(name, bytes.len() as u64)?;
        self.bytes(bytes)?;
        self.end()
    }

    /// Begins a member of a known size; its bytes follow in any number of writes.
    pub fn begin(&mut self, name: &str, size: u64) -> io::Result<()> {
        if name.len() > NAME_LIMIT {
            let mut long = name.as_bytes().to_vec();
            long.push(0);
            self.header(LONG_NAME, EntryType::GNULongName, long.len() as u64)?;
            self.bytes(&long)?;
            self.end()?;
        }
        let short = name.get(..NAME_LIMIT).unwrap_or(name);
        self.header(short, EntryType::Regular, size)
    }

    fn header(&mut self, name: &str, kind: EntryType, size: u64) -> io::Result<()> {
        let mut header = Header::new_gnu();
        header.set_path(name)?;
        header.set_entry_type(kind);
        header.set_size(size);
        header.set_mode(0o644);
        header.set_uid(0);
        header.set_gid(0);
        header.set_mtime(0);
        header.set_cksum();
        self.remaining = size;
        let over = usize::try_from(size % RECORD as u64).unwrap_or_default();
        self.padding = (RECORD - over) % RECORD;
        self.output.write_all(header.as_bytes())
    }

    /// Writes bytes of the current member.
    pub fn bytes(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.remaining = self
            .remaining
            .checked_sub(bytes.len() as u64)
            .ok_or_else(|| {
                io::Error::new(io::ErrorKind::InvalidInput, "more bytes than declared")
            })?;
        self.output.write_all(bytes)
    }

    /// Ends the current member.
    pub fn end(&mut self) -> io::Result<()> {
        if self.remaining > 0 {
            let message = format!("{} bytes fewer than declared", self.remaining);
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, message));
        }
        self.output.write_all(&[0; RECORD][..self.padding])
    }

    /// Ends the archive and returns the output.
    pub fn finish(mut self) -> io::Result<W> {
        self.output.write_all(&[0; 2 * RECORD])?;
        self.output.flush()?;
        self.output
            .into_inner()
            .map_err(io::IntoInnerError::into_error)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use super::*;

    fn listing(bytes: &[u8]) -> Vec<String> {
        let mut archive = tar::Archive::new(bytes);
        let entries = archive.entries().unwrap().map(|entry| {
            let mut entry = entry.unwrap();
            let mut content = Vec::new();
            entry.read_to_end(&mut content).unwrap();
            let header = entry.header();
            format!(
                "{} {:o} {}:{} {} {} {}",
                entry.path().unwrap().display(),
                header.mode().unwrap(),
                header.uid().unwrap(),
                header.gid().unwrap(),
                header.mtime().unwrap(),
                header.size().unwrap(),
                String::from_utf8_lossy(&content),
            )
        });
        entries.collect()
    }

    #[test]
    fn members_are_reproducible() {
        let mut writer = Writer::new(Vec::new());
        writer.document("oci-layout", b"{}").unwrap();
        let long = format!("blobs/sha512/{}", "a".repeat(128));
        writer.begin(&long, 5).unwrap();
        writer.bytes(b"he").unwrap();
        writer.bytes(b"llo").unwrap();
        writer.end().unwrap();
        writer.document("empty", b"").unwrap();
        let bytes = writer.finish().unwrap();
        assert_eq!(bytes.len() % RECORD, 0);
        assert_eq!(
            listing(&bytes),
            [
                "oci-layout 644 0:0 0 2 {}".to_owned(),
                format!("{long} 644 0:0 0 5 hello"),
                "empty 644 0:0 0 0 ".to_owned(),
            ]
        );
    }

    #[test]
    fn a_member_has_its_declared_size() {
        let mut writer = Writer::new(Vec::new());
        writer.begin("a", 3).unwrap();
        writer.bytes(b"ab").unwrap();
        assert_eq!(
            writer.end().unwrap_err().kind(),
            io::ErrorKind::UnexpectedEof
        );
        assert!(writer.bytes(b"cd").is_err());
    }

    #[test]
    fn a_size_may_exceed_eight_gibibytes() {
        let mut writer = Writer::new(Vec::new());
        let size = 9 << 30;
        writer.begin("large", size).unwrap();
        let bytes = writer.output.into_inner().unwrap();
        assert_eq!(Header::from_byte_slice(&bytes).entry_size().unwrap(), size);
    }
}
