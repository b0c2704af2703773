//! The documents at the beginning of an archive that is written: `oci-layout`, `index.json`,
//! `manifest.json`.
//!
//! The first two are an OCI image layout, with the names that containerd, docker and podman expect;
//! `docker load` of the classic store reads the last. Pure; the same images give the same bytes.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::json;

use crate::oci::{Descriptor, Digest, ImageReference, MediaType};

/// The name of the document with the version of the layout.
pub const LAYOUT: &str = "oci-layout";
/// The name of the document that lists the images.
pub const INDEX: &str = "index.json";
/// The name of docker's own list of images.
pub const MANIFEST: &str = "manifest.json";

/// The full name of an image, in containerd's form.
pub const ANNOTATION_NAME: &str = "io.containerd.image.name";
/// The tag of an image (OCI image specification, "Pre-Defined Annotation Keys").
pub const ANNOTATION_REF: &str = "org.opencontainers.image.ref.name";
/// The role of a manifest for the image of its name, as hauler and cosign write it.
pub const ANNOTATION_KIND: &str = "kind";
/// In `index.json`, at the top level: the images whose layers were left out and which the reader
/// must have. `NAME@DIGEST`, separated by spaces.
pub const ANNOTATION_BASE: &str = "io.regctl.archive.base";

/// The registry of a name without one, for docker and containerd.
const HUB: &str = "docker.io";

/// The contents of [`LAYOUT`].
pub const LAYOUT_VERSION: &[u8] = br#"{"imageLayoutVersion":"1.0.0"}"#;

/// An image with its name in the archive.
#[derive(Debug, Clone)]
pub struct NamedImage {
    /// The name.
    pub name: ImageReference,
    /// Its manifest or index.
    pub descriptor: Descriptor,
    /// The parts that docker runs; `None` for an artifact.
    pub runnable: Option<Runnable>,
}

/// The parts of an image for one platform.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Runnable {
    /// The digest of its configuration.
    pub config: Digest,
    /// The digests of its layers, the lowest first.
    pub layers: Vec<Digest>,
}

/// The path of a blob in the archive.
pub fn blob_path(digest: &Digest) -> String {
    format!("blobs/{}/{}", digest.algorithm(), digest.hex())
}

/// A name in containerd's form: with its registry, and with the `library/` of Docker Hub's official
/// images.
pub fn full_name(name: &ImageReference) -> String {
    let mut full = name.clone();
    let registry = full.registry.get_or_insert_with(|| HUB.to_owned());
    if registry == HUB
        && !full.repository.as_str().contains('/')
        && let Ok(official) = format!("library/{}", full.repository).parse()
    {
        full.repository = official;
    }
    // A tag or a digest: with both, no client finds the image by its tag.
    if full.tag.is_some() {
        full.digest = None;
    }
    full.to_string()
}

/// `index.json`: each image under its name. `bases` are the images that the reader must have.
pub fn index(images: &[NamedImage], bases: &[String]) -> Vec<u8> {
    let manifests: Vec<_> = images
        .iter()
        .map(|image| {
            let mut descriptor = image.descriptor.clone();
            let annotations = descriptor.annotations.get_or_insert_default();
            annotations.insert(ANNOTATION_NAME.to_owned(), full_name(&image.name));
            if let Some(tag) = &image.name.tag {
                annotations.insert(ANNOTATION_REF.to_owned(), tag.to_string());
            }
            descriptor
        })
        .collect();
    let mut index = json!({
        "schemaVersion": 2,
        "mediaType": MediaType::OCI_INDEX,
        "manifests": manifests,
    });
    if !bases.is_empty() {
        index["annotations"] = json!(BTreeMap::from([(ANNOTATION_BASE, bases.join(" "))]));
    }
    index.to_string().into_bytes()
}

/// An item of `manifest.json`.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Item {
    config: String,
    /// Null if the image has no tag.
    repo_tags: Option<Vec<String>>,
    layers: Vec<String>,
}

