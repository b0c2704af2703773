//! The steps of the model, each applied to the registry and to the reference.

use std::collections::BTreeSet;

use super::model::{BLOBS, Model, NAMES, TAGS, content};
use super::reference::{Contents, Known, fallback};
use super::*;

impl Model {
    fn number(&mut self) -> usize {
        self.number += 1;
        self.number
    }

    /// A blob by one of its digests.
    fn digest(&mut self, number: usize) -> Digest {
        let algorithm = if self.chance.below(5) == 0 {
            Algorithm::Sha512
        } else {
            Algorithm::Sha256
        };
        Hasher::digest(algorithm, content(number).as_bytes())
    }

    /// Like a client: asks for the blob, and uploads it if it does not exist.
    pub(super) async fn push_blob(&mut self, name: &'static str) -> Digest {
        let number = self.chance.below(BLOBS);
        let digest = self.digest(number);
        let canonical = self.reference.canonical(&digest);
        let to = repository(name);
        let there = self.registry.lease_blob(&to, &digest).await.is_ok();
        let contents = self.reference.repositories.get(name);
        let linked = contents.is_some_and(|contents| contents.links.contains(&canonical));
        if digest.algorithm() == Algorithm::Sha256 {
            assert_eq!(there, linked, "{name} {digest}");
        }
        if there {
            assert!(linked, "{name} {digest}");
            let read = read_blob(&self.registry, name, &digest).await.unwrap();
            assert_eq!(read, content(number));
        } else {
            let body = body(&[&content(number)]);
            let pushed = self.registry.upload_at_once(&to, &digest, body).await;
            pushed.unwrap();
        }
        self.reference.blobs.insert(canonical);
        self.reference.contents(name).links.insert(canonical);
        self.reference.lease(canonical);
        digest
    }

    pub(super) async fn mount(&mut self, name: &'static str) {
        let canonical = sha256(content(self.chance.below(BLOBS)).as_bytes());
        let from = self.chance.one_of(&NAMES);
        let readable = self
            .reference
            .repositories
            .get(from)
            .is_some_and(|contents| contents.links.contains(&canonical));
        let (to, from) = (repository(name), repository(from));
        let mounted = self.registry.mount_blob(&to, Some(&from), &canonical).await;
        assert_eq!(mounted.unwrap().is_some(), readable);
        if readable {
            self.reference.contents(name).links.insert(canonical);
            self.reference.lease(canonical);
        }
    }

    /// Puts a manifest, tagged or by one of its digests, and records it.
    async fn put(&mut self, name: &'static str, tag_name: Option<String>, known: Known) -> Digest {
        let canonical = sha256(&known.bytes);
        let reference = match (&tag_name, self.chance.below(6)) {
            (Some(name), _) => Reference::Tag(tag(name)),
            (None, 0) => {
                let long = Hasher::digest(Algorithm::Sha512, &known.bytes);
                self.reference.aliases.insert(long, canonical);
                Reference::Digest(long)
            }
            (None, _) => Reference::Digest(canonical),
        };
        let digest = put_by(&self.registry, name, reference, &known.bytes).await;
        let digest = digest.unwrap();
        self.reference.blobs.insert(canonical);
        self.reference.lease(canonical);
        for blob in &known.blobs {
            self.reference.lease(self.reference.canonical(blob));
        }
        for child in &known.children {
            let canonical = self.reference.canonical(child);
            if self.reference.blobs.contains(&canonical) {
                self.reference.lease(canonical);
            }
        }
        let contents = self.reference.contents(name);
        let now = known.pushed_at;
        let entry = contents.manifests.entry(digest);
        entry
            .and_modify(|known| known.pushed_at = now)
            .or_insert(known);
        if let Some(tag) = tag_name {
            contents.tags.insert(tag, digest);
        }
        self.reference.restore_children(name, digest);
        digest
    }

    fn known(&self, bytes: Bytes, blobs: Vec<Digest>) -> Known {
        Known {
            bytes,
            subject: None,
            blobs,
            children: vec![],
            readable: true,
            familiar: true,
            pushed_at: self.reference.now,
            pulled_at: None,
        }
    }

