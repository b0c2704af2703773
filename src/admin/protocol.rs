//! How operations and reports are written when they travel: a line of JSON for the request, lines of
//! JSON for the answer, the last of which is a report or a failure.
//!
//! Versions: a request names the version that its sender speaks. Both sides ignore fields that they
//! do not know and give absent ones their defaults, and a reader passes over lines that it does not
//! know, so new fields, entries and reasons need no new version. A new version is a change that an
//! older reader would misunderstand. A failure always has `kind` and `message`, which every version
//! understands.

use serde::{Deserialize, Serialize};

use super::{Entry, Failure, FailureKind, Reason, Report};

/// The version of this protocol.
pub const VERSION: u32 = 1;

/// A line of an answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Answer {
    /// The version that the server speaks. The first line.
    Version(u32),
    /// An entry of the report.
    Entry(Entry),
    /// So many entries were left out, because the reader was too slow.
    Skipped(u64),
    /// What came of the operation. The last line.
    Report(Box<Report>),
    /// Why it was not done. The last line.
    Failure(Failure),
}

impl Answer {
    /// Reads a line of an answer; `None` for one that this version does not know.
    pub fn parse(line: &str) -> Result<Option<Self>, Failure> {
        match serde_json::from_str(line) {
            Ok(answer) => Ok(Some(answer)),
            Err(error) => {
                let line: Result<serde_json::Value, _> = serde_json::from_str(line);
                let is_last = line.is_ok_and(|line| {
                    line.get("report").is_some() || line.get("failure").is_some()
                });
                if !is_last {
                    return Ok(None);
                }
                let message = format!(
                    "the server's report can't be read: {error}; hint: use a command of the same \
                     version as the server"
                );
                Err(Failure::new(FailureKind::Error, Reason::Unknown, message))
            }
        }
    }
}
