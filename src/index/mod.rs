//! Relations: repositories, manifests, tags, references, uploads, leases. Only this room contains
//! SQL.
//!
//! A durable transaction in the index is the moment at which a write is true. A transaction that
//! changes what the layout must show adds rows to the journal. The [`Observer`] receives them in
//! the order of the commits, before the caller gets its answer.
//!
//! The database is SQLite. The statements use only what PostgreSQL has as well: `$1`, `ON
//! CONFLICT`, `RETURNING`.

mod accounts;
mod activity;
mod administrators;
mod appends;
mod audit;
mod backup;
mod batch;
mod blobs;
mod browse;
mod change;
mod clock_steps;
mod collect;
mod connecting;
mod error;
mod events;
mod grants;
mod groups;
mod growth;
mod holdings;
mod journal;
mod keys;
mod leases;
mod manifests;
mod many;
mod matches;
mod notes;
mod outside_identities;
mod place;
mod private;
mod prune;
mod pulls;
mod quarantine;
mod referrers;
mod repositories;
mod retention;
mod salvage;
mod schema;
mod search;
mod sessions;
mod space;
mod stars;
#[cfg(test)]
mod suite;
mod survey;
mod tags;
#[cfg(test)]
pub mod testing;
mod tokens;
mod trail;
mod trash;
mod trouble;
mod uploads;
mod usage;
mod visible;
mod words;
mod writer;

use std::ops::Deref;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use futures_util::future::BoxFuture;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{ConnectOptions, SqlitePool};

pub use accounts::{AccountRecord, NewAccount, StoredAccount};
pub use administrators::AccountRefusal;
pub use audit::{AuditedBlob, AuditedRepository, Link, MissingChild, MissingLink};
pub use blobs::{BlobRecord, NewBlob};
pub use browse::{
    BlobUser, COUNT_LIMIT, Count, FoundRepositories, Removal, RepositoryOrder, RepositoryRow,
    RepositorySearch, TagOrder, TagPage, TagRow,
};
pub use change::{JournalEntry, LayoutChange};
pub use clock_steps::ClockStep;
pub use collect::{
    CollectTerms, CollectionRecord, HeldBlob, HeldManifest, Hold, KeptRecord, ManifestDeleteReason,
    ManifestKeepReason, Plan, PlannedBlob, PlannedManifest,
};
pub use connecting::is_shared;
pub use error::IndexError;
pub use events::{Event, EventFilter};
pub use grants::{GrantRecord, Grantee};
pub use groups::{GroupRecord, GroupRefusal};
pub use growth::StoredOnDay;
pub use holdings::{Holdings, RepositoryManifest, RepositoryTag};
pub use keys::SigningKeyRecord;
pub use leases::Lease;
pub use manifests::{ManifestRecord, NewManifest, PutManifest, ReferenceKind};
pub use notes::Note;
pub use outside_identities::{IgnoredGroup, OutsideAccount, OutsidePerson, OutsideRefusal};
pub use place::{is_empty, occupant};
pub use prune::{Bundle, Bundled};
pub use referrers::ReferrerRecord;
pub use repositories::RepositoryRecord;
pub use retention::{NotSaved, RULES_LIMIT, SavedRule};
pub use salvage::can_be_derived;
pub use search::{FoundByTerm, SearchPage};
pub use sessions::{NewSession, SessionRecord, StoredSession};
pub use space::DiskSpace;
pub use survey::{FoundRepository, KnownRepository};
pub use tags::TagRecord;
pub use tokens::{NewToken, StoredToken, TokenRecord};
pub use trash::{Discard, Restorable, RestoreOutcome, Restored, Trashed, TrashedKind};
pub use uploads::UploadRecord;
pub use usage::Contents;

use crate::oci::{Context, Task};
use writer::Writer;

/// Receives the journal rows of each commit, in order, and updates the caches at once. The future
/// is ready when the layout shows the changes.
pub type Observer = Arc<dyn Fn(Vec<JournalEntry>) -> BoxFuture<'static, ()> + Send + Sync>;

/// The index of one root. Cheap to clone.
#[derive(Clone)]
pub struct Index {
    database: Arc<Database>,
    /// The caller on whose behalf writes are done.
    context: Arc<Context>,
    /// Whether writes lead to free space, and may therefore use the reserved space.
    frees: bool,
}

/// The open database, which the index shares between callers.
pub struct Database {
    readers: SqlitePool,
    writer: Writer,
    /// Incremented with each change of accounts, tokens, grants and visibility.
    access_changes: AtomicU64,
    /// How long-running readers open the database.
    options: SqliteConnectOptions,
}

impl Deref for Index {
    type Target = Database;