/// `manifest.json`: each image that docker can run, with all of its tags. `None` if there is no
/// such image.
pub fn docker_manifest(images: &[NamedImage]) -> Option<Vec<u8>> {
    let mut items: Vec<(&Runnable, Vec<String>)> = Vec::new();
    for image in images {
        let Some(runnable) = &image.runnable else {
            continue;
        };
        let known = items.iter().position(|(other, _)| *other == runnable);
        let at = known.unwrap_or_else(|| {
            items.push((runnable, Vec::new()));
            items.len() - 1
        });
        // Full names: podman would put others under localhost/.
        if image.name.tag.is_some() {
            items[at].1.push(full_name(&image.name));
        }
    }
    let items: Vec<Item> = items
        .into_iter()
        .map(|(runnable, tags)| Item {
            config: blob_path(&runnable.config),
            repo_tags: (!tags.is_empty()).then_some(tags),
            layers: runnable.layers.iter().map(blob_path).collect(),
        })
        .collect();
    (!items.is_empty()).then(|| json!(items).to_string().into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digest(character: char) -> Digest {
        let text = format!("sha256:{}", character.to_string().repeat(64));
        text.parse().unwrap()
    }

    fn image(name: &str, manifest: char, runnable: Option<(char, &str)>) -> NamedImage {
        NamedImage {
            name: name.parse().unwrap(),
            descriptor: Descriptor {
                media_type: MediaType::OCI_MANIFEST,
                digest: digest(manifest),
                size: 7,
                urls: Vec::new(),
                platform: None,
                artifact_type: None,
                annotations: None,
            },
            runnable: runnable.map(|(config, layers)| Runnable {
                config: digest(config),
                layers: layers.chars().map(digest).collect(),
            }),
        }
    }

    #[test]
    fn full_names() {
        for (name, full) in [
            ("app:1", "docker.io/library/app:1"),
            ("team/app:1", "docker.io/team/app:1"),
            ("docker.io/app:1", "docker.io/library/app:1"),
            ("h:5000/app:1", "h:5000/app:1"),
            ("localhost/app:1", "localhost/app:1"),
        ] {
            assert_eq!(full_name(&name.parse().unwrap()), full);
        }
        let both = format!("team/app:1@{}", digest('a'));
        assert_eq!(full_name(&both.parse().unwrap()), "docker.io/team/app:1");
        let untagged = format!("h:5000/app@{}", digest('a'));
        assert_eq!(full_name(&untagged.parse().unwrap()), untagged);
    }

    #[test]
    fn two_tags_of_one_image_are_one_item_and_two_entries() {
        let images = [
            image("team/app:1", 'a', Some(('c', "de"))),
            image("team/app:latest", 'a', Some(('c', "de"))),
            image("h:5000/chart:1", 'f', None),
            image(&format!("other@{}", digest('b')), 'b', Some(('1', "d"))),
        ];
        let index: serde_json::Value = serde_json::from_slice(&super::index(&images, &[])).unwrap();
        let names: Vec<_> = index["manifests"]
            .as_array()
            .unwrap()
            .iter()
            .map(|entry| {
                let of = |key| entry["annotations"][key].as_str().unwrap_or("-");
                format!("{} {}", of(ANNOTATION_NAME), of(ANNOTATION_REF))
            })
            .collect();
        assert_eq!(
            names,
            [
                "docker.io/team/app:1 1".to_owned(),
                "docker.io/team/app:latest latest".to_owned(),
                "h:5000/chart:1 1".to_owned(),
                format!("docker.io/library/other@{} -", digest('b')),
            ]
        );
        assert_eq!(index.get("annotations"), None);
        let blob = |character| format!("blobs/sha256/{}", character_64(character));
        let manifest: serde_json::Value =
            serde_json::from_slice(&docker_manifest(&images).unwrap()).unwrap();
        assert_eq!(
            manifest,
            json!([
                {
                    "Config": blob('c'),
                    "RepoTags": ["docker.io/team/app:1", "docker.io/team/app:latest"],
                    "Layers": [blob('d'), blob('e')],
                },
                { "Config": blob('1'), "RepoTags": null, "Layers": [blob('d')] },
            ])
        );
        assert_eq!(docker_manifest(&images[2..3]), None);
    }

    fn character_64(character: char) -> String {
        character.to_string().repeat(64)
    }

    #[test]
    fn omitted_bases_are_listed() {
        let images = [image("app:2", 'a', None)];
        let bases = [format!("app:1@{}", digest('b'))];
        let index: serde_json::Value =
            serde_json::from_slice(&super::index(&images, &bases)).unwrap();
        assert_eq!(index["annotations"][ANNOTATION_BASE], bases[0]);
    }
}
