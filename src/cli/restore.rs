//! `regctl restore`: bringing back what was deleted.

use serde::Serialize;

use super::administration::{RootArgs, name};
use super::exit::Exit;
use super::output::{Format, FormatArgs, Printer};
use crate::oci::{Digest, Tag};
use crate::server::admin::{Name, Operation, Outcome, Restored};

/// Bring back what was deleted, as long as it lies in the trash
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
REPOSITORY:TAG brings back a tag, with its manifest where that was deleted as well; \
REPOSITORY@DIGEST a manifest with the tags that went with it; REPOSITORY all that was in a \
repository when it was deleted. Tags that have been set to something else since stay where they are.

JSON: an array of {\"name\", \"tags\", \"manifests\", \"moved\", \"error\"}.

Exit codes: 0 all restored, 3 not in the trash, 5 some restored and some not.

Examples:
  regctl restore team/app:1
  regctl restore team/app@sha256:0123… team/old")]
pub(super) struct Args {
    /// What to bring back: REPOSITORY:TAG, REPOSITORY@DIGEST or REPOSITORY
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

pub(super) async fn run(args: &Args) -> anyhow::Result<Exit> {
    let printer = Printer::default();
    // All are read before the first is brought back: a typing error changes nothing.
    let names: Vec<Name> = args
        .references
        .iter()
        .map(|text| name(text))
        .collect::<Result<_, _>>()?;
    let mut session = args.root.open().await?;
    let mut rows = Vec::new();
    for (what, shown) in names.into_iter().zip(&args.references) {
        let repository = what.repository.clone();
        let outcome = session.run(Operation::Restore { what }, &mut |_| {}).await;
        let row = match outcome {
            Ok(Outcome::Restored(restored)) => {
                if args.output.format == Format::Table {
                    printer.lines(sentences(shown, repository.as_str(), &restored))?;
                }
                Row {
                    name: shown.clone(),
                    tags: restored.tags.into_iter().map(|(tag, _)| tag).collect(),
                    manifests: restored.manifests,
                    moved: restored.moved.into_iter().map(|(tag, _)| tag).collect(),
                    error: None,
                    exit: Exit::Done,
                }
            }
            Ok(_) => anyhow::bail!("the server answered something else than was asked"),
            Err(error) => {
                let text = format!("{error:#}");
                printer.error(&text);
                Row {
                    name: shown.clone(),
                    tags: Vec::new(),
                    manifests: Vec::new(),
                    moved: Vec::new(),
                    error: Some(text),
                    exit: Exit::of(&error),
                }
            }
        };
        if row.error.is_none() && args.output.format == Format::Name {
            printer.line(&row.name)?;
        }
        rows.push(row);
    }
    session.close().await?;
    if args.output.format == Format::Json {
        printer.json(&rows)?;
    }
    Ok(Exit::of_all(rows.iter().map(|row| row.exit)))
}

/// What was brought back, a line each.
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
            "left {tag} as it is: it has been set to {digest} since"
        ));
    }
    if lines.is_empty() {
        lines.push(format!("{shown} is there already"));
    }
    lines
}
