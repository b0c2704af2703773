//! `regctl describe`: sets the description of a repository, which searches use and show.

use std::path::PathBuf;

use anyhow::Context as _;

use super::administration::RootArgs;
use super::exit::Exit;
use super::output::Printer;
use crate::admin::AccountOperation;
use crate::oci::Repository;

/// Describe a repository
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Searches use the description and show its first line. An empty text removes it.

Examples:
  regctl describe team/app --text 'Serves the shop'
  regctl describe team/app --file README.md")]
pub(super) struct Args {
    /// The repository
    repository: Repository,
    /// The description
    #[arg(long, value_name = "TEXT", required_unless_present = "file")]
    text: Option<String>,
    /// A file with the description
    #[arg(long, value_name = "FILE", conflicts_with = "text")]
    file: Option<PathBuf>,
    #[command(flatten)]
    root: RootArgs,
}

pub(super) async fn run(args: &Args, printer: Printer) -> anyhow::Result<Exit> {
    let text = match (&args.text, &args.file) {
        (Some(text), _) => text.clone(),
        (None, Some(file)) => read(file).with_context(|| format!("read {}", file.display()))?,
        (None, None) => String::new(),
    };
    let repository = args.repository.clone();
    let what = if text.trim().is_empty() {
        "has no description now"
    } else {
        "is described"
    };
    let operation = AccountOperation::Describe { repository, text };
    args.root.accounts(operation, printer).await?;
    printer.report(&format!("{} {what}", args.repository))?;
    Ok(Exit::Done)
}

#[expect(clippy::disallowed_methods, reason = "the file that the user names")]
fn read(file: &PathBuf) -> std::io::Result<String> {
    std::fs::read_to_string(file)
}
