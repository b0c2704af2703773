//! `regctl manifest`: commands for single manifests.

use serde::Serialize;

use super::context::{ClientArgs, Context};
use super::exit::Exit;
use super::inspect;
use super::output::{Format, FormatArgs};
use super::table::Column;
use crate::oci::{Digest, MediaType, Reference};

/// The commands for manifests.
#[derive(Debug, clap::Subcommand)]
#[command(after_long_help = "\
Examples:
  regctl manifest inspect team/nginx:1
  regctl manifest head team/nginx:1")]
pub(super) enum Command {
    Inspect(inspect::Args),
    Head(HeadArgs),
}

/// Show a manifest's digest, type and length, without fetching it
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
JSON: one object {\"name\", \"digest\", \"mediaType\", \"size\"}.

Examples:
  regctl manifest head team/nginx:1
  regctl manifest head -o json team/nginx:1 | jq -r .digest")]
pub(super) struct HeadArgs {
    /// The manifest
    #[arg(value_name = "REF")]
    reference: String,
    #[command(flatten)]
    output: FormatArgs,
    #[command(flatten)]
    client: ClientArgs,
}

/// Print a manifest's digest
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  regctl digest team/nginx:1
  regctl copy team/nginx@$(regctl digest team/nginx:1) registry.example.org/team/nginx:1")]
pub(super) struct DigestArgs {
    /// The manifest
    #[arg(value_name = "REF")]
    reference: String,
    #[command(flatten)]
    pub(super) client: ClientArgs,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Head {
    name: String,
    digest: Digest,
    media_type: MediaType,
    size: u64,
}

impl Command {
    /// The flags of the connection.
    pub(super) fn client(&self) -> &ClientArgs {
        match self {
            Self::Inspect(args) => &args.client,
            Self::Head(args) => &args.client,
        }
    }
}

pub(super) async fn run(command: &Command, context: &Context) -> anyhow::Result<Exit> {
    match command {
        Command::Inspect(args) => inspect::run(args, context).await,
        Command::Head(args) => head(args, context).await,
    }
}

async fn head(args: &HeadArgs, context: &Context) -> anyhow::Result<Exit> {
    let (place, reference) = context.manifest(&args.reference).await?;
    let head = place
        .client
        .manifest_head(&place.repository, &reference)
        .await?;
    let printer = context.printer;
    match args.output.format {
        Format::Json => printer.json(&Head {
            name: place.name(&reference),
            digest: head.digest,
            media_type: head.media_type,
            size: head.size,
        })?,
        Format::Name => printer.line(&place.name(&Reference::Digest(head.digest)))?,
        Format::Table => printer.table(
            &[
                Column::Text("DIGEST"),
                Column::Text("TYPE"),
                Column::Figure("SIZE"),
            ],
            vec![vec![
                head.digest.to_string(),
                head.media_type.to_string(),
                format!("{} B", head.size),
            ]],
        )?,
    }
    Ok(Exit::Done)
}

pub(super) async fn digest(args: &DigestArgs, context: &Context) -> anyhow::Result<Exit> {
    let (place, reference) = context.manifest(&args.reference).await?;
    let client = &place.client;
    let head = client.manifest_head(&place.repository, &reference).await?;
    context.printer.line(&head.digest.to_string())?;
    Ok(Exit::Done)
}
