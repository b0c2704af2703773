//! The end of a command line: what its last word is, according to the definition of the command line.

use std::ffi::OsString;

use clap::{Arg, ArgAction, Command, ValueHint};

use crate::cli::habits;

/// The argument at the end of a line.
pub(super) struct Cursor<'a> {
    /// The typed part.
    pub(super) word: String,
    pub(super) command: &'a Command,
    pub(super) argument: &'a Arg,
    pub(super) given: Given<'a>,
}

impl<'a> Cursor<'a> {
    /// The end of a line; `None` if it is an option, a command or invalid.
    pub(super) fn of(line: &str, definition: &'a Command) -> Option<Self> {
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
            word: (*word).to_owned(),
            command,
            argument,
            given,
        })
    }

    /// The words of an argument that takes either one of them or files: `self-signed|CERT,KEY`.
    fn words(&self) -> Vec<&'a str> {
        let names = self.argument.get_value_names().unwrap_or_default();
        let text = names.first().map_or("", |name| name.as_str());
        let words = text.split('|').filter(|_| text.contains('|'));
        let is_word = |word: &&str| !word.contains(|letter: char| letter.is_ascii_uppercase());
        words.filter(is_word).collect()
    }

    /// The known words for the argument that begin with the typed part. Shells know those of an option.
    pub(super) fn choices(&self) -> Vec<String> {
        let mut words: Vec<String> = self.words().into_iter().map(str::to_owned).collect();
        if self.argument.is_positional() {
            let values = self.argument.get_possible_values();
            words.extend(values.iter().map(|value| value.get_name().to_owned()));
        }
        words.retain(|word| word.starts_with(&self.word));
        words
    }

    /// Whether the argument is a file.
    pub(super) fn is_file(&self) -> bool {
        let hint = self.argument.get_value_hint();
        !self.words().is_empty()
            || matches!(
                hint,
                ValueHint::AnyPath | ValueHint::FilePath | ValueHint::DirPath
            )
    }
}

/// The parsed words before the cursor.
#[derive(Default)]
pub(super) struct Given<'a> {
    command: Option<&'a Command>,
    /// The option whose value comes next.
    open: Option<&'a Arg>,
    positionals: usize,
    /// Whether `--` ended the options.
    options_ended: bool,
    pub(super) registry: Option<String>,
    pub(super) insecure: bool,
    pub(super) plain_http: bool,
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

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;
    use crate::cli::Cli;

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
    fn where_words_and_files_are_completed() {
        let mut definition = Cli::command();
        definition.build();
        for (line, choices, file) in [
            ("regctl import ", &[][..], true),
            ("regctl import -q --compression zstd im", &[], true),
            ("regctl user import ", &[], true),
            ("regctl serve --config ", &[], true),
            ("regctl serve --tls ", &["self-signed", "acme"], true),
            ("regctl serve --tls a", &["acme"], true),
            ("regctl serve --tls ce", &[], true),
            ("regctl frontend --tls ", &["self-signed"], true),
            ("regctl setup s", &["systemd", "socket"], false),
            ("regctl visibility x ", &["public", "private"], false),
            ("regctl tags ", &[], false),
            ("regctl du ", &[], false),
        ] {
            let cursor = Cursor::of(line, &definition).unwrap();
            assert_eq!(cursor.choices(), choices, "{line}");
            assert_eq!(cursor.is_file(), file, "{line}");
        }
    }
}
