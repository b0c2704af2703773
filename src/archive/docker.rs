//! `manifest.json`: how docker, podman and others list the images of an archive.
//!
//! Owns its form, and what an image of it comes to. Names the members of an image; whether their
//! bytes are right is found out when they have passed.

use serde::Deserialize;

use super::contents::{Content, Contents};
use super::documents::MANIFEST;
use super::image_name::ImageName;
use super::plan::{ManifestPlan, Origin, Piece, Role};
use super::platform::Config;
use super::{Error, missing};
use crate::hash::Hasher;
use crate::oci::{Algorithm, Digest};

/// One image. Fields of newer writers (`LayerSources`, `Parent`) say nothing that is needed.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Item {
    config: String,
    #[serde(default)]
    repo_tags: Option<Vec<String>>,
    #[serde(default)]
    layers: Option<Vec<String>>,
}

/// The images that `manifest.json` lists; `None` without one.
pub(super) fn items(contents: &Contents) -> Result<Option<Vec<Item>>, Error> {
    let Some(bytes) = contents.document(MANIFEST)? else {
        return Ok(None);
    };
    let items = serde_json::from_slice(bytes).map_err(|error| Error::Document {
        name: MANIFEST.into(),
        reason: error.to_string(),
    })?;
    Ok(Some(items))
}

impl Item {
    /// The names that can be used of those it has.
    pub(super) fn names(&self) -> Vec<ImageName> {
        let texts = self.repo_tags.iter().flatten();
        texts.filter_map(|text| ImageName::parse(text)).collect()
    }

    /// The members that are its layers.
    pub(super) fn members(&self) -> impl Iterator<Item = &str> {
        self.layers.iter().flatten().map(String::as_str)
    }

    /// How many layers it lists.
    pub(super) fn layers(&self) -> usize {
        self.layers.as_ref().map_or(0, Vec::len)
    }

    /// The digest of its configuration: docker's image ID.
    pub(super) fn image_id(&self, contents: &Contents) -> Option<Digest> {
        match contents.find(&self.config)? {
            (_, Content::Document(bytes)) => Some(Hasher::digest(Algorithm::Sha256, bytes)),
            (_, Content::Blob(_)) => None,
        }
    }

    /// How an error calls it.
    pub(super) fn label(&self) -> String {
        match self.names().first() {
            Some(name) => name.to_string(),
            None => format!("image without a name ({})", self.config),
        }
    }

    /// The manifest that its image needs.
    pub(super) fn plan(&self, contents: &Contents) -> Result<ManifestPlan, Error> {
        let mut image = self.label();
        let (member, bytes) = match contents.find(&self.config) {
            Some((member, Content::Document(bytes))) => (member.to_owned(), bytes),
            Some((_, Content::Blob(_))) => {
                return Err(Error::Image {
                    reason: format!("its configuration {} is not JSON", self.config),
                    image,
                });
            }
            None => {
                let what = format!("its configuration {}", self.config);
                return Err(missing(contents, image, what, None));
            }
        };
        let config = Config::parse(bytes).map_err(|error| Error::Image {
            reason: format!("its configuration {} can't be used: {error}", self.config),
            image: image.clone(),
        })?;
        let platform = config.platform();
        if let Some(platform) = &platform {
            image = format!("{image} ({platform})");
        }
        let diff_ids = config.diff_ids();
        let count = self.layers();
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
        let names = self.layers.iter().flatten();
        for (index, (name, diff_id)) in names.zip(diff_ids).enumerate() {
            let Some((member, _)) = contents.find(name) else {
                let what = format!("layer {} of {count}, {name},", index + 1);
                if contents.is_sparse(name) {
                    return Err(Error::Image {
                        reason: format!("{what} is stored with holes (tar --sparse)"),
                        image,
                    });
                }
                return Err(missing(contents, image, what, platform.as_ref()));
            };
            layers.push(Piece {
                role: Role::Layer(index + 1),
                name: name.clone(),
                member: Some(member.to_owned()),
                descriptor: None,
                diff_id: Some(*diff_id),
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
            }),
            layers,
            platform,
        })
    }
}
