//! Disk space set aside so that deletes, collections and starts work when the device is full.
//!
//! The reserve is a directory of empty-content files: their blocks and inodes are the reserved
//! space. When the device is nearly full, content must not be added, or the next push would use up what
//! is left. The reserve itself is released only for an operation that frees space, because other
//! programs can take the space that it leaves. It is made again when there is enough.

#![expect(clippy::disallowed_methods, reason = "the reserve consists of files")]

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use parking_lot::Mutex;
use rustix::fs::{FallocateFlags, fallocate};

use super::space::Space;

use super::ownership::{FILE, Ownership};

/// Number of files of a reserve, to reserve as many inodes.
const FILES: u64 = 16;
/// Maximum size, in bytes.
const MOST: u64 = 16 << 20;
/// On a small device, this fraction (one in so many) is reserved.
const PART: u64 = 16;
/// Content of the files on a file system that can't allocate space.
static ZEROS: [u8; 64 << 10] = [0; 64 << 10];

/// The reserve of one root.
#[derive(Debug)]
pub struct Reserve {
    directory: PathBuf,
    ownership: Ownership,
    /// Whether content may be added: the device is not nearly full.
    intact: AtomicBool,
    /// Locked while files are made or removed.
    changing: Mutex<()>,
}

/// The free space of a device.
struct FreeSpace {
    bytes: u64,
    /// `None` where the file system has no fixed number of inodes.
    inodes: Option<u64>,
    /// The size of a reserve on this device.
    size: u64,
}

impl FreeSpace {
    fn on(directory: &Path) -> io::Result<Self> {
        let found = Space::of(directory.parent().unwrap_or(directory))?;
        Ok(Self {
            bytes: found.free,
            inodes: found.inodes,
            size: (found.total / PART).min(MOST),
        })
    }

    /// Whether the next writes may fail for lack of space.
    fn is_short(&self) -> bool {
        self.bytes < self.size / 2 || self.inodes.is_some_and(|inodes| inodes < FILES / 2)
    }

    /// Whether a reserve can be made without using up the space.
    fn is_plenty(&self) -> bool {
        self.bytes >= self.size * 2 && self.inodes.is_none_or(|inodes| inodes >= FILES * 2)
    }
}

impl Reserve {
    /// The reserve in `<root>/regctl/reserve`: made if there is space for it.
    pub fn open(root: &Path) -> Self {
        let reserve = Self {
            directory: directory(root),
            ownership: Ownership::of_root(root),
            intact: AtomicBool::new(true),
            changing: Mutex::new(()),
        };
        reserve.watch();
        if reserve.is_intact() && !reserve.is_complete() {
            reserve.intact.store(false, Ordering::Relaxed);
            reserve.restore();
        }
        reserve
    }

    /// Whether content may be added.
    pub fn is_intact(&self) -> bool {
        self.intact.load(Ordering::Relaxed)
    }

    /// Refuses content from now on if the device is nearly full.
    pub fn watch(&self) {
        if self.is_intact() && self.is_short() {
            self.refuse_content();
        }
    }

    /// Releases the reserve if the device is nearly full, or has refused a write. A used up quota is not
    /// seen in the space of the device.
    pub fn release_when_short(&self) {
        if !self.is_intact() || self.is_short() {
            self.release();
        }
    }

    fn is_short(&self) -> bool {
        FreeSpace::on(&self.directory).is_ok_and(|space| space.is_short())
    }

    /// Releases the reserve.
    pub fn release(&self) {
        let _changing = self.changing.lock();
        self.refuse_content();
        remove(&self.directory);
    }

    /// Releases half of the reserve.
    pub fn release_part(&self) {
        let _changing = self.changing.lock();
        self.refuse_content();
        for number in FILES / 2..FILES {
            let _ = fs::remove_file(self.file(number));
        }
    }

    /// Refuses content until there is space again.
    pub fn refuse_content(&self) {
        if self.intact.swap(false, Ordering::Relaxed) {
            tracing::warn!(
                reserve = %self.directory.display(),
                "the device is nearly full: pushes are refused until there is space; hint: regctl gc \
                 --empty-trash deletes what nothing needs, or make the device larger"
            );
        }
    }

    /// Makes the reserve again if there is space for it. Returns whether content may be added.
    pub fn restore(&self) -> bool {
        if self.is_intact() {
            return true;
        }
        let _changing = self.changing.lock();
        let Ok(space) = FreeSpace::on(&self.directory) else {
            return self.is_intact();
        };
        if !space.is_plenty() {
            return self.is_intact();
        }
        // A used up quota is not seen in the space of the device.
        let made = if self.is_complete() {
            self.probe()
        } else {
            // A partial reserve is useless.
            self.make(space.size)
                .inspect_err(|_| remove(&self.directory))
        };
        if let Err(error) = made {
            tracing::debug!(%error, "the reserve could not be made");
            return self.is_intact();
        }
        self.intact.store(true, Ordering::Relaxed);
        true
    }

    /// Tries a durable write. Returns the error of the system, which distinguishes a full device, a
    /// used up quota, a read-only mount and a failing device.
    pub fn probe(&self) -> io::Result<()> {
        let parent = self.directory.parent().unwrap_or(&self.directory);
        let path = parent.join(format!("probe.{}.tmp", uuid::Uuid::new_v4()));
        let opened = self.ownership.create_new(&path, FILE);
        let written = opened.and_then(|mut file| {
            file.write_all(&ZEROS)?;
            file.sync_all()
        });
        // The error of the write is the one to report.
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
        self.ownership.create_dir_all(&self.directory)?;
        for number in 0..FILES {
            let mut options = OpenOptions::new();
            options.write(true).truncate(true);
            let mut file = self
                .ownership
                .open_or_create(&self.file(number), &options)?;
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

/// Removes the files of a reserve. The directory stays, as it may be needed soon.
fn remove(directory: &Path) {
    for number in 0..FILES {
        // A file that can't be removed only frees less space.
        let _ = fs::remove_file(directory.join(format!("{number:02}")));
    }
}

/// Releases the reserve of a root before the root is opened, which needs space.
pub(super) fn release_unopened(root: &Path) {
    remove(&directory(root));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reserve_is_made_released_and_made_again() {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir(root.path().join("regctl")).unwrap();
        let reserve = Reserve::open(root.path());
        assert!(reserve.is_intact() && reserve.is_complete());
        reserve.release();
        assert!(!reserve.is_intact() && !reserve.is_complete());
        assert!(reserve.restore() && reserve.is_complete());
        reserve.release_part();
        assert!(!reserve.is_intact() && reserve.file(0).exists());
        assert!(reserve.restore() && reserve.is_complete());
        assert!(Reserve::open(root.path()).is_intact());
    }

    #[test]
    fn a_probe_leaves_nothing_and_reports_the_error() {
        let root = tempfile::tempdir().unwrap();
        let reserve = Reserve::open(root.path());
        assert_eq!(reserve.probe().unwrap_err().kind(), io::ErrorKind::NotFound);
        fs::create_dir_all(root.path().join("regctl")).unwrap();
        reserve.probe().unwrap();
        assert_eq!(fs::read_dir(root.path().join("regctl")).unwrap().count(), 0);
    }
}
