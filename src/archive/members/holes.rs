//! The maps of sparse files in a tar stream.

use std::io::{self, ErrorKind};

use tar::Header;

use super::extension::Extension;
use super::{Input, Members, fill, padding};
use crate::archive::Error;
use crate::archive::sparse::{self, SparseMap};

impl<R: Input> Members<R> {
    /// The map of a sparse file in GNU's format; it may continue after the header.
    pub(super) fn gnu_map(&mut self, header: &Header, name: &str) -> Result<SparseMap, Error> {
        let (mut map, size) = sparse::of_header(header).ok_or_else(|| holes(name))?;
        let mut more = header.as_gnu().is_some_and(tar::GnuHeader::is_extended);
        while more {
            let mut block = tar::GnuExtSparseHeader::new();
            self.fill(block.as_mut_bytes())?;
            map.headers(&block.sparse).ok_or_else(|| holes(name))?;
            more = block.is_extended();
        }
        map.finish(size).ok_or_else(|| holes(name))
    }

    /// The map of a sparse file in one of the PAX formats; in the newest the data begins with it,
    /// which reduces the remaining data.
    pub(super) fn pax_map(
        &mut self,
        extension: &Extension,
        stored: &mut u64,
        name: &str,
    ) -> Result<SparseMap, Error> {
        if !extension.maps_in_data() {
            return extension.map().ok_or_else(|| holes(name));
        }
        let size = extension.real_size().ok_or_else(|| holes(name))?;
        let mut read = 0_u64;
        let map = sparse::of_lines(size, || {
            let mut number = 0_u64;
            loop {
                let mut byte = [0];
                if read >= *stored || fill(&mut self.input, &mut byte)? == 0 {
                    return Err(ErrorKind::UnexpectedEof.into());
                }
                read += 1;
                let invalid = || io::Error::from(ErrorKind::InvalidData);
                match byte[0] {
                    b'\n' => return Ok(number),
                    digit @ b'0'..=b'9' => {
                        let digit = u64::from(digit - b'0');
                        let longer = number.checked_mul(10);
                        let longer = longer.and_then(|number| number.checked_add(digit));
                        number = longer.ok_or_else(invalid)?;
                    }
                    _ => return Err(invalid()),
                }
            }
        });
        let map = map.map_err(|error| match error.kind() {
            ErrorKind::InvalidData | ErrorKind::UnexpectedEof => holes(name),
            _ => Error::Read(error),
        })?;
        let rest = padding(read);
        self.input.skip(rest).map_err(|error| self.broken(error))?;
        self.position += read + rest;
        *stored = stored.checked_sub(read + rest).ok_or_else(|| holes(name))?;
        Ok(map)
    }
}

pub(super) fn holes(name: &str) -> Error {
    Error::NotAnArchive {
        reason: format!("the map of the holes in its member {name:?} can't be used"),
    }
}
