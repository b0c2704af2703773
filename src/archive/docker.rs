//! `manifest.json`: the list of images as docker, podman and others write it.
//!
//! Parses the file and plans its images. It names the members of an image; whether their bytes are
//! right is checked when they are read.

use std::fmt;

use serde::de::{Deserialize, Deserializer, SeqAccess, Visitor};

use super::contents::{Content, Contents, text};
use super::documents::MANIFEST;
use super::image_name::{ImageName, UnusableName};
use super::plan::{ManifestPlan, Origin, Piece, Role};
use super::platform::Config;
use super::{Error, missing, signs};
use crate::hash::Hasher;
use crate::oci::{Algorithm, Digest};

/// One image as it is written. Fields of newer writers (`LayerSources`, `Parent`) are not needed.
#[derive(serde::Deserialize)]
#[serde(rename_all = "PascalCase", expecting = "an object")]
struct ManifestEntry {
    config: String,
    #[serde(default)]
    repo_tags: Option<Names>,
    #[serde(default)]
    layers: Option<Vec<String>>,
}

/// The names of an image. There may be hundreds of thousands: they are parsed one by one, and tags of
/// one repository share its name.
#[derive(Default)]
struct Names {
    names: Vec<ImageName>,
    unusable: Vec<UnusableName>,
}

impl Names {
    fn add(&mut self, text: &str) {
        match ImageName::parse(text) {
            Ok(Some(mut name)) => {
                if let Some(last) = self.names.last()
                    && last.repository == name.repository
                {
                    name.repository.clone_from(&last.repository);
                }
                self.names.push(name);
            }
            Ok(None) => {}
            Err(name) => self.unusable.push(name),
        }
    }
}

impl<'de> Deserialize<'de> for Names {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(NamesVisitor)
    }
}

struct NamesVisitor;

impl<'de> Visitor<'de> for NamesVisitor {
    type Value = Names;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a sequence")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut texts: A) -> Result<Names, A::Error> {
        let mut names = Names::default();
        while let Some(text) = texts.next_element::<String>()? {
            names.add(&text);
        }
        names.names.shrink_to_fit();
        Ok(names)
    }
}

/// One image.
pub(super) struct Item {
    config: String,
    /// The members of its layers.
    pub(super) layers: Vec<String>,
    /// Its names.
    pub(super) names: Vec<ImageName>,
    /// Names that are invalid in a registry.
    pub(super) unusable: Vec<UnusableName>,
}

/// The images that `manifest.json` lists; `None` without one.
pub(super) fn items(contents: &Contents) -> Result<Option<Vec<Item>>, Error> {
    let Some(bytes) = contents.document(MANIFEST)? else {
        return Ok(None);
    };
    let bytes = text(&bytes);
    let items: Vec<ManifestEntry> = serde_json::from_slice(bytes).map_err(|error| {
        signs::of_manifest(bytes).unwrap_or_else(|| Error::Document {
            name: MANIFEST.into(),
            reason: error.to_string(),
        })
    })?;
    Ok(Some(items.into_iter().map(Item::from).collect()))
}

impl From<ManifestEntry> for Item {
    fn from(written: ManifestEntry) -> Self {
        let Names { names, unusable } = written.repo_tags.unwrap_or_default();
        Self {
            config: written.config,
            layers: written.layers.unwrap_or_default(),
            names,
            unusable,
        }
    }
}

impl Item {
    /// The digest of its configuration: docker's image ID.
    pub(super) fn image_id(&self, contents: &Contents) -> Option<Digest> {
        match contents.find(&self.config)? {
            (_, Content::Document(bytes)) => Some(Hasher::digest(Algorithm::Sha256, &bytes)),
            (_, Content::Blob(_)) => None,
        }
    }

    /// Its name in errors.
    pub(super) fn label(&self) -> String {
        match (self.names.first(), self.unusable.first()) {
            (Some(name), _) => name.to_string(),
            (None, Some(name)) => name.text.clone(),
            (None, None) => format!("image without a name ({})", self.config),
        }
    }

    /// The manifest that its image needs.
    pub(super) fn plan(&self, contents: &Contents) -> Result<ManifestPlan, Error> {
        let mut image = self.label();
        let (member, bytes) = match contents.find(&self.config) {
            Some((member, Content::Document(bytes))) => (member, bytes),
            Some((_, Content::Blob(_))) => {
                return Err(Error::Image {
                    reason: format!(
                        "its configuration {} is not JSON, or larger than 8 MiB",
                        self.config
                    ),
                    image,
                });
            }
            None => {
                let what = format!("its configuration {}", self.config);
                return Err(missing(contents, image, (what, &self.config), None));
            }
        };
        let config = Config::parse(&bytes).map_err(|error| Error::Image {
            reason: format!("its configuration {} can't be used: {error}", self.config),
            image: image.clone(),
        })?;
        let platform = config.platform();
        if let Some(platform) = &platform {
            image = format!("{image} ({platform})");
        }
        let diff_ids = config.diff_ids();
        let count = self.layers.len();
        if diff_ids.len() != count {
            return Err(Error::Image {
                reason: format!(
                    "manifest.json lists {count} layers and the configuration {}",
                    diff_ids.len()
                ),
                image,
            });
        }
        let mut layers = Vec::new();
        for (index, (name, diff_id)) in self.layers.iter().zip(diff_ids).enumerate() {
            let Some((member, _)) = contents.find(name) else {
                let what = format!("layer {} of {count}, {name},", index + 1);
                return Err(missing(contents, image, (what, name), platform.as_ref()));
            };
            layers.push(Piece {
                role: Role::Layer(index + 1),
                name: name.clone(),
                member: Some(member),
                descriptor: None,
                diff_id: Some(*diff_id),
                compressible: true,
            });
        }
        Ok(ManifestPlan {
            image,
            origin: Origin::Made,
            config: Some(Piece {
                role: Role::Config,
                name: self.config.clone(),
                member: Some(member),
                descriptor: None,
                diff_id: None,
                compressible: false,
            }),
            layers,
            platform,
        })
    }
}
