//! A directory in the layout of registry:2, written by hand.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::*;

/// Writes into the layout of a root like registry:2.
pub(super) struct Layout(PathBuf);

impl Layout {
    pub(super) fn of(root: &Root) -> Self {
        Self(root.directory.path().join("root/docker/registry/v2"))
    }

    pub(super) fn write(&self, path: &str, content: impl AsRef<[u8]>) {
        let path = self.0.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    }

    /// Removes a file or a directory.
    pub(super) fn remove(&self, path: &str) {
        let path = self.0.join(path);
        if path.is_dir() {
            std::fs::remove_dir_all(path).unwrap();
        } else {
            std::fs::remove_file(path).unwrap();
        }
    }

    /// Sets when a file was written, in seconds since 1970.
    pub(super) fn written(&self, path: &str, seconds: u64) {
        let file = std::fs::File::options().write(true).open(self.0.join(path));
        let time = std::time::UNIX_EPOCH + std::time::Duration::from_secs(seconds);
        file.unwrap().set_modified(time).unwrap();
    }

    pub(super) fn rename(&self, from: &str, to: &str) {
        std::fs::rename(self.0.join(from), self.0.join(to)).unwrap();
    }

    pub(super) fn blob(&self, content: &[u8]) -> Digest {
        let digest = sha256(content);
        self.write(&format!("{}/data", blob_directory(&digest)), content);
        digest
    }

    pub(super) fn layer(&self, name: &str, digest: &Digest, canonical: &Digest) {
        let path = format!(
            "repositories/{name}/_layers/{}/{}/link",
            digest.algorithm(),
            digest.hex()
        );
        self.write(&path, canonical.to_string());
    }

    pub(super) fn revision(&self, name: &str, digest: &Digest) {
        self.write(&revision_path(name, digest), digest.to_string());
    }

    pub(super) fn tag(&self, name: &str, tag: &str, digest: &Digest) {
        let directory = format!("repositories/{name}/_manifests/tags/{tag}");
        let text = digest.to_string();
        self.write(&format!("{directory}/current/link"), &text);
        let past = format!("{directory}/index/sha256/{}/link", digest.hex());
        self.write(&past, &text);
    }

    /// A manifest of an image of one blob, tagged.
    pub(super) fn image(&self, name: &str, tag: &str, content: &str) -> (Digest, Digest) {
        let blob = self.blob(content.as_bytes());
        self.layer(name, &blob, &blob);
        let manifest = self.blob(&image(&[blob]));
        self.revision(name, &manifest);
        self.tag(name, tag, &manifest);
        (manifest, blob)
    }

    /// Every file with its content.
    pub(super) fn files(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        let mut files = BTreeMap::new();
        collect(&self.0, &mut files);
        files
    }
}

fn collect(directory: &Path, files: &mut BTreeMap<PathBuf, Vec<u8>>) {
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, files);
        } else {
            files.insert(path.clone(), std::fs::read(&path).unwrap());
        }
    }
}

pub(super) fn blob_directory(digest: &Digest) -> String {
    let hex = digest.hex();
    format!("blobs/sha256/{}/{hex}", &hex[..2])
}

pub(super) fn revision_path(name: &str, digest: &Digest) -> String {
    let hex = digest.hex();
    format!("repositories/{name}/_manifests/revisions/sha256/{hex}/link")
}
