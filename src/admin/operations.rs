//! Operations that clients ask for, over the admin socket or the network: each runs in a task of its
//! own, which outlives its client, and sends the lines of its answer.

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::answers::{Answers, QUEUE};
use super::{Administration, Answer, Failure, FailureKind, Operation, Reason, VERSION};
use crate::oci::Permit;

/// The operations that run on a root. Cheap to clone; clones share them.
#[derive(Clone)]
pub struct Operations {
    administration: Administration,
    work: TaskTracker,
    stopped: CancellationToken,
}

impl From<Administration> for Operations {
    fn from(administration: Administration) -> Self {
        Self {
            administration,
            work: TaskTracker::new(),
            stopped: CancellationToken::new(),
        }
    }
}

impl Operations {
    /// Begins an operation for the caller of a permit. The lines of its answer come until the last
    /// one, a report or a failure; the operation does not depend on whether they are read.
    pub fn begin(&self, permit: &Permit, operation: Operation) -> mpsc::Receiver<Answer> {
        let (queue, answers) = mpsc::channel(QUEUE);
        // The queue has room for the first line.
        let _ = queue.try_send(Answer::Version(VERSION));
        let administration = self.administration.acting(permit);
        let stopped = self.stopped.clone();
        self.work.spawn(async move {
            let answers = Answers::new(queue, operation.reads());
            let done = stopped.run_until_cancelled(administration.execute(operation, &answers));
            let last = match done.await {
                Some(Ok(report)) => Answer::Report(Box::new(report)),
                Some(Err(failure)) => Answer::Failure(failure),
                None => Answer::Failure(Failure::new(
                    FailureKind::Busy,
                    Reason::Stopped,
                    "the server stopped meanwhile; what was done is kept",
                )),
            };
            let last = answers.finish(last);
            // The server does not wait for a client that does not read.
            stopped.run_until_cancelled(last).await;
        });
        answers
    }

    /// Runs a part of a connection, for which a stop waits as for an operation.
    pub fn spawn(&self, work: impl Future<Output = ()> + Send + 'static) {
        self.work.spawn(work);
    }

    /// Resolves when the operations have been told to end.
    pub fn stopping(&self) -> BoxFuture<'_, ()> {
        self.stopped.cancelled().boxed()
    }

    /// Waits for the operations that run.
    pub async fn finish(&self) {
        self.work.close();
        self.work.wait().await;
    }

    /// Ends the operations that run, each between two steps.
    pub async fn stop(&self) {
        self.stopped.cancel();
        self.finish().await;
    }
}
