//! The contents and the order of an archive, decided before the first byte is written.
//!
//! Each blob once, however many images share it; manifests and configurations before layers, so
//! that a reader of the stream can classify the bytes early.

use std::collections::{HashMap, HashSet};

use super::resolve::{Leaf, Resolved};
use super::{Document, Error, Exported, Format, Image, Omitted, Options, Plan};
use crate::archive::documents::{self, NamedImage, Runnable, blob_path, full_name};
use crate::client::{self, Client};
use crate::oci::{Descriptor, Digest, ManifestView, Platform, Repository};
use crate::transfer::progress::{Event, Listener};

/// A blob to fetch.
pub(super) struct Part {
    pub(super) client: Client,
    pub(super) repository: Repository,
    pub(super) digest: Digest,
    pub(super) size: u64,
}

/// Layers that the destination has, each with an image that contains it.
#[derive(Default)]
pub(super) struct Base {
    layers: HashMap<Digest, usize>,
    names: Vec<String>,
}

impl Base {
    /// Adds an image that the destination has.
    pub(super) fn add(&mut self, image: &Image, resolved: &Resolved) {
        let number = self.names.len();
        let digest = resolved.root.digest;
        self.names
            .push(format!("{}@{digest}", full_name(&image.name)));
        let layers = resolved.leaves.iter().flat_map(|leaf| &leaf.view.layers);
        for layer in layers {
            self.layers.entry(layer.digest).or_insert(number);
        }
    }
}

/// A plan being made.
pub(super) struct Planner<'a> {
    options: &'a Options,
    listener: &'a Listener,
    base: Base,
    /// The bases whose layers were left out.
    needed: HashSet<usize>,
    images: Vec<NamedImage>,
    exported: Vec<Exported>,
    manifests: Vec<Document>,
    configs: Vec<Part>,
    layers: Vec<Part>,
    /// The sizes of all blobs so far; `None` for those left out.
    known: HashMap<Digest, Option<u64>>,
    left: Omitted,
}

impl<'a> Planner<'a> {
    pub(super) fn new(options: &'a Options, listener: &'a Listener, base: Base) -> Self {
        Self {
            options,
            listener,
            base,
            needed: HashSet::new(),
            images: Vec::new(),
            exported: Vec::new(),
            manifests: Vec::new(),
            configs: Vec::new(),
            layers: Vec::new(),
            known: HashMap::new(),
            left: Omitted::default(),
        }
    }

    fn warn(&self, text: &str) {
        (self.listener)(Event::Warning(text));
    }

    /// Adds an image. A second image with the same name and digest is ignored.
    pub(super) async fn add(&mut self, image: &Image, resolved: Resolved) -> Result<(), Error> {
        let name = full_name(&image.name);
        let same = |other: &&NamedImage| full_name(&other.name) == name;
        if let Some(other) = self.images.iter().find(same) {
            let (first, second) = (other.descriptor.digest, resolved.root.digest);
            if first == second {
                return Ok(());
            }
            return Err(Error::Name {
                name,
                first: Box::new(first),
                second: Box::new(second),
            });
        }
        let mut exported = Exported {
            name: image.name.to_string(),
            digest: resolved.root.digest,
            platforms: Vec::new(),
            blobs: 0,
            bytes: 0,
        };
        for (digest, bytes) in resolved.manifests {
            exported.add(bytes.len() as u64);
            if self
                .known
                .insert(digest, Some(bytes.len() as u64))
                .is_none()
            {
                let name = blob_path(&digest);
                self.manifests.push(Document { name, bytes });
            }
        }
        let mut seen = HashSet::new();
        for leaf in &resolved.leaves {
            let platform = leaf.platform.as_ref().filter(|own| own.is_known());
            exported.platforms.extend(platform.map(ToString::to_string));
            let config = leaf.view.config.as_ref().map(|config| (config, true));
            let layers = leaf.view.layers.iter().map(|layer| (layer, false));
            for (blob, is_config) in config.into_iter().chain(layers) {
                if let Some(size) = self.blob(image, blob, is_config).await?
                    && seen.insert(blob.digest)
                {
                    exported.add(size);
                }
            }
        }
        self.images.push(NamedImage {
            name: image.name.clone(),
            descriptor: resolved.root,
            runnable: runnable(&resolved.leaves),
        });
        self.exported.push(exported);
        Ok(())
    }

