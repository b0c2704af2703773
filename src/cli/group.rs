//! `regctl group`: groups of accounts, which grants may name.

use super::administration::RootArgs;
use super::exit::Exit;
use super::figures;
use super::output::{Format, FormatArgs, Printer};
use super::table::Column;
use crate::admin::{AccountOperation, AccountReport};
use crate::oci::AccountName;

const COLUMNS: [Column; 2] = [Column::Name("NAME"), Column::List("MEMBERS")];

/// Create and change groups of accounts
#[derive(Debug, clap::Subcommand)]
#[command(after_long_help = "\
Examples:
  regctl group add developers alice bob
  regctl grant developers 'team/*' pull,push
  regctl group list")]
pub(super) enum Command {
    /// Add accounts to a group, creating it if necessary
    #[command(after_long_help = "\
Examples:
  regctl group add developers alice bob")]
    Add(MemberArgs),
    /// Remove accounts from a group; without any, remove the group
    #[command(
        visible_alias = "rm",
        after_long_help = "\
Examples:
  regctl group remove developers bob
  regctl group remove developers"
    )]
    Remove(MemberArgs),
    #[command(visible_alias = "ls")]
    List(ListArgs),
}

/// A group and accounts
#[derive(Debug, clap::Args)]
pub(super) struct MemberArgs {
    /// The group
    group: AccountName,
    /// The accounts
    accounts: Vec<AccountName>,
    #[command(flatten)]
    root: RootArgs,
}

/// List groups
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
JSON: an array of {\"name\", \"members\"}.

Examples:
  regctl group list")]
pub(super) struct ListArgs {
    #[command(flatten)]
    output: FormatArgs,
    #[command(flatten)]
    root: RootArgs,
}

pub(super) async fn run(command: &Command, printer: Printer) -> anyhow::Result<Exit> {
    match command {
        Command::Add(args) => {
            let operation = AccountOperation::AddToGroup {
                group: args.group.clone(),
                accounts: args.accounts.clone(),
            };
            args.root.accounts(operation, printer).await?;
            let count = figures::count(args.accounts.len(), "account", "accounts");
            printer.report(&format!("{count} added to {}", args.group))?;
        }
        Command::Remove(args) => {
            let operation = AccountOperation::RemoveFromGroup {
                group: args.group.clone(),
                accounts: args.accounts.clone(),
            };
            let group = &args.group;
            match args.root.accounts(operation, printer).await? {
                AccountReport::Changed(count) => {
                    let count = usize::try_from(count).unwrap_or(usize::MAX);
                    let count = figures::count(count, "account", "accounts");
                    printer.report(&format!("{count} removed from {group}"))?;
                }
                _ => printer.report(&format!("{group} was removed with its grants"))?,
            }
        }
        Command::List(args) => {
            let report = args
                .root
                .accounts(AccountOperation::Groups, printer)
                .await?;
            let AccountReport::Groups(groups) = report else {
                return Ok(Exit::Error);
            };
            match args.output.format {
                Format::Json => printer.json(&groups)?,
                Format::Name => printer.lines(groups.iter().map(|group| group.name.as_str()))?,
                Format::Table if groups.is_empty() => printer.remark("No groups"),
                Format::Table => {
                    let cells = groups.iter().map(|group| {
                        let members: Vec<&str> =
                            group.members.iter().map(AccountName::as_str).collect();
                        vec![group.name.to_string(), members.join(",")]
                    });
                    printer.table(&COLUMNS, cells.collect())?;
                }
            }
        }
    }
    Ok(Exit::Done)
}
