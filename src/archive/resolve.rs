//! Resolves the documents of an archive to its images.
//!
//! Chooses between the kinds of metadata that an archive may have. OCI is used if everything that
//! it names exists, so that manifests stay unchanged; otherwise, and if the two disagree on the
//! number of layers, `manifest.json`; without either, the old `repositories`. Pure: uses the names
//! in the archive, not the contents of the registry, and moves no bytes. Time is linear in images
//! and names.

use std::collections::{HashMap, HashSet};

use super::contents::Contents;
use super::image_name::ImageName;
use super::layout::{Built, LayoutImage};
use super::plan::{Image, Plan, Tree};
use super::platform::is_for;
use super::{Error, docker, layout, path, v1};
use crate::oci::{Digest, Platform};

/// Determines the images of an archive, or those for one platform.
pub fn resolve(contents: &Contents, wanted: Option<&Platform>) -> Result<Plan, Error> {
    let layout = layout::read(contents)?;
    let mut plan = Plan {
        images: Vec::new(),
        warnings: Vec::new(),
        bases: Vec::new(),
    };
    let items = match docker::items(contents) {
        Err(error) if layout.is_some() => {
            plan.warnings
                .push(format!("{error}; only index.json is used"));
            None
        }
        items => items?,
    };
    if items.is_none() && layout.is_none() {
        let images = v1::images(contents, wanted)?;
        plan.images = images.ok_or_else(|| {
            contents.signs().error().unwrap_or(Error::NoImages {
                note: super::end_note(contents),
            })
        })?;
        return Ok(plan);
    }
    let layout = layout.unwrap_or_default();
    let mut items = Claims::new(
        items.unwrap_or_default(),
        contents,
        !layout.images.is_empty(),
    );
    plan.bases = layout.bases;
    for image in layout.images {
        let built = image.build(contents, wanted, &plan.bases);
        let item = items.claim(&image, &built);
        plan.images.push(choose(
            image,
            built,
            item,
            contents,
            wanted,
            &mut plan.warnings,
        ));
    }
    for item in items.items.into_iter().flatten() {
        let tree = from_docker(&item, contents, wanted);
        plan.images.push(Image {
            label: item.label(),
            names: item.names,
            unusable: item.unusable,
            attachment: None,
            tree,
        });
    }
    Ok(plan)
}

/// The images that the documents at the beginning of an archive announce.
#[derive(Default)]
pub struct AnnouncedImages {
    /// The images: the names of each, and its layer members as far as they are known.
    pub images: Vec<(Vec<ImageName>, Vec<String>)>,
}

/// The announced images, if `manifest.json`, `index.json` or `repositories` come before the blobs.
pub fn announced_images(contents: &Contents) -> AnnouncedImages {
    let mut images = Vec::new();
    let items = docker::items(contents).ok().flatten();
    let is_docker = items.is_some();
    for item in items.unwrap_or_default() {
        let members = item.layers.iter();
        let members = members.map(|member| path::member(member).unwrap_or_default());
        images.push((item.names, members.collect()));
    }
    let layout = layout::read(contents).ok().flatten();
    if images.is_empty() && layout.is_none() {
        images.extend(v1::announced_images(contents));
    }
    // A name that is only a tag does not name a repository.
    let names = layout.unwrap_or_default().images.into_iter();
    let names = names
        .map(|image| (image.names, Vec::new()))
        .filter(|(names, _)| !is_docker || names.iter().any(|name| name.repository.is_some()));
    images.extend(names);
    AnnouncedImages { images }
}

/// The images of `manifest.json` that no image of the layout has claimed yet.
struct Claims {
    items: Vec<Option<docker::Item>>,
    by_id: HashMap<Digest, Vec<usize>>,
    by_name: HashMap<String, Vec<usize>>,
}

