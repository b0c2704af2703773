//! Reindexing of additions that other programs made to the layout: manifests and upload sessions.

use super::check::Content;
use super::describe::describe;
use super::survey::Place;
use super::{Registry, RegistryError, layout};
use crate::clock::Millis;
use crate::hash::Hasher;
use crate::index::{NewManifest, UploadRecord};
use crate::oci::{Algorithm, Digest, MANIFEST_LIMIT, ManifestView, MediaType, Repository};

impl Registry {
    /// Reads a new manifest; `None` if its bytes are missing or damaged.
    pub(super) async fn read_new_manifest(
        &self,
        name: &Repository,
        digest: Digest,
        canonical: Digest,
    ) -> Result<Option<NewManifest>, RegistryError> {
        let bytes = match self.store.read(&layout::blob(&canonical), None).await {
            Ok(body) if body.length() <= 2 * MANIFEST_LIMIT as u64 => match body.collect().await {
                Ok(bytes) => Some(bytes),
                Err(error) => {
                    self.note_failure(layout::blob(&canonical), &error);
                    None
                }
            },
            Ok(_) => None,
            Err(error) if error.is_not_found() => None,
            Err(error) => {
                self.note_failure(layout::blob(&canonical), &error);
                None
            }
        };
        let Some(bytes) = bytes.filter(|bytes| Hasher::digest(digest.algorithm(), bytes) == digest)
        else {
            tracing::warn!(repository = %name, %digest, "the bytes of a manifest are missing or damaged; it is left out, and nothing in its repository is collected");
            let now = self.clock.now();
            self.index.mark_damaged(name.clone(), digest, now).await?;
            return Ok(None);
        };
        let size = bytes.len() as u64;
        let manifest = match ManifestView::read(&bytes) {
            Ok((view, complete)) => {
                self.compare_sizes(&view).await?;
                let configuration = self.configuration(&view).await;
                let mut manifest =
                    describe(name.clone(), digest, canonical, size, &view, &configuration);
                if !complete {
                    tracing::warn!(repository = %name, %digest, "the references of a manifest can't be parsed; nothing in its repository is collected");
                    manifest.readable = false;
                }
                manifest
            }
            Err(error) => {
                tracing::warn!(repository = %name, %digest, %error, "a manifest can't be parsed; kept as it is");
                NewManifest {
                    repository: name.clone(),
                    digest,
                    canonical,
                    size,
                    media_type: MediaType::OCI_MANIFEST,
                    artifact_type: None,
                    subject: None,
                    annotations: None,
                    platforms: Vec::new(),
                    created: None,
                    content_size: 0,
                    readable: false,
                    references: Vec::new(),
                }
            }
        };
        Ok(Some(manifest))
    }

    /// Quarantines the blobs of a manifest whose size differs from its descriptor and whose content
    /// does not match their digest: registry:2 leaves such files behind after a power cut.
    async fn compare_sizes(&self, view: &ManifestView) -> Result<(), RegistryError> {
        let blobs: Vec<_> = view
            .blobs()
            .filter(|blob| blob.size > 0 && blob.digest.algorithm() == Algorithm::Sha256)
            .collect();
        let keys: Vec<String> = blobs
            .iter()
            .map(|blob| layout::blob(&blob.digest))
            .collect();
        for (blob, place) in blobs.iter().zip(self.survey_each(&keys).await) {
            if matches!(place, Place::There(stat) if stat.size != blob.size)
                && self.content(&blob.digest).await? == Content::Wrong
            {
                self.quarantine(&blob.digest).await?;
            }
        }
        Ok(())
    }

    /// Updates the records of manifests without intact bytes: as long as the layout names one,
    /// nothing in its repository is collected.
    pub(super) async fn update_damaged(
        &self,
        lost: Vec<(Repository, Digest)>,
    ) -> Result<(), RegistryError> {
        let known = self.index.damaged().await?;
        for (name, digest) in lost.into_iter().chain(known) {
            let link = self.survey_each(&[layout::revision(&name, &digest)]).await;
            if matches!(link[..], [Place::Absent]) {
                self.index.unmark_damaged(name, digest).await?;
            } else {
                let now = self.clock.now();
                self.index.mark_damaged(name, digest, now).await?;
            }
        }
        Ok(())
    }

    /// Leases blobs that no manifest references, from the time they were written: they may belong
    /// to a push in progress. They were added after `since`; `now` is by the store's clock.
    pub(super) async fn lease_new_blobs(
        &self,
        since: Millis,
        now: i64,
    ) -> Result<(), RegistryError> {
        let terms = self.lease();
        let mut last = String::new();
        loop {
            let digests = self.index.unleased_blobs(&last, since).await?;
            let Some(end) = digests.last().cloned() else {
                return Ok(());
            };
            last = end;
            let digests: Vec<Digest> = digests
                .iter()
                .filter_map(|text| text.parse().ok())
                .collect();
            let keys: Vec<String> = digests.iter().map(layout::blob).collect();
            let places = self.survey_each(&keys).await;
            let ends = digests
                .into_iter()
                .zip(places)
                .filter_map(|(digest, place)| {
                    let Place::There(stat) = place else {
                        return None;
                    };
                    let age = now.saturating_sub(stat.changed) / 1_000_000;
                    let left = terms.length.saturating_sub(age).min(terms.length);
                    (left > 0).then(|| (digest, terms.steady.saturating_add(left)))
                });
            let ends: Vec<_> = ends.collect();
            if !ends.is_empty() {
                self.index.lease_until(ends).await?;
            }
        }
    }

    /// Adds the upload sessions in the layout, so that they can continue or be purged.
    pub(super) async fn add_uploads_of_layout(
        &self,
        found: Vec<(Repository, String)>,
    ) -> Result<(), RegistryError> {
        let now = self.clock.steady();
        let mut records = Vec::new();
        for (repository, id) in found {
            if uuid::Uuid::try_parse(&id).is_err() || self.index.upload(&id).await?.is_some() {
                continue;
            }
            let keys = [
                layout::upload(&repository, &id),
                layout::foreign_upload(&repository, &id),
                layout::foreign_upload_started(&repository, &id),
            ];
            let places = self.survey_each(&keys).await.into_iter();
            let changed = places.filter_map(|place| match place {
                Place::There(stat) => Some(stat.changed),
                Place::Absent | Place::Unreadable(_) => None,
            });
            // The clock of the file system may have been set since.
            let moved = changed.max().map_or(now, |changed| changed / 1_000_000);
            let moved = moved.min(now);
            records.push(UploadRecord {
                id,
                repository,
                started_at: moved,
                updated_at: moved,
                position: 0,
                state: String::new(),
            });
        }
        if !records.is_empty() {
            self.index.save_uploads(records).await?;
        }
        Ok(())
    }
}
