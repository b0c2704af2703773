//! The command line: one file for each command, with its `Args` and its `run`.
//!
//! Only `output` writes to stdout and stderr, only `exit` defines exit codes, only `context`
//! selects the registry. Commands take parsed arguments and a context, and return an exit code;
//! they contain no HTTP.

mod administration;
mod audit;
mod backup;
mod catalog;
mod certificate;
mod check;
mod complete;
mod container;
mod context;
mod copy;
mod copying;
mod delete;
mod delete_repository;
mod deletion;
mod describe;
mod destination;
mod digests;
mod doctor;
mod du;
mod executable;
mod exit;
mod export;
mod far;
mod figures;
mod frontend;
mod gc;
mod generate;
mod grant;
mod group;
mod habits;
mod health;
mod hints;
mod image;
mod import;
mod inspect;
mod interrupt;
mod listing;
mod login;
mod logout;
mod man;
mod man_config;
mod man_surroundings;
mod manifest;
mod output;
mod overview;
mod owner;
mod progress;
mod prune;
mod received;
mod registry;
mod relay;
mod report;
mod restore;
mod retention;
mod rights;
mod rule;
mod search;
mod secrets;
mod selection;
mod sentences;
pub mod serve;
mod setup;
mod source;
mod star;
mod sync;
mod table;
mod tags;
mod token;
mod transfers;
mod trash;
mod trust;
mod usage;
mod user;
mod visibility;
mod whoami;

use std::process::ExitCode;

use clap::error::ErrorKind;
use clap::{CommandFactory, Parser};
pub use exit::Exit;

use self::context::{ClientArgs, Context, EarlyArgs};
use self::output::{Printer, QuietArgs};

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
    after_long_help = overview::TEXT
)]
struct Cli {
    #[command(flatten)]
    early: EarlyArgs,
    #[command(flatten)]
    talk: QuietArgs,
    #[command(subcommand)]
    command: Command,
}

/// The command line of servers only. A process keeps the pages that its start has touched, and the
/// definitions of all commands are many.
#[derive(Debug, Parser)]
#[command(name = "regctl")]
struct ServerLine {
    #[command(flatten)]
    talk: QuietArgs,
    #[command(subcommand)]
    command: ServerCommand,
}

#[derive(Debug, clap::Subcommand)]
enum ServerCommand {
    Serve(serve::Args),
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    Serve(serve::Args),
    Frontend(frontend::Args),
    Trust(trust::Args),
    Doctor(doctor::Args),
    Catalog(catalog::Args),
    Tags(tags::Args),
    Search(search::Args),
    Star(star::Args),
    /// Commands for single manifests
    #[command(subcommand)]
    Manifest(manifest::Command),
    Digest(manifest::DigestArgs),
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
    #[command(subcommand)]
    Retention(retention::Command),
    Trash(trash::Args),
    Restore(restore::Args),
    Du(du::Args),
    Check(check::Args),
    Backup(backup::Args),
    Audit(audit::Args),
    Health(health::Args),
    Image(container::Args),
    Setup(setup::Args),
    #[command(subcommand)]
    User(user::Command),
    #[command(subcommand)]
    Group(group::Command),
    #[command(subcommand)]
    Token(token::Command),
    Grant(grant::GrantArgs),
    Revoke(grant::RevokeArgs),
    Rights(rights::Args),
    Visibility(visibility::Args),
    Describe(describe::Args),
    Completions(generate::CompletionsArgs),
    #[command(hide = true)]
    Relay(relay::Args),
    #[command(hide = true)]
    Complete(complete::Args),
    #[command(hide = true)]
    Generate(generate::GenerateArgs),
}

/// Threads for blocking work. More would not be faster, and each needs memory.
const BLOCKING_THREADS: usize = 64;

