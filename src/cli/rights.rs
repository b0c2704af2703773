//! `regctl rights`: lists rights and their grants.

use super::administration::RootArgs;
use super::exit::Exit;
use super::output::{Format, FormatArgs, Printer};
use super::table::Column;
use crate::admin::{AccountOperation, AccountReport, RightsReport};

const COLUMNS: [Column; 3] = [
    Column::Name("BY THE GRANT TO"),
    Column::Text("REPOSITORIES"),
    Column::Text("RIGHTS"),
];

/// List who may do what, and why
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
For an account it lists its own grants, those of its groups, of all users and of everybody; for a \
robot the scopes of its tokens and the grants of everybody; for a repository all that covers it.

JSON: {\"grants\": [{\"grantee\", \"grant\": {\"pattern\", \"rights\"}}], \"robots\": [{\"robot\", \
\"token\", \"grant\"}], \"administrators\", \"public\"}.

Examples:
  regctl rights
  regctl rights alice
  regctl rights team/app")]
pub(super) struct Args {
    /// An account, a group, a robot or a repository
    about: Option<String>,
    #[command(flatten)]
    output: FormatArgs,
    #[command(flatten)]
    root: RootArgs,
}

pub(super) async fn run(args: &Args, printer: Printer) -> anyhow::Result<Exit> {
    let about = args.about.clone();
    let report = args
        .root
        .accounts(AccountOperation::Rights { about }, printer)
        .await?;
    let AccountReport::Rights(report) = report else {
        return Ok(Exit::Error);
    };
    match args.output.format {
        Format::Json => printer.json(&report)?,
        Format::Name => {
            let grants = report.grants.iter().map(|record| &record.grant);
            let robots = report.robots.iter().map(|robot| &robot.grant);
            printer.lines(grants.chain(robots).map(ToString::to_string))?;
        }
        Format::Table => table(&report, printer)?,
    }
    Ok(Exit::Done)
}

fn table(report: &RightsReport, printer: Printer) -> std::io::Result<()> {
    let mut rows: Vec<Vec<String>> = Vec::new();
    for name in &report.administrators {
        let cells = [
            format!("{name} (administrator)"),
            "*".into(),
            "pull,push,delete".into(),
        ];
        rows.push(cells.into());
    }
    if report.public == Some(true) {
        rows.push(["everybody (public)".into(), "-".into(), "pull".into()].into());
    }
    for record in &report.grants {
        let grant = &record.grant;
        let cells = [
            record.grantee.to_string(),
            grant.pattern.to_string(),
            grant.rights.to_string(),
        ];
        rows.push(cells.into());
    }
    for robot in &report.robots {
        let cells = [
            format!("{} (token {})", robot.robot, robot.token),
            robot.grant.pattern.to_string(),
            robot.grant.rights.to_string(),
        ];
        rows.push(cells.into());
    }
    if rows.is_empty() {
        printer.remark("No rights");
        return Ok(());
    }
    printer.table(&COLUMNS, rows)
}
