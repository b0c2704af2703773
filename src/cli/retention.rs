//! `regctl retention`: the rules by which the server deletes tags before each scheduled collection.

use jiff::Timestamp;
use serde::Serialize;

use super::administration::{RootArgs, timestamp};
use super::exit::Exit;
use super::output::{Format, FormatArgs, Printer};
use super::rule::{self, RuleArgs};
use super::table::Column;
use crate::admin::{ListedRule, Operation, RetentionRule, RetentionRules, RuleRemoved, RuleSaved};

/// Why rules have no effect.
const NOT_APPLIED: &str = "the server applies no rules: it has no regctl.gc.schedule or is read-only; \
                           hint: regctl prune applies a rule now";

const COLUMNS: [Column; 5] = [
    Column::Name("RULE"),
    Column::Text("SAVED"),
    Column::Text("BY"),
    Column::Text("REPOSITORIES"),
    Column::Line("CONDITIONS"),
];

/// List and change the rules by which the server deletes tags
#[derive(Debug, clap::Subcommand)]
#[command(after_long_help = "\
Examples:
  regctl retention add 'team/*' --keep-last 10 --older-than 30d
  regctl retention list
  regctl retention remove 1")]
pub(super) enum Command {
    #[command(visible_alias = "ls")]
    List(ListArgs),
    Add(Box<AddArgs>),
    #[command(visible_alias = "rm")]
    Remove(RemoveArgs),
}

/// List retention rules
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Rules of the configuration (regctl.retention) come first and have no number; they are changed there. \
The server applies all rules before each scheduled collection (regctl.gc.schedule).

A rule that a later version has saved and that this one can't read is not applied; its \"rule\" is null.

JSON: an array of {\"id\", \"savedAt\", \"savedBy\", \"rule\": {\"repositories\", \"keepLast\", \
\"olderThan\", \"matching\", \"exclude\", \"notPulledFor\", \"all\"}}; ages are in milliseconds.

Examples:
  regctl retention list")]
pub(super) struct ListArgs {
    #[command(flatten)]
    output: FormatArgs,
    #[command(flatten)]
    root: RootArgs,
}

/// Save a retention rule
///
/// The arguments are those of prune; `regctl prune … --dry-run` prints what the rule would delete now.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
The server applies the rule before each scheduled collection (regctl.gc.schedule). A rule that would \
delete every tag of a repository deletes none there, unless --all allows it. Deletions can be restored \
for a time (regctl trash, regctl restore).

Examples:
  regctl retention add 'team/*' --keep-last 10 --older-than 30d
  regctl retention add '**' --match 'pr-*' --older-than 14d")]
pub(super) struct AddArgs {
    #[command(flatten)]
    rule: RuleArgs,
    #[command(flatten)]
    root: RootArgs,
}

/// Remove a saved retention rule
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  regctl retention remove 3")]
pub(super) struct RemoveArgs {
    /// Its number, as `regctl retention list` shows it
    #[arg(value_name = "RULE")]
    id: i64,
    #[command(flatten)]
    root: RootArgs,
}

/// A rule of the list; one of the configuration has no number.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Row {
    id: Option<i64>,
    saved_at: Option<Timestamp>,
    saved_by: Option<String>,
    rule: Option<RetentionRule>,
}

impl From<ListedRule> for Row {
    fn from(listed: ListedRule) -> Self {
        Self {
            id: listed.id,
            saved_at: listed.saved_at.map(timestamp),
            saved_by: listed.saved_by,
            rule: listed.rule,
        }
    }
}

impl Row {
    fn cells(&self, printer: Printer) -> Vec<String> {
        let none = || "-".to_owned();
        vec![
            self.id.map_or_else(none, |id| id.to_string()),
            printer.time(self.saved_at),
            self.saved_by
                .clone()
                .unwrap_or_else(|| "configuration".to_owned()),
            self.rule.as_ref().map_or_else(none, rule::repositories),
            match &self.rule {
                Some(rule) => rule::conditions(rule),
                None => "can't be read, and is not applied".to_owned(),
            },
        ]
    }
}

pub(super) async fn run(command: &Command, printer: Printer) -> anyhow::Result<Exit> {
    match command {
        Command::List(args) => list(args, printer).await?,
        Command::Add(args) => {
            let rule = args.rule.rule()?;
            let operation = Operation::SaveRule { rule };
            let RuleSaved { id, applies } = args.root.execute(operation, printer).await?;
            if applies {
                printer.report(&format!(
                    "Rule {id} is saved; the server applies it before each scheduled collection"
                ))?;
            } else {
                printer.report(&format!("Rule {id} is saved"))?;
                printer.warning(NOT_APPLIED);
            }
        }
        Command::Remove(args) => {
            let operation = Operation::RemoveRule { id: args.id };
            let RuleRemoved { id } = args.root.execute(operation, printer).await?;
            printer.report(&format!("Rule {id} is removed"))?;
        }
    }
    Ok(Exit::Done)
}

async fn list(args: &ListArgs, printer: Printer) -> anyhow::Result<()> {
    let operation = Operation::RetentionRules;
    let rules: RetentionRules = args.root.execute(operation, printer).await?;
    let rows: Vec<Row> = rules.rules.into_iter().map(Row::from).collect();
    match args.output.format {
        Format::Json => printer.json(&rows)?,
        Format::Name => {
            printer.lines(
                rows.iter()
                    .filter_map(|row| row.id)
                    .map(|id| id.to_string()),
            )?;
        }
        Format::Table if rows.is_empty() => printer.remark("No retention rules"),
        Format::Table => {
            let cells = rows.iter().map(|row| row.cells(printer));
            printer.table(&COLUMNS, cells.collect())?;
            if !rules.applies {
                printer.warning(NOT_APPLIED);
            }
        }
    }
    Ok(())
}
