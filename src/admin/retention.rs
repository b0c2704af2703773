//! Retention rules: applies one, and lists, saves and removes them.

use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use super::administration::Entries;
use super::{Administration, Failure, FailureKind, PruneReport, Reason, RetentionRule};
use crate::clock::Millis;
use crate::oci::RuleError;
use crate::registry::{InvalidRule, NotSaved, RULES_LIMIT, Rule};

/// What the configuration says about retention.
#[derive(Debug, Clone, Default)]
pub struct ConfiguredRetention {
    /// The rules.
    pub rules: Arc<[RetentionRule]>,
    /// Whether the server applies rules, as far as is known: it collects on a schedule, and is not
    /// read-only.
    pub applies: bool,
}

/// The retention rules, in the order in which they are applied before a scheduled collection.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct RetentionRules {
    /// Those of the configuration, then the saved ones.
    pub rules: Vec<ListedRule>,
    /// Whether the server applies them.
    pub applies: bool,
}

/// A retention rule in a list.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ListedRule {
    /// The number of a saved rule, which is never used again; `None` for one of the configuration.
    pub id: Option<i64>,
    /// When it was saved.
    pub saved_at: Option<Millis>,
    /// The caller who saved it: `uid:0`, `alice`.
    pub saved_by: Option<String>,
    /// The rule; `None` if it can't be read, for example because it has conditions of a later version.
    #[serde(deserialize_with = "if_known")]
    pub rule: Option<RetentionRule>,
}

/// Parses a rule of a server, which may be a later version.
fn if_known<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<RetentionRule>, D::Error> {
    let rule = Value::deserialize(deserializer)?;
    Ok(serde_json::from_value(rule).ok())
}

/// The report of saving a rule.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct RuleSaved {
    /// Its number.
    pub id: i64,
    /// Whether the server applies rules.
    pub applies: bool,
}

/// The report of removing a rule.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
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
        let rule = Rule::new(rule)?;
        let report = self.registry().prune(&rule, dry_run, !lenient, entries);
        Ok(report.await?)
    }

    /// Lists the rules.
    pub(super) async fn retention_rules(&self) -> Result<RetentionRules, Failure> {
        let configured = self.retention();
        let written = configured.rules.iter().map(|rule| ListedRule {
            rule: Some(rule.clone()),
            ..ListedRule::default()
        });
        let saved = self.registry().saved_rules().await?;
        let saved = saved.into_iter().map(|saved| ListedRule {
            id: Some(saved.id),
            saved_at: Some(saved.saved_at),
            saved_by: Some(saved.saved_by),
            rule: saved.rule,
        });
        Ok(RetentionRules {
            rules: written.chain(saved).collect(),
            applies: configured.applies,
        })
    }

    /// Saves a rule.
    pub(super) async fn save_rule(&self, rule: RetentionRule) -> Result<RuleSaved, Failure> {
        Rule::new(rule.clone())?;
        let refused =
            |reason, message: String| Err(Failure::new(FailureKind::Usage, reason, message));
        if self.retention().rules.contains(&rule) {
            let message = "the configuration has the same rule, under regctl.retention";
            return refused(Reason::RuleExists, message.to_owned());
        }
        match self.registry().save_rule(rule).await? {
            Ok(id) => Ok(RuleSaved {
                id,
                applies: self.retention().applies,
            }),
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
            Reason::NoSuchRule,
            format!("there is no saved rule {id}"),
        ))
    }
}

impl From<InvalidRule> for Failure {
    fn from(error: InvalidRule) -> Self {
        let reason = match &error {
            InvalidRule::Rule(RuleError::Pattern) | InvalidRule::Wildcards(_) => {
                Reason::InvalidPattern
            }
            InvalidRule::Rule(_) => Reason::InvalidRule,
        };
        Self::new(FailureKind::Usage, reason, error.to_string())
    }
}
