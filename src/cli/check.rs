//! `regctl check`: compares a root with its index.

use std::time::Instant;

use indicatif::ProgressBar;
use serde::Serialize;

use super::administration::{Output, RootArgs};
use super::exit::Exit;
use super::figures;
use super::output::{Format, FormatArgs, Printer};
use super::progress::{INTERVAL, style};
use super::sentences;
use crate::admin::{CheckEntry, CheckOptions, CheckReport, Difference, Entry, Operation};

/// Compare the data with the index
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Checks every link, every reference and every size, and prints each difference on a line with its \
remedy. --read also reads all content; a blob that does not match its digest is quarantined: it \
is unknown to clients until the next push replaces it. --repair adds missing links and rows, and \
moves unknown files to regctl/lost+found below the root; nothing is ever deleted. Runs during \
pushes and pulls.

JSON: {\"differences\", \"repositories\", \"blobs\", \"read\", \"left\", \"repaired\"}; each \
difference {\"what\", \"remedy\", \"mismatch\", \"repaired\"}.

Exit codes: 0 no difference is left, 1 differences are left, 3 no such root, 5 some was repaired \
and some not, 7 content does not match its digest.

Examples:
  regctl check
  regctl check --read -q
  regctl check --repair --config /etc/docker/registry/config.yml")]
pub(super) struct Args {
    /// Read all content, and compare it with its digests
    #[arg(long)]
    read: bool,
    /// Add missing links and rows, and move unknown files to lost+found
    #[arg(long)]
    repair: bool,
    #[command(flatten)]
    output: FormatArgs,
    #[command(flatten)]
    root: RootArgs,
}

/// The progress of reading, on stderr.
struct Reading {
    printer: Printer,
    bar: Option<ProgressBar>,
    printed: Instant,
}

impl Reading {
    fn new(printer: Printer) -> Self {
        let bar = printer.shows_bars().then(|| {
            ProgressBar::new(0).with_style(style("{bar:30} {bytes}/{total_bytes} read{left}"))
        });
        Self {
            printer,
            bar,
            printed: Instant::now(),
        }
    }

    fn at(&mut self, bytes: u64, all: u64) {
        if let Some(bar) = &self.bar {
            bar.set_length(all);
            bar.set_position(bytes);
        } else if self.printed.elapsed() >= INTERVAL {
            self.printed = Instant::now();
            let (bytes, all) = (figures::size(bytes), figures::size(all));
            self.printer.note(&format!("{bytes} of {all} read"));
        }
    }

    /// Prints while the bar is shown.
    fn aside(&self, print: impl FnOnce()) {
        match &self.bar {
            Some(bar) => bar.suspend(print),
            None => print(),
        }
    }
}

impl Drop for Reading {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

#[derive(Serialize)]
struct Json<'a> {
    differences: &'a [Row],
    repositories: u64,
    blobs: u64,
    read: u64,
    left: u64,
    repaired: u64,
}

#[derive(Serialize)]
struct Row {
    what: String,
    remedy: String,
    mismatch: bool,
    repaired: bool,
}

impl Row {
    fn new(difference: &Difference, repaired: bool) -> Self {
        Self {
            what: sentences::difference(difference),
            remedy: sentences::remedy(difference),
            mismatch: difference.is_mismatch(),
            repaired,
        }
    }

    fn sentence(&self) -> String {
        let Self { what, remedy, .. } = self;
        if self.repaired {
            format!("{what}; repaired")
        } else {
            format!("{what}; remedy: {remedy}")
        }
    }
}

pub(super) async fn run(args: &Args, printer: Printer) -> anyhow::Result<Exit> {
    let format = args.output.format;
    // Differences are the result, and not a report: -q does not hide them.
    let mut output = Output::new(format, printer);
    let mut reading = Reading::new(printer);
    let mut rows = Vec::new();
    let mut entry = |entry: Entry| {
        let Entry::Check(entry) = entry else { return };
        let row = match entry {
            CheckEntry::Read(bytes, all) => return reading.at(bytes, all),
            CheckEntry::Healed(digest) => {
                if format == Format::Table {
                    let text = format!("blob {digest}: its content matches again");
                    reading.aside(|| output.print(&text));
                }
                return;
            }
            CheckEntry::Found(difference) => Row::new(&difference, false),
            CheckEntry::Repaired(difference) => Row::new(&difference, true),
        };
        match format {
            Format::Table => reading.aside(|| output.print(&row.sentence())),
            Format::Name if !row.repaired => reading.aside(|| output.print(&row.what)),
            Format::Name => {}
            Format::Json => rows.push(row),
        }
    };
    let operation = Operation::Check(CheckOptions {
        read: args.read,
        repair: args.repair,
    });
    let checked = args
        .root
        .administer(printer, async |root| {
            root.execute(operation, &mut entry).await
        })
        .await;
    drop(reading);
    let checked: CheckReport = checked?;
    output.finish()?;
    match format {
        Format::Json => printer.json(&Json {
            differences: &rows,
            repositories: checked.repositories,
            blobs: checked.blobs,
            read: checked.bytes,
            left: checked.left,
            repaired: checked.repaired,
        })?,
        Format::Table => printer.report(&summary(&checked, args.read))?,
        Format::Name => {}
    }
    Ok(match checked {
        CheckReport { left: 0, .. } => Exit::Done,
        CheckReport {
            mismatches: 1.., ..
        } => Exit::Mismatch,
        CheckReport { repaired: 1.., .. } => Exit::Partly,
        _ => Exit::Error,
    })
}

fn summary(checked: &CheckReport, read: bool) -> String {
    let count = |number: u64, one: &str, many: &str| {
        figures::count(usize::try_from(number).unwrap_or(usize::MAX), one, many)
    };
    let repositories = count(checked.repositories, "repository", "repositories");
    let blobs = count(checked.blobs, "blob", "blobs");
    let read = if read {
        format!(", {} read", figures::size(checked.bytes))
    } else {
        String::new()
    };
    let differences = |number| count(number, "difference", "differences");
    let state = match (checked.left, checked.repaired) {
        (0, 0) => "all is well".to_owned(),
        (0, repaired) => format!("{} repaired, all is well now", differences(repaired)),
        (left, 0) => differences(left),
        (left, repaired) => format!("{}, {repaired} more repaired", differences(left)),
    };
    format!("{repositories}, {blobs}{read}: {state}")
}
