//! `regctl delete`: deletes tags and manifests; `delete_repository` deletes repositories.
//!
//! Looks everything up first, prints the effect of each deletion, asks if necessary, and then
//! deletes one after the other. A dry run deletes nothing and prints the same lines in another
//! tense.

use std::time::Duration;

use serde::Serialize;

use super::context::{ClientArgs, Context, Place};
use super::delete_repository::{self, Deletion};
use super::deletion::{Known, Target, delete_manifest, needs_force, partly};
use super::exit::{Exit, Usage};
use super::figures;
use super::output::{Format, FormatArgs, Printer};
use crate::client::{Class, SSH};
use crate::config::period_in_words;
use crate::oci::{Digest, Reference, Tag};

/// Delete tags, manifests and repositories
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
REPOSITORY:TAG deletes only that tag, even if it is the last one of its manifest. \
REPOSITORY@DIGEST deletes the manifest and the tags that point at it, with --force if there are \
several. --repository deletes a whole repository; a regctl server removes it from the catalog as \
well, on others every tagged manifest is deleted. On a regctl server deletions can be restored \
for a time (regctl trash, regctl restore); after that a collection (regctl gc) frees the bytes.

-q omits the reports of deletions.

JSON: an array of {\"name\", \"digest\", \"tags\", \"outcome\", \"error\"}: the tags are the others \
that hold the manifest of a tag, or those that are deleted with a manifest, and null if that is not known; the outcome is \"deleted\", \
\"planned\" (with --dry-run), \"missing\", \"refused\" or \"failed\".

Exit codes: 0 all deleted, 3 not found, 4 denied, 5 some deleted and some not.

Examples:
  regctl delete team/nginx:1
  regctl delete --dry-run team/nginx:1 team/nginx:2
  regctl delete --yes team/nginx:1 team/nginx:2
  regctl delete --force team/nginx@sha256:0123…
  regctl delete --yes --repository team/old")]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
pub(super) struct Args {
    /// What to delete: REPOSITORY:TAG or REPOSITORY@DIGEST
    #[arg(
        value_name = "REF",
        required_unless_present = "repositories",
        conflicts_with = "repositories"
    )]
    references: Vec<String>,
    /// A repository to delete with all its content; may be repeated
    #[arg(long = "repository", value_name = "REPOSITORY")]
    repositories: Vec<String>,
    /// Print what would be deleted, and delete nothing
    #[arg(long)]
    dry_run: bool,
    /// Delete a manifest even if this deletes several tags
    #[arg(long)]
    force: bool,
    /// Ignore what does not exist
    #[arg(long)]
    ignore_missing: bool,
    /// Delete several things without asking
    #[arg(short, long)]
    yes: bool,
    #[command(flatten)]
    output: FormatArgs,
    #[command(flatten)]
    pub(super) client: ClientArgs,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Outcome {
    Deleted,
    Planned,
    Missing,
    Refused,
    Failed,
}

#[derive(Serialize)]
struct Row {
    name: String,
    digest: Option<Digest>,
    tags: Option<Vec<Tag>>,
    outcome: Outcome,
    error: Option<String>,
    #[serde(skip)]
    restorable: Option<Duration>,
    #[serde(skip)]
    exit: Exit,
}

impl Row {
    fn done(target: &Target, outcome: Outcome) -> Self {
        Self {
            name: target.name(),
            digest: target.digest,
            tags: target.reported(),
            outcome,
            error: None,
            restorable: None,
            exit: Exit::Done,
        }
    }

    fn failed(name: String, outcome: Outcome, error: String, exit: Exit) -> Self {
        Self {
            name,
            digest: None,
            tags: Some(Vec::new()),
            outcome,
            error: Some(error),
            restorable: None,
            exit,
        }
    }
}

pub(super) async fn run(args: &Args, context: &Context) -> anyhow::Result<Exit> {
    let printer = context.printer;
    if !args.repositories.is_empty() {
        let deletion = Deletion {
            dry_run: args.dry_run,
            ignore_missing: args.ignore_missing,
            yes: args.yes,
            format: args.output.format,
        };
        return delete_repository::run(&args.repositories, &deletion, context).await;
    }
    let Plan {
        named,
        targets,
        mut rows,
    } = plan(args, context).await?;
    // Counted by arguments, so that a typing error among several names does not skip the question.
    let asks = named > 1 && !targets.is_empty() && !args.yes && !args.dry_run;
    if asks && !confirmed(&targets, named, printer)? {
        return Ok(Exit::Error);
    }
    let mut restorable: Option<Restorable> = None;
    for target in targets {
        let row = if args.dry_run {
            Row::done(&target, Outcome::Planned)
        } else {
            delete(&target).await
        };
        match (&row.error, args.output.format) {
            (None, Format::Table) if args.dry_run => printer.report(&target.planned())?,
            (None, Format::Table) => printer.report(&target.deleted())?,
            (None, Format::Name) => printer.line(&row.name)?,
            (None, Format::Json) => {}
            (Some(error), _) => printer.error(error),
        }
        if let Some(time) = row.restorable {
            restorable
                .get_or_insert_with(|| Restorable::new(&target, time))
                .count += 1;
        }
        rows.push(row);
    }
    if let Some(restorable) = restorable {
        printer.note(&restorable.sentence());
    }
    if args.output.format == Format::Json {
        printer.json(&rows)?;
    }
    if args.dry_run {
        printer.note("Nothing was deleted: this was a dry run");
    }
    Ok(Exit::of_all(rows.iter().map(|row| row.exit)))
}

