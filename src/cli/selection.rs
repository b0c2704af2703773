//! Which of a list is shown, and in which order.

use std::cmp::{Ordering, Reverse};

use globset::{GlobBuilder, GlobMatcher};
use semver::Version;

use super::exit::Usage;

/// `--filter GLOB`: everything, when there is none.
pub(super) struct Filter(Option<GlobMatcher>);

impl Filter {
    /// The glob of `--filter`.
    pub(super) fn new(glob: Option<&str>) -> Result<Self, Usage> {
        Self::of("--filter", glob)
    }

    /// The glob of a flag. `*` and `?` stop at a slash, `**` does not.
    pub(super) fn of(flag: &str, glob: Option<&str>) -> Result<Self, Usage> {
        let Some(glob) = glob else {
            return Ok(Self(None));
        };
        let glob = GlobBuilder::new(glob)
            .literal_separator(true)
            .build()
            .map_err(|error| {
                Usage(format!(
                    "{flag}: {error}; hint: quote a pattern like 'team/*' or '1.*'"
                ))
            })?;
        Ok(Self(Some(glob.compile_matcher())))
    }

    /// Whether a name passes.
    pub(super) fn passes(&self, name: &str) -> bool {
        self.0.as_ref().is_none_or(|glob| glob.is_match(name))
    }
}

/// The order of tags by version: the highest first, what is no version after all of them, by name.
pub(super) fn by_version(left: &str, right: &str) -> Ordering {
    match (version(left), version(right)) {
        (Some(left_version), Some(right_version)) => right_version
            .cmp(&left_version)
            .then_with(|| left.cmp(right)),
        (Some(_), None) => Ordering::Less,
        (None, Some(_)) => Ordering::Greater,
        (None, None) => left.cmp(right),
    }
}

/// The order of something that may be unknown: the greatest first, the unknown last.
pub(super) fn greatest_first<T: Ord>(left: Option<T>, right: Option<T>) -> Ordering {
    Reverse(left).cmp(&Reverse(right))
}

/// A tag as a version: `1.2.3-rc.1`, with or without a `v`, and with fewer numbers than three
/// (`1`, `1.25-alpine`).
fn version(tag: &str) -> Option<Version> {
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
    // A suffix with underscores is still a suffix.
    Version::parse(&format!(
        "{first}.{second}.{third}{}",
        suffix.replace('_', "-")
    ))
    .ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn globs() {
        let passes = |glob, name| Filter::new(Some(glob)).unwrap().passes(name);
        assert!(passes("team/*", "team/nginx"));
        assert!(!passes("team/*", "team/web/nginx"));
        assert!(passes("team/**", "team/web/nginx"));
        assert!(passes("1.{2,3}*", "1.25"));
        assert!(!passes("nginx", "team/nginx"));
        assert!(Filter::new(None).unwrap().passes("anything"));
        assert!(Filter::new(Some("[")).is_err());
    }

    #[test]
    fn versions() {
        let mut tags = [
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
                "1.2.3.4",
                "1x",
                "abc",
                "latest"
            ]
        );
    }

    #[test]
    fn the_unknown_is_last() {
        let mut sizes = [None, Some(1), Some(3)];
        sizes.sort_by(|left, right| greatest_first(*left, *right));
        assert_eq!(sizes, [Some(3), Some(1), None]);
    }

    proptest! {
        #[test]
        fn any_tags_have_an_order(mut tags in prop::collection::vec("[v0-9a.+_-]{0,8}", 0..30)) {
            // Sorting panics when an order contradicts itself.
            tags.sort_by(|left, right| by_version(left, right));
        }
    }
}