impl Claims {
    /// Without claimants nothing has to be found.
    fn new(items: Vec<docker::Item>, contents: &Contents, has_claimants: bool) -> Self {
        let (mut by_id, mut by_name) = (HashMap::<_, Vec<_>>::new(), HashMap::<_, Vec<_>>::new());
        let found = items.iter().enumerate().filter(|_| has_claimants);
        for (number, item) in found {
            if let Some(id) = item.image_id(contents) {
                by_id.entry(id).or_default().push(number);
            }
            for name in item.names.iter().filter_map(text_of) {
                by_name.entry(name).or_default().push(number);
            }
        }
        Self {
            items: items.into_iter().map(Some).collect(),
            by_id,
            by_name,
        }
    }

    /// Takes the items of an image of the layout, by configuration and by name.
    fn claim(&mut self, image: &LayoutImage, built: &Built) -> Option<docker::Item> {
        let by_id = built.configs.iter().filter_map(|id| self.by_id.get(id));
        let names = image.names.iter().filter_map(text_of);
        let by_name = names.filter_map(|name| self.by_name.get(&name));
        let mut numbers: Vec<usize> = by_id.chain(by_name).flatten().copied().collect();
        numbers.sort_unstable();
        let claimed = numbers
            .into_iter()
            .filter_map(|number| self.items[number].take());
        claimed.fold(None, |first, item| first.or(Some(item)))
    }
}

/// A key of a name; two names of one image have the same key.
fn text_of(name: &ImageName) -> Option<String> {
    let (repository, tag) = name.key()?;
    Some(format!("{repository}:{tag}"))
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
    let LayoutImage {
        mut names,
        mut unusable,
        attachment,
        ..
    } = image;
    let Some(item) = item else {
        warnings.extend(built.warnings);
        return Image {
            names,
            unusable,
            attachment,
            label,
            tree: built.tree,
        };
    };
    // The other metadata has the full name.
    if !item.names.is_empty() {
        names.retain(|name| name.repository.is_some());
    }
    let mut known: HashSet<String> = names.iter().filter_map(text_of).collect();
    let others = item.names.iter();
    names.extend(
        others
            .filter(|name| text_of(name).is_none_or(|text| known.insert(text)))
            .cloned(),
    );
    unusable.extend(item.unusable.iter().cloned());
    let agrees = |tree: &Tree| {
        let id = item.image_id(contents);
        tree.manifests().iter().all(|manifest| {
            let config = manifest
                .config
                .as_ref()
                .and_then(|piece| piece.descriptor.as_ref());
            config.map(|config| config.digest) != id || manifest.layers.len() == item.layers.len()
        })
    };
    let tree = match built.tree {
        Ok(tree) if agrees(&tree) => {
            warnings.extend(built.warnings);
            Ok(tree)
        }
        Ok(_) => from_docker(&item, contents, wanted),
        // A wrong digest is an error with either metadata.
        Err(error) if error.is_mismatch() => Err(error),
        Err(error) => from_docker(&item, contents, wanted).map_err(|_| error),
    };
    Image {
        names,
        unusable,
        attachment,
        label,
        tree,
    }
}

fn from_docker(
    item: &docker::Item,
    contents: &Contents,
    wanted: Option<&Platform>,
) -> Result<Tree, Error> {
    let plan = item.plan(contents)?;
    check_platform(&item.label(), plan.platform.as_ref(), wanted)?;
    Ok(Tree::Manifest(Box::new(plan)))
}

/// Checks that an image of one platform is for the requested one.
pub(super) fn check_platform(
    label: &str,
    platform: Option<&Platform>,
    wanted: Option<&Platform>,
) -> Result<(), Error> {
    match wanted {
        Some(wanted) if !platform.is_some_and(|platform| is_for(platform, wanted)) => {
            Err(Error::Platform {
                image: label.to_owned(),
                wanted: wanted.to_string(),
                present: platform.map_or_else(|| "no platform".into(), ToString::to_string),
            })
        }
        _ => Ok(()),
    }
}
