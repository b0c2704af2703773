//! Events: what was done, by whom, in which request and from where.
//!
//! A change appends its event in its own transaction, so there is never one without the other. The
//! actor comes from the context of the [`Index`] that wrote the change ([`Index::acting`]). Events
//! are read newest first, in pages, and removed oldest first.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use sqlx::{QueryBuilder, Row, Sqlite};

use super::trail::Line;
use super::writer::Transaction;
use super::{Index, IndexError, column, parsed};
use crate::clock::{Clock, Millis};
use crate::oci::{AccountName, Caller, Context, Digest, MediaType, Repository, Tag};

/// Maximum number of events removed in one transaction.
const BATCH: i64 = 512;

/// An event to append. Fields that its action does not need stay empty.
#[derive(Debug, Clone, Default)]
pub(super) struct NewEvent {
    /// What was done, as [`Event::action`] lists it.
    pub(super) action: &'static str,
    pub(super) at: Millis,
    pub(super) repository: Option<Repository>,
    pub(super) tag: Option<Tag>,
    pub(super) digest: Option<Digest>,
    pub(super) media_type: Option<MediaType>,
    pub(super) size: Option<u64>,
    /// Further data of this action.
    pub(super) detail: Option<Value>,
    /// The account that is named, if it is not the caller's.
    pub(super) account: Option<String>,
}

impl NewEvent {
    /// An event of this action at this time.
    pub(super) fn new(action: &'static str, at: Millis) -> Self {
        Self {
            action,
            at,
            ..Self::default()
        }
    }

    /// An event of this action in a repository.
    pub(super) fn within(action: &'static str, at: Millis, repository: &Repository) -> Self {
        Self {
            repository: Some(repository.clone()),
            ..Self::new(action, at)
        }
    }

    /// An event of an action on accounts or rights, at the current time.
    pub(super) fn on_access(action: &'static str, detail: Value) -> Self {
        Self::new(action, Clock::system().now()).detail(detail)
    }

    /// An event of an action on data about a repository, at the current time.
    pub(super) fn on_repository(action: &'static str, repository: &Repository) -> Self {
        Self::within(action, Clock::system().now(), repository)
    }

    pub(super) fn tag(mut self, tag: &Tag) -> Self {
        self.tag = Some(tag.clone());
        self
    }

    pub(super) fn digest(mut self, digest: Digest) -> Self {
        self.digest = Some(digest);
        self
    }

    pub(super) fn size(mut self, size: u64) -> Self {
        self.size = Some(size);
        self
    }

    pub(super) fn detail(mut self, detail: Value) -> Self {
        self.detail = Some(detail);
        self
    }
}

/// Something that a caller did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Event {
    /// Its number. Later events have larger ones.
    pub id: i64,
    /// When it was done, in milliseconds since 1970.
    pub at: Millis,
    /// What was done: `push-manifest`, `set-tag`, `delete-tag`, `delete-manifest`,
    /// `delete-repository`, `push-blob`, `mount-blob`, `delete-blob`, `restore`, `collect`,
    /// `empty-trash`, `quarantine`; `sign-in`, `sign-out`, `refuse-sign-in`, `refuse`;
    /// `create-account`, `set-password`, `disable-account`, `enable-account`, `set-admin`, `remove-account`,
    /// `add-to-group`, `remove-from-group`, `remove-group`, `create-token`, `revoke-token`, `grant`,
    /// `revoke`, `set-visibility`, `describe`, `star`; `save-rule`, `remove-rule`.
    pub action: String,
    /// The caller: `anonymous`, `uid:0`, `alice`, `token:ID@alice`, `workload:SUBJECT@ci`,
    /// `task:schedule`.
    pub actor: String,
    /// The account responsible for it: the owner of a token, `workload:ci` for a workload, otherwise the
    /// caller.
    pub account: String,
    /// The address of the client.
    pub address: Option<String>,
    /// The id of the request; empty without a request.
    pub request: String,
    /// The client's program (`User-Agent`).
    pub agent: Option<String>,
    /// The repository.
    pub repository: Option<Repository>,
    /// The tag.
    pub tag: Option<Tag>,
    /// The digest of the manifest or blob.
    pub digest: Option<Digest>,
    /// The media type of the manifest.
    pub media_type: Option<MediaType>,
    /// Its size in bytes.
    pub size: Option<u64>,
    /// Further data of this action.
    pub detail: Option<Value>,
}

/// Conditions on events. The default matches all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EventFilter {
    /// Of this account, including its tokens; or of `anonymous`, `uid:0`, `workload:ci`,
    /// `task:schedule`.
    pub account: Option<String>,
    /// In this repository.
    pub repository: Option<Repository>,
    /// Of this action.
    pub action: Option<String>,
    /// From this address of a client.
    pub address: Option<String>,
    /// At this time or later.
    pub since: Option<Millis>,
    /// Before this time.
    pub until: Option<Millis>,
}

