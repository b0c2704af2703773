//! The file systems of a root: the one of its directory, those mounted below it, and those that its
//! directories link to.

#![expect(clippy::disallowed_methods, reason = "the store accesses files")]

use std::collections::{BTreeSet, HashSet};
use std::ffi::OsString;
use std::fs;
use std::os::unix::ffi::OsStringExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use parking_lot::Mutex;

/// The directory of the layout.
const LAYOUT: &str = "docker";
/// Directories that may be symbolic links to another file system, besides those that lists have
/// followed.
const UPPER: [&str; 9] = [
    "docker",
    "docker/registry",
    "docker/registry/v2",
    "docker/registry/v2/blobs",
    "docker/registry/v2/blobs/sha256",
    "docker/registry/v2/repositories",
    "regctl",
    "regctl/uploads",
    "regctl/staging",
];

/// The directory that ext4 makes at the top of a file system, which is not part of the layout.
pub(super) const LOST: &str = "lost+found";

/// Whether a directory is the top of a file system.
pub(super) fn is_mount_point(directory: &Path) -> bool {
    let device = |path: &Path| fs::metadata(path).map(|found| found.dev()).ok();
    device(directory) != device(&directory.join(".."))
}

/// The symbolic links to directories that lists have found.
#[derive(Debug, Default)]
pub(super) struct Links {
    followed: Mutex<BTreeSet<PathBuf>>,
    /// Those that lead back into the layout; each is logged once.
    aliases: Mutex<BTreeSet<PathBuf>>,
}

impl Links {
    /// Whether a symbolic link leads to a directory outside of the layout, such as a part of it on
    /// another disk. One that leads back into the layout would be a loop, or a second name for the
    /// same content.
    pub(super) fn follow(&self, root: &Path, link: &Path) -> bool {
        let layout = root.join(LAYOUT).canonicalize();
        let (Ok(target), Ok(layout)) = (link.canonicalize(), layout) else {
            return false;
        };
        let follows =
            target.is_dir() && !target.starts_with(&layout) && !layout.starts_with(&target);
        if follows {
            self.followed.lock().insert(link.to_owned());
        } else if target.is_dir() && self.aliases.lock().insert(link.to_owned()) {
            tracing::warn!(
                link = %link.display(),
                target = %target.display(),
                "a symbolic link within the layout is not followed: what it leads to is served only \
                 by its own name"
            );
        }
        follows
    }
}

/// Returns one directory on each file system of a root.
pub(super) fn file_systems(root: &Path, links: &Links) -> Vec<PathBuf> {
    let mut directories = vec![root.to_owned()];
    directories.extend(UPPER.iter().map(|name| root.join(name)));
    directories.extend(links.followed.lock().iter().cloned());
    let table = fs::read("/proc/self/mountinfo").unwrap_or_default();
    let mounted = mount_points(&table);
    let places: HashSet<PathBuf> = directories
        .iter()
        .filter_map(|directory| fs::canonicalize(directory).ok())
        .collect();
    directories.extend(
        mounted
            .into_iter()
            .filter(|point| places.iter().any(|place| point.starts_with(place))),
    );
    let mut devices = HashSet::new();
    directories.retain(|directory| {
        // The root is always in the list: if it is missing, the sync reports that error.
        fs::metadata(directory).map_or(directory == root, |found| {
            found.is_dir() && devices.insert(found.dev())
        })
    });
    directories
}

/// Parses the mount points of `/proc/self/mountinfo`: the fifth field of each line, in which spaces
/// and other separators are octal escapes.
fn mount_points(table: &[u8]) -> Vec<PathBuf> {
    table
        .split(|byte| *byte == b'\n')
        .filter_map(|line| line.split(|byte| *byte == b' ').nth(4))
        .map(|field| PathBuf::from(OsString::from_vec(unescaped(field))))
        .collect()
}

fn unescaped(field: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(field.len());
    let mut rest = field;
    while let Some((first, after)) = rest.split_first() {
        let digits = after.get(..3).filter(|_| *first == b'\\');
        let escaped = digits
            .and_then(|digits| std::str::from_utf8(digits).ok())
            .and_then(|digits| u8::from_str_radix(digits, 8).ok());
        if let Some(byte) = escaped {
            bytes.push(byte);
            rest = after.get(3..).unwrap_or_default();
        } else {
            bytes.push(*first);
            rest = after;
        }
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mount_points_are_read() {
        let table = b"22 1 8:1 / / rw - ext4 /dev/sda rw\n\
            30 22 0:5 /x /srv/my\\040data/docker rw,noatime shared:1 - xfs /dev/sdb rw\n\n";
        let expected = [PathBuf::from("/"), PathBuf::from("/srv/my data/docker")];
        assert_eq!(mount_points(table), expected);
        assert_eq!(unescaped(b"a\\134b\\"), b"a\\b\\");
    }

    #[test]
    fn the_top_of_a_file_system_is_known() {
        assert!(is_mount_point(Path::new("/proc")));
        let directory = tempfile::tempdir().unwrap();
        assert!(!is_mount_point(directory.path()));
    }

    #[test]
    fn every_file_system_of_a_root_is_found() {
        // Two file systems that every Linux system has.
        let Ok(elsewhere) = tempfile::tempdir_in("/dev/shm") else {
            return;
        };
        let directory = tempfile::tempdir().unwrap();
        let device = |path: &Path| fs::metadata(path).unwrap().dev();
        if device(elsewhere.path()) == device(directory.path()) {
            return;
        }
        for link in ["docker", "docker/registry/v2/blobs", "regctl/uploads"] {
            let root = directory.path().join(link.replace('/', "-"));
            let link = root.join(link);
            fs::create_dir_all(link.parent().unwrap()).unwrap();
            let links = Links::default();
            assert_eq!(file_systems(&root, &links), std::slice::from_ref(&root));
            std::os::unix::fs::symlink(elsewhere.path(), &link).unwrap();
            assert_eq!(file_systems(&root, &links), [root.clone(), link]);
        }
        // Deeper links count when a list has followed them.
        let root = directory.path().join("deep");
        let repositories = root.join("docker/registry/v2/repositories");
        fs::create_dir_all(&repositories).unwrap();
        let (link, links) = (repositories.join("team"), Links::default());
        std::os::unix::fs::symlink(elsewhere.path(), &link).unwrap();
        assert_eq!(file_systems(&root, &links), std::slice::from_ref(&root));
        assert!(links.follow(&root, &link));
        assert_eq!(file_systems(&root, &links), [root.clone(), link]);
        // One that leads back into the layout is not followed.
        let alias = repositories.join("alias");
        fs::create_dir(repositories.join("real")).unwrap();
        std::os::unix::fs::symlink("real", &alias).unwrap();
        assert!(!links.follow(&root, &alias));
        assert_eq!(*links.aliases.lock(), BTreeSet::from([alias]));
        // A root that is a symbolic link, and a missing root.
        let links = Links::default();
        let link = directory.path().join("link");
        std::os::unix::fs::symlink(elsewhere.path(), &link).unwrap();
        assert_eq!(file_systems(&link, &links), std::slice::from_ref(&link));
        let absent = directory.path().join("absent");
        assert_eq!(file_systems(&absent, &links), std::slice::from_ref(&absent));
    }
}
