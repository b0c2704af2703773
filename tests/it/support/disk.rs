//! The files of a root, to check that a refused request left nothing behind.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::Server;

/// Every file below a directory, with its length, by relative path.
pub(crate) fn files(root: &Path) -> BTreeMap<PathBuf, u64> {
    let mut found = BTreeMap::new();
    let mut directories = vec![root.to_path_buf()];
    while let Some(directory) = directories.pop() {
        // A directory may vanish during the walk, when an upload ends.
        let Ok(entries) = std::fs::read_dir(&directory) else {
            continue;
        };
        for entry in entries.flatten() {
            match entry.metadata() {
                Ok(metadata) if metadata.is_dir() => directories.push(entry.path()),
                Ok(metadata) => {
                    let path = entry.path();
                    let path = path.strip_prefix(root).unwrap_or(&path).to_path_buf();
                    found.insert(path, metadata.len());
                }
                Err(_) => {}
            }
        }
    }
    found
}

impl Server {
    /// `docker/registry/v2` under the root.
    pub(crate) fn layout(&self) -> PathBuf {
        self.root().join("docker/registry/v2")
    }

    /// The files of the layout, except open uploads.
    pub(crate) fn layout_files(&self) -> BTreeMap<PathBuf, u64> {
        let mut files = files(&self.layout());
        files.retain(|path, _| !is_upload(path));
        files
    }

    /// The upload sessions and staged bytes on disk: those of regctl outside of the layout, those of
    /// registry:2 in it.
    pub(crate) fn open_uploads(&self) -> Vec<String> {
        let mut ids: Vec<String> = files(&self.layout())
            .into_keys()
            .filter(|path| is_upload(path))
            .filter_map(|path| {
                let mut parts = path.iter().skip_while(|part| *part != "_uploads");
                parts.nth(1).map(|id| id.to_string_lossy().into_owned())
            })
            .collect();
        ids.dedup();
        for own in ["regctl/uploads", "regctl/staging"] {
            let names = files(&self.root().join(own)).into_keys();
            ids.extend(names.filter_map(|path| {
                let name = path.file_name()?.to_string_lossy().into_owned();
                Some(name.trim_start_matches('_').to_owned())
            }));
        }
        ids
    }

    /// Checks that `act` changes neither the layout nor the visible tags and repositories.
    #[track_caller]
    pub(crate) fn unchanged<T>(&self, act: impl FnOnce() -> T) -> T {
        let (files, catalog) = (self.layout_files(), self.catalog());
        let result = act();
        assert_eq!(self.layout_files(), files, "the layout changed");
        assert_eq!(self.catalog(), catalog, "the catalog changed");
        result
    }

    /// Every repository and its tags.
    #[track_caller]
    pub(crate) fn catalog(&self) -> BTreeMap<String, Vec<String>> {
        self.client()
            .pages("/v2/_catalog")
            .iter()
            .flat_map(|page| super::texts(&page["repositories"]))
            .map(|name| {
                let tags = self.remote(&name).tags();
                (name, tags)
            })
            .collect()
    }

    /// The file of a blob in the layout.
    pub(crate) fn blob_file(&self, digest: &regctl::oci::Digest) -> PathBuf {
        let hex = digest.hex();
        self.layout()
            .join("blobs/sha256")
            .join(&hex[..2])
            .join(&hex)
            .join("data")
    }
}

fn is_upload(path: &Path) -> bool {
    path.iter().any(|part| part == "_uploads")
}
