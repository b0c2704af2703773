//! What is to be made of an archive: its images, and what each needs.
//!
//! Chooses between the two kinds of metadata that an archive may have. OCI is taken when all that it
//! names is there, so that manifests stay as they are; else, and where the two disagree on the
//! number of layers, `manifest.json`. Pure: knows what is in the archive by name, not what the
//! registry has, and moves no bytes.

use std::collections::HashMap;
use std::sync::Arc;

use super::contents::Contents;
use super::image_name::ImageName;
use super::layout::{Built, LayoutImage};
use super::platform::is_for;
use super::{Error, docker, layout, path};
use crate::oci::{Descriptor, Digest, MediaType, Platform};

/// The images of an archive.
pub struct Plan {
    /// Each image, or why it can't be used.
    pub images: Vec<Image>,
    /// What was left out, in a sentence each.
    pub warnings: Vec<String>,
    /// Images, `NAME@DIGEST`, whose layers were left out for whoever reads to have.
    pub bases: Vec<String>,
}

/// An image and what the archive calls it.
pub struct Image {
    /// Its names; none for one that was saved by its ID.
    pub names: Vec<ImageName>,
    /// How an error calls it.
    pub label: String,
    /// What it needs.
    pub tree: Result<Tree, Error>,
}

/// A manifest, or an index of some.
pub enum Tree {
    /// One image.
    Manifest(Box<ManifestPlan>),
    /// Several platforms.
    Index(IndexPlan),
}

/// An index and the manifests under it that there are.
pub struct IndexPlan {
    /// Its bytes.
    pub bytes: Arc<[u8]>,
    /// Its type.
    pub media_type: MediaType,
    /// The digest of its bytes.
    pub digest: Digest,
    /// Its manifests, each with its place in the list.
    pub children: Vec<(usize, Tree)>,
    /// Whether these are all.
    pub complete: bool,
}

/// A manifest that is in the archive, or that is still to be made.
pub enum Origin {
    /// It is in the archive, and stays as it is if its blobs do.
    Kept {
        /// Its bytes.
        bytes: Arc<[u8]>,
        /// Its type.
        media_type: MediaType,
        /// The digest of its bytes.
        digest: Digest,
    },
    /// It is made of what `manifest.json` lists.
    Made,
}

/// A manifest and its blobs.
pub struct ManifestPlan {
    /// How an error calls the image, with its platform.
    pub image: String,
    /// Where the manifest comes from.
    pub origin: Origin,
    /// The configuration.
    pub config: Option<Piece>,
    /// The layers, in order.
    pub layers: Vec<Piece>,
    /// What it is for.
    pub platform: Option<Platform>,
}

/// What a blob is to its manifest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// The configuration.
    Config,
    /// A layer, counted from 1.
    Layer(usize),
}

/// A blob of a manifest.
#[derive(Debug, Clone)]
pub struct Piece {
    /// What it is.
    pub role: Role,
    /// Its name as the metadata has it.
    pub name: String,
    /// The member that the name leads to; `None` for one that lies elsewhere.
    pub member: Option<String>,
    /// What the manifest says of it.
    pub descriptor: Option<Descriptor>,
    /// The digest that a layer has uncompressed, as the configuration says.
    pub diff_id: Option<Digest>,
}

impl Piece {
    /// Whether it may be compressed on its way: a plain layer of an image.
    pub fn is_compressible(&self) -> bool {
        matches!(self.role, Role::Layer(_))
            && self.descriptor.as_ref().is_none_or(|descriptor| {
                let media_type = descriptor.media_type.as_str();
                media_type == "application/vnd.oci.image.layer.v1.tar"
                    || media_type == "application/vnd.docker.image.rootfs.diff.tar"
            })
    }
}

impl Tree {
    /// All manifests in it.
    pub fn manifests(&self) -> Vec<&ManifestPlan> {
        match self {
            Self::Manifest(plan) => vec![plan],
            Self::Index(plan) => plan
                .children
                .iter()
                .flat_map(|(_, tree)| tree.manifests())
                .collect(),
        }
    }

    /// The digest it has in the archive, if it is there.
    pub fn digest(&self) -> Option<Digest> {
        match self {
            Self::Manifest(plan) => match &plan.origin {
                Origin::Kept { digest, .. } => Some(*digest),
                Origin::Made => None,
            },
            Self::Index(plan) => Some(plan.digest),
        }
    }
}

