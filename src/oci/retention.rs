//! A retention rule as it is written in the configuration, on the command line, or in a request.
//!
//! Pure data. The registry compiles the patterns and evaluates the rule. Ages are in milliseconds.

use serde::{Deserialize, Serialize};

use crate::clock::Millis;

/// Which tags a rule deletes, and from which repositories. A tag is deleted if it meets every given
/// condition. Parsing refuses unknown conditions: without them a rule would delete more.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
pub struct RetentionRule {
    /// Patterns of repository names; `*` and `?` stop at a slash, `**` does not.
    pub repositories: Vec<String>,
    /// How many of the most recently pushed tags are kept.
    pub keep_last: Option<u32>,
    /// Only tags that were pushed longer ago are deleted.
    pub older_than: Option<Millis>,
    /// Only tags that match one of these patterns are deleted; all tags if there is no pattern.
    pub matching: Vec<String>,
    /// Tags that match one of these patterns are kept.
    pub exclude: Vec<String>,
    /// Only tags that have not been pulled for this long are deleted.
    pub not_pulled_for: Option<Millis>,
    /// Whether the rule may delete all tags of a repository.
    pub all: bool,
}

impl RetentionRule {
    /// Whether no condition selects tags.
    pub fn selects_nothing(&self) -> bool {
        self.keep_last.is_none()
            && self.older_than.is_none()
            && self.not_pulled_for.is_none()
            && self.matching.is_empty()
    }
}
