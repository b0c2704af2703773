//! `regctl prune`: deleting tags by a rule.

use std::time::Duration;

use jiff::Timestamp;
use serde::Serialize;

use super::administration::{Lines, RootArgs, Row, age, milliseconds, sentence, timestamp};
use super::exit::{Exit, Usage};
use super::figures;
use super::output::{Format, FormatArgs, Printer};
use crate::oci::Repository;
use crate::server::admin::{Event, Operation, Outcome, PruneRule, Pruned, Session};

/// Delete tags by a rule, and the manifests that nothing holds then
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
A tag goes when everything that is given says so. A manifest stays as long as a tag, an index or a \
subject that stays holds it, whatever other tags of it go; what refers to a manifest (signatures, \
SBOMs) goes with it. What goes can be restored (regctl trash, regctl restore); its bytes are freed \
by regctl gc when that is over.

PATTERN, --match and --exclude are globs: `*` and `?` stop at a slash in names of repositories, `**` \
does not.

JSON: {\"dryRun\", \"repositories\", \"tags\", \"manifests\", \"kept\", \"emptied\", \"until\", \
\"lines\"}; each line {\"kind\", \"name\", \"goes\", \"why\"}.

Exit codes: 0 done, 1 error, or it would take every tag of a repository, 2 usage.

Examples:
  regctl prune 'team/*' --keep-last 10 --older-than 30d --dry-run
  regctl prune '**' --match 'pr-*' --older-than 14d --yes
  regctl prune team/app --not-pulled-for 90d --exclude 'release-*' --exclude latest")]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
pub(super) struct Args {
    /// Which repositories
    #[arg(value_name = "PATTERN", required = true)]
    patterns: Vec<String>,
    /// How many tags stay, those that were pushed last
    #[arg(long, value_name = "N")]
    keep_last: Option<u32>,
    /// Only tags that were pushed longer ago go
    #[arg(long, value_name = "AGE", value_parser = age)]
    older_than: Option<Duration>,
    /// Only tags that match go; may be given several times
    #[arg(long = "match", value_name = "GLOB")]
    matching: Vec<String>,
    /// Tags that match stay; may be given several times
    #[arg(long, value_name = "GLOB")]
    exclude: Vec<String>,
    /// Only tags that nobody has pulled for so long go
    #[arg(long, value_name = "AGE", value_parser = age)]
    not_pulled_for: Option<Duration>,
    /// Say what would go, and delete nothing
    #[arg(long)]
    dry_run: bool,
    /// Take every tag of a repository, if it comes to that
    #[arg(long)]
    all: bool,
    /// Delete several things without asking
    #[arg(short, long)]
    yes: bool,
    /// Print nothing but errors
    #[arg(short, long)]
    quiet: bool,
    #[command(flatten)]
    output: FormatArgs,
    #[command(flatten)]
    root: RootArgs,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Report<'a> {
    dry_run: bool,
    repositories: u64,
    tags: u64,
    manifests: u64,
    kept: u64,
    emptied: &'a [Repository],
    until: Option<Timestamp>,
    lines: &'a [Row],
}

impl Args {
    fn rule(&self) -> Result<PruneRule, Usage> {
        let says_nothing = self.keep_last.is_none()
            && self.older_than.is_none()
            && self.not_pulled_for.is_none()
            && self.matching.is_empty();
        if says_nothing {
            let reason = "nothing says which tags go; hint: give --keep-last, --older-than, \
                          --not-pulled-for or --match";
            return Err(Usage(reason.to_owned()));
        }
        Ok(PruneRule {
            repositories: self.patterns.clone(),
            keep_last: self.keep_last,
            older_than: self.older_than.map(milliseconds),
            matching: self.matching.clone(),
            exclude: self.exclude.clone(),
            not_pulled_for: self.not_pulled_for.map(milliseconds),
            all: self.all,
        })
    }
}

pub(super) async fn run(args: &Args) -> anyhow::Result<Exit> {
    let printer = Printer::new(args.quiet, false);
    let rule = args.rule()?;
    let mut session = args.root.open().await?;
    let done = prune(&mut session, &rule, args, printer).await;
    session.close().await?;
    done
}

async fn prune(
    session: &mut Session,
    rule: &PruneRule,
    args: &Args,
    printer: Printer,
) -> anyhow::Result<Exit> {
    // Looked at first, unless nobody wants to be asked.
    if !args.dry_run && !args.yes {
        let mut events = Vec::new();
        let pruned = go(session, rule, true, &mut |event| events.push(event)).await?;
        if pruned.emptied.is_empty() && !confirmed(&events, &pruned, printer)? {
            return Ok(Exit::Error);
        }
    }
    let format = args.output.format;
    let (mut rows, mut lines) = (Vec::new(), Lines::new(printer));
    let mut told = |event: Event| match (format, &event) {
        (Format::Table, _) => {
            if let Some(text) = sentence(&event) {
                lines.print(&text);
            }
        }
        (Format::Name, Event::Goes(line)) => lines.print(&line.name),
        (Format::Name, _) => {}
        (Format::Json, _) => rows.extend(Row::of(&event)),
    };
    let pruned = go(session, rule, args.dry_run, &mut told).await?;
    lines.end()?;
    match format {
        Format::Table if pruned.emptied.is_empty() => printer.report(&summary(&pruned))?,
        Format::Table | Format::Name => {}
        Format::Json => printer.json(&Report {
            dry_run: args.dry_run,
            repositories: pruned.repositories,
            tags: pruned.tags,
            manifests: pruned.manifests,
            kept: pruned.kept,
            emptied: &pruned.emptied,
            until: pruned.until.map(timestamp),
            lines: &rows,
        })?,
    }
    if !pruned.emptied.is_empty() {
        let names: Vec<&str> = pruned.emptied.iter().map(Repository::as_str).collect();
        anyhow::bail!(
            "nothing was deleted: it would take every tag of {}; hint: --keep-last N keeps some, \
             --all takes them",
            names.join(", ")
        );
    }
    if args.dry_run {
        printer.note("Nothing was deleted: this was a dry run");
    } else if let Some(until) = pruned.until.filter(|_| pruned.tags > 0) {
        let until = figures::date(timestamp(until));
        printer.note(&format!("regctl restore brings it back until {until}"));
    }
    Ok(Exit::Done)
}

async fn go(
    session: &mut Session,
    rule: &PruneRule,
    dry_run: bool,
    told: &mut (dyn FnMut(Event) + Send),
) -> anyhow::Result<Pruned> {
    let operation = Operation::Prune {
        rule: rule.clone(),
        dry_run,
    };
    match session.run(operation, told).await? {
        Outcome::Pruned(pruned) => Ok(pruned),
        _ => anyhow::bail!("the server answered something else than was asked"),
    }
}

/// Asks whether several things are to be deleted; where nobody can be asked, they are not.
fn confirmed(events: &[Event], pruned: &Pruned, printer: Printer) -> anyhow::Result<bool> {
    if pruned.tags + pruned.manifests <= 1 || pruned.tags == 1 {
        return Ok(true);
    }
    let going = events
        .iter()
        .filter(|event| matches!(event, Event::Goes(_)));
    let lines: Vec<String> = going.filter_map(sentence).collect();
    let tags = usize::try_from(pruned.tags).unwrap_or(usize::MAX);
    let tags = figures::count(tags, "tag", "tags");
    match printer.ask(&lines, &format!("Delete these {tags}?"))? {
        Some(true) => Ok(true),
        Some(false) => {
            printer.note("Nothing was deleted");
            Ok(false)
        }
        None => Err(Usage(format!(
            "{tags} would be deleted and nobody can be asked; hint: --yes deletes them, --dry-run \
             only says which"
        ))
        .into()),
    }
}

fn summary(pruned: &Pruned) -> String {
    let count = |number: u64, one: &str, many: &str| {
        figures::count(usize::try_from(number).unwrap_or(usize::MAX), one, many)
    };
    format!(
        "{}: {} and {} go, {} stay",
        count(pruned.repositories, "repository", "repositories"),
        count(pruned.tags, "tag", "tags"),
        count(pruned.manifests, "manifest", "manifests"),
        count(pruned.kept, "tag", "tags")
    )
}
