//! Manifests: putting, getting and deleting them, and their tags.

use std::collections::HashSet;
use std::sync::Arc;

use bytes::Bytes;

use super::cache::Manifest;
use super::describe::describe;
use super::pulls::Pulled;
use super::sessions::Staged;
use super::{Registry, RegistryError, layout};
use crate::hash::Hasher;
use crate::index::PutManifest;
use crate::oci::{
    Algorithm, DESCRIPTOR_LIMIT, Descriptor, Digest, MANIFEST_LIMIT, ManifestView, MediaType,
    Reference, Repository, Tag,
};

/// A manifest to put.
#[derive(Debug, Clone)]
pub struct Incoming {
    /// The repository.
    pub repository: Repository,
    /// The tag or digest to put it under.
    pub reference: Reference,
    /// More tags to set.
    pub tags: Vec<Tag>,
    /// The media type in the request.
    pub media_type: Option<MediaType>,
    /// Its bytes.
    pub bytes: Bytes,
}

/// The result of putting a manifest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Put {
    /// Its digest.
    pub digest: Digest,
    /// Its subject, which may not exist.
    pub subject: Option<Digest>,
}

impl Registry {
    /// Puts a manifest, and points tags at it.
    pub async fn put_manifest(&self, incoming: Incoming) -> Result<Put, RegistryError> {
        self.must_accept_content().await?;
        let Incoming {
            repository,
            reference,
            mut tags,
            media_type,
            bytes,
        } = incoming;
        if bytes.len() > MANIFEST_LIMIT {
            return Err(RegistryError::ManifestTooLarge);
        }
        let _part = self.gate.pass(bytes.len()).await;
        let canonical = Hasher::digest(Algorithm::Sha256, &bytes);
        let digest = match reference {
            Reference::Tag(tag) => {
                tags.push(tag);
                canonical
            }
            Reference::Digest(expected) => {
                let actual = Hasher::digest(expected.algorithm(), &bytes);
                if actual != expected {
                    return Err(RegistryError::DigestMismatch { expected, actual });
                }
                expected
            }
        };
        let view = ManifestView::parse(&bytes, media_type.as_ref())?;
        if view.media_type.is_schema1() {
            return Err(RegistryError::SchemaOne);
        }
        if self.rules.known_types && !view.media_type.is_image() && !view.media_type.is_index() {
            return Err(RegistryError::TypeRefused(view.media_type));
        }
        let descriptors = view.layers.len() + view.manifests.len();
        if descriptors > DESCRIPTOR_LIMIT {
            return Err(RegistryError::TooManyDescriptors(descriptors));
        }
        self.check_addresses(&view)?;
        self.check_children(&repository, &view).await?;
        let required: HashSet<Digest> = if self.rules.required_layers {
            view.required_blobs().map(|blob| blob.digest).collect()
        } else {
            HashSet::new()
        };
        let subject = view.subject.as_ref().map(|subject| subject.digest);
        let configuration = match &view.config {
            // Without required layers it may be a secret of another repository.
            Some(config)
                if !self.rules.required_layers
                    && self.blob(&repository, &config.digest).await.is_err() =>
            {
                Vec::new()
            }
            _ => self.configuration(&view).await,
        };
        let size = bytes.len() as u64;
        let new = describe(repository, digest, canonical, size, &view, &configuration);

        let mut staged = None;
        if !self.index.has_blob(&canonical).await? || !self.is_in_place(&canonical, size).await? {
            staged = Some(self.stage(&bytes).await?);
        }
        loop {
            let required = required.iter().copied().collect();
            let key = staged.as_ref().map(|staged| staged.key.clone());
            let announced = key
                .as_ref()
                .map(|key| self.journal.announce(canonical, key));
            let is_staged = key.is_some();
            let put = self
                .index
                .put_manifest(new.clone(), required, tags.clone(), key, self.lease())
                .await;
            drop(announced);
            match put {
                Ok(PutManifest::Done) => {
                    if is_staged {
                        self.must_be_placed(&canonical).await?;
                    }
                    return Ok(Put { digest, subject });
                }
                // Its bytes existed, but were collected since.
                Ok(PutManifest::NeedsBytes) => staged = Some(self.stage(&bytes).await?),
                Ok(PutManifest::Missing(missing)) => {
                    self.unstage(staged).await;
                    return Err(RegistryError::BlobsMissing(missing));
                }
                Err(error) => {
                    self.unstage(staged).await;
                    return Err(error.into());
                }
            }
        }
    }

    /// Writes and seals the bytes of a manifest under a staging key, until the index commits them.
    async fn stage(&self, bytes: &Bytes) -> Result<Staged, RegistryError> {
        let staged = self.sessions.stage();
        let mut appender = self.store.append(&staged.key, 0, Vec::new());
        let written = match appender.write(vec![bytes.clone()]).await {
            Ok(()) => appender.seal().await,
            Err(error) => Err(error),
        };
        match written {
            Ok(_) => Ok(staged),
            Err(error) => {
                self.unstage(Some(staged)).await;
                Err(error.into())
            }
        }
    }

    /// Removes staged bytes.
    pub(super) async fn unstage(&self, staged: Option<Staged>) {
        if let Some(staged) = staged
            && let Err(error) = self.apply(layout::discard(&staged.key)).await
        {
            tracing::warn!(%error, "staged bytes of a refused request could not be removed; the next start removes them");
        }
    }

