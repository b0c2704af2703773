//! `regctl complete`: the repositories and tags that can follow a command line, for the completion
//! scripts of shells; and the words of an option that also takes files.
//!
//! The scripts pass the line up to the cursor. The definition of the command line shows whether the
//! next word names something in a registry, or a file: then the exit code is 3. Invariants: the answer
//! comes within [`TIMEOUT`] and has at most [`LIMIT`] names; a failure prints nothing; the user is
//! never asked, so a registry behind ssh has no names.

mod cursor;

use std::time::Duration;

use clap::{Arg, Command, CommandFactory};

use super::Cli;
use super::context::{ClientArgs, Context};
use super::exit::Exit;
use super::habits;
use super::output::Printer;
use super::registry::Registry;
use crate::client::{Client, SSH};
use crate::oci::Repository;
use cursor::Cursor;

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
    let Some(cursor) = Cursor::of(&args.line, &definition) else {
        return Ok(Exit::Done);
    };
    let choices = cursor.choices();
    if choices.is_empty() && cursor.is_file() {
        return Ok(Exit::NotFound);
    }
    printer.lines(choices)?;
    if let Some(end) = End::at(cursor) {
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
    /// The end of a line as that of a name in a registry; `None` if it expects something else.
    fn at(cursor: Cursor<'_>) -> Option<Self> {
        Some(Self {
            wanted: wanted(cursor.command, cursor.argument)?,
            word: cursor.word,
            registry: cursor.given.registry,
            insecure: cursor.given.insecure,
            plain_http: cursor.given.plain_http,
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
    fn where_names_are_completed() {
        let mut definition = Cli::command();
        definition.build();
        let end = |line: &str| End::at(Cursor::of(line, &definition)?);
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
