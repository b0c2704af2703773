//! Progress on stderr: a bar on a terminal, a line at intervals elsewhere.

use std::cell::Cell;
use std::fmt;
use std::time::{Duration, Instant};

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};
use parking_lot::Mutex;

use super::figures;
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

/// The style of a bar. `{left}` is the time for the rest, after a comma, if it is known.
pub(super) fn style(template: &str) -> ProgressStyle {
    let style = ProgressStyle::with_template(template);
    let style = style.unwrap_or_else(|_| ProgressStyle::default_bar());
    style.with_key("left", |state: &ProgressState, out: &mut dyn fmt::Write| {
        let all = state.len().unwrap_or_default();
        if let Some(left) = time_left(state.pos(), all, state.elapsed()) {
            // A text in memory takes everything.
            let _ = write!(out, ", {left} left");
        }
    })
}

/// The time for the rest at the speed so far; `None` at the beginning and at the end.
pub(super) fn time_left(done: u64, all: u64, elapsed: Duration) -> Option<String> {
    let rest = all.checked_sub(done).filter(|rest| done > 0 && *rest > 0)?;
    let seconds = u128::from(rest) * elapsed.as_millis() / u128::from(done) / 1000;
    Some(match u64::try_from(seconds).unwrap_or(u64::MAX) {
        0 => "less than 1 s".to_owned(),
        seconds => format!("about {}", figures::duration(seconds)),
    })
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

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::Arc;

    use indicatif::TermLike;

    use super::*;

    #[test]
    fn nothing_takes_no_seconds() {
        let left = |done, all, seconds| time_left(done, all, Duration::from_secs(seconds));
        assert_eq!(left(0, 10, 5), None);
        assert_eq!(left(10, 10, 5), None);
        assert_eq!(left(12, 10, 5), None);
        assert_eq!(left(9, 10, 5).as_deref(), Some("less than 1 s"));
        assert_eq!(left(1, 2, 180).as_deref(), Some("about 3 min"));
    }

    /// A terminal that keeps what is drawn.
    #[derive(Debug, Clone, Default)]
    struct Screen(Arc<Mutex<String>>);

    impl TermLike for Screen {
        fn width(&self) -> u16 {
            80
        }
        fn move_cursor_up(&self, _: usize) -> io::Result<()> {
            Ok(())
        }
        fn move_cursor_down(&self, _: usize) -> io::Result<()> {
            Ok(())
        }
        fn move_cursor_right(&self, _: usize) -> io::Result<()> {
            Ok(())
        }
        fn move_cursor_left(&self, _: usize) -> io::Result<()> {
            Ok(())
        }
        fn write_line(&self, text: &str) -> io::Result<()> {
            self.write_str(text)
        }
        fn write_str(&self, text: &str) -> io::Result<()> {
            self.0.lock().push_str(text);
            Ok(())
        }
        fn clear_line(&self) -> io::Result<()> {
            Ok(())
        }
        fn flush(&self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_bar_shows_the_time_left_only_if_there_is_any() {
        let drawn = |position| {
            let screen = Screen::default();
            let target = ProgressDrawTarget::term_like(Box::new(screen.clone()));
            let bar = ProgressBar::with_draw_target(Some(4), target)
                .with_style(style("{pos} of {len} read{left};"))
                .with_position(position);
            bar.abandon();
            screen.0.lock().clone()
        };
        for (position, shown) in [
            (0, "0 of 4 read;"),
            (3, "3 of 4 read, less than 1 s left;"),
            (4, "4 of 4 read;"),
        ] {
            assert!(drawn(position).contains(shown), "{}", drawn(position));
        }
    }
}
