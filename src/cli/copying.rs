//! The shared parts of `copy` and `sync`: flags, the images of a run, the report.

use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicBool, Ordering};

use futures_util::{StreamExt, stream};
use serde::Serialize;

use super::context::{Context, Place};
use super::exit::{Exit, Usage};
use super::figures;
use super::output::{Format, Printer};
use super::table::Column;
use super::transfers::Transfers;
use crate::archive::parse_platform;
use crate::client::Error;
use crate::oci::{Digest, Reference, Tag};
use crate::transfer::copy::{self, Copied, Copy, Moved, Options};

/// Number of images copied at once; `--jobs` limits the blobs.
const IMAGES: usize = 4;

/// The error of an image after a rate limit.
const NOT_TRIED: &str = "not tried because of the rate limit";

const COLUMNS: [Column; 5] = [
    Column::Name("IMAGE"),
    Column::Digest("DIGEST"),
    Column::Text("OUTCOME"),
    Column::Figure("SENT"),
    Column::Text("BLOBS"),
];

/// Flags of commands that copy.
#[derive(Debug, clap::Args)]
pub(super) struct CopyArgs {
    /// Copy only the image for this platform from an index
    #[arg(long, value_name = "OS/ARCH[/VARIANT]")]
    platform: Option<String>,
    /// Copy signatures and other referrers of the images as well
    #[arg(long)]
    referrers: bool,
    /// Number of blobs that move at once
    #[arg(short, long, value_name = "N", default_value = "3", value_parser = jobs)]
    jobs: NonZeroUsize,
    /// Print what would be done, and do nothing
    #[arg(long)]
    pub(super) dry_run: bool,
}

fn jobs(text: &str) -> Result<NonZeroUsize, String> {
    text.parse()
        .map_err(|_| format!("{text:?} is not a number from 1 on"))
}

/// The result for one image, or for a tag at the destination.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Outcome {
    Copied,
    Skipped,
    Planned,
    Deleted,
    Failed,
}

/// A line of the report.
#[derive(Serialize)]
pub(super) struct Row {
    /// The source; `None` for a deleted tag.
    source: Option<String>,
    name: String,
    digest: Option<Digest>,
    outcome: Outcome,
    bytes: u64,
    sent: usize,
    mounted: usize,
    exists: usize,
    error: Option<String>,
    #[serde(skip)]
    exit: Exit,
}

impl Row {
    fn new(name: String, digest: Option<Digest>, outcome: Outcome) -> Self {
        Self {
            source: None,
            name,
            digest,
            outcome,
            bytes: 0,
            sent: 0,
            mounted: 0,
            exists: 0,
            error: None,
            exit: Exit::Done,
        }
    }

    /// A tag that was deleted or, in a dry run, would be.
    pub(super) fn deleted(name: String, dry_run: bool) -> Self {
        let outcome = if dry_run {
            Outcome::Planned
        } else {
            Outcome::Deleted
        };
        Self::new(name, None, outcome)
    }

    pub(super) fn has_failed(&self) -> bool {
        self.outcome == Outcome::Failed
    }

    pub(super) fn failed(name: String, error: Error) -> Self {
        let text = error.to_string();
        Self {
            error: Some(text),
            exit: Exit::of(&error.into()),
            ..Self::new(name, None, Outcome::Failed)
        }
    }

    /// An image that was not tried because of a rate limit.
    fn not_tried(name: String) -> Self {
        Self {
            error: Some(NOT_TRIED.to_owned()),
            exit: Exit::Unavailable,
            ..Self::new(name, None, Outcome::Failed)
        }
    }

    fn is_left(&self) -> bool {
        self.error.as_deref() == Some(NOT_TRIED)
    }

    fn copied(name: String, copied: &Copied, dry_run: bool) -> Self {
        let outcome = match copied.skipped {
            true => Outcome::Skipped,
            false if dry_run => Outcome::Planned,
            false => Outcome::Copied,
        };
        let Moved {
            bytes,
            sent,
            mounted,
            exists,
            ..
        } = copied.moved;
        Self {
            bytes,
            sent,
            mounted,
            exists,
            ..Self::new(name, Some(copied.digest), outcome)
        }
    }

    fn cells(&self) -> Vec<String> {
        let word = match self.outcome {
            Outcome::Copied => "copied",
            Outcome::Skipped => "skipped",
            Outcome::Planned if self.source.is_none() => "to delete",
            Outcome::Planned => "to copy",
            Outcome::Deleted => "deleted",
            Outcome::Failed => "failed",
        };
        let counts = [
            (self.sent, "sent"),
            (self.mounted, "mounted"),
            (self.exists, "exist"),
        ];
        let counts = counts.into_iter().filter(|(count, _)| *count > 0);
        let counts: Vec<String> = counts
            .map(|(count, word)| format!("{count} {word}"))
            .collect();
        let blobs = if counts.is_empty() {
            "-".to_owned()
        } else {
            counts.join(", ")
        };
        let dash = || "-".to_owned();
        vec![
            self.name.clone(),
            self.digest.map_or_else(dash, |digest| digest.to_string()),
            word.to_owned(),
            if self.bytes > 0 {
                figures::size(self.bytes)
            } else {
                dash()
            },
            blobs,
        ]
    }
}

