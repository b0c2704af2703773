//! The owner of what root creates in the directories of another user.
//!
//! A command with sudo, or a server that was once started as root, must leave nothing behind that the
//! user of the root can't write later: what it creates gets the owner and the group of the directory
//! that it is created in. This directory stays open meanwhile, because its owner can replace paths:
//! nothing else is ever given away.

#![expect(clippy::disallowed_methods, reason = "what owns files accesses them")]

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::Path;

use rustix::fs::{Access, AtFlags, FileType, Gid, Mode, OFlags, Uid};
use rustix::thread::{CapabilitySet, capabilities};

use super::{Step, StoreError};

/// Where parts of a root may begin that belong to another user than the rest.
const PLACES: [&str; 4] = [
    "",
    "docker/registry/v2/blobs",
    "docker/registry/v2/repositories",
    "regctl",
];
/// Permissions of new directories and files, less the umask.
const DIRECTORY: u32 = 0o777;
pub(super) const FILE: u32 = 0o666;
/// Attempts to create a parent directory that another thread removes as empty.
const ATTEMPTS: usize = 5;

/// The owner of new files and directories.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ownership {
    /// The user of this process.
    Process,
    /// The owner of the directory of each.
    Directory,
}

impl Ownership {
    /// The owner of what is created below a root.
    pub fn of_root(root: &Path) -> Self {
        Self::of_any(PLACES.iter().map(|place| root.join(place)))
    }

    /// The owner of what is created at a path.
    pub fn at(path: &Path) -> Self {
        Self::of_any(path.parent())
    }

    fn of_any(paths: impl IntoIterator<Item = impl AsRef<Path>>) -> Self {
        if may_give_away() && paths.into_iter().any(|path| is_foreign(path.as_ref())) {
            Self::Directory
        } else {
            Self::Process
        }
    }

    /// Creates a file that does not exist yet, for reading and writing.
    pub fn create_new(self, path: &Path, mode: u32) -> io::Result<File> {
        if self == Self::Process {
            let mut options = OpenOptions::new();
            options.read(true).write(true).create_new(true).mode(mode);
            return options.open(path);
        }
        let (parent, name) = open_parent(path)?;
        let flags = OFlags::RDWR | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
        let file = rustix::fs::openat(&parent, name, flags, Mode::from_raw_mode(mode))?;
        give(&file, &parent);
        Ok(file.into())
    }

    /// Opens a file, and creates it if it does not exist.
    pub(super) fn open_or_create(self, path: &Path, options: &OpenOptions) -> io::Result<File> {
        if self == Self::Process {
            return options.clone().create(true).open(path);
        }
        match self.create_new(path, FILE) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => options.open(path),
            created => created,
        }
    }

    /// Creates a directory with its missing parents.
    pub fn create_dir_all(self, path: &Path) -> io::Result<()> {
        if self == Self::Process {
            return fs::create_dir_all(path);
        }
        if path.is_dir() {
            return Ok(());
        }
        if let Some(parent) = path.parent() {
            self.create_dir_all(or_here(parent))?;
        }
        match create_dir(path) {
            // Another thread was faster.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists && path.is_dir() => Ok(()),
            made => made,
        }
    }

    /// Runs `open`; if the parent directory is missing, creates it and runs `open` again.
    pub(super) fn with_parent<T>(
        self,
        path: &Path,
        open: impl Fn() -> io::Result<T>,
    ) -> io::Result<T> {
        let mut result = open();
        for _ in 0..ATTEMPTS {
            match (&result, path.parent()) {
                (Err(error), Some(parent)) if error.kind() == io::ErrorKind::NotFound => {
                    self.create_dir_all(parent)?;
                    result = open();
                }
                _ => break,
            }
        }
        result
    }

    /// Gives a socket that this process has bound to the owner of its directory.
    pub fn give_socket(self, path: &Path) -> io::Result<()> {
        if self == Self::Process {
            return Ok(());
        }
        let (parent, name) = open_parent(path)?;
        let flags = OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let socket = rustix::fs::openat(&parent, name, flags, Mode::empty())?;
        let found = rustix::fs::fstat(&socket)?;
        if FileType::from_raw_mode(found.st_mode) == FileType::Socket {
            let (owner, group) = owner_of(&parent)?;
            let itself = AtFlags::EMPTY_PATH;
            rustix::fs::chownat(&socket, "", Some(owner), Some(group), itself)?;
        }
        Ok(())
    }
}

