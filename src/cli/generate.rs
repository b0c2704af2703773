//! Man pages and completions, generated from the definition of the command line.

use std::cmp::Ordering;
use std::path::PathBuf;

use clap::{Command, CommandFactory};
use clap_complete::{Generator, Shell};

use super::exit::Exit;
use super::habits::ALIASES;
use super::output::Printer;
use super::{Cli, man};

/// Print the completions for a shell
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
In bash, fish and zsh the completions ask the registry for repositories and tags: the registry that \
the line names, else the default one. After 1.5 s, or without an answer, they offer none.

Examples:
  regctl completions bash > ~/.local/share/bash-completion/completions/regctl
  regctl completions zsh > \"${fpath[1]}/_regctl\"
  regctl completions fish > ~/.config/fish/completions/regctl.fish")]
pub(super) struct CompletionsArgs {
    /// The shell
    #[arg(value_enum)]
    shell: Shell,
}

/// Write the files that the project has under version control
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
    printer.bytes(script(args.shell).as_bytes())?;
    Ok(Exit::Done)
}

/// The completions for a shell. Those for bash, zsh and fish get the names in a registry from
/// `regctl complete`, by functions that are added to the generated ones.
fn script(shell: Shell) -> String {
    let mut command = shown();
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut command, "regctl", &mut script);
    let script = String::from_utf8_lossy(&script).into_owned();
    match shell {
        Shell::Bash => script + include_str!("../setup/completions/names.bash"),
        Shell::Fish => script + include_str!("../setup/completions/names.fish"),
        Shell::Zsh => {
            let script = script.replace(":_default'", ":_regctl_names'");
            let script = with_escaped_colons(script, &command);
            let begin = "_regctl() {\n";
            let script = script.replacen(begin, &[begin, &aliases()].concat(), 1);
            let last = script.rfind("if [ \"$funcstack").unwrap_or(script.len());
            let (functions, call) = script.split_at(last);
            [
                functions,
                include_str!("../setup/completions/names.zsh"),
                call,
            ]
            .concat()
        }
        _ => script,
    }
}

/// The script for zsh with escaped colons in the names of values, which a colon ends; the generator
/// escapes none there.
fn with_escaped_colons(script: String, command: &Command) -> String {
    let arguments = command.get_arguments();
    let names = arguments.flat_map(|argument| argument.get_value_names().unwrap_or_default());
    let names = names.filter(|name| name.contains(':'));
    let script = names.fold(script, |script, name| {
        let begins = format!("]:{name}:");
        script.replace(&begins, &format!("]:{}:", name.replace(':', "\\:")))
    });
    command.get_subcommands().fold(script, with_escaped_colons)
}

/// Lines of zsh that replace an alias by its command, as [`super::habits`] does, once another word
/// follows. A function of their own could not: zsh restores the words when one ends.
fn aliases() -> String {
    let branches = ALIASES.iter().map(|(alias, command)| {
        let (words, last) = match alias.split_once(' ') {
            Some((first, second)) => (format!("\"{first} {second}\""), 3),
            None => (format!("{alias}\\ *"), 2),
        };
        let after = command.split(' ').count() + 1;
        let moved = match after.cmp(&last) {
            Ordering::Less => format!("; (( CURRENT -= {} ))", last - after),
            Ordering::Equal => String::new(),
            Ordering::Greater => format!("; (( CURRENT += {} ))", after - last),
        };
        format!(
            "        {words}) (( CURRENT > {last} )) && {{ words[2,{last}]=({command}){moved} }};;\n"
        )
    });
    let branches: String = branches.collect();
    format!("    case \"$words[2] $words[3]\" in\n{branches}    esac\n")
}

/// The definition without hidden commands.
fn shown() -> Command {
    let whole = Cli::command();
    let commands = whole.get_subcommands();
    let commands: Vec<Command> = commands
        .filter(|command| !command.is_hide_set())
        .cloned()
        .collect();
    Command::new("regctl")
        .version(env!("CARGO_PKG_VERSION"))
        .propagate_version(true)
        .args(whole.get_arguments().cloned())
        .subcommands(commands)
}

#[expect(clippy::disallowed_methods, reason = "the command writes files")]
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
                let file = args.directory.join(shell.file_name("regctl"));
                std::fs::write(file, script(shell))?;
            }
        }
    }
    Ok(Exit::Done)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zsh_gets_names_of_values_with_escaped_colons() {
        let script = script(Shell::Zsh);
        assert!(script.contains("]:HOST[\\:PORT]:_regctl_names'"));
        assert!(script.contains("]:PATTERN\\:RIGHTS:"));
        assert!(!script.contains("]:HOST[:PORT]"));
    }
}
