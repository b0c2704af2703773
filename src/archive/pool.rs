//! The compression threads, shared by all streams of the process.
//!
//! Several layers are compressed at once, each in blocks; a pool with a thread per core compresses
//! the blocks of all of them, so that neither threads nor memory grow with the number of streams.
//! Jobs are closures. The threads start with the first job and never stop.

use std::num::NonZeroUsize;
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, LazyLock};
use std::thread;

use parking_lot::Mutex;

/// More threads are useless: hashing and sending the bytes is slower.
const THREADS_MAX: usize = 16;

/// Work for one thread.
type Job = Box<dyn FnOnce() + Send>;

/// The threads and their queue.
pub(super) struct Pool {
    jobs: Mutex<Sender<Job>>,
    threads: usize,
}

static POOL: LazyLock<Pool> = LazyLock::new(|| Pool::start(cores()));

/// The pool of this process.
pub(super) fn shared() -> &'static Pool {
    &POOL
}

/// Number of cores that this process may use, up to [`THREADS_MAX`].
pub(super) fn cores() -> usize {
    thread::available_parallelism()
        .map_or(1, NonZeroUsize::get)
        .min(THREADS_MAX)
}

impl Pool {
    /// Starts a pool. If the system refuses threads, the pool has fewer.
    pub(super) fn start(threads: usize) -> Self {
        let (sender, receiver) = mpsc::channel();
        let receiver = Arc::new(Mutex::new(receiver));
        let threads = (0..threads)
            .filter(|number| {
                let receiver = Arc::clone(&receiver);
                thread::Builder::new()
                    .name(format!("compress-{number}"))
                    .spawn(move || work(&receiver))
                    .is_ok()
            })
            .count();
        Self {
            jobs: Mutex::new(sender),
            threads,
        }
    }

    /// Number of threads.
    pub(super) fn threads(&self) -> usize {
        self.threads
    }

    /// Runs a job on one of the threads; without any thread, at once on the caller's.
    pub(super) fn submit(&self, job: impl FnOnce() + Send + 'static) {
        if self.threads == 0 {
            job();
            return;
        }
        if let Err(mpsc::SendError(job)) = self.jobs.lock().send(Box::new(job)) {
            job();
        }
    }
}

/// A thread's loop: runs jobs until the pool ends.
fn work(jobs: &Mutex<Receiver<Job>>) {
    loop {
        let next = jobs.lock().recv();
        match next {
            Ok(job) => job(),
            Err(_) => return,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_job_runs_with_and_without_threads() {
        for threads in [0, 1, 3] {
            let pool = Pool::start(threads);
            assert_eq!(pool.threads(), threads);
            let (sender, receiver) = mpsc::channel();
            for number in 0..100 {
                let sender = sender.clone();
                pool.submit(move || sender.send(number).unwrap());
            }
            drop(sender);
            let mut done: Vec<i32> = receiver.iter().collect();
            done.sort_unstable();
            assert_eq!(done, (0..100).collect::<Vec<_>>());
        }
    }
}
