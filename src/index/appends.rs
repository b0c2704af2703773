//! Rows that are appended at the end of a commit: journal rows and events, many in one statement.
//!
//! They can wait because no write reads what another write of its commit appends. They are still in
//! the transaction of the changes that they belong to.

use std::sync::Arc;

use sqlx::{QueryBuilder, Sqlite, SqliteConnection};

use super::events::NewEvent;
use super::{IndexError, JournalEntry, LayoutChange, column};
use crate::clock::Clock;
use crate::oci::{Context, MediaType, Repository, Tag};

/// Maximum number of rows in one statement, a power of two.
const ROWS: usize = 64;

/// A journal row that this commit passes to the observer.
enum Entry {
    New(LayoutChange),
    /// It is in the journal already.
    Again(JournalEntry),
}

struct EventRow {
    context: Arc<Context>,
    account: String,
    event: NewEvent,
}

/// The rows of a commit.
#[derive(Default)]
pub(super) struct Appends {
    entries: Vec<Entry>,
    events: Vec<EventRow>,
}

/// How many rows there were at some point of a commit.
#[derive(Clone, Copy)]
pub(super) struct Mark {
    entries: usize,
    events: usize,
}

impl Mark {
    /// The number of journal rows up to here.
    pub(super) fn entries(self) -> usize {
        self.entries
    }
}

impl Appends {
    pub(super) fn change(&mut self, change: LayoutChange) {
        self.entries.push(Entry::New(change));
    }

    pub(super) fn again(&mut self, entry: JournalEntry) {
        self.entries.push(Entry::Again(entry));
    }

    pub(super) fn event(&mut self, context: Arc<Context>, account: String, event: NewEvent) {
        self.events.push(EventRow {
            context,
            account,
            event,
        });
    }

    pub(super) fn mark(&self) -> Mark {
        Mark {
            entries: self.entries.len(),
            events: self.events.len(),
        }
    }

    /// Drops the rows after a mark: their write has failed.
    pub(super) fn truncate(&mut self, mark: Mark) {
        self.entries.truncate(mark.entries);
        self.events.truncate(mark.events);
    }

    /// Appends all rows. Returns the journal rows, in order.
    pub(super) async fn write(
        &mut self,
        connection: &mut SqliteConnection,
    ) -> Result<Vec<JournalEntry>, IndexError> {
        let entries = std::mem::take(&mut self.entries);
        let events = std::mem::take(&mut self.events);
        let ids = add_changes(connection, &entries).await?;
        add_events(connection, events).await?;
        let mut ids = ids.into_iter();
        let numbered = entries.into_iter().filter_map(|entry| match entry {
            Entry::New(change) => ids.next().map(|id| JournalEntry { id, change }),
            Entry::Again(entry) => Some(entry),
        });
        Ok(numbered.collect())
    }
}

/// The sizes of statements that append some rows: powers of two, so that few statements are
/// prepared.
pub(super) fn sizes(mut rows: usize) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        let size = ROWS.min(1 << rows.checked_ilog2()?);
        rows -= size;
        Some(size)
    })
}

/// Appends journal rows. Returns their numbers, in order.
async fn add_changes(
    connection: &mut SqliteConnection,
    entries: &[Entry],
) -> Result<Vec<i64>, IndexError> {
    let now = Clock::system().now();
    let mut texts = Vec::with_capacity(entries.len());
    for entry in entries {
        if let Entry::New(change) = entry {
            let text = serde_json::to_string(change)
                .map_err(|error| IndexError::Database(sqlx::Error::Encode(error.into())))?;
            texts.push(text);
        }
    }
    let mut ids = Vec::with_capacity(texts.len());
    for size in sizes(texts.len()) {
        let mut insert = QueryBuilder::<Sqlite>::new("INSERT INTO journal (change, noted_at) ");
        insert.push_values(texts.drain(..size), |mut row, text| {
            row.push_bind(text).push_bind(now);
        });
        insert.push(" RETURNING id");
        let mut added: Vec<i64> = insert
            .build_query_scalar()
            .fetch_all(&mut *connection)
            .await?;
        // Ids grow in the order of the values.
        added.sort_unstable();
        ids.append(&mut added);
    }
    Ok(ids)
}

async fn add_events(
    connection: &mut SqliteConnection,
    mut events: Vec<EventRow>,
) -> Result<(), IndexError> {
    for size in sizes(events.len()) {
        let mut insert = QueryBuilder::<Sqlite>::new(
            "INSERT INTO events (at, action, actor, account, address, request, agent, repository, \
               tag, digest, media_type, size, detail) ",
        );
        insert.push_values(events.drain(..size), |mut row, event| {
            let EventRow {
                context,
                account,
                event,
            } = event;
            row.push_bind(event.at)
                .push_bind(event.action)
                .push_bind(context.caller.actor())
                .push_bind(account)
                .push_bind(context.address.map(|address| address.to_string()))
                .push_bind(context.request.to_string())
                .push_bind(context.agent.as_deref().map(str::to_owned))
                .push_bind(event.repository.as_ref().map(Repository::to_string))
                .push_bind(event.tag.as_ref().map(Tag::to_string))
                .push_bind(event.digest.map(|digest| digest.to_string()))
                .push_bind(event.media_type.as_ref().map(MediaType::to_string))
                .push_bind(event.size.map(column))
                .push_bind(event.detail.map(|detail| detail.to_string()));
        });
        insert.build().execute(&mut *connection).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statements_have_few_sizes() {
        assert_eq!(sizes(0).count(), 0);
        for rows in 1..1000 {
            let all: Vec<usize> = sizes(rows).collect();
            assert_eq!(all.iter().sum::<usize>(), rows);
            assert!(
                all.iter()
                    .all(|size| size.is_power_of_two() && *size <= ROWS)
            );
        }
        assert_eq!(sizes(7).collect::<Vec<_>>(), [4, 2, 1]);
        assert_eq!(sizes(150).collect::<Vec<_>>(), [64, 64, 16, 4, 2]);
    }
}
