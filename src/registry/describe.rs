//! The index rows of a manifest: its relations, and the fields of listings.

use crate::index::{NewManifest, ReferenceKind};
use crate::oci::{Digest, ImageConfig, ManifestKind, ManifestView, Repository};

/// The index rows of a manifest; `configuration` is that of an image, or empty.
pub(super) fn describe(
    repository: Repository,
    digest: Digest,
    canonical: Digest,
    size: u64,
    view: &ManifestView,
    configuration: &[u8],
) -> NewManifest {
    let configuration: ImageConfig = serde_json::from_slice(configuration).unwrap_or_default();
    let mut platforms: Vec<String> = match configuration.platform() {
        Some(platform) => vec![platform],
        None => view
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
        created: configuration.created.map(|created| created.to_string()),
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::oci::{Algorithm, MediaType};

    #[test]
    fn an_odd_field_of_a_configuration_costs_only_itself() {
        let digest = Digest::from_hex(Algorithm::Sha256, &"0".repeat(64)).unwrap();
        let manifest = serde_json::json!({
            "schemaVersion": 2, "mediaType": MediaType::OCI_MANIFEST.as_str(), "layers": [],
            "config": {"mediaType": "x/y", "digest": digest.to_string(), "size": 2},
        });
        let view = ManifestView::parse(manifest.to_string().as_bytes(), None).unwrap();
        let described = |configuration: &str| {
            let bytes = configuration.as_bytes();
            let name = "a".parse().unwrap();
            let new = describe(name, digest, digest, 1, &view, bytes);
            (new.platforms.join(" "), new.created)
        };
        let platform = r#""os":"linux","architecture":"arm""#;
        for created in ["17", "null", "{}", r#""yesterday""#] {
            let text = format!(r#"{{{platform},"created":{created}}}"#);
            assert_eq!(
                described(&text),
                ("linux/arm".to_owned(), None),
                "{created}"
            );
        }
        let date = "2026-01-01T00:00:00Z";
        let text = format!(r#"{{{platform},"variant":7,"created":"{date}"}}"#);
        assert_eq!(
            described(&text),
            ("linux/arm".to_owned(), Some(date.to_owned()))
        );
    }
}
