//! `regctl sync`: makes the tags of a repository equal to those of another.

use std::collections::HashSet;

use futures_util::{StreamExt as _, TryStreamExt as _, stream};

use super::context::{ClientArgs, Context, Place};
use super::copying::{CopyArgs, Order, Row, copy, report, tags};
use super::exit::{Exit, Usage};
use super::figures;
use super::output::{FormatArgs, Printer};
use super::selection::Filter;
use crate::client::{Class, Error, is_fallback_tag};
use crate::oci::{Reference, Tag};

/// Number of tags queried at the source at once.
const QUESTIONS: usize = 8;

/// Make the tags of a repository equal to those of another
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Copies every tag that is missing or differs, as `regctl copy --all-tags` does. With --delete, \
tags that the source does not have are deleted at the destination after all others were copied. \
Each of them is queried at the source first, so that a truncated list deletes nothing, \
and an empty source is refused. \
Fallback tags of referrers (sha256-…) are kept, and lists under them are merged.

JSON: as of `regctl copy`; of what is deleted the source is null and the outcome \"deleted\", or \
\"planned\" with --dry-run.

Exit codes: 0 all done, 3 not found, 4 denied, 5 some done and some not, 6 unavailable.

Examples:
  regctl sync team/app other.example.org:5000/team/app
  regctl sync --dry-run --delete team/app other.example.org:5000/team/app
  regctl sync --match '1.*' --delete --yes team/app other.example.org:5000/team/app")]
pub(super) struct Args {
    /// The repository to copy from
    #[arg(value_name = "SOURCE")]
    source: String,
    /// The repository to copy to
    #[arg(value_name = "DESTINATION")]
    destination: String,
    /// Only matching tags, on both sides
    #[arg(long = "match", value_name = "GLOB")]
    matching: Option<String>,
    /// Delete the tags that the source does not have
    #[arg(long)]
    delete: bool,
    /// Delete without asking
    #[arg(short, long)]
    yes: bool,
    #[command(flatten)]
    copy: CopyArgs,
    #[command(flatten)]
    output: FormatArgs,
    #[command(flatten)]
    pub(super) client: ClientArgs,
}

pub(super) async fn run(args: &Args, context: &Context) -> anyhow::Result<Exit> {
    let printer = context.printer;
    let filter = Filter::of("--match", args.matching.as_deref())?;
    let from = context.repository(&args.source)?;
    let to = context.repository(&args.destination)?;
    let mut tags = tags(&from).await?;
    let extra = if args.delete {
        let extra = extra(&to, &tags, &filter).await?;
        absent(&from, extra, printer).await?
    } else {
        Vec::new()
    };
    if tags.is_empty() && !extra.is_empty() {
        // Some registries answer with an empty list for a repository that does not exist.
        let count = figures::count(extra.len(), "tag", "tags");
        return Err(Usage(format!(
            "{} has no tags, so that {count} of {} would be deleted; hint: check the name of the \
             source; if all of them are to go: regctl delete --repository {}",
            from.shown, to.shown, args.destination
        ))
        .into());
    }
    // The deletion is confirmed before anything is copied.
    if !extra.is_empty() && !args.yes && !args.copy.dry_run {
        let name = |tag: &Tag| to.name(&Reference::Tag(tag.clone()));
        let lines: Vec<String> = extra
            .iter()
            .map(|tag| format!("delete {}", name(tag)))
            .collect();
        let count = figures::count(extra.len(), "tag", "tags");
        match printer.ask(&lines, &format!("Delete {count} at the destination?"))? {
            Some(true) => {}
            Some(false) => {
                printer.note("Nothing was changed");
                return Ok(Exit::Error);
            }
            None => {
                let reason = format!(
                    "{count} would be deleted and nobody can be asked; hint: --yes deletes, \
                     --dry-run only says what that means"
                );
                return Err(Usage(reason).into());
            }
        }
    }
    let all = tags.len();
    tags.retain(|tag| filter.passes(tag.as_str()));
    if let Some(pattern) = args
        .matching
        .as_deref()
        .filter(|_| tags.is_empty() && all > 0)
    {
        printer.warning(&format!(
            "--match {pattern} fits none of the {all} tags of {}",
            args.source
        ));
    }
    let orders = tags.into_iter().map(Order::tag).collect();
    let mut rows = copy(&args.copy, context, &from, &to, orders).await?;
    if rows.iter().any(Row::has_failed) && !extra.is_empty() {
        printer.warning("nothing was deleted, as not everything was copied");
    } else {
        for tag in extra {
            rows.extend(delete(&from, &to, tag, args.copy.dry_run, printer).await);
        }
    }
    let format = args.output.format;
    report(&rows, format, printer, args.copy.dry_run)
}

/// The tags that only the destination has.
async fn extra(to: &Place, tags: &[Tag], filter: &Filter) -> anyhow::Result<Vec<Tag>> {
    let there = match super::copying::tags(to).await {
        Ok(there) => there,
        Err(error) if error.class() == Class::NotFound => Vec::new(),
        Err(error) => return Err(error.into()),
    };
    let wanted: HashSet<&Tag> = tags.iter().collect();
    let is_extra =
        |tag: &Tag| filter.passes(tag.as_str()) && !wanted.contains(tag) && !is_fallback_tag(tag);
    Ok(there.into_iter().filter(is_extra).collect())
}

/// The tags among these that the source does not have when each is queried. A list may have been
/// truncated by the registry or by a proxy, and deletions are final.
async fn absent(from: &Place, tags: Vec<Tag>, printer: Printer) -> anyhow::Result<Vec<Tag>> {
    let asked = stream::iter(tags).map(|tag| async move {
        let lacks = lacks(from, &tag, printer).await?;
        Ok::<_, Error>(lacks.then_some(tag))
    });
    let asked: Vec<Option<Tag>> = asked.buffered(QUESTIONS).try_collect().await?;
    Ok(asked.into_iter().flatten().collect())
}

/// Whether the source does not have a tag at this moment.
async fn lacks(from: &Place, tag: &Tag, printer: Printer) -> Result<bool, Error> {
    let reference = Reference::Tag(tag.clone());
    let head = from.client.manifest_head(&from.repository, &reference);
    match head.await {
        Ok(_) => {
            let name = from.name(&reference);
            printer.warning(&format!(
                "{name} exists although the list of tags does not name it; it is not deleted at \
                 the destination"
            ));
            Ok(false)
        }
        Err(error) if error.class() == Class::NotFound => Ok(true),
        Err(error) => Err(error),
    }
}

/// Deletes a tag at the destination; `None` if the source has it by now. The question to the user and
/// the copies took time, so the source is asked again.
async fn delete(
    from: &Place,
    to: &Place,
    tag: Tag,
    dry_run: bool,
    printer: Printer,
) -> Option<Row> {
    let reference = Reference::Tag(tag.clone());
    let name = to.name(&reference);
    if dry_run {
        return Some(Row::deleted(name, true));
    }
    let deleted = match lacks(from, &tag, printer).await {
        Ok(true) => to.client.delete_manifest(&to.repository, &reference).await,
        Ok(false) => return None,
        Err(error) => Err(error),
    };
    Some(match deleted {
        Ok(_) => Row::deleted(name, false),
        Err(error) => {
            printer.error(&error.to_string());
            Row::failed(name, error)
        }
    })
}
