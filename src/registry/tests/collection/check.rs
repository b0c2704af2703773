//! Comparison of the registry with the reference.

use std::collections::{BTreeMap, BTreeSet};

use super::model::Model;
use super::*;
use crate::oci::Visibility;

impl Model {
    /// The relations are the same, and everything that clients may ask for exists.
    pub(super) async fn check_relations(&self) {
        let index = &self.registry.index;
        let reference = &self.reference;
        let blobs: BTreeSet<Digest> = index.known_blobs("").await.unwrap().into_iter().collect();
        let differing = blobs.symmetric_difference(&reference.blobs);
        let differing: Vec<String> = differing
            .map(|digest| format!("{digest}, there: {}", blobs.contains(digest)))
            .collect();
        assert!(
            differing.is_empty(),
            "{differing:#?} {:#?}",
            reference.repositories
        );
        let names = index.all_repositories().await.unwrap();
        let names: Vec<&str> = names.iter().map(Repository::as_str).collect();
        let expected: Vec<&str> = reference.repositories.keys().copied().collect();
        assert_eq!(names, expected, "repositories");
        let listed = index.repositories(&Visibility::Everything, "", usize::MAX);
        let with_manifests = reference.repositories.iter();
        let with_manifests = with_manifests.filter(|(_, contents)| !contents.manifests.is_empty());
        let expected: Vec<&str> = with_manifests.map(|(name, _)| *name).collect();
        assert_eq!(
            listed.await.unwrap(),
            expected,
            "repositories with a manifest"
        );
        for (name, contents) in &reference.repositories {
            let known = index.known_repository(&repository(name)).await.unwrap();
            let links: BTreeSet<Digest> = known.blobs.into_iter().collect();
            assert_eq!(links, contents.links, "{name}: links");
            let manifests: BTreeSet<Digest> = known.manifests.into_iter().collect();
            assert!(
                manifests.iter().eq(contents.manifests.keys()),
                "{name}: manifests"
            );
            let tags: BTreeMap<String, Digest> = known
                .tags
                .into_iter()
                .map(|(tag, digest)| (tag.to_string(), digest))
                .collect();
            assert_eq!(tags, contents.tags, "{name}: tags");
            self.check_content(name).await;
        }
        let trash = self.registry.trash().await.unwrap();
        let lying: Vec<_> = self.reference.lying().collect();
        assert_eq!(trash.len(), lying.len());
        for (thrown, expected) in trash.iter().rev().zip(lying) {
            assert_eq!(thrown.kind, expected.kind);
            assert_eq!(thrown.repository.as_str(), expected.repository);
            assert_eq!(thrown.expires_at, expected.ends);
            assert!(
                thrown
                    .manifests
                    .iter()
                    .eq(expected.contents.manifests.keys())
            );
            let tags = thrown
                .tags
                .iter()
                .map(|(tag, digest)| (tag.to_string(), *digest));
            let expected = expected.contents.tags.clone();
            assert_eq!(tags.collect::<BTreeMap<_, _>>(), expected);
        }
    }

    /// Each tag and each manifest resolves to its complete content.
    async fn check_content(&self, name: &str) {
        let contents = &self.reference.repositories[name];
        let of = repository(name);
        for (digest, known) in &contents.manifests {
            let reference = Reference::Digest(*digest);
            let found = self.registry.find_manifest(&of, &reference).await.unwrap();
            assert_eq!(found.bytes, known.bytes);
            for blob in &known.blobs {
                let read = read_blob(&self.registry, name, blob).await.unwrap();
                assert_eq!(
                    Hasher::digest(blob.algorithm(), &read),
                    *blob,
                    "{name} {blob}"
                );
            }
        }
        for (name_of_tag, digest) in &contents.tags {
            let reference = Reference::Tag(tag(name_of_tag));
            let found = self.registry.find_manifest(&of, &reference).await.unwrap();
            assert_eq!(found.digest, *digest, "{name}:{name_of_tag}");
        }
    }

    /// The layout shows the same, and contains nothing else.
    pub(super) async fn check_layout(&self) {
        assert_eq!(placed(&self.root).await, self.reference.blobs);
        assert!(self.root.names(layout::STAGING).await.is_empty());
        let walked = self.registry.walk_repositories().await.unwrap();
        let names: Vec<&str> = walked.repositories.iter().map(Repository::as_str).collect();
        let expected: Vec<&str> = self.reference.repositories.keys().copied().collect();
        assert_eq!(names, expected, "repositories of the layout");
        assert!(walked.uploads.is_empty());
        for (name, contents) in &self.reference.repositories {
            let directory = layout::repository(name);
            let links = async |below: &str| -> BTreeSet<Digest> {
                let links = self.registry.links(&format!("{directory}/{below}")).await;
                links.unwrap().into_iter().map(|link| link.name).collect()
            };
            let layers = links("_layers").await;
            let canonical: BTreeSet<Digest> = layers
                .iter()
                .filter(|digest| digest.algorithm() == Algorithm::Sha256)
                .copied()
                .collect();
            assert_eq!(canonical, contents.links, "{name}: links of the layout");
            for digest in layers.difference(&canonical) {
                assert!(contents.links.contains(&self.reference.canonical(digest)));
            }
            let revisions = links("_manifests/revisions").await;
            assert!(
                revisions.iter().eq(contents.manifests.keys()),
                "{name}: revisions"
            );
            let tags: BTreeSet<String> = self
                .root
                .names(&format!("{directory}/_manifests/tags"))
                .await
                .into_iter()
                .collect();
            assert!(
                tags.iter().eq(contents.tags.keys()),
                "{name}: tags of the layout"
            );
        }
    }
}
