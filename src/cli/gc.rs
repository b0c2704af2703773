//! `regctl gc`: collecting garbage, and how that went.

use std::time::Duration;

use serde::Serialize;

use super::administration::{Lines, RootArgs, Row, age, milliseconds, sentence, timestamp};
use super::exit::Exit;
use super::figures;
use super::output::{Format, FormatArgs, Printer};
use super::table::Column;
use crate::server::admin::{Amount, Collected, Event, Operation, Outcome, Session, Status};

const COLUMNS: [Column; 4] = [
    Column::Name("REPOSITORY"),
    Column::Figure("MANIFESTS"),
    Column::Figure("BLOBS"),
    Column::Figure("SIZE"),
];

const RUN_COLUMNS: [Column; 6] = [
    Column::Name("STARTED"),
    Column::Figure("SECONDS"),
    Column::Figure("MANIFESTS"),
    Column::Figure("BLOBS"),
    Column::Figure("SIZE"),
    Column::Line("RESULT"),
];

/// Collect garbage
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Takes blobs that no manifest refers to and that nobody was promised, unfinished uploads that nobody \
goes on with, and what a crash has left; beside pushes and pulls, through the server that runs on \
the root, or, with none running, on the root itself. What was deleted stays in the trash for its \
time (regctl trash) and holds its bytes until then. Interrupted, it goes on the next time.

A dry run prints the same lines.

JSON: an object {\"dryRun\", \"manifests\", \"blobs\", \"size\", \"repositories\", \"uploads\", \
\"files\", \"held\", \"lines\"}; each line {\"kind\", \"name\", \"goes\", \"size\", \"until\", \
\"why\"}. Of --status: {\"running\", \"runs\"}.

Exit codes: 0 done, 1 error, 3 no such root, 4 denied, 6 another collection runs.

Examples:
  regctl gc --dry-run
  regctl gc --untagged --older-than 7d
  regctl gc -q --config /etc/docker/registry/config.yml
  regctl gc --status")]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
pub(super) struct Args {
    /// Say what would go, and take nothing
    #[arg(long)]
    dry_run: bool,
    /// Take manifests, too, that no tag, index or subject holds
    #[arg(long)]
    untagged: bool,
    /// Of those only the ones that were pushed longer ago
    #[arg(long, value_name = "AGE", requires = "untagged", value_parser = age)]
    older_than: Option<Duration>,
    /// Let go of what lies in the trash
    #[arg(long)]
    empty_trash: bool,
    /// Say whether a collection runs, and how the last ones went
    #[arg(long, conflicts_with_all = ["dry_run", "untagged", "empty_trash"])]
    status: bool,
    /// Print nothing but errors
    #[arg(short, long)]
    quiet: bool,
    #[command(flatten)]
    output: FormatArgs,
    #[command(flatten)]
    root: RootArgs,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Report<'a> {
    dry_run: bool,
    manifests: u64,
    blobs: u64,
    size: u64,
    repositories: Vec<RepositoryRow<'a>>,
    uploads: u64,
    files: u64,
    held: Held,
    lines: &'a [Row],
}

#[derive(Serialize)]
struct RepositoryRow<'a> {
    name: &'a str,
    manifests: u64,
    blobs: u64,
    size: u64,
}

#[derive(Serialize)]
struct Held {
    blobs: u64,
    size: u64,
}

pub(super) async fn run(args: &Args) -> anyhow::Result<Exit> {
    let printer = Printer::new(args.quiet, false);
    let mut session = args.root.open().await?;
    let done = if args.status {
        status(&mut session, args, printer).await
    } else {
        collect(&mut session, args, printer).await
    };
    session.close().await?;
    done
}

async fn collect(session: &mut Session, args: &Args, printer: Printer) -> anyhow::Result<Exit> {
    let untagged = args
        .untagged
        .then(|| milliseconds(args.older_than.unwrap_or_default()));
    let operation = Operation::Collect {
        dry_run: args.dry_run,
        untagged,
        empty_trash: args.empty_trash,
    };
    let format = args.output.format;
    let (mut rows, mut lines) = (Vec::new(), Lines::new(printer));
    let mut told = |event: Event| match (format, &event) {
        (Format::Table, _) => {
            if let Some(text) = sentence(&event) {
                lines.print(&text);
            }
        }
        (Format::Name, Event::Goes(line)) => lines.print(&line.name),
        (Format::Name, _) => {}
        (Format::Json, _) => rows.extend(Row::of(&event)),
    };
    let outcome = session.run(operation, &mut told).await?;
    lines.end()?;
    let Outcome::Collected(collected) = outcome else {
        anyhow::bail!("the server answered something else than was asked");
    };
    match format {
        Format::Table => {
            if !args.quiet {
                table(&collected, printer)?;
            }
        }
        Format::Name => {}
        Format::Json => printer.json(&report(&collected, &rows))?,
    }
    if args.dry_run {
        printer.note("Nothing was deleted: this was a dry run");
    }
    Ok(Exit::Done)
}

