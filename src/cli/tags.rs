//! `regctl tags`: the tags of a repository.

use std::collections::HashMap;

use jiff::Timestamp;
use parking_lot::Mutex;
use serde::Serialize;

use super::context::{ClientArgs, Context, Place};
use super::exit::Exit;
use super::figures;
use super::listing::{Listing, ask};
use super::output::{Format, FormatArgs, Printer};
use super::selection::{Filter, greatest_first};
use super::table::Column;
use crate::client::{Class, Error};
use crate::oci::{Digest, MediaType, Reference, Tag};

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
A regctl server lists all details at once. From other registries each tag's manifest and \
configuration are fetched, and the push time is unknown; with -o name only the list is fetched. \
After a rate limit that outlasts the retries, the rest is listed without details (exit code 5).

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
    /// Show only matching tags
    #[arg(long, value_name = "GLOB")]
    filter: Option<String>,
    /// Sort by name, or the newest, largest, or highest version first
    #[arg(long, value_enum, default_value = "name")]
    sort: Sort,
    #[command(flatten)]
    output: FormatArgs,
    #[command(flatten)]
    pub(super) client: ClientArgs,
}

/// The order of tags.
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
    let listed = if names_suffice {
        None
    } else {
        summaries(&place, &filter).await?
    };
    let mut rows = if let Some(rows) = listed {
        rows
    } else {
        let mut tags = place.client.tags(&place.repository).all().await?;
        tags.retain(|tag| filter.passes(tag.as_str()));
        if names_suffice {
            tags.into_iter().map(Row::unknown).collect()
        } else {
            let (rows, asked) = described(&place, tags, printer).await?;
            exit = asked;
            rows
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
    let which = args.filter.as_ref().map_or("", |_| " that match");
    let listing = Listing {
        printer,
        format,
        columns: &COLUMNS,
        name: |row: &Row| row.tag.to_string(),
        cells,
    };
    listing.print(&rows, &format!("No tags{which} in {}", place.shown))?;
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

/// The listing of a regctl server, one request a page; `None` for another registry.
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
                media_type: summary.media_type,
                platforms: summary.platforms.unwrap_or_default(),
                size: summary.size,
                created: summary.created,
                pushed: summary.pushed,
            })
            .collect(),
    ))
}

/// Details from the manifest and the configuration of each tag. An unreadable tag is shown without
/// them; a tag deleted in the meantime is not shown.
async fn described(
    place: &Place,
    tags: Vec<Tag>,
    printer: Printer,
) -> Result<(Vec<Row>, Exit), Error> {
    let known = &Described::default();
    let question = |tag: Tag| async move {
        match describe(place, &tag, known).await {
            Err(error) if error.class() == Class::NotFound => Ok(None),
            result => result.map(Some),
        }
    };
    let (rows, exit) = ask(tags, "tags", printer, question).await?;
    let rows = rows.into_iter().filter_map(|(tag, row)| match row {
        Some(row) => row,
        None => Some(Row::unknown(tag)),
    });
    Ok((rows.collect(), exit))
}

/// The details of an image in its manifest.
#[derive(Clone)]
struct Details {
    media_type: MediaType,
    size: u64,
    platforms: Vec<String>,
    created: Option<Timestamp>,
}

/// Details by digest: many tags point at few manifests.
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
        // A document of an unknown type still has a digest.
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
