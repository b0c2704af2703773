//! Reads the header of a program: its architecture, and whether it needs shared libraries.

/// The properties of a program.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Executable {
    /// The architecture in OCI's terms: `amd64`.
    pub(super) architecture: &'static str,
    /// Whether it runs without shared libraries.
    pub(super) is_static: bool,
}

/// The segment with the name of the dynamic loader.
const INTERPRETER: u32 = 3;

impl Executable {
    /// Parses the beginning of a file; `None` if it is not a known program for Linux.
    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
        let number = |at: usize, length: usize| -> Option<u64> {
            let bytes = bytes.get(at..at.checked_add(length)?)?;
            Some(
                bytes
                    .iter()
                    .rev()
                    .fold(0, |sum, byte| sum << 8 | u64::from(*byte)),
            )
        };
        // ELF, 64 bits, little-endian.
        if !bytes.starts_with(b"\x7fELF\x02\x01") {
            return None;
        }
        let architecture = match number(18, 2)? {
            0x3e => "amd64",
            0xb7 => "arm64",
            0xf3 => "riscv64",
            0x15 => "ppc64le",
            _ => return None,
        };
        let (table, size, count) = (number(32, 8)?, number(54, 2)?, number(56, 2)?);
        let mut is_static = true;
        for segment in 0..count {
            let at = table.checked_add(segment * size)?;
            let at = usize::try_from(at).ok()?;
            // The entry must be complete.
            bytes.get(at..at.checked_add(usize::try_from(size).ok()?)?)?;
            let kind = number(at, 4)?;
            is_static &= kind != u64::from(INTERPRETER);
        }
        Some(Self {
            architecture,
            is_static,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The head of a program with one segment of a kind.
    fn program(machine: u8, kind: u8) -> Vec<u8> {
        let mut bytes = vec![0; 64 + 56];
        bytes[..6].copy_from_slice(b"\x7fELF\x02\x01");
        bytes[18] = machine;
        bytes[32] = 64;
        bytes[54] = 56;
        bytes[56] = 1;
        bytes[64] = kind;
        bytes
    }

    #[test]
    fn machines_and_loaders() {
        for (machine, kind, architecture, is_static) in
            [(0x3e, 1, "amd64", true), (0xb7, 3, "arm64", false)]
        {
            let expected = Executable {
                architecture,
                is_static,
            };
            assert_eq!(Executable::read(&program(machine, kind)), Some(expected));
        }
        assert_eq!(Executable::read(b"#!/bin/sh\n"), None);
        assert_eq!(Executable::read(&program(2, 1)), None);
        for end in 0..120 {
            assert_eq!(Executable::read(&program(0x3e, 1)[..end]), None, "{end}");
        }
    }
}
