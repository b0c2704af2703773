//! `regctl trash`: what was deleted and can be restored.

use jiff::Timestamp;
use serde::Serialize;

use super::administration::{RootArgs, timestamp};
use super::exit::Exit;
use super::figures;
use super::output::{Format, FormatArgs, Printer};
use super::table::Column;
use crate::oci::{Digest, Tag};
use crate::server::admin::{Operation, Outcome, Thing, Trashed};

const COLUMNS: [Column; 5] = [
    Column::Name("DELETED"),
    Column::Text("WHEN"),
    Column::Text("UNTIL"),
    Column::Figure("SIZE"),
    Column::List("TAGS"),
];

/// List what was deleted and can be restored
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
A size is that of all that belongs to it; some of it may be held by others as well.

JSON: an array of {\"kind\", \"name\", \"tags\", \"manifests\", \"size\", \"deleted\", \"until\"}.

Examples:
  regctl trash
  regctl trash --empty")]
pub(super) struct Args {
    /// Let go of all of it; the next gc takes the bytes
    #[arg(long)]
    empty: bool,
    #[command(flatten)]
    output: FormatArgs,
    #[command(flatten)]
    root: RootArgs,
}

#[derive(Serialize)]
struct Row {
    kind: Thing,
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
            kind: trashed.thing,
            name: name(&trashed),
            tags: trashed.tags.into_iter().map(|(tag, _)| tag).collect(),
            manifests: trashed.manifests,
            size: trashed.bytes,
            deleted: timestamp(trashed.deleted),
            until: timestamp(trashed.until),
        }
    }
}

/// What `regctl restore` takes to bring it back.
fn name(trashed: &Trashed) -> String {
    let repository = &trashed.repository;
    match (
        trashed.thing,
        trashed.tags.first(),
        trashed.manifests.first(),
    ) {
        (Thing::Repository, _, _) | (_, None, None) => repository.to_string(),
        (_, Some((tag, _)), _) => format!("{repository}:{tag}"),
        (_, None, Some(digest)) => format!("{repository}@{digest}"),
    }
}

pub(super) async fn run(args: &Args) -> anyhow::Result<Exit> {
    let printer = Printer::default();
    let mut session = args.root.open().await?;
    let operation = if args.empty {
        Operation::EmptyTrash
    } else {
        Operation::Trash
    };
    let outcome = session.run(operation, &mut |_| {}).await;
    session.close().await?;
    match (outcome?, args.output.format) {
        (Outcome::Emptied(count), Format::Json) => {
            printer.json(&serde_json::json!({ "emptied": count }))?;
        }
        (Outcome::Emptied(count), Format::Table) => {
            let count = usize::try_from(count).unwrap_or(usize::MAX);
            let deletions = figures::count(count, "deletion", "deletions");
            printer.line(&format!("{deletions} can't be restored any more"))?;
        }
        (Outcome::Trash(trash), format) => {
            let rows: Vec<Row> = trash.into_iter().map(Row::from).collect();
            print(&rows, format, printer)?;
        }
        _ => {}
    }
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
