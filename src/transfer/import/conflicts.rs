//! Images of an archive with the same name.
//!
//! Pure. Attachments of an image (signatures, attestations) get the tag that cosign looks for;
//! images for different platforms become one index; any others are an error that names both. The
//! last one never silently wins.

use std::collections::{HashMap, HashSet};

use serde_json::json;

use super::Error;
use super::naming::Goal;
use crate::archive::{self, Image, IndexPlan, ManifestPlan, Origin, Tree};
use crate::hash::Hasher;
use crate::oci::{Algorithm, Digest, MediaType};

/// An image and its destinations.
pub(super) type Target = (Image, Result<Vec<Goal>, Error>);

/// Gives attachments of an image their own tags beside it.
pub(super) fn attach(targets: &mut [Target]) {
    if targets.iter().all(|(image, _)| image.attachment.is_none()) {
        return;
    }
    let mut subjects: HashMap<Goal, Digest> = HashMap::new();
    for (image, goals) in targets.iter() {
        let digest = image.tree.as_ref().ok().and_then(Tree::digest);
        if image.attachment.is_none()
            && let Some(digest) = digest
        {
            for goal in goals.iter().flatten() {
                subjects.entry(goal.clone()).or_insert(digest);
            }
        }
    }
    for (image, goals) in targets.iter_mut() {
        let (Some(attachment), Ok(goals)) = (image.attachment, goals) else {
            continue;
        };
        for goal in goals {
            let Some(subject) = subjects.get(goal) else {
                continue;
            };
            let (algorithm, hex) = (subject.algorithm(), subject.hex());
            let tag = format!("{algorithm}-{hex}.{}", attachment.suffix());
            goal.tag = tag.parse().ok();
        }
    }
}

/// Merges images for different platforms into one image, and turns all others with a common name
/// into errors.
pub(super) fn merge(targets: Vec<Target>) -> Vec<Target> {
    let mut groups = shared_goals(&targets);
    groups.sort_by(|(_, one), (_, other)| one.cmp(other));
    let mut targets: Vec<Option<Target>> = targets.into_iter().map(Some).collect();
    for (goal, mut numbers) in groups {
        let identity = |number: &usize| identity(&targets[*number].as_ref()?.0);
        let mut seen = HashSet::new();
        numbers.retain(|number| identity(number).is_some_and(|identity| seen.insert(identity)));
        let [first, second, ..] = numbers[..] else {
            continue;
        };
        let members: Vec<&Target> = numbers
            .iter()
            .filter_map(|one| targets[*one].as_ref())
            .collect();
        let same_goals = members
            .iter()
            .all(|(_, goals)| match (goals, &members[0].1) {
                (Ok(one), Ok(other)) => one == other,
                _ => false,
            });
        let images: Vec<&Image> = members.iter().map(|(image, _)| image).collect();
        let index = index(&images).filter(|_| same_goals);
        if let Some((bytes, digest)) = index {
            let children = numbers.iter().enumerate().filter_map(|(position, number)| {
                let (image, _) = targets[*number].take_if(|_| *number != first)?;
                Some((position, image.tree.ok()?))
            });
            let children: Vec<(usize, Tree)> = children.collect();
            if let Some((image, _)) = &mut targets[first] {
                turn_into_index(image, bytes, digest, children);
            }
            continue;
        }
        let error = Error::SameName {
            name: shown(&goal),
            first: identity(&first).unwrap_or_default(),
            second: identity(&second).unwrap_or_default(),
        };
        for number in numbers {
            if let Some((_, goals)) = &mut targets[number] {
                *goals = Err(error.clone());
            }
        }
    }
    targets.into_iter().flatten().collect()
}

/// The tags of more than one image, each with the numbers of these. Only they are copied: there may be
/// hundreds of thousands of others.
fn shared_goals(targets: &[Target]) -> Vec<(Goal, Vec<usize>)> {
    let tagged = targets.iter().enumerate().flat_map(|(number, (_, goals))| {
        let goals = goals.iter().flatten().filter(|goal| goal.tag.is_some());
        goals.map(move |goal| (goal, number))
    });
    let mut first: HashMap<&Goal, usize> = HashMap::new();
    let mut shared: HashMap<Goal, Vec<usize>> = HashMap::new();
    for (goal, number) in tagged {
        let one = *first.entry(goal).or_insert(number);
        if one != number {
            let numbers = shared.entry(goal.clone()).or_insert_with(|| vec![one]);
            numbers.push(number);
        }
    }
    shared.into_iter().collect()
}

fn shown(goal: &Goal) -> String {
    match &goal.tag {
        Some(tag) => format!("{}:{tag}", goal.repository),
        None => goal.repository.to_string(),
    }
}

/// The identity of an image: its digest, else the names of its parts; `None` if it can't be used.
fn identity(image: &Image) -> Option<String> {
    let tree = image.tree.as_ref().ok()?;
    if let Some(digest) = tree.digest() {
        return Some(digest.to_string());
    }
    let parts = tree.manifests().into_iter().flat_map(|manifest| {
        let pieces = manifest.config.iter().chain(&manifest.layers);
        pieces.map(|piece| piece.name.as_str())
    });
    Some(parts.collect::<Vec<_>>().join(" + "))
}

