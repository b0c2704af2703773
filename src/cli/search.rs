//! `regctl search`: repositories by name and description.

use anyhow::Context as _;
use serde::Serialize;

use super::context::{ClientArgs, Context};
use super::exit::Exit;
use super::output::{Format, FormatArgs};
use super::table::Column;
use crate::client::{Client, FoundRepository};

const COLUMNS: [Column; 3] = [
    Column::Name("REPOSITORY"),
    Column::Figure("STARS"),
    Column::Line("DESCRIPTION"),
];

/// Search for repositories
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
The best matches come first. If a registry has no search, its repositories are listed, and those with the \
term in their name are shown.

JSON: an array of {\"name\", \"description\", \"stars\"}.

Examples:
  regctl search nginx
  regctl search nginx --registry registry.example.org -o json")]
pub(super) struct Args {
    /// The term to find in names and descriptions
    term: String,
    /// Maximum number of results
    #[arg(long, value_name = "N", default_value_t = 25)]
    limit: usize,
    #[command(flatten)]
    output: FormatArgs,
    #[command(flatten)]
    pub(super) client: ClientArgs,
}

#[derive(Serialize)]
struct Row {
    name: String,
    description: String,
    stars: u64,
}

impl From<FoundRepository> for Row {
    fn from(found: FoundRepository) -> Self {
        Self {
            name: found.name,
            description: found.description,
            stars: found.star_count,
        }
    }
}

pub(super) async fn run(args: &Args, context: &Context) -> anyhow::Result<Exit> {
    let client = context.client(None)?;
    let printer = context.printer;
    let found = client.search(&args.term, args.limit).await?;
    let rows: Vec<Row> = match found {
        Some(found) => found.into_iter().map(Row::from).collect(),
        None => listed(&client, args).await.with_context(|| {
            let registry = client.registry();
            format!("{registry} offers no search, and its repositories can't be listed instead")
        })?,
    };
    match args.output.format {
        Format::Json => printer.json(&rows)?,
        Format::Name => printer.lines(rows.iter().map(|row| &row.name))?,
        Format::Table if rows.is_empty() => {
            printer.remark(&format!("Nothing matches {:?}", args.term));
        }
        Format::Table => {
            let cells = rows.into_iter().map(|row| {
                let description = if row.description.is_empty() {
                    "-".to_owned()
                } else {
                    row.description
                };
                vec![row.name, row.stars.to_string(), description]
            });
            printer.table(&COLUMNS, cells.collect())?;
        }
    }
    Ok(Exit::Done)
}

/// The repositories of a registry without a search whose name has the term.
async fn listed(client: &Client, args: &Args) -> anyhow::Result<Vec<Row>> {
    let term = args.term.to_lowercase();
    let mut rows = Vec::new();
    let mut pages = client.catalog();
    while rows.len() < args.limit
        && let Some(page) = pages.page().await?
    {
        let matching = page
            .into_iter()
            .filter(|name| name.as_str().contains(&term));
        rows.extend(matching.map(|name| Row {
            name: name.to_string(),
            description: String::new(),
            stars: 0,
        }));
    }
    rows.truncate(args.limit);
    Ok(rows)
}
