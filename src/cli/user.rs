//! `regctl user`: accounts that sign in to a registry.

use std::io::Read;
use std::path::PathBuf;

use anyhow::Context as _;

use super::administration::{RootArgs, timestamp};
use super::exit::{Exit, Usage};
use super::figures;
use super::output::{Format, FormatArgs, Printer};
use super::secrets::new_password;
use super::table::Column;
use crate::admin::{AccountOperation, AccountRecord, AccountReport, ImportedAccount, Password};
use crate::oci::AccountName;

const COLUMNS: [Column; 5] = [
    Column::Name("NAME"),
    Column::Text("STATE"),
    Column::List("GROUPS"),
    Column::Text("CREATED"),
    Column::Text("LAST USE"),
];

/// Create and change accounts
#[derive(Debug, clap::Subcommand)]
#[command(after_long_help = "\
Examples:
  regctl user add alice --admin
  regctl user list
  regctl user disable bob")]
pub(super) enum Command {
    Add(AddArgs),
    #[command(visible_alias = "ls")]
    List(ListArgs),
    Passwd(PasswdArgs),
    /// Disable the sign-in of an account and its tokens
    ///
    /// The last administrator who may sign in can't be disabled: create another one first.
    #[command(after_long_help = "\
Examples:
  regctl user disable bob
  regctl user disable bob --registry registry.example.org")]
    Disable(NameArgs),
    /// Let a disabled account sign in again
    #[command(after_long_help = "\
Examples:
  regctl user enable bob")]
    Enable(NameArgs),
    /// Make an account an administrator
    #[command(after_long_help = "\
Examples:
  regctl user promote alice
  regctl user promote alice --root /var/lib/registry")]
    Promote(NameArgs),
    /// Revoke the admin right of an account
    ///
    /// The last administrator who may sign in can't be demoted: create another one first.
    #[command(after_long_help = "\
Examples:
  regctl user demote alice")]
    Demote(NameArgs),
    /// Remove an account with its grants and tokens
    ///
    /// The last administrator who may sign in can't be removed: create another one first.
    #[command(
        visible_alias = "rm",
        after_long_help = "\
Examples:
  regctl user remove bob
  regctl user remove bob --registry registry.example.org"
    )]
    Remove(NameArgs),
    Import(ImportArgs),
}

/// Create an account
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
The password is asked for on the terminal, or read from standard input. A running server of the \
root accepts the account immediately, if accounts are enabled with regctl serve --accounts or \
regctl.accounts.enabled. With --root or --config the account may precede the first regctl serve: a \
directory that is empty, or missing in an existing one, becomes a root.

Examples:
  regctl user add alice --admin
  regctl user add bob --root /var/lib/registry --password-stdin < password")]
pub(super) struct AddArgs {
    /// Letters, digits, '.', '_', '-', '@' and '+'
    name: AccountName,
    /// Allow it to administer the registry, and to pull, push and delete everywhere
    #[arg(long)]
    admin: bool,
    /// Read the password from standard input
    #[arg(long, conflicts_with = "no_password")]
    password_stdin: bool,
    /// Create it without a password; it signs in with tokens only
    #[arg(long)]
    no_password: bool,
    #[command(flatten)]
    root: RootArgs,
}

