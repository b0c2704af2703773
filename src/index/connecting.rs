//! Whether other processes may open the file of an index beside this one.
//!
//! SQLite keeps the index of its log in memory that processes share, a mapped file: `index.db-shm`.
//! Where a write to mapped memory may need space, which is so on file systems that copy what is
//! written, a full device ends the process with SIGBUS. Other file systems can't share memory at all.
//! On both, the index of the log is in the memory of this process alone, and the file is locked.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use sqlx::sqlite::SqliteConnectOptions;

use super::IndexError;
use super::error::code;

/// File systems on which a write to mapped memory may need space: btrfs, bcachefs, NILFS2.
const COPYING: [u32; 3] = [0x9123_683e, 0xca45_1a4e, 0x3434];
/// SQLite's code for memory that can't be shared.
const NOT_SHARED: i32 = 5386;
/// Attempts until a failed connection is closed, and the pause between them.
pub(super) const ATTEMPTS: usize = 20;
pub(super) const PAUSE: Duration = Duration::from_millis(50);

/// Whether the file has to be opened by one process alone.
pub(super) fn must_be_alone(file: &Path) -> bool {
    let directory = file.parent().unwrap_or(file);
    rustix::fs::statfs(directory).is_ok_and(|found| {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "these numbers have 32 bits on every system"
        )]
        let kind = found.f_type as u32;
        COPYING.contains(&kind)
    })
}

/// Whether the file could not be opened because the file system does not share memory.
pub(super) fn can_not_share(error: &IndexError) -> bool {
    matches!(error, IndexError::Database(error) if code(error) == Some(NOT_SHARED))
}

/// Opens the file for this process alone, or for others as well.
pub(super) fn options(file: &Path, alone: bool) -> SqliteConnectOptions {
    let options = SqliteConnectOptions::new().filename(file);
    if alone {
        options.vfs("unix-excl")
    } else {
        options
    }
}

fn shared_memory(file: &Path) -> PathBuf {
    PathBuf::from(format!("{}-shm", file.display()))
}

/// Removes the shared memory of earlier processes from beside a file that is open for this one alone.
#[expect(clippy::disallowed_methods, reason = "the index is not in the store")]
pub(super) fn remove_shared_memory(file: &Path) {
    // It is not used; other commands see from its absence that the file is locked.
    let _ = fs::remove_file(shared_memory(file));
}

/// Whether the process that has the file open lets others open it.
pub fn is_shared(file: &Path) -> bool {
    shared_memory(file).exists()
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "files beside an index")]
mod tests {
    use std::sync::Arc;

    use super::super::{Index, Observer};
    use super::*;

    #[tokio::test]
    async fn an_index_that_is_open_alone_maps_no_file() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("index.db");
        let open = |alone| {
            let observer: Observer = Arc::new(|_| Box::pin(std::future::ready(())) as _);
            let file = file.clone();
            async move {
                Index::open_file(&file, alone, observer, None)
                    .await
                    .unwrap()
            }
        };
        let index = open(false).await;
        index.set_setting("a", "1".to_owned()).await.unwrap();
        assert!(is_shared(&file));
        index.close().await;
        // A process that was killed leaves it.
        fs::write(shared_memory(&file), "").unwrap();
        let index = open(true).await;
        assert!(!is_shared(&file));
        index.set_setting("a", "2".to_owned()).await.unwrap();
        // Several readers at once, beside the writer.
        let reads = (0..8).map(|_| index.setting("a"));
        for read in futures_util::future::join_all(reads).await {
            assert_eq!(read.unwrap().as_deref(), Some("2"));
        }
        index.copy_beside().await.unwrap();
        assert!(!is_shared(&file));
        index.close().await;
        let index = open(false).await;
        assert_eq!(index.setting("a").await.unwrap().as_deref(), Some("2"));
    }
}
