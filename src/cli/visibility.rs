//! `regctl visibility`: makes a repository public or private.

use clap::ValueEnum;

use super::administration::RootArgs;
use super::exit::Exit;
use super::output::Printer;
use crate::admin::AccountOperation;
use crate::oci::Repository;

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Choice {
    /// Everybody may pull
    Public,
    /// Only callers with a right on it can see it
    Private,
}

/// Make a repository public or private
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
A new repository is private. Everybody may find and pull from a public one, signed in or not.

Examples:
  regctl visibility team/app public")]
pub(super) struct Args {
    /// The repository
    repository: Repository,
    /// Who may pull without a right on it
    #[arg(value_enum)]
    choice: Choice,
    #[command(flatten)]
    root: RootArgs,
}

pub(super) async fn run(args: &Args, printer: Printer) -> anyhow::Result<Exit> {
    let repository = args.repository.clone();
    let public = args.choice == Choice::Public;
    let operation = AccountOperation::SetVisibility { repository, public };
    args.root.accounts(operation, printer).await?;
    let word = if public { "public" } else { "private" };
    printer.report(&format!("{} is {word}", args.repository))?;
    Ok(Exit::Done)
}
