//! The progress of blobs that are sent or received: a bar for each and one for all on a terminal, a
//! line at intervals elsewhere.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use indicatif::{MultiProgress, ProgressBar};
use parking_lot::Mutex;

use super::figures;
use super::output::Printer;
use super::progress::{INTERVAL, place_for_bars, style, time_left};
use crate::transfer::progress::{Event, Listener, Outcome};

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
    printed: Instant,
    total: Option<ProgressBar>,
    moving: HashMap<u64, Moving>,
    tally: Tally,
    /// Total bytes to move, if known.
    expected: Option<u64>,
    /// Total bytes to read of an archive, if known. They are the measure of the progress then: how
    /// many of them have to be sent is known only afterwards.
    to_read: Option<u64>,
    /// Bytes read of it.
    read: u64,
}

impl State {
    /// What was done, after `elapsed`: `1.0 GiB of 4.0 GiB read, about 3 min left; …`.
    fn line(&self, elapsed: Duration) -> String {
        let moved = figures::size(self.tally.bytes);
        let of = |done: u64, all: u64, what: &str| {
            let (shown, whole) = (figures::size(done), figures::size(all));
            match time_left(done, all, elapsed) {
                Some(left) => format!("{shown} of {whole} {what}, {left} left"),
                None => format!("{shown} of {whole} {what}"),
            }
        };
        let measure = match (self.to_read, self.expected) {
            (Some(all), _) => {
                format!("{}; {moved} transferred", of(self.read, all, "read"))
            }
            (None, Some(all)) => of(self.tally.bytes, all, "transferred"),
            (None, None) => format!("{moved} transferred"),
        };
        let (tally, moving) = (self.tally.text(), self.moving.len());
        format!("{measure}; {tally}; {moving} in progress")
    }
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
            Outcome::Repeated => {}
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
                printed: now,
                total,
                moving: HashMap::new(),
                tally: Tally::default(),
                expected: None,
                to_read: None,
                read: 0,
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
            let read = match state.to_read {
                Some(_) => format!("{} read, ", figures::size(state.read)),
                None => String::new(),
            };
            printer.note(&format!(
                "{read}{} transferred in {:.1} s; {}",
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
                        "{bytes} of {total_bytes} transferred, {bytes_per_sec}{left}; {msg}",
                    ));
                }
            }
            Event::ToRead { bytes } => {
                state.to_read = Some(bytes);
                if let Some(total) = &state.total {
                    total.set_length(bytes);
                    total.set_style(style("{bytes} of {total_bytes} read{left}; {msg}"));
                }
            }
            Event::Read { bytes } => state.read += bytes,
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
            if state.to_read.is_some() {
                total.set_position(state.read);
                let moved = figures::size(state.tally.bytes);
                total.set_message(format!("{moved} transferred; {}", state.tally.text()));
            } else {
                total.set_position(state.tally.bytes);
                total.set_message(state.tally.text());
            }
        } else if state.printed.elapsed() >= INTERVAL {
            state.printed = Instant::now();
            self.printer.note(&state.line(state.begun.elapsed()));
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outcomes_are_summed_up() {
        let transfers = Transfers::new(Printer::new(true));
        let listener = transfers.listener();
        let blobs = [
            Outcome::Sent,
            Outcome::Exists,
            Outcome::Exists,
            Outcome::Mounted,
            // Its second attempt is the one that counts.
            Outcome::Repeated,
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

    #[test]
    fn totals_and_the_time_left() {
        let transfers = Transfers::new(Printer::new(true));
        let listener = transfers.listener();
        let line = |seconds| {
            let state = transfers.0.state.lock();
            state.line(Duration::from_secs(seconds))
        };
        assert_eq!(line(0), "0 B transferred; 0 blobs; 0 in progress");
        listener(Event::Total { bytes: 4096 });
        let (id, size) = (1, Some(4096));
        listener(Event::Begin {
            id,
            name: "team/app 0123456789ab",
            size,
        });
        listener(Event::Moved { id, bytes: 1024 });
        assert_eq!(
            line(60),
            "1.0 KiB of 4.0 KiB transferred, about 3 min left; 0 blobs; 1 in progress"
        );
        listener(Event::ToRead { bytes: 10_240 });
        assert!(line(9).starts_with("0 B of 10.0 KiB read; 1.0 KiB transferred; "));
        listener(Event::Read { bytes: 9216 });
        assert_eq!(
            line(9),
            "9.0 KiB of 10.0 KiB read, about 1 s left; 1.0 KiB transferred; 0 blobs; 1 in progress"
        );
        assert!(line(1).starts_with("9.0 KiB of 10.0 KiB read, less than 1 s left; "));
        listener(Event::Read { bytes: 1024 });
        assert!(line(9).starts_with("10.0 KiB of 10.0 KiB read; "));
    }
}