impl EventFilter {
    /// Adds the conditions other than the time to a statement that has a `WHERE`.
    pub(super) fn narrow(&self, query: &mut QueryBuilder<Sqlite>) {
        let columns = [
            (" AND account = ", self.account.as_deref()),
            (
                " AND repository = ",
                self.repository.as_ref().map(Repository::as_str),
            ),
            (" AND action = ", self.action.as_deref()),
            (" AND address = ", self.address.as_deref()),
        ];
        for (condition, value) in columns {
            if let Some(value) = value {
                query.push(condition).push_bind(value.to_owned());
            }
        }
        if let Some(account) = self.account.as_deref()
            && account.parse::<AccountName>().is_ok()
        {
            // Earlier versions recorded a workload as the token of an account of its name. The id of
            // a token has twelve hexadecimal digits.
            let own = format!("token:{}@{account}", "[0-9a-f]".repeat(12));
            query
                .push(" AND (actor NOT GLOB 'token:*' OR actor GLOB ")
                .push_bind(own)
                .push(")");
        }
    }
}

/// The account responsible for the actions of a caller.
fn account(caller: &Caller) -> String {
    match caller {
        Caller::Token { owner, .. } => owner.to_string(),
        // Not a name that an account can have.
        Caller::Workload { name, .. } => format!("workload:{name}"),
        other => other.actor(),
    }
}

impl Transaction {
    /// Appends an event of the caller for whom this write is done.
    pub(super) fn event(&mut self, event: NewEvent) {
        self.event_of(&self.context(), event);
    }

    /// Appends an event of another caller.
    pub(super) fn event_of(&mut self, context: &Arc<Context>, event: NewEvent) {
        let account = event
            .account
            .clone()
            .unwrap_or_else(|| account(&context.caller));
        self.audit(Line::of(context, &account, &event));
        self.append_event(Arc::clone(context), account, event);
    }
}

impl Index {
    /// A page of the events that match a filter, newest first: at most `limit`, older than the
    /// event `before`.
    pub async fn events(
        &self,
        filter: &EventFilter,
        before: Option<i64>,
        limit: usize,
    ) -> Result<Vec<Event>, IndexError> {
        let mut query = QueryBuilder::<Sqlite>::new(
            "SELECT id, at, action, actor, account, address, request, agent, repository, tag, \
               digest, media_type, size, detail FROM events WHERE id < ",
        );
        query.push_bind(before.unwrap_or(i64::MAX));
        filter.narrow(&mut query);
        if let Some(since) = filter.since {
            // Times grow with ids, so the search ends at the first event before `since`.
            query
                .push(" AND id > COALESCE((SELECT id FROM events WHERE at < ")
                .push_bind(since)
                .push(" ORDER BY id DESC LIMIT 1), 0)");
        }
        if let Some(until) = filter.until {
            // Likewise it begins after the last event from `until` on.
            query
                .push(" AND id <= COALESCE((SELECT id FROM events WHERE at < ")
                .push_bind(until)
                .push(" ORDER BY id DESC LIMIT 1), 0)");
        }
        query
            .push(" ORDER BY id DESC LIMIT ")
            .push_bind(column(limit as u64));
        let rows = query.build().fetch_all(&self.readers).await?;
        rows.iter().map(event).collect()
    }

    /// Removes events from before the time `before`, a page after the event `last`. Returns the last
    /// event of the page, or `None` if an event of it is to be kept or it is empty. Events in the
    /// future stay, and the search passes them: a clock that was ahead made them.
    pub async fn forget_events(
        &self,
        last: i64,
        before: Millis,
        now: Millis,
    ) -> Result<Option<i64>, IndexError> {
        let page: Vec<(i64, i64)> =
            sqlx::query_as("SELECT id, at FROM events WHERE id > $1 ORDER BY id LIMIT $2")
                .bind(last)
                .bind(BATCH)
                .fetch_all(&self.readers)
                .await?;
        let passed = page
            .iter()
            .take_while(|(_, at)| *at < before || *at > now)
            .count();
        let Some((end, _)) = page.get(..passed).and_then(<[_]>::last).copied() else {
            return Ok(None);
        };
        self.write(move |transaction| {
            Box::pin(async move {
                sqlx::query("DELETE FROM events WHERE id > $1 AND id <= $2 AND at < $3")
                    .bind(last)
                    .bind(end)
                    .bind(before)
                    .execute(transaction.connection())
                    .await?;
                Ok(())
            })
        })
        .await?;
        Ok((passed == page.len()).then_some(end))
    }
}

/// Reads a row back.
fn event(row: &sqlx::sqlite::SqliteRow) -> Result<Event, IndexError> {
    let text = |name| row.try_get::<Option<String>, _>(name);
    let detail = text("detail")?;
    Ok(Event {
        id: row.try_get("id")?,
        at: row.try_get("at")?,
        action: row.try_get("action")?,
        actor: row.try_get("actor")?,
        account: row.try_get("account")?,
        address: text("address")?,
        request: row.try_get("request")?,
        agent: text("agent")?,
        repository: optional("repository name", text("repository")?)?,
        tag: optional("tag", text("tag")?)?,
        digest: optional("digest", text("digest")?)?,
        media_type: text("media_type")?.map(|text| MediaType::new(&text)),
        size: row
            .try_get::<Option<i64>, _>("size")?
            .map(i64::unsigned_abs),
        detail: optional("detail of an event", detail)?,
    })
}

fn optional<T: std::str::FromStr>(
    what: &'static str,
    text: Option<String>,
) -> Result<Option<T>, IndexError> {
    text.map(|text| parsed(what, &text)).transpose()
}
