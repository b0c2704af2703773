//! The table: a row for each metric, a column for each registry, then the ratio to the first.

use std::fs;

use crate::arguments::{Arguments, Subject};

/// A metric.
pub(crate) struct Metric {
    /// The name of the row.
    pub(crate) name: &'static str,
    /// Its unit.
    pub(crate) unit: &'static str,
    /// Whether more is better.
    pub(crate) higher_is_better: bool,
    /// The target for regctl.
    pub(crate) target: Target,
}

/// The target of a metric.
#[derive(Clone, Copy)]
pub(crate) enum Target {
    /// Only shown.
    None,
    /// About the measurement, not the registry: not compared.
    Aside,
    /// At least this many times better than the first registry.
    Times(f64),
    /// At most this value.
    AtMost(f64),
}

impl Metric {
    /// A metric of which more is better.
    pub(crate) const fn more(name: &'static str, unit: &'static str, target: Target) -> Self {
        Self {
            name,
            unit,
            higher_is_better: true,
            target,
        }
    }

    /// A metric of which less is better.
    pub(crate) const fn less(name: &'static str, unit: &'static str, target: Target) -> Self {
        Self {
            name,
            unit,
            higher_is_better: false,
            target,
        }
    }

    /// How many times better `figure` is than `first`.
    fn ratio(&self, first: f64, figure: f64) -> Option<f64> {
        match self.target {
            Target::Aside => None,
            _ if self.higher_is_better => Some(figure / first),
            _ => Some(first / figure),
        }
    }

    /// The target as text, with a mark if it is known whether the result reaches it.
    fn judge(&self, first: Option<f64>, figure: Option<f64>) -> String {
        let (text, met) = match self.target {
            Target::None | Target::Aside => return String::new(),
            Target::Times(times) => (
                format!("≥ {times} ×"),
                first
                    .zip(figure)
                    .and_then(|(first, figure)| self.ratio(first, figure))
                    .map(|ratio| ratio >= times),
            ),
            Target::AtMost(limit) => (
                format!("≤ {limit} {}", self.unit),
                figure.map(|figure| figure <= limit),
            ),
        };
        match met {
            Some(true) => format!("{text} ✓"),
            Some(false) => format!("{text} ✗"),
            None => text,
        }
    }
}

/// The tables so far.
pub(crate) struct Report {
    tables: Vec<Table>,
    quick: bool,
    rounds: usize,
}

/// Rows that compare the same programs.
struct Table {
    names: Vec<String>,
    rows: Vec<Vec<String>>,
}

impl Report {
    /// An empty report.
    pub(crate) fn new(arguments: &Arguments) -> Self {
        Self {
            tables: Vec::new(),
            quick: arguments.quick,
            rounds: arguments.rounds(),
        }
    }

    /// Adds a row: the result of each registry, if there is one.
    pub(crate) fn add(&mut self, subjects: &[Subject], metric: &Metric, figures: &[Option<f64>]) {
        let first = figures.first().copied().flatten();
        let mut row = vec![format!("{}, {}", metric.name, metric.unit)];
        row.extend(figures.iter().map(|figure| shown(*figure)));
        for figure in figures.iter().skip(1) {
            let ratio = first
                .zip(*figure)
                .and_then(|(first, figure)| metric.ratio(first, figure));
            row.push(ratio.map_or_else(String::new, |ratio| format!("{} ×", number(ratio))));
        }
        row.push(if self.quick || figures.len() < 2 {
            String::new()
        } else {
            metric.judge(first, figures.last().copied().flatten())
        });
        let names: Vec<String> = subjects
            .iter()
            .map(|subject| subject.name().to_owned())
            .collect();
        match self.tables.iter_mut().find(|table| table.names == names) {
            Some(table) => table.rows.push(row),
            None => self.tables.push(Table {
                names,
                rows: vec![row],
            }),
        }
    }

    /// Prints the tables and the machine.
    pub(crate) fn print(&self, markdown: bool) {
        for table in &self.tables {
            table.print(markdown);
        }
        println!();
        println!("{}; median of {}.", machine(), rounds(self.rounds));
        println!(
            "Pushes are durable on both sides. docker-registry 2.8.2 syncs every file that it writes, \
             links and upload state too (40 fsync calls for a small image), but no directory; \
             regctl syncs the data of each blob and shares the commits of its index."
        );
        if self.quick {
            println!("Sizes are those of --quick: the targets do not apply.");
        }
    }
}

impl Table {
    fn print(&self, markdown: bool) {
        let mut heading = vec!["work".to_owned()];
        heading.extend(self.names.iter().cloned());
        for name in self.names.iter().skip(1) {
            heading.push(if self.names.len() == 2 {
                "better by".to_owned()
            } else {
                format!("{name} better by")
            });
        }
        heading.push("target".to_owned());
        let numeric = 1..heading.len() - 1;
        let widths: Vec<usize> = (0..heading.len())
            .map(|column| {
                self.rows
                    .iter()
                    .chain([&heading])
                    .map(|row| row[column].chars().count())
                    .max()
                    .unwrap_or(0)
            })
            .collect();
        let line = |row: &[String]| {
            let cells: Vec<String> = row
                .iter()
                .zip(&widths)
                .enumerate()
                .map(|(column, (cell, &width))| {
                    if numeric.contains(&column) {
                        format!("{cell:>width$}")
                    } else {
                        format!("{cell:<width$}")
                    }
                })
                .collect();
            if markdown {
                println!("| {} |", cells.join(" | "));
            } else {
                println!("{}", cells.join("  ").trim_end());
            }
        };
        println!();
        line(&heading);
        if markdown {
            let rules: Vec<String> = widths
                .iter()
                .enumerate()
                .map(|(column, &width)| {
                    let rule = "-".repeat(width.max(3) - 1);
                    if numeric.contains(&column) {
                        format!("{rule}:")
                    } else {
                        format!("{rule}-")
                    }
                })
                .collect();
            line(&rules);
        }
        self.rows.iter().for_each(|row| line(row));
    }
}

/// The results of one measurement on one line.
pub(crate) fn sample(metrics: &[Metric], figures: &[Option<f64>]) -> String {
    let parts: Vec<String> = metrics
        .iter()
        .zip(figures)
        .map(|(metric, figure)| format!("{}: {} {}", metric.name, shown(*figure), metric.unit))
        .collect();
    parts.join("; ")
}

/// The median.
pub(crate) fn median(mut figures: Vec<f64>) -> Option<f64> {
    figures.sort_by(f64::total_cmp);
    let low = figures.get(figures.len().checked_sub(1)? / 2)?;
    let high = figures.get(figures.len() / 2)?;
    Some(f64::midpoint(*low, *high))
}

fn shown(figure: Option<f64>) -> String {
    figure.map_or_else(|| "–".to_owned(), number)
}

/// Three digits that count.
fn number(value: f64) -> String {
    if value >= 100.0 {
        format!("{value:.0}")
    } else if value >= 10.0 {
        format!("{value:.1}")
    } else if value >= 1.0 {
        format!("{value:.2}")
    } else {
        format!("{value:.3}")
    }
}

fn rounds(count: usize) -> String {
    match count {
        1 => "1 round".to_owned(),
        _ => format!("{count} rounds"),
    }
}

/// The machine, as far as the system describes it.
fn machine() -> String {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let processor = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = processor
        .lines()
        .find_map(|line| line.strip_prefix("model name")?.split_once(": "))
        .map_or("processor", |(_, model)| model);
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    format!("{cores} cores of {model}, Linux {}", kernel.trim())
}
