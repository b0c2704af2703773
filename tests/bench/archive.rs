//! Archives in the format of `docker save`, with files from /usr of this machine: plain layers that
//! compress like real ones.

use std::fs::{self, File};
use std::io::{BufReader, BufWriter, Seek as _, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};
use regctl::hash::Hasher;
use regctl::oci::{Algorithm, Digest};
use tar::{Builder, EntryType, Header};

/// The directories of the files.
const SOURCES: [&str; 4] = ["/usr/bin", "/usr/sbin", "/usr/lib", "/usr/share"];

/// Writes an archive of one image, with plain layers of about these sizes in bytes.
pub(crate) fn write(path: &Path, reference: &str, layers: &[u64]) -> Result<()> {
    let mut files = Vec::new();
    for source in SOURCES {
        gather(Path::new(source), &mut files)?;
    }
    ensure!(!files.is_empty(), "there are no files in {SOURCES:?}");
    let mut archive = Builder::new(BufWriter::new(File::create(path)?));
    let mut next = files.iter().cycle();
    let mut digests = Vec::new();
    for (number, size) in layers.iter().enumerate() {
        let (mut layer, digest) = layer(number, *size, &mut next)?;
        let length = layer.seek(std::io::SeekFrom::End(0))?;
        layer.rewind()?;
        let header = header(length);
        archive.append_data(&mut header.clone(), blob(&digest), BufReader::new(layer))?;
        digests.push(digest);
    }
    let diffs: Vec<String> = digests
        .iter()
        .map(|digest| format!("\"{digest}\""))
        .collect();
    let config = format!(
        r#"{{"architecture":"amd64","os":"linux","created":"2024-05-01T10:00:00Z","config":{{"Cmd":["/bin/sh"]}},"rootfs":{{"type":"layers","diff_ids":[{}]}}}}"#,
        diffs.join(",")
    );
    let config_digest = Hasher::digest(Algorithm::Sha256, config.as_bytes());
    document(&mut archive, &blob(&config_digest), &config)?;
    let names: Vec<String> = digests
        .iter()
        .map(|digest| format!("\"{}\"", blob(digest)))
        .collect();
    let manifest = format!(
        r#"[{{"Config":"{}","RepoTags":["{reference}"],"Layers":[{}]}}]"#,
        blob(&config_digest),
        names.join(",")
    );
    document(&mut archive, "manifest.json", &manifest)?;
    archive.into_inner()?.flush()?;
    Ok(())
}

/// A layer in an unnamed file, and its digest.
fn layer<'a>(
    number: usize,
    size: u64,
    files: &mut impl Iterator<Item = &'a (PathBuf, u64)>,
) -> Result<(File, Digest)> {
    let mut layer = Builder::new(Hashing {
        inner: BufWriter::new(tempfile::tempfile()?),
        hasher: Hasher::new(Algorithm::Sha256),
    });
    document(&mut layer, "number", &number.to_string())?;
    let mut taken = 0;
    while taken < size {
        let (path, length) = files.next().context("files go round")?;
        let Ok(file) = File::open(path) else {
            continue;
        };
        let name = path.strip_prefix("/")?;
        layer.append_data(&mut header(*length), name, file)?;
        taken += length;
    }
    let Hashing { inner, hasher } = layer.into_inner()?;
    Ok((inner.into_inner()?, hasher.finish()))
}

fn document<W: Write>(archive: &mut Builder<W>, name: &str, text: &str) -> Result<()> {
    let length = u64::try_from(text.len())?;
    archive.append_data(&mut header(length), name, text.as_bytes())?;
    Ok(())
}

fn header(size: u64) -> Header {
    let mut header = Header::new_gnu();
    header.set_entry_type(EntryType::Regular);
    header.set_size(size);
    header.set_mode(0o644);
    header
}

fn blob(digest: &Digest) -> String {
    format!("blobs/{}/{}", digest.algorithm(), digest.hex())
}

/// The regular files below a directory and their sizes, sorted by name.
fn gather(directory: &Path, files: &mut Vec<(PathBuf, u64)>) -> Result<()> {
    let Ok(entries) = fs::read_dir(directory) else {
        return Ok(());
    };
    let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    paths.sort();
    for path in paths {
        let metadata = path.symlink_metadata()?;
        if metadata.is_dir() {
            gather(&path, files)?;
        } else if metadata.is_file() && metadata.len() > 0 {
            files.push((path, metadata.len()));
        }
    }
    Ok(())
}

struct Hashing<W> {
    inner: W,
    hasher: Hasher,
}

impl<W: Write> Write for Hashing<W> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let taken = self.inner.write(bytes)?;
        self.hasher.update(&bytes[..taken]);
        Ok(taken)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.inner.flush()
    }
}
