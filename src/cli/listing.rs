//! The shared parts of lists of repositories and tags: rows fetched one by one with progress, and
//! printed in the requested format.

use std::future::Future;
use std::sync::atomic::{AtomicBool, Ordering};

use futures_util::{StreamExt, stream};
use serde::Serialize;

use super::exit::Exit;
use super::output::{Format, Printer};
use super::progress::Progress;
use super::table::Column;
use crate::client::Error;

/// Number of rows fetched at once.
const CONCURRENCY: usize = 8;

/// The output of rows of one type.
pub(super) struct Listing<'a, R> {
    pub(super) printer: Printer,
    pub(super) format: Format,
    pub(super) columns: &'a [Column],
    /// The name of the row, as the user would type it.
    pub(super) name: fn(&R) -> String,
    /// The row's cells, one for each column.
    pub(super) cells: fn(&R, Printer) -> Vec<String>,
}

impl<R: Serialize> Listing<'_, R> {
    /// Prints rows; without any, a message on a terminal.
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

/// Queries a registry for each item; `what` is their plural. A failed query is printed, its item
/// has no result, and the exit code reports it. If all fail, the error is returned. After a rate
/// limit the others are not queried, as each would only wait for as long; that is one warning.
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
    let limited = &AtomicBool::new(false);
    let question = &question;
    let answers: Vec<Option<Result<R, Error>>> = stream::iter(things.clone())
        .map(|thing| async move {
            if limited.load(Ordering::Relaxed) {
                return None;
            }
            let answer = question(thing).await;
            let is_limit = answer.as_ref().is_err_and(Error::is_rate_limit);
            limited.fetch_or(is_limit, Ordering::Relaxed);
            Some(answer)
        })
        .buffered(CONCURRENCY)
        .inspect(|_| progress.step())
        .collect()
        .await;
    drop(progress);
    let is_error = |answer: &Option<Result<R, Error>>| matches!(answer, Some(Err(_)));
    let all_failed = !answers.is_empty() && answers.iter().all(is_error);
    let mut limit = None;
    let mut missing = 0;
    let mut exit = Exit::Done;
    let mut rows = Vec::with_capacity(things.len());
    for (thing, answer) in things.into_iter().zip(answers) {
        let answer = match answer {
            Some(Ok(answer)) => Some(answer),
            None => {
                missing += 1;
                None
            }
            Some(Err(error)) if error.is_rate_limit() => {
                missing += 1;
                limit.get_or_insert(error);
                None
            }
            Some(Err(error)) if all_failed => return Err(error),
            Some(Err(error)) => {
                printer.error(&error.to_string());
                exit = Exit::Partly;
                None
            }
        };
        rows.push((thing, answer));
    }
    if let Some(error) = limit {
        printer.warning(&format!(
            "the details of {missing} {what} are missing: {error}"
        ));
        exit = Exit::Partly;
    }
    Ok((rows, exit))
}