    fn some_tag(&mut self) -> Option<String> {
        let tag = self.chance.one_of(&TAGS);
        (self.chance.below(3) > 0).then(|| tag.to_owned())
    }

    fn some_manifest(&mut self, name: &'static str) -> Option<Digest> {
        let contents = self.reference.repositories.get(name)?;
        let there: Vec<Digest> = contents.manifests.keys().copied().collect();
        (!there.is_empty()).then(|| self.chance.one_of(&there))
    }

    /// A deleted manifest.
    fn some_trashed(&mut self, name: &'static str) -> Option<Digest> {
        let trash = self.reference.trash.iter();
        let of = trash.filter(|deletion| deletion.repository == name);
        let there: Vec<Digest> = of
            .flat_map(|deletion| deletion.contents.manifests.keys().copied())
            .collect();
        (!there.is_empty()).then(|| self.chance.one_of(&there))
    }

    pub(super) async fn put_image(&mut self, name: &'static str) {
        let blobs = vec![self.push_blob(name).await, self.push_blob(name).await];
        let tag = self.some_tag();
        let known = self.known(image(&blobs), blobs);
        self.put(name, tag, known).await;
    }

    pub(super) async fn put_index(&mut self, name: &'static str) {
        let mut children = Vec::new();
        for _ in 0..self.chance.below(3) {
            children.extend(match self.chance.below(3) {
                0 => self.some_trashed(name),
                _ => self.some_manifest(name),
            });
        }
        if self.chance.below(6) == 0 {
            children.push(sha256(b"of another platform"));
        }
        children.dedup();
        let known = Known {
            children: children.clone(),
            ..self.known(index_of(&children), vec![])
        };
        let tag = self.some_tag();
        self.put(name, tag, known).await;
    }

    /// For example a signature, of a subject that may exist; listed under the fallback tag or not.
    pub(super) async fn put_referrer(&mut self, name: &'static str) {
        let absent = sha256(b"never pushed");
        let subject = match self.some_manifest(name) {
            Some(digest) if self.chance.below(5) > 0 => digest,
            _ => absent,
        };
        let blobs = vec![self.push_blob(name).await];
        if self.chance.below(2) == 0 {
            let known = Known {
                subject: Some(subject),
                ..self.known(referrer(&blobs, &subject), blobs)
            };
            self.put(name, None, known).await;
            return;
        }
        let number = self.number();
        let bytes = serde_json::json!({
            "schemaVersion": 2, "mediaType": MediaType::OCI_MANIFEST.as_str(),
            "config": descriptor(&MediaType::OCI_EMPTY, &blobs[0]), "layers": [],
            "annotations": {"number": number.to_string()},
        });
        let known = self.known(bytes.to_string().into(), blobs);
        let signature = self.put(name, None, known).await;
        let known = Known {
            children: vec![signature],
            ..self.known(index_of(&[signature]), vec![])
        };
        self.put(name, Some(fallback(&subject)), known).await;
    }

    /// A manifest of an unknown type, whose references are known.
    pub(super) async fn put_strange(&mut self, name: &'static str) {
        let blobs = vec![self.push_blob(name).await];
        let bytes = serde_json::json!({
            "schemaVersion": 2, "mediaType": "application/vnd.example.strange+json",
            "config": descriptor(&MediaType::OCI_EMPTY, &blobs[0]), "layers": [],
        });
        let known = Known {
            familiar: false,
            ..self.known(bytes.to_string().into(), blobs)
        };
        self.put(name, None, known).await;
    }

    pub(super) async fn pull(&mut self, name: &'static str) {
        let Some(digest) = self.some_manifest(name) else {
            return;
        };
        let reference = Reference::Digest(digest);
        let pulled = self.registry.manifest(&repository(name), &reference).await;
        let expected = &self.reference.repositories[name].manifests[&digest].bytes;
        assert_eq!(pulled.unwrap().bytes, *expected);
        self.reference.pulled.insert((name, digest));
    }

