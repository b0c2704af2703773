//! Errors in command lines, each as one line: the error, and the correct input.
//!
//! Pure: clap's error in, the line out. Invariants: a name is only suggested if it differs from the
//! typed one by a single letter; clap's internal names never appear.

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Command, Error};

use super::{habits, hints};

/// The line for an error of clap.
pub(super) fn sentence(error: &Error, definition: &Command) -> String {
    let command = command(error);
    let argument = text(error, ContextKind::InvalidArg);
    let name = name(&argument);
    let value = text(error, ContextKind::InvalidValue);
    // Not every error names its command.
    let help = if error.get(ContextKind::Usage).is_some() {
        format!("hint: `{command} --help` lists its arguments")
    } else {
        "hint: --help after the command lists its arguments".to_owned()
    };
    match error.kind() {
        ErrorKind::InvalidSubcommand => unknown_command(
            &text(error, ContextKind::InvalidSubcommand),
            &command,
            definition,
        ),
        ErrorKind::UnknownArgument if argument.starts_with('-') => {
            let near = strings(error, ContextKind::SuggestedArg).into_iter();
            match near
                .map(|near| self::name(&near))
                .find(|near| is_near(&name, near))
            {
                Some(near) => format!("{command} has no option {name}; hint: it has {near}"),
                None => format!("{command} has no option {name}; {help}"),
            }
        }
        ErrorKind::UnknownArgument => format!("{command} does not accept {argument:?}; {help}"),
        ErrorKind::InvalidValue => {
            let valid = strings(error, ContextKind::ValidValue);
            let choice = if valid.is_empty() {
                help
            } else {
                format!("hint: use one of {}", valid.join(", "))
            };
            if value.is_empty() {
                format!("{name} needs a value; {choice}")
            } else {
                format!("{name}: {value:?} is not a valid value; {choice}")
            }
        }
        ErrorKind::ValueValidation => {
            let reason = std::error::Error::source(error).map(ToString::to_string);
            let reason = reason.unwrap_or_else(|| "can't be used".to_owned());
            if ["invalid digit", "cannot parse integer", "number too"]
                .iter()
                .any(|begin| reason.starts_with(begin))
            {
                format!("{name}: {value:?} is not a valid number; {help}")
            } else {
                format!("{name}: {reason}")
            }
        }
        ErrorKind::MissingRequiredArgument => {
            let missing = strings(error, ContextKind::InvalidArg);
            let missing: Vec<String> = missing.iter().map(|one| self::name(one)).collect();
            format!("{command} needs {}; {help}", missing.join(" and "))
        }
        ErrorKind::MissingSubcommand | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            format!("{command} needs a command; {help}")
        }
        ErrorKind::ArgumentConflict => {
            let others = strings(error, ContextKind::PriorArg);
            let others: Vec<String> = others.iter().map(|one| self::name(one)).collect();
            if others.is_empty() || others == [name.clone()] {
                format!("{name} is given twice; hint: leave out one of them")
            } else {
                let others = others.join(" and ");
                format!("{name} and {others} contradict each other; hint: leave out one of them")
            }
        }
        ErrorKind::InvalidUtf8 => "an argument is not UTF-8".to_owned(),
        _ if name.is_empty() => format!("this is not a command line of {command}; {help}"),
        _ => format!("{name} has too few or too many values; {help}"),
    }
}

/// The error for an unknown command.
fn unknown_command(typed: &str, parent: &str, definition: &Command) -> String {
    let within = parent
        .split(' ')
        .skip(1)
        .try_fold(definition, |within, word| within.find_subcommand(word));
    let names: Vec<&str> = within
        .unwrap_or(definition)
        .get_subcommands()
        .filter(|command| !command.is_hide_set())
        .map(Command::get_name)
        .collect();
    let message = format!("{parent} has no command {typed:?}");
    let whole = format!("{parent} {typed}");
    let (_, typed_below) = whole.split_once(' ').unwrap_or_default();
    if let Some(hint) = hints::hint(typed_below) {
        return format!("{message}; hint: {hint}");
    }
    let others = habits::ALIASES.iter().map(|(name, _)| *name);
    let mut near = names.iter().copied().chain(others);
    if let Some(near) = near.find(|name| is_near(typed, name)) {
        return format!("{message}; hint: it has {near}");
    }
    if parent.contains(' ') {
        format!("{message}; hint: it has {}", names.join(", "))
    } else {
        format!("{message}; hint: `{parent} --help` lists its commands")
    }
}

/// The command of an error, from the beginning of clap's usage.
fn command(error: &Error) -> String {
    let usage = match error.get(ContextKind::Usage) {
        Some(ContextValue::StyledStr(usage)) => usage.to_string(),
        _ => String::new(),
    };
    let words = usage
        .split_whitespace()
        .skip_while(|word| *word == "Usage:");
    let words = words.take_while(|word| word.starts_with(|first: char| first.is_ascii_lowercase()));
    let words: Vec<&str> = words.collect();
    if words.is_empty() {
        "regctl".to_owned()
    } else {
        words.join(" ")
    }
}

fn strings(error: &Error, kind: ContextKind) -> Vec<String> {
    match error.get(kind) {
        Some(ContextValue::String(text)) => vec![text.clone()],
        Some(ContextValue::Strings(texts)) => texts.clone(),
        _ => Vec::new(),
    }
}

fn text(error: &Error, kind: ContextKind) -> String {
    strings(error, kind).into_iter().next().unwrap_or_default()
}

/// An argument as people type it: `--sort` of `--sort <SORT>`, `REF` of `<REF>...`.
fn name(argument: &str) -> String {
    let first = argument.split([' ', '=']).next().unwrap_or_default();
    if first.starts_with('-') {
        return first.to_owned();
    }
    let name = argument.trim_end_matches("...");
    name.trim_matches(['<', '>']).to_owned()
}

/// Whether two names differ by one letter that is wrong, missing or superfluous, or by two swapped
/// letters.
fn is_near(typed: &str, name: &str) -> bool {
    let (typed, name): (Vec<char>, Vec<char>) = (typed.chars().collect(), name.chars().collect());
    if typed.len() < 3 || typed == name {
        return false;
    }
    let same = |left: &[char], right: &[char]| {
        left.iter()
            .zip(right)
            .take_while(|(left, right)| left == right)
            .count()
    };
    let begin = same(&typed, &name);
    let (typed, name) = (&typed[begin..], &name[begin..]);
    let rest = |skipped: usize, of: usize| {
        typed.get(skipped..).is_some() && typed.get(skipped..) == name.get(of..)
    };
    rest(1, 1)
        || rest(1, 0)
        || rest(0, 1)
        || (rest(2, 2) && typed.len() > 1 && typed[0] == name[1] && typed[1] == name[0])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_names() {
        for (typed, name) in [
            ("catalgo", "catalog"),
            ("catalo", "catalog"),
            ("ttags", "tags"),
            ("tugs", "tags"),
            ("--sorted", "--sortes"),
        ] {
            assert!(is_near(typed, name), "{typed} {name}");
        }
        for (typed, name) in [
            ("push", "prune"),
            ("cat", "catalog"),
            ("tags", "tags"),
            ("g", "gc"),
            ("pull", "du"),
        ] {
            assert!(!is_near(typed, name), "{typed} {name}");
        }
    }

    #[test]
    fn arguments_as_they_are_typed() {
        for (argument, typed) in [
            ("--sort <SORT>", "--sort"),
            ("<REF>...", "REF"),
            ("<HOST[:PORT]>", "HOST[:PORT]"),
            ("--root=x", "--root"),
        ] {
            assert_eq!(name(argument), typed);
        }
    }
}
