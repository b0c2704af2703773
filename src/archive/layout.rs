//! `index.json`: the images of an archive that is an OCI layout, perhaps among other formats.
//!
//! Parses the file; `builder` resolves its images to blobs. A platform of an index that is missing
//! in the archive is left out with a warning; an index without any platform is an error.

mod builder;

use std::collections::HashMap;
use std::sync::Arc;

use self::builder::{Builder, MANIFESTS_LIMIT};
use super::Error;
use super::contents::{Contents, text};
use super::documents::{ANNOTATION_BASE, ANNOTATION_KIND, ANNOTATION_NAME, ANNOTATION_REF, INDEX};
use super::image_name::{ImageName, UnusableName};
use super::plan::{Attachment, Tree};
use crate::hash::Hasher;
use crate::oci::{Algorithm, Descriptor, Digest, ManifestView, Platform};

/// The content of `index.json`.
#[derive(Default)]
pub(super) struct Layout {
    /// The images, each digest once.
    pub(super) images: Vec<LayoutImage>,
    /// Images whose layers were left out.
    pub(super) bases: Vec<String>,
}

/// An image that `index.json` names.
pub(super) struct LayoutImage {
    pub(super) names: Vec<ImageName>,
    /// Names that are invalid in a registry.
    pub(super) unusable: Vec<UnusableName>,
    /// Its role for the image of its name, if it is an attachment.
    pub(super) attachment: Option<Attachment>,
    root: Root,
}

enum Root {
    /// One of its manifests.
    Manifest(Box<Descriptor>),
    /// All of `index.json`: it names no image, but is itself an index of several platforms.
    Whole(Box<ManifestView>, Arc<[u8]>),
}

/// A resolved image of a layout.
pub(super) struct Built {
    pub(super) tree: Result<Tree, Error>,
    /// The digests of the known configurations of all its platforms.
    pub(super) configs: Vec<Digest>,
    pub(super) warnings: Vec<String>,
}

/// Reads `index.json`; `None` without one.
pub(super) fn read(contents: &Contents) -> Result<Option<Layout>, Error> {
    let Some(bytes) = contents.document(INDEX)? else {
        return Ok(None);
    };
    let bytes = text(&bytes);
    let view = ManifestView::parse(bytes, None).map_err(|error| Error::Document {
        name: INDEX.into(),
        reason: error.to_string(),
    })?;
    let bases = view.annotations.get(ANNOTATION_BASE);
    let bases = bases.map(|text| text.split_whitespace().map(str::to_owned).collect());
    let bases: Vec<String> = bases.unwrap_or_default();
    let named = |descriptor: &Descriptor| !matches!(name(descriptor), Ok(None));
    let whole = view.manifests.len() > 1
        && !view.manifests.iter().any(named)
        && view.manifests.iter().all(|child| child.platform.is_some());
    if whole {
        let image = LayoutImage {
            names: Vec::new(),
            unusable: Vec::new(),
            attachment: None,
            root: Root::Whole(Box::new(view), bytes.into()),
        };
        return Ok(Some(Layout {
            images: vec![image],
            bases,
        }));
    }
    let mut images: Vec<LayoutImage> = Vec::new();
    let mut places: HashMap<Digest, usize> = HashMap::new();
    for descriptor in view.manifests {
        let place = *places.entry(descriptor.digest).or_insert_with(|| {
            images.push(LayoutImage {
                names: Vec::new(),
                unusable: Vec::new(),
                attachment: attachment(&descriptor),
                root: Root::Manifest(Box::new(descriptor.clone())),
            });
            images.len() - 1
        });
        match name(&descriptor) {
            Ok(name) => images[place].names.extend(name),
            Err(unusable) => images[place].unusable.push(unusable),
        }
    }
    Ok(Some(Layout { images, bases }))
}

/// The image name in the annotations of a descriptor.
fn name(descriptor: &Descriptor) -> Result<Option<ImageName>, UnusableName> {
    let Some(annotations) = &descriptor.annotations else {
        return Ok(None);
    };
    let full = annotations.get(ANNOTATION_NAME);
    let full = full.map(|text| ImageName::parse(text));
    if let Some(Ok(Some(name))) = full {
        return Ok(Some(name));
    }
    let short = annotations.get(ANNOTATION_REF);
    let short = short.map(|text| ImageName::of_layout(text));
    match (full, short) {
        (_, Some(Ok(Some(name)))) => Ok(Some(name)),
        (Some(Err(unusable)), _) | (_, Some(Err(unusable))) => Err(unusable),
        _ => Ok(None),
    }
}

/// The role of a manifest in the annotations of hauler and cosign.
fn attachment(descriptor: &Descriptor) -> Option<Attachment> {
    let kind = descriptor.annotations.as_ref()?.get(ANNOTATION_KIND)?;
    match kind.rsplit('/').next()? {
        "sigs" => Some(Attachment::Signature),
        "atts" => Some(Attachment::Attestation),
        "sboms" => Some(Attachment::Sbom),
        _ => None,
    }
}

impl LayoutImage {
    /// Its name in errors.
    pub(super) fn label(&self) -> String {
        match (self.names.first(), &self.root) {
            (Some(name), _) => name.to_string(),
            (None, _) if !self.unusable.is_empty() => self.unusable[0].text.clone(),
            (None, Root::Manifest(descriptor)) => {
                format!("image without a name ({})", descriptor.digest)
            }
            (None, Root::Whole(..)) => "image without a name".into(),
        }
    }

    /// Resolves everything that the image needs, or the part for one platform.
    pub(super) fn build(
        &self,
        contents: &Contents,
        wanted: Option<&Platform>,
        bases: &[String],
    ) -> Built {
        let mut builder = Builder {
            contents,
            wanted,
            has_bases: !bases.is_empty(),
            label: self.label(),
            left: MANIFESTS_LIMIT,
            configs: Vec::new(),
            warnings: Vec::new(),
            present: Vec::new(),
        };
        let tree = match &self.root {
            Root::Manifest(descriptor) => builder.node(descriptor, 0),
            Root::Whole(view, bytes) => {
                let digest = Hasher::digest(Algorithm::Sha256, bytes);
                builder.index(view, bytes.clone(), digest, 0)
            }
        };
        let tree = match tree {
            Ok(Some(tree)) => Ok(tree),
            Ok(None) => Err(Error::Platform {
                image: builder.label.clone(),
                wanted: wanted.map(ToString::to_string).unwrap_or_default(),
                present: builder.present.join(", "),
            }),
            Err(error) => Err(error),
        };
        Built {
            tree,
            configs: builder.configs,
            warnings: builder.warnings,
        }
    }
}
