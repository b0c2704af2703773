//! `regctl logout`: erases a sign-in where docker would have stored it.

use super::context::{ClientArgs, Context, EarlyArgs};
use super::exit::{Exit, Usage};

/// Sign out of a registry
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Removes the registry from docker's config.json under each of its spellings, and from the \
credential helper in that file. Credentials of podman are kept and reported.

Examples:
  regctl logout registry.example.org:5000")]
pub(super) struct Args {
    /// The registry [default: as for --registry]
    #[arg(value_name = "HOST[:PORT]")]
    host: Option<String>,
    #[command(flatten)]
    client: ClientArgs,
}

impl Args {
    /// The flags of the connection.
    pub(super) fn client(&self, early: &EarlyArgs) -> Result<ClientArgs, Usage> {
        self.client.with(early).naming(self.host.as_deref())
    }
}

pub(super) async fn run(context: &Context) -> anyhow::Result<Exit> {
    let client = context.client(None)?;
    let (registry, printer) = (client.registry().to_owned(), context.printer);
    let signed_out = client.sign_out().await?;
    if let Some(source) = &signed_out.remaining {
        printer.warning(&format!(
            "{source} still has credentials for {registry}, which are not docker's"
        ));
    }
    if signed_out.forgotten.is_empty() {
        printer.note(&format!("Nobody was signed in to {registry}"));
    }
    for store in &signed_out.forgotten {
        printer.report(&format!("Signed out of {registry}: removed from {store}"))?;
    }
    Ok(Exit::Done)
}
