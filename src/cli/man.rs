//! Man pages, one for each command, generated from the definition of the command line.
//!
//! clap's generator renders the options; this file adds a synopsis with values, and splits the help
//! after the options into the description, the exit codes and the examples.

use std::path::Path;

use clap::{Arg, ArgAction, Command};
use clap_mangen::Man;
use clap_mangen::roff::{Inline, Roff, bold, italic, roman};

use super::man_surroundings::Surroundings;

const EXIT_CODES: [(&str, &str); 11] = [
    ("0", "Done; also if the reader of a pipe has closed it."),
    ("1", "Error."),
    ("2", "The command line is invalid, or needs --yes."),
    ("3", "Not found."),
    ("4", "Denied."),
    ("5", "Only a part was done."),
    (
        "6",
        "The registry can't be reached or keeps failing, or another collection is running.",
    ),
    ("7", "Content does not match its digest."),
    ("129", "Ended by SIGHUP."),
    ("130", "Ended by Ctrl-C."),
    ("143", "Ended by SIGTERM."),
];

/// Writes the pages of a command and its subcommands.
#[expect(clippy::disallowed_methods, reason = "the command writes files")]
pub(super) fn write(mut root: Command, directory: &Path) -> std::io::Result<()> {
    root.build();
    let mut commands = vec![root];
    while let Some(command) = commands.pop() {
        let below = command.get_subcommands();
        commands.extend(below.filter(|below| is_shown(below)).cloned());
        let name = page(&command);
        std::fs::write(directory.join(format!("{name}.1")), text(&command)?)?;
    }
    let configuration = super::man_config::page();
    std::fs::write(directory.join("regctl-config.5"), configuration)
}

fn is_shown(command: &Command) -> bool {
    !command.is_hide_set() && command.get_name() != "help"
}

/// The name of a command's page: `regctl-manifest-head`.
fn page(command: &Command) -> String {
    let name = command.get_bin_name().unwrap_or_else(|| command.get_name());
    name.replace(' ', "-")
}

/// The help after the options, by section.
struct Help {
    description: Vec<String>,
    exit_codes: Vec<String>,
    examples: Vec<String>,
}

impl Help {
    fn of(command: &Command) -> Self {
        let text = command.get_after_long_help().map(ToString::to_string);
        let mut help = Self {
            description: Vec::new(),
            exit_codes: Vec::new(),
            examples: Vec::new(),
        };
        for paragraph in text.unwrap_or_default().split("\n\n") {
            if let Some(codes) = paragraph.strip_prefix("Exit codes: ") {
                help.exit_codes.push(codes.to_owned());
            } else if let Some(lines) = paragraph.strip_prefix("Examples:\n") {
                let lines = lines.lines().map(|line| line.trim_start().to_owned());
                help.examples.extend(lines);
            } else if !paragraph.is_empty() {
                help.description.push(paragraph.to_owned());
            }
        }
        help
    }
}

fn text(command: &Command) -> std::io::Result<Vec<u8>> {
    let help = Help::of(command);
    let name = page(command);
    let about = command
        .get_about()
        .map(ToString::to_string)
        .unwrap_or_default();
    let mut roff = Roff::new();
    let program = format!("regctl {}", env!("CARGO_PKG_VERSION"));
    let title = [&name.to_uppercase(), "1", " ", &program, "User commands"];
    roff.control("TH", title);
    roff.control("SH", ["NAME"]);
    roff.text([roman(format!("{name} - {about}"))]);
    roff.control("SH", ["SYNOPSIS"]);
    roff.text(synopsis(command));
    roff.control("SH", ["DESCRIPTION"]);
    let long = command.get_long_about().map(ToString::to_string);
    paragraphs(&mut roff, long.as_deref().unwrap_or(&about).split("\n\n"));
    paragraphs(&mut roff, help.description.iter().map(String::as_str));
    let mut page = roff.render().into_bytes();
    // The options are rendered under our own heading, without the generator's other sections.
    let mut options = Vec::new();
    Man::new(command.clone()).render_options_section(&mut options)?;
    page.extend(options);
    page.extend(after(command, &help).into_bytes());
    Ok(page)
}

