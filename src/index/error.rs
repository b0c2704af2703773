//! Why the index failed, sorted by what a person has to do about it.

/// Why the index failed.
#[derive(Debug, thiserror::Error)]
pub enum IndexError {
    /// The device has no space left for a transaction. Nothing of it was done.
    #[error("no space left to write the index")]
    Full,
    /// The quota of this user, or of the directory, is used up. Nothing was done.
    #[error("the quota is used up: the index can't be written")]
    Quota,
    /// The device is mounted read-only. Nothing was done.
    #[error("the index lies on a device that is mounted read-only")]
    ReadOnly,
    /// The device itself fails, whatever room it has.
    #[error("the device of the index fails: {0}")]
    Failing(String),
    /// The file is damaged, or no database at all.
    #[error("the file of the index is damaged: {0}")]
    Malformed(String),
    /// The database refused; the text says what.
    #[error("the index: {0}")]
    Database(sqlx::Error),
    /// A row holds what only a defect or foreign hands can have put there.
    #[error("the index holds a {what} that can't be read: {value:?}")]
    Damaged {
        /// What it should be.
        what: &'static str,
        /// What it is.
        value: String,
    },
    /// The index was made by a later version of regctl.
    #[error(
        "the index has schema version {found}, and this regctl knows versions up to {known}: \
         it was written by a later version"
    )]
    Later {
        /// The version that it says.
        found: i64,
        /// The last version known here.
        known: i64,
    },
    /// The writer has stopped: the process is ending, or a defect ended it.
    #[error("the index takes no more writes")]
    Closed,
}

/// Primary result codes of SQLite.
pub(super) const READ_ONLY: i32 = 8;
pub(super) const INPUT_OUTPUT: i32 = 10;
const CORRUPT: i32 = 11;
const FULL: i32 = 13;
pub(super) const CAN_NOT_OPEN: i32 = 14;
const NOT_A_DATABASE: i32 = 26;
/// Extended codes of reads that failed: no lack of room makes them.
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

/// What the database said, without the words around it.
pub(super) fn message(error: &sqlx::Error) -> String {
    match error.as_database_error() {
        Some(error) => error.message().to_owned(),
        None => error.to_string(),
    }
}
