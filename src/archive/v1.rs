//! The format of `docker save` before 1.10 and of the first registry: layers with a description
//! each, `<id>/json` and `<id>/layer.tar`, that name their parents, and `repositories`, which names
//! the topmost layer of each image.
//!
//! Pure. The configuration that docker needs today is created from the descriptions, as docker
//! itself migrated its storage; this requires the digests of all layers.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::contents::{Content, Contents, text};
use super::image_name::ImageName;
use super::plan::{Image, ManifestPlan, Origin, Piece, Role, Tree};
use super::platform::Config;
use super::resolve::check_platform;
use super::{Error, missing};
use crate::oci::{Digest, Platform};

/// The document that names the images.
const REPOSITORIES: &str = "repositories";
/// Maximum number of layers of an image.
const LAYERS: usize = 4096;
/// Fields of a description that belong to the layer and not to the image.
const OF_THE_LAYER: [&str; 6] = ["id", "parent", "Size", "parent_id", "layer_id", "throwaway"];

/// The fields of a description that locate its layer.
#[derive(Deserialize)]
#[serde(expecting = "an object")]
struct Description {
    parent: Option<String>,
}

/// The topmost layers of all images, each with its names.
fn tops(contents: &Contents) -> Result<Option<BTreeMap<String, Vec<String>>>, Error> {
    let Some(bytes) = contents.document(REPOSITORIES)? else {
        return Ok(None);
    };
    let repositories: Result<BTreeMap<String, BTreeMap<String, String>>, _> =
        serde_json::from_slice(text(&bytes));
    let repositories = repositories.map_err(|error| Error::Document {
        name: REPOSITORIES.into(),
        reason: error.to_string(),
    })?;
    let mut tops: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (repository, tags) in repositories {
        for (tag, id) in tags {
            let names = tops.entry(id).or_default();
            names.push(format!("{repository}:{tag}"));
        }
    }
    Ok(Some(tops))
}

/// The images that `repositories` names; `None` without one.
pub(super) fn images(
    contents: &Contents,
    wanted: Option<&Platform>,
) -> Result<Option<Vec<Image>>, Error> {
    let Some(tops) = tops(contents)? else {
        return Ok(None);
    };
    let images = tops.into_iter().map(|(id, texts)| {
        let (mut names, mut unusable, mut label) = (Vec::new(), Vec::new(), None);
        for text in &texts {
            match ImageName::parse(text) {
                Ok(name) => {
                    names.extend(name);
                    label = label.or(Some(text));
                }
                Err(name) => unusable.push(name),
            }
        }
        let label = label.or(texts.first()).cloned();
        let label = label.unwrap_or_else(|| id.clone());
        Image {
            tree: plan(contents, &label, &id, wanted),
            names,
            unusable,
            attachment: None,
            label,
        }
    });
    Ok(Some(images.collect()))
}

/// The announced images, as far as `repositories` and the descriptions were read.
pub(super) fn announced_images(contents: &Contents) -> Vec<(Vec<ImageName>, Vec<String>)> {
    let tops = tops(contents).ok().flatten().unwrap_or_default();
    let images = tops.into_iter().map(|(id, texts)| {
        let names = texts.iter().filter_map(|text| ImageName::parse(text).ok()?);
        let layers = chain(contents, "", &id).unwrap_or_default();
        let members = layers.into_iter().map(|(id, _)| format!("{id}/layer.tar"));
        (names.collect(), members.collect())
    });
    images.collect()
}

/// The IDs and descriptions of an image's layers, the lowest first.
fn chain(contents: &Contents, label: &str, top: &str) -> Result<Vec<(String, Arc<[u8]>)>, Error> {
    let wrong = |reason: String| Error::Image {
        image: label.to_owned(),
        reason,
    };
    let (mut layers, mut seen) = (Vec::new(), HashSet::new());
    let mut next = Some(top.to_owned());
    while let Some(id) = next {
        if !seen.insert(id.clone()) {
            return Err(wrong(format!("its layers lead back to {id}")));
        }
        if layers.len() >= LAYERS {
            return Err(wrong(format!("it has more than {LAYERS} layers")));
        }
        let name = format!("{id}/json");
        let bytes = match contents.find(&name) {
            Some((_, Content::Document(bytes))) => bytes,
            Some(_) => return Err(wrong(format!("{name} is not JSON"))),
            None => {
                let what = format!("the description {name} of a layer");
                return Err(missing(contents, label.to_owned(), (what, &name), None));
            }
        };
        let description: Description = serde_json::from_slice(text(&bytes))
            .map_err(|error| wrong(format!("{name} can't be used: {error}")))?;
        next = description.parent.filter(|parent| !parent.is_empty());
        layers.push((id, bytes));
    }
    layers.reverse();
    Ok(layers)
}

