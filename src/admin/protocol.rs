//! The wire format of operations and reports: one line of JSON for the request, lines of JSON for the
//! answer, the last of which is a report or a failure.
//!
//! Versions: a request contains the version of its sender. Absent fields have defaults. A server
//! refuses a request with an unknown field, because a field can say to do less: a new one is left out
//! by its sender where it has its default, so that older servers refuse it only where it matters. A
//! client ignores unknown fields and lines of an answer, so new entries and reasons need no new
//! version. A change that an older client would misunderstand needs a new version. Every failure has
//! `kind` and `message`, which every version understands.

use serde::{Deserialize, Serialize};

use super::{Entry, Failure, FailureKind, Reason, Report};

/// The version of this protocol.
pub const VERSION: u32 = 1;

/// A line of an answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Answer {
    /// The protocol version of the server. The first line.
    Version(u32),
    /// An entry of the report.
    Entry(Entry),
    /// The number of entries that were left out because the client was too slow.
    Skipped(u64),
    /// The report of the operation. The last line.
    Report(Box<Report>),
    /// The failure of the operation. The last line.
    Failure(Failure),
}

impl Answer {
    /// Whether a line, of any version, is the last one of its answer.
    pub fn is_last(line: &[u8]) -> bool {
        line.starts_with(b"{\"report\"") || line.starts_with(b"{\"failure\"")
    }

    /// Parses a line of an answer; `None` if this version does not know it.
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
