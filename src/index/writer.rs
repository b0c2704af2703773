//! The one writer: queued writes share a commit, each in a savepoint of its own.
//!
//! A write that comes alone commits at once. While a commit waits for the device others queue up
//! and go with the next, so the number of commits follows the device, not the load. Commits are
//! told to the observer in order, before the writers learn of them. A write that panics fails
//! alone.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use parking_lot::Mutex;
use sqlx::{Connection, QueryBuilder, Sqlite, SqliteConnection};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

use super::{Index, IndexError, JournalEntry, LayoutChange, Observer};
use crate::oci::{Context, Task};

/// Writes that share a commit at most.
const BATCH: usize = 128;
/// Rows of the journal that go in one statement.
const ROWS: usize = 256;
/// Writes that wait before callers are made to.
const QUEUE: usize = 1024;

/// What a write may touch.
pub(super) struct Transaction {
    connection: SqliteConnection,
    entries: Vec<JournalEntry>,
    /// For whom the write that runs is done.
    context: Arc<Context>,
    /// Whether a write of this commit found the device full, which may end all of it.
    full: bool,
}

impl Transaction {
    /// To run a statement on.
    pub(super) fn connection(&mut self) -> &mut SqliteConnection {
        &mut self.connection
    }

    /// For whom the write that runs is done.
    pub(super) fn context(&self) -> Arc<Context> {
        Arc::clone(&self.context)
    }

    /// Adds to the journal what the layout must show once this is committed.
    pub(super) async fn journal(&mut self, change: LayoutChange) -> Result<(), IndexError> {
        let text = serde_json::to_string(&change)
            .map_err(|error| IndexError::Database(sqlx::Error::Encode(error.into())))?;
        let id = sqlx::query_scalar("INSERT INTO journal (change) VALUES ($1) RETURNING id")
            .bind(text)
            .fetch_one(&mut self.connection)
            .await?;
        self.entries.push(JournalEntry { id, change });
        Ok(())
    }

    /// As [`Transaction::journal`], of many changes at once.
    pub(super) async fn journal_all(
        &mut self,
        changes: Vec<LayoutChange>,
    ) -> Result<(), IndexError> {
        let mut changes = changes.into_iter().peekable();
        while changes.peek().is_some() {
            let some: Vec<LayoutChange> = changes.by_ref().take(ROWS).collect();
            let mut insert = QueryBuilder::<Sqlite>::new("INSERT INTO journal (change) ");
            let texts = some.iter().map(serde_json::to_string);
            let texts: Vec<String> = texts
                .collect::<Result<_, _>>()
                .map_err(|error| IndexError::Database(sqlx::Error::Encode(error.into())))?;
            insert.push_values(texts, |mut row, text| {
                row.push_bind(text);
            });
            insert.push(" RETURNING id");
            // Numbers grow in the order of the values.
            let mut ids: Vec<i64> = insert
                .build_query_scalar()
                .persistent(false)
                .fetch_all(&mut self.connection)
                .await?;
            ids.sort_unstable();
            self.entries.extend(
                ids.into_iter()
                    .zip(some)
                    .map(|(id, change)| JournalEntry { id, change }),
            );
        }
        Ok(())
    }

    async fn run(&mut self, statement: &'static str) -> Result<(), IndexError> {
        sqlx::query(statement).execute(&mut self.connection).await?;
        Ok(())
    }
}

/// A queued write, its result type hidden.
trait Write: Send {
    /// For whom it is done.
    fn context(&self) -> Arc<Context>;
    /// Does the work inside the transaction; whether it is to be kept.
    fn work<'t>(&'t mut self, transaction: &'t mut Transaction) -> BoxFuture<'t, bool>;
    /// Tells the caller, with the moment at which the layout shows it.
    fn settle(self: Box<Self>, committed: Result<BoxFuture<'static, ()>, IndexError>);
}

struct Job<T, F> {
    context: Arc<Context>,
    work: Option<F>,
    result: Option<Result<T, IndexError>>,
    reply: oneshot::Sender<Result<(T, BoxFuture<'static, ()>), IndexError>>,
}

impl<T, F> Write for Job<T, F>
where
    T: Send,
    F: for<'t> FnOnce(&'t mut Transaction) -> BoxFuture<'t, Result<T, IndexError>> + Send,
{
    fn context(&self) -> Arc<Context> {
        Arc::clone(&self.context)
    }

    fn work<'t>(&'t mut self, transaction: &'t mut Transaction) -> BoxFuture<'t, bool> {
        Box::pin(async move {
            let Some(work) = self.work.take() else {
                return false;
            };
            let result = AssertUnwindSafe(work(transaction)).catch_unwind().await;
            let result = result.unwrap_or(Err(IndexError::Database(sqlx::Error::WorkerCrashed)));
            let keep = result.is_ok();
            transaction.full |= matches!(result, Err(IndexError::Full));
            self.result = Some(result);
            keep
        })
    }

    fn settle(self: Box<Self>, committed: Result<BoxFuture<'static, ()>, IndexError>) {
        let answer = match (self.result, committed) {
            (Some(Err(error)), _) | (_, Err(error)) => Err(error),
            (Some(Ok(value)), Ok(shown)) => Ok((value, shown)),
            (None, Ok(_)) => Err(IndexError::Closed),
        };
        // A caller that has gone away does not want to know.
        let _ = self.reply.send(answer);
    }
}

/// The way to the one task that writes. Cheap to clone.
#[derive(Clone)]
pub(super) struct Writer {
    queue: mpsc::Sender<Box<dyn Write>>,
    task: Arc<Mutex<Option<(JoinHandle<()>, oneshot::Sender<()>)>>>,
}

impl Writer {
    pub(super) fn start(connection: SqliteConnection, observer: Observer) -> Self {
        let (queue, jobs) = mpsc::channel(QUEUE);
        let (stop, stopped) = oneshot::channel();
        let transaction = Transaction {
            connection,
            entries: Vec::new(),
            context: Arc::new(Context::task(Task::Start)),
            full: false,
        };
        let task = tokio::spawn(write(transaction, jobs, observer, stopped));
        Self {
            queue,
            task: Arc::new(Mutex::new(Some((task, stop)))),
        }
    }