    fn check_addresses(&self, view: &ManifestView) -> Result<(), RegistryError> {
        let rules = &self.rules;
        let refused = view
            .layers
            .iter()
            .flat_map(|layer| &layer.urls)
            .find(|url| {
                let allowed = rules.addresses_allowed.is_empty()
                    || rules
                        .addresses_allowed
                        .iter()
                        .any(|pattern| pattern.is_match(url));
                !allowed
                    || rules
                        .addresses_denied
                        .iter()
                        .any(|pattern| pattern.is_match(url))
            });
        match refused {
            Some(url) => Err(RegistryError::AddressRefused(url.clone())),
            None => Ok(()),
        }
    }

    async fn check_children(
        &self,
        repository: &Repository,
        view: &ManifestView,
    ) -> Result<(), RegistryError> {
        let needed = |child: &&Descriptor| self.rules.requires_child(child);
        let mut missing = Vec::new();
        for child in view.manifests.iter().filter(needed) {
            let reference = Reference::Digest(child.digest);
            if self.index.manifest(repository, &reference).await?.is_none() {
                missing.push(child.digest);
            }
        }
        if !missing.is_empty() {
            // These come back with the index.
            let terms = self.lease_terms();
            let restorable = self.index.recently_deleted(repository, &missing, terms);
            let restorable: HashSet<Digest> = restorable.await?.into_iter().collect();
            missing.retain(|digest| !restorable.contains(digest));
        }
        if missing.is_empty() {
            Ok(())
        } else {
            Err(RegistryError::ChildrenMissing(missing))
        }
    }

    /// The configuration of an image; empty if it can't be read.
    pub(super) async fn configuration(&self, view: &ManifestView) -> Vec<u8> {
        let Some(config) = &view.config else {
            return Vec::new();
        };
        let readable = config.media_type.is_image_config() && config.size <= MANIFEST_LIMIT as u64;
        if !readable || config.digest.algorithm() != Algorithm::Sha256 {
            return Vec::new();
        }
        match self.read(&config.digest, None).await {
            Ok(body) if body.length() <= MANIFEST_LIMIT as u64 => {
                body.collect().await.map(Vec::from).unwrap_or_default()
            }
            _ => Vec::new(),
        }
    }

    /// A manifest by tag or digest for a client: counts a pull. Content that does not match its
    /// digest is not returned.
    pub async fn manifest(
        &self,
        repository: &Repository,
        reference: &Reference,
    ) -> Result<Arc<Manifest>, RegistryError> {
        let manifest = self.find_manifest(repository, reference).await?;
        self.pulls.note(&manifest.pulled);
        Ok(manifest)
    }

    /// Like [`Registry::manifest`], for internal use: counts no pull.
    pub(super) async fn find_manifest(
        &self,
        repository: &Repository,
        reference: &Reference,
    ) -> Result<Arc<Manifest>, RegistryError> {
        if let Some(manifest) = self.cache.manifest(repository, reference) {
            return Ok(manifest);
        }
        let unknown = || RegistryError::ManifestUnknown {
            repository: repository.clone(),
            reference: reference.clone(),
        };
        let seen = self.cache.begin_read(repository);
        let record = self
            .index
            .manifest(repository, reference)
            .await?
            .ok_or_else(unknown)?;
        let body = match self.read(&record.blob.canonical, None).await {
            Ok(body) => body,
            Err(error) => {
                self.reject(&record.blob.canonical, error).await?;
                return Err(unknown());
            }
        };
        let bytes = body
            .collect()
            .await
            .map_err(|error| crate::store::StoreError::new("read", record.digest, error))?;
        if Hasher::digest(record.digest.algorithm(), &bytes) != record.digest {
            self.quarantine(&record.blob.canonical).await?;
            return Err(unknown());
        }
        let manifest = Arc::new(Manifest {
            digest: record.digest,
            canonical: record.blob.canonical,
            media_type: record.media_type,
            bytes,
            pulled: Pulled::never(repository, &record.digest),
        });
        self.cache
            .insert_manifest(seen, repository, reference, &manifest);
        Ok(manifest)
    }

    /// Moves a tag, without its manifest, to the trash.
    pub async fn delete_tag(
        &self,
        repository: &Repository,
        tag: &Tag,
    ) -> Result<(), RegistryError> {
        self.must_allow_deletes()?;
        if self
            .index
            .freeing()
            .delete_tag(repository.clone(), tag.clone(), self.discard().await)
            .await?
        {
            return Ok(());
        }
        let reference = Reference::Tag(tag.clone());
        Err(RegistryError::ManifestUnknown {
            repository: repository.clone(),
            reference,
        })
    }

    /// Deletes a manifest and the tags that point at it; they are moved to the trash. Returns the
    /// tags.
    pub async fn delete_manifest(
        &self,
        repository: &Repository,
        digest: &Digest,
    ) -> Result<Vec<Tag>, RegistryError> {
        self.must_allow_deletes()?;
        let reference = Reference::Digest(*digest);
        let known = self.index.manifest(repository, &reference).await?;
        let size = known.map_or(0, |known| known.blob.size);
        let _part = self
            .gate
            .pass(usize::try_from(size).unwrap_or(usize::MAX))
            .await;
        let (mut tags, discard) = self
            .index
            .freeing()
            .delete_most_tags(repository, digest, self.discard().await)
            .await?;
        let rest = self
            .index
            .freeing()
            .delete_manifest(repository.clone(), *digest, discard)
            .await?;
        tags.extend(rest.ok_or_else(|| RegistryError::ManifestUnknown {
            repository: repository.clone(),
            reference,
        })?);
        Ok(tags)
    }
}
