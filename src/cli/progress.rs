//! Progress on stderr: a bar on a terminal, a line at intervals elsewhere.

use std::cell::Cell;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};
use parking_lot::Mutex;

use super::figures;
use super::output::Printer;
use crate::transfer::progress::{Event, Listener, Outcome};

/// Interval of lines without a terminal.
const INTERVAL: Duration = Duration::from_secs(30);

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
fn place_for_bars() -> MultiProgress {
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
    said: Cell<Instant>,
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
            said: Cell::new(Instant::now()),
            what,
        }
    }

    /// Counts one step.
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

/// The progress of blobs: a bar for each that moves, and one for all. Clones share it.
#[derive(Clone)]
pub(super) struct Transfers(Arc<Inner>);

struct Inner {
    printer: Printer,
    bars: Option<MultiProgress>,
    state: Mutex<State>,
}

struct State {
    begun: Instant,
    said: Instant,
    total: Option<ProgressBar>,
    moving: HashMap<u64, Moving>,
    tally: Tally,
    /// Total bytes to move, if known.
    expected: Option<u64>,
}

struct Moving {
    name: String,
    size: Option<u64>,
    /// From its first byte on, if bars are drawn.
    bar: Option<ProgressBar>,
}

/// The counts so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Tally {
    /// Bytes sent or received.
    bytes: u64,
    sent: usize,
    mounted: usize,
    exists: usize,
    failed: usize,
}

impl Tally {
    fn count(&mut self, outcome: Outcome) {
        match outcome {
            Outcome::Sent => self.sent += 1,
            Outcome::Mounted => self.mounted += 1,
            Outcome::Exists => self.exists += 1,
            Outcome::Failed => self.failed += 1,
        }
    }

    /// `12 blobs: 3 sent, 1 mounted, 8 exist`; zero counts are left out.
    fn text(self) -> String {
        let all = self.sent + self.mounted + self.exists + self.failed;
        let mut parts = Vec::new();
        for (count, word) in [
            (self.sent, "sent"),
            (self.mounted, "mounted"),
            (
                self.exists,
                if self.exists == 1 { "exists" } else { "exist" },
            ),
            (self.failed, "failed"),
        ] {
            if count > 0 {
                parts.push(format!("{count} {word}"));
            }
        }
        let count = figures::count(all, "blob", "blobs");
        if parts.is_empty() {
            return count;
        }
        format!("{count}: {}", parts.join(", "))
    }
}

impl Transfers {
    /// Without any transfer yet.
    pub(super) fn new(printer: Printer) -> Self {
        let bars = printer.shows_bars().then(place_for_bars);
        let total = bars.as_ref().map(|bars| {
            let bar = bars.add(ProgressBar::new_spinner());
            bar.with_style(style("{bytes} transferred, {bytes_per_sec}; {msg}"))
        });
        let now = Instant::now();
        Self(Arc::new(Inner {
            printer,
            bars,
            state: Mutex::new(State {
                begun: now,
                said: now,
                total,
                moving: HashMap::new(),
                tally: Tally::default(),
                expected: None,
            }),
        }))
    }

    /// The listener of a transfer.
    pub(super) fn listener(&self) -> Listener {
        let inner = Arc::clone(&self.0);
        Arc::new(move |event| inner.receive(event))
    }

    /// Removes the bars.
    pub(super) fn clear(&self) {
        if let Some(bars) = &self.0.bars {
            // If the terminal can't be cleared, nobody reads it.
            let _ = bars.clear();
        }
    }

    /// Removes the bars and prints the totals.
    pub(super) fn end(&self) {
        self.clear();
        let Inner { printer, state, .. } = &*self.0;
        let state = state.lock();
        if state.tally != Tally::default() {
            printer.note(&format!(
                "{} transferred in {:.1} s; {}",
                figures::size(state.tally.bytes),
                state.begun.elapsed().as_secs_f64(),
                state.tally.text()
            ));
        }
    }
}

impl Inner {
    fn receive(&self, event: Event<'_>) {
        let mut state = self.state.lock();
        match event {
            Event::Note(text) => return self.aside(|printer| printer.note(text)),
            Event::Warning(text) => return self.aside(|printer| printer.warning(text)),
            Event::Total { bytes } => {
                state.expected = Some(bytes);
                if let Some(total) = &state.total {
                    total.set_length(bytes);
                    total.set_style(style(
                        "{bytes} of {total_bytes} transferred, {bytes_per_sec}, {eta} left; {msg}",
                    ));
                }
            }
            Event::Begin { id, name, size } => {
                let name = name.to_owned();
                let bar = None;
                state.moving.insert(id, Moving { name, size, bar });
            }
            Event::Moved { id, bytes } => {
                state.tally.bytes += bytes;
                if let Some(bars) = &self.bars
                    && let Some(moving) = state.moving.get_mut(&id)
                {
                    moving
                        .bar
                        .get_or_insert_with(|| draw(bars, moving.size, &moving.name))
                        .inc(bytes);
                }
            }
            Event::End { id, outcome } => {
                let bar = state.moving.remove(&id).and_then(|moving| moving.bar);
                if let (Some(bars), Some(bar)) = (&self.bars, bar) {
                    bar.finish_and_clear();
                    bars.remove(&bar);
                }
                state.tally.count(outcome);
            }
        }
        if let Some(total) = &state.total {
            total.set_position(state.tally.bytes);
            total.set_message(state.tally.text());
        } else if state.said.elapsed() >= INTERVAL {
            state.said = Instant::now();
            let (mut moved, under_way) = (figures::size(state.tally.bytes), state.moving.len());
            if let Some(expected) = state.expected {
                moved = format!("{moved} of {}", figures::size(expected));
            }
            let tally = state.tally.text();
            self.printer.note(&format!(
                "{moved} transferred; {tally}; {under_way} in progress"
            ));
        }
    }

    /// Prints a message above the bars.
    fn aside(&self, say: impl FnOnce(Printer)) {
        match &self.bars {
            Some(bars) => bars.suspend(|| say(self.printer)),
            None => say(self.printer),
        }
    }
}

/// A bar for one transfer, above that of the total.
fn draw(bars: &MultiProgress, size: Option<u64>, name: &str) -> ProgressBar {
    let bar = match size {
        Some(size) => ProgressBar::new(size).with_style(style(
            "{msg:32!} {bar:20} {bytes:>10}/{total_bytes} {bytes_per_sec}",
        )),
        None => {
            ProgressBar::new_spinner().with_style(style("{msg:32!} {bytes:>31} {bytes_per_sec}"))
        }
    };
    bars.insert_from_back(1, bar.with_message(name.to_owned()))
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_it_came_to() {
        let transfers = Transfers::new(Printer::new(true));
        let listener = transfers.listener();
        let blobs = [
            Outcome::Sent,
            Outcome::Exists,
            Outcome::Exists,
            Outcome::Mounted,
        ];
        for (id, outcome) in (0..).zip(blobs) {
            listener(Event::Begin {
                id,
                name: "x",
                size: Some(3),
            });
            if outcome == Outcome::Sent {
                listener(Event::Moved { id, bytes: 2 });
                listener(Event::Moved { id, bytes: 1 });
            }
            listener(Event::End { id, outcome });
        }
        let state = transfers.0.state.lock();
        assert_eq!(state.tally.bytes, 3);
        assert_eq!(state.tally.text(), "4 blobs: 1 sent, 1 mounted, 2 exist");
        assert!(state.moving.is_empty());
    }
}
