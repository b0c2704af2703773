//! Patterns of repository names, for rights, scopes and filters.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{NameError, Repository};

/// A pattern of repository names: `*` is all of them, `team/*` is every repository below `team/` at
/// any depth, `team/app` is that one.
///
/// There are no other wildcards: each pattern is one range of the names' byte order, so that a
/// database index can filter a listing.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum NamePattern {
    /// Every repository.
    All,
    /// Every repository below a namespace. The text is the namespace, without the final slash.
    Below(Repository),
    /// One repository.
    One(Repository),
}

impl NamePattern {
    /// Whether the pattern covers a repository.
    pub fn matches(&self, name: &Repository) -> bool {
        match self {
            Self::All => true,
            Self::Below(namespace) => name
                .as_str()
                .strip_prefix(namespace.as_str())
                .is_some_and(|rest| rest.starts_with('/')),
            Self::One(one) => one == name,
        }
    }

    /// Whether everything that `other` covers is covered by this pattern.
    pub fn covers(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::All, _) => true,
            (_, Self::All) => false,
            (Self::Below(_), Self::One(name)) => self.matches(name),
            (Self::Below(namespace), Self::Below(other)) => {
                namespace == other || self.matches(other)
            }
            (Self::One(_), Self::Below(_)) => false,
            (Self::One(one), Self::One(other)) => one == other,
        }
    }

    /// The range of names in byte order that the pattern covers: first name included, last
    /// excluded. An empty last bound is no bound.
    pub fn range(&self) -> (String, String) {
        match self {
            Self::All => (String::new(), String::new()),
            // '0' follows '/' in ASCII.
            Self::Below(namespace) => (format!("{namespace}/"), format!("{namespace}0")),
            // '!' precedes every character of a name.
            Self::One(name) => (name.to_string(), format!("{name}!")),
        }
    }
}

impl FromStr for NamePattern {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        if text == "*" {
            return Ok(Self::All);
        }
        match text.strip_suffix("/*") {
            Some(namespace) => Ok(Self::Below(namespace.parse()?)),
            None => Ok(Self::One(text.parse()?)),
        }
    }
}

impl fmt::Display for NamePattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All => f.write_str("*"),
            Self::Below(namespace) => write!(f, "{namespace}/*"),
            Self::One(name) => write!(f, "{name}"),
        }
    }
}

impl Serialize for NamePattern {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for NamePattern {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn pattern(text: &str) -> NamePattern {
        text.parse().unwrap()
    }

    fn name(text: &str) -> Repository {
        text.parse().unwrap()
    }

    #[test]
    fn a_namespace_is_not_a_prefix_of_letters() {
        let team = pattern("team/*");
        assert!(team.matches(&name("team/app")));
        assert!(team.matches(&name("team/deep/app")));
        assert!(!team.matches(&name("team")));
        assert!(!team.matches(&name("team2/app")));
        assert!(!team.matches(&name("team-b/app")));
    }

    #[test]
    fn other_wildcards_are_refused() {
        for text in [
            "",
            "te*",
            "*/app",
            "team/*/app",
            "team/**",
            "Team/*",
            "/*",
            "team/",
        ] {
            assert!(text.parse::<NamePattern>().is_err(), "{text}");
        }
    }

    #[test]
    fn patterns_cover_patterns() {
        assert!(pattern("*").covers(&pattern("team/*")));
        assert!(pattern("team/*").covers(&pattern("team/a/*")));
        assert!(pattern("team/*").covers(&pattern("team/*")));
        assert!(!pattern("team/*").covers(&pattern("*")));
        assert!(!pattern("team/app").covers(&pattern("team/app/*")));
    }

    proptest! {
        #[test]
        fn a_range_contains_the_same_names_as_its_pattern(
            candidate in "[ab](/[ab]|-[ab]|0)?",
            text in prop_oneof![Just("*".to_owned()), "[ab](/[ab])?", "[ab]/\\*"],
        ) {
            let pattern = pattern(&text);
            let (first, last) = pattern.range();
            let inside = candidate >= first && (last.is_empty() || candidate < last);
            prop_assert_eq!(inside, pattern.matches(&name(&candidate)));
            prop_assert_eq!(pattern.to_string(), text);
        }
    }
}
