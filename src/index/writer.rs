//! The one writer: queued writes share a commit, each in a savepoint of its own.
//!
//! A single write commits at once. Writes that arrive during a commit are queued and share the next
//! one, so the number of commits follows the device, not the load. The observer receives commits in
//! order, before the callers get their answers. A write that panics affects no other write.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use parking_lot::Mutex;
use sqlx::{Connection, SqliteConnection};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

use super::appends::Appends;
use super::events::NewEvent;
use super::space::{self, DiskSpace};
use super::trail::Line;
use super::trouble::Trouble;
use super::{Index, IndexError, JournalEntry, LayoutChange, Observer};
use crate::oci::{Context, Task};

/// Maximum number of writes in one commit.
const BATCH: usize = 128;
/// Queue length; callers wait when it is full.
const QUEUE: usize = 1024;

/// The transaction in which a write runs.
pub(super) struct Transaction {
    connection: SqliteConnection,
    /// Rows to append at the end of this commit.
    appends: Appends,
    /// The caller of the current write.
    context: Arc<Context>,
    /// Lines of the log for events that are not committed yet.
    lines: Vec<Line>,
    /// An error of the device in a write of this commit, which may end the whole commit.
    trouble: Option<Trouble>,
    space: Option<Arc<dyn DiskSpace>>,
}

impl Transaction {
    /// The connection for statements.
    pub(super) fn connection(&mut self) -> &mut SqliteConnection {
        &mut self.connection
    }

    /// The caller of the current write.
    pub(super) fn context(&self) -> Arc<Context> {
        Arc::clone(&self.context)
    }

    /// Writes a line to the log once the transaction is committed.
    pub(super) fn audit(&mut self, line: Line) {
        self.lines.push(line);
    }

    /// Saves a value of the server.
    pub(super) async fn set_setting(
        &mut self,
        name: &'static str,
        value: String,
    ) -> Result<(), IndexError> {
        sqlx::query(
            "INSERT INTO settings (name, value) VALUES ($1, $2) \
             ON CONFLICT (name) DO UPDATE SET value = excluded.value",
        )
        .bind(name)
        .bind(value)
        .execute(&mut self.connection)
        .await?;
        Ok(())
    }

    /// Adds a journal row: what the layout must show once this is committed.
    pub(super) fn journal(&mut self, change: LayoutChange) {
        self.appends.change(change);
    }

    /// Like [`Transaction::journal`], for many changes at once.
    pub(super) fn journal_all(&mut self, changes: Vec<LayoutChange>) {
        for change in changes {
            self.journal(change);
        }
    }

    /// Adds an event of this account.
    pub(super) fn append_event(&mut self, context: Arc<Context>, account: String, event: NewEvent) {
        self.appends.event(context, account, event);
    }

    /// Passes rows that are in the journal already to the observer again, in the order of this
    /// commit.
    pub(super) fn replay(&mut self, entries: Vec<JournalEntry>) {
        for entry in entries {
            self.appends.again(entry);
        }
    }

    async fn run(&mut self, statement: &'static str) -> Result<(), IndexError> {
        sqlx::query(statement).execute(&mut self.connection).await?;
        Ok(())
    }
}

/// A queued write with its result type erased.
trait Write: Send {
    /// The caller.
    fn context(&self) -> Arc<Context>;
    /// Whether it leads to free space.
    fn frees(&self) -> bool;
    /// Runs the write inside the transaction. Returns whether to commit it.
    fn work<'t>(&'t mut self, transaction: &'t mut Transaction) -> BoxFuture<'t, bool>;
    /// Sends the result to the caller, with a future that is ready when the layout shows it.
    fn settle(self: Box<Self>, committed: Result<BoxFuture<'static, ()>, IndexError>);
}

/// The statements of a write. Boxed, because a type of its own for each of the hundreds of writes
/// would multiply the compiled code.
type Work<T> =
    Box<dyn for<'t> FnOnce(&'t mut Transaction) -> BoxFuture<'t, Result<T, IndexError>> + Send>;

struct Job<T> {
    context: Arc<Context>,
    frees: bool,
    work: Option<Work<T>>,
    result: Option<Result<T, IndexError>>,
    reply: oneshot::Sender<Result<(T, BoxFuture<'static, ()>), IndexError>>,
}

impl<T: Send> Write for Job<T> {
    fn context(&self) -> Arc<Context> {
        Arc::clone(&self.context)
    }

    fn frees(&self) -> bool {
        self.frees
    }

