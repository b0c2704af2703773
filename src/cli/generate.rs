//! Man pages and completions, generated from the definition of the command line.

use std::path::PathBuf;

use clap::CommandFactory;
use clap_complete::Shell;

use super::exit::Exit;
use super::output::Printer;
use super::{Cli, man};

/// Print the completions for a shell
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  regctl completions bash > ~/.local/share/bash-completion/completions/regctl
  regctl completions zsh > \"${fpath[1]}/_regctl\"
  regctl completions fish > ~/.config/fish/completions/regctl.fish")]
pub(super) struct CompletionsArgs {
    /// The shell
    #[arg(value_enum)]
    shell: Shell,
}

/// Write the files that the project keeps under version control
#[derive(Debug, clap::Args)]
pub(super) struct GenerateArgs {
    #[arg(value_enum)]
    what: Generated,
    /// The directory to write them to
    #[arg(value_name = "DIR")]
    directory: PathBuf,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Generated {
    /// Man pages
    Man,
    /// Completions for every shell
    Completions,
}

pub(super) fn completions(args: &CompletionsArgs, printer: Printer) -> anyhow::Result<Exit> {
    let mut script = Vec::new();
    let mut command = Cli::command();
    clap_complete::generate(args.shell, &mut command, "regctl", &mut script);
    printer.bytes(&script)?;
    Ok(Exit::Done)
}

#[expect(clippy::disallowed_methods, reason = "files are what it makes")]
pub(super) fn run(args: &GenerateArgs) -> anyhow::Result<Exit> {
    std::fs::create_dir_all(&args.directory)?;
    match args.what {
        Generated::Man => man::write(Cli::command(), &args.directory)?,
        Generated::Completions => {
            for shell in [
                Shell::Bash,
                Shell::Elvish,
                Shell::Fish,
                Shell::PowerShell,
                Shell::Zsh,
            ] {
                let mut command = Cli::command();
                clap_complete::generate_to(shell, &mut command, "regctl", &args.directory)?;
            }
        }
    }
    Ok(Exit::Done)
}
