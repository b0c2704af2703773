//! Copies of the database while it is in use.
//!
//! A copy of the files themselves could be torn: SQLite moves rows from the log into the database
//! while they are read (<https://sqlite.org/howtocorrupt.html>, section 1.2).

use std::fs::{self, OpenOptions};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::time::Duration;

use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _};

use super::{Index, IndexError, connecting};

/// What follows the name of an index in the names of its copies, before an UUID.
const COPY: &str = "-copy-";

impl Index {
    /// Copies the index in `file` as it is at one moment into the new file `to`. Another process
    /// may use it and write to it in the meantime, if it shares it: see [`super::is_shared`].
    pub async fn copy(file: &Path, to: &str) -> Result<(), IndexError> {
        let mut copied = copy(connecting::options(file, false).read_only(true), to).await;
        for _ in 0..connecting::ATTEMPTS {
            if !copied.as_ref().is_err_and(connecting::can_not_share) {
                break;
            }
            tokio::time::sleep(connecting::PAUSE).await;
            copied = copy(connecting::options(file, true), to).await;
        }
        copied
    }

    /// Copies the index beside its file, for a process that can't open it. Returns the name of the
    /// copy, which that process removes; the next start does otherwise.
    #[expect(clippy::disallowed_methods, reason = "the index is not in the store")]
    pub async fn copy_beside(&self) -> Result<String, IndexError> {
        let file = self.options.get_filename();
        let name = format!("{}{COPY}{}", file_name(file), uuid::Uuid::new_v4());
        let to = file.with_file_name(&name);
        // SQLite fills an empty file, and would make one that everybody can read.
        let made = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&to);
        made.map_err(|error| IndexError::Database(error.into()))?;
        let copied = copy(self.options.clone(), &to.to_string_lossy()).await;
        if copied.is_err() {
            let _ = fs::remove_file(&to);
        }
        copied.map(|()| name)
    }
}

async fn copy(options: SqliteConnectOptions, to: &str) -> Result<(), IndexError> {
    let mut connection = options
        .busy_timeout(Duration::from_secs(10))
        .disable_statement_logging()
        .connect()
        .await?;
    sqlx::query("VACUUM INTO $1")
        .bind(to)
        .execute(&mut connection)
        .await?;
    connection.close().await?;
    Ok(())
}

fn file_name(file: &Path) -> String {
    let name = file.file_name().unwrap_or_default();
    name.to_string_lossy().into_owned()
}

/// Removes copies beside an index that the processes which asked for them have not removed.
#[expect(clippy::disallowed_methods, reason = "the index is not in the store")]
pub(super) fn sweep(file: &Path) {
    let prefix = format!("{}{COPY}", file_name(file));
    let members = file.parent().map(fs::read_dir);
    for member in members.into_iter().flatten().flatten().flatten() {
        let name = member.file_name();
        let id = name.to_str().and_then(|name| name.strip_prefix(&prefix));
        if id.is_some_and(|id| uuid::Uuid::try_parse(id).is_ok()) {
            // Without its space the next start may succeed.
            let _ = fs::remove_file(member.path());
        }
    }
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "files beside an index")]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[tokio::test]
    async fn a_copy_beside_the_index_is_private_and_swept() {
        let (directory, index) = super::super::testing::index().await;
        index.set_setting("a", "b".to_owned()).await.unwrap();
        let name = index.copy_beside().await.unwrap();
        let copy = directory.path().join(&name);
        let mode = std::os::unix::fs::PermissionsExt::mode(&copy.metadata().unwrap().permissions());
        assert_eq!(mode & 0o777, 0o600);
        let observer = Arc::new(|_| Box::pin(std::future::ready(())) as _);
        let copied = Index::open(&copy, observer).await.unwrap();
        assert_eq!(copied.setting("a").await.unwrap().as_deref(), Some("b"));
        copied.close().await;
        let other = directory.path().join("index.db-copy-of-mine");
        fs::write(&other, "").unwrap();
        sweep(&directory.path().join("index.db"));
        assert!(!copy.exists() && other.exists());
    }
}
