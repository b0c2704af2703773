//! Extended headers, which describe the following member.

use crate::archive::Error;
use crate::archive::sparse::{MapBuilder, SparseMap};

/// The fields of extended headers for the following member.
#[derive(Default)]
pub(super) struct Extension {
    pub(super) path: Option<Vec<u8>>,
    pub(super) link: Option<Vec<u8>>,
    pub(super) size: Option<u64>,
    sparse: bool,
    maps_in_data: bool,
    real_size: Option<u64>,
    /// Offsets and lengths of the stored parts of a sparse file, alternating.
    numbers: Vec<u64>,
}

impl Extension {
    /// Reads PAX records: `length key=value\n`.
    pub(super) fn read(&mut self, mut records: &[u8]) -> Result<(), Error> {
        let malformed = || Error::NotAnArchive {
            reason: "one of its PAX headers is malformed".into(),
        };
        let mut real_name = None;
        while records.first().is_some_and(|byte| *byte != 0) {
            let space = records.iter().position(|byte| *byte == b' ');
            let space = space.ok_or_else(malformed)?;
            let length = std::str::from_utf8(&records[..space]).ok();
            let length: usize = length.and_then(|text| text.parse().ok()).unwrap_or(0);
            let record = records.get(space + 1..length).ok_or_else(malformed)?;
            let record = record.strip_suffix(b"\n").ok_or_else(malformed)?;
            let equals = record.iter().position(|byte| *byte == b'=');
            let (key, value) = record.split_at(equals.ok_or_else(malformed)?);
            let value = &value[1..];
            match key {
                b"path" => self.path = Some(value.to_vec()),
                b"linkpath" => self.link = Some(value.to_vec()),
                b"size" => self.size = Some(number(value).ok_or_else(malformed)?),
                // tar made up the name in the header.
                b"GNU.sparse.name" => real_name = Some(value.to_vec()),
                b"GNU.sparse.major" => {
                    self.sparse = true;
                    self.maps_in_data = number(value) == Some(1);
                }
                b"GNU.sparse.size" | b"GNU.sparse.realsize" => {
                    self.sparse = true;
                    self.real_size = number(value);
                }
                b"GNU.sparse.offset" | b"GNU.sparse.numbytes" => {
                    self.numbers.push(number(value).ok_or_else(malformed)?);
                }
                b"GNU.sparse.map" => {
                    let numbers = value.split(|byte| *byte == b',');
                    let numbers: Option<Vec<u64>> = numbers.map(number).collect();
                    self.numbers = numbers.ok_or_else(malformed)?;
                }
                _ => {}
            }
            records = &records[length..];
        }
        self.path = real_name.or(self.path.take());
        Ok(())
    }

    /// Whether the member is a sparse file.
    pub(super) fn is_sparse(&self) -> bool {
        self.sparse
    }

    /// Whether the data begins with the sparse map (format 1.0).
    pub(super) fn maps_in_data(&self) -> bool {
        self.maps_in_data
    }

    /// Full size of a sparse file in bytes.
    pub(super) fn real_size(&self) -> Option<u64> {
        self.real_size
    }

    /// The sparse map, if the headers have it (formats 0.0 and 0.1).
    pub(super) fn map(&self) -> Option<SparseMap> {
        let mut map = MapBuilder::default();
        for number in &self.numbers {
            map.number(*number)?;
        }
        map.finish(self.real_size?)
    }
}

fn number(value: &[u8]) -> Option<u64> {
    std::str::from_utf8(value).ok()?.parse().ok()
}
