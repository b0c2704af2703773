//! The patterns of a retention rule that match nothing: usually typing errors.

use std::collections::BTreeSet;

use super::Rule;
use crate::oci::{Repository, RetentionRule, Tag};

/// Patterns of a rule that have not matched any repository or tag.
pub(super) struct Unmatched<'a> {
    rule: &'a Rule,
    repositories: BTreeSet<usize>,
    matching: BTreeSet<usize>,
    exclude: BTreeSet<usize>,
}

impl Unmatched<'_> {
    /// Removes the patterns that match a repository.
    pub(super) fn matched_repository(&mut self, name: &Repository) {
        for number in self.rule.repositories.matches(name.as_str()) {
            self.repositories.remove(&number);
        }
    }

    /// Removes the patterns that match a tag.
    pub(super) fn matched_tag(&mut self, tag: &Tag) {
        if self.matching.is_empty() && self.exclude.is_empty() {
            return;
        }
        for number in self.rule.matching.matches(tag.as_str()) {
            self.matching.remove(&number);
        }
        for number in self.rule.exclude.matches(tag.as_str()) {
            self.exclude.remove(&number);
        }
    }

    /// The remaining patterns.
    pub(super) fn patterns(self) -> Vec<String> {
        let RetentionRule {
            repositories,
            matching,
            exclude,
            ..
        } = &self.rule.written;
        let left = |patterns: &[String], numbers: BTreeSet<usize>| {
            let patterns = numbers.into_iter().filter_map(|at| patterns.get(at));
            patterns.cloned().collect::<Vec<_>>()
        };
        let mut all = left(repositories, self.repositories);
        all.extend(left(matching, self.matching));
        all.extend(left(exclude, self.exclude));
        all
    }
}

impl Rule {
    /// All patterns of the rule, before any match.
    pub(super) fn unmatched(&self) -> Unmatched<'_> {
        Unmatched {
            rule: self,
            repositories: (0..self.written.repositories.len()).collect(),
            matching: (0..self.written.matching.len()).collect(),
            exclude: (0..self.written.exclude.len()).collect(),
        }
    }
}