    fn work<'t>(&'t mut self, transaction: &'t mut Transaction) -> BoxFuture<'t, bool> {
        Box::pin(async move {
            let Some(work) = self.work.take() else {
                return false;
            };
            let result = AssertUnwindSafe(work(transaction)).catch_unwind().await;
            let result = result.unwrap_or(Err(IndexError::Database(sqlx::Error::WorkerCrashed)));
            let result = result
                .map_err(|error| space::explained(error, transaction.space.as_deref(), self.frees));
            let keep = result.is_ok();
            if let Err(error) = &result
                && transaction.trouble.is_none()
            {
                transaction.trouble = Trouble::of(error);
            }
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
        // The caller may have stopped waiting.
        let _ = self.reply.send(answer);
    }
}

/// The sender to the writer task.
pub(super) struct Writer {
    queue: mpsc::Sender<Box<dyn Write>>,
    task: Mutex<Option<(JoinHandle<()>, oneshot::Sender<()>)>>,
}

impl Writer {
    pub(super) fn start(
        connection: SqliteConnection,
        observer: Observer,
        space: Option<Arc<dyn DiskSpace>>,
    ) -> Self {
        let (queue, jobs) = mpsc::channel(QUEUE);
        let (stop, stopped) = oneshot::channel();
        let transaction = Transaction {
            connection,
            appends: Appends::default(),
            context: Arc::new(Context::task(Task::Start)),
            lines: Vec::new(),
            trouble: None,
            space,
        };
        let task = tokio::spawn(write(transaction, jobs, observer, stopped));
        Self {
            queue,
            task: Mutex::new(Some((task, stop))),
        }
    }

    pub(super) async fn stop(&self) {
        let task = self.task.lock().take();
        if let Some((task, stop)) = task {
            let _ = stop.send(());
            // The task ends by itself; a panic in it is logged elsewhere.
            let _ = task.await;
        }
    }
}

impl Index {
    /// Runs `work` in a transaction. Returns once it is durable and the layout shows it.
    pub(super) fn write<T, F>(
        &self,
        work: F,
    ) -> impl Future<Output = Result<T, IndexError>> + Send + use<'_, T, F>
    where
        T: Send + 'static,
        F: for<'t> FnOnce(&'t mut Transaction) -> BoxFuture<'t, Result<T, IndexError>>
            + Send
            + 'static,
    {
        self.enqueue(Box::new(work))
    }

    async fn enqueue<T: Send + 'static>(&self, work: Work<T>) -> Result<T, IndexError> {
        let (reply, answer) = oneshot::channel();
        let job = Job {
            context: Arc::clone(&self.context),
            frees: self.frees,
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
                // Closes the queue. Writes that are queued are still done.
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

/// One commit for the whole `batch`.
async fn commit(
    transaction: &mut Transaction,
    mut batch: Vec<Box<dyn Write>>,
    observer: &Observer,
) {
    let alone = batch.len() == 1;
    // The number of journal rows after each write.
    let mut ends = Vec::with_capacity(batch.len());
    transaction.trouble = None;
    let frees = batch.iter().any(|job| job.frees());
    if let Some(space) = &transaction.space {
        space.watch();
        if frees {
            space.provide();
        }
    }
    let mut outcome = transaction.run("BEGIN IMMEDIATE").await;
    for job in &mut batch {
        if outcome.is_ok() {
            outcome = run_write(transaction, &mut **job, alone).await;
            ends.push(transaction.appends.mark().entries());
        }
    }
    let written = outcome.is_ok();
    let outcome = match outcome {
        Ok(()) => finish(transaction).await,
        Err(error) => Err(error),
    };
    match outcome {
        Ok(mut entries) => {
            transaction.lines.drain(..).for_each(Line::write);
            let mut begin = 0;
            for (job, end) in batch.into_iter().zip(ends) {
                let entries = entries.by_ref().take(end - begin).collect();
                begin = end;
                job.settle(Ok(observer(entries)));
            }
        }
        Err(error) => {
            // A failed COMMIT may have ended the transaction. Then there is nothing to roll back,
            // and the first error is the one to report.
            let _ = transaction.run("ROLLBACK").await;
            if written {
                overwrite(transaction).await;
            }
            transaction.lines.clear();
            transaction.appends = Appends::default();
            let error = space::explained(error, transaction.space.as_deref(), frees);
            tracing::error!(%error, writes = batch.len(), "the index could not commit");
            let trouble = transaction.trouble.take().or_else(|| Trouble::of(&error));
            for job in batch {
                let error = match &trouble {
                    Some(trouble) => trouble.error(),
                    None => IndexError::Database(sqlx::Error::Protocol(error.to_string())),
                };
                job.settle(Err(error));
            }
        }
    }
}

/// Overwrites the beginning of a transaction whose commit has failed. It may be whole in the log
/// although syncing that failed; if the process ended now, the next start would find it there, and
/// take it for committed.
async fn overwrite(transaction: &mut Transaction) {
    const CHANGE: &str = "INSERT INTO settings (name, value) VALUES ('failed_commit', hex(randomblob(8))) \
         ON CONFLICT (name) DO UPDATE SET value = excluded.value";
    for statement in ["BEGIN IMMEDIATE", CHANGE, "COMMIT"] {
        if transaction.run(statement).await.is_err() {
            // The device still fails; what was written of this transaction does no harm.
            let _ = transaction.run("ROLLBACK").await;
            break;
        }
    }
}

/// Appends the rows of the commit and ends it. Returns the journal rows, in order.
async fn finish(
    transaction: &mut Transaction,
) -> Result<std::vec::IntoIter<JournalEntry>, IndexError> {
    let Transaction {
        appends,
        connection,
        ..
    } = transaction;
    let entries = appends.write(connection).await?;
    transaction.run("COMMIT").await?;
    Ok(entries.into_iter())
}

/// Runs one write inside the commit; if it fails, its changes are rolled back.
async fn run_write(
    transaction: &mut Transaction,
    job: &mut dyn Write,
    alone: bool,
) -> Result<(), IndexError> {
    if !alone {
        transaction.run("SAVEPOINT one").await?;
    }
    transaction.context = job.context();
    let (lines, appends) = (transaction.lines.len(), transaction.appends.mark());
    let keep = job.work(transaction).await;
    if !keep {
        transaction.lines.truncate(lines);
        transaction.appends.truncate(appends);
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
