//! The command line: one file a command, each with its `Args` and its `run`.
//!
//! Owns what is typed and what is printed. `output` alone writes to stdout and stderr, `exit` alone
//! knows exit codes, `context` alone decides which registry is meant. Commands take parsed arguments
//! and a context, and return how they ended; they know no HTTP.

mod administration;
mod catalog;
mod check;
mod context;
mod copy;
mod copying;
mod delete;
mod delete_repository;
mod deletion;
mod destination;
mod du;
mod exit;
mod export;
mod figures;
mod gc;
mod generate;
mod image;
mod import;
mod inspect;
mod login;
mod logout;
mod manifest;
mod output;
mod progress;
mod prune;
mod registry;
mod report;
mod restore;
mod selection;
pub mod serve;
mod sync;
mod table;
mod tags;
mod trash;
mod whoami;

use clap::Parser;
pub use exit::Exit;

use self::context::{Context, EarlyArgs};
use self::output::Printer;

/// A container registry and its administration in one binary
///
/// `regctl serve` is a private registry; every other command administers a registry, this one or any
/// other.
#[derive(Debug, Parser)]
#[command(
    name = "regctl",
    version,
    propagate_version = true,
    arg_required_else_help = true,
    subcommand_required = true,
    after_long_help = "\
A reference with a host names its own registry: registry.example.org:5000/team/nginx:1. For others \
it is --registry HOST[:PORT] (or http://HOST[:PORT], https://HOST[:PORT]), else REGCTL_REGISTRY, else the `registry:` of regctl/settings.yml in the user's \
configuration directory, else 127.0.0.1:5000.

In these three ssh://[USER@]HOST[:PORT][/REGISTRY-PORT] is a registry that HOST reaches on its loopback, \
by default at port 5000. The system's ssh carries the connection, with the user's own configuration; \
REGCTL_SSH is another command line for it (REGCTL_SSH='ssh -i KEY'). Such a registry may be without TLS; \
where it has TLS its certificate is not checked, as ssh has made sure of the host. Its credentials and \
certificates are those of HOST:REGISTRY-PORT.

Credentials are those of docker and podman, as `docker login`, `podman login` and `regctl login` keep \
them. Proxies are those of HTTP_PROXY, HTTPS_PROXY, ALL_PROXY and NO_PROXY. On this machine's loopback a registry may be without \
TLS, and is sent credentials all the same; elsewhere that takes --plain-http.

Exit codes: 0 done, 1 error, 2 usage, 3 not found, 4 denied, 5 partly done, 6 unavailable after \
retries, 7 content does not match its digest."
)]
struct Cli {
    #[command(flatten)]
    early: EarlyArgs,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    Serve(serve::Args),
    Catalog(catalog::Args),
    Tags(tags::Args),
    /// Look at one manifest
    #[command(subcommand)]
    Manifest(manifest::Command),
    Delete(delete::Args),
    Login(login::Args),
    Logout(logout::Args),
    Whoami(whoami::Args),
    Import(import::Args),
    Export(export::Args),
    Copy(copy::Args),
    Sync(sync::Args),
    Gc(gc::Args),
    Prune(prune::Args),
    Trash(trash::Args),
    Restore(restore::Args),
    Du(du::Args),
    Check(check::Args),
    Completions(generate::CompletionsArgs),
    #[command(hide = true)]
    Generate(generate::GenerateArgs),
    /// Repositories, as other tools spell it
    #[command(subcommand, hide = true)]
    Repo(RepoCommand),
    /// Tags, as other tools spell it
    #[command(subcommand, hide = true)]
    Tag(TagCommand),
}

#[derive(Debug, clap::Subcommand)]
enum RepoCommand {
    #[command(alias = "list")]
    Ls(catalog::Args),
}

#[derive(Debug, clap::Subcommand)]
enum TagCommand {
    #[command(alias = "list")]
    Ls(tags::Args),
    #[command(aliases = ["delete", "del"])]
    Rm(delete::Args),
}

/// Says that this process can't even begin: the system gives it no threads.
pub fn cannot_run(error: &std::io::Error) -> Exit {
    Printer::default().error(&format!("start the threads of this process: {error}"));
    Exit::Error
}

/// Runs the command line of this process to its end.
pub async fn run() -> Exit {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Help that nobody reads to the end is no failure.
            let _ = error.print();
            return if error.use_stderr() {
                Exit::Usage
            } else {
                Exit::Done
            };
        }
    };
    match dispatch(cli.command, &cli.early).await {
        Ok(exit) => exit,
        Err(error) => {
            let exit = Exit::of(&error);
            if exit != Exit::Done {
                Printer::default().error(&format!("{error:#}"));
            }
            exit
        }
    }
}

async fn dispatch(command: Command, early: &EarlyArgs) -> anyhow::Result<Exit> {
    let local = matches!(
        command,
        Command::Serve(_)
            | Command::Gc(_)
            | Command::Prune(_)
            | Command::Trash(_)
            | Command::Restore(_)
            | Command::Du(_)
            | Command::Check(_)
            | Command::Completions(_)
            | Command::Generate(_)
    );
    if let Some(flag) = early.first().filter(|_| local) {
        Printer::default().error(&format!(
            "{flag} is of the commands that speak to a registry"
        ));
        return Ok(Exit::Usage);
    }
    match command {
        Command::Serve(args) => serve::run(args, Printer::default()).await,
        Command::Catalog(args) | Command::Repo(RepoCommand::Ls(args)) => {
            catalog::run(&args, &Context::new(&args.client.with(early))?).await
        }
        Command::Tags(args) | Command::Tag(TagCommand::Ls(args)) => {
            tags::run(&args, &Context::new(&args.client.with(early))?).await
        }
        Command::Manifest(command) => {
            manifest::run(&command, &Context::new(&command.client().with(early))?).await
        }
        Command::Delete(args) | Command::Tag(TagCommand::Rm(args)) => {
            delete::run(&args, &Context::new(&args.client.with(early))?).await
        }
        Command::Login(args) => login::run(&args, &Context::new(&args.client(early)?)?).await,
        Command::Logout(args) => logout::run(&Context::new(&args.client(early)?)?).await,
        Command::Whoami(args) => whoami::run(&args, &Context::new(&args.client(early)?)?).await,
        Command::Copy(args) => copy::run(&args, &Context::new(&args.client.with(early))?).await,
        Command::Sync(args) => sync::run(&args, &Context::new(&args.client.with(early))?).await,
        Command::Import(args) => import::run(&args, &Context::new(&args.client.with(early))?).await,
        Command::Export(args) => export::run(&args, &Context::new(&args.client.with(early))?).await,
        Command::Gc(args) => gc::run(&args).await,
        Command::Prune(args) => prune::run(&args).await,
        Command::Trash(args) => trash::run(&args).await,
        Command::Restore(args) => restore::run(&args).await,
        Command::Du(args) => du::run(&args).await,
        Command::Check(args) => check::run(&args).await,
        Command::Completions(args) => generate::completions(&args, Printer::default()),
        Command::Generate(args) => generate::run(&args),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_definition_holds() {
        Cli::command().debug_assert();
    }
}
