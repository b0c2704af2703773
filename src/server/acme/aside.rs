//! Files that a temporary certificate replaces. Each may contain the only copy of a key, so that it is
//! kept beside the new one.

use std::io;
use std::path::{Path, PathBuf};

/// Maximum number of kept files.
const KEPT: usize = 10;

/// Renames a file to a name that is not in use. Beyond the maximum the oldest kept file is replaced.
pub(super) fn set_aside(path: &Path) -> io::Result<()> {
    let names: Vec<PathBuf> = (1..=KEPT).map(|number| numbered(path, number)).collect();
    let kept = match names.iter().find(|name| !name.exists()) {
        Some(free) => free,
        None => names
            .iter()
            .min_by_key(|name| modified_at(name))
            .ok_or(io::ErrorKind::NotFound)?,
    };
    let instead = if kept.exists() {
        ", instead of an older one that was there"
    } else {
        ""
    };
    std::fs::rename(path, kept)?;
    tracing::warn!(
        "the stored certificate and its key are kept in {}{instead}",
        kept.display()
    );
    Ok(())
}

/// `…-old.pem`, then `…-old-2.pem` and so on.
fn numbered(path: &Path, number: usize) -> PathBuf {
    let name = path.file_stem().unwrap_or_default().to_string_lossy();
    path.with_file_name(match number {
        1 => format!("{name}-old.pem"),
        number => format!("{name}-old-{number}.pem"),
    })
}

fn modified_at(path: &Path) -> Option<std::time::SystemTime> {
    path.metadata().and_then(|found| found.modified()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kept_key_is_not_overwritten_by_the_next() {
        let scratch = tempfile::tempdir().unwrap();
        let path = scratch.path().join("acme-certificate.pem");
        let read = |name: &str| std::fs::read_to_string(scratch.path().join(name)).ok();
        for number in 1..=KEPT {
            std::fs::write(&path, number.to_string()).unwrap();
            set_aside(&path).unwrap();
        }
        assert!(!path.exists());
        assert_eq!(read("acme-certificate-old.pem").as_deref(), Some("1"));
        assert_eq!(read("acme-certificate-old-10.pem").as_deref(), Some("10"));
        // The number of files has a limit: the oldest goes.
        let oldest = scratch.path().join("acme-certificate-old-3.pem");
        let oldest = std::fs::File::options().append(true).open(oldest).unwrap();
        oldest.set_modified(std::time::UNIX_EPOCH).unwrap();
        std::fs::write(&path, "11").unwrap();
        set_aside(&path).unwrap();
        assert_eq!(read("acme-certificate-old-3.pem").as_deref(), Some("11"));
        assert_eq!(std::fs::read_dir(scratch.path()).unwrap().count(), KEPT);
    }
}