/// The sections after the options.
fn after(command: &Command, help: &Help) -> String {
    let mut roff = Roff::new();
    let below: Vec<&Command> = command
        .get_subcommands()
        .filter(|below| is_shown(below))
        .collect();
    if !below.is_empty() {
        let commands = below.iter().map(|below| {
            let about = below.get_about().map(ToString::to_string);
            (format!("{}(1)", page(below)), about.unwrap_or_default())
        });
        list(&mut roff, "COMMANDS", commands);
    }
    let pairs = |table: &[(&str, &str)]| -> Vec<(String, String)> {
        let pair = |(name, text): &(&str, &str)| ((*name).to_owned(), (*text).to_owned());
        table.iter().map(pair).collect()
    };
    if help.exit_codes.is_empty() || !below.is_empty() {
        list(&mut roff, "EXIT STATUS", pairs(&EXIT_CODES));
    } else {
        roff.control("SH", ["EXIT STATUS"]);
        paragraphs(&mut roff, help.exit_codes.iter().map(String::as_str));
    }
    let surroundings = Surroundings::of(command, &page(command));
    for (heading, entries) in [
        ("ENVIRONMENT", surroundings.variables),
        ("FILES", surroundings.files),
    ] {
        if !entries.is_empty() {
            list(&mut roff, heading, pairs(&entries));
        }
    }
    if !help.examples.is_empty() {
        roff.control("SH", ["EXAMPLES"]);
        roff.control("nf", []);
        for line in &help.examples {
            roff.text([roman(line)]);
        }
        roff.control("fi", []);
    }
    roff.control("SH", ["SEE ALSO"]);
    let mut others = vec!["regctl(1)".to_owned()];
    if surroundings.root {
        others.extend(["serve", "gc", "check"].map(|name| format!("regctl-{name}(1)")));
        others.push("regctl-config(5)".to_owned());
    } else if surroundings.client {
        others.extend(["login", "catalog"].map(|name| format!("regctl-{name}(1)")));
    }
    let own = format!("{}(1)", page(command));
    others.retain(|other| *other != own);
    if others.is_empty() {
        others.extend(below.iter().map(|below| format!("{}(1)", page(below))));
    }
    roff.text([roman(others.join(", "))]);
    roff.render()
}

pub(super) fn paragraphs<'a>(roff: &mut Roff, texts: impl Iterator<Item = &'a str>) {
    for text in texts {
        roff.control("PP", []);
        roff.text([roman(text.replace('\n', " "))]);
    }
}

pub(super) fn list(
    roff: &mut Roff,
    heading: &str,
    items: impl IntoIterator<Item = (String, String)>,
) {
    roff.control("SH", [heading]);
    for (name, text) in items {
        roff.control("TP", []);
        roff.text([bold(name)]);
        roff.text([roman(text)]);
    }
}

/// The command with all arguments and their values.
fn synopsis(command: &Command) -> Vec<Inline> {
    let name = command.get_bin_name().unwrap_or_else(|| command.get_name());
    let mut line = vec![bold(name)];
    let (options, arguments): (Vec<&Arg>, Vec<&Arg>) = command
        .get_arguments()
        .filter(|argument| !argument.is_hide_set())
        .partition(|argument| !argument.is_positional());
    for option in options {
        if matches!(
            option.get_action(),
            ArgAction::Help | ArgAction::HelpShort | ArgAction::HelpLong | ArgAction::Version
        ) {
            continue;
        }
        line.push(roman(" ["));
        if let Some(short) = option.get_short() {
            line.push(bold(format!("-{short}")));
        }
        if let Some(long) = option.get_long() {
            if option.get_short().is_some() {
                line.push(roman("|"));
            }
            line.push(bold(format!("--{long}")));
        }
        if option.get_action().takes_values() {
            let optional = option
                .get_num_args()
                .is_some_and(|count| count.min_values() == 0);
            line.push(roman(if optional { " [" } else { " " }));
            line.push(italic(value(option)));
            line.push(roman(if optional { "]" } else { "" }));
        }
        let again = matches!(option.get_action(), ArgAction::Append);
        line.push(roman(if again { "]..." } else { "]" }));
    }
    for argument in arguments {
        let several = matches!(argument.get_action(), ArgAction::Append);
        let (begin, end) = if argument.is_required_set() {
            (" ", "")
        } else {
            (" [", "]")
        };
        line.push(roman(begin));
        line.push(italic(value(argument)));
        line.push(roman(format!("{}{end}", if several { "..." } else { "" })));
    }
    if command.get_subcommands().any(is_shown) {
        line.extend([roman(" "), italic("COMMAND")]);
    }
    line
}

/// The value of an argument: its choices, if it has any.
fn value(argument: &Arg) -> String {
    let choices = argument.get_possible_values();
    if !choices.is_empty() {
        let names = choices.iter().filter(|choice| !choice.is_hide_set());
        return names
            .map(clap::builder::PossibleValue::get_name)
            .collect::<Vec<_>>()
            .join("|");
    }
    let names = argument.get_value_names().unwrap_or_default();
    let names: Vec<&str> = names.iter().map(clap::builder::Str::as_str).collect();
    names.join(" ")
}
