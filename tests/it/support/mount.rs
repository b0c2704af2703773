//! File systems in memory for tests: small ones that fill up, and ones that become read-only.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use super::tools::{attempt, have, is_root, run, skip};

/// A file system in memory; dropping it unmounts it.
pub(crate) struct Mount {
    directory: TempDir,
    path: PathBuf,
}

impl Mount {
    /// Mounts one with these options, such as `size=32m,nr_inodes=500`; `None` if mounting is not
    /// permitted.
    #[track_caller]
    pub(crate) fn new(options: &str) -> Option<Self> {
        if !have(&["mount", "umount"]) || !is_root() {
            return None;
        }
        let directory = tempfile::tempdir().expect("a temporary directory");
        let path = directory.path().join("device");
        fs::create_dir(&path).expect("a directory");
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", options, "tmpfs"]);
        let output = attempt(mount.arg(&path));
        if !output.success {
            skip(&format!("nothing can be mounted: {}", output.text));
            return None;
        }
        Some(Self { directory, path })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Remounts it read-only or writable.
    #[track_caller]
    pub(crate) fn read_only(&self, read_only: bool) {
        let options = if read_only {
            "remount,ro"
        } else {
            "remount,rw"
        };
        run(Command::new("mount").args(["-o", options]).arg(&self.path));
    }

    /// Uses up all free bytes.
    pub(crate) fn fill(&self) {
        let filler = self.path.join("filler");
        let file = File::options().append(true).create(true).open(filler);
        let mut file = file.expect("a file");
        for size in [1 << 20, 4096, 1] {
            while file.write_all(&vec![1; size]).is_ok() {}
        }
    }

    /// Uses up all free inodes.
    pub(crate) fn fill_inodes(&self) {
        let directory = self.path.join("fillers");
        let _ = fs::create_dir(&directory);
        for number in 0.. {
            match File::create(directory.join(format!("{number}"))) {
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::StorageFull => return,
                Err(error) => panic!("{error}"),
            }
        }
    }

    /// Frees what was used up.
    pub(crate) fn empty(&self) {
        let _ = fs::remove_file(self.path.join("filler"));
        let _ = fs::remove_dir_all(self.path.join("fillers"));
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.path).status();
        let _ = &self.directory;
    }
}
