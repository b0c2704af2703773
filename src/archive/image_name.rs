//! The names of images in archives.
//!
//! Pure. A name is shortened to its familiar form, as docker shows it: without its registry, and
//! without the `library/` of Docker Hub's official images. Some names are only a tag.

use std::fmt;

use crate::oci::{ImageReference, Repository, Tag};

/// The host names of Docker Hub.
const HUB: [&str; 3] = ["docker.io", "index.docker.io", "registry-1.docker.io"];

/// A name from an archive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImageName {
    /// The registry in the name, which is not the destination.
    pub registry: Option<String>,
    /// The repository, if there is one.
    pub repository: Option<Repository>,
    /// The tag, if there is one.
    pub tag: Option<Tag>,
    /// Whether there is a digest and no tag.
    pub by_digest: bool,
}

/// A name from an archive that is invalid in a registry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnusableName {
    /// The name in the archive.
    pub text: String,
    /// What is wrong with it.
    pub reason: String,
}

impl ImageName {
    /// Parses `[HOST/]REPOSITORY[:TAG][@DIGEST]`; `None` for texts that name nothing, such as
    /// `<none>:<none>` or the ID of an image.
    pub fn parse(text: &str) -> Result<Option<Self>, UnusableName> {
        if text.is_empty() || text.starts_with('@') || text.contains("<none>") || is_id(text) {
            return Ok(None);
        }
        let unusable = |reason: String| UnusableName {
            text: text.to_owned(),
            reason,
        };
        let image: ImageReference = text.parse().map_err(|error| unusable(format!("{error}")))?;
        let hub = image
            .registry
            .as_deref()
            .is_none_or(|registry| HUB.contains(&registry));
        let official = image.repository.as_str().strip_prefix("library/");
        let repository = match official.filter(|name| hub && !name.contains('/')) {
            Some(name) => name.parse().map_err(|error| unusable(format!("{error}")))?,
            None => image.repository,
        };
        Ok(Some(Self {
            registry: image.registry,
            repository: Some(repository),
            by_digest: image.digest.is_some() && image.tag.is_none(),
            tag: image.tag,
        }))
    }

    /// Parses `org.opencontainers.image.ref.name`: a tag, or a full reference.
    pub fn of_layout(text: &str) -> Result<Option<Self>, UnusableName> {
        if text.contains(['/', ':', '@']) || text.is_empty() || is_id(text) {
            return Self::parse(text);
        }
        let tag: Tag = text.parse().map_err(|error| UnusableName {
            text: text.to_owned(),
            reason: format!("{error}"),
        })?;
        Ok(Some(Self {
            registry: None,
            repository: None,
            tag: Some(tag),
            by_digest: false,
        }))
    }

    /// A key that is equal for two names of one image, whatever their registry; `None` without a
    /// repository.
    pub fn key(&self) -> Option<(&Repository, &str)> {
        let tag = match &self.tag {
            Some(tag) => tag.as_str(),
            None if self.by_digest => "",
            None => "latest",
        };
        Some((self.repository.as_ref()?, tag))
    }
}

/// Whether a text is the ID of an image, which containerd lists among the names: a digest, also as
/// the `sha256:…` that would parse as a repository with a tag.
fn is_id(text: &str) -> bool {
    let text = text.strip_prefix("docker.io/library/").unwrap_or(text);
    let hex = text.rsplit_once(':').map_or(text, |(_, hex)| hex);
    let algorithm = text.strip_suffix(hex).unwrap_or_default();
    matches!(
        (algorithm, hex.len()),
        ("" | "sha256:", 64) | ("sha512:", 128)
    ) && hex.bytes().all(|byte| byte.is_ascii_hexdigit())
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
            let parsed = ImageName::parse(text).unwrap();
            let parsed = parsed.map(|name| name.to_string());
            assert_eq!(parsed.as_deref(), name, "{text}");
        }
    }

    #[test]
    fn digests_and_ids() {
        let hex = "0123456789abcdef".repeat(4);
        for text in [
            format!("team/app@sha256:{hex}"),
            format!("team/app:1@sha256:{hex}"),
        ] {
            let name = ImageName::parse(&text).unwrap().unwrap();
            assert_eq!(name.by_digest, name.tag.is_none(), "{text}");
        }
        for id in [
            hex.clone(),
            format!("sha256:{hex}"),
            format!("docker.io/library/sha256:{hex}"),
            format!("sha512:{hex}{hex}"),
            format!("@sha256:{hex}"),
        ] {
            assert_eq!(ImageName::parse(&id), Ok(None), "{id}");
            assert_eq!(ImageName::of_layout(&id), Ok(None), "{id}");
        }
        assert!(ImageName::parse("sha256:1").unwrap().is_some());
    }

    #[test]
    fn names_against_the_rules() {
        for text in ["REG.example.org/Team/App:1", "a b", "app:", "app:-1"] {
            assert_eq!(ImageName::parse(text).unwrap_err().text, text);
        }
        assert!(ImageName::of_layout("not a tag").is_err());
    }

    #[test]
    fn of_a_layout() {
        let name = |text: &str| ImageName::of_layout(text).unwrap().unwrap();
        let tag = name("1.2");
        assert_eq!(tag.key(), None);
        assert_eq!(tag.tag.unwrap().as_str(), "1.2");
        let whole = name("docker.io/library/app:1");
        assert_eq!(whole.to_string(), "app:1");
        let parse = |text: &str| ImageName::parse(text).unwrap().unwrap();
        let bare = parse("app");
        assert_eq!(bare.key(), parse("docker.io/library/app:latest").key());
        assert_ne!(bare.key(), whole.key());
    }
}
