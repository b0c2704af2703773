//! An answer to an operation, received line by line from elsewhere.

use crate::admin::{Answer, Entry, Failure, Report};

/// The received lines of an answer.
pub(super) struct Received<'a> {
    entries: &'a mut (dyn FnMut(Entry) + Send),
    skipped: u64,
    last: Option<Result<Report, Failure>>,
}

impl<'a> Received<'a> {
    /// `entries` receives the entries of the report.
    pub(super) fn new(entries: &'a mut (dyn FnMut(Entry) + Send)) -> Self {
        Self {
            entries,
            skipped: 0,
            last: None,
        }
    }

    pub(super) fn line(&mut self, line: &str) {
        match Answer::parse(line) {
            Ok(Some(Answer::Entry(entry))) => (self.entries)(entry),
            Ok(Some(Answer::Skipped(count))) => self.skipped += count,
            Ok(Some(Answer::Report(report))) => self.last = Some(Ok(*report)),
            Ok(Some(Answer::Failure(failure))) | Err(failure) => self.last = Some(Err(failure)),
            Ok(Some(Answer::Version(_))) => {}
            // Of a newer server.
            Ok(None) => self.skipped += 1,
        }
    }

    /// Whether the last line was received.
    pub(super) fn is_complete(&self) -> bool {
        self.last.is_some()
    }

    /// The report, and the number of omitted entries.
    pub(super) fn finish(self, registry: &str) -> anyhow::Result<(Report, u64)> {
        match self.last {
            Some(last) => Ok((last?, self.skipped)),
            None => anyhow::bail!(
                "{registry}: the answer ended before its last line; hint: the operation continues"
            ),
        }
    }
}
