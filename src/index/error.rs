//! Errors of the index, grouped by what an administrator has to do about them.

/// An error of the index.
#[derive(Debug, thiserror::Error)]
pub enum IndexError {
    /// The device has no space left. The transaction was rolled back.
    #[error("no space left to write the index")]
    Full,
    /// The quota of this user, or of the directory, is used up. The transaction was rolled back.
    #[error("the quota is used up: the index can't be written")]
    Quota,
    /// The device is mounted read-only. The transaction was rolled back.
    #[error("the index is on a device that is mounted read-only")]
    ReadOnly,
    /// The device fails, and not for lack of space.
    #[error("the device of the index fails: {0}")]
    Failing(String),
    /// The file is damaged, or not a database.
    #[error("the file of the index is damaged: {0}")]
    Malformed(String),
    /// Any other error of the database.
    #[error("the index: {0}")]
    Database(sqlx::Error),
    /// A value in a row is malformed: a defect, or a change by another program.
    #[error("the index contains a malformed {what}: {value:?}")]
    Damaged {
        /// What the value should be.
        what: &'static str,
        /// The value.
        value: String,
    },
    /// The index was made by a later version of regctl.
    #[error(
        "the index has schema version {found}, and this regctl supports versions up to {known}: \
         it was written by a later version; hint: start that version again, or restore the backup \
         made before the upgrade; without index.db* the directory is reindexed, and accounts, rights, \
         tokens, descriptions, saved rules and the trash are lost"
    )]
    Later {
        /// The version in the file.
        found: i64,
        /// The last version that this regctl supports.
        known: i64,
    },
    /// The writer has stopped: the process is shutting down, or the writer has panicked.
    #[error("the index accepts no more writes")]
    Closed,
}

/// Primary result codes of SQLite.
pub(super) const SQL_ERROR: i32 = 1;
pub(super) const READ_ONLY: i32 = 8;
pub(super) const INPUT_OUTPUT: i32 = 10;
const CORRUPT: i32 = 11;
const FULL: i32 = 13;
pub(super) const CAN_NOT_OPEN: i32 = 14;
const NOT_A_DATABASE: i32 = 26;
/// Extended codes of failed reads: a lack of space does not cause them.
const READS: [i32; 3] = [266, 522, 1802];

/// The extended result code of SQLite; the primary one is its last byte.
pub(super) fn code(error: &sqlx::Error) -> Option<i32> {
    error.as_database_error()?.code()?.parse().ok()
}

impl From<sqlx::Error> for IndexError {
    fn from(error: sqlx::Error) -> Self {
        match code(&error) {
            Some(code) if code & 0xff == FULL => Self::Full,
            Some(code) if [CORRUPT, NOT_A_DATABASE].contains(&(code & 0xff)) => {
                Self::Malformed(message(&error))
            }
            Some(code) if READS.contains(&code) => Self::Failing(message(&error)),
            _ => Self::Database(error),
        }
    }
}

/// The message of the database, without its prefix.
pub(super) fn message(error: &sqlx::Error) -> String {
    match error.as_database_error() {
        Some(error) => error.message().to_owned(),
        None => error.to_string(),
    }
}
