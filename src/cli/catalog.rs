//! `regctl catalog`: the repositories of a registry.

use futures_util::{StreamExt, stream};
use jiff::Timestamp;
use serde::Serialize;

use super::context::{ClientArgs, Context, EarlyArgs};
use super::exit::{Exit, Usage};
use super::figures;
use super::output::{Format, FormatArgs, Printer};
use super::progress::Progress;
use super::selection::{Filter, greatest_first};
use super::table::Column;
use crate::client::{Class, Client, Error};
use crate::oci::Repository;

/// How many repositories are asked about at once.
const CONCURRENCY: usize = 8;

const COLUMNS: [Column; 4] = [
    Column::Name("REPOSITORY"),
    Column::Figure("TAGS"),
    Column::Figure("SIZE"),
    Column::Text("PUSHED"),
];

/// List the repositories of a registry
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Sizes and dates are known of regctl's own servers only; of other registries the number of tags is \
asked for, repository by repository.

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
    /// Show only names that match: `*` and `?` stop at a slash, `**` does not
    #[arg(long, value_name = "GLOB")]
    filter: Option<String>,
    /// The order: by name, or the last pushed or largest first
    #[arg(long, value_enum, default_value = "name")]
    sort: Sort,
    #[command(flatten)]
    output: FormatArgs,
    #[command(flatten)]
    client: ClientArgs,
}

impl Args {
    /// How the command speaks to the registry.
    pub(super) fn client(&self, early: &EarlyArgs) -> Result<ClientArgs, Usage> {
        self.client.with(early).naming(self.host.as_deref())
    }
}

/// What repositories can be sorted by.
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
                "{} does not tell sizes and dates of repositories; they are sorted by name",
                client.registry()
            ));
        }
        rows = Some(if format == Format::Name {
            names.into_iter().map(Row::unknown).collect()
        } else {
            counted(&client, names, printer, &mut exit).await?
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
    match format {
        Format::Json => printer.json(&rows)?,
        Format::Name => printer.lines(rows.iter().map(|row| &row.name))?,
        Format::Table if rows.is_empty() => printer.remark(&format!(
            "No repositories{} on {}",
            if args.filter.is_some() {
                " that match"
            } else {
                ""
            },
            client.registry()
        )),
        Format::Table => printer.table(
            &COLUMNS,
            rows.iter().map(|row| cells(row, printer)).collect(),
        )?,
    }
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

/// What a regctl server tells, one request a page; `None` of another registry.
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
                tags: Some(summary.tags),
                manifests: Some(summary.manifests),
                size: Some(summary.size),
                pushed: summary.pushed,
            })
            .collect(),
    ))
}

/// The number of tags of each, as any registry tells it. One that can't be counted is shown without.
async fn counted(
    client: &Client,
    names: Vec<Repository>,
    printer: Printer,
    exit: &mut Exit,
) -> Result<Vec<Row>, Error> {
    let progress = Progress::new(printer, names.len(), "repositories");
    let counts = stream::iter(&names)
        .map(|name| async move {
            match client.tags(name).all().await {
                Ok(tags) => Ok(tags.len() as u64),
                // registry:2 lists repositories that are empty, and then does not know them.
                Err(error) if error.class() == Class::NotFound => Ok(0),
                Err(error) => Err(error),
            }
        })
        .buffered(CONCURRENCY)
        .inspect(|_| progress.step());
    let counts: Vec<Result<u64, Error>> = counts.collect().await;
    drop(progress);
    let all_failed = !counts.is_empty() && counts.iter().all(Result::is_err);
    let mut rows = Vec::with_capacity(names.len());
    for (name, count) in names.into_iter().zip(counts) {
        let mut row = Row::unknown(name);
        match count {
            Ok(count) => row.tags = Some(count),
            Err(error) if all_failed => return Err(error),
            Err(error) => {
                printer.error(&error.to_string());
                *exit = Exit::Partly;
            }
        }
        rows.push(row);
    }
    Ok(rows)
}
