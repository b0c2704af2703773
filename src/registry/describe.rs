//! The index rows of a manifest: its relations, and the fields of listings.

use serde::Deserialize;

use crate::index::{NewManifest, ReferenceKind};
use crate::oci::{Digest, ManifestKind, ManifestView, Platform, Repository};

/// The fields of a configuration that listings show.
#[derive(Deserialize, Default)]
struct Configuration {
    os: Option<String>,
    architecture: Option<String>,
    variant: Option<String>,
    created: Option<String>,
}

/// The index rows of a manifest.
pub(super) fn describe(
    repository: Repository,
    digest: Digest,
    canonical: Digest,
    size: u64,
    view: &ManifestView,
    configuration: &[u8],
) -> NewManifest {
    let configuration: Configuration = serde_json::from_slice(configuration).unwrap_or_default();
    let mut platforms: Vec<String> = match (configuration.os, configuration.architecture) {
        (Some(os), Some(architecture)) => {
            let variant = configuration.variant;
            vec![Platform {
                os,
                architecture,
                variant,
                os_version: None,
            }]
        }
        _ => view
            .manifests
            .iter()
            .filter_map(|child| child.platform.clone())
            .collect(),
    }
    .into_iter()
    .filter(|platform| platform.is_known() && !platform.architecture.is_empty())
    .map(|platform| platform.to_string().replace(',', ""))
    .collect();
    platforms.dedup();
    let subject = view.subject.as_ref().map(|subject| subject.digest);
    let mut references = Vec::new();
    references.extend(
        view.config
            .iter()
            .map(|config| (config.digest, ReferenceKind::Config)),
    );
    references.extend(
        view.layers
            .iter()
            .map(|layer| (layer.digest, ReferenceKind::Layer)),
    );
    references.extend(
        view.manifests
            .iter()
            .map(|child| (child.digest, ReferenceKind::Manifest)),
    );
    NewManifest {
        repository,
        digest,
        canonical,
        size,
        media_type: view.media_type.clone(),
        artifact_type: view.artifact_type.clone(),
        subject,
        annotations: subject
            .filter(|_| !view.annotations.is_empty())
            .and_then(|_| serde_json::to_string(&view.annotations).ok()),
        platforms,
        created: configuration.created,
        content_size: if view.kind == ManifestKind::Index {
            0
        } else {
            view.content_size()
        },
        // A manifest of an unknown type may have references anywhere.
        readable: view.kind != ManifestKind::Other,
        references,
    }
}
