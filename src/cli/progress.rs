//! How far something has come, on stderr: a bar on a terminal, a line now and then elsewhere.

use std::cell::Cell;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

use super::output::Printer;

/// How often a line is written where there is no terminal.
const INTERVAL: Duration = Duration::from_secs(30);

/// Something that takes a number of steps. The bar goes when it is dropped.
pub(super) struct Progress {
    printer: Printer,
    bar: Option<ProgressBar>,
    steps: usize,
    done: Cell<usize>,
    said: Cell<Instant>,
    what: &'static str,
}

impl Progress {
    /// `what` names the steps, in the plural.
    pub(super) fn new(printer: Printer, steps: usize, what: &'static str) -> Self {
        let bar = printer.shows_bars().then(|| {
            let style = ProgressStyle::with_template("{bar:30} {pos}/{len} {msg}");
            ProgressBar::new(steps as u64)
                .with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
                .with_message(what)
        });
        Self {
            printer,
            bar,
            steps,
            done: Cell::new(0),
            said: Cell::new(Instant::now()),
            what,
        }
    }

    /// One step more is done.
    pub(super) fn step(&self) {
        self.done.set(self.done.get() + 1);
        if let Some(bar) = &self.bar {
            bar.inc(1);
        } else if self.said.get().elapsed() >= INTERVAL {
            self.said.set(Instant::now());
            let (done, steps, what) = (self.done.get(), self.steps, self.what);
            self.printer.note(&format!("{done} of {steps} {what}"));
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