/// Runs the command line of this process. Neither generic nor async, so that the binary compiles
/// only a call.
pub fn main() -> ExitCode {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .max_blocking_threads(BLOCKING_THREADS)
        .build();
    let exit = match runtime {
        Ok(runtime) => {
            let exit = runtime.block_on(run());
            // The process ends here, with all its running tasks. Shutting down the runtime first
            // would let them report errors about that.
            std::mem::forget(runtime);
            exit
        }
        Err(error) => {
            Printer::default().error(&format!("can't start a thread: {error}"));
            Exit::Error
        }
    };
    exit.into()
}

/// Runs the command line.
async fn run() -> Exit {
    let printer = Printer::default();
    interrupt::ignore_size_limit();
    let line: Vec<_> = std::env::args_os().collect();
    if habits::lacks_configuration(&line) && !names_configuration() {
        printer.error(habits::UNSPECIFIED);
        return Exit::Error;
    }
    let line = habits::translate(line);
    // What is not a server's is read, and explained, with the definitions of all commands.
    if line.iter().any(|word| word == "serve")
        && let Ok(ServerLine { talk, command }) = ServerLine::try_parse_from(&line)
    {
        let ServerCommand::Serve(args) = command;
        let printer = Printer::new(talk.quiet);
        return end(serve::run(args, printer).await, printer);
    }
    let cli = match Cli::try_parse_from(line) {
        Ok(cli) => cli,
        Err(error) => return explain(&error, printer),
    };
    let printer = Printer::new(cli.talk.quiet);
    if let Command::Serve(args) = cli.command {
        return match cli.early.first() {
            Some(flag) => end(no_registry(flag), printer),
            None => end(serve::run(args, printer).await, printer),
        };
    }
    if let Command::Frontend(args) = cli.command {
        return end(frontend::run(&args, &cli.early, printer).await, printer);
    }
    let command = async { end(dispatch(cli.command, &cli.early, printer).await, printer) };
    interrupt::guard(Box::pin(command)).await
}

/// Whether the environment names a configuration file.
fn names_configuration() -> bool {
    std::env::var_os("REGISTRY_CONFIGURATION_PATH").is_some_and(|path| !path.is_empty())
}

/// Reports why a command failed. Returns its exit code.
fn end(result: anyhow::Result<Exit>, printer: Printer) -> Exit {
    match result {
        Ok(exit) => exit,
        Err(error) => {
            let exit = Exit::of(&error);
            if !matches!(exit, Exit::Done | Exit::Interrupted) {
                printer.error(&format!("{error:#}"));
            }
            exit
        }
    }
}

/// Answers a command line without a command: with help or the version, which are data, or with the
/// error in it.
fn explain(error: &clap::Error, printer: Printer) -> Exit {
    let text = match error.kind() {
        ErrorKind::DisplayVersion => concat!("regctl ", env!("CARGO_PKG_VERSION"), "\n").to_owned(),
        ErrorKind::DisplayHelp => printer.styled(&error.render()),
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            printer.help(&error.render());
            return Exit::Usage;
        }
        _ => {
            printer.error(&usage::sentence(error, &Cli::command()));
            return Exit::Usage;
        }
    };
    let written = printer.bytes(text.as_bytes());
    end(written.map(|()| Exit::Done).map_err(Into::into), printer)
}

/// The error for a connection flag before a command without connections.
fn no_registry(flag: &str) -> anyhow::Result<Exit> {
    let reason = format!("{flag} is an option of commands that connect to a registry");
    Err(exit::Usage(reason).into())
}

