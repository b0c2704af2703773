//! Listeners for the entries of a running collection, check or prune.
//!
//! The operation waits for its listener, so a slow reader costs time, not memory.

use futures_util::future::{BoxFuture, ready};

/// Receives the entries of a report during the operation.
pub trait Listener<T>: Send + Sync {
    /// Receives an entry. The operation continues when the future is ready.
    fn receive(&self, entry: T) -> BoxFuture<'_, ()>;
}

impl<T, F: Fn(T) + Send + Sync> Listener<T> for F {
    fn receive(&self, entry: T) -> BoxFuture<'_, ()> {
        self(entry);
        Box::pin(ready(()))
    }
}
