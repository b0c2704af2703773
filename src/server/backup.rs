//! A backup of what a root has beside the layout of registry:2: the index and the certificates.

use std::fs::{self, DirBuilder, File, Metadata};
use std::io::{self, BufWriter, ErrorKind, Write as _};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use tar::{EntryType, Header};

use super::admin::{ask_server, root_of};
use super::root::OWN;
use crate::admin::{Failure, FailureKind, IndexCopied, Operation, Reason};
use crate::config;
use crate::index::{self, Index};

/// The name of the index, below regctl's directory and in a backup.
const INDEX: &str = "index.db";
/// The directory of certificates and keys.
const TLS: &str = "tls";

/// A written backup.
#[derive(Debug)]
pub struct Backup {
    /// The root.
    pub root: PathBuf,
    /// Bytes of the index.
    pub index: u64,
    /// Number of files with certificates, keys and accounts of authorities.
    pub certificates: usize,
}

/// Writes a tar archive with the index and the certificates of a root, which a server may use in
/// the meantime. Its entries are relative to `<root>/regctl`. The index is first copied into a new
/// directory in `scratch`, or, by a server that has it alone, beside itself.
pub async fn backup(
    request: &config::Request,
    scratch: &Path,
    output: File,
) -> anyhow::Result<Backup> {
    let root = root_of(&config::load(request)?)?;
    let own = root.join(OWN);
    let index = own.join(INDEX);
    let owner = owner(&index)?;
    let copy = match copy_of_server(&root, &index).await? {
        Some(copy) => copy,
        None => IndexCopy::create(&index, scratch).await?,
    };
    let written = tokio::task::spawn_blocking(move || {
        let written = write(&own, &copy.index, &owner, output);
        drop(copy);
        written
    });
    let (index, certificates) = written.await?.context("can't write the archive")?;
    Ok(Backup {
        root,
        index,
        certificates,
    })
}

/// The metadata of the index, which names its owner. Opens the file, because SQLite does not say
/// that permission is missing.
#[expect(clippy::disallowed_methods, reason = "the index is not in the store")]
fn owner(index: &Path) -> Result<Metadata, Failure> {
    let shown = index.display();
    let opened = File::open(index).and_then(|file| file.metadata());
    opened.map_err(|error| match error.kind() {
        ErrorKind::NotFound => Failure::new(
            FailureKind::NotFound,
            Reason::Unknown,
            format!("there is no {shown}: regctl has not served this root"),
        ),
        ErrorKind::PermissionDenied => Failure::new(
            FailureKind::Denied,
            Reason::Unknown,
            format!("{shown}: {error}; hint: run it as the user that serves it, or with sudo"),
        ),
        _ => Failure::new(
            FailureKind::Error,
            Reason::Unknown,
            format!("{shown}: {error}"),
        ),
    })
}

/// The copy that a server makes which lets nobody else open its index; `None` if there is no such
/// server.
async fn copy_of_server(root: &Path, index: &Path) -> Result<Option<IndexCopy>, Failure> {
    if index::is_shared(index) {
        return Ok(None);
    }
    let Some(report) = ask_server(root, &Operation::CopyIndex).await else {
        return Ok(None);
    };
    let name = IndexCopied::try_from(report?)?.name;
    let name = Path::new(&name).file_name().unwrap_or_default();
    Ok(Some(IndexCopy {
        index: index.with_file_name(name),
        directory: None,
    }))
}

/// A copy of an index that only its owner can read, removed when it is dropped.
struct IndexCopy {
    index: PathBuf,
    /// The directory that was made for it.
    directory: Option<PathBuf>,
}

impl IndexCopy {
    /// Copies an index into a new directory.
    async fn create(index: &Path, within: &Path) -> anyhow::Result<Self> {
        let path = within.join(format!(".regctl-backup-{}", uuid::Uuid::new_v4()));
        let made = DirBuilder::new().mode(0o700).create(&path);
        made.with_context(|| format!("create {}", path.display()))?;
        let copy = Self {
            index: path.join(INDEX),
            directory: Some(path),
        };
        let to = copy.index.to_str();
        let to = to.with_context(|| format!("{} is not UTF-8", copy.index.display()))?;
        let copied = Index::copy(index, to).await;
        copied.with_context(|| format!("copy {}", index.display()))?;
        Ok(copy)
    }
}

#[expect(clippy::disallowed_methods, reason = "not in the store")]
impl Drop for IndexCopy {
    fn drop(&mut self) {
        let removed = match &self.directory {
            Some(directory) => fs::remove_dir_all(directory),
            None => fs::remove_file(&self.index),
        };
        if let Err(error) = removed {
            tracing::warn!(%error, path = %self.index.display(), "could not remove a temporary copy of the index");
        }
    }
}

/// Writes the archive. Returns the bytes of the index and the number of other files.
#[expect(clippy::disallowed_methods, reason = "none of these is in the store")]
fn write(own: &Path, copy: &Path, owner: &Metadata, output: File) -> io::Result<(u64, usize)> {
    let mut archive = tar::Builder::new(BufWriter::new(output));
    let index = File::open(copy)?;
    let bytes = index.metadata()?.len();
    let mut header = header(owner, bytes);
    header.set_mode(0o600);
    archive.append_data(&mut header, INDEX, index)?;
    let mut names = Vec::new();
    match fs::read_dir(own.join(TLS)) {
        Ok(entries) => {
            for entry in entries {
                names.push(Path::new(TLS).join(entry?.file_name()));
            }
        }
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    names.sort();
    let mut certificates = 0;
    for name in names {
        let path = own.join(&name);
        let metadata = match fs::symlink_metadata(&path) {
            // It was renamed since, by a renewal.
            Err(error) if error.kind() == ErrorKind::NotFound => continue,
            metadata => metadata?,
        };
        if !metadata.is_file() {
            continue;
        }
        let bytes = fs::read(&path)?;
        let mut header = self::header(&metadata, bytes.len() as u64);
        archive.append_data(&mut header, &name, bytes.as_slice())?;
        certificates += 1;
    }
    let mut output = archive.into_inner()?;
    output.flush()?;
    let output = output.get_ref();
    if output.metadata()?.is_file() {
        output.sync_all()?;
    }
    Ok((bytes, certificates))
}

/// The header of a regular file with the owner, mode and time of another.
fn header(metadata: &Metadata, size: u64) -> Header {
    let mut header = Header::new_gnu();
    header.set_metadata(metadata);
    header.set_entry_type(EntryType::Regular);
    header.set_size(size);
    header
}