async fn dispatch(command: Command, early: &EarlyArgs, printer: Printer) -> anyhow::Result<Exit> {
    let may_connect = matches!(
        command,
        Command::Serve(_)
            | Command::Frontend(_)
            | Command::Trust(_)
            | Command::Catalog(_)
            | Command::Tags(_)
            | Command::Search(_)
            | Command::Star(_)
            | Command::Manifest(_)
            | Command::Digest(_)
            | Command::Delete(_)
            | Command::Login(_)
            | Command::Logout(_)
            | Command::Whoami(_)
            | Command::Import(_)
            | Command::Export(_)
            | Command::Copy(_)
            | Command::Sync(_)
    );
    if let Some(flag) = early.first().filter(|_| !may_connect) {
        return no_registry(flag);
    }
    let context = |client: ClientArgs| Context::new(&client, printer);
    match command {
        Command::Serve(args) => serve::run(args, printer).await,
        Command::Frontend(args) => frontend::run(&args, early, printer).await,
        Command::Trust(args) => trust::run(&args, printer).await,
        Command::Doctor(args) => doctor::run(&args, printer).await,
        Command::Catalog(args) => catalog::run(&args, &context(args.client(early)?)?).await,
        Command::Tags(args) => tags::run(&args, &context(args.client.with(early))?).await,
        Command::Search(args) => search::run(&args, &context(args.client.with(early))?).await,
        Command::Star(args) => star::run(&args, &context(args.client.with(early))?).await,
        Command::Manifest(command) => {
            manifest::run(&command, &context(command.client().with(early))?).await
        }
        Command::Digest(args) => manifest::digest(&args, &context(args.client.with(early))?).await,
        Command::Delete(args) => delete::run(&args, &context(args.client.with(early))?).await,
        Command::Login(args) => login::run(&args, &context(args.client(early)?)?).await,
        Command::Logout(args) => logout::run(&context(args.client(early)?)?).await,
        Command::Whoami(args) => whoami::run(&args, &context(args.client(early)?)?).await,
        Command::Copy(args) => copy::run(&args, &context(args.client.with(early))?).await,
        Command::Sync(args) => sync::run(&args, &context(args.client.with(early))?).await,
        Command::Import(args) => import::run(&args, &context(args.client.with(early))?).await,
        Command::Export(args) => export::run(&args, &context(args.client.with(early))?).await,
        Command::Gc(args) => gc::run(&args, printer).await,
        Command::Prune(args) => prune::run(&args, printer).await,
        Command::Retention(command) => retention::run(&command, printer).await,
        Command::Trash(args) => trash::run(&args, printer).await,
        Command::Restore(args) => restore::run(&args, printer).await,
        Command::Du(args) => du::run(&args, printer).await,
        Command::Check(args) => check::run(&args, printer).await,
        Command::Backup(args) => backup::run(&args, printer).await,
        Command::Audit(args) => audit::run(&args, printer).await,
        Command::Health(args) => health::run(&args, printer).await,
        Command::Image(args) => container::run(&args, printer),
        Command::Setup(args) => setup::run(&args, printer),
        Command::User(command) => user::run(&command, printer).await,
        Command::Group(command) => group::run(&command, printer).await,
        Command::Token(command) => token::run(&command, printer).await,
        Command::Grant(args) => grant::grant(&args, printer).await,
        Command::Revoke(args) => grant::revoke(&args, printer).await,
        Command::Rights(args) => rights::run(&args, printer).await,
        Command::Visibility(args) => visibility::run(&args, printer).await,
        Command::Describe(args) => describe::run(&args, printer).await,
        Command::Relay(args) => relay::run(&args).await,
        Command::Completions(args) => generate::completions(&args, printer),
        Command::Complete(args) => complete::run(&args, printer).await,
        Command::Generate(args) => generate::run(&args),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_definition_holds() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_command_has_the_same_quiet_option() {
        let mut root = Cli::command();
        root.build();
        let mut commands = vec![root];
        while let Some(command) = commands.pop() {
            let name = command.get_name();
            if name == "help" {
                continue;
            }
            let options: Vec<&clap::Arg> = command
                .get_arguments()
                .filter(|option| {
                    option.get_short() == Some('q') || option.get_long() == Some("quiet")
                })
                .collect();
            assert_eq!(options.len(), 1, "{name}");
            assert!(
                options.iter().all(|option| option.is_global_set()),
                "{name} has a -q of its own"
            );
            commands.extend(command.get_subcommands().cloned());
        }
    }
}
