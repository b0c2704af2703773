//! `regctl du`: the disk usage of repositories and tags.

use serde::Serialize;

use super::administration::{RootArgs, name, timestamp};
use super::exit::{Exit, Usage as UsageError};
use super::figures;
use super::output::{Format, FormatArgs, Printer};
use super::table::Column;
use crate::admin::{Operation, Restorable, Usage, UsageReport};
use crate::oci::{Repository, Tag};

const COLUMNS: [Column; 5] = [
    Column::Name("NAME"),
    Column::Figure("SIZE"),
    Column::Figure("UNIQUE"),
    Column::Figure("SHARED"),
    Column::Figure("RECLAIMABLE"),
];

/// Show the disk usage of repositories and tags
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
SIZE is everything that a repository or tag references, each blob once; UNIQUE the part that no \
other one references and that deleting it would free; SHARED the rest; RECLAIMABLE what regctl gc \
would free now. With REPOSITORY, that repository and those below it, by tag.

JSON: {\"blobs\", \"size\", \"reclaimable\", \"reclaimableUntagged\", \"held\", \"heldUntil\", \
\"rows\"}; each row {\"name\", \"repository\", \"tag\", \
\"untagged\", \"size\", \"unique\", \"shared\", \"reclaimable\"}, sizes in bytes.

Examples:
  regctl du
  regctl du team/app
  regctl du -o json --root /var/lib/registry")]
pub(super) struct Args {
    /// A repository, or a namespace with a slash at its end
    #[arg(value_name = "REPOSITORY")]
    repository: Option<String>,
    #[command(flatten)]
    output: FormatArgs,
    #[command(flatten)]
    root: RootArgs,
}

#[derive(Serialize)]
struct Row<'a> {
    name: String,
    repository: &'a str,
    tag: Option<&'a Tag>,
    untagged: bool,
    size: u64,
    unique: u64,
    shared: u64,
    reclaimable: Option<u64>,
}

impl<'a> Row<'a> {
    fn new(repository: &'a Repository, usage: Usage) -> Self {
        Self {
            name: repository.to_string(),
            repository: repository.as_str(),
            tag: None,
            untagged: false,
            size: usage.total,
            unique: usage.unique,
            shared: usage.total.saturating_sub(usage.unique),
            reclaimable: None,
        }
    }
}

/// A row for each repository, and one for each tag of requested repositories.
fn rows(report: &UsageReport, with_tags: bool) -> Vec<Row<'_>> {
    let mut rows = Vec::new();
    for (repository, usage) in &report.repositories {
        rows.push(Row {
            reclaimable: Some(usage.reclaimable),
            ..Row::new(repository, usage.whole)
        });
        if !with_tags {
            continue;
        }
        for (tag, of_tag) in &usage.tags {
            rows.push(Row {
                name: format!("{repository}:{tag}"),
                tag: Some(tag),
                ..Row::new(repository, *of_tag)
            });
        }
        if usage.untagged.total > 0 {
            rows.push(Row {
                name: format!("{repository} (untagged)"),
                untagged: true,
                ..Row::new(repository, usage.untagged)
            });
        }
    }
    rows
}

pub(super) async fn run(args: &Args, printer: Printer) -> anyhow::Result<Exit> {
    let under = match &args.repository {
        None => None,
        Some(text) => {
            let Restorable::Repository(repository) = name(text.trim_end_matches('/'))? else {
                let reason =
                    format!("{text:?} names a manifest; hint: leave out the tag or digest");
                return Err(UsageError(reason).into());
            };
            Some(repository)
        }
    };
    let with_tags = under.is_some();
    let report: UsageReport = args
        .root
        .execute(Operation::Usage { under }, printer)
        .await?;
    print(&report, with_tags, args.output.format, printer)?;
    Ok(Exit::Done)
}

fn print(
    report: &UsageReport,
    with_tags: bool,
    format: Format,
    printer: Printer,
) -> std::io::Result<()> {
    let rows = rows(report, with_tags);
    match format {
        Format::Json => printer.json(&serde_json::json!({
            "blobs": report.blobs, "size": report.bytes, "reclaimable": report.reclaimable,
            "reclaimableUntagged": report.reclaimable_untagged, "held": report.held,
            "heldUntil": report.held_until.map(timestamp), "rows": rows,
        })),
        Format::Name => printer.lines(rows.iter().map(|row| &row.name)),
        Format::Table => {
            let cells = rows.iter().map(|row| {
                vec![
                    row.name.clone(),
                    figures::size(row.size),
                    figures::size(row.unique),
                    figures::size(row.shared),
                    row.reclaimable.map_or("-".to_owned(), figures::size),
                ]
            });
            if !rows.is_empty() {
                printer.table(&COLUMNS, cells.collect())?;
            }
            let blobs = usize::try_from(report.blobs).unwrap_or(usize::MAX);
            let mut parts = vec![format!(
                "{} reclaimable now",
                figures::size(report.reclaimable)
            )];
            if report.reclaimable_untagged > report.reclaimable {
                let size = figures::size(report.reclaimable_untagged);
                parts.push(format!("{size} with gc --untagged"));
            }
            if report.held > 0 {
                let until = report.held_until.map(|until| {
                    let until = figures::date(timestamp(until));
                    format!(", free by {until}")
                });
                let (size, until) = (figures::size(report.held), until.unwrap_or_default());
                parts.push(format!("{size} held for now{until}"));
            }
            printer.line(&format!(
                "In all: {} with {}; {}",
                figures::count(blobs, "blob", "blobs"),
                figures::size(report.bytes),
                parts.join("; ")
            ))
        }
    }
}
