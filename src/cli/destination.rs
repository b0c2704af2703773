//! The destination of binary output: a file that appears when it is complete, or stdout.
//!
//! A file is written under a temporary name in the same directory and renamed at the end; an
//! unfinished file is removed when it is dropped, also when a signal ends the command. A special
//! file, such as a named pipe, is written directly.

use std::fs::{File, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;

use super::exit::Usage;
use super::output::Printer;

/// The name for stdout among file names.
const STDOUT: &str = "-";

/// A file being written. Removed when it is dropped before [`Unfinished::keep`].
#[derive(Debug)]
struct Unfinished {
    partial: PathBuf,
    path: PathBuf,
    kept: bool,
}

/// The destination of the bytes.
#[derive(Debug)]
pub(super) struct Destination {
    unfinished: Option<Unfinished>,
    /// Its name for people.
    pub(super) name: String,
}

impl Destination {
    /// Opens the file of `--output`, or stdout, which must not be a terminal. `pipe` is an example
    /// of a command that reads the output.
    pub(super) fn open(
        output: Option<&Path>,
        printer: Printer,
        pipe: &str,
    ) -> anyhow::Result<(Self, File)> {
        let Some(path) = output.filter(|path| *path != Path::new(STDOUT)) else {
            let Some(stdout) = printer.stream()? else {
                return Err(Usage(format!(
                    "the output is not for a terminal; hint: -o FILE, or pipe it into {pipe}"
                ))
                .into());
            };
            let destination = Self {
                unfinished: None,
                name: "stdout".to_owned(),
            };
            return Ok((destination, stdout));
        };
        let name = path.display().to_string();
        let (unfinished, file) = create(path).with_context(|| format!("can't write {name}"))?;
        Ok((Self { unfinished, name }, file))
    }

    /// Makes a new file readable for its owner only, because of secrets in it.
    pub(super) fn restrict(&self, file: &File) -> anyhow::Result<()> {
        if self.unfinished.is_some() {
            let restricted = file.set_permissions(Permissions::from_mode(0o600));
            restricted.with_context(|| format!("restrict access to {}", self.name))?;
        }
        Ok(())
    }

    /// The directory of a new file.
    pub(super) fn directory(&self) -> Option<&Path> {
        let partial = self.unfinished.as_ref()?.partial.parent()?;
        let is_current = partial.as_os_str().is_empty();
        Some(if is_current { Path::new(".") } else { partial })
    }

    /// Completes the file by giving it its name.
    pub(super) fn keep(self) -> anyhow::Result<()> {
        match self.unfinished {
            Some(unfinished) => unfinished
                .keep()
                .with_context(|| format!("can't write {}", self.name)),
            None => Ok(()),
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "the user names the file")]
fn create(path: &Path) -> io::Result<(Option<Unfinished>, File)> {
    let path = match std::fs::metadata(path) {
        Ok(there) if there.is_file() => std::fs::canonicalize(path)?,
        // A directory reports its own error.
        Ok(_) => return Ok((None, File::options().write(true).open(path)?)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => path.to_owned(),
        Err(error) => return Err(error),
    };
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.partial", std::process::id()));
    let partial = path.with_file_name(name);
    let file = File::options()
        .write(true)
        .create_new(true)
        .open(&partial)?;
    let unfinished = Unfinished {
        partial,
        path,
        kept: false,
    };
    Ok((Some(unfinished), file))
}

#[expect(clippy::disallowed_methods, reason = "the user names the file")]
impl Unfinished {
    fn keep(mut self) -> io::Result<()> {
        std::fs::rename(&self.partial, &self.path)?;
        self.kept = true;
        Ok(())
    }
}

#[expect(clippy::disallowed_methods, reason = "the user names the file")]
impl Drop for Unfinished {
    fn drop(&mut self) {
        if !self.kept {
            // The file does no harm, and there is already an error to report.
            let _ = std::fs::remove_file(&self.partial);
        }
    }
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "tests look at the files")]
mod tests {
    use std::io::Write as _;

    use super::*;

    fn names(directory: &Path) -> Vec<String> {
        let entries = std::fs::read_dir(directory).unwrap();
        let name = |entry: io::Result<std::fs::DirEntry>| {
            entry.unwrap().file_name().into_string().unwrap()
        };
        entries.map(name).collect()
    }

    #[test]
    fn a_file_gets_its_name_when_it_is_complete() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("a.tar");
        std::fs::write(&path, "old").unwrap();
        let open = || Destination::open(Some(&path), Printer::default(), "tar t").unwrap();

        let (destination, mut file) = open();
        file.write_all(b"half").unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"old");
        drop(destination);
        assert_eq!(names(directory.path()), ["a.tar"]);

        let (destination, mut file) = open();
        file.write_all(b"new").unwrap();
        destination.keep().unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"new");
        assert_eq!(names(directory.path()), ["a.tar"]);
    }

    #[test]
    fn links_are_kept_and_special_files_are_written_to() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("a.tar");
        let link = directory.path().join("link");
        std::fs::write(&path, "old").unwrap();
        std::os::unix::fs::symlink("a.tar", &link).unwrap();
        let (destination, mut file) =
            Destination::open(Some(&link), Printer::default(), "tar t").unwrap();
        file.write_all(b"new").unwrap();
        destination.keep().unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"new");
        assert!(link.is_symlink());

        let null = Path::new("/dev/null");
        let (destination, mut file) =
            Destination::open(Some(null), Printer::default(), "tar t").unwrap();
        file.write_all(b"nothing").unwrap();
        destination.keep().unwrap();
        assert!(!null.is_file());

        for path in [directory.path(), &directory.path().join("absent/a.tar")] {
            let error = Destination::open(Some(path), Printer::default(), "tar t").unwrap_err();
            let message = format!("{error:#}");
            assert!(
                message.starts_with(&format!("can't write {}: ", path.display())),
                "{message}"
            );
        }
    }
}
