//! `regctl du`: how many bytes there are, and for what.

use serde::Serialize;

use super::administration::{RootArgs, name};
use super::exit::{Exit, Usage};
use super::figures;
use super::output::{Format, FormatArgs, Printer};
use super::table::Column;
use crate::oci::Tag;
use crate::server::admin::{self, Operation, Outcome, UsageRow};

const COLUMNS: [Column; 5] = [
    Column::Name("NAME"),
    Column::Figure("SIZE"),
    Column::Figure("UNIQUE"),
    Column::Figure("SHARED"),
    Column::Figure("RECLAIMABLE"),
];

/// Say how many bytes repositories and tags take up
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
SIZE is all that a repository or tag names, each blob once; UNIQUE the part that nothing else of its \
kind names, and that deleting it would set free; SHARED the rest; RECLAIMABLE what regctl gc would \
free now. With REPOSITORY, that repository and those below it, by tag.

JSON: {\"blobs\", \"size\", \"reclaimable\", \"rows\"}; each row {\"name\", \"repository\", \"tag\", \
\"untagged\", \"size\", \"unique\", \"shared\", \"reclaimable\"}, sizes in bytes.

Examples:
  regctl du
  regctl du team/app
  regctl du -o json --root /var/lib/registry")]
pub(super) struct Args {
    /// A repository, or what the names of several begin with, up to a slash
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
    fn of(row: &'a UsageRow) -> Self {
        let repository = row.repository.as_str();
        Self {
            name: match &row.tag {
                Some(tag) => format!("{repository}:{tag}"),
                None if row.untagged => format!("{repository} (untagged)"),
                None => repository.to_owned(),
            },
            repository,
            tag: row.tag.as_ref(),
            untagged: row.untagged,
            size: row.total,
            unique: row.unique,
            shared: row.total.saturating_sub(row.unique),
            reclaimable: row.reclaimable,
        }
    }
}

pub(super) async fn run(args: &Args) -> anyhow::Result<Exit> {
    let printer = Printer::default();
    let under = match &args.repository {
        None => None,
        Some(text) => {
            let name = name(text.trim_end_matches('/'))?;
            if name.tag.is_some() || name.digest.is_some() {
                let reason =
                    format!("{text:?} names a manifest; hint: leave out the tag or digest");
                return Err(Usage(reason).into());
            }
            Some(name.repository)
        }
    };
    let mut session = args.root.open().await?;
    let outcome = session.run(Operation::Usage { under }, &mut |_| {}).await;
    session.close().await?;
    let Outcome::Usage(usage) = outcome? else {
        anyhow::bail!("the server answered something else than was asked");
    };
    print(&usage, args.output.format, printer)?;
    Ok(Exit::Done)
}

fn print(usage: &admin::Usage, format: Format, printer: Printer) -> std::io::Result<()> {
    let rows: Vec<Row<'_>> = usage.rows.iter().map(Row::of).collect();
    match format {
        Format::Json => printer.json(&serde_json::json!({
            "blobs": usage.blobs, "size": usage.bytes, "reclaimable": usage.reclaimable,
            "rows": rows,
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
            let blobs = usize::try_from(usage.blobs).unwrap_or(usize::MAX);
            let reclaimable = match usage.reclaimable {
                Some(bytes) => format!("{} reclaimable now", figures::size(bytes)),
                None => "a collection runs".to_owned(),
            };
            printer.line(&format!(
                "In all: {} with {}; {reclaimable}",
                figures::count(blobs, "blob", "blobs"),
                figures::size(usage.bytes)
            ))
        }
    }
}
