//! What an archive calls its images.
//!
//! Pure. A name is made familiar, as docker shows it: without its registry, and without the
//! `library/` of Docker Hub's official images. Some say only a tag.

use std::fmt;

use crate::oci::{ImageReference, Repository, Tag};

/// How Docker Hub is spelled.
const HUB: [&str; 3] = ["docker.io", "index.docker.io", "registry-1.docker.io"];

/// A name out of an archive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImageName {
    /// The registry that the archive names, which is not where the image goes.
    pub registry: Option<String>,
    /// The repository, if one is said.
    pub repository: Option<Repository>,
    /// The tag, if one is said.
    pub tag: Option<Tag>,
}

impl ImageName {
    /// Reads `[HOST/]REPOSITORY[:TAG]`; `None` for what names nothing, such as `<none>:<none>`.
    pub fn parse(text: &str) -> Option<Self> {
        let image: ImageReference = text.parse().ok()?;
        let hub = image
            .registry
            .as_deref()
            .is_none_or(|registry| HUB.contains(&registry));
        let official = image.repository.as_str().strip_prefix("library/");
        let repository = match official.filter(|name| hub && !name.contains('/')) {
            Some(name) => name.parse().ok()?,
            None => image.repository,
        };
        Some(Self {
            registry: image.registry,
            repository: Some(repository),
            tag: image.tag,
        })
    }

    /// Reads `org.opencontainers.image.ref.name`: a tag, where it is not a whole reference.
    pub fn of_layout(text: &str) -> Option<Self> {
        if text.contains(['/', ':']) {
            return Self::parse(text);
        }
        let tag = text.parse().ok()?;
        Some(Self {
            registry: None,
            repository: None,
            tag: Some(tag),
        })
    }

    /// Whether two names are of one image, wherever it came from.
    pub fn is_same(&self, other: &Self) -> bool {
        self.repository.is_some() && self.repository == other.repository && tag(self) == tag(other)
    }
}

/// The tag, by default `latest`.
fn tag(name: &ImageName) -> &str {
    name.tag.as_ref().map_or("latest", Tag::as_str)
}

impl fmt::Display for ImageName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.repository, &self.tag) {
            (Some(repository), Some(tag)) => write!(f, "{repository}:{tag}"),
            (Some(repository), None) => repository.fmt(f),
            (None, Some(tag)) => write!(f, "image with the tag {tag}"),
            (None, None) => f.write_str("image without a name"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn familiar() {
        for (text, name) in [
            ("app:1", Some("app:1")),
            ("docker.io/library/app:1", Some("app:1")),
            ("docker.io/team/app:1", Some("team/app:1")),
            ("library/app:1", Some("app:1")),
            ("quay.io/library/app:1", Some("library/app:1")),
            ("localhost/app:1", Some("app:1")),
            ("registry:5000/team/app", Some("team/app")),
            ("<none>:<none>", None),
            ("", None),
        ] {
            let parsed = ImageName::parse(text).map(|name| name.to_string());
            assert_eq!(parsed.as_deref(), name, "{text}");
        }
    }

    #[test]
    fn of_a_layout() {
        let tag = ImageName::of_layout("1.2").unwrap();
        assert_eq!((tag.repository, tag.tag.unwrap().as_str()), (None, "1.2"));
        let whole = ImageName::of_layout("docker.io/library/app:1").unwrap();
        assert_eq!(whole.to_string(), "app:1");
        let bare = ImageName::parse("app").unwrap();
        assert!(bare.is_same(&ImageName::parse("docker.io/library/app:latest").unwrap()));
        assert!(!bare.is_same(&whole));
    }
}
