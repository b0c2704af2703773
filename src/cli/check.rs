//! `regctl check`: whether a root is well.

use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;

use super::administration::{Lines, RootArgs};
use super::exit::Exit;
use super::figures;
use super::output::{Format, FormatArgs, Printer};
use crate::server::admin::{Checked, Difference, Event, Operation, Outcome};

/// How often a line is written where there is no terminal.
const INTERVAL: Duration = Duration::from_secs(30);

/// Compare the data with what the index knows of it
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Looks at every link, every reference and every size, and says each difference in one line with its \
remedy. --read reads every byte, too; a blob whose bytes do not match its digest is served as \
unknown from then on, whatever is asked, so that the next push of it heals it. --repair only adds \
what can be derived, and moves what can't be explained to regctl/lost+found below the root; nothing \
is ever deleted. Works beside pushes and pulls.

JSON: {\"differences\", \"repositories\", \"blobs\", \"read\", \"left\", \"repaired\"}; each \
difference {\"what\", \"remedy\", \"mismatch\", \"repaired\"}.

Exit codes: 0 all is well, or was repaired, 1 something is not, 5 some was repaired and some not, \
7 content does not match its digest.

Examples:
  regctl check
  regctl check --read -q
  regctl check --repair --config /etc/docker/registry/config.yml")]
pub(super) struct Args {
    /// Read every byte, and compare it with its digest
    #[arg(long)]
    read: bool,
    /// Add what can be derived, and move away what can't be explained
    #[arg(long)]
    repair: bool,
    /// Print nothing but what is not well
    #[arg(short, long)]
    quiet: bool,
    #[command(flatten)]
    output: FormatArgs,
    #[command(flatten)]
    root: RootArgs,
}

/// How much has been read, on stderr.
struct Reading {
    printer: Printer,
    bar: Option<ProgressBar>,
    said: Instant,
}

impl Reading {
    fn new(printer: Printer) -> Self {
        let bar = printer.shows_bars().then(|| {
            let template = "{bar:30} {bytes}/{total_bytes} read, {eta} left";
            let style = ProgressStyle::with_template(template);
            ProgressBar::new(0).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
        });
        Self {
            printer,
            bar,
            said: Instant::now(),
        }
    }

    fn at(&mut self, bytes: u64, all: u64) {
        if let Some(bar) = &self.bar {
            bar.set_length(all);
            bar.set_position(bytes);
        } else if self.said.elapsed() >= INTERVAL {
            self.said = Instant::now();
            let (bytes, all) = (figures::size(bytes), figures::size(all));
            self.printer.note(&format!("{bytes} of {all} read"));
        }
    }

    /// Prints beside the bar.
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
struct Report<'a> {
    differences: &'a [Difference],
    repositories: u64,
    blobs: u64,
    read: u64,
    left: u64,
    repaired: u64,
}

pub(super) async fn run(args: &Args) -> anyhow::Result<Exit> {
    let printer = Printer::new(args.quiet, false);
    // What is not well is the result: it is printed with -q, too.
    let mut lines = Lines::new(Printer::default());
    let format = args.output.format;
    let mut session = args.root.open().await?;
    let mut reading = Reading::new(printer);
    let mut differences = Vec::new();
    let mut told = |event: Event| match event {
        Event::Read(bytes, all) => reading.at(bytes, all),
        Event::Healed(digest) if format == Format::Table => {
            reading.aside(|| lines.print(&format!("blob {digest}: its bytes are right again")));
        }
        Event::Differs(difference) => {
            let line = match format {
                Format::Table => Some(sentence(&difference)),
                Format::Name if !difference.repaired => Some(difference.what.clone()),
                Format::Name | Format::Json => None,
            };
            if let Some(line) = line {
                reading.aside(|| lines.print(&line));
            }
            if format == Format::Json {
                differences.push(difference);
            }
        }
        _ => {}
    };
    let operation = Operation::Check {
        read: args.read,
        repair: args.repair,
    };
    let outcome = session.run(operation, &mut told).await;
    drop(reading);
    session.close().await?;
    let Outcome::Checked(checked) = outcome? else {
        anyhow::bail!("the server answered something else than was asked");
    };
    lines.end()?;
    match format {
        Format::Json => printer.json(&Report {
            differences: &differences,
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
        Checked { left: 0, .. } => Exit::Done,
        Checked {
            mismatches: 1.., ..
        } => Exit::Mismatch,
        Checked { repaired: 1.., .. } => Exit::Partly,
        _ => Exit::Error,
    })
}

fn sentence(difference: &Difference) -> String {
    let Difference { what, remedy, .. } = difference;
    if difference.repaired {
        format!("{what}; repaired")
    } else {
        format!("{what}; remedy: {remedy}")
    }
}

fn summary(checked: &Checked, read: bool) -> String {
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
