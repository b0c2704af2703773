//! `regctl tags`: the tags of a repository.

use std::collections::HashMap;

use futures_util::{StreamExt, stream};
use jiff::Timestamp;
use parking_lot::Mutex;
use serde::Serialize;

use super::context::{ClientArgs, Context, Place};
use super::exit::Exit;
use super::figures;
use super::output::{Format, FormatArgs, Printer};
use super::progress::Progress;
use super::selection::{Filter, greatest_first};
use super::table::Column;
use crate::client::{Class, Error};
use crate::oci::{Digest, MediaType, Reference, Tag};

/// How many tags are asked about at once.
const CONCURRENCY: usize = 8;

const COLUMNS: [Column; 6] = [
    Column::Name("TAG"),
    Column::Digest("DIGEST"),
    Column::List("PLATFORMS"),
    Column::Figure("SIZE"),
    Column::Text("CREATED"),
    Column::Text("PUSHED"),
];

/// List the tags of a repository
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
A regctl server tells all of it at once. Of other registries each tag's manifest and configuration \
are fetched, and when it was pushed is not known; with -o name nothing but the list is asked for.

JSON: an array of {\"tag\", \"digest\", \"mediaType\", \"platforms\", \"size\", \"created\", \
\"pushed\"}; the size is that of the manifest with all it references, in bytes; times in RFC 3339, \
null for what is not known.

Examples:
  regctl tags team/nginx
  regctl tags team/nginx --filter '1.*' --sort semver
  regctl tags registry.example.org/team/nginx -o name")]
pub(super) struct Args {
    /// The repository, with or without the registry's host before it
    #[arg(value_name = "REPOSITORY")]
    repository: String,
    /// Show only tags that match
    #[arg(long, value_name = "GLOB")]
    filter: Option<String>,
    /// The order: by name, or the newest, largest, or highest version first
    #[arg(long, value_enum, default_value = "name")]
    sort: Sort,
    #[command(flatten)]
    output: FormatArgs,
    #[command(flatten)]
    pub(super) client: ClientArgs,
}

/// What tags can be sorted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Sort {
    /// By name
    Name,
    /// Newest first
    Created,
    /// Largest first
    Size,
    /// Highest version first
    Semver,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Row {
    tag: Tag,
    digest: Option<Digest>,
    media_type: Option<MediaType>,
    platforms: Vec<String>,
    size: Option<u64>,
    created: Option<Timestamp>,
    pushed: Option<Timestamp>,
}

impl Row {
    fn unknown(tag: Tag) -> Self {
        Self {
            tag,
            digest: None,
            media_type: None,
            platforms: Vec::new(),
            size: None,
            created: None,
            pushed: None,
        }
    }
}

pub(super) async fn run(args: &Args, context: &Context) -> anyhow::Result<Exit> {
    let filter = Filter::new(args.filter.as_deref())?;
    let place = context.repository(&args.repository)?;
    let printer = context.printer;
    let format = args.output.format;
    let mut exit = Exit::Done;
    let names_suffice = format == Format::Name && matches!(args.sort, Sort::Name | Sort::Semver);
    let told = if names_suffice {
        None
    } else {
        summaries(&place, &filter).await?
    };
    let mut rows = if let Some(rows) = told {
        rows
    } else {
        let mut tags = place.client.tags(&place.repository).all().await?;
        tags.retain(|tag| filter.passes(tag.as_str()));
        if names_suffice {
            tags.into_iter().map(Row::unknown).collect()
        } else {
            described(&place, tags, printer, &mut exit).await?
        }
    };
    rows.sort_by(|left, right| {
        match args.sort {
            Sort::Name => std::cmp::Ordering::Equal,
            Sort::Created => greatest_first(left.created, right.created),
            Sort::Size => greatest_first(left.size, right.size),
            Sort::Semver => crate::oci::by_version(left.tag.as_str(), right.tag.as_str()),
        }
        .then_with(|| left.tag.cmp(&right.tag))
    });
    match format {
        Format::Json => printer.json(&rows)?,
        Format::Name => printer.lines(rows.iter().map(|row| &row.tag))?,
        Format::Table if rows.is_empty() => printer.remark(&format!(
            "No tags{} in {}",
            if args.filter.is_some() {
                " that match"
            } else {
                ""
            },
            place.shown
        )),
        Format::Table => {
            printer.table(
                &COLUMNS,
                rows.iter().map(|row| cells(row, printer)).collect(),
            )?;
        }
    }
    Ok(exit)
}

fn cells(row: &Row, printer: Printer) -> Vec<String> {
    let or_dash = |text: Option<String>| text.unwrap_or_else(|| "-".into());
    let platforms = Some(row.platforms.join(",")).filter(|platforms| !platforms.is_empty());
    vec![
        row.tag.to_string(),
        or_dash(row.digest.map(|digest| digest.to_string())),
        or_dash(platforms),
        or_dash(row.size.map(figures::size)),
        printer.time(row.created),
        printer.time(row.pushed),
    ]
}

/// What a regctl server tells, one request a page; `None` of another registry.
async fn summaries(place: &Place, filter: &Filter) -> Result<Option<Vec<Row>>, Error> {
    let Some(listing) = place.client.tag_summaries(&place.repository).await? else {
        return Ok(None);
    };
    let summaries = listing.all().await?;
    Ok(Some(
        summaries
            .into_iter()
            .filter(|summary| filter.passes(summary.tag.as_str()))
            .map(|summary| Row {
                tag: summary.tag,
                digest: Some(summary.digest),
                media_type: Some(summary.media_type),
                platforms: summary.platforms,
                size: Some(summary.size),
                created: summary.created,
                pushed: summary.pushed,
            })
            .collect(),
    ))
}

/// What the manifest and the configuration of each tag tell. A tag that can't be read is shown
/// without; one that is gone meanwhile is not shown.
async fn described(
    place: &Place,
    tags: Vec<Tag>,
    printer: Printer,
    exit: &mut Exit,
) -> Result<Vec<Row>, Error> {
    let known = Described::default();
    let progress = Progress::new(printer, tags.len(), "tags");
    let rows = stream::iter(&tags)
        .map(|tag| describe(place, tag, &known))
        .buffered(CONCURRENCY)
        .inspect(|_| progress.step());
    let outcomes: Vec<Result<Row, Error>> = rows.collect().await;
    drop(progress);
    let all_failed = !outcomes.is_empty() && outcomes.iter().all(Result::is_err);
    let mut rows = Vec::with_capacity(tags.len());
    for (tag, outcome) in tags.into_iter().zip(outcomes) {
        match outcome {
            Ok(row) => rows.push(row),
            Err(error) if all_failed => return Err(error),
            Err(error) if error.class() == Class::NotFound => {}
            Err(error) => {
                printer.error(&error.to_string());
                *exit = Exit::Partly;
                rows.push(Row::unknown(tag));
            }
        }
    }
    Ok(rows)
}

/// What a manifest comes to.
#[derive(Clone)]
struct Details {
    media_type: MediaType,
    size: u64,
    platforms: Vec<String>,
    created: Option<Timestamp>,
}

/// What is known already, by digest: many tags point at few manifests.
type Described = Mutex<HashMap<Digest, Details>>;

async fn describe(place: &Place, tag: &Tag, known: &Described) -> Result<Row, Error> {
    let reference = Reference::Tag(tag.clone());
    let manifest = place.client.manifest(&place.repository, &reference).await?;
    let before = known.lock().get(&manifest.digest).cloned();
    let details = match (before, manifest.view()) {
        (Some(details), _) => details,
        (None, Ok(view)) => {
            let size = place.size(&manifest, &view).await?;
            let (platforms, created) = place.platforms(&view).await?;
            let details = Details {
                media_type: view.media_type,
                size,
                platforms,
                created,
            };
            known.lock().insert(manifest.digest, details.clone());
            details
        }
        // What is no manifest that anyone knows still has a digest.
        (None, Err(_)) => {
            return Ok(Row {
                digest: Some(manifest.digest),
                media_type: manifest.media_type,
                ..Row::unknown(tag.clone())
            });
        }
    };
    Ok(Row {
        tag: tag.clone(),
        digest: Some(manifest.digest),
        media_type: Some(details.media_type),
        platforms: details.platforms,
        size: Some(details.size),
        created: details.created,
        pushed: None,
    })
}
