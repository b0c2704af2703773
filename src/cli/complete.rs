//! `regctl complete`: the repositories and tags that can follow a command line, for the completion
//! scripts of shells.
//!
//! The scripts pass the line up to the cursor. The definition of the command line shows whether the
//! next word names something in a registry. Invariants: the answer comes within [`TIMEOUT`] and has
//! at most [`LIMIT`] names; a failure prints nothing; the user is never asked, so a registry behind
//! ssh has no names.

use std::ffi::OsString;
use std::time::Duration;

use clap::{Arg, ArgAction, Command, CommandFactory};

use super::Cli;
use super::context::{ClientArgs, Context};
use super::exit::Exit;
use super::habits;
use super::output::Printer;
use super::registry::Registry;
use crate::client::{Client, SSH};
use crate::oci::Repository;

/// Timeout of an answer: the user is waiting at the prompt.
const TIMEOUT: Duration = Duration::from_millis(1500);
/// Maximum number of names in an answer.
const LIMIT: usize = 200;

/// Print the names that can follow a command line
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The command line up to the cursor
    #[arg(value_name = "LINE", allow_hyphen_values = true)]
    line: String,
}

/// The kind of name at the end of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wanted {
    Repository,
    /// A repository with a tag.
    Reference,
}

/// The end of a line that expects a name in a registry.
#[derive(Debug, PartialEq, Eq)]
struct End {
    wanted: Wanted,
    /// The typed part of the name.
    word: String,
    registry: Option<String>,
    insecure: bool,
    plain_http: bool,
}

pub(super) async fn run(args: &Args, printer: Printer) -> anyhow::Result<Exit> {
    let mut definition = Cli::command();
    definition.build();
    if let Some(end) = End::of(&args.line, &definition) {
        let mut names = Vec::new();
        // Names found before a failure or the timeout are printed.
        let _ = tokio::time::timeout(TIMEOUT, end.names(&mut names)).await;
        names.sort();
        names.truncate(LIMIT);
        printer.lines(names)?;
    }
    Ok(Exit::Done)
}

impl End {
    /// The end of a line; `None` if it does not expect a name in a registry.
    fn of(line: &str, definition: &Command) -> Option<Self> {
        let words = words(line).into_iter();
        let words: Vec<OsString> = words
            .skip_while(|word| word.contains('=') && !word.starts_with('-'))
            .map(OsString::from)
            .collect();
        let words = habits::translate(words);
        let words: Vec<&str> = words.iter().filter_map(|word| word.to_str()).collect();
        let (word, before) = words.get(1..)?.split_last()?;
        let mut given = Given::default();
        for word in before {
            given.take(word, definition)?;
        }
        let command = given.command.unwrap_or(definition);
        let argument = match given.open {
            Some(option) => option,
            None if word.starts_with('-') || command.has_subcommands() => return None,
            None => {
                let mut arguments = command.get_positionals();
                let last = command.get_positionals().last()?;
                let repeats = matches!(last.get_action(), ArgAction::Append);
                arguments
                    .nth(given.positionals)
                    .or_else(|| repeats.then_some(last))?
            }
        };
        Some(Self {
            wanted: wanted(command, argument)?,
            word: (*word).to_owned(),
            registry: given.registry,
            insecure: given.insecure,
            plain_http: given.plain_http,
        })
    }

    /// Adds the names that begin with the word.
    async fn names(&self, names: &mut Vec<String>) -> anyhow::Result<()> {
        let host = self.word.split_once('/').map(|(host, _)| host);
        let host = host.filter(|host| habits::is_host(host));
        let registry = Registry::meant(host.or(self.registry.as_deref()))?;
        if registry.host.starts_with(SSH) {
            return Ok(());
        }
        let client = ClientArgs::once(self.registry.clone(), self.insecure, self.plain_http);
        let client = Context::new(&client, Printer::new(true))?.client(host)?;
        let prefix = host.map(|host| format!("{host}/")).unwrap_or_default();
        let typed = &self.word[prefix.len()..];
        if let Some((repository, _)) = typed.split_once(':') {
            if self.wanted == Wanted::Reference {
                let repository = repository.parse()?;
                tags(&client, &repository, &prefix, &self.word, names).await?;
            }
            return Ok(());
        }
        repositories(&client, &prefix, &self.word, names).await?;
        if let ([repository], Wanted::Reference) = (&names[..], self.wanted) {
            let repository = repository[prefix.len()..].parse()?;
            let mut tagged = Vec::new();
            let listed = tags(&client, &repository, &prefix, "", &mut tagged).await;
            if listed.is_ok() && !tagged.is_empty() {
                *names = tagged;
            }
        }
        Ok(())
    }
}

/// The parsed words before the cursor.
#[derive(Default)]
struct Given<'a> {
    command: Option<&'a Command>,
    /// The option whose value comes next.
    open: Option<&'a Arg>,
    positionals: usize,
    /// Whether `--` ended the options.
    options_ended: bool,
    registry: Option<String>,
    insecure: bool,
    plain_http: bool,
}

