//! Random actions of clients, with restarts and a lagging layout, compared with a simple reference
//! in memory.

use std::collections::{BTreeMap, BTreeSet};

use super::*;

const STEPS: u64 = 300;
const NAMES: [&str; 3] = ["a", "a/b", "c"];
const TAGS: [&str; 4] = ["1", "1.0", "latest", "v1"];
const BLOBS: usize = 6;

/// The expected content of a repository.
#[derive(Default)]
struct Expected {
    blobs: BTreeSet<usize>,
    manifests: BTreeMap<Digest, Bytes>,
    tags: BTreeMap<&'static str, Digest>,
}

struct Model {
    root: Root,
    registry: Registry,
    expected: BTreeMap<&'static str, Expected>,
    chance: Chance,
}

fn content(number: usize) -> String {
    format!("blob {number}")
}

fn digest(number: usize) -> Digest {
    sha256(content(number).as_bytes())
}

impl Model {
    async fn step(&mut self) {
        let name = self.chance.one_of(&NAMES);
        match self.chance.below(20) {
            0..5 => self.push_blob(name).await,
            5..7 => self.mount(name).await,
            7..12 => self.put(name).await,
            12..14 => self.delete_tag(name).await,
            14 => self.delete_manifest(name).await,
            15..17 => self.delete_blob(name).await,
            17 => self
                .root
                .fail(&["place", "put", "remove"], "docker/", Fault::Full),
            18 => self.root.heal(),
            _ => self.restart().await,
        }
    }

    fn repository(&mut self, name: &'static str) -> &mut Expected {
        self.expected.entry(name).or_default()
    }

    async fn push_blob(&mut self, name: &'static str) {
        let number = self.chance.below(BLOBS);
        let (text, repository) = (content(number), repository(name));
        if self.chance.below(2) == 0 {
            push_blob(&self.registry, name, &text).await;
        } else {
            let upload = self.registry.start_upload(&repository, None).await;
            let id = upload.unwrap().id;
            let (first, rest) = text.split_at(3);
            let appended = self.registry.append(&repository, &id, None, body(&[first]));
            appended.await.unwrap();
            if self.chance.below(4) == 0 {
                self.restart().await;
            }
            let (digest, rest) = (digest(number), body(&[rest]));
            let finished = self
                .registry
                .finish_upload(&repository, &id, &digest, None, rest);
            finished.await.unwrap();
        }
        self.repository(name).blobs.insert(number);
    }

    async fn mount(&mut self, name: &'static str) {
        let number = self.chance.below(BLOBS);
        let from = [None, Some(NAMES[0]), Some(NAMES[1]), Some(NAMES[2])];
        let from = self.chance.one_of(&from);
        let readable = self
            .expected
            .iter()
            .filter(|(other, _)| from.is_none_or(|from| from == **other))
            .any(|(_, expected)| expected.blobs.contains(&number));
        let (to, from) = (repository(name), from.map(repository));
        let digest = digest(number);
        let mounted = self.registry.mount_blob(&to, from.as_ref(), &digest).await;
        assert_eq!(mounted.unwrap().is_some(), readable);
        if readable {
            self.repository(name).blobs.insert(number);
        }
    }

    async fn put(&mut self, name: &'static str) {
        let blobs = [self.chance.below(BLOBS), self.chance.below(BLOBS)];
        let bytes = image(&blobs.map(digest));
        let name_of_tag = self.chance.one_of(&TAGS);
        let done = put(&self.registry, name, name_of_tag, &bytes).await;
        let expected = self.repository(name);
        if blobs.iter().all(|number| expected.blobs.contains(number)) {
            let digest = done.unwrap();
            expected.manifests.insert(digest, bytes);
            expected.tags.insert(name_of_tag, digest);
        } else {
            assert!(
                matches!(done, Err(RegistryError::BlobsMissing(_))),
                "{done:?}"
            );
        }
    }

    async fn delete_tag(&mut self, name: &'static str) {
        let name_of_tag = self.chance.one_of(&TAGS);
        let (repository, tag) = (repository(name), tag(name_of_tag));
        let deleted = self.registry.delete_tag(&repository, &tag).await.is_ok();
        let was_there = self.repository(name).tags.remove(name_of_tag).is_some();
        assert_eq!(deleted, was_there);
    }

