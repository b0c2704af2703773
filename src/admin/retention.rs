//! Retention rules: applies one, and lists, saves and removes them.

use serde::{Deserialize, Serialize};

use super::administration::Entries;
use super::{Administration, Failure, FailureKind, PruneReport, Reason, RetentionRule};
use crate::clock::Millis;
use crate::registry::{NotSaved, RULES_LIMIT, Rule};

/// The retention rules that are applied before each scheduled collection.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct RetentionRules {
    /// Those of the configuration. They are applied first.
    pub configured: Vec<RetentionRule>,
    /// Those that administrators have saved.
    pub saved: Vec<SavedRule>,
}

/// A saved retention rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SavedRule {
    /// Its number, which is never used again.
    pub id: i64,
    /// The rule.
    pub rule: RetentionRule,
    /// When it was saved.
    pub saved_at: Millis,
    /// The caller who saved it: `uid:0`, `alice`.
    pub saved_by: String,
}

/// The report of saving a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RuleSaved {
    /// Its number.
    pub id: i64,
}

/// The report of removing a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RuleRemoved {
    /// Its number.
    pub id: i64,
}

impl Administration {
    /// Applies a rule.
    pub(super) async fn prune(
        &self,
        rule: RetentionRule,
        dry_run: bool,
        lenient: bool,
        entries: &Entries<'_>,
    ) -> Result<PruneReport, Failure> {
        let rule = checked(rule)?;
        let report = self.registry().prune(&rule, dry_run, !lenient, entries);
        Ok(report.await?)
    }

    /// Lists the rules.
    pub(super) async fn retention_rules(&self) -> Result<RetentionRules, Failure> {
        let saved = self.registry().saved_rules().await?.into_iter();
        Ok(RetentionRules {
            configured: self.configured_rules().to_vec(),
            saved: saved
                .map(|saved| SavedRule {
                    id: saved.id,
                    rule: saved.rule,
                    saved_at: saved.saved_at,
                    saved_by: saved.saved_by,
                })
                .collect(),
        })
    }

    /// Saves a rule.
    pub(super) async fn save_rule(&self, rule: RetentionRule) -> Result<RuleSaved, Failure> {
        checked(rule.clone())?;
        let refused =
            |reason, message: String| Err(Failure::new(FailureKind::Usage, reason, message));
        if self.configured_rules().contains(&rule) {
            let message = "the configuration has the same rule, under regctl.retention";
            return refused(Reason::RuleExists, message.to_owned());
        }
        match self.registry().save_rule(rule).await? {
            Ok(id) => Ok(RuleSaved { id }),
            Err(NotSaved::Same(id)) => {
                refused(Reason::RuleExists, format!("rule {id} is the same"))
            }
            Err(NotSaved::Limit) => refused(
                Reason::TooManyRules,
                format!("there are {RULES_LIMIT} saved rules, and no more are allowed"),
            ),
        }
    }

    /// Removes a saved rule.
    pub(super) async fn remove_rule(&self, id: i64) -> Result<RuleRemoved, Failure> {
        if self.registry().remove_rule(id).await? {
            return Ok(RuleRemoved { id });
        }
        Err(Failure::new(
            FailureKind::NotFound,
            Reason::Unknown,
            format!("there is no saved rule {id}; hint: regctl retention list shows their numbers"),
        ))
    }
}

/// Compiles the patterns of a rule. Refuses one without conditions, which would delete every tag.
fn checked(rule: RetentionRule) -> Result<Rule, Failure> {
    let refused = |reason, message: &str| Err(Failure::new(FailureKind::Usage, reason, message));
    if rule.repositories.is_empty() {
        return refused(Reason::InvalidRule, "the rule names no repositories");
    }
    if rule.selects_nothing() {
        let message = "the rule has no condition that says which tags to delete";
        return refused(Reason::InvalidRule, message);
    }
    Rule::new(rule).or_else(|error| refused(Reason::InvalidPattern, &error.to_string()))
}
