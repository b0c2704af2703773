//! Events of sign-ins and refusals, which change nothing else.

use std::sync::Arc;

use serde_json::Value;

use super::events::NewEvent;
use super::{Index, IndexError, column};
use crate::clock::Millis;
use crate::oci::{Context, Repository};

/// A sign-in or a refusal.
#[derive(Debug, Clone)]
pub struct Note {
    /// The caller, the request and the client's address.
    pub context: Arc<Context>,
    /// The account, if the caller is not one: the name of a refused sign-in.
    pub account: Option<String>,
    /// `sign-in`, `refuse-sign-in` or `refuse`.
    pub action: &'static str,
    /// When.
    pub at: Millis,
    /// The repository.
    pub repository: Option<Repository>,
    /// Further data of the action.
    pub detail: Option<Value>,
}

impl Index {
    /// Appends events that belong to no change, in one transaction.
    pub async fn note(&self, notes: Vec<Note>) -> Result<(), IndexError> {
        self.write(move |transaction| {
            Box::pin(async move {
                for note in notes {
                    let event = NewEvent {
                        repository: note.repository,
                        detail: note.detail,
                        account: note.account,
                        ..NewEvent::new(note.action, note.at)
                    };
                    transaction.event_of(&note.context, event);
                }
                Ok(())
            })
        })
        .await
    }

    /// Removes the oldest refusals, of sign-ins and of actions, except the latest `most`.
    pub async fn forget_refusals(&self, most: u64) -> Result<(), IndexError> {
        let last: Option<i64> = sqlx::query_scalar(
            "SELECT id FROM events WHERE action IN ('refuse', 'refuse-sign-in') \
             ORDER BY id DESC LIMIT 1 OFFSET $1",
        )
        .bind(column(most))
        .fetch_optional(&self.readers)
        .await?;
        let Some(last) = last else { return Ok(()) };
        self.write(move |transaction| {
            Box::pin(async move {
                sqlx::query(
                    "DELETE FROM events WHERE action IN ('refuse', 'refuse-sign-in') \
                     AND id <= $1",
                )
                .bind(last)
                .execute(transaction.connection())
                .await?;
                Ok(())
            })
        })
        .await
    }
}
