//! An index for the tests of other rooms.

use std::sync::Arc;

use super::Index;

/// A fresh index, in a directory that goes with the first part.
///
/// # Panics
///
/// If there is no place for it.
pub async fn index() -> (tempfile::TempDir, Index) {
    let directory = tempfile::tempdir().unwrap();
    let observer = Arc::new(|_| Box::pin(std::future::ready(())) as _);
    let index = Index::open(&directory.path().join("index.db"), observer).await;
    (directory, index.unwrap())
}
