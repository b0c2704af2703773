//! The cache of earlier imports: the compressed blob of each layer, the repositories that have it,
//! and the contents of unmodified files.
//!
//! A file in the user's cache directory. It only gives hints: the computed digests and the
//! registry's answers decide. Invariants: bounded; replaced atomically; a damaged, unreadable or
//! unwritable file is treated as absent.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::unmodified::{self, Fingerprint, Part, UnmodifiedFile};
use crate::hash::Hasher;
use crate::oci::{Algorithm, Digest, Repository};

/// Maximum number of layers; the least recently used is evicted.
const LAYERS: usize = 4096;
/// Maximum number of repositories for a layer.
const PLACES: usize = 4;
/// Maximum size of the file in bytes.
const FILE_LIMIT: u64 = 16 * 1024 * 1024;

/// A layer and its compressed blob.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Known {
    /// The digest of the layer, uncompressed.
    pub(super) diff_id: Digest,
    /// Its compression; `kept` if it was not changed.
    pub(super) form: String,
    /// The digest of the blob.
    pub(super) digest: Digest,
    /// Bytes of the blob.
    pub(super) size: u64,
    /// The member and its size: for names without a digest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) member: Option<(String, u64)>,
    /// Registries and repositories that have it.
    pub(super) places: Vec<(String, Repository)>,
}

/// The content of the file.
#[derive(Default, Serialize, Deserialize)]
struct Saved {
    layers: Vec<Known>,
    files: Vec<UnmodifiedFile>,
}

/// The cache.
#[derive(Default)]
pub(super) struct ImportCache {
    path: Option<PathBuf>,
    saved: Saved,
    learned: Vec<Known>,
    found: Vec<UnmodifiedFile>,
    forgotten: Vec<Digest>,
}

impl ImportCache {
    /// Reads the cache; without a path it stays empty.
    pub(super) fn load(path: Option<PathBuf>) -> Self {
        let saved = path.as_deref().and_then(read).unwrap_or_default();
        Self {
            path,
            saved,
            ..Self::default()
        }
    }

    fn find(&self, is_it: impl Fn(&Known) -> bool) -> Option<Known> {
        let newest_first = self
            .learned
            .iter()
            .rev()
            .chain(self.saved.layers.iter().rev());
        newest_first.into_iter().find(|known| is_it(known)).cloned()
    }

    /// The blob of a layer in a form.
    pub(super) fn of_layer(&self, diff_id: &Digest, form: &str) -> Option<Known> {
        self.find(|known| known.diff_id == *diff_id && known.form == form)
    }

    /// The blob of a member, by name and size, in a form.
    pub(super) fn of_member(&self, name: &str, size: u64, form: &str) -> Option<Known> {
        self.find(|known| {
            let member = known.member.as_ref();
            known.form == form && member.is_some_and(|member| member.0 == name && member.1 == size)
        })
    }

    /// A blob by its digest.
    pub(super) fn of_blob(&self, digest: &Digest) -> Option<Known> {
        self.find(|known| known.digest == *digest)
    }

    /// The part of a file at an offset.
    pub(super) fn of_part(&self, file: &Fingerprint, offset: u64, size: u64) -> Option<Part> {
        unmodified::find(&self.saved.files, file, offset, size)
    }

    /// Records the contents of a file.
    pub(super) fn record_file(&mut self, found: UnmodifiedFile) {
        self.found.push(found);
    }

    /// Records a layer.
    pub(super) fn record(&mut self, known: Known) {
        self.learned.push(known);
    }

    /// Removes a layer after a wrong hint.
    pub(super) fn forget(&mut self, diff_id: Digest) {
        self.saved.layers.retain(|known| known.diff_id != diff_id);
        self.learned.retain(|known| known.diff_id != diff_id);
        self.forgotten.push(diff_id);
    }

    /// Merges the new entries into the file. An import does not fail if this fails.
    pub(super) fn save(&mut self) {
        let Some(path) = &self.path else {
            return;
        };
        if self.learned.is_empty() && self.forgotten.is_empty() && self.found.is_empty() {
            return;
        }
        let Saved {
            mut layers,
            mut files,
        } = read(path).unwrap_or_default();
        layers.retain(|known| !self.forgotten.contains(&known.diff_id));
        for known in self.learned.drain(..) {
            merge(&mut layers, known);
        }
        let surplus = layers.len().saturating_sub(LAYERS);
        layers.drain(..surplus);
        for found in self.found.drain(..) {
            unmodified::merge(&mut files, found);
        }
        let saved = Saved { layers, files };
        let _ = write(path, &saved);
        self.saved = saved;
    }
}