impl<'a> Given<'a> {
    /// Parses the next word; `None` if the line is invalid there.
    fn take(&mut self, word: &str, definition: &'a Command) -> Option<()> {
        let command = self.command.unwrap_or(definition);
        if let Some(option) = self.open.take() {
            self.set(option, word);
        } else if self.options_ended || !word.starts_with('-') || word == "-" {
            if command.has_subcommands() {
                self.command = Some(command.find_subcommand(word)?);
            } else {
                self.positionals += 1;
            }
        } else if word == "--" {
            self.options_ended = true;
        } else if let Some(long) = word.strip_prefix("--") {
            let (name, value) = match long.split_once('=') {
                Some((name, value)) => (name, Some(value)),
                None => (long, None),
            };
            let mut options = command.get_arguments();
            let option = options.find(|option| option.get_long() == Some(name))?;
            match value {
                Some(value) => self.set(option, value),
                None if option.get_action().takes_values() => self.open = Some(option),
                None => self.set(option, ""),
            }
        } else {
            let mut letters = word[1..].chars();
            while let Some(letter) = letters.next() {
                let mut options = command.get_arguments();
                let option = options.find(|option| option.get_short() == Some(letter))?;
                if option.get_action().takes_values() {
                    let value = letters.as_str();
                    self.open = value.is_empty().then_some(option);
                    break;
                }
            }
        }
        Some(())
    }

    fn set(&mut self, option: &Arg, value: &str) {
        match option.get_id().as_str() {
            "registry" => self.registry = Some(value.to_owned()),
            "insecure" => self.insecure = true,
            "plain_http" => self.plain_http = true,
            _ => {}
        }
    }
}

/// The kind of name that an argument of a command expects.
fn wanted(command: &Command, argument: &Arg) -> Option<Wanted> {
    // Only commands that connect to a registry retry; others use names of a root.
    if !command
        .get_arguments()
        .any(|known| known.get_id() == "retries")
    {
        return None;
    }
    match argument.get_value_names()?.first()?.as_str() {
        "REPOSITORY" => Some(Wanted::Repository),
        "SOURCE" | "DESTINATION" if command.get_name() == "sync" => Some(Wanted::Repository),
        "REF" | "SOURCE" | "DESTINATION" => Some(Wanted::Reference),
        _ => None,
    }
}

/// The words of a command line as shells split it; the last one is the one at the cursor.
fn words(line: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut quote = None;
    let mut letters = line.trim_start().chars();
    while let Some(letter) = letters.next() {
        let Some(word) = words.last_mut() else { break };
        match (letter, quote) {
            ('\\', None | Some('"')) => word.extend(letters.next()),
            ('\'' | '"', None) => quote = Some(letter),
            (_, Some(open)) if letter == open => quote = None,
            (_, None) if letter.is_whitespace() => {
                if !word.is_empty() {
                    words.push(String::new());
                }
            }
            _ => word.push(letter),
        }
    }
    words
}

/// Adds the repositories whose full names begin with a word.
async fn repositories(
    client: &Client,
    prefix: &str,
    word: &str,
    names: &mut Vec<String>,
) -> anyhow::Result<()> {
    let mut listing = client.catalog();
    while let Some(page) = listing.page().await? {
        let page = page.iter().map(|name| format!("{prefix}{name}"));
        names.extend(page.filter(|name| name.starts_with(word)));
        if names.len() >= LIMIT {
            break;
        }
    }
    Ok(())
}

/// Adds the tags of a repository whose full references begin with a word.
async fn tags(
    client: &Client,
    repository: &Repository,
    prefix: &str,
    word: &str,
    names: &mut Vec<String>,
) -> anyhow::Result<()> {
    let mut listing = client.tags(repository);
    while let Some(page) = listing.page().await? {
        let page = page.iter().map(|tag| format!("{prefix}{repository}:{tag}"));
        names.extend(page.filter(|name| name.starts_with(word)));
        if names.len() >= LIMIT {
            break;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_split_as_shells_do() {
        for (line, split) in [
            ("regctl  tags te", vec!["regctl", "tags", "te"]),
            (" regctl tags ", vec!["regctl", "tags", ""]),
            ("a 'b c' \"d\\\"e\" f\\ g", vec!["a", "b c", "d\"e", "f g"]),
            ("a 'b", vec!["a", "b"]),
        ] {
            assert_eq!(words(line), split, "{line}");
        }
    }

    #[test]
    fn where_names_are_completed() {
        let mut definition = Cli::command();
        definition.build();
        let end = |line: &str| End::of(line, &definition);
        for (line, wanted, word) in [
            ("regctl tags te", Wanted::Repository, "te"),
            ("A=1 regctl tags ", Wanted::Repository, ""),
            ("regctl tags --sort age te", Wanted::Repository, "te"),
            ("regctl tags -o name -- te", Wanted::Repository, "te"),
            ("regctl manifest inspect app:", Wanted::Reference, "app:"),
            ("regctl inspect app:", Wanted::Reference, "app:"),
            ("regctl rm --yes a:1 b:", Wanted::Reference, "b:"),
            ("regctl delete --repository te", Wanted::Repository, "te"),
            ("regctl copy a:1 ", Wanted::Reference, ""),
            ("regctl sync a ", Wanted::Repository, ""),
            ("regctl -vq export -oimage.tar a", Wanted::Reference, "a"),
            ("regctl digest docker://a", Wanted::Reference, "a"),
        ] {
            let end = end(line).unwrap();
            assert_eq!((end.wanted, end.word.as_str()), (wanted, word), "{line}");
        }
        for line in [
            "",
            "regctl",
            "regctl ta",
            "regctl manifest in",
            "regctl none a",
            "regctl tags --so",
            "regctl tags --sort ",
            "regctl tags a b",
            "regctl copy a b c",
            "regctl import im",
            "regctl du te",
            "regctl catalog h",
            "regctl export -o im",
        ] {
            assert_eq!(end(line), None, "{line}");
        }
        let line = "regctl --insecure tags --registry=h:1 --plain-http a";
        let end = end(line).unwrap();
        assert_eq!(end.registry.as_deref(), Some("h:1"));
        assert!(end.insecure && end.plain_http);
    }
}