    /// Adds a blob. Returns its size, or `None` if it is left out.
    async fn blob(
        &mut self,
        image: &Image,
        blob: &Descriptor,
        is_config: bool,
    ) -> Result<Option<u64>, Error> {
        if let Some(known) = self.known.get(&blob.digest) {
            return match known {
                Some(size) if *size != blob.size => Err(size_conflict(image, blob, *size)),
                known => Ok(*known),
            };
        }
        if let Some(base) = self.base.layers.get(&blob.digest).filter(|_| !is_config) {
            self.needed.insert(*base);
            self.left.blobs += 1;
            self.left.bytes = self.left.bytes.saturating_add(blob.size);
            self.known.insert(blob.digest, None);
            return Ok(None);
        }
        if blob.may_be_absent() && self.is_absent(image, blob).await? {
            self.known.insert(blob.digest, None);
            return Ok(None);
        }
        self.known.insert(blob.digest, Some(blob.size));
        let part = Part {
            client: image.client.clone(),
            repository: image.repository.clone(),
            digest: blob.digest,
            size: blob.size,
        };
        if is_config {
            self.configs.push(part);
        } else {
            self.layers.push(part);
        }
        Ok(Some(blob.size))
    }

    /// Whether a layer that may be absent is absent.
    async fn is_absent(&self, image: &Image, blob: &Descriptor) -> Result<bool, Error> {
        let there = image
            .client
            .has_blob(&image.repository, &blob.digest, None)
            .await?;
        if !there {
            let from = blob.urls.first().map(|url| format!(", from {url}"));
            self.warn(&format!(
                "{}: layer {} is not for distribution and not in the registry; it is left out, and \
                 whoever loads the image has to get it elsewhere{}",
                image.name,
                blob.digest,
                from.unwrap_or_default(),
            ));
        }
        Ok(!there)
    }

    /// Completes the plan.
    pub(super) fn finish(self) -> Plan {
        let names = self.base.names.iter().enumerate();
        let bases: Vec<String> = names
            .filter(|(number, name)| {
                let needed = self.needed.contains(number);
                if !needed {
                    self.warn(&format!(
                        "nothing is left out for {name}: no layer is shared"
                    ));
                }
                needed
            })
            .map(|(_, name)| name.clone())
            .collect();
        let document = |name: &str, bytes: Vec<u8>| Document {
            name: name.to_owned(),
            bytes: bytes.into(),
        };
        let mut documents = vec![
            document(documents::LAYOUT, documents::LAYOUT_VERSION.to_vec()),
            document(documents::INDEX, documents::index(&self.images, &bases)),
        ];
        if self.options.format == Format::Docker {
            match documents::docker_manifest(&self.images) {
                Some(bytes) => documents.push(document(documents::MANIFEST, bytes)),
                None => self.warn("there is no image in it that docker could load"),
            }
        }
        documents.extend(self.manifests);
        let mut parts = self.configs;
        parts.extend(self.layers);
        Plan {
            documents,
            parts,
            images: self.exported,
            left: self.left,
        }
    }
}

/// The error for two descriptors of one blob with different sizes.
fn size_conflict(image: &Image, blob: &Descriptor, known: u64) -> Error {
    Error::Client(client::Error::Length {
        what: format!("blob {}@{}", image.repository, blob.digest),
        expected: blob.size,
        actual: known,
    })
}

/// The image that docker runs: the one for this machine's platform, else the first.
fn runnable(leaves: &[Leaf]) -> Option<Runnable> {
    let is_for_here = |leaf: &&Leaf| leaf.platform.as_ref().is_some_and(is_native);
    let images = || leaves.iter().filter(|leaf| is_runnable(leaf));
    let leaf = images().find(is_for_here).or_else(|| images().next())?;
    let config = leaf.view.config.as_ref()?;
    Some(Runnable {
        config: config.digest,
        layers: leaf.view.layers.iter().map(|layer| layer.digest).collect(),
    })
}

fn is_native(platform: &Platform) -> bool {
    let architecture = match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "x86" => "386",
        "aarch64" => "arm64",
        "powerpc64" => "ppc64le",
        other => other,
    };
    platform.os == std::env::consts::OS && platform.architecture == architecture
}

/// Whether docker can run it: it has the configuration of an image, and layers that are file trees.
fn is_runnable(leaf: &Leaf) -> bool {
    let ManifestView { config, layers, .. } = &leaf.view;
    let is_tree = |layer: &Descriptor| layer.media_type.as_str().contains(".tar");
    leaf.platform.as_ref().is_none_or(Platform::is_known)
        && config
            .as_ref()
            .is_some_and(|config| config.media_type.is_image_config())
        && layers.iter().all(is_tree)
}

impl Exported {
    fn add(&mut self, bytes: u64) {
        self.blobs += 1;
        self.bytes = self.bytes.saturating_add(bytes);
    }
}
