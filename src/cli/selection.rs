//! Filters and orders of lists.

use std::cmp::{Ordering, Reverse};

use globset::{GlobBuilder, GlobMatcher};

use super::exit::Usage;

/// `--filter GLOB`: without a glob everything matches.
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

    /// Whether a name matches.
    pub(super) fn passes(&self, name: &str) -> bool {
        self.0.as_ref().is_none_or(|glob| glob.is_match(name))
    }
}

/// Orders by a value that may be unknown: the greatest first, unknown ones last.
pub(super) fn greatest_first<T: Ord>(left: Option<T>, right: Option<T>) -> Ordering {
    Reverse(left).cmp(&Reverse(right))
}

#[cfg(test)]
mod tests {
    use super::*;

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
    fn unknown_values_are_last() {
        let mut sizes = [None, Some(1), Some(3)];
        sizes.sort_by(|left, right| greatest_first(*left, *right));
        assert_eq!(sizes, [Some(3), Some(1), None]);
    }
}