/// Moves a layer to the end, with its known repositories.
fn merge(layers: &mut Vec<Known>, mut new: Known) {
    let old = layers
        .iter()
        .position(|known| known.diff_id == new.diff_id && known.form == new.form);
    if let Some(old) = old {
        let old = layers.remove(old);
        if old.digest == new.digest {
            new.member = new.member.or(old.member);
            for place in old.places {
                if !new.places.contains(&place) {
                    new.places.push(place);
                }
            }
        }
    }
    new.places.truncate(PLACES);
    layers.push(new);
}

/// The format of the file: a digest, a line feed, and the JSON with this digest.
#[expect(
    clippy::disallowed_methods,
    reason = "a cache; an unreadable file counts as missing"
)]
fn read(path: &Path) -> Option<Saved> {
    if std::fs::metadata(path).ok()?.len() > FILE_LIMIT {
        return None;
    }
    let text = std::fs::read_to_string(path).ok()?;
    let (digest, json) = text.split_once('\n')?;
    if digest.parse() != Ok(Hasher::digest(Algorithm::Sha256, json.as_bytes())) {
        return None;
    }
    serde_json::from_str(json).ok()
}

#[expect(
    clippy::disallowed_methods,
    reason = "a cache; an unreadable file counts as missing"
)]
fn write(path: &Path, saved: &Saved) -> std::io::Result<()> {
    let directory = path.parent().unwrap_or(Path::new("."));
    std::fs::create_dir_all(directory)?;
    let json = serde_json::to_string(saved)?;
    let digest = Hasher::digest(Algorithm::Sha256, json.as_bytes());
    let new = path.with_extension(format!("{}.new", std::process::id()));
    let mut file = std::fs::File::create(&new)?;
    let written = write!(file, "{digest}\n{json}").and_then(|()| std::fs::rename(&new, path));
    if written.is_err() {
        let _ = std::fs::remove_file(&new);
    }
    written
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(number: usize, form: &str) -> Known {
        Known {
            diff_id: Hasher::digest(Algorithm::Sha256, number.to_string().as_bytes()),
            form: form.to_owned(),
            digest: Hasher::digest(Algorithm::Sha256, form.as_bytes()),
            size: 1,
            member: None,
            places: vec![(format!("host{number}"), "a/b".parse().unwrap())],
        }
    }

    #[test]
    fn recorded_layers_are_loaded_again() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("new/layers.json");
        let mut cache = ImportCache::load(Some(path.clone()));
        let one = known(1, "gzip-3");
        cache.record(one.clone());
        cache.save();
        let mut again = ImportCache::load(Some(path.clone()));
        assert_eq!(again.of_layer(&one.diff_id, "gzip-3"), Some(one.clone()));
        assert_eq!(again.of_layer(&one.diff_id, "gzip-6"), None);
        assert_eq!(again.of_blob(&one.digest), Some(one.clone()));
        let moved = Known {
            member: Some(("x/layer.tar".into(), 5)),
            places: vec![("other".into(), "c".parse().unwrap())],
            ..one.clone()
        };
        again.record(moved);
        again.save();
        let third = ImportCache::load(Some(path.clone()));
        let merged = third.of_member("x/layer.tar", 5, "gzip-3").unwrap();
        assert_eq!(merged.places.len(), 2);
        let mut third = third;
        third.forget(one.diff_id);
        third.save();
        assert_eq!(ImportCache::load(Some(path)).of_blob(&one.digest), None);
    }

    #[test]
    #[expect(clippy::disallowed_methods, reason = "it damages a file")]
    fn a_damaged_file_is_ignored() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("layers.json");
        let mut cache = ImportCache::load(Some(path.clone()));
        cache.record(known(1, "none"));
        cache.save();
        let text = std::fs::read_to_string(&path).unwrap();
        for damaged in [
            text.replace("\"size\":1", "\"size\":2"),
            text[..text.len() - 1].to_owned(),
            String::new(),
            "[]".into(),
        ] {
            std::fs::write(&path, damaged).unwrap();
            let mut cache = ImportCache::load(Some(path.clone()));
            assert!(cache.saved.layers.is_empty());
            cache.record(known(2, "none"));
            cache.save();
            assert_eq!(ImportCache::load(Some(path.clone())).saved.layers.len(), 1);
        }
    }

    #[test]
    fn it_is_bounded() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("layers.json");
        let mut cache = ImportCache::load(Some(path.clone()));
        for number in 0..LAYERS + 10 {
            cache.record(known(number, "kept"));
        }
        cache.save();
        let cache = ImportCache::load(Some(path));
        assert_eq!(cache.saved.layers.len(), LAYERS);
        assert!(cache.of_layer(&known(0, "").diff_id, "kept").is_none());
        assert!(cache.of_layer(&known(LAYERS, "").diff_id, "kept").is_some());
    }
}
