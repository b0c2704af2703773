//! `regctl gc`: collects garbage, and shows earlier collections.

use std::time::Duration;

use serde::Serialize;

use super::administration::{Administered, Output, RootArgs, Row, age, milliseconds, timestamp};
use super::exit::Exit;
use super::figures;
use super::output::{Format, FormatArgs, Printer};
use super::table::Column;
use crate::admin::{
    CollectOptions, CollectReport, CollectionRecord, CollectionStatus, Freed, Operation,
};

const COLUMNS: [Column; 4] = [
    Column::Name("REPOSITORY"),
    Column::Figure("MANIFESTS"),
    Column::Figure("BLOBS"),
    Column::Figure("SIZE"),
];

const RUN_COLUMNS: [Column; 7] = [
    Column::Name("STARTED"),
    Column::Name("BY"),
    Column::Figure("SECONDS"),
    Column::Figure("MANIFESTS"),
    Column::Figure("BLOBS"),
    Column::Figure("SIZE"),
    Column::Line("RESULT"),
];

/// Collect garbage
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Deletes blobs without a manifest or a lease, unfinished uploads that have timed out, and files \
that a crash left behind. It runs during pushes and pulls, through the server of the root or, if \
none is running, on the root itself. Deletions stay in the trash for a time (regctl trash) and \
hold their bytes until then. The next run continues an interrupted one.

A dry run prints the same lines, and can run beside a collection. To free space immediately, \
before leases and the trash end: --empty-trash --end-leases.

