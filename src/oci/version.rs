//! The order of tags that are versions.

use std::cmp::{Ordering, Reverse};

use semver::Version;

/// The sort key of a tag: the highest version first, then tags that are not versions, by name.
/// Computed once for each tag of a list.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct VersionKey {
    // The order of the fields is the order of comparison.
    is_other: bool,
    version: Option<Reverse<Version>>,
    tag: Box<str>,
}

impl VersionKey {
    /// The key of a tag.
    pub fn of(tag: &str) -> Self {
        let version = tag_version(tag).map(Reverse);
        Self {
            is_other: version.is_none(),
            version,
            tag: tag.into(),
        }
    }
}

/// Orders two tags by their [`VersionKey`].
pub fn by_version(left: &str, right: &str) -> Ordering {
    VersionKey::of(left).cmp(&VersionKey::of(right))
}

/// Parses a tag as a version: `1.2.3-rc.1`, with or without a `v`, or with fewer than three numbers
/// (`1`, `1.25-alpine`).
pub fn tag_version(tag: &str) -> Option<Version> {
    let text = tag.strip_prefix(['v', 'V']).unwrap_or(tag);
    let numbers_end = text
        .find(|character: char| !(character.is_ascii_digit() || character == '.'))
        .unwrap_or(text.len());
    let (numbers, suffix) = text.split_at(numbers_end);
    if !(suffix.is_empty() || suffix.starts_with(['-', '+'])) {
        return None;
    }
    let mut parts = numbers.split('.').map(str::parse::<u64>);
    let first = parts.next()?.ok()?;
    let second = parts.next().transpose().ok()?.unwrap_or(0);
    let third = parts.next().transpose().ok()?.unwrap_or(0);
    if parts.next().is_some() {
        return None;
    }
    if suffix.is_empty() {
        return Some(Version::new(first, second, third));
    }
    // Semantic versions do not allow underscores in a suffix; tags do.
    Version::parse(&format!(
        "{first}.{second}.{third}{}",
        suffix.replace('_', "-")
    ))
    .ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn versions_come_before_other_names() {
        let mut tags = [
            "v0.0.91",
            "v0.0.106",
            "latest",
            "1.9",
            "v1.10.0",
            "1.10.0-rc.1",
            "2",
            "1.10-alpine",
            "abc",
            "1.2.3.4",
            "1x",
        ];
        tags.sort_by(|left, right| by_version(left, right));
        assert_eq!(
            tags,
            [
                "2",
                "v1.10.0",
                "1.10.0-rc.1",
                "1.10-alpine",
                "1.9",
                "v0.0.106",
                "v0.0.91",
                "1.2.3.4",
                "1x",
                "abc",
                "latest"
            ]
        );
    }

    proptest! {
        #[test]
        fn the_order_never_contradicts_itself(mut tags in prop::collection::vec("[v0-9a.+_-]{0,8}", 0..30)) {
            // `sort_by` panics if the order contradicts itself.
            tags.sort_by(|left, right| by_version(left, right));
        }
    }
}
