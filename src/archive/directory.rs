//! The data directories of registries as archives: of the first registry (docker-registry 0.x), and
//! of registry:2 and 3.
//!
//! Read-only; no registry may be serving the directory. A survey first lists what cannot be
//! imported; each part is then written as an archive that an import reads like any other.
//! Invariants: nothing outside of the directory is read, whatever its links say; a damaged image
//! does not stop the others.

mod distribution;
mod first;

use std::fs::File;
use std::io::{self, Read as _, Write};
use std::path::{Path, PathBuf};

use super::Writer;
use super::contents::HEAD;
use super::signs::TRANSPORT;

/// Bytes of one read.
const CHUNK: usize = 256 * 1024;
/// Maximum size of a document in bytes.
const DOCUMENT_LIMIT: u64 = 8 * 1024 * 1024;

/// Something in a directory that cannot be imported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The image or the file.
    pub name: String,
    /// What is wrong with it.
    pub reason: String,
}

/// The contents of a registry's directory.
pub struct Survey {
    /// The parts that can be imported, each an archive of its own.
    pub parts: Vec<Part>,
    /// The parts that cannot be imported.
    pub problems: Vec<Problem>,
}

/// A part of a directory, to be written as an archive.
pub struct Part {
    /// Its name in errors.
    pub name: String,
    documents: Vec<(String, Vec<u8>)>,
    /// Members and their files.
    files: Vec<(String, PathBuf)>,
}

/// Surveys a directory; `None` if it is not the directory of a registry. Blocks.
pub fn survey(directory: &Path) -> io::Result<Option<Survey>> {
    let root = canonical(directory)?;
    match first::survey(&root)? {
        Some(survey) => Ok(Some(survey)),
        None => distribution::survey(&root),
    }
}

/// How to import a directory that is not of a registry. Blocks.
pub fn other_way(directory: &Path) -> String {
    let shown = directory.display();
    let begins = head(&directory.join("version")).unwrap_or_default();
    if begins.starts_with(TRANSPORT) {
        return format!(
            "`skopeo copy --all dir:{shown} docker://REGISTRY/REPOSITORY:TAG` pushes what skopeo has \
             written there"
        );
    }
    let has = |name: &str| directory.join(name).is_file();
    if has("index.json") || has("manifest.json") {
        return format!("`tar -C {shown} -c . | regctl import -` imports an image's directory");
    }
    "that of a registry has docker/registry/v2 in it, an OCI layout has an index.json".to_owned()
}

impl Part {
    /// Writes the part as an archive. Blocks.
    pub fn write(&self, output: impl Write) -> io::Result<()> {
        let mut writer = Writer::new(output);
        for (name, bytes) in &self.documents {
            writer.document(name, bytes)?;
        }
        let mut buffer = vec![0; CHUNK];
        for (name, path) in &self.files {
            let failure = |error: io::Error| {
                io::Error::new(error.kind(), format!("{}: {error}", path.display()))
            };
            let mut file = open(path).map_err(failure)?;
            let size = file.metadata()?.len();
            writer.begin(name, size)?;
            let mut left = size;
            while left > 0 {
                let most = usize::try_from(left).map_or(CHUNK, |left| left.min(CHUNK));
                let read = file.read(&mut buffer[..most]).map_err(failure)?;
                if read == 0 {
                    return Err(failure(io::ErrorKind::UnexpectedEof.into()));
                }
                writer.bytes(&buffer[..read])?;
                left -= read as u64;
            }
            writer.end()?;
        }
        writer.finish().map(drop)
    }
}

#[expect(clippy::disallowed_methods, reason = "the user's own directory")]
fn open(path: &Path) -> io::Result<File> {
    File::open(path)
}

fn canonical(path: &Path) -> io::Result<PathBuf> {
    std::fs::canonicalize(path)
}

/// The entries of a directory by name, each with whether it is a directory (links are followed).
/// Empty if the directory does not exist.
#[expect(clippy::disallowed_methods, reason = "the user's own directory")]
fn entries(path: &Path) -> io::Result<Vec<(String, bool)>> {
    let read = match std::fs::read_dir(path) {
        Ok(read) => read,
        Err(error)
            if matches!(
                error.kind(),
                io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
            ) =>
        {
            return Ok(Vec::new());
        }
        Err(error) => return Err(error),
    };
    let mut entries = Vec::new();
    for entry in read {
        let entry = entry?;
        // A name that is not UTF-8 is not the name of an image.
        if let Ok(name) = entry.file_name().into_string() {
            entries.push((name, entry.path().is_dir()));
        }
    }
    entries.sort();
    Ok(entries)
}

/// Resolves a path within the directory, or returns the reason why it can't.
fn file_within(root: &Path, path: &Path) -> Result<PathBuf, String> {
    let real = canonical(path).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => "does not exist".to_owned(),
        _ => format!("can't be read: {error}"),
    })?;
    if !real.starts_with(root) {
        return Err("is a link that leads out of the directory".to_owned());
    }
    if !real.is_file() {
        return Err("is not a file".to_owned());
    }
    Ok(real)
}

/// Reads the beginning of a file, to classify it, or returns the reason why it can't.
fn head(path: &Path) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    let read = open(path).and_then(|file| file.take(HEAD as u64).read_to_end(&mut bytes));
    read.map_err(|error| format!("can't be read: {error}"))?;
    Ok(bytes)
}

/// Reads a small file, or returns the reason why it can't.
fn document(root: &Path, path: &Path) -> Result<Vec<u8>, String> {
    let path = file_within(root, path)?;
    let unreadable = |error: io::Error| format!("can't be read: {error}");
    let file = open(&path).map_err(unreadable)?;
    let mut bytes = Vec::new();
    let mut limited = file.take(DOCUMENT_LIMIT + 1);
    limited.read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() as u64 > DOCUMENT_LIMIT {
        return Err("is larger than 8 MiB".to_owned());
    }
    Ok(bytes)
}
