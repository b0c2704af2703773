//! An index for the tests of other rooms.

use std::sync::Arc;

use super::Index;

/// A new index in a temporary directory, which is removed when the first part is dropped.
///
/// # Panics
///
/// If it cannot be created.
pub async fn index() -> (tempfile::TempDir, Index) {
    let directory = tempfile::tempdir().unwrap();
    let observer = Arc::new(|_| Box::pin(std::future::ready(())) as _);
    let index = Index::open(&directory.path().join("index.db"), observer).await;
    (directory, index.unwrap())
}
