//! The directory of the first registry, docker-registry 0.x: `images/<id>/{json,layer,ancestry}` and
//! `repositories/<namespace>/<repository>/tag_<tag>`.
//!
//! All images are one archive in the format of the `docker save` of that time, so that shared
//! layers are read once.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::io;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};

use super::{Part, Problem, Survey, document, entries, file_within, head};
use crate::archive::contents::is_layer;

/// Prefix of the files that name tags.
const TAG: &str = "tag_";
/// The mark of a layer whose upload has not ended.
const UNFINISHED: &str = "_inprogress";
/// Maximum number of layers of an image.
const LAYERS: usize = 4096;
/// Length of an ID.
const ID: usize = 64;

/// A complete layer: its description and its file.
struct Layer {
    description: Map<String, Value>,
    file: PathBuf,
}

/// Surveys the directory; `None` if it is of another kind.
pub(super) fn survey(root: &Path) -> io::Result<Option<Survey>> {
    let roots = [root.to_owned(), root.join("registry")];
    let is_first =
        |root: &&PathBuf| root.join("images").is_dir() && root.join("repositories").is_dir();
    let Some(root) = roots.iter().find(is_first) else {
        return Ok(None);
    };
    let mut images = Images {
        root,
        layers: HashMap::new(),
    };
    let mut repositories: BTreeMap<String, BTreeMap<String, String>> = BTreeMap::new();
    let mut parents: BTreeMap<String, Option<String>> = BTreeMap::new();
    let mut problems = Vec::new();
    let top = root.join("repositories");
    for (namespace, _) in entries(&top)?.into_iter().filter(|(_, is_dir)| *is_dir) {
        let below = top.join(&namespace);
        for (repository, _) in entries(&below)?.into_iter().filter(|(_, is_dir)| *is_dir) {
            let here = below.join(&repository);
            let name = format!("{namespace}/{repository}");
            for (file, _) in entries(&here)? {
                let Some(tag) = file.strip_prefix(TAG) else {
                    continue;
                };
                let chain = document(root, &here.join(&file))
                    .map_err(|reason| format!("its tag {reason}"))
                    .and_then(|bytes| images.chain(&id_of(&bytes)));
                match chain {
                    Ok(chain) => {
                        for (number, id) in chain.iter().enumerate() {
                            let parent = number.checked_sub(1).map(|lower| chain[lower].clone());
                            parents.entry(id.clone()).or_insert(parent);
                        }
                        let tags = repositories.entry(name.clone()).or_default();
                        tags.extend(chain.last().map(|id| (tag.to_owned(), id.clone())));
                    }
                    Err(reason) => problems.push(Problem {
                        name: format!("{name}:{tag}"),
                        reason,
                    }),
                }
            }
        }
    }
    let mut part = Part {
        name: "the registry's directory".to_owned(),
        documents: Vec::new(),
        files: Vec::new(),
    };
    for (id, parent) in &parents {
        let Some(Ok(layer)) = images.layers.get(id) else {
            continue;
        };
        let mut description = layer.description.clone();
        match parent {
            Some(parent) => description.insert("parent".to_owned(), json!(parent)),
            None => description.remove("parent"),
        };
        let text = Value::Object(description).to_string();
        part.documents
            .push((format!("{id}/json"), text.into_bytes()));
        part.files
            .push((format!("{id}/layer.tar"), layer.file.clone()));
    }
    let named = json!(repositories).to_string().into_bytes();
    part.documents.push(("repositories".to_owned(), named));
    let parts = if repositories.is_empty() {
        Vec::new()
    } else {
        vec![part]
    };
    Ok(Some(Survey { parts, problems }))
}

/// The ID in a tag's file; some files have it in quotes.
fn id_of(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    text.trim().trim_matches('"').to_owned()
}

/// The layers, each read once.
struct Images<'a> {
    root: &'a Path,
    layers: HashMap<String, Result<Layer, String>>,
}

impl Images<'_> {
    /// The IDs of a layer and the layers below it, the lowest first. Returns what is wrong
    /// otherwise.
    fn chain(&mut self, top: &str) -> Result<Vec<String>, String> {
        let mut chain = self.ancestry(top).map_or_else(|| self.parents(top), Ok)?;
        for id in &chain {
            self.layer(id)?;
        }
        chain.reverse();
        Ok(chain)
    }

    /// The IDs in `ancestry`, the topmost first; `None` if it is invalid.
    fn ancestry(&self, top: &str) -> Option<Vec<String>> {
        let path = self.root.join("images").join(top).join("ancestry");
        let bytes = is_id(top).then(|| document(self.root, &path).ok())??;
        let chain: Vec<String> = serde_json::from_slice(&bytes).ok()?;
        let mut seen = HashSet::new();
        let sound = chain.first().is_some_and(|first| first == top)
            && chain.len() <= LAYERS
            && chain.iter().all(|id| is_id(id) && seen.insert(id));
        sound.then_some(chain)
    }

    /// The chain of parents in the descriptions, the topmost first.
    fn parents(&mut self, top: &str) -> Result<Vec<String>, String> {
        let (mut chain, mut seen) = (Vec::new(), HashSet::new());
        let mut next = Some(top.to_owned());
        while let Some(id) = next {
            if !seen.insert(id.clone()) {
                return Err(format!("its layers lead back to {id}"));
            }
            if chain.len() >= LAYERS {
                return Err(format!("it has more than {LAYERS} layers"));
            }
            next = match self.layer(&id)?.description.get("parent") {
                None | Some(Value::Null) => None,
                Some(Value::String(parent)) if parent.is_empty() => None,
                Some(Value::String(parent)) => Some(parent.clone()),
                Some(other) => return Err(not_an_id(&other.to_string())),
            };
            chain.push(id);
        }
        Ok(chain)
    }

    fn layer(&mut self, id: &str) -> Result<&Layer, String> {
        let root = self.root;
        let looked = self
            .layers
            .entry(id.to_owned())
            .or_insert_with(|| look(root, id));
        looked.as_ref().map_err(Clone::clone)
    }
}

fn is_id(text: &str) -> bool {
    text.len() == ID && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn not_an_id(text: &str) -> String {
    if text.is_empty() {
        return "it names no layer".to_owned();
    }
    let cut = text.char_indices().nth(ID).map(|(end, _)| &text[..end]);
    let (shown, rest) = cut.map_or((text, ""), |cut| (cut, "…"));
    format!("{shown:?}{rest} is not the ID of a layer")
}

/// Reads a layer if it is complete.
fn look(root: &Path, id: &str) -> Result<Layer, String> {
    if !is_id(id) {
        return Err(not_an_id(id));
    }
    let directory = root.join("images").join(id);
    if directory.join(UNFINISHED).exists() {
        return Err(format!("the upload of the layer images/{id} has not ended"));
    }
    let text = document(root, &directory.join("json"))
        .map_err(|reason| format!("the description images/{id}/json {reason}"))?;
    let description = serde_json::from_slice(&text)
        .map_err(|error| format!("the description images/{id}/json can't be used: {error}"))?;
    let wrong = |reason: String| format!("the layer images/{id}/layer {reason}");
    let file = file_within(root, &directory.join("layer")).map_err(wrong)?;
    let head = head(&file).map_err(wrong)?;
    if head.is_empty() {
        return Err(wrong("is empty".to_owned()));
    }
    if !is_layer(&head) {
        return Err(wrong("is neither a tar file nor compressed".to_owned()));
    }
    Ok(Layer { description, file })
}
