//! Operations that clients request over the admin socket or the network. Each runs in its own task,
//! which continues when its client disconnects, and sends the lines of its answer.

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
    /// Starts an operation for the caller of a permit. The last line of its answer is a report or a
    /// failure. The operation continues even if nobody reads the answer.
    pub fn begin(&self, permit: &Permit, operation: Operation) -> mpsc::Receiver<Answer> {
        let (queue, answers) = mpsc::channel(QUEUE);
        // The queue has space for the first line.
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
                    "the server stopped during the operation; completed steps are kept",
                )),
            };
            let last = answers.finish(last);
            // The server does not wait for a client that does not read.
            stopped.run_until_cancelled(last).await;
        });
        answers
    }

    /// The administration of the root for the caller of a permit.
    pub fn acting(&self, permit: &Permit) -> Administration {
        self.administration.acting(permit)
    }

    /// Spawns a task for a connection. A stop waits for it as for an operation.
    pub fn spawn(&self, work: impl Future<Output = ()> + Send + 'static) {
        self.work.spawn(work);
    }

    /// Resolves when a stop was requested.
    pub fn stopping(&self) -> BoxFuture<'_, ()> {
        self.stopped.cancelled().boxed()
    }

    /// Waits for the running operations.
    pub async fn finish(&self) {
        self.work.close();
        self.work.wait().await;
    }

    /// Stops the running operations, each between two steps.
    pub async fn stop(&self) {
        self.stopped.cancel();
        self.finish().await;
    }
}
