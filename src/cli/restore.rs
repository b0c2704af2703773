//! `regctl restore`: restores deletions from the trash.

use std::collections::BTreeSet;

use serde::Serialize;

use super::administration::{Administered, RootArgs, name};
use super::digests::shortened;
use super::exit::{Exit, Usage};
use super::output::{Format, FormatArgs, Printer};
use crate::admin::{Failure, FailureKind, Operation, Reason, Restorable, Restored, Trash};
use crate::oci::{Digest, Tag};

/// Restore deletions from the trash
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
REPOSITORY:TAG restores a tag, with its manifest if that was deleted as well; REPOSITORY@DIGEST a \
manifest with the tags that were deleted with it; REPOSITORY the content of a deleted repository. \
Tags that were set again since are not changed.

JSON: an array of {\"name\", \"tags\", \"manifests\", \"moved\", \"error\"}.

Exit codes: 0 all restored, 3 not in the trash, 5 some restored and some not.

Examples:
  regctl restore team/app:1
  regctl restore team/app@sha256:0123… team/old")]
pub(super) struct Args {
    /// What to restore: REPOSITORY:TAG, REPOSITORY@DIGEST or REPOSITORY
    #[arg(value_name = "REF", required = true)]
    references: Vec<String>,
    #[command(flatten)]
    output: FormatArgs,
    #[command(flatten)]
    root: RootArgs,
}

#[derive(Serialize)]
struct Row {
    name: String,
    tags: Vec<Tag>,
    manifests: Vec<Digest>,
    moved: Vec<Tag>,
    error: Option<String>,
    #[serde(skip)]
    exit: Exit,
}

impl Row {
    fn new(name: &str, result: anyhow::Result<Restored>) -> Self {
        let (restored, error, exit) = match result {
            Ok(restored) => (restored, None, Exit::Done),
            Err(error) => {
                let exit = Exit::of(&error);
                (Restored::default(), Some(format!("{error:#}")), exit)
            }
        };
        let names = |tags: Vec<(Tag, Digest)>| tags.into_iter().map(|(tag, _)| tag).collect();
        Self {
            name: name.to_owned(),
            tags: names(restored.tags),
            manifests: restored.manifests,
            moved: names(restored.moved),
            error,
            exit,
        }
    }
}

pub(super) async fn run(args: &Args, printer: Printer) -> anyhow::Result<Exit> {
    // All are parsed before the first is restored: a typing error changes nothing.
    for text in &args.references {
        if shortened(text).is_none() {
            name(text)?;
        }
    }
    let rows = args
        .root
        .administer(printer, async |root| {
            let mut names = Vec::new();
            for text in &args.references {
                names.push(match shortened(text) {
                    Some((repository, digest)) => whole(root, repository, digest).await?,
                    None => name(text)?,
                });
            }
            restore(root, names, args, printer).await
        })
        .await?;
    if args.output.format == Format::Json {
        printer.json(&rows)?;
    }
    Ok(Exit::of_all(rows.iter().map(|row| row.exit)))
}

/// The deletion in the trash with a manifest whose digest begins with these characters.
async fn whole(
    root: &mut Administered,
    repository: &str,
    beginning: &str,
) -> anyhow::Result<Restorable> {
    let trash: Trash = root.execute(Operation::Trash, &mut |_| {}).await?;
    let of_repository = trash
        .deletions
        .iter()
        .filter(|trashed| trashed.repository.as_str() == repository);
    let found: BTreeSet<Digest> = of_repository
        .flat_map(|trashed| &trashed.manifests)
        .filter(|digest| digest.to_string().starts_with(beginning))
        .copied()
        .collect();
    let all: Vec<String> = found.iter().map(ToString::to_string).collect();
    match all.as_slice() {
        [digest] => Ok(name(&format!("{repository}@{digest}"))?),
        [] => {
            let message = format!(
                "no manifest {repository}@{beginning}… is in the trash; hint: regctl trash lists \
                 what can be restored"
            );
            Err(Failure::new(FailureKind::NotFound, Reason::Unknown, message).into())
        }
        all => Err(Usage(format!(
            "{repository}@{beginning} may be any of {}; hint: write more of the digest",
            all.join(", ")
        ))
        .into()),
    }
}

async fn restore(
    root: &mut Administered,
    names: Vec<Restorable>,
    args: &Args,
    printer: Printer,
) -> anyhow::Result<Vec<Row>> {
    let mut rows = Vec::new();
    for (what, shown) in names.into_iter().zip(&args.references) {
        let repository = what.repository().clone();
        let result: anyhow::Result<Restored> =
            root.execute(Operation::Restore { what }, &mut |_| {}).await;
        match (&result, args.output.format) {
            (Ok(_), Format::Table) if !printer.reports() => {}
            (Ok(restored), Format::Table) => {
                printer.lines(sentences(shown, repository.as_str(), restored))?;
            }
            (Ok(_), Format::Name) => printer.line(shown)?,
            (Ok(_), Format::Json) => {}
            (Err(error), _) => printer.error(&format!("{error:#}")),
        }
        rows.push(Row::new(shown, result));
    }
    Ok(rows)
}

/// The results of a restore, one line each.
fn sentences(shown: &str, repository: &str, restored: &Restored) -> Vec<String> {
    let mut lines = Vec::new();
    for (tag, digest) in &restored.tags {
        lines.push(format!("restored {repository}:{tag}: {digest}"));
    }
    for digest in &restored.manifests {
        let tagged = restored.tags.iter().any(|(_, tagged)| tagged == digest);
        if !tagged {
            lines.push(format!("restored {repository}@{digest}"));
        }
    }
    for (tag, digest) in &restored.moved {
        let tag = format!("{repository}:{tag}");
        lines.push(format!(
            "{tag} is unchanged: it was set to {digest} after the deletion"
        ));
    }
    if lines.is_empty() {
        lines.push(format!("{shown} already exists"));
    }
    lines
}