/// List accounts
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
JSON: an array of {\"name\", \"admin\", \"disabled\", \"hasPassword\", \"provider\", \"createdAt\", \
\"usedAt\", \"groups\"}; the provider is the one through which it signs in, or null; its times are \
milliseconds since 1970, as in the API.

Examples:
  regctl user list
  regctl user list -o json")]
pub(super) struct ListArgs {
    #[command(flatten)]
    output: FormatArgs,
    #[command(flatten)]
    root: RootArgs,
}

/// Set the password of an account
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
The old password is not required: everyone who may write to the root can do this.

Examples:
  regctl user passwd alice
  regctl user passwd alice --password-stdin < password")]
pub(super) struct PasswdArgs {
    /// The account
    name: AccountName,
    /// Read the password from standard input
    #[arg(long)]
    password_stdin: bool,
    #[command(flatten)]
    root: RootArgs,
}

/// Select an account
#[derive(Debug, clap::Args)]
pub(super) struct NameArgs {
    /// The account
    name: AccountName,
    #[command(flatten)]
    root: RootArgs,
}

/// Create accounts from a file
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
An htpasswd file has a line NAME:HASH for each account, with bcrypt hashes. A CSV file has lines \
NAME,PASSWORD-OR-HASH[,GROUP GROUP…[,admin]]; a first line that begins with name, is a heading. \
Existing accounts are not changed.

Examples:
  regctl user import /etc/registry/htpasswd
  regctl user import users.csv")]
pub(super) struct ImportArgs {
    /// The file, or - for standard input
    file: PathBuf,
    #[command(flatten)]
    root: RootArgs,
}

pub(super) async fn run(command: &Command, printer: Printer) -> anyhow::Result<Exit> {
    match command {
        Command::Add(args) => add(args, printer).await,
        Command::List(args) => list(args, printer).await,
        Command::Passwd(args) => {
            let name = args.name.clone();
            let password = new_password(name.as_str(), args.password_stdin, printer).await?;
            let operation = AccountOperation::SetPassword {
                name,
                password,
                verified: None,
            };
            args.root.accounts(operation, printer).await?;
            printer.report(&format!("{} has a new password", args.name))?;
            Ok(Exit::Done)
        }
        Command::Disable(args) => disable(args, true, printer).await,
        Command::Enable(args) => disable(args, false, printer).await,
        Command::Promote(args) => set_admin(args, true, printer).await,
        Command::Demote(args) => set_admin(args, false, printer).await,
        Command::Remove(args) => {
            let name = args.name.clone();
            args.root
                .accounts(AccountOperation::RemoveUser { name }, printer)
                .await?;
            let name = &args.name;
            printer.report(&format!("{name} was removed with its grants and tokens"))?;
            Ok(Exit::Done)
        }
        Command::Import(args) => import(args, printer).await,
    }
}

async fn add(args: &AddArgs, printer: Printer) -> anyhow::Result<Exit> {
    let name = args.name.clone();
    let password = if args.no_password {
        None
    } else {
        Some(new_password(name.as_str(), args.password_stdin, printer).await?)
    };
    let admin = args.admin;
    let operation = AccountOperation::AddUser {
        name,
        password,
        admin,
    };
    args.root.accounts(operation, printer).await?;
    let what = if admin {
        "an administrator"
    } else {
        "an account"
    };
    printer.report(&format!("{} is {what} now", args.name))?;
    Ok(Exit::Done)
}

async fn disable(args: &NameArgs, disabled: bool, printer: Printer) -> anyhow::Result<Exit> {
    let name = args.name.clone();
    let operation = AccountOperation::SetDisabled { name, disabled };
    args.root.accounts(operation, printer).await?;
    let what = if disabled {
        "and its tokens can no longer sign in"
    } else {
        "can sign in"
    };
    printer.report(&format!("{} {what}", args.name))?;
    Ok(Exit::Done)
}

async fn set_admin(args: &NameArgs, admin: bool, printer: Printer) -> anyhow::Result<Exit> {
    let name = args.name.clone();
    let operation = AccountOperation::SetAdmin { name, admin };
    args.root.accounts(operation, printer).await?;
    let what = if admin {
        "an administrator now"
    } else {
        "no longer an administrator"
    };
    printer.report(&format!("{} is {what}", args.name))?;
    Ok(Exit::Done)
}

async fn list(args: &ListArgs, printer: Printer) -> anyhow::Result<Exit> {
    let AccountReport::Users(users) = args.root.accounts(AccountOperation::Users, printer).await?
    else {
        return Ok(Exit::Error);
    };
    match args.output.format {
        Format::Json => printer.json(&users)?,
        Format::Name => printer.lines(users.iter().map(|user| user.name.as_str()))?,
        Format::Table if users.is_empty() => {
            printer.remark("No accounts; regctl user add NAME --admin creates the first one");
        }
        Format::Table => {
            let cells = users.iter().map(|user| row(user, printer)).collect();
            printer.table(&COLUMNS, cells)?;
        }
    }
    Ok(Exit::Done)
}

fn row(user: &AccountRecord, printer: Printer) -> Vec<String> {
    let state = match (user.disabled, user.admin, user.has_password) {
        (true, _, _) => "disabled",
        (false, true, _) => "administrator",
        (false, false, true) => "-",
        (false, false, false) if user.provider.is_some() => "provider",
        (false, false, false) => "tokens only",
    };
    let groups: Vec<&str> = user.groups.iter().map(AccountName::as_str).collect();
    vec![
        user.name.to_string(),
        state.to_owned(),
        if groups.is_empty() {
            "-".to_owned()
        } else {
            groups.join(",")
        },
        figures::date(timestamp(user.created_at)),
        printer.time(user.used_at.map(timestamp)),
    ]
}

async fn import(args: &ImportArgs, printer: Printer) -> anyhow::Result<Exit> {
    let text = read(&args.file).with_context(|| format!("read {}", args.file.display()))?;
    let users = parse(&text)?;
    let operation = AccountOperation::ImportUsers { users };
    let AccountReport::Imported { created, kept } = args.root.accounts(operation, printer).await?
    else {
        return Ok(Exit::Error);
    };
    for name in &kept {
        printer.warning(&format!("{name} already exists and was not changed"));
    }
    let count = figures::count(created.len(), "account", "accounts");
    printer.report(&format!("{count} created"))?;
    Ok(Exit::Done)
}

#[expect(clippy::disallowed_methods, reason = "the file that the user names")]
fn read(file: &PathBuf) -> std::io::Result<String> {
    if file.as_os_str() == "-" {
        let mut text = String::new();
        std::io::stdin().lock().read_to_string(&mut text)?;
        return Ok(text);
    }
    std::fs::read_to_string(file)
}

/// Parses lines of htpasswd or CSV.
fn parse(text: &str) -> Result<Vec<ImportedAccount>, Usage> {
    let mut users = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        let line = line.trim();
        let is_heading = number == 1 && line.to_ascii_lowercase().starts_with("name,");
        if line.is_empty() || line.starts_with('#') || is_heading {
            continue;
        }
        // Errors must not contain the password of a line.
        let bad = |reason: &str| Usage(format!("line {number}: {reason}"));
        let htpasswd = line.split_once(':').filter(|(name, _)| !name.contains(','));
        let (name, password, rest) = match htpasswd {
            Some((_, hash)) if !hash.starts_with("$2") => {
                return Err(bad(
                    "the hash is not bcrypt; hint: make it with htpasswd -B",
                ));
            }
            Some((name, hash)) => (name, hash, ""),
            None => {
                let (name, rest) = line.split_once(',').unwrap_or((line, ""));
                let (password, rest) = rest.split_once(',').unwrap_or((rest, ""));
                (name.trim(), password.trim(), rest)
            }
        };
        let (groups, admin) = rest.split_once(',').unwrap_or((rest, ""));
        let groups = groups.split_whitespace().map(str::parse::<AccountName>);
        users.push(ImportedAccount {
            name: name.parse().map_err(|error| bad(&format!("{error}")))?,
            password: (!password.is_empty()).then(|| Password::new(password)),
            groups: groups
                .collect::<Result<_, _>>()
                .map_err(|error| bad(&format!("a group: {error}")))?,
            admin: match admin.trim() {
                "" => false,
                "admin" => true,
                _ => return Err(bad("the fourth field is admin or nothing")),
            },
        });
    }
    Ok(users)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn htpasswd_and_csv_are_read() {
        let text = "alice:$2y$05$abc\n# x\n\n";
        let users = parse(text).unwrap();
        assert_eq!(users[0].name.as_str(), "alice");
        assert_eq!(users[0].password, Some(Password::new("$2y$05$abc")));
        let text =
            "name,password,groups,role\nbob,hunter:2,team-a team-b,admin\ncarol\ndave,,team-a\n";
        let users = parse(text).unwrap();
        assert_eq!(users.len(), 3);
        assert_eq!(users[0].password, Some(Password::new("hunter:2")));
        assert_eq!(users[0].groups.len(), 2);
        assert!(users[0].admin && !users[1].admin);
        assert_eq!(users[1].password, None);
        assert_eq!(users[2].groups[0].as_str(), "team-a");
    }

    #[test]
    fn a_bad_line_is_named_without_its_password() {
        for text in [
            "al ice,secret",
            "alice:{SHA}secret",
            "alice,secret,a/b",
            "alice,secret,,root",
        ] {
            let error = parse(text).unwrap_err().to_string();
            assert!(
                error.starts_with("line 1: ") && !error.contains("secret"),
                "{error}"
            );
        }
    }
}
