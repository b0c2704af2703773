//! A retention rule on the command line: its arguments, and how a rule is written with them.

use std::time::Duration;

use super::administration::{age, milliseconds};
use super::exit::Usage;
use crate::admin::RetentionRule;
use crate::config;

/// The conditions of a rule.
#[derive(Debug, clap::Args)]
pub(super) struct RuleArgs {
    /// Patterns of repositories
    #[arg(value_name = "PATTERN", required = true)]
    patterns: Vec<String>,
    /// Keep this many tags, the last pushed ones
    #[arg(long, value_name = "N")]
    keep_last: Option<u32>,
    /// Only delete tags pushed longer ago
    #[arg(long, value_name = "AGE", value_parser = age)]
    older_than: Option<Duration>,
    /// Only delete matching tags; may be repeated
    #[arg(long = "match", value_name = "GLOB")]
    matching: Vec<String>,
    /// Keep matching tags; may be repeated
    #[arg(long, value_name = "GLOB")]
    exclude: Vec<String>,
    /// Only delete tags that have not been pulled for this long
    #[arg(long, value_name = "AGE", value_parser = age)]
    not_pulled_for: Option<Duration>,
    /// Allow deleting every tag of a repository
    #[arg(long)]
    all: bool,
}

impl RuleArgs {
    /// The rule. An error if it has no condition.
    pub(super) fn rule(&self) -> Result<RetentionRule, Usage> {
        let rule = RetentionRule {
            repositories: self.patterns.clone(),
            keep_last: self.keep_last,
            older_than: self.older_than.map(milliseconds),
            matching: self.matching.clone(),
            exclude: self.exclude.clone(),
            not_pulled_for: self.not_pulled_for.map(milliseconds),
            all: self.all,
        };
        if rule.selects_nothing() {
            let reason = "no condition says which tags to delete; hint: give --keep-last, \
                          --older-than, --not-pulled-for or --match";
            return Err(Usage(reason.to_owned()));
        }
        Ok(rule)
    }
}

/// The conditions of a rule as arguments of a shell.
pub(super) fn conditions(rule: &RetentionRule) -> String {
    let mut words = Vec::new();
    if let Some(count) = rule.keep_last {
        words.push(format!("--keep-last {count}"));
    }
    if let Some(age) = rule.older_than {
        words.push(format!("--older-than {}", config::period_in_words(age)));
    }
    if let Some(age) = rule.not_pulled_for {
        words.push(format!("--not-pulled-for {}", config::period_in_words(age)));
    }
    for (option, patterns) in [("--match", &rule.matching), ("--exclude", &rule.exclude)] {
        words.extend(
            patterns
                .iter()
                .map(|text| format!("{option} {}", quoted(text))),
        );
    }
    if rule.all {
        words.push("--all".to_owned());
    }
    words.join(" ")
}

/// The patterns of repositories of a rule as arguments of a shell.
pub(super) fn repositories(rule: &RetentionRule) -> String {
    let patterns: Vec<String> = rule.repositories.iter().map(|text| quoted(text)).collect();
    patterns.join(" ")
}

/// A pattern as a word of a shell.
fn quoted(text: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-/@+:".contains(&byte);
    if !text.is_empty() && text.bytes().all(is_plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Debug, Parser)]
    struct Line {
        #[command(flatten)]
        rule: RuleArgs,
    }

    #[test]
    fn a_written_rule_is_read_back() {
        let rule = |line: &[&str]| {
            let line = Line::try_parse_from(["prune"].iter().chain(line));
            line.unwrap().rule.rule().unwrap()
        };
        let given = rule(&[
            "team/*",
            "a b",
            "--keep-last",
            "3",
            "--older-than",
            "36h",
            "--not-pulled-for",
            "30d",
            "--match",
            "pr-*",
            "--exclude",
            "it's",
            "--all",
        ]);
        assert_eq!(repositories(&given), "'team/*' 'a b'");
        assert_eq!(
            conditions(&given),
            r"--keep-last 3 --older-than 36h --not-pulled-for 30d --match 'pr-*' --exclude 'it'\''s' --all"
        );
        let plain = rule(&["team/app", "--match", "v1.0", "--older-than", "90m"]);
        let written = format!("{} {}", repositories(&plain), conditions(&plain));
        let again: Vec<&str> = written.split(' ').collect();
        assert_eq!(rule(&again), plain);
    }
}
