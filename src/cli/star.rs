//! `regctl star`: marks a repository.

use super::context::{ClientArgs, Context};
use super::exit::Exit;
use super::figures;

/// Star a repository
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Searches show repositories with more stars first. A star belongs to the account that is signed in.

Examples:
  regctl star team/app
  regctl star registry.example.org/team/app --remove")]
pub(super) struct Args {
    /// The repository, with or without the registry's host before it
    #[arg(value_name = "REPOSITORY")]
    repository: String,
    /// Remove the star
    #[arg(long)]
    remove: bool,
    #[command(flatten)]
    pub(super) client: ClientArgs,
}

pub(super) async fn run(args: &Args, context: &Context) -> anyhow::Result<Exit> {
    let place = context.repository(&args.repository)?;
    let stars = place.client.star(&place.repository, !args.remove).await?;
    let stars = usize::try_from(stars).unwrap_or(usize::MAX);
    let stars = figures::count(stars, "star", "stars");
    context
        .printer
        .report(&format!("{} has {stars} now", place.shown))?;
    Ok(Exit::Done)
}
