//! The free space of a device.

use std::io;
use std::path::Path;

use rustix::fs::{statfs, statvfs};

/// ext2, ext3 and ext4.
const EXT: u32 = 0xef53;

/// The space of a device.
pub(super) struct Space {
    /// All of it, in bytes.
    pub(super) total: u64,
    /// What this process can still use, in bytes.
    pub(super) free: u64,
    /// Free inodes; `None` where the file system has no fixed number of them.
    pub(super) inodes: Option<u64>,
}

impl Space {
    /// The space of the device with a directory.
    pub(super) fn of(directory: &Path) -> io::Result<Self> {
        let found = statvfs(directory)?;
        let has_privilege = rustix::process::geteuid().is_root();
        let blocks = usable(
            kind(directory)?,
            has_privilege,
            found.f_bfree,
            found.f_bavail,
        );
        Ok(Self {
            total: found.f_blocks.saturating_mul(found.f_frsize),
            free: blocks.saturating_mul(found.f_frsize),
            inodes: (found.f_files > 0).then_some(found.f_ffree),
        })
    }
}

/// The blocks that a process can use. ext4 reserves blocks for root; on other file systems, such as
/// btrfs, nobody can use what is free but not available.
fn usable(kind: u32, has_privilege: bool, free: u64, available: u64) -> u64 {
    if has_privilege && kind == EXT {
        free
    } else {
        available
    }
}

/// The number of the kind of file system that has a directory.
pub(super) fn kind(directory: &Path) -> io::Result<u32> {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "these numbers have 32 bits on every system"
    )]
    let kind = statfs(directory)?.f_type as u32;
    Ok(kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_ext_has_blocks_for_root() {
        const BTRFS: u32 = 0x9123_683e;
        assert_eq!(usable(EXT, true, 9, 5), 9);
        assert_eq!(usable(EXT, false, 9, 5), 5);
        assert_eq!(usable(BTRFS, true, 9, 5), 5);
    }

    #[test]
    fn the_space_of_a_directory_is_known() {
        let space = Space::of(Path::new("/")).unwrap();
        assert!(space.free <= space.total && space.total > 0);
        assert!(Space::of(Path::new("/nowhere")).is_err());
    }
}
