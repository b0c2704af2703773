//! The directory of registry:2 and 3 and of products built on them (Harbor, GitLab), which is also
//! the layout of `regctl serve`: `docker/registry/v2/{blobs,repositories}`.
//!
//! Each repository is an archive of its own, an OCI layout of its tags, so that memory does not
//! grow with the registry. Untagged manifests are left out.

use std::collections::{BTreeSet, HashSet};
use std::io;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::{Part, Problem, Survey, canonical, document, entries, file_within};
use crate::archive::documents::{ANNOTATION_NAME, INDEX, LAYOUT, LAYOUT_VERSION, blob_path};
use crate::oci::{Digest, ManifestView, MediaType};

/// The registry in names: with Docker Hub's, `library/app` would become `app`.
const HOST: &str = "localhost";
/// Maximum depth of nested repositories.
const DEPTH: usize = 32;
/// Maximum number of manifests in a repository.
const MANIFESTS: usize = 100_000;

/// Surveys the directory; `None` if it is of another kind.
pub(super) fn survey(root: &Path) -> io::Result<Option<Survey>> {
    let inner = "docker/registry/v2";
    let candidates = [root.join(inner), root.to_owned()];
    let is_one = |path: &PathBuf| path.join("repositories").is_dir() && path.join("blobs").is_dir();
    let Some(root) = candidates.into_iter().find(is_one) else {
        return Ok(None);
    };
    // Parts of it may be links to another disk.
    let root = canonical(&root)?;
    let mut survey = Survey {
        parts: Vec::new(),
        problems: Vec::new(),
    };
    walk(&root, "", DEPTH, &mut survey)?;
    Ok(Some(survey))
}

/// Surveys the repositories below a directory.
fn walk(root: &Path, name: &str, depth: usize, survey: &mut Survey) -> io::Result<()> {
    let here = root.join("repositories").join(name);
    if here.join("_manifests/tags").is_dir() {
        repository(root, name, survey)?;
    }
    let Some(depth) = depth.checked_sub(1) else {
        return Ok(());
    };
    for (child, is_dir) in entries(&here)? {
        if is_dir && !child.starts_with('_') {
            let name = if name.is_empty() {
                child
            } else {
                format!("{name}/{child}")
            };
            walk(root, &name, depth, survey)?;
        }
    }
    Ok(())
}

/// Adds the files that the tags of a repository need.
fn repository(root: &Path, name: &str, survey: &mut Survey) -> io::Result<()> {
    let tags = root.join("repositories").join(name).join("_manifests/tags");
    let mut part = Part {
        name: name.to_owned(),
        documents: Vec::new(),
        files: Vec::new(),
    };
    let mut blobs = Blobs {
        root,
        manifests: Vec::new(),
        seen: HashSet::new(),
        others: BTreeSet::new(),
    };
    let mut listed: Vec<Value> = Vec::new();
    for (tag, _) in entries(&tags)? {
        match blobs.tag(&tags.join(&tag).join("current/link")) {
            Ok((digest, media_type, size)) => listed.push(json!({
                "mediaType": media_type, "digest": digest, "size": size,
                "annotations": {ANNOTATION_NAME: format!("{HOST}/{name}:{tag}")},
            })),
            Err(reason) => survey.problems.push(Problem {
                name: format!("{name}:{tag}"),
                reason,
            }),
        }
    }
    if listed.is_empty() {
        return Ok(());
    }
    let index = json!({
        "schemaVersion": 2, "mediaType": MediaType::OCI_INDEX, "manifests": listed,
    });
    part.documents
        .push((LAYOUT.to_owned(), LAYOUT_VERSION.to_vec()));
    part.documents
        .push((INDEX.to_owned(), index.to_string().into_bytes()));
    let digests = blobs.manifests.iter().chain(&blobs.others);
    for digest in digests {
        // Missing files are reported when the image is assembled.
        if let Ok(file) = file_within(root, &data(root, digest)) {
            part.files.push((blob_path(digest), file));
        }
    }
    survey.parts.push(part);
    Ok(())
}

/// The path of a blob.
fn data(root: &Path, digest: &Digest) -> PathBuf {
    let hex = digest.hex();
    let algorithm = digest.algorithm().to_string();
    let directory = root.join("blobs").join(algorithm);
    directory.join(&hex[..2]).join(&hex).join("data")
}

/// The blobs that the tags of a repository reference.
struct Blobs<'a> {
    root: &'a Path,
    /// Manifests and indexes, in the order of discovery.
    manifests: Vec<Digest>,
    seen: HashSet<Digest>,
    /// Configurations and layers.
    others: BTreeSet<Digest>,
}

impl Blobs<'_> {
    /// The manifest that a tag's link names, with its type and its length.
    fn tag(&mut self, link: &Path) -> Result<(Digest, MediaType, usize), String> {
        let text = document(self.root, link).map_err(|reason| format!("its link {reason}"))?;
        let text = String::from_utf8_lossy(&text);
        let digest: Digest = text
            .trim()
            .parse()
            .map_err(|_| "its link is not a digest".to_owned())?;
        let bytes = document(self.root, &data(self.root, &digest))
            .map_err(|reason| format!("its manifest {digest} {reason}"))?;
        let view = ManifestView::parse(&bytes, None)
            .map_err(|error| format!("its manifest {digest} can't be used: {error}"))?;
        let (media_type, size) = (view.media_type.clone(), bytes.len());
        self.manifest(digest, &view);
        Ok((digest, media_type, size))
    }

    fn manifest(&mut self, digest: Digest, view: &ManifestView) {
        let mut next = vec![(digest, view.clone())];
        while let Some((digest, view)) = next.pop() {
            if self.manifests.len() >= MANIFESTS || !self.seen.insert(digest) {
                continue;
            }
            self.manifests.push(digest);
            self.others.extend(view.blobs().map(|blob| blob.digest));
            for child in &view.manifests {
                let bytes = document(self.root, &data(self.root, &child.digest)).ok();
                let child_view = bytes.and_then(|bytes| ManifestView::parse(&bytes, None).ok());
                next.extend(child_view.map(|view| (child.digest, view)));
            }
        }
    }
}