/// Whether this process may give away what it has created, and write to it afterwards. Root in a
/// container may lack any of these rights.
fn may_give_away() -> bool {
    let needed = CapabilitySet::CHOWN | CapabilitySet::DAC_OVERRIDE | CapabilitySet::FOWNER;
    rustix::process::geteuid().is_root()
        && capabilities(None).is_ok_and(|sets| sets.effective.contains(needed))
}

/// Whether a path, or the part of it that exists, belongs to another user than root.
fn is_foreign(path: &Path) -> bool {
    let mut parts = path.ancestors().map(or_here);
    let existing = parts.find_map(|part| fs::metadata(part).ok());
    existing.is_some_and(|found| found.uid() != 0)
}

/// The parent of a relative path of one component is empty.
fn or_here(path: &Path) -> &Path {
    if path.as_os_str().is_empty() {
        Path::new(".")
    } else {
        path
    }
}

/// The open parent directory of a path, and the name in it.
fn open_parent(path: &Path) -> io::Result<(OwnedFd, &std::ffi::OsStr)> {
    let (Some(parent), Some(name)) = (path.parent(), path.file_name()) else {
        return Err(io::ErrorKind::InvalidInput.into());
    };
    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let parent = rustix::fs::open(or_here(parent), flags, Mode::empty())?;
    Ok((parent, name))
}

fn create_dir(path: &Path) -> io::Result<()> {
    let (parent, name) = open_parent(path)?;
    rustix::fs::mkdirat(&parent, name, Mode::from_raw_mode(DIRECTORY))?;
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    match rustix::fs::openat(&parent, name, flags, Mode::empty()) {
        Ok(made) => give(&made, &parent),
        // Another thread has removed it as empty.
        Err(rustix::io::Errno::NOENT) => {}
        Err(error) => return Err(error.into()),
    }
    Ok(())
}

/// Gives what was created in a directory to the owner of the directory. A file system that has no
/// owners, or does not let root change them, is left as it is.
fn give(created: &impl AsFd, directory: &OwnedFd) {
    let given = owner_of(directory)
        .and_then(|(owner, group)| Ok(rustix::fs::fchown(created, Some(owner), Some(group))?));
    if let Err(error) = given {
        tracing::debug!(%error, "a new file or directory could not be given to the owner of its directory");
    }
}

fn owner_of(directory: &OwnedFd) -> io::Result<(Uid, Gid)> {
    let found = rustix::fs::fstat(directory)?;
    Ok((Uid::from_raw(found.st_uid), Gid::from_raw(found.st_gid)))
}

/// The error of a step; if the step was refused because a directory belongs to another user, with this
/// directory.
pub(super) fn explained(error: StoreError, step: &Step, root: &Path) -> StoreError {
    let is_denied = matches!(
        &error,
        StoreError::System { source, .. } if source.kind() == io::ErrorKind::PermissionDenied
    );
    let keys = match step {
        _ if !is_denied => return error,
        Step::Place { from, to } => vec![to, from],
        Step::Put { key, .. }
        | Step::Note { key, .. }
        | Step::Remove { key }
        | Step::Prune { key }
        | Step::RemoveEmpty { key, .. }
        | Step::RemoveTree { key } => vec![key],
    };
    let found = keys.into_iter().find_map(|key| {
        let path = root.join(key);
        let (directory, owner) = closed_directory(&path, root)?;
        Some(StoreError::Foreign {
            key: key.clone(),
            directory: directory.display().to_string(),
            owner,
            user: rustix::process::geteuid().as_raw(),
        })
    });
    found.unwrap_or(error)
}

