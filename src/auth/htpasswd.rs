//! An htpasswd file: names and bcrypt hashes, reloaded when the file changes.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use parking_lot::Mutex;

use super::password::is_bcrypt;
use crate::oci::{AccountName, AccountNameError};

/// The lines of a file: hashes by name.
type Lines = Arc<HashMap<String, String>>;

/// An htpasswd file.
#[derive(Debug)]
pub struct Htpasswd {
    path: PathBuf,
    read: Mutex<(Option<Stamp>, Lines)>,
}

/// Detects that a file has changed.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Stamp {
    modified: Option<SystemTime>,
    length: u64,
    inode: u64,
}

impl Htpasswd {
    /// Reads a file.
    pub fn open(path: &Path) -> std::io::Result<Self> {
        let stamp = stamp(path)?;
        let lines = read(path)?;
        Ok(Self {
            path: path.to_owned(),
            read: Mutex::new((Some(stamp), lines)),
        })
    }

    /// The current lines of the file. If it can't be read, the lines of the last read.
    pub(super) fn lines(&self) -> Lines {
        let mut last = self.read.lock();
        let now = stamp(&self.path);
        match now {
            Ok(now) if last.0.as_ref() == Some(&now) => {}
            Ok(now) => match read(&self.path) {
                Ok(lines) => {
                    let (path, accounts) = (self.path.display(), lines.len());
                    tracing::info!(%path, accounts, "the htpasswd file was reloaded");
                    *last = (Some(now), lines);
                }
                Err(error) => self.keep(&mut last.0, &error),
            },
            Err(error) => self.keep(&mut last.0, &error),
        }
        Arc::clone(&last.1)
    }

    fn keep(&self, stamp: &mut Option<Stamp>, error: &std::io::Error) {
        // Logged once: the stamp is removed until the file can be read.
        if stamp.take().is_some() {
            let path = self.path.display();
            tracing::error!(%path, %error, "the htpasswd file can't be read; its last content remains in use");
        }
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the error is given its path by the caller"
)]
fn stamp(path: &Path) -> std::io::Result<Stamp> {
    use std::os::unix::fs::MetadataExt;
    let metadata = std::fs::metadata(path)?;
    Ok(Stamp {
        modified: metadata.modified().ok(),
        length: metadata.len(),
        inode: metadata.ino(),
    })
}

#[expect(
    clippy::disallowed_methods,
    reason = "the error is given its path by the caller"
)]
fn read(path: &Path) -> std::io::Result<Lines> {
    Ok(Arc::new(parse(&std::fs::read_to_string(path)?)))
}

/// Parses lines `NAME:HASH`. Empty lines and comments are skipped. Hashes other than bcrypt are
/// skipped with a warning; registry:2 does not accept them either. So are names that are none of an
/// account.
pub fn parse(text: &str) -> HashMap<String, String> {
    let mut lines = HashMap::new();
    for (number, line) in (1..).zip(text.lines()) {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        match line.split_once(':') {
            Some((name, hash))
                if !name.is_empty() && is_bcrypt(hash) && name.parse::<AccountName>().is_err() =>
            {
                tracing::warn!(
                    line = number,
                    "the name in a line of the htpasswd file can't sign in: {}; hint: give this user \
                     another name",
                    AccountNameError
                );
            }
            Some((name, hash)) if !name.is_empty() && is_bcrypt(hash) => {
                lines.insert(name.to_owned(), hash.to_owned());
            }
            _ => tracing::warn!(
                line = number,
                "a line of the htpasswd file is not NAME:HASH with a bcrypt hash (htpasswd -B)"
            ),
        }
    }
    lines
}

#[cfg(test)]
#[allow(clippy::disallowed_methods, reason = "tests write the file")]
mod tests {
    use super::*;

    #[test]
    fn lines_of_files_in_the_field() {
        let text = "# comment\n\nalice:$2y$05$abc\r\nbob:$2a$10$def\nmd5:$apr1$x\nplain:secret\nnothing\n:x\njohn doe:$2y$05$abc\n_ci:$2y$05$abc\n";
        let mut names: Vec<_> = parse(text).into_keys().collect();
        names.sort();
        assert_eq!(names, ["_ci", "alice", "bob"]);
    }

    #[test]
    fn a_changed_file_is_reloaded_and_a_missing_one_stays_in_use() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("htpasswd");
        assert!(Htpasswd::open(&path).is_err());
        std::fs::write(&path, "alice:$2y$05$abc\n").unwrap();
        let file = Htpasswd::open(&path).unwrap();
        assert!(file.lines().contains_key("alice"));
        std::fs::write(&path, "alice:$2y$05$abc\nbob:$2y$05$abc\n").unwrap();
        assert!(file.lines().contains_key("bob"));
        std::fs::remove_file(&path).unwrap();
        assert!(file.lines().contains_key("bob"));
        std::fs::write(&path, "carol:$2y$05$abc\n").unwrap();
        assert_eq!(file.lines().len(), 1);
    }
}
