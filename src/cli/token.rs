//! `regctl token`: personal tokens, and robots, which sign in with tokens only.

use std::time::Duration;

use super::administration::{RootArgs, age, milliseconds, timestamp};
use super::exit::{Exit, Usage};
use super::figures;
use super::output::{Format, FormatArgs, Printer};
use super::table::Column;
use crate::admin::{AccountOperation, AccountReport, MINIMUM_LIFETIME, TokenRecord};
use crate::oci::{AccountName, Grant};

const COLUMNS: [Column; 6] = [
    Column::Name("ID"),
    Column::Text("NAME"),
    Column::Text("OWNER"),
    Column::List("SCOPE"),
    Column::Text("EXPIRES"),
    Column::Text("LAST USE"),
];

/// Create and revoke tokens
#[derive(Debug, clap::Subcommand)]
#[command(after_long_help = "\
Examples:
  regctl token create ci --user alice --scope 'team/*:pull,push' --expires 90d
  regctl token list")]
pub(super) enum Command {
    Create(CreateArgs),
    #[command(visible_alias = "ls")]
    List(ListArgs),
    #[command(visible_alias = "rm")]
    Revoke(RevokeArgs),
}

/// Create a token; it is shown once
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
The token replaces the password: docker login -u OWNER. It has the rights of its owner within its \
scope. A robot has no account: the scope is all its rights.

Examples:
  regctl token create ci --user alice --scope 'team/*:pull,push' --expires 90d
  regctl token create deploy --robot deployer --scope 'team/app:pull'")]
pub(super) struct CreateArgs {
    /// Its name in lists
    name: String,
    /// The account that owns the token
    #[arg(long, value_name = "ACCOUNT", required_unless_present = "robot")]
    user: Option<AccountName>,
    /// The robot that owns the token
    #[arg(long, value_name = "NAME", conflicts_with = "user", requires = "scope")]
    robot: Option<AccountName>,
    /// PATTERN:RIGHTS, as in team/*:pull,push [default: all rights of the account]
    #[arg(long, value_name = "PATTERN:RIGHTS")]
    scope: Vec<Grant>,
    /// Its lifetime, as in 30d, at least 1m [default: unlimited]
    #[arg(long, value_name = "AGE", value_parser = lifetime)]
    expires: Option<Duration>,
    #[command(flatten)]
    root: RootArgs,
}

/// List tokens
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
JSON: an array of {\"id\", \"label\", \"owner\", \"robot\", \"scope\", \"createdAt\", \"expiresAt\", \
\"usedAt\"}; its times are milliseconds since 1970, as in the API.

Examples:
  regctl token list
  regctl token list alice")]
pub(super) struct ListArgs {
    /// Only tokens of this account or robot
    owner: Option<AccountName>,
    #[command(flatten)]
    output: FormatArgs,
    #[command(flatten)]
    root: RootArgs,
}

/// Revoke tokens
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Everything signed in with it loses access immediately.

Examples:
  regctl token revoke 3f9a6c0d1b2e
  regctl token revoke ci --user alice")]
pub(super) struct RevokeArgs {
    /// Its id or name
    token: String,
    /// The account or robot that owns the token
    #[arg(long, value_name = "NAME")]
    user: Option<AccountName>,
    #[command(flatten)]
    root: RootArgs,
}

/// Parses a lifetime that somebody can use.
fn lifetime(text: &str) -> Result<Duration, String> {
    let lifetime = age(text)?;
    if milliseconds(lifetime) < MINIMUM_LIFETIME {
        return Err(format!(
            "{text:?} is too short for a token; hint: write 1m or more, or leave --expires out for a token \
             that does not expire"
        ));
    }
    Ok(lifetime)
}

pub(super) async fn run(command: &Command, printer: Printer) -> anyhow::Result<Exit> {
    match command {
        Command::Create(args) => create(args, printer).await,
        Command::List(args) => list(args, printer).await,
        Command::Revoke(args) => {
            let operation = AccountOperation::RevokeToken {
                token: args.token.clone(),
                owner: args.user.clone(),
            };
            if let AccountReport::Changed(count) = args.root.accounts(operation, printer).await? {
                let count = usize::try_from(count).unwrap_or(usize::MAX);
                printer.report(&format!(
                    "{} revoked",
                    figures::count(count, "token", "tokens")
                ))?;
            }
            Ok(Exit::Done)
        }
    }
}

async fn create(args: &CreateArgs, printer: Printer) -> anyhow::Result<Exit> {
    let Some(owner) = args.user.clone().or_else(|| args.robot.clone()) else {
        return Err(
            Usage("the owner is missing; hint: --user ACCOUNT or --robot NAME".into()).into(),
        );
    };
    let operation = AccountOperation::CreateToken {
        label: args.name.clone(),
        owner: owner.clone(),
        robot: args.robot.is_some(),
        scope: (!args.scope.is_empty()).then(|| args.scope.clone()),
        lifetime: args.expires.map(milliseconds),
    };
    let report = args.root.accounts(operation, printer).await?;
    let AccountReport::Token { token, .. } = report else {
        return Ok(Exit::Error);
    };
    printer.line(token.reveal())?;
    printer.remark(&format!(
        "It is not shown again. Sign in as {owner} with it in place of a password"
    ));
    Ok(Exit::Done)
}

async fn list(args: &ListArgs, printer: Printer) -> anyhow::Result<Exit> {
    let owner = args.owner.clone();
    let report = args
        .root
        .accounts(AccountOperation::Tokens { owner }, printer)
        .await?;
    let AccountReport::Tokens(tokens) = report else {
        return Ok(Exit::Error);
    };
    match args.output.format {
        Format::Json => printer.json(&tokens)?,
        Format::Name => printer.lines(tokens.iter().map(|token| token.id.as_str()))?,
        Format::Table if tokens.is_empty() => printer.remark("No tokens"),
        Format::Table => {
            let cells = tokens.iter().map(|token| row(token, printer)).collect();
            printer.table(&COLUMNS, cells)?;
        }
    }
    Ok(Exit::Done)
}

fn row(token: &TokenRecord, printer: Printer) -> Vec<String> {
    let scope = match &token.scope {
        None => "all".to_owned(),
        Some(grants) => {
            let grants: Vec<String> = grants.iter().map(Grant::to_string).collect();
            grants.join(" ")
        }
    };
    let owner = if token.robot {
        format!("{} (robot)", token.owner)
    } else {
        token.owner.to_string()
    };
    vec![
        token.id.clone(),
        token.label.clone(),
        owner,
        scope,
        token
            .expires_at
            .map_or_else(|| "never".to_owned(), |at| figures::date(timestamp(at))),
        printer.time(token.used_at.map(timestamp)),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_not_created_expired() {
        for text in ["0", "0s", "1ms", "59s"] {
            assert!(lifetime(text).is_err(), "{text}");
        }
        assert_eq!(lifetime("1m"), Ok(Duration::from_mins(1)));
        assert!(lifetime("0s").unwrap_err().contains("hint: "));
    }
}
