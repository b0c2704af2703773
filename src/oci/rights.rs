//! Sets of rights, and grants of them on repositories.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{NamePattern, Repository, Right};

/// Any of pull, push and delete. Written as words with commas: `pull,push`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default, PartialOrd, Ord)]
pub struct Rights(u8);

/// Why a text is no set of rights.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("rights are pull, push and delete, joined by commas, or * for all of them")]
pub struct RightsError;

const EVERY: [Right; 3] = [Right::Pull, Right::Push, Right::Delete];

fn bit(right: Right) -> u8 {
    match right {
        Right::Pull => 1,
        Right::Push => 2,
        Right::Delete => 4,
    }
}

impl Rights {
    /// No right at all.
    pub const NONE: Self = Self(0);
    /// Pull, push and delete.
    pub const ALL: Self = Self(7);

    /// Whether a right is in the set.
    pub fn contains(self, right: Right) -> bool {
        self.0 & bit(right) != 0
    }

    /// Whether there is none.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The rights of both.
    #[must_use]
    pub fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// The rights in both sets.
    #[must_use]
    pub fn intersection(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// The rights that are not in `other`.
    #[must_use]
    pub fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// The rights in the order pull, push, delete.
    pub fn iter(self) -> impl Iterator<Item = Right> {
        EVERY.into_iter().filter(move |right| self.contains(*right))
    }

    /// The set as a number: 1 pull, 2 push, 4 delete.
    pub fn bits(self) -> u8 {
        self.0
    }

    /// The set of [`Rights::bits`]; unknown bits are ignored.
    pub fn from_bits(bits: u8) -> Self {
        Self(bits & Self::ALL.0)
    }
}

impl From<Right> for Rights {
    fn from(right: Right) -> Self {
        Self(bit(right))
    }
}

impl FromIterator<Right> for Rights {
    fn from_iter<I: IntoIterator<Item = Right>>(rights: I) -> Self {
        Self(rights.into_iter().fold(0, |bits, right| bits | bit(right)))
    }
}

impl FromStr for Rights {
    type Err = RightsError;

    fn from_str(text: &str) -> Result<Self, RightsError> {
        if text.trim() == "*" {
            return Ok(Self::ALL);
        }
        let words = text.split(',').map(|word| word.trim().parse::<Right>());
        words.collect::<Result<_, ()>>().map_err(|()| RightsError)
    }
}

impl fmt::Display for Rights {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, right) in self.iter().enumerate() {
            let comma = if place > 0 { "," } else { "" };
            write!(f, "{comma}{}", right.as_str())?;
        }
        Ok(())
    }
}

impl fmt::Debug for Rights {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{{{self}}}")
    }
}

impl Serialize for Rights {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Rights {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        // A report may contain no rights; people name at least one.
        if text.is_empty() {
            return Ok(Self::default());
        }
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// Rights on the repositories of a pattern. Written `PATTERN:RIGHTS`, as in `team/*:pull,push`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Grant {
    /// Patterns of repositories.
    pub pattern: NamePattern,
    /// The granted rights.
    pub rights: Rights,
}

impl Grant {
    /// The rights that a list of grants gives on a repository.
    pub fn rights_on(grants: &[Self], name: &Repository) -> Rights {
        grants
            .iter()
            .filter(|grant| grant.pattern.matches(name))
            .fold(Rights::NONE, |all, grant| all.union(grant.rights))
    }
}

impl FromStr for Grant {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (pattern, rights) = text
            .rsplit_once(':')
            .ok_or("expected PATTERN:RIGHTS, as in team/*:pull,push")?;
        let pattern = pattern
            .parse()
            .map_err(|error| format!("the pattern {pattern:?}: {error}"))?;
        let rights = rights.parse().map_err(|error| format!("{error}"))?;
        Ok(Self { pattern, rights })
    }
}

impl fmt::Display for Grant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.pattern, self.rights)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rights_are_written_as_they_are_read() {
        for text in ["pull", "pull,push", "push,delete", "pull,push,delete"] {
            let rights: Rights = text.parse().unwrap();
            assert_eq!(rights.to_string(), text);
            assert_eq!(Rights::from_bits(rights.bits()), rights);
        }
        assert_eq!("*".parse(), Ok(Rights::ALL));
        assert_eq!(
            " push , pull".parse::<Rights>().unwrap().to_string(),
            "pull,push"
        );
        for text in ["", "pull,", "admin", "pull push", "PULL"] {
            assert!(text.parse::<Rights>().is_err(), "{text}");
        }
    }

    #[test]
    fn several_grants_add_up() {
        let grants: Vec<Grant> = ["*:pull", "team/*:push", "team/app:delete"]
            .map(|text| text.parse().unwrap())
            .into();
        let on = |name: &str| Grant::rights_on(&grants, &name.parse().unwrap()).to_string();
        assert_eq!(on("other"), "pull");
        assert_eq!(on("team/lib"), "pull,push");
        assert_eq!(on("team/app"), "pull,push,delete");
        assert_eq!(on("team"), "pull");
        assert!("team/*".parse::<Grant>().is_err());
        assert!("te*m:pull".parse::<Grant>().is_err());
    }
}
