//! Room kept back on the device, so that deletes, collections and starts work when it is full.
//!
//! The reserve is a directory of files that hold nothing: their blocks and their inodes are what is
//! kept. It is released when the device is nearly full, and made again when there is room. Who adds
//! content has to wait while it is released, or the room would go to the next push.

#![expect(clippy::disallowed_methods, reason = "the reserve consists of files")]

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use parking_lot::Mutex;
use rustix::fs::{FallocateFlags, StatVfs, fallocate, statvfs};

/// Files of a reserve: as many inodes are kept.
const FILES: u64 = 16;
/// The most that is kept, in bytes.
const MOST: u64 = 16 << 20;
/// The part of a small device that is kept: one of so many.
const PART: u64 = 16;
/// Bytes that are written where a file system can't allocate them.
static ZEROS: [u8; 64 << 10] = [0; 64 << 10];

/// The reserve of one root.
#[derive(Debug)]
pub struct Reserve {
    directory: PathBuf,
    /// Whether there is nothing to wait for: it is made, or the device can't have one.
    held: AtomicBool,
    /// Held while files come or go.
    changing: Mutex<()>,
}

/// What is free on a device.
struct Room {
    bytes: u64,
    /// `None` where the file system has no fixed number of inodes.
    inodes: Option<u64>,
    /// What a reserve on this device has.
    size: u64,
}

impl Room {
    fn on(directory: &Path) -> io::Result<Self> {
        let found: StatVfs = statvfs(directory.parent().unwrap_or(directory))?;
        let blocks = if rustix::process::geteuid().is_root() {
            found.f_bfree
        } else {
            found.f_bavail
        };
        Ok(Self {
            bytes: blocks.saturating_mul(found.f_frsize),
            inodes: (found.f_files > 0).then_some(found.f_ffree),
            size: (found.f_blocks.saturating_mul(found.f_frsize) / PART).min(MOST),
        })
    }

    /// Whether the next writes may fail.
    fn is_short(&self) -> bool {
        self.bytes < self.size / 2 || self.inodes.is_some_and(|inodes| inodes < FILES / 2)
    }

    /// Whether a reserve can be made without running short.
    fn is_plenty(&self) -> bool {
        self.bytes >= self.size * 2 && self.inodes.is_none_or(|inodes| inodes >= FILES * 2)
    }
}

impl Reserve {
    /// The reserve in `<root>/regctl/reserve`: made if there is room for it, released if the device
    /// is nearly full.
    pub fn open(root: &Path) -> Self {
        let reserve = Self {
            directory: directory(root),
            held: AtomicBool::new(true),
            changing: Mutex::new(()),
        };
        reserve.release_when_short();
        if reserve.is_held() && !reserve.is_complete() {
            reserve.held.store(false, Ordering::Relaxed);
            reserve.restore();
        }
        reserve
    }

    /// Whether content may be added.
    pub fn is_held(&self) -> bool {
        self.held.load(Ordering::Relaxed)
    }

    /// Releases the reserve if the device is nearly full.
    pub fn release_when_short(&self) {
        if self.is_held() && Room::on(&self.directory).is_ok_and(|room| room.is_short()) {
            self.release();
        }
    }

    /// Releases the reserve.
    pub fn release(&self) {
        let _changing = self.changing.lock();
        if self.held.swap(false, Ordering::Relaxed) {
            tracing::warn!(
                reserve = %self.directory.display(),
                "the device is nearly full: pushes are refused until there is room; hint: regctl gc \
                 --empty-trash deletes what nothing needs, or make the device larger"
            );
        }
        remove(&self.directory);
    }

    /// Makes the reserve again if there is room for it. Returns whether content may be added.
    pub fn restore(&self) -> bool {
        if self.is_held() {
            return true;
        }
        let _changing = self.changing.lock();
        let Ok(room) = Room::on(&self.directory) else {
            return self.is_held();
        };
        if !room.is_plenty() {
            return self.is_held();
        }
        if let Err(error) = self.make(room.size) {
            // Half a reserve keeps nothing for anybody.
            remove(&self.directory);
            tracing::debug!(%error, "the reserve could not be made");
            return self.is_held();
        }
        self.held.store(true, Ordering::Relaxed);
        true
    }

    /// Tries a durable write: the error of the system, if there is one. It tells a full device, a
    /// used up quota, a read-only mount and a failing device from each other.
    pub fn probe(&self) -> io::Result<()> {
        let parent = self.directory.parent().unwrap_or(&self.directory);
        let path = parent.join(format!("probe.{}.tmp", uuid::Uuid::new_v4()));
        let written = OpenOptions::new()
            .write(true)
            .create_new(true)
            .open(&path)
            .and_then(|mut file| {
                file.write_all(&ZEROS)?;
                file.sync_all()
            });
        // The first error is the one that counts.
        let _ = fs::remove_file(&path);
        written
    }

    fn file(&self, number: u64) -> PathBuf {
        self.directory.join(format!("{number:02}"))
    }

    fn is_complete(&self) -> bool {
        (0..FILES).all(|number| self.file(number).exists())
    }

    fn make(&self, size: u64) -> io::Result<()> {
        fs::create_dir_all(&self.directory)?;
        for number in 0..FILES {
            let mut file = OpenOptions::new()
                .write(true)
                .create(true)
                .truncate(true)
                .open(self.file(number))?;
            let length = size / FILES;
            if length == 0 {
                continue;
            }
            match fallocate(&file, FallocateFlags::empty(), 0, length) {
                Ok(()) => {}
                Err(rustix::io::Errno::OPNOTSUPP) => {
                    let mut left = usize::try_from(length).unwrap_or(0);
                    while left > 0 {
                        let some = left.min(ZEROS.len());
                        file.write_all(&ZEROS[..some])?;
                        left -= some;
                    }
                }
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }
}

fn directory(root: &Path) -> PathBuf {
    root.join("regctl").join("reserve")
}

/// Removes the files of a reserve; the directory stays, since it may be needed at once.
fn remove(directory: &Path) {
    for number in 0..FILES {
        // What can't be removed is room that is not there; nothing else depends on it.
        let _ = fs::remove_file(directory.join(format!("{number:02}")));
    }
}

/// Releases the reserve of a root that nobody has opened yet, so that it can be.
pub(super) fn release_unopened(root: &Path) {
    remove(&directory(root));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_made_released_and_made_again() {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir(root.path().join("regctl")).unwrap();
        let reserve = Reserve::open(root.path());
        assert!(reserve.is_held() && reserve.is_complete());
        reserve.release();
        assert!(!reserve.is_held() && !reserve.is_complete());
        assert!(reserve.restore() && reserve.is_complete());
        assert!(Reserve::open(root.path()).is_held());
    }

    #[test]
    fn a_probe_leaves_nothing_and_tells_what_failed() {
        let root = tempfile::tempdir().unwrap();
        let reserve = Reserve::open(root.path());
        assert_eq!(reserve.probe().unwrap_err().kind(), io::ErrorKind::NotFound);
        fs::create_dir_all(root.path().join("regctl")).unwrap();
        reserve.probe().unwrap();
        assert_eq!(fs::read_dir(root.path().join("regctl")).unwrap().count(), 0);
    }
}
