//! `regctl prune`: deletes tags by a rule.

use jiff::Timestamp;
use serde::Serialize;

use super::administration::{Administered, Output, RootArgs, Row, timestamp};
use super::exit::{Exit, Usage};
use super::figures;
use super::output::{Format, FormatArgs, Printer};
use super::rule::RuleArgs;
use super::sentences::Line;
use crate::admin::{Entry, Operation, PruneReport, RetentionRule};
use crate::oci::Repository;

/// Delete tags by a rule, and the manifests that nothing holds afterwards
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
A tag is deleted if it meets every given condition. A manifest is kept as long as a retained tag, \
index or subject holds it; its referrers (signatures, SBOMs) are deleted with it. Deletions can \
be restored for a time (regctl trash, regctl restore); after that regctl gc frees their bytes.

PATTERN, --match and --exclude are globs: `*` and `?` stop at a slash in names of repositories, `**` \
does not.

JSON: {\"dryRun\", \"repositories\", \"tags\", \"manifests\", \"kept\", \"emptied\", \"until\", \
\"unmatched\", \"lines\"}; each line {\"kind\", \"name\", \"action\", \"reason\"}.

Exit codes: 0 done, 1 error, or it would delete every tag of a repository, 2 usage, 3 no such root.

Examples:
  regctl prune 'team/*' --keep-last 10 --older-than 30d --dry-run
  regctl prune '**' --match 'pr-*' --older-than 14d --yes
  regctl prune team/app --not-pulled-for 90d --exclude 'release-*' --exclude latest")]
pub(super) struct Args {
    #[command(flatten)]
    rule: RuleArgs,
    /// Print what would be deleted, and delete nothing
    #[arg(long)]
    dry_run: bool,
    /// Delete several things without asking
    #[arg(short, long)]
    yes: bool,
    #[command(flatten)]
    output: FormatArgs,
    #[command(flatten)]
    root: RootArgs,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Json<'a> {
    dry_run: bool,
    repositories: u64,
    tags: u64,
    manifests: u64,
    kept: u64,
    emptied: &'a [Repository],
    until: Option<Timestamp>,
    unmatched: &'a [String],
    lines: &'a [Row],
}

pub(super) async fn run(args: &Args, printer: Printer) -> anyhow::Result<Exit> {
    let rule = args.rule.rule()?;
    args.root
        .administer(printer, async |root| {
            prune(root, &rule, args, printer).await
        })
        .await
}

async fn prune(
    root: &mut Administered,
    rule: &RetentionRule,
    args: &Args,
    printer: Printer,
) -> anyhow::Result<Exit> {
    let operation = |dry_run| Operation::Prune {
        rule: rule.clone(),
        dry_run,
        lenient: false,
    };
    // A plan comes first, unless the question is to be skipped.
    if !args.dry_run && !args.yes {
        let mut entries = Vec::new();
        let planned: PruneReport = root
            .execute(operation(true), &mut |entry| entries.push(entry))
            .await?;
        if planned.emptied.is_empty() && !confirmed(&entries, &planned, printer)? {
            return Ok(Exit::Error);
        }
    }
    let mut output = Output::new(args.output.format, printer);
    let report: PruneReport = root
        .execute(operation(args.dry_run), &mut |entry| output.entry(&entry))
        .await?;
    let rows = output.finish()?;
    for pattern in &report.unmatched {
        printer.warning(&format!("{pattern} matches nothing"));
    }
    match args.output.format {
        Format::Table if report.emptied.is_empty() => printer.report(&summary(&report))?,
        Format::Table | Format::Name => {}
        Format::Json => printer.json(&Json {
            dry_run: args.dry_run,
            repositories: report.repositories,
            tags: report.tags,
            manifests: report.manifests,
            kept: report.kept,
            emptied: &report.emptied,
            until: report.until.map(timestamp),
            unmatched: &report.unmatched,
            lines: &rows,
        })?,
    }
    if !report.emptied.is_empty() {
        let names: Vec<&str> = report.emptied.iter().map(Repository::as_str).collect();
        anyhow::bail!(
            "nothing was deleted: the rule would delete every tag of {}; hint: --keep-last N keeps \
             some, --all allows it",
            names.join(", ")
        );
    }
    if args.dry_run {
        printer.note("Nothing was deleted: this was a dry run");
    } else if let Some(until) = report.until.filter(|_| report.tags > 0) {
        let until = figures::date(timestamp(until));
        printer.note(&format!("regctl restore can restore this until {until}"));
    }
    Ok(Exit::Done)
}

/// Asks whether to delete several things; an error without a terminal.
fn confirmed(entries: &[Entry], planned: &PruneReport, printer: Printer) -> anyhow::Result<bool> {
    if planned.tags + planned.manifests <= 1 || planned.tags == 1 {
        return Ok(true);
    }
    let lines = entries.iter().filter_map(Line::of);
    let lines: Vec<String> = lines
        .filter(|line| line.deleted)
        .map(|line| line.sentence())
        .collect();
    let tags = usize::try_from(planned.tags).unwrap_or(usize::MAX);
    let tags = figures::count(tags, "tag", "tags");
    match printer.ask(&lines, &format!("Delete these {tags}?"))? {
        Some(true) => Ok(true),
        Some(false) => {
            printer.note("Nothing was deleted");
            Ok(false)
        }
        None => Err(Usage(format!(
            "{tags} would be deleted, and without a terminal nobody can be asked; hint: --yes \
             deletes them, --dry-run lists them"
        ))
        .into()),
    }
}

fn summary(report: &PruneReport) -> String {
    let count = |number: u64, one: &str, many: &str| {
        figures::count(usize::try_from(number).unwrap_or(usize::MAX), one, many)
    };
    format!(
        "{}: delete {} and {}, keep {}",
        count(report.repositories, "repository", "repositories"),
        count(report.tags, "tag", "tags"),
        count(report.manifests, "manifest", "manifests"),
        count(report.kept, "tag", "tags")
    )
}
