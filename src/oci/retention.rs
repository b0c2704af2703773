//! A retention rule as it is written in the configuration, on the command line, or in a request.
//!
//! Pure data and its checks. The registry compiles the patterns and evaluates the rule. Ages are in
//! milliseconds.

use serde::{Deserialize, Serialize};

use crate::clock::Millis;

/// Maximum length of a pattern, in characters: no name is longer. The compiler of patterns needs stack
/// space for each nested brace.
const PATTERN_LIMIT: usize = 255;
/// Maximum number of patterns of a rule.
const PATTERNS: usize = 100;
/// Maximum age: 100 years of 365 days.
const AGE_LIMIT: Millis = 36_500 * 24 * 60 * 60 * 1000;

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

/// Why a rule is invalid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RuleError {
    /// It applies to no repository.
    #[error("the rule names no repositories")]
    NoRepositories,
    /// Without a condition it would delete every tag.
    #[error("the rule has no condition that says which tags to delete")]
    NoCondition,
    /// It has more than 100 patterns.
    #[error("the rule has more than {PATTERNS} patterns")]
    TooManyPatterns,
    /// A pattern is empty, too long, or has characters that no name has.
    #[error("a pattern of the rule is not 1 to {PATTERN_LIMIT} ASCII characters without spaces")]
    Pattern,
    /// An age is negative or more than 100 years.
    #[error("an age of the rule is not between 0 and 36,500 days")]
    Age,
}

/// Whether a text can be a pattern of names: 1 to 255 printable ASCII characters without spaces. Its
/// wildcards may still be malformed.
pub fn can_be_pattern(text: &str) -> bool {
    (1..=PATTERN_LIMIT).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic())
}

impl RetentionRule {
    /// Checks everything but the wildcards of the patterns.
    pub fn check(&self) -> Result<(), RuleError> {
        let lists = [&self.repositories, &self.matching, &self.exclude];
        if self.repositories.is_empty() {
            return Err(RuleError::NoRepositories);
        }
        if self.selects_nothing() {
            return Err(RuleError::NoCondition);
        }
        if lists.iter().map(|list| list.len()).sum::<usize>() > PATTERNS {
            return Err(RuleError::TooManyPatterns);
        }
        if !lists.into_iter().flatten().all(|text| can_be_pattern(text)) {
            return Err(RuleError::Pattern);
        }
        let ages = [self.older_than, self.not_pulled_for];
        if ages
            .into_iter()
            .flatten()
            .any(|age| !(0..=AGE_LIMIT).contains(&age))
        {
            return Err(RuleError::Age);
        }
        Ok(())
    }

    /// Whether no condition selects tags.
    pub fn selects_nothing(&self) -> bool {
        self.keep_last.is_none()
            && self.older_than.is_none()
            && self.not_pulled_for.is_none()
            && self.matching.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checks() {
        let rule = RetentionRule {
            repositories: vec!["team/**".to_owned()],
            matching: vec!["v[0-9]*".to_owned(), "{a,b}".to_owned()],
            older_than: Some(AGE_LIMIT),
            ..RetentionRule::default()
        };
        assert_eq!(rule.check(), Ok(()));
        let with = |change: fn(&mut RetentionRule)| {
            let mut changed = rule.clone();
            change(&mut changed);
            changed.check()
        };
        assert_eq!(
            with(|rule| rule.repositories.clear()),
            Err(RuleError::NoRepositories)
        );
        assert_eq!(
            with(|rule| (rule.matching, rule.older_than) = (Vec::new(), None)),
            Err(RuleError::NoCondition)
        );
        assert_eq!(
            with(|rule| rule.exclude = vec!["a".to_owned(); PATTERNS]),
            Err(RuleError::TooManyPatterns)
        );
        for change in [
            (|rule| rule.exclude.push(String::new())) as fn(&mut RetentionRule),
            |rule| rule.exclude.push("a b".to_owned()),
            |rule| rule.matching.push("a\n".to_owned()),
            |rule| rule.repositories.push("[!\u{202e}]*".to_owned()),
            |rule| rule.repositories.push("é".to_owned()),
            |rule| rule.matching.push("{".repeat(PATTERN_LIMIT + 1)),
        ] {
            assert_eq!(with(change), Err(RuleError::Pattern));
        }
        for change in [
            (|rule| rule.older_than = Some(-1)) as fn(&mut RetentionRule),
            |rule| rule.older_than = Some(AGE_LIMIT + 1),
            |rule| rule.not_pulled_for = Some(Millis::MIN),
        ] {
            assert_eq!(with(change), Err(RuleError::Age));
        }
    }
}
