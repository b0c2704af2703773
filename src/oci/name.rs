//! Repository names and tags (OCI distribution specification, "Pulling manifests").

use std::borrow::Borrow;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Maximum length of a repository name, in characters.
pub const NAME_LIMIT: usize = 255;
/// Maximum length of a tag, in characters.
pub const TAG_LIMIT: usize = 128;

/// Why a text is not a repository name or a tag.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// The text is empty.
    #[error("the name is empty")]
    Empty,
    /// A repository name over [`NAME_LIMIT`].
    #[error("the repository name is longer than 255 characters")]
    NameTooLong,
    /// A component with other characters than lower-case letters and digits, joined by `.`, `_`,
    /// `__` or dashes.
    #[error(
        "a component of a repository name is lower-case letters and digits, joined by single dots, \
         one or two underscores, or dashes"
    )]
    Component,
    /// A tag over [`TAG_LIMIT`].
    #[error("the tag is longer than 128 characters")]
    TagTooLong,
    /// A tag with a character that is not allowed in tags.
    #[error("a tag is letters, digits, '_', '.' and '-', and starts with none of the last two")]
    Tag,
}

macro_rules! parsed_text {
    ($type:ident) => {
        impl $type {
            /// The text as it was parsed.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl Borrow<str> for $type {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        impl Serialize for $type {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.0)
            }
        }

        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}

/// A repository name: components of `[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*`, joined by `/`, at most
/// [`NAME_LIMIT`] characters in all. Cheap to clone.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Repository(Arc<str>);

/// A tag: `[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}`. Cheap to clone.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Tag(Arc<str>);

parsed_text!(Repository);
parsed_text!(Tag);

impl Repository {
    /// Whether a text could be one component of a repository name.
    pub fn is_component(text: &str) -> bool {
        let bytes = text.as_bytes();
        let alphanumeric = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
        let (Some(&first), Some(&last)) = (bytes.first(), bytes.last()) else {
            return false;
        };
        if !alphanumeric(first) || !alphanumeric(last) {
            return false;
        }
        bytes
            .split(|&byte| alphanumeric(byte))
            .all(|separator| match separator {
                [] | b"." | b"_" | b"__" => true,
                dashes => dashes.iter().all(|&byte| byte == b'-'),
            })
    }
}

impl FromStr for Repository {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        if text.is_empty() {
            return Err(NameError::Empty);
        }
        if text.len() > NAME_LIMIT {
            return Err(NameError::NameTooLong);
        }
        if !text.split('/').all(Self::is_component) {
            return Err(NameError::Component);
        }
        Ok(Self(text.into()))
    }
}

impl FromStr for Tag {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        let word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
        match text.as_bytes() {
            [] => Err(NameError::Empty),
            bytes if bytes.len() > TAG_LIMIT => Err(NameError::TagTooLong),
            [first, rest @ ..]
                if word(*first)
                    && rest
                        .iter()
                        .all(|&byte| word(byte) || byte == b'.' || byte == b'-') =>
            {
                Ok(Self(text.into()))
            }
            _ => Err(NameError::Tag),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn every_name_of_the_grammar_parses(
            name in "[a-z0-9]{1,4}((\\.|_|__|-{1,3})[a-z0-9]{1,4}){0,2}(/[a-z0-9]{1,4}((\\.|_|__|-{1,3})[a-z0-9]{1,4}){0,2}){0,5}",
            tag in "[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}",
        ) {
            prop_assert_eq!(name.parse::<Repository>().unwrap().to_string(), name);
            prop_assert_eq!(tag.parse::<Tag>().unwrap().to_string(), tag);
        }

        #[test]
        fn never_panics(text in ".{0,300}") {
            let _ = text.parse::<Repository>();
            let _ = text.parse::<Tag>();
        }
    }

    #[test]
    fn refuses_bad_names() {
        for name in [
            "", "/", "a/", "/a", "a//b", "A", "a..b", "a___b", "a.-b", "-a", "a-", "_a", "a/../b",
            ".", "a b", "a%2fb", "a\0b", "é",
        ] {
            assert!(name.parse::<Repository>().is_err(), "{name:?}");
        }
        assert!("a".repeat(255).parse::<Repository>().is_ok());
        assert_eq!(
            "a".repeat(256).parse::<Repository>(),
            Err(NameError::NameTooLong)
        );
    }

    #[test]
    fn refuses_bad_tags() {
        for tag in ["", ".a", "-a", "a/b", "a:b", "é", "a b", "a\0"] {
            assert!(tag.parse::<Tag>().is_err(), "{tag:?}");
        }
        assert!("a".repeat(128).parse::<Tag>().is_ok());
        assert_eq!("a".repeat(129).parse::<Tag>(), Err(NameError::TagTooLong));
    }
}