/// The deletions that can be restored.
struct Restorable {
    /// The first of them, as `regctl restore` names it.
    name: String,
    registry: String,
    time: Duration,
    count: usize,
}

impl Restorable {
    fn new(target: &Target, time: Duration) -> Self {
        let repository = &target.place.repository;
        Self {
            name: match &target.reference {
                Reference::Tag(tag) => format!("{repository}:{tag}"),
                Reference::Digest(digest) => format!("{repository}@{digest}"),
            },
            registry: target.place.client.registry().to_owned(),
            time,
            count: 0,
        }
    }

    fn sentence(&self) -> String {
        let time = period_in_words(super::administration::milliseconds(self.time));
        let what = if self.count == 1 { "it" } else { "each" };
        // Elsewhere it needs an administrator's account, on the host itself none.
        let place = match self.registry.strip_prefix(SSH) {
            Some(rest) => {
                let host = rest.split('/').next().unwrap_or(rest);
                format!(" --registry {SSH}{host}")
            }
            None => ", on the registry's host".to_owned(),
        };
        format!(
            "For {time} {what} can be restored: regctl restore {}{place}",
            self.name
        )
    }
}

/// The arguments of the command line.
struct Plan {
    /// Number of different arguments.
    named: usize,
    /// The targets that can be deleted.
    targets: Vec<Target>,
    /// The other rows.
    rows: Vec<Row>,
}

/// Looks up all arguments.
async fn plan(args: &Args, context: &Context) -> anyhow::Result<Plan> {
    let printer = context.printer;
    let mut names: Vec<(String, Reference)> = Vec::new();
    let mut wanted = Vec::new();
    // All are parsed before the first is looked up: a typing error changes nothing.
    for text in &args.references {
        let (place, reference) = context.deletable(text).await?;
        let identity = (
            format!("{}/{}", place.client.registry(), place.repository),
            reference.clone(),
        );
        if !names.contains(&identity) {
            names.push(identity);
            wanted.push((place, reference));
        }
    }
    let mut known = Known::default();
    let (mut targets, mut rows): (Vec<Target>, Vec<Row>) = (Vec::new(), Vec::new());
    for (place, reference) in wanted {
        let name = place.name(&reference);
        if let Some(manifest) = targets
            .iter()
            .find(|target| is_deleted_with(target, &place, &reference))
        {
            printer.note(&format!("{name} is deleted with {}", manifest.name()));
            continue;
        }
        let row = match known.look_up(place, reference, printer).await {
            Ok(target) => match needs_force(&target).filter(|_| !args.force) {
                None => {
                    known.forget(&target);
                    targets.push(target);
                    continue;
                }
                Some(reason) => Row::failed(name, Outcome::Refused, reason, Exit::Error),
            },
            Err(error) if error.class() == Class::NotFound && args.ignore_missing => {
                printer.note(&format!("{name} does not exist"));
                rows.push(Row {
                    exit: Exit::Done,
                    ..Row::failed(name, Outcome::Missing, error.to_string(), Exit::Done)
                });
                continue;
            }
            Err(error) => {
                let outcome = if error.class() == Class::NotFound {
                    Outcome::Missing
                } else {
                    Outcome::Failed
                };
                let text = error.to_string();
                Row::failed(name, outcome, text, Exit::of(&error.into()))
            }
        };
        if let Some(error) = &row.error {
            printer.error(error);
        }
        rows.push(row);
    }
    Ok(Plan {
        named: names.len(),
        targets,
        rows,
    })
}

/// Whether a tag is deleted with a manifest.
fn is_deleted_with(manifest: &Target, place: &Place, reference: &Reference) -> bool {
    let Reference::Tag(tag) = reference else {
        return false;
    };
    matches!(manifest.reference, Reference::Digest(_))
        && manifest.place.repository == place.repository
        && manifest.place.client.registry() == place.client.registry()
        && manifest.tags.contains(tag)
}

/// Asks whether to delete the targets; an error without a terminal.
fn confirmed(targets: &[Target], named: usize, printer: Printer) -> anyhow::Result<bool> {
    let lines: Vec<String> = targets.iter().map(Target::planned).collect();
    let question = if targets.len() == named {
        format!("Delete these {named}?")
    } else {
        format!("Delete {} of the {named} that were named?", targets.len())
    };
    match printer.ask(&lines, &question)? {
        Some(true) => Ok(true),
        Some(false) => {
            printer.note("Nothing was deleted");
            Ok(false)
        }
        None => Err(Usage(format!(
            "{} would be deleted, and without a terminal nobody can be asked; hint: --yes deletes \
             them, --dry-run lists them",
            figures::count(targets.len(), "thing", "things")
        ))
        .into()),
    }
}

async fn delete(target: &Target) -> Row {
    let place = &target.place;
    let mut tags = 0;
    let deleted = match target.reference {
        Reference::Digest(digest) => delete_manifest(place, digest, &target.tags, &mut tags).await,
        Reference::Tag(_) => {
            let client = &place.client;
            client
                .delete_manifest(&place.repository, &target.reference)
                .await
        }
    };
    match deleted {
        Ok(restorable) => Row {
            restorable,
            ..Row::done(target, Outcome::Deleted)
        },
        Err(error) => {
            let (text, exit) = partly(error, tags, "tags");
            let failed = Row::failed(target.name(), Outcome::Failed, text, exit);
            Row {
                digest: target.digest,
                tags: target.reported(),
                ..failed
            }
        }
    }
}
