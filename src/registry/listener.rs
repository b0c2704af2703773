//! Whoever wants to hear of each thing that a collection, a check or a prune finds, while it runs.
//!
//! The operation waits for its listener, so that a slow reader costs time and not memory.

use futures_util::future::{BoxFuture, ready};

/// Receives the entries of a report as they come up.
pub trait Listener<T>: Send + Sync {
    /// Receives one. The operation goes on when the future is ready.
    fn hear(&self, entry: T) -> BoxFuture<'_, ()>;
}

impl<T, F: Fn(T) + Send + Sync> Listener<T> for F {
    fn hear(&self, entry: T) -> BoxFuture<'_, ()> {
        self(entry);
        Box::pin(ready(()))
    }
}
