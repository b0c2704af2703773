//! The commands for pulling, by the kind of content.

use crate::oci::{MediaType, Reference, Repository};

/// The kind of a manifest's content, as pulling tools distinguish it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// An image that runs.
    Image,
    /// A Helm chart.
    Chart,
    /// Any other artifact.
    Artifact,
}

impl Kind {
    /// The kind by the media type of the manifest and its artifact type.
    pub(super) fn of(media_type: &MediaType, artifact_type: Option<&str>) -> Self {
        match artifact_type {
            Some("application/vnd.cncf.helm.config.v1+json") => Self::Chart,
            None
            | Some(
                ""
                | "application/vnd.oci.image.config.v1+json"
                | "application/vnd.docker.container.image.v1+json",
            ) if media_type.is_image() || media_type.is_index() => Self::Image,
            _ => Self::Artifact,
        }
    }
}

/// The commands, each with the name of its tool.
pub(super) fn commands(
    kind: Kind,
    host: &str,
    name: &Repository,
    reference: &Reference,
) -> Vec<(&'static str, String)> {
    let address = match reference {
        Reference::Tag(tag) => format!("{host}/{name}:{tag}"),
        Reference::Digest(digest) => format!("{host}/{name}@{digest}"),
    };
    match kind {
        Kind::Image => vec![
            ("docker", format!("docker pull {address}")),
            ("podman", format!("podman pull {address}")),
            ("skopeo", format!("skopeo inspect docker://{address}")),
        ],
        Kind::Chart => match reference {
            Reference::Tag(tag) => vec![(
                "helm",
                // Helm writes the `+` of a version as `_` in a tag.
                format!(
                    "helm pull oci://{host}/{name} --version {}",
                    tag.as_str().replace('_', "+")
                ),
            )],
            Reference::Digest(_) => vec![("helm", format!("helm pull oci://{address}"))],
        },
        Kind::Artifact => vec![("oras", format!("oras pull {address}"))],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chart_is_not_pulled_by_docker() {
        let kind = Kind::of(
            &MediaType::OCI_MANIFEST,
            Some("application/vnd.cncf.helm.config.v1+json"),
        );
        let reference = "1.0.0_build".parse().unwrap();
        let commands = commands(
            kind,
            "host:5000",
            &"charts/app".parse().unwrap(),
            &reference,
        );
        assert_eq!(
            commands,
            [(
                "helm",
                "helm pull oci://host:5000/charts/app --version 1.0.0+build".to_owned()
            )]
        );
    }

    #[test]
    fn kinds() {
        let image = "application/vnd.oci.image.config.v1+json";
        assert_eq!(Kind::of(&MediaType::OCI_MANIFEST, Some(image)), Kind::Image);
        assert_eq!(Kind::of(&MediaType::OCI_INDEX, None), Kind::Image);
        assert_eq!(
            Kind::of(&MediaType::OCI_MANIFEST, Some("application/spdx+json")),
            Kind::Artifact
        );
    }
}