    pub(super) async fn stop(&self) {
        let task = self.task.lock().take();
        if let Some((task, stop)) = task {
            let _ = stop.send(());
            // The task ends by itself; a panic in it has been logged.
            let _ = task.await;
        }
    }
}

impl Index {
    /// Runs `work` in a transaction. Returns once it is durable and the layout shows it.
    pub(super) async fn write<T, F>(&self, work: F) -> Result<T, IndexError>
    where
        T: Send + 'static,
        F: for<'t> FnOnce(&'t mut Transaction) -> BoxFuture<'t, Result<T, IndexError>>
            + Send
            + 'static,
    {
        let (reply, answer) = oneshot::channel();
        let job = Job {
            context: Arc::clone(&self.context),
            work: Some(work),
            result: None,
            reply,
        };
        self.writer
            .queue
            .send(Box::new(job))
            .await
            .map_err(|_| IndexError::Closed)?;
        let (value, shown) = answer.await.map_err(|_| IndexError::Closed)??;
        shown.await;
        Ok(value)
    }
}

async fn write(
    mut transaction: Transaction,
    mut jobs: mpsc::Receiver<Box<dyn Write>>,
    observer: Observer,
    mut stopped: oneshot::Receiver<()>,
) {
    loop {
        let first = tokio::select! {
            biased;
            job = jobs.recv() => job,
            _ = &mut stopped, if !jobs.is_closed() => {
                // No more are taken; what is queued is still done.
                jobs.close();
                continue;
            }
        };
        let Some(first) = first else { break };
        let mut batch = vec![first];
        while batch.len() < BATCH
            && let Ok(job) = jobs.try_recv()
        {
            batch.push(job);
        }
        commit(&mut transaction, batch, &observer).await;
    }
    if let Err(error) = transaction.connection.close().await {
        tracing::warn!(%error, "the index was not closed cleanly; it will be recovered on start");
    }
}

/// One commit for all of `batch`.
async fn commit(
    transaction: &mut Transaction,
    mut batch: Vec<Box<dyn Write>>,
    observer: &Observer,
) {
    let alone = batch.len() == 1;
    let mut entries = Vec::with_capacity(batch.len());
    transaction.full = false;
    let mut outcome = transaction.run("BEGIN IMMEDIATE").await;
    for job in &mut batch {
        if outcome.is_ok() {
            outcome = one(transaction, &mut **job, alone).await;
            entries.push(std::mem::take(&mut transaction.entries));
        }
    }
    let outcome = match outcome {
        Ok(()) => transaction.run("COMMIT").await,
        failed => failed,
    };
    match outcome {
        Ok(()) => {
            for (job, entries) in batch.into_iter().zip(entries) {
                job.settle(Ok(observer(entries)));
            }
        }
        Err(error) => {
            // A failed COMMIT may have ended the transaction by itself; then there is nothing to
            // roll back, and the error that counts is the first.
            let _ = transaction.run("ROLLBACK").await;
            tracing::error!(%error, writes = batch.len(), "the index could not commit");
            let full = transaction.full || matches!(error, IndexError::Full);
            for job in batch {
                let error = if full {
                    IndexError::Full
                } else {
                    IndexError::Database(sqlx::Error::Protocol(error.to_string()))
                };
                job.settle(Err(error));
            }
        }
    }
}

/// One write inside the commit; what it left half-done goes.
async fn one(
    transaction: &mut Transaction,
    job: &mut dyn Write,
    alone: bool,
) -> Result<(), IndexError> {
    if !alone {
        transaction.run("SAVEPOINT one").await?;
    }
    transaction.context = job.context();
    let keep = job.work(transaction).await;
    if !keep {
        transaction.entries.clear();
    }
    match (alone, keep) {
        (true, true) => Ok(()),
        (true, false) => {
            transaction.run("ROLLBACK").await?;
            transaction.run("BEGIN").await
        }
        (false, true) => transaction.run("RELEASE one").await,
        (false, false) => {
            transaction.run("ROLLBACK TO one").await?;
            transaction.run("RELEASE one").await
        }
    }
}