/// One image: its reference at the source and at the destination; its digest, if it gets no tag.
pub(super) struct Order {
    pub(super) source: Reference,
    pub(super) destination: Option<Reference>,
}

impl Order {
    /// A tag that keeps its name.
    pub(super) fn tag(tag: Tag) -> Self {
        let reference = Reference::Tag(tag);
        Self {
            source: reference.clone(),
            destination: Some(reference),
        }
    }
}

/// All tags of a repository, sorted by name: not every registry sorts its lists.
pub(super) async fn tags(place: &Place) -> Result<Vec<Tag>, Error> {
    let mut tags: Vec<Tag> = place.client.tags(&place.repository).all().await?;
    tags.sort();
    // A source that pages oddly lists some several times.
    tags.dedup();
    Ok(tags)
}

/// Copies images from one repository to another. Returns the rows in the given order.
pub(super) async fn copy(
    args: &CopyArgs,
    context: &Context,
    from: &Place,
    to: &Place,
    orders: Vec<Order>,
) -> anyhow::Result<Vec<Row>> {
    let printer = context.printer;
    let platform = args.platform.as_ref().map(|text| {
        parse_platform(text).ok_or_else(|| {
            Usage(format!(
                "--platform: {text:?} is not a platform; hint: one is written linux/amd64 or \
                 linux/arm/v7"
            ))
        })
    });
    let options = Options {
        platform: platform.transpose()?,
        referrers: args.referrers,
        jobs: args.jobs,
        dry_run: args.dry_run,
    };
    let transfers = Transfers::new(printer);
    let copy = Copy::new(place(from), place(to), options, transfers.listener());
    let copy = &copy;
    // After a rate limit the other images are not tried: each would only wait for as long.
    let limited = &AtomicBool::new(false);
    let rows = stream::iter(orders).map(|order| async move {
        let Order {
            source,
            destination,
        } = order;
        if limited.load(Ordering::Relaxed) {
            let name = to.name(destination.as_ref().unwrap_or(&source));
            return Row {
                source: Some(from.name(&source)),
                ..Row::not_tried(name)
            };
        }
        let copied = copy.image(&source, destination.as_ref()).await;
        let name = |digest: Option<Digest>| match (&destination, digest) {
            (Some(destination), _) => to.name(destination),
            (None, Some(digest)) => to.name(&Reference::Digest(digest)),
            (None, None) => to.name(&source),
        };
        let row = match copied {
            Ok(copied) => Row::copied(name(Some(copied.digest)), &copied, args.dry_run),
            Err(error) => {
                let is_limit = error.is_rate_limit();
                // Several that are under way fail for the one reason.
                if !(limited.fetch_or(is_limit, Ordering::Relaxed) && is_limit) {
                    printer.error(&error.to_string());
                }
                Row::failed(name(None), error)
            }
        };
        Row {
            source: Some(from.name(&source)),
            ..row
        }
    });
    let rows: Vec<Row> = rows.buffered(IMAGES).collect().await;
    let left = rows.iter().filter(|row| row.is_left()).count();
    if left > 0 {
        let images = figures::count(left, "image was", "images were");
        printer.warning(&format!("{images} {NOT_TRIED}"));
    }
    if !args.dry_run {
        transfers.end();
    }
    Ok(rows)
}

fn place(place: &Place) -> copy::Place {
    copy::Place {
        client: (*place.client).clone(),
        repository: place.repository.clone(),
    }
}

/// Prints the results. With several images, `Exit::Partly` if some failed.
pub(super) fn report(
    rows: &[Row],
    format: Format,
    printer: Printer,
    dry_run: bool,
) -> anyhow::Result<Exit> {
    match format {
        Format::Json => printer.json(&rows)?,
        Format::Name => {
            let there = rows
                .iter()
                .filter(|row| row.source.is_some() && row.outcome != Outcome::Failed);
            printer.lines(there.map(|row| &row.name))?;
        }
        Format::Table if !printer.reports() => {}
        Format::Table if rows.is_empty() => printer.remark("Nothing to copy"),
        Format::Table => printer.table(&COLUMNS, rows.iter().map(Row::cells).collect())?,
    }
    if dry_run {
        printer.note("Nothing was changed: this was a dry run");
    }
    Ok(Exit::of_all(rows.iter().map(|row| row.exit)))
}
