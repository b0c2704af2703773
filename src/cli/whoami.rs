//! `regctl whoami`: the credentials for a registry, and whether it accepts them.

use serde::Serialize;

use super::context::{ClientArgs, Context, EarlyArgs};
use super::exit::{Exit, Usage};
use super::output::{Format, FormatArgs};
use super::table::Column;

const COLUMNS: [Column; 4] = [
    Column::Name("REGISTRY"),
    Column::Name("USER"),
    Column::Name("SOURCE"),
    Column::Text("ACCEPTED"),
];

/// Show who is signed in to a registry
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
The credentials are verified with the registry. The exit code is 4 if nobody is signed in or the \
credentials are refused.

JSON: one object {\"registry\", \"user\", \"source\", \"accepted\"}; the user is null where \
only a token is kept, accepted is null where the registry asks nobody.

Examples:
  regctl whoami registry.example.org:5000
  regctl whoami -o name")]
pub(super) struct Args {
    /// The registry [default: as for --registry]
    #[arg(value_name = "HOST[:PORT]")]
    host: Option<String>,
    #[command(flatten)]
    output: FormatArgs,
    #[command(flatten)]
    client: ClientArgs,
}

impl Args {
    /// The flags of the connection.
    pub(super) fn client(&self, early: &EarlyArgs) -> Result<ClientArgs, Usage> {
        self.client.with(early).naming(self.host.as_deref())
    }
}

#[derive(Serialize)]
struct Row<'a> {
    registry: &'a str,
    user: Option<&'a str>,
    source: &'a str,
    accepted: Option<bool>,
}

pub(super) async fn run(args: &Args, context: &Context) -> anyhow::Result<Exit> {
    let client = context.client(None)?;
    let (registry, printer) = (client.registry(), context.printer);
    let Some(identity) = client.identity().await? else {
        printer.error(&format!(
            "nobody is signed in to {registry}; hint: `regctl login {registry}`"
        ));
        return Ok(Exit::Denied);
    };
    let row = Row {
        registry,
        user: identity.user.as_deref(),
        source: &identity.source,
        accepted: identity.verified.then_some(true),
    };
    match args.output.format {
        Format::Json => printer.json(&row)?,
        Format::Name => printer.line(row.user.unwrap_or("-"))?,
        Format::Table => printer.table(
            &COLUMNS,
            vec![vec![
                row.registry.to_owned(),
                row.user.unwrap_or("-").to_owned(),
                row.source.to_owned(),
                match row.accepted {
                    Some(_) => "yes".to_owned(),
                    None => "not asked".to_owned(),
                },
            ]],
        )?,
    }
    Ok(Exit::Done)
}
