//! References: a tag or a digest, alone or after a repository and a registry.

use std::fmt;
use std::str::FromStr;

use super::{Digest, DigestError, NameError, Repository, Tag};

/// Why a text is not a reference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ReferenceError {
    /// The repository name or the tag is malformed.
    #[error(transparent)]
    Name(#[from] NameError),
    /// The digest is malformed.
    #[error(transparent)]
    Digest(#[from] DigestError),
}

/// A manifest inside its repository, by tag or digest.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Reference {
    /// A tag, which can move.
    Tag(Tag),
    /// A digest, which never changes its content.
    Digest(Digest),
}

impl FromStr for Reference {
    type Err = ReferenceError;

    /// A text with a colon is a digest (no tag contains one), any other text is a tag.
    fn from_str(text: &str) -> Result<Self, ReferenceError> {
        if text.contains(':') {
            Ok(Self::Digest(text.parse()?))
        } else {
            Ok(Self::Tag(text.parse()?))
        }
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tag(tag) => tag.fmt(f),
            Self::Digest(digest) => digest.fmt(f),
        }
    }
}

/// An image as people type it: `[registry/]repository[:tag][@digest]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImageReference {
    /// `host[:port]`, if the text names one: as in docker, a first component with a dot or a colon,
    /// or `localhost`.
    pub registry: Option<String>,
    /// The repository in that registry.
    pub repository: Repository,
    /// The tag, if there is one.
    pub tag: Option<Tag>,
    /// The digest, if there is one; it takes precedence over the tag.
    pub digest: Option<Digest>,
}

impl ImageReference {
    /// The digest, else the tag.
    pub fn reference(&self) -> Option<Reference> {
        match (&self.digest, &self.tag) {
            (Some(digest), _) => Some(Reference::Digest(*digest)),
            (None, Some(tag)) => Some(Reference::Tag(tag.clone())),
            (None, None) => None,
        }
    }
}

impl FromStr for ImageReference {
    type Err = ReferenceError;

    fn from_str(text: &str) -> Result<Self, ReferenceError> {
        let (rest, digest) = match text.split_once('@') {
            Some((rest, digest)) => (rest, Some(digest.parse()?)),
            None => (text, None),
        };
        let (registry, rest) = match rest.split_once('/') {
            Some((first, after)) if first.contains(['.', ':']) || first == "localhost" => {
                (Some(first.to_owned()), after)
            }
            _ => (None, rest),
        };
        let (repository, tag) = match rest.rsplit_once(':') {
            Some((repository, tag)) => (repository, Some(tag.parse()?)),
            None => (rest, None),
        };
        Ok(Self {
            registry,
            repository: repository.parse()?,
            tag,
            digest,
        })
    }
}

impl fmt::Display for ImageReference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(registry) = &self.registry {
            write!(f, "{registry}/")?;
        }
        write!(f, "{}", self.repository)?;
        if let Some(tag) = &self.tag {
            write!(f, ":{tag}")?;
        }
        if let Some(digest) = &self.digest {
            write!(f, "@{digest}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn round_trip(
            registry in prop::option::of("(localhost|[a-z]{1,5}\\.[a-z]{2,3}|[a-z]{1,5}:[0-9]{2,4}|\\[::1\\]:[0-9]{2,4})"),
            repository in "[a-z0-9]{1,6}(/[a-z0-9]{1,6}){0,3}",
            tag in prop::option::of("[A-Za-z0-9_][A-Za-z0-9._-]{0,20}"),
            digest in prop::option::of("sha256:[0-9a-f]{64}"),
        ) {
            // Without a registry, a first component that looks like one is parsed as one.
            prop_assume!(registry.is_some() || !repository.starts_with("localhost/"));
            let mut text = registry.as_ref().map(|host| format!("{host}/")).unwrap_or_default();
            text += &repository;
            if let Some(tag) = &tag { text = format!("{text}:{tag}"); }
            if let Some(digest) = &digest { text = format!("{text}@{digest}"); }
            let parsed: ImageReference = text.parse().unwrap();
            prop_assert_eq!(parsed.registry.clone(), registry);
            prop_assert_eq!(parsed.repository.as_str(), repository);
            prop_assert_eq!(parsed.to_string(), text);
        }

        #[test]
        fn never_panics(text in ".{0,120}") {
            let _ = text.parse::<ImageReference>();
            let _ = text.parse::<Reference>();
        }
    }
}