/// Decides what the images of an archive are, or those for one platform.
pub fn resolve(contents: &Contents, wanted: Option<&Platform>) -> Result<Plan, Error> {
    let items = docker::items(contents)?;
    let layout = layout::read(contents)?;
    if items.is_none() && layout.is_none() {
        return Err(Error::NoImages {
            note: super::end_note(contents),
        });
    }
    let mut items: Vec<Option<docker::Item>> =
        items.unwrap_or_default().into_iter().map(Some).collect();
    let mut plan = Plan {
        images: Vec::new(),
        warnings: Vec::new(),
        bases: Vec::new(),
    };
    let layout = layout.unwrap_or_default();
    plan.bases = layout.bases;
    for image in layout.images {
        let built = image.build(contents, wanted, &plan.bases);
        let item = claim(&mut items, &image, &built, contents);
        plan.images.push(choose(
            image,
            built,
            item,
            contents,
            wanted,
            &mut plan.warnings,
        ));
    }
    for item in items.into_iter().flatten() {
        plan.images.push(Image {
            names: item.names(),
            label: item.label(),
            tree: from_docker(&item, contents, wanted),
        });
    }
    Ok(plan)
}

/// What the documents at the head of an archive tell of the blobs behind them.
#[derive(Default)]
pub struct Foretold {
    /// The names of the image that a member is a layer of.
    pub layers: HashMap<String, Vec<ImageName>>,
    /// The names of all images.
    pub images: Vec<Vec<ImageName>>,
}

/// Whose blobs will pass, where `manifest.json` or `index.json` have passed before them.
pub fn foretell(contents: &Contents) -> Foretold {
    let mut foretold = Foretold::default();
    for item in docker::items(contents).ok().flatten().unwrap_or_default() {
        for member in item.members() {
            let member = path::member(member).unwrap_or_default();
            foretold
                .layers
                .entry(member)
                .or_insert_with(|| item.names());
        }
        foretold.images.push(item.names());
    }
    let layout = layout::read(contents).ok().flatten().unwrap_or_default();
    let names = layout.images.into_iter().map(|image| image.names);
    // A name that only says a tag says nothing of where its image goes.
    foretold.images.extend(names.filter(|names| {
        foretold.layers.is_empty() || names.iter().any(|name| name.repository.is_some())
    }));
    foretold
}

/// Takes from `manifest.json` what is of an image of the layout: by its configuration, else by its
/// name.
fn claim(
    items: &mut [Option<docker::Item>],
    image: &LayoutImage,
    built: &Built,
    contents: &Contents,
) -> Option<docker::Item> {
    let mut claimed = None;
    for item in items {
        let is_of_image = item.as_ref().is_some_and(|item| {
            let id = item.image_id(contents);
            let names = item.names();
            let mut pairs = names
                .iter()
                .flat_map(|name| image.names.iter().map(move |other| (name, other)));
            id.is_some_and(|id| built.configs.contains(&id))
                || pairs.any(|(name, other)| name.is_same(other))
        });
        if is_of_image {
            let item = item.take();
            claimed = claimed.or(item);
        }
    }
    claimed
}

fn choose(
    image: LayoutImage,
    built: Built,
    item: Option<docker::Item>,
    contents: &Contents,
    wanted: Option<&Platform>,
    warnings: &mut Vec<String>,
) -> Image {
    let label = image.label();
    let mut names = image.names;
    let Some(item) = item else {
        warnings.extend(built.warnings);
        return Image {
            names,
            label,
            tree: built.tree,
        };
    };
    // A name that only says a tag is known better by the other.
    let others = item.names();
    if !others.is_empty() {
        names.retain(|name| name.repository.is_some());
    }
    for name in others {
        if !names.iter().any(|known| known.is_same(&name)) {
            names.push(name);
        }
    }
    let agrees = |tree: &Tree| {
        let id = item.image_id(contents);
        tree.manifests().iter().all(|manifest| {
            let config = manifest
                .config
                .as_ref()
                .and_then(|piece| piece.descriptor.as_ref());
            config.map(|config| config.digest) != id || manifest.layers.len() == item.layers()
        })
    };
    let tree = match built.tree {
        Ok(tree) if agrees(&tree) => {
            warnings.extend(built.warnings);
            Ok(tree)
        }
        Ok(_) => from_docker(&item, contents, wanted),
        // Bytes that are not what they should be are no matter of which metadata is asked.
        Err(error) if error.is_mismatch() => Err(error),
        Err(error) => from_docker(&item, contents, wanted).map_err(|_| error),
    };
    Image { names, label, tree }
}

fn from_docker(
    item: &docker::Item,
    contents: &Contents,
    wanted: Option<&Platform>,
) -> Result<Tree, Error> {
    let plan = item.plan(contents)?;
    if let Some(wanted) = wanted {
        let platform = plan.platform.as_ref();
        if !platform.is_some_and(|platform| is_for(platform, wanted)) {
            return Err(Error::Platform {
                image: item.label(),
                wanted: wanted.to_string(),
                present: platform.map_or_else(|| "no platform".into(), ToString::to_string),
            });
        }
    }
    Ok(Tree::Manifest(Box::new(plan)))
}
