//! `regctl catalog`: the repositories of a registry.

use jiff::Timestamp;
use serde::Serialize;

use super::context::{ClientArgs, Context, EarlyArgs};
use super::exit::{Exit, Usage};
use super::figures;
use super::listing::{Listing, ask};
use super::output::{Format, FormatArgs, Printer};
use super::selection::{Filter, greatest_first};
use super::table::Column;
use crate::client::{Class, Client, Error};
use crate::oci::Repository;

const COLUMNS: [Column; 4] = [
    Column::Name("REPOSITORY"),
    Column::Figure("TAGS"),
    Column::Figure("SIZE"),
    Column::Text("PUSHED"),
];

/// List the repositories of a registry
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Only regctl servers list sizes and dates; from other registries the tags of each repository are \
counted.

JSON: an array of {\"name\", \"tags\", \"manifests\", \"size\", \"pushed\"}; sizes in bytes, times \
in RFC 3339, null for what is not known.

Examples:
  regctl catalog
  regctl catalog --filter 'team/**' --sort size
  regctl catalog --registry registry.example.org -o name")]
pub(super) struct Args {
    /// The registry [default: as for --registry]
    #[arg(value_name = "HOST[:PORT]")]
    host: Option<String>,
    /// Show only matching names: `*` and `?` stop at a slash, `**` does not
    #[arg(long, value_name = "GLOB")]
    filter: Option<String>,
    /// Sort by name, or the last pushed or largest first
    #[arg(long, value_enum, default_value = "name")]
    sort: Sort,
    #[command(flatten)]
    output: FormatArgs,
    #[command(flatten)]
    client: ClientArgs,
}

impl Args {
    /// The flags of the connection.
    pub(super) fn client(&self, early: &EarlyArgs) -> Result<ClientArgs, Usage> {
        self.client.with(early).naming(self.host.as_deref())
    }
}

/// The order of repositories.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Sort {
    /// By name
    Name,
    /// Last pushed first
    #[value(alias = "pushed")]
    Created,
    /// Largest first
    Size,
}

#[derive(Serialize)]
struct Row {
    name: Repository,
    tags: Option<u64>,
    manifests: Option<u64>,
    size: Option<u64>,
    pushed: Option<Timestamp>,
}

impl Row {
    fn unknown(name: Repository) -> Self {
        Self {
            name,
            tags: None,
            manifests: None,
            size: None,
            pushed: None,
        }
    }
}

pub(super) async fn run(args: &Args, context: &Context) -> anyhow::Result<Exit> {
    let filter = Filter::new(args.filter.as_deref())?;
    let client = context.client(None)?;
    let printer = context.printer;
    let format = args.output.format;
    let mut exit = Exit::Done;
    let names_suffice = format == Format::Name && args.sort == Sort::Name;
    let mut rows = if names_suffice {
        None
    } else {
        summaries(&client, &filter).await?
    };
    if rows.is_none() {
        let mut names = client.catalog().all().await?;
        names.retain(|name| filter.passes(name.as_str()));
        if args.sort != Sort::Name {
            printer.warning(&format!(
                "{} does not list sizes and dates of repositories; they are sorted by name",
                client.registry()
            ));
        }
        rows = Some(if format == Format::Name {
            names.into_iter().map(Row::unknown).collect()
        } else {
            let (rows, asked) = counted(&client, names, printer).await?;
            exit = asked;
            rows
        });
    }
    let mut rows = rows.unwrap_or_default();
    rows.sort_by(|left, right| {
        match args.sort {
            Sort::Name => std::cmp::Ordering::Equal,
            Sort::Created => greatest_first(left.pushed, right.pushed),
            Sort::Size => greatest_first(left.size, right.size),
        }
        .then_with(|| left.name.cmp(&right.name))
    });
    let which = args.filter.as_ref().map_or("", |_| " that match");
    let listing = Listing {
        printer,
        format,
        columns: &COLUMNS,
        name: |row: &Row| row.name.to_string(),
        cells,
    };
    listing.print(
        &rows,
        &format!("No repositories{which} on {}", client.registry()),
    )?;
    Ok(exit)
}

fn cells(row: &Row, printer: Printer) -> Vec<String> {
    let or_dash = |text: Option<String>| text.unwrap_or_else(|| "-".into());
    vec![
        row.name.to_string(),
        or_dash(row.tags.map(|tags| tags.to_string())),
        or_dash(row.size.map(figures::size)),
        printer.time(row.pushed),
    ]
}

/// The listing of a regctl server, one request a page; `None` for another registry.
async fn summaries(client: &Client, filter: &Filter) -> Result<Option<Vec<Row>>, Error> {
    let Some(listing) = client.catalog_summaries().await? else {
        return Ok(None);
    };
    let summaries = listing.all().await?;
    Ok(Some(
        summaries
            .into_iter()
            .filter(|summary| filter.passes(summary.name.as_str()))
            .map(|summary| Row {
                name: summary.name,
                tags: summary.tags,
                manifests: summary.manifests,
                size: summary.size,
                pushed: summary.pushed,
            })
            .collect(),
    ))
}

/// The number of tags of each repository, from any registry; empty if the tags can't be listed.
async fn counted(
    client: &Client,
    names: Vec<Repository>,
    printer: Printer,
) -> Result<(Vec<Row>, Exit), Error> {
    let count = |name: Repository| async move {
        match client.tags(&name).all().await {
            Ok(tags) => Ok(tags.len() as u64),
            // registry:2 lists empty repositories, but answers 404 for them.
            Err(error) if error.class() == Class::NotFound => Ok(0),
            Err(error) => Err(error),
        }
    };
    let (counts, exit) = ask(names, "repositories", printer, count).await?;
    let row = |(name, tags)| Row {
        tags,
        ..Row::unknown(name)
    };
    Ok((counts.into_iter().map(row).collect(), exit))
}
