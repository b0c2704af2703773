//! Progress on stderr: a bar on a terminal, a line at intervals elsewhere.

use std::cell::Cell;
use std::time::{Duration, Instant};

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};
use parking_lot::Mutex;

use super::output::Printer;

/// Interval of lines without a terminal.
pub(super) const INTERVAL: Duration = Duration::from_secs(30);

/// The bars of this process on the terminal.
static DRAWN: Mutex<Vec<MultiProgress>> = Mutex::new(Vec::new());

/// Removes all bars from the terminal before the process ends.
pub(super) fn clear() {
    for bars in DRAWN.lock().drain(..) {
        // If the terminal can't be cleared, nobody reads it.
        let _ = bars.clear();
        bars.set_draw_target(ProgressDrawTarget::hidden());
    }
}

/// A group of bars for [`clear`].
pub(super) fn place_for_bars() -> MultiProgress {
    let bars = MultiProgress::new();
    DRAWN.lock().push(bars.clone());
    bars
}

/// The progress of a number of steps. Dropping it removes the bar.
pub(super) struct Progress {
    printer: Printer,
    bar: Option<ProgressBar>,
    steps: usize,
    done: Cell<usize>,
    printed: Cell<Instant>,
    what: &'static str,
}

impl Progress {
    /// `what` is the plural of a step.
    pub(super) fn new(printer: Printer, steps: usize, what: &'static str) -> Self {
        let bar = printer.shows_bars().then(|| {
            let style = ProgressStyle::with_template("{bar:30} {pos}/{len} {msg}");
            place_for_bars()
                .add(ProgressBar::new(steps as u64))
                .with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
                .with_message(what)
        });
        Self {
            printer,
            bar,
            steps,
            done: Cell::new(0),
            printed: Cell::new(Instant::now()),
            what,
        }
    }

    /// Counts one step.
    pub(super) fn step(&self) {
        self.done.set(self.done.get() + 1);
        if let Some(bar) = &self.bar {
            bar.inc(1);
        } else if self.printed.get().elapsed() >= INTERVAL {
            self.printed.set(Instant::now());
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
