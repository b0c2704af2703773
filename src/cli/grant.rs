//! `regctl grant` and `regctl revoke`: the rights of accounts and groups in repositories.

use super::administration::RootArgs;
use super::exit::Exit;
use super::output::Printer;
use crate::admin::{AccountOperation, AccountReport, Grantee};
use crate::oci::{Grant, NamePattern, Rights};

/// Grant rights
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Rights add up; no grant takes rights away. Callers who may not pull from a private repository do \
not learn that it exists.

Examples:
  regctl grant team-a 'team/*' pull,push
  regctl grant users 'shared/*' pull
  regctl grant anonymous 'mirror/*' pull")]
pub(super) struct GrantArgs {
    #[command(flatten)]
    what: What,
    #[command(flatten)]
    root: RootArgs,
}

/// Revoke rights
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Write the pattern as it was granted: regctl rights shows it. Tokens lose the rights immediately.

Examples:
  regctl revoke team-a 'team/*' push
  regctl revoke team-a 'team/*'")]
pub(super) struct RevokeArgs {
    #[command(flatten)]
    what: What,
    #[command(flatten)]
    root: RootArgs,
}

#[derive(Debug, clap::Args)]
struct What {
    /// An account or a group; users for every account, anonymous for everybody
    #[arg(value_name = "WHO")]
    grantee: Grantee,
    /// A repository, NAMESPACE/* for all below a namespace, or * for all
    #[arg(value_name = "PATTERN")]
    pattern: NamePattern,
    /// pull, push and delete, joined by commas, or * for all
    #[arg(value_name = "RIGHTS", default_value = "*")]
    rights: Rights,
}

impl What {
    fn grant(&self) -> Grant {
        Grant {
            pattern: self.pattern.clone(),
            rights: self.rights,
        }
    }
}

pub(super) async fn grant(args: &GrantArgs, printer: Printer) -> anyhow::Result<Exit> {
    let what = &args.what;
    let operation = AccountOperation::Grant {
        grantee: what.grantee.clone(),
        grant: what.grant(),
    };
    args.root.accounts(operation, printer).await?;
    let (grantee, pattern, rights) = (&what.grantee, &what.pattern, what.rights);
    printer.report(&format!("{grantee} may {rights} in {pattern}"))?;
    Ok(Exit::Done)
}

pub(super) async fn revoke(args: &RevokeArgs, printer: Printer) -> anyhow::Result<Exit> {
    let what = &args.what;
    let operation = AccountOperation::Revoke {
        grantee: what.grantee.clone(),
        grant: what.grant(),
    };
    let (grantee, pattern) = (&what.grantee, &what.pattern);
    match args.root.accounts(operation, printer).await? {
        AccountReport::Revoked(rights) if !rights.is_empty() => {
            printer.report(&format!(
                "{grantee} may no longer {rights} by the grant on {pattern}"
            ))?;
            Ok(Exit::Done)
        }
        _ => {
            printer.error(&format!(
                "{grantee} has no such grant on {pattern}; hint: regctl rights shows all grants"
            ));
            Ok(Exit::NotFound)
        }
    }
}