fn plan(
    contents: &Contents,
    label: &str,
    top: &str,
    wanted: Option<&Platform>,
) -> Result<Tree, Error> {
    let chain = chain(contents, label, top)?;
    let count = chain.len();
    let mut layers = Vec::new();
    for (index, (id, _)) in chain.iter().enumerate() {
        let name = format!("{id}/layer.tar");
        let Some((member, _)) = contents.find(&name) else {
            let what = format!("layer {} of {count}, {name},", index + 1);
            return Err(missing(contents, label.to_owned(), (what, &name), None));
        };
        layers.push(Piece {
            role: Role::Layer(index + 1),
            name,
            member: Some(member),
            descriptor: None,
            diff_id: None,
            compressible: true,
        });
    }
    let documents: Vec<Arc<[u8]>> = chain.into_iter().map(|(_, bytes)| bytes).collect();
    let config = config(label, &documents, &[])?;
    let platform = Config::parse(&config)
        .ok()
        .and_then(|config| config.platform());
    check_platform(label, platform.as_ref(), wanted)?;
    let image = match &platform {
        Some(platform) => format!("{label} ({platform})"),
        None => label.to_owned(),
    };
    Ok(Tree::Manifest(Box::new(ManifestPlan {
        image,
        origin: Origin::V1(documents),
        config: None,
        layers,
        platform,
    })))
}

/// The configuration of an image: that of the topmost description, the digests of its layers, and a
/// history of all descriptions, the lowest first.
pub fn config(image: &str, documents: &[Arc<[u8]>], diff_ids: &[Digest]) -> Result<Vec<u8>, Error> {
    let wrong = |reason: String| Error::Image {
        image: image.to_owned(),
        reason,
    };
    let mut history = Vec::new();
    let mut fields = Map::new();
    for bytes in documents {
        fields = serde_json::from_slice(text(bytes))
            .map_err(|error| wrong(format!("the description of a layer can't be used: {error}")))?;
        let mut entry = Map::new();
        for name in ["created", "author", "comment"] {
            if let Some(value) = fields.get(name).filter(|value| !value.is_null()) {
                entry.insert(name.to_owned(), value.clone());
            }
        }
        let command = fields
            .get("container_config")
            .and_then(|config| config.get("Cmd"));
        let words: Vec<&str> = match command {
            Some(Value::Array(words)) => words.iter().filter_map(Value::as_str).collect(),
            Some(Value::String(line)) => vec![line],
            _ => Vec::new(),
        };
        if !words.is_empty() {
            entry.insert("created_by".to_owned(), json!(words.join(" ")));
        }
        history.push(Value::Object(entry));
    }
    for name in OF_THE_LAYER {
        fields.remove(name);
    }
    for (name, usual) in [("architecture", "amd64"), ("os", "linux")] {
        let said = fields.get(name).and_then(Value::as_str).unwrap_or_default();
        if said.is_empty() {
            fields.insert(name.to_owned(), json!(usual));
        }
    }
    fields.insert("history".to_owned(), Value::Array(history));
    let rootfs = json!({"type": "layers", "diff_ids": diff_ids});
    fields.insert("rootfs".to_owned(), rootfs);
    Ok(Value::Object(fields).to_string().into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hash::Hasher;
    use crate::oci::Algorithm;

    #[test]
    fn a_configuration_like_dockers() {
        let document = |value: Value| Arc::from(value.to_string().into_bytes());
        let documents = [
            document(
                json!({"id": "a", "created": "2014-01-01T00:00:00Z", "author": "ada",
                "container_config": {"Cmd": ["/bin/sh", "-c", "#(nop) ADD x"]}}),
            ),
            document(
                json!({"id": "b", "parent": "a", "Size": 7, "throwaway": true, "os": "",
                "config": {"Cmd": ["/bin/sh"]}, "container_config": {"Cmd": null}}),
            ),
        ];
        let diff_id = Hasher::digest(Algorithm::Sha256, b"layer");
        let config = config("app:1", &documents, &[diff_id, diff_id]).unwrap();
        let config: Value = serde_json::from_slice(&config).unwrap();
        assert_eq!(
            config,
            json!({
                "architecture": "amd64", "os": "linux",
                "config": {"Cmd": ["/bin/sh"]}, "container_config": {"Cmd": null},
                "history": [
                    {"created": "2014-01-01T00:00:00Z", "author": "ada",
                     "created_by": "/bin/sh -c #(nop) ADD x"},
                    {},
                ],
                "rootfs": {"type": "layers", "diff_ids": [diff_id, diff_id]},
            })
        );
        let odd: [Arc<[u8]>; 1] = [Arc::from(&b"[1]"[..])];
        assert!(super::config("app:1", &odd, &[]).is_err());
    }
}
