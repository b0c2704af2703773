//! The small files of the client: settings, credentials, certificates.
//!
//! All file access of the client, so that every error names its path. Invariant: a replaced file is
//! at every moment, including after a power cut, either the old or the new one.

#![expect(
    clippy::disallowed_methods,
    reason = "the files of docker and podman are not of a store"
)]

use std::io::{Read, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use super::Error;
use super::words::innermost;

/// Maximum size of a file; real ones are much smaller.
const FILE_LIMIT: u64 = 4 * 1024 * 1024;

/// The bytes of a file; `None` if it does not exist.
pub fn read_if_present(path: &Path) -> Result<Option<Vec<u8>>, Error> {
    let failed = |error: &std::io::Error| Error::Setup {
        what: path.display().to_string(),
        reason: innermost(error),
        hint: String::new(),
    };
    let file = match std::fs::File::open(path) {
        Ok(file) => file,
        Err(error)
            if matches!(
                error.kind(),
                std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory
            ) =>
        {
            return Ok(None);
        }
        Err(error) => return Err(failed(&error)),
    };
    let mut bytes = Vec::new();
    file.take(FILE_LIMIT)
        .read_to_end(&mut bytes)
        .map_err(|error| failed(&error))?;
    Ok(Some(bytes))
}

/// Replaces or creates a file that only its owner may read. A symbolic link is followed, and its
/// target is replaced.
pub(super) fn replace(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    let target = followed(path);
    try_replace(&target, bytes).map_err(|error| Error::Setup {
        what: target.display().to_string(),
        reason: innermost(&error),
        hint: String::new(),
    })
}

/// Maximum length of a chain of symbolic links.
const LINKS: usize = 16;

/// The final target of a path; it need not exist.
fn followed(path: &Path) -> PathBuf {
    let mut path = path.to_path_buf();
    for _ in 0..LINKS {
        let Ok(target) = std::fs::read_link(&path) else {
            break;
        };
        path = path.parent().unwrap_or(Path::new("")).join(target);
    }
    path
}

fn try_replace(target: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let directory = target.parent().unwrap_or(Path::new("/"));
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(directory)?;
    let fresh = directory.join(format!(".regctl-{}", uuid::Uuid::new_v4().simple()));
    let written = || {
        let mut file = std::fs::OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&fresh)?;
        // Keeps the owner: the user may be root only through sudo.
        if let Ok(before) = std::fs::metadata(target) {
            let _ = std::os::unix::fs::fchown(&file, Some(before.uid()), Some(before.gid()));
        }
        file.write_all(bytes)?;
        file.sync_all()?;
        std::fs::rename(&fresh, target)
    };
    let outcome = written();
    if outcome.is_err() {
        let _ = std::fs::remove_file(&fresh);
    }
    outcome
}

/// The files of a directory, sorted by name; empty if it can't be listed.
pub(super) fn list(directory: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(directory) else {
        return Vec::new();
    };
    let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    paths.sort();
    paths
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_symbolic_link_is_kept() {
        let directory = tempfile::tempdir().unwrap();
        let at = |name: &str| directory.path().join(name);
        std::os::unix::fs::symlink("deep/real", at("link")).unwrap();
        replace(&at("link"), b"1").unwrap();
        replace(&at("link"), b"2").unwrap();
        assert!(at("link").is_symlink());
        assert_eq!(read_if_present(&at("deep/real")).unwrap().unwrap(), b"2");
        assert_eq!(at("deep/real").metadata().unwrap().mode() & 0o777, 0o600);
        assert_eq!(at("deep").metadata().unwrap().mode() & 0o777, 0o700);
        assert_eq!(list(&at("deep")), [at("deep/real")]);
    }

    #[test]
    fn a_failure_leaves_nothing() {
        let directory = tempfile::tempdir().unwrap();
        std::fs::create_dir(directory.path().join("taken")).unwrap();
        let error = replace(&directory.path().join("taken"), b"1").unwrap_err();
        assert!(error.to_string().contains("taken"), "{error}");
        assert_eq!(list(directory.path()).len(), 1);
    }
}
