//! `regctl trash`: lists deletions that can be restored.

use jiff::Timestamp;
use serde::Serialize;

use super::administration::{RootArgs, timestamp};
use super::exit::Exit;
use super::figures;
use super::output::{Format, FormatArgs, Printer};
use super::table::Column;
use crate::admin::{Emptied, Operation, Trash, Trashed, TrashedKind};
use crate::oci::{Digest, Tag};

const COLUMNS: [Column; 5] = [
    Column::Name("DELETED"),
    Column::Text("WHEN"),
    Column::Text("UNTIL"),
    Column::Figure("SIZE"),
    Column::List("TAGS"),
];

/// List deletions that can be restored
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
The size is that of all deleted content; other manifests may reference some of it as well.

JSON: an array of {\"kind\", \"name\", \"tags\", \"manifests\", \"size\", \"deleted\", \"until\"}.

Examples:
  regctl trash
  regctl trash --empty")]
pub(super) struct Args {
    /// Empty the trash; the next gc frees the bytes
    #[arg(long)]
    empty: bool,
    #[command(flatten)]
    output: FormatArgs,
    #[command(flatten)]
    root: RootArgs,
}

#[derive(Serialize)]
struct Row {
    kind: TrashedKind,
    name: String,
    tags: Vec<Tag>,
    manifests: Vec<Digest>,
    size: u64,
    deleted: Timestamp,
    until: Timestamp,
}

impl From<Trashed> for Row {
    fn from(trashed: Trashed) -> Self {
        Self {
            kind: trashed.kind,
            name: name(&trashed),
            tags: trashed.tags.into_iter().map(|(tag, _)| tag).collect(),
            manifests: trashed.manifests,
            size: trashed.bytes,
            deleted: timestamp(trashed.deleted_at),
            until: timestamp(trashed.expires_at),
        }
    }
}

/// The argument of `regctl restore` that restores it.
fn name(trashed: &Trashed) -> String {
    let repository = &trashed.repository;
    match (
        trashed.kind,
        trashed.tags.first(),
        trashed.manifests.first(),
    ) {
        (TrashedKind::Repository, _, _) | (_, None, None) => repository.to_string(),
        (_, Some((tag, _)), _) => format!("{repository}:{tag}"),
        (_, None, Some(digest)) => format!("{repository}@{digest}"),
    }
}

pub(super) async fn run(args: &Args, printer: Printer) -> anyhow::Result<Exit> {
    let format = args.output.format;
    if args.empty {
        let Emptied { deletions } = args.root.execute(Operation::EmptyTrash, printer).await?;
        match format {
            Format::Json => printer.json(&serde_json::json!({ "emptied": deletions }))?,
            Format::Table => {
                let count = usize::try_from(deletions).unwrap_or(usize::MAX);
                let deletions = figures::count(count, "deletion", "deletions");
                printer.report(&format!("{deletions} can't be restored any more"))?;
            }
            Format::Name => {}
        }
        return Ok(Exit::Done);
    }
    let trash: Trash = args.root.execute(Operation::Trash, printer).await?;
    let rows: Vec<Row> = trash.deletions.into_iter().map(Row::from).collect();
    print(&rows, format, printer)?;
    Ok(Exit::Done)
}

fn print(rows: &[Row], format: Format, printer: Printer) -> std::io::Result<()> {
    match format {
        Format::Json => printer.json(&rows),
        Format::Name => printer.lines(rows.iter().map(|row| &row.name)),
        Format::Table if rows.is_empty() => {
            printer.remark("The trash is empty");
            Ok(())
        }
        Format::Table => {
            let cells = rows.iter().map(|row| {
                let tags: Vec<&str> = row.tags.iter().map(Tag::as_str).collect();
                vec![
                    row.name.clone(),
                    printer.time(Some(row.deleted)),
                    figures::date(row.until),
                    figures::size(row.size),
                    if tags.is_empty() {
                        "-".to_owned()
                    } else {
                        tags.join(",")
                    },
                ]
            });
            printer.table(&COLUMNS, cells.collect())
        }
    }
}
