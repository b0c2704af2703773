//! Details of a tag or manifest from any registry: platforms, date and size.

use jiff::Timestamp;

use super::context::Place;
use crate::client::{Class, Error, Manifest};
use crate::oci::{Descriptor, ImageConfig, ManifestKind, ManifestView, Platform, Reference};

impl Place {
    /// The configuration of an image; `None` for another type (an artifact).
    pub(super) async fn image_config(
        &self,
        view: &ManifestView,
    ) -> Result<Option<ImageConfig>, Error> {
        let config = view.config.as_ref();
        let Some(config) = config.filter(|config| config.media_type.is_image_config()) else {
            return Ok(None);
        };
        let bytes = self.client.small_blob(&self.repository, config).await?;
        Ok(serde_json::from_slice(&bytes).ok())
    }

    /// The manifest of a child; `None` if the registry does not have it.
    pub(super) async fn child(&self, child: &Descriptor) -> Result<Option<Manifest>, Error> {
        let reference = Reference::Digest(child.digest);
        match self.client.manifest(&self.repository, &reference).await {
            Ok(manifest) => Ok(Some(manifest)),
            Err(error) if error.class() == Class::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Bytes of a manifest and its existing references.
    pub(super) async fn size(
        &self,
        manifest: &Manifest,
        view: &ManifestView,
    ) -> Result<u64, Error> {
        let mut size = (manifest.bytes.len() as u64).saturating_add(view.content_size());
        for child in &view.manifests {
            if let Some(manifest) = self.child(child).await? {
                let content = manifest.view().map_or(0, |view| view.content_size());
                size = size
                    .saturating_add(manifest.bytes.len() as u64)
                    .saturating_add(content);
            }
        }
        Ok(size)
    }

    /// The platforms of a manifest, and its creation date: for an index, the date of its first
    /// image.
    pub(super) async fn platforms(
        &self,
        view: &ManifestView,
    ) -> Result<(Vec<String>, Option<Timestamp>), Error> {
        if view.kind != ManifestKind::Index {
            let config = self.image_config(view).await?.unwrap_or_default();
            let platform = config.platform().map(|platform| platform.to_string());
            return Ok((platform.into_iter().collect(), config.created));
        }
        let known = |child: &&Descriptor| child.platform.as_ref().is_some_and(Platform::is_known);
        let images = || view.manifests.iter().filter(known);
        let platforms = images().filter_map(|child| Some(child.platform.as_ref()?.to_string()));
        let mut created = None;
        if let Some(first) = images().next()
            && let Some(manifest) = self.child(first).await?
            && let Ok(view) = manifest.view()
        {
            created = self
                .image_config(&view)
                .await?
                .and_then(|config| config.created);
        }
        Ok((platforms.collect(), created))
    }
}
