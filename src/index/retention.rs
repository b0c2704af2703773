//! Retention rules that administrators have saved, besides those of the configuration.

use serde_json::json;

use super::events::NewEvent;
use super::{Index, IndexError, column};
use crate::clock::Millis;
use crate::oci::RetentionRule;

/// Maximum number of saved rules: each is applied to every repository before a collection.
pub const RULES_LIMIT: u64 = 100;

/// A saved retention rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SavedRule {
    /// Its number, which is never used again.
    pub id: i64,
    /// The rule; `None` if it can't be read, for example because a later version has saved it.
    pub rule: Option<RetentionRule>,
    /// When it was saved.
    pub saved_at: Millis,
    /// The caller who saved it, as in [`super::Event::actor`].
    pub saved_by: String,
}

/// Why a rule is not saved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotSaved {
    /// The saved rule with this number is the same.
    Same(i64),
    /// There are [`RULES_LIMIT`] rules.
    Limit,
}

impl Index {
    /// The saved rules, in the order of their numbers.
    pub async fn saved_rules(&self) -> Result<Vec<SavedRule>, IndexError> {
        let rows: Vec<(i64, String, Millis, String)> =
            sqlx::query_as("SELECT id, rule, saved_at, saved_by FROM retention_rules ORDER BY id")
                .fetch_all(&self.readers)
                .await?;
        let rules = rows
            .into_iter()
            .map(|(id, rule, saved_at, saved_by)| SavedRule {
                id,
                rule: serde_json::from_str(&rule).ok(),
                saved_at,
                saved_by,
            });
        Ok(rules.collect())
    }

    /// Saves a rule. Returns its number.
    pub async fn save_rule(
        &self,
        rule: RetentionRule,
        now: Millis,
    ) -> Result<Result<i64, NotSaved>, IndexError> {
        let text = json!(rule).to_string();
        self.write(move |transaction| {
            Box::pin(async move {
                let actor = transaction.context().caller.actor();
                let connection = transaction.connection();
                let same: Option<i64> =
                    sqlx::query_scalar("SELECT id FROM retention_rules WHERE rule = $1")
                        .bind(&text)
                        .fetch_optional(&mut *connection)
                        .await?;
                if let Some(id) = same {
                    return Ok(Err(NotSaved::Same(id)));
                }
                let count: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM retention_rules")
                    .fetch_one(&mut *connection)
                    .await?;
                if count >= column(RULES_LIMIT) {
                    return Ok(Err(NotSaved::Limit));
                }
                let id: i64 = sqlx::query_scalar(
                    "INSERT INTO retention_rules (rule, saved_at, saved_by) \
                     VALUES ($1, $2, $3) RETURNING id",
                )
                .bind(&text)
                .bind(now)
                .bind(actor)
                .fetch_one(connection)
                .await?;
                let detail = json!({ "id": id, "rule": rule });
                transaction.event(NewEvent::new("save-rule", now).detail(detail));
                Ok(Ok(id))
            })
        })
        .await
    }

    /// Removes a saved rule. Returns false if there is none with this number.
    pub async fn remove_rule(&self, id: i64, now: Millis) -> Result<bool, IndexError> {
        self.write(move |transaction| {
            Box::pin(async move {
                let removed: Option<String> =
                    sqlx::query_scalar("DELETE FROM retention_rules WHERE id = $1 RETURNING rule")
                        .bind(id)
                        .fetch_optional(transaction.connection())
                        .await?;
                let Some(rule) = removed else {
                    return Ok(false);
                };
                let rule: serde_json::Value = serde_json::from_str(&rule).unwrap_or_default();
                let detail = json!({ "id": id, "rule": rule });
                transaction.event(NewEvent::new("remove-rule", now).detail(detail));
                Ok(true)
            })
        })
        .await
    }
}