/// An index of images for different platforms, and its digest; `None` if the platforms are not
/// distinct.
fn index(images: &[&Image]) -> Option<(Vec<u8>, Digest)> {
    let mut platforms = HashSet::new();
    let mut manifests = Vec::new();
    for image in images {
        let Ok(Tree::Manifest(manifest)) = &image.tree else {
            return None;
        };
        let ManifestPlan {
            origin,
            platform: Some(platform),
            ..
        } = manifest.as_ref()
        else {
            return None;
        };
        if !platform.is_known() || !platforms.insert(platform.to_string()) {
            return None;
        }
        let (media_type, digest, size) = match origin {
            Origin::Kept {
                bytes,
                media_type,
                digest,
            } => (media_type.clone(), *digest, bytes.len()),
            // Replaced when the manifest has been created.
            Origin::Made | Origin::V1(_) => {
                let text = identity(image)?;
                let digest = Hasher::digest(Algorithm::Sha256, text.as_bytes());
                (MediaType::OCI_MANIFEST, digest, 0)
            }
        };
        manifests.push(json!({
            "mediaType": media_type,
            "digest": digest,
            "size": size,
            "platform": platform,
        }));
    }
    let index = json!({
        "schemaVersion": 2,
        "mediaType": MediaType::OCI_INDEX,
        "manifests": manifests,
    });
    let bytes = index.to_string().into_bytes();
    let digest = Hasher::digest(Algorithm::Sha256, &bytes);
    Some((bytes, digest))
}

/// Turns an image into an index of itself, first, and others.
fn turn_into_index(image: &mut Image, bytes: Vec<u8>, digest: Digest, others: Vec<(usize, Tree)>) {
    let unset = Err(archive::Error::NoImages { note: "" });
    let Ok(first) = std::mem::replace(&mut image.tree, unset) else {
        return;
    };
    let mut children = vec![(0, first)];
    children.extend(others);
    image.tree = Ok(Tree::Index(IndexPlan {
        bytes: bytes.into(),
        media_type: MediaType::OCI_INDEX,
        digest,
        children,
        complete: true,
    }));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::archive::Attachment;
    use crate::oci::Platform;

    fn image(content: &str, platform: &str, attachment: Option<Attachment>) -> Image {
        let bytes = content.as_bytes();
        let (os, architecture) = platform.split_once('/').unwrap_or(("", ""));
        Image {
            names: Vec::new(),
            unusable: Vec::new(),
            attachment,
            label: content.to_owned(),
            tree: Ok(Tree::Manifest(Box::new(ManifestPlan {
                image: content.to_owned(),
                origin: Origin::Kept {
                    bytes: bytes.into(),
                    media_type: MediaType::OCI_MANIFEST,
                    digest: Hasher::digest(Algorithm::Sha256, bytes),
                },
                config: None,
                layers: Vec::new(),
                platform: Some(Platform {
                    os: os.to_owned(),
                    architecture: architecture.to_owned(),
                    variant: None,
                    os_version: None,
                }),
            }))),
        }
    }

    fn goals(texts: &[&str]) -> Vec<Goal> {
        let goal = |text: &&str| {
            let (repository, tag) = text.split_once(':').unwrap_or((text, ""));
            Goal {
                repository: repository.parse().unwrap(),
                tag: tag.parse().ok(),
            }
        };
        texts.iter().map(goal).collect()
    }

    /// The outcome for each image: its goals, or a failure.
    fn outcome(targets: Vec<Target>) -> Vec<String> {
        let each = merge(targets)
            .into_iter()
            .map(|(image, goals)| match goals {
                Ok(goals) => {
                    let count = image.tree.ok().unwrap().manifests().len();
                    let goals: Vec<String> = goals.iter().map(shown).collect();
                    format!("{} of {count}", goals.join(","))
                }
                Err(_) => "fails".to_owned(),
            });
        each.collect()
    }

    #[test]
    fn platforms_become_an_index_and_others_fail() {
        let (amd, arm) = ("linux/amd64", "linux/arm64");
        let target =
            |content, platform, names: &[&str]| (image(content, platform, None), Ok(goals(names)));
        let cases: [(Vec<Target>, &[&str]); 6] = [
            (
                vec![target("a", amd, &["x:1"]), target("b", arm, &["x:1"])],
                &["x:1 of 2"],
            ),
            (
                vec![
                    target("a", amd, &["x:1"]),
                    target("b", amd, &["x:1"]),
                    target("c", amd, &["y:1"]),
                ],
                &["fails", "fails", "y:1 of 1"],
            ),
            (
                vec![
                    target("a", amd, &["x:1", "x:2"]),
                    target("b", arm, &["x:1"]),
                ],
                &["fails", "fails"],
            ),
            (
                vec![target("a", amd, &["x:1"]), target("a", amd, &["x:1"])],
                &["x:1 of 1", "x:1 of 1"],
            ),
            // By digest both can be stored.
            (
                vec![target("a", amd, &["x"]), target("b", amd, &["x"])],
                &["x of 1", "x of 1"],
            ),
            (
                vec![
                    target("a", "unknown/unknown", &["x:1"]),
                    target("b", arm, &["x:1"]),
                ],
                &["fails", "fails"],
            ),
        ];
        for (targets, expected) in cases {
            assert_eq!(outcome(targets), expected);
        }
    }

    #[test]
    fn signatures_get_a_tag_of_their_image() {
        let kinds = [
            Attachment::Signature,
            Attachment::Attestation,
            Attachment::Sbom,
        ];
        let mut targets: Vec<Target> = vec![(image("a", "linux/amd64", None), Ok(goals(&["x:1"])))];
        for (content, kind) in ["s", "t", "u"].into_iter().zip(kinds) {
            targets.push((image(content, "", Some(kind)), Ok(goals(&["x:1"]))));
        }
        attach(&mut targets);
        let hex = Hasher::digest(Algorithm::Sha256, b"a").hex();
        let expected = ["1".to_owned()]
            .into_iter()
            .chain(["sig", "att", "sbom"].map(|suffix| format!("sha256-{hex}.{suffix}")));
        let expected: Vec<String> = expected.map(|tag| format!("x:{tag} of 1")).collect();
        assert_eq!(outcome(targets), expected);
    }
}