    async fn delete_manifest(&mut self, name: &'static str) {
        let there: Vec<Digest> = self.repository(name).manifests.keys().copied().collect();
        if there.is_empty() {
            return;
        }
        let digest = self.chance.one_of(&there);
        let repository = repository(name);
        let deleted = self.registry.delete_manifest(&repository, &digest).await;
        let gone: BTreeSet<String> = deleted.unwrap().iter().map(Tag::to_string).collect();
        let expected = self.repository(name);
        expected.manifests.remove(&digest);
        let tags = expected.tags.extract_if(.., |_, at| *at == digest);
        assert_eq!(gone, tags.map(|(name, _)| name.to_owned()).collect());
    }

    /// Deletes a blob that no manifest of the repository references.
    async fn delete_blob(&mut self, name: &'static str) {
        let number = self.chance.below(BLOBS);
        let digest = digest(number);
        let expected = self.repository(name);
        let text = digest.to_string();
        let references = |bytes: &Bytes| String::from_utf8_lossy(bytes).contains(&text);
        if expected.manifests.values().any(references) {
            return;
        }
        let was_there = expected.blobs.remove(&number);
        let repository = repository(name);
        let deleted = self.registry.delete_blob(&repository, &digest).await;
        assert_eq!(deleted.is_ok(), was_there);
    }

    async fn restart(&mut self) {
        if self.chance.below(2) == 0 {
            kill(self.registry.clone()).await;
        } else {
            let _ = self.registry.close().await;
        }
        let (registry, reindexed) = self.root.try_open().await.unwrap();
        self.registry = registry;
        assert!(reindexed.is_unchanged(), "{reindexed:?}");
        self.check().await;
    }

    /// Exactly the expected content exists, completely.
    async fn check(&self) {
        let registry = &self.registry;
        let mut listed = Vec::new();
        for (name, expected) in &self.expected {
            for number in 0..BLOBS {
                let read = read_blob(registry, name, &digest(number)).await;
                match read {
                    Ok(bytes) => assert_eq!(bytes, content(number)),
                    Err(RegistryError::BlobUnknown(_)) => {}
                    Err(error) => panic!("{name} {number}: {error}"),
                }
                let (repository, digest) = (repository(name), digest(number));
                let there = registry.lease_blob(&repository, &digest).await.is_ok();
                assert_eq!(there, expected.blobs.contains(&number), "{name} {number}");
            }
            for (digest, bytes) in &expected.manifests {
                let reference = Reference::Digest(*digest);
                let found = registry.manifest(&repository(name), &reference).await;
                assert_eq!(found.unwrap().bytes, bytes);
            }
            for (tag, digest) in &expected.tags {
                let found = get(registry, name, tag).await.unwrap();
                assert_eq!(sha256(&found), *digest, "{name}:{tag}");
            }
            let tags = registry.tags(&repository(name), "", 100).await;
            let tags = tags.unwrap_or_default();
            assert!(tags.iter().eq(expected.tags.keys()), "{name}: {tags:?}");
            if !expected.manifests.is_empty() {
                listed.push((*name).to_owned());
            }
        }
        assert_eq!(registry.repositories("", 100).await.unwrap(), listed);
    }
}

async fn run(root: Root) {
    let registry = root.open().await;
    let (expected, chance) = (BTreeMap::new(), Chance(seed()));
    let mut model = Model {
        root,
        registry,
        expected,
        chance,
    };
    for step in 0..STEPS {
        model.step().await;
        if step % 10 == 0 {
            model.check().await;
        }
    }
    model.root.heal();
    caught_up(&model.registry).await;
    model.restart().await;
    // The layout alone gives the same result to a new index.
    model.registry.close().await.unwrap();
    model
        .root
        .directory
        .path()
        .read_dir()
        .unwrap()
        .for_each(|entry| {
            let path = entry.unwrap().path();
            if path.is_file() {
                std::fs::remove_file(path).unwrap();
            }
        });
    model.registry = model.root.open().await;
    model.check().await;
}

#[tokio::test]
async fn in_memory_with_a_lagging_layout() {
    run(Root::in_memory()).await;
}

#[tokio::test]
async fn in_files() {
    run(Root::in_files()).await;
}
