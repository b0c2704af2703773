//! What the lists of repositories and of tags have in common: rows that are asked for one by one,
//! with their progress, and printed in the form that is wanted.

use std::future::Future;

use futures_util::{StreamExt, stream};
use serde::Serialize;

use super::exit::Exit;
use super::output::{Format, Printer};
use super::progress::Progress;
use super::table::Column;
use crate::client::Error;

/// How many rows are asked for at once.
const CONCURRENCY: usize = 8;

/// A form of output for rows of one kind.
pub(super) struct Listing<'a, R> {
    pub(super) printer: Printer,
    pub(super) format: Format,
    pub(super) columns: &'a [Column],
    /// What a person types to name the row.
    pub(super) name: fn(&R) -> String,
    /// The row's cells, one a column.
    pub(super) cells: fn(&R, Printer) -> Vec<String>,
}

impl<R: Serialize> Listing<'_, R> {
    /// Prints rows; where there are none, a person is told so.
    pub(super) fn print(&self, rows: &[R], none: &str) -> std::io::Result<()> {
        let printer = self.printer;
        match self.format {
            Format::Json => printer.json(&rows)?,
            Format::Name => printer.lines(rows.iter().map(self.name))?,
            Format::Table if rows.is_empty() => printer.remark(none),
            Format::Table => {
                let cells = rows.iter().map(|row| (self.cells)(row, printer));
                printer.table(self.columns, cells.collect())?;
            }
        }
        Ok(())
    }
}

/// Asks a registry about each of some things, `what` in the plural. What one question fails with is
/// printed and its thing has no answer; the exit code says so. Where all fail, that is the error.
pub(super) async fn ask<T, R, F>(
    things: Vec<T>,
    what: &'static str,
    printer: Printer,
    question: impl Fn(T) -> F,
) -> Result<(Vec<(T, Option<R>)>, Exit), Error>
where
    T: Clone,
    F: Future<Output = Result<R, Error>>,
{
    let progress = Progress::new(printer, things.len(), what);
    let answers: Vec<Result<R, Error>> = stream::iter(things.clone())
        .map(question)
        .buffered(CONCURRENCY)
        .inspect(|_| progress.step())
        .collect()
        .await;
    drop(progress);
    let all_failed = !answers.is_empty() && answers.iter().all(Result::is_err);
    let mut exit = Exit::Done;
    let mut rows = Vec::with_capacity(things.len());
    for (thing, answer) in things.into_iter().zip(answers) {
        let answer = match answer {
            Ok(answer) => Some(answer),
            Err(error) if all_failed => return Err(error),
            Err(error) => {
                printer.error(&error.to_string());
                exit = Exit::Partly;
                None
            }
        };
        rows.push((thing, answer));
    }
    Ok((rows, exit))
}