    fn deref(&self) -> &Database {
        &self.database
    }
}

/// Rows that SQLite's thread sends without waiting for the reader: a page of a listing is sent in
/// one piece.
const PAGE_OF_ROWS: usize = 1024;
/// Number of connections for reading; there is one more for writing.
const READERS: u32 = 4;

impl Index {
    /// Opens the index in a file, creating it or bringing its schema up to date.
    pub async fn open(file: &Path, observer: Observer) -> Result<Self, IndexError> {
        Self::open_with(file, observer, None).await
    }

    /// Like [`Index::open`]. `space` provides disk space and explains failed writes.
    pub async fn open_with(
        file: &Path,
        observer: Observer,
        space: Option<Arc<dyn DiskSpace>>,
    ) -> Result<Self, IndexError> {
        backup::sweep(file);
        let open = |alone| Self::open_file(file, alone, Arc::clone(&observer), space.clone());
        let mut opened = open(connecting::must_be_alone(file)).await;
        for _ in 0..connecting::ATTEMPTS {
            if !opened.as_ref().is_err_and(connecting::can_not_share) {
                break;
            }
            tokio::time::sleep(connecting::PAUSE).await;
            opened = open(true).await;
        }
        opened.map_err(|error| space::explained(error, space.as_deref(), false))
    }

    async fn open_file(
        file: &Path,
        alone: bool,
        observer: Observer,
        space: Option<Arc<dyn DiskSpace>>,
    ) -> Result<Self, IndexError> {
        private::protect(file);
        let options = connecting::options(file, alone)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(Duration::from_secs(10))
            .pragma("cache_size", "-4096")
            .disable_statement_logging();
        let reading = options
            .clone()
            .pragma("cache_size", "-2048")
            .pragma("query_only", "1")
            .row_buffer_size(PAGE_OF_ROWS);
        let mut connection = options
            .clone()
            .pragma("temp_store", "MEMORY")
            .connect()
            .await?;
        schema::migrate(&mut connection).await?;
        if alone {
            connecting::remove_shared_memory(file);
        }
        sqlx::raw_sql(batch::TABLES)
            .execute(&mut connection)
            .await?;
        let readers = SqlitePoolOptions::new()
            .max_connections(READERS)
            .min_connections(1)
            .idle_timeout(Some(Duration::from_mins(1)))
            .max_lifetime(None)
            .test_before_acquire(false)
            .connect_with(reading)
            .await?;
        let database = Database {
            readers,
            writer: Writer::start(connection, observer, space),
            access_changes: AtomicU64::default(),
            options,
        };
        Ok(Self {
            database: Arc::new(database),
            context: Arc::new(Context::task(Task::Start)),
            frees: false,
        })
    }

    /// The same index on behalf of another caller, whom its events name.
    #[must_use]
    pub fn acting(&self, context: Arc<Context>) -> Self {
        Self {
            database: Arc::clone(&self.database),
            context,
            frees: self.frees,
        }
    }

    /// The same index for writes that lead to free space: deletes and collections.
    #[must_use]
    pub fn freeing(&self) -> Self {
        Self {
            frees: true,
            ..self.clone()
        }
    }

    /// The caller on whose behalf writes are done.
    pub fn context(&self) -> &Arc<Context> {
        &self.context
    }

    /// Stops the writer after the queued writes, and checkpoints the log into the database.
    pub async fn close(&self) {
        self.readers.close().await;
        self.writer.stop().await;
    }

    /// Checks that the database answers, with one read.
    pub async fn ping(&self) -> Result<(), IndexError> {
        sqlx::query("SELECT 1").execute(&self.readers).await?;
        Ok(())
    }

    /// A value that the server saved.
    pub async fn setting(&self, name: &str) -> Result<Option<String>, IndexError> {
        let value = sqlx::query_scalar("SELECT value FROM settings WHERE name = $1")
            .bind(name)
            .fetch_optional(&self.readers)
            .await?;
        Ok(value)
    }

    /// Saves a value.
    pub async fn set_setting(&self, name: &'static str, value: String) -> Result<(), IndexError> {
        self.write(move |transaction| {
            Box::pin(async move { transaction.set_setting(name, value).await })
        })
        .await
    }
}

/// Parses the text of a column.
fn parsed<T: std::str::FromStr>(what: &'static str, value: &str) -> Result<T, IndexError> {
    value.parse().map_err(|_| IndexError::Damaged {
        what,
        value: value.to_owned(),
    })
}

/// A size as a column stores it. Parsing limits sizes to less than 2^63.
fn column(size: u64) -> i64 {
    i64::try_from(size).unwrap_or(i64::MAX)
}