/// The directory of another user, and the user, that keeps this process from changing an entry: the
/// entry itself or the directory where it is, with those above it of the same kind.
fn closed_directory<'a>(path: &'a Path, root: &Path) -> Option<(&'a Path, u32)> {
    let own = rustix::process::geteuid().as_raw();
    let closed = |path: &'a Path| {
        let found = fs::metadata(path).ok()?;
        let wanted = Access::WRITE_OK | Access::EXEC_OK;
        let is_closed = found.uid() != own && rustix::fs::access(path, wanted).is_err();
        Some((path, found.uid())).filter(|_| is_closed && found.is_dir())
    };
    let mut above = path.ancestors().take_while(|part| part.starts_with(root));
    let itself = above.next()?;
    let mut above = above.skip_while(|part| fs::metadata(part).is_err());
    let parent = above.next();
    let first = closed(itself).or_else(|| closed(parent?))?;
    let higher = path.ancestors().skip_while(|part| *part != first.0).skip(1);
    let mut higher = higher.take_while(|part| part.starts_with(root));
    let mut last = first;
    while let Some(next) = higher.next().and_then(closed) {
        last = next;
    }
    Some(last)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{chown, symlink};
    use std::os::unix::net::UnixListener;

    use super::*;

    #[test]
    fn only_what_is_created_in_a_directory_of_another_user_is_given_away() {
        let place = tempfile::tempdir().unwrap();
        let root = place.path().join("root");
        let elsewhere = place.path().join("elsewhere");
        fs::create_dir(&root).unwrap();
        fs::create_dir(&elsewhere).unwrap();
        assert_eq!(Ownership::of_root(&root), Ownership::Process);
        if !may_give_away() {
            return;
        }
        let owner = |path: &Path| {
            let found = fs::symlink_metadata(path).unwrap();
            (found.uid(), found.gid())
        };
        chown(&root, Some(1234), Some(4321)).unwrap();
        let ownership = Ownership::of_root(&root);
        assert_eq!(ownership, Ownership::Directory);
        assert_eq!(Ownership::at(&root.join("a/b")), Ownership::Directory);
        assert_eq!(Ownership::at(&elsewhere.join("a")), Ownership::Process);

        let (deep, file) = (root.join("a/b"), root.join("a/b/file"));
        ownership.create_dir_all(&deep).unwrap();
        ownership.create_dir_all(&deep).unwrap();
        ownership.create_new(&file, FILE).unwrap();
        let again = ownership.create_new(&file, FILE).unwrap_err();
        assert_eq!(again.kind(), io::ErrorKind::AlreadyExists);
        let socket = root.join("socket");
        let _listener = UnixListener::bind(&socket).unwrap();
        ownership.give_socket(&socket).unwrap();
        for path in [root.join("a"), deep, file, socket] {
            assert_eq!(owner(&path), (1234, 4321), "{}", path.display());
        }

        // What the user has put there to be given more.
        symlink(&elsewhere, root.join("link")).unwrap();
        ownership.create_dir_all(&root.join("link/a/b")).unwrap();
        ownership.create_new(&root.join("link/file"), FILE).unwrap();
        fs::write(elsewhere.join("kept"), "").unwrap();
        fs::hard_link(elsewhere.join("kept"), root.join("kept")).unwrap();
        symlink(elsewhere.join("kept"), root.join("to-kept")).unwrap();
        let mut options = OpenOptions::new();
        options.write(true);
        for name in ["kept", "to-kept"] {
            ownership.give_socket(&root.join(name)).unwrap();
            ownership
                .open_or_create(&root.join(name), &options)
                .unwrap();
        }
        for path in ["a", "a/b", "file", "kept"] {
            assert_eq!(owner(&elsewhere.join(path)).0, 0, "{path}");
        }
    }
}