fn report<'a>(collected: &'a Collected, lines: &'a [Row]) -> Report<'a> {
    let repositories = collected.by_repository.iter();
    Report {
        dry_run: collected.dry_run,
        manifests: collected.freed.manifests,
        blobs: collected.freed.blobs,
        size: collected.freed.bytes,
        repositories: repositories
            .map(|(name, amount)| RepositoryRow {
                name: name.as_str(),
                manifests: amount.manifests,
                blobs: amount.blobs,
                size: amount.bytes,
            })
            .collect(),
        uploads: collected.uploads,
        files: collected.files,
        held: Held {
            blobs: collected.held_blobs,
            size: collected.held_bytes,
        },
        lines,
    }
}

/// The sums, by repository and of all.
fn table(collected: &Collected, printer: Printer) -> std::io::Result<()> {
    let row = |name: &str, amount: &Amount| {
        vec![
            name.to_owned(),
            amount.manifests.to_string(),
            amount.blobs.to_string(),
            figures::size(amount.bytes),
        ]
    };
    if !collected.by_repository.is_empty() {
        let rows = collected.by_repository.iter();
        let rows = rows.map(|(name, amount)| row(name.as_str(), amount));
        printer.table(&COLUMNS, rows.collect())?;
    }
    printer.line(&summary(collected))
}

fn summary(collected: &Collected) -> String {
    let count = |number: u64, one: &str, many: &str| {
        figures::count(usize::try_from(number).unwrap_or(usize::MAX), one, many)
    };
    let mut parts = Vec::new();
    if collected.freed.manifests > 0 {
        parts.push(count(collected.freed.manifests, "manifest", "manifests"));
    }
    if collected.freed.blobs > 0 {
        let blobs = count(collected.freed.blobs, "blob", "blobs");
        let size = figures::size(collected.freed.bytes);
        parts.push(format!("{blobs} with {size}"));
    }
    if collected.uploads > 0 {
        let uploads = count(collected.uploads, "unfinished upload", "unfinished uploads");
        parts.push(uploads);
    }
    if collected.files > 0 {
        let files = count(collected.files, "file of a crash", "files of a crash");
        let size = figures::size(collected.file_bytes);
        parts.push(format!("{files} with {size}"));
    }
    if parts.is_empty() {
        parts.push("none".to_owned());
    }
    let garbage = parts.join(", ");
    if collected.held_blobs == 0 {
        return format!("Garbage: {garbage}");
    }
    let blobs = count(collected.held_blobs, "blob", "blobs");
    let size = figures::size(collected.held_bytes);
    format!("Garbage: {garbage}; held for now: {blobs} with {size}")
}

async fn status(session: &mut Session, args: &Args, printer: Printer) -> anyhow::Result<Exit> {
    let outcome = session.run(Operation::Status, &mut |_| {}).await?;
    let Outcome::Status(status) = outcome else {
        anyhow::bail!("the server answered something else than was asked");
    };
    match args.output.format {
        Format::Json => printer.json(&status_report(&status))?,
        Format::Name => {
            let runs = status.runs.iter();
            printer.lines(runs.map(|run| figures::date(timestamp(run.started))))?;
        }
        Format::Table => print_status(&status, printer)?,
    }
    Ok(Exit::Done)
}

fn print_status(status: &Status, printer: Printer) -> std::io::Result<()> {
    match &status.running {
        None => printer.line("No collection runs")?,
        Some(running) => printer.line(&format!(
            "A {} runs since {}: {} manifests and {} blobs with {} so far, {} to go",
            if running.dry_run {
                "dry run"
            } else {
                "collection"
            },
            figures::date(timestamp(running.since)),
            running.freed.manifests,
            running.freed.blobs,
            figures::size(running.freed.bytes),
            running.left
        ))?,
    }
    if status.runs.is_empty() {
        return Ok(());
    }
    let running = status.running.map(|running| running.since);
    let rows = status.runs.iter().map(|run| {
        let seconds = run.ended.map(|end| (end - run.started) / 1000);
        let result = match (&run.failure, run.ended) {
            (Some(failure), _) => failure.clone(),
            (None, Some(_)) => "done".to_owned(),
            (None, None) if running == Some(run.started) => "runs".to_owned(),
            (None, None) => "interrupted".to_owned(),
        };
        vec![
            figures::date(timestamp(run.started)),
            seconds.map_or("-".to_owned(), |seconds| seconds.to_string()),
            run.freed.manifests.to_string(),
            run.freed.blobs.to_string(),
            figures::size(run.freed.bytes),
            result,
        ]
    });
    printer.table(&RUN_COLUMNS, rows.collect())
}

fn status_report(status: &Status) -> serde_json::Value {
    let amount = |amount: &Amount| {
        serde_json::json!({
            "manifests": amount.manifests, "blobs": amount.blobs, "size": amount.bytes,
        })
    };
    serde_json::json!({
        "running": status.running.map(|running| serde_json::json!({
            "since": timestamp(running.since), "dryRun": running.dry_run,
            "freed": amount(&running.freed), "left": running.left,
        })),
        "runs": status.runs.iter().map(|run| serde_json::json!({
            "started": timestamp(run.started), "ended": run.ended.map(timestamp),
            "freed": amount(&run.freed), "uploads": run.uploads, "failure": run.failure,
        })).collect::<Vec<_>>(),
    })
}
