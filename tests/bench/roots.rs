//! Prepared roots in the layout of registry:2.
//!
//! Pushing 10,000 repositories through a registry takes minutes; the files are the same.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use regctl::oci::Digest;

use crate::image::{Content, Image};

/// A root being written.
pub(crate) struct Layout(PathBuf);

impl Layout {
    /// Creates the layout below the root of a server.
    pub(crate) fn new(root: &Path) -> Self {
        Self(root.join("docker/registry/v2"))
    }

    /// Writes the blobs of an image.
    pub(crate) fn blobs(&self, image: &Image) -> Result<()> {
        for Content { bytes, digest } in [&image.config, &image.layer, &image.manifest] {
            let hex = digest.hex();
            let directory = self.0.join("blobs/sha256").join(&hex[..2]).join(&hex);
            write(&directory, "data", bytes)?;
        }
        Ok(())
    }

    /// Adds an image, whose blobs exist, to a repository.
    pub(crate) fn image(&self, repository: &str, image: &Image) -> Result<()> {
        self.layers(repository, image)?;
        link(
            &self.repository(repository).join("_manifests/revisions"),
            &image.manifest.digest,
        )
    }

    /// Adds the blobs of an image to a repository that has lost its manifest.
    pub(crate) fn layers(&self, repository: &str, image: &Image) -> Result<()> {
        let repository = self.repository(repository);
        fs::create_dir_all(repository.join("_uploads"))?;
        link(&repository.join("_layers"), &image.config.digest)?;
        link(&repository.join("_layers"), &image.layer.digest)
    }

    /// Adds a tag of an image in the repository.
    pub(crate) fn tag(&self, repository: &str, tag: &str, image: &Image) -> Result<()> {
        let tag = self
            .repository(repository)
            .join("_manifests/tags")
            .join(tag);
        let digest = &image.manifest.digest;
        link(&tag.join("index"), digest)?;
        write(&tag.join("current"), "link", digest.to_string().as_bytes())
    }

    fn repository(&self, name: &str) -> PathBuf {
        self.0.join("repositories").join(name)
    }
}

fn link(directory: &Path, digest: &Digest) -> Result<()> {
    let directory = directory
        .join(digest.algorithm().as_str())
        .join(digest.hex());
    write(&directory, "link", digest.to_string().as_bytes())
}

fn write(directory: &Path, name: &str, bytes: &[u8]) -> Result<()> {
    fs::create_dir_all(directory)
        .and_then(|()| fs::write(directory.join(name), bytes))
        .with_context(|| format!("writing {name} in {}", directory.display()))
}
