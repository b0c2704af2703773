//! Referrers without a name: signatures, SBOMs and attestations that an archive lists beside the image
//! that they describe, as `oras copy -r` does.
//!
//! Pure. They are pushed by digest into the repositories of their subject.

use std::collections::{BTreeSet, HashMap};

use super::conflicts::Target;
use super::naming::Goal;
use crate::archive::{Image, Origin, Tree};
use crate::oci::{Digest, ManifestView, Repository};

/// Gives referrers without a name the repositories of their subjects. Returns how many.
pub(super) fn adopt(targets: &mut [Target]) -> usize {
    let mut places: HashMap<Digest, BTreeSet<Repository>> = HashMap::new();
    let mut referrers = Vec::new();
    for (number, (image, goals)) in targets.iter().enumerate() {
        if let Some((digest, subject)) = reference(image) {
            referrers.push((number, digest, subject));
        } else if let (Ok(tree), Ok(goals)) = (&image.tree, goals) {
            for digest in digests(tree) {
                let repositories = goals.iter().map(|goal| goal.repository.clone());
                places.entry(digest).or_default().extend(repositories);
            }
        }
    }
    let mut adopted = 0;
    // A signature of an SBOM refers to a referrer, in any order.
    loop {
        let before = referrers.len();
        referrers.retain(|(number, digest, subject)| {
            let Some(repositories) = places.get(subject).cloned() else {
                return true;
            };
            let goals = repositories.iter().map(|repository| Goal {
                repository: repository.clone(),
                tag: None,
            });
            targets[*number].1 = Ok(goals.collect());
            places.entry(*digest).or_default().extend(repositories);
            adopted += 1;
            false
        });
        if referrers.len() == before {
            return adopted;
        }
    }
}

/// The digest of a referrer without a name, and that of its subject.
fn reference(image: &Image) -> Option<(Digest, Digest)> {
    if !image.names.is_empty() || !image.unusable.is_empty() || image.attachment.is_some() {
        return None;
    }
    let (bytes, media_type, digest) = match image.tree.as_ref().ok()? {
        Tree::Index(plan) => (&plan.bytes, &plan.media_type, plan.digest),
        Tree::Manifest(plan) => match &plan.origin {
            Origin::Kept {
                bytes,
                media_type,
                digest,
            } => (bytes, media_type, *digest),
            Origin::Made | Origin::V1(_) => return None,
        },
    };
    let view = ManifestView::parse(bytes, Some(media_type)).ok()?;
    Some((digest, view.subject?.digest))
}

/// The digests of a tree, as far as they are known.
fn digests(tree: &Tree) -> Vec<Digest> {
    let mut digests = Vec::from_iter(tree.digest());
    if let Tree::Index(plan) = tree {
        let children = plan.children.iter();
        digests.extend(children.flat_map(|(_, child)| self::digests(child)));
    }
    digests
}