JSON: an object {\"dryRun\", \"manifests\", \"blobs\", \"size\", \"repositories\", \"uploads\", \
\"files\", \"held\", \"lines\"}; each line {\"kind\", \"name\", \"action\", \"size\", \"until\", \
\"reason\"}. Of --status: {\"running\", \"runs\"}.

Exit codes: 0 done, 1 error, 3 no such root, 4 denied, 6 another collection runs.

Examples:
  regctl gc --dry-run
  regctl gc --untagged --older-than 7d
  regctl gc -q --config /etc/docker/registry/config.yml
  regctl gc --status")]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
pub(super) struct Args {
    /// Print what would be deleted, and delete nothing
    #[arg(long)]
    dry_run: bool,
    /// Also delete manifests that no tag, index or subject holds
    #[arg(long)]
    untagged: bool,
    /// Only manifests pushed longer ago
    #[arg(long, value_name = "AGE", requires = "untagged", value_parser = age)]
    older_than: Option<Duration>,
    /// Empty the trash first
    #[arg(long)]
    empty_trash: bool,
    /// End all leases first; refused while a client pushes or pulls
    #[arg(long, conflicts_with = "dry_run")]
    end_leases: bool,
    /// Show the running collection and the results of the last ones
    #[arg(long, conflicts_with_all = ["dry_run", "untagged", "empty_trash", "end_leases"])]
    status: bool,
    #[command(flatten)]
    output: FormatArgs,
    #[command(flatten)]
    root: RootArgs,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Json<'a> {
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
    manifests: u64,
    until: Option<jiff::Timestamp>,
    blobs: u64,
    size: u64,
}

pub(super) async fn run(args: &Args, printer: Printer) -> anyhow::Result<Exit> {
    if args.status {
        let status = args
            .root
            .execute(Operation::CollectionStatus, printer)
            .await?;
        print_status(&status, args.output.format, printer)?;
        return Ok(Exit::Done);
    }
    args.root
        .administer(printer, async |root| collect(root, args, printer).await)
        .await
}

async fn collect(root: &mut Administered, args: &Args, printer: Printer) -> anyhow::Result<Exit> {
    let operation = Operation::Collect(CollectOptions {
        dry_run: args.dry_run,
        untagged: args
            .untagged
            .then(|| milliseconds(args.older_than.unwrap_or_default())),
        empty_trash: args.empty_trash,
        end_leases: args.end_leases,
    });
    let format = args.output.format;
    let mut output = Output::new(format, printer);
    let report: CollectReport = root
        .execute(operation, &mut |entry| output.entry(&entry))
        .await?;
    let rows = output.finish()?;
    match format {
        Format::Table if !printer.reports() => {}
        Format::Table => table(&report, printer)?,
        Format::Name => {}
        Format::Json => printer.json(&json(args.dry_run, &report, &rows))?,
    }
    if args.dry_run {
        printer.note("Nothing was deleted: this was a dry run");
    }
    Ok(Exit::Done)
}

fn json<'a>(dry_run: bool, collected: &'a CollectReport, lines: &'a [Row]) -> Json<'a> {
    let repositories = collected.by_repository.iter();
    Json {
        dry_run,
        manifests: collected.freed.manifests,
        blobs: collected.freed.blobs,
        size: collected.freed.bytes,
        repositories: repositories
            .map(|(name, freed)| RepositoryRow {
                name: name.as_str(),
                manifests: freed.manifests,
                blobs: freed.blobs,
                size: freed.bytes,
            })
            .collect(),
        uploads: collected.uploads,
        files: collected.temporary,
        held: Held {
            manifests: collected.held_manifests,
            until: collected.held_until.map(timestamp),
            blobs: collected.held_blobs,
            size: collected.held_bytes,
        },
        lines,
    }
}

/// The totals, by repository and overall.
fn table(collected: &CollectReport, printer: Printer) -> std::io::Result<()> {
    let row = |name: &str, amount: &Freed| {
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

fn summary(collected: &CollectReport) -> String {
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
    if collected.temporary > 0 {
        let files = count(collected.temporary, "temporary file", "temporary files");
        let size = figures::size(collected.temporary_bytes);
        parts.push(format!("{files} with {size}"));
    }
    if parts.is_empty() {
        parts.push("none".to_owned());
    }
    let garbage = parts.join(", ");
    let mut held = Vec::new();
    if collected.held_manifests > 0 {
        held.push(count(collected.held_manifests, "manifest", "manifests"));
    }
    if collected.held_blobs > 0 {
        let blobs = count(collected.held_blobs, "blob", "blobs");
        let size = figures::size(collected.held_bytes);
        held.push(format!("{blobs} with {size}"));
    }
    if held.is_empty() {
        return format!("Garbage: {garbage}");
    }
    let held = held.join(", ");
    let until = collected.held_until.map(|until| {
        let until = figures::date(timestamp(until));
        format!(", free by {until}")
    });
    let until = until.unwrap_or_default();
    format!("Garbage: {garbage}; held for now: {held}{until}")
}

fn print_status(
    status: &CollectionStatus,
    format: Format,
    printer: Printer,
) -> std::io::Result<()> {
    match format {
        Format::Json => return printer.json(&status_report(status)),
        Format::Name => {
            let runs = status.runs.iter();
            return printer.lines(runs.map(|run| figures::date(timestamp(run.started_at))));
        }
        Format::Table => {}
    }
    match &status.running {
        None => printer.line("No collection runs")?,
        Some(running) => printer.line(&format!(
            "A collection runs since {}: {} manifests and {} blobs with {} deleted, {} left",
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
        let seconds = run.ended_at.map(|end| (end - run.started_at) / 1000);
        let result = match (&run.failure, run.ended_at) {
            (Some(failure), _) => failure.clone(),
            (None, Some(_)) => "done".to_owned(),
            (None, None) if running == Some(run.started_at) => "runs".to_owned(),
            (None, None) => "interrupted".to_owned(),
        };
        vec![
            figures::date(timestamp(run.started_at)),
            run.actor.clone().unwrap_or_else(|| "-".to_owned()),
            seconds.map_or("-".to_owned(), |seconds| seconds.to_string()),
            run.manifests.to_string(),
            run.blobs.to_string(),
            figures::size(run.bytes),
            result,
        ]
    });
    printer.table(&RUN_COLUMNS, rows.collect())
}

fn status_report(status: &CollectionStatus) -> serde_json::Value {
    let amount = |manifests: u64, blobs: u64, bytes: u64| serde_json::json!({ "manifests": manifests, "blobs": blobs, "size": bytes });
    let freed = |run: &CollectionRecord| amount(run.manifests, run.blobs, run.bytes);
    serde_json::json!({
        "running": status.running.map(|running| serde_json::json!({
            "since": timestamp(running.since), "left": running.left,
            "freed": amount(running.freed.manifests, running.freed.blobs, running.freed.bytes),
        })),
        "runs": status.runs.iter().map(|run| serde_json::json!({
            "started": timestamp(run.started_at), "ended": run.ended_at.map(timestamp),
            "by": run.actor, "freed": freed(run), "uploads": run.uploads, "failure": run.failure,
        })).collect::<Vec<_>>(),
    })
}