    pub(super) async fn delete_tag(&mut self, name: &'static str) {
        let contents = self.reference.repositories.get(name);
        let Some(contents) = contents.filter(|contents| !contents.tags.is_empty()) else {
            return;
        };
        let tags: Vec<String> = contents.tags.keys().cloned().collect();
        let name_of_tag = tags[self.chance.below(tags.len())].clone();
        let deleted = self
            .registry
            .delete_tag(&repository(name), &tag(&name_of_tag))
            .await;
        deleted.unwrap();
        let at = self.reference.contents(name).tags.remove(&name_of_tag);
        let contents = Contents {
            tags: [(name_of_tag, at.unwrap())].into(),
            ..Contents::default()
        };
        self.reference.throw(TrashedKind::Tag, name, contents);
    }

    pub(super) async fn delete_manifest(&mut self, name: &'static str) {
        let Some(digest) = self.some_manifest(name) else {
            return;
        };
        let deleted = self
            .registry
            .delete_manifest(&repository(name), &digest)
            .await;
        let gone: BTreeSet<String> = deleted.unwrap().iter().map(Tag::to_string).collect();
        let contents = self.reference.contents(name);
        let known = contents.manifests.remove(&digest).unwrap();
        let tags = contents
            .tags
            .extract_if(.., |_, at| *at == digest)
            .collect();
        let thrown = Contents {
            links: contents.links.clone(),
            manifests: [(digest, known)].into(),
            tags,
        };
        assert_eq!(gone, thrown.tags.keys().cloned().collect());
        self.reference.throw(TrashedKind::Manifest, name, thrown);
    }

    pub(super) async fn delete_repository(&mut self, name: &'static str) {
        let deleted = self.registry.delete_repository(&repository(name)).await;
        let contents = self.reference.repositories.remove(name);
        assert_eq!(deleted.is_ok(), contents.is_some(), "{name}");
        if let Some(contents) = contents.filter(|contents| !contents.manifests.is_empty()) {
            self.reference
                .throw(TrashedKind::Repository, name, contents);
        }
        let listed = self.registry.repositories("", 100).await.unwrap();
        assert!(!listed.contains(&name.to_owned()));
    }

    /// Deletes a blob that no live manifest of the repository references.
    pub(super) async fn delete_blob(&mut self, name: &'static str) {
        let canonical = sha256(content(self.chance.below(BLOBS)).as_bytes());
        let Some(contents) = self.reference.repositories.get(name) else {
            return;
        };
        let mut needed = contents.manifests.values().flat_map(|known| &known.blobs);
        if needed.any(|digest| self.reference.canonical(digest) == canonical)
            || contents.manifests.values().any(|known| !known.readable)
        {
            return;
        }
        let deleted = self
            .registry
            .delete_blob(&repository(name), &canonical)
            .await;
        let deleted = deleted.is_ok();
        assert_eq!(
            deleted,
            self.reference.contents(name).links.remove(&canonical)
        );
    }

    pub(super) async fn empty_trash(&mut self) {
        let lying = self.reference.lying().count();
        let emptied = self.registry.empty_trash().await.unwrap();
        assert_eq!(emptied, lying as u64);
        self.reference.trash.clear();
    }

    /// Another program adds an unreadable manifest; the next start finds it.
    pub(super) async fn adopt(&mut self, name: &'static str) {
        let number = self.chance.below(2);
        let bytes: Bytes = format!("not json {number}").into();
        let digest = sha256(&bytes);
        let text: Bytes = digest.to_string().into();
        self.registry.close().await.unwrap();
        self.reference.save_pulls();
        let revision = layout::revision(&repository(name), &digest);
        for (key, bytes) in [(layout::blob(&digest), bytes.clone()), (revision, text)] {
            self.root
                .store
                .apply(vec![Step::Put { key, bytes }])
                .await
                .unwrap();
        }
        self.registry = self.root.open().await;
        let known = Known {
            readable: false,
            ..self.known(bytes, vec![])
        };
        self.reference.blobs.insert(digest);
        self.reference
            .contents(name)
            .manifests
            .entry(digest)
            .or_insert(known);
    }
}
