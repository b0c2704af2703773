//! `regctl relay`: the other end of `--registry ssh://`, which runs it on the host of the root.

use super::administration::PlaceArgs;
use super::exit::Exit;
use crate::server::admin::relay;

/// Forward requests from standard input to a root of this host
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    root: PlaceArgs,
}

pub(super) async fn run(args: &Args) -> anyhow::Result<Exit> {
    let request = args.root.request(None);
    relay(&request, tokio::io::stdin(), tokio::io::stdout()).await?;
    Ok(Exit::Done)
}
