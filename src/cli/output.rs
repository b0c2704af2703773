//! The printer: only this file writes to stdout and stderr.
//!
//! stdout is for data, stderr for messages. Invariants: texts of registries and images reach a
//! terminal without control characters; nothing is shortened unless stdout is a terminal; colour
//! only on a terminal, and not with `NO_COLOR` or `TERM=dumb`.

use std::fs::File;
use std::io::{self, IsTerminal, Write};
use std::os::fd::AsFd as _;

use clap::ValueEnum;
use jiff::Timestamp;
use serde::Serialize;

use super::figures;
use super::table::{self, Column};

/// The output format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Default)]
pub(super) enum Format {
    /// Columns or lines for a person
    #[default]
    Table,
    /// JSON, with exact sizes and, unless the command says otherwise, RFC 3339 times
    Json,
    /// Only the names, one a line
    Name,
}

/// The option for the output format.
#[derive(Debug, clap::Args)]
pub(super) struct FormatArgs {
    /// The output format
    #[arg(
        short = 'o',
        long = "output",
        value_name = "FORMAT",
        default_value = "table",
        value_enum
    )]
    pub(super) format: Format,
}

/// The option of every command that hides messages. Only results remain: what a command lists or
/// shows, and with `-o json` and `-o name` what it did.
#[derive(Debug, Clone, Copy, clap::Args)]
pub(super) struct QuietArgs {
    /// Print only data and errors: no progress, notes, warnings or reports
    #[arg(short, long, global = true, display_order = 900)]
    pub(super) quiet: bool,
}

/// Which messages stderr gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Talk {
    Quiet,
    Normal,
    Verbose,
}

/// The destination and the style of output.
#[derive(Debug, Clone, Copy)]
pub(super) struct Printer {
    talk: Talk,
    terminal: bool,
    colour: bool,
    bars: bool,
}

impl Default for Printer {
    fn default() -> Self {
        Self::new(false)
    }
}

#[expect(clippy::unused_self, reason = "writing requires a printer")]
impl Printer {
    /// A printer for this process's stdout and stderr.
    pub(super) fn new(quiet: bool) -> Self {
        let set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        let terminal = io::stdout().is_terminal();
        let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
        Self {
            talk: if quiet { Talk::Quiet } else { Talk::Normal },
            terminal,
            colour: terminal && !dumb && !set("NO_COLOR"),
            bars: io::stderr().is_terminal() && !dumb && !set("CI"),
        }
    }

    /// The same with details, or `None` if messages are off.
    pub(super) fn verbose(self) -> Option<Self> {
        self.reports().then_some(Self {
            talk: Talk::Verbose,
            ..self
        })
    }

    /// Whether reports of what was done are printed: not with `--quiet`.
    pub(super) fn reports(self) -> bool {
        self.talk != Talk::Quiet
    }

    /// Whether stdout is a terminal.
    pub(super) fn is_terminal(self) -> bool {
        self.terminal
    }

    /// Writes bytes to stdout, unchanged.
    pub(super) fn bytes(self, bytes: &[u8]) -> io::Result<()> {
        let mut stdout = io::stdout().lock();
        let written = stdout.write_all(bytes).and_then(|()| stdout.flush());
        written.map_err(|error| {
            io::Error::new(error.kind(), format!("can't write to stdout: {error}"))
        })
    }

    /// Writes a registry's document to stdout: unchanged, but on a terminal without control
    /// characters.
    pub(super) fn document(self, bytes: &[u8]) -> io::Result<()> {
        if !self.terminal {
            return self.bytes(bytes);
        }
        let lines = String::from_utf8_lossy(bytes);
        let lines: Vec<String> = lines.split('\n').map(harmless).collect();
        self.bytes(lines.join("\n").as_bytes())
    }

    /// stdout as an unbuffered stream of bytes; `None` if it is a terminal.
    pub(super) fn stream(self) -> io::Result<Option<File>> {
        if self.terminal {
            return Ok(None);
        }
        Ok(Some(io::stdout().as_fd().try_clone_to_owned()?.into()))
    }

    /// Prints a line to stdout.
    pub(super) fn line(self, text: &str) -> io::Result<()> {
        self.bytes(format!("{}\n", harmless(text)).as_bytes())
    }

    /// Prints a report of what was done to stdout. Not with `--quiet`.
    pub(super) fn report(self, text: &str) -> io::Result<()> {
        if self.reports() {
            self.line(text)?;
        }
        Ok(())
    }

    /// Prints lines to stdout.
    pub(super) fn lines<T: ToString>(self, lines: impl IntoIterator<Item = T>) -> io::Result<()> {
        let mut text = String::new();
        for line in lines {
            text.push_str(&harmless(&line.to_string()));
            text.push('\n');
        }
        self.bytes(text.as_bytes())
    }

    /// Prints a value as JSON to stdout.
    pub(super) fn json<T: Serialize>(self, value: &T) -> io::Result<()> {
        let mut text = escaped(&serde_json::to_string_pretty(value)?);
        text.push('\n');
        self.bytes(text.as_bytes())
    }

    /// Prints a table without borders to stdout.
    pub(super) fn table(self, columns: &[Column], mut rows: Vec<Vec<String>>) -> io::Result<()> {
        for cell in rows.iter_mut().flatten() {
            *cell = harmless(cell);
        }
        let width = self.width().map(usize::from);
        let mut text = table::lines(columns, rows, width, self.colour).join("\n");
        text.push('\n');
        self.bytes(text.as_bytes())
    }

    /// Prints a message. Not with `--quiet`.
    pub(super) fn note(self, text: &str) {
        if self.reports() {
            talk(text);
        }
    }

    /// Prints a remark for an interactive user, such as that a list is empty. Not into files and
    /// pipes.
    pub(super) fn remark(self, text: &str) {
        if io::stderr().is_terminal() {
            self.note(text);
        }
    }

    /// Prints a warning. Not with `--quiet`.
    pub(super) fn warning(self, text: &str) {
        if self.reports() {
            talk(&format!("warning: {}", without_numbers(text)));
        }
    }

    /// Prints details, with `--verbose` only.
    pub(super) fn detail(self, text: &str) {
        if self.talk == Talk::Verbose {
            talk(text);
        }
    }

    /// Whether to draw progress: on a capable terminal, unless messages are off.
    pub(super) fn shows_bars(self) -> bool {
        self.reports() && self.bars
    }

    /// Prints an error, always.
    pub(super) fn error(self, text: &str) {
        talk(&format!("error: {}", without_numbers(text)));
    }

    /// Help for stdout: with colour on a terminal.
    pub(super) fn styled(self, help: &clap::builder::StyledStr) -> String {
        if self.colour {
            help.ansi().to_string()
        } else {
            help.to_string()
        }
    }

    /// Prints help to stderr, for an empty command line.
    pub(super) fn help(self, help: &clap::builder::StyledStr) {
        // If stderr is closed, the error can't be reported.
        let _ = write!(io::stderr().lock(), "{help}");
    }

    /// Prints lines and asks a question about them on the terminal; `None` without a terminal.
    pub(super) fn ask(self, about: &[String], question: &str) -> io::Result<Option<bool>> {
        if !(io::stdin().is_terminal() && io::stderr().is_terminal()) {
            return Ok(None);
        }
        let mut stderr = io::stderr().lock();
        for line in about {
            writeln!(stderr, "{}", harmless(line))?;
        }
        write!(stderr, "{} [y/N] ", harmless(question))?;
        stderr.flush()?;
        let mut answer = String::new();
        io::stdin().read_line(&mut answer)?;
        Ok(Some(matches!(
            answer.trim().to_lowercase().as_str(),
            "y" | "yes"
        )))
    }

    /// Asks for a line on the terminal.
    pub(super) fn ask_line(self, question: &str) -> io::Result<String> {
        let mut stderr = io::stderr().lock();
        write!(stderr, "{}", harmless(question))?;
        stderr.flush()?;
        let mut answer = String::new();
        io::stdin().read_line(&mut answer)?;
        Ok(answer.trim().to_owned())
    }

    /// Asks for a line on the terminal without echo.
    pub(super) fn ask_secret(self, question: &str) -> io::Result<String> {
        rpassword::prompt_password(harmless(question))
    }

    /// Formats a time: relative on a terminal, RFC 3339 elsewhere, `-` for none.
    pub(super) fn time(self, time: Option<Timestamp>) -> String {
        match time {
            None => "-".into(),
            Some(time) if self.terminal => figures::ago(time, Timestamp::now()),
            Some(time) => figures::date(time),
        }
    }

    /// The maximum width, on a terminal.
    fn width(self) -> Option<u16> {
        self.terminal
            .then(|| comfy_table::Table::new().width())
            .flatten()
    }
}

fn talk(text: &str) {
    // If stderr is closed, the error can't be reported.
    let _ = writeln!(io::stderr().lock(), "{}", harmless(text));
}

/// Makes a text safe for a terminal: control characters are replaced, and invisible characters
/// become escapes.
fn harmless(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\n' | '\t' => shown.push(' '),
            _ if character.is_control() => shown.push('\u{fffd}'),
            _ if is_invisible(character) => shown.extend(character.escape_unicode()),
            _ => shown.push(character),
        }
    }
    shown
}

/// Makes JSON safe for a terminal without changing its meaning.
fn escaped(json: &str) -> String {
    let mut shown = String::with_capacity(json.len());
    for character in json.chars() {
        if character != '\n' && (character.is_control() || is_invisible(character)) {
            for unit in character.encode_utf16(&mut [0; 2]) {
                shown.extend(format!("\\u{unit:04x}").chars());
            }
        } else {
            shown.push(character);
        }
    }
    shown
}

/// Whether a character reorders others or has no width: with such characters one name can look like
/// another.
fn is_invisible(character: char) -> bool {
    matches!(
        character,
        '\u{ad}'
            | '\u{34f}'
            | '\u{61c}'
            | '\u{115f}'..='\u{1160}'
            | '\u{17b4}'..='\u{17b5}'
            | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{3164}'
            | '\u{feff}'
            | '\u{ffa0}'
            | '\u{fff0}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e0fff}'
    )
}

/// Removes the system's error numbers from a text: `(os error 2)`.
pub(super) fn without_numbers(text: &str) -> String {
    const BEGIN: &str = " (os error ";
    let mut parts = text.split(BEGIN);
    let mut shown = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        match part.split_once(')') {
            Some((number, rest)) if number.parse::<i32>().is_ok() => shown.push_str(rest),
            _ => {
                shown.push_str(BEGIN);
                shown.push_str(part);
            }
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_are_removed() {
        assert_eq!(harmless("a\x1b[2J\tb\n\u{9b}é"), "a\u{fffd}[2J b \u{fffd}é");
    }

    #[test]
    fn invisible_characters_are_shown() {
        for (text, shown) in [
            ("app\u{202e}gpj", "app\\u{202e}gpj"),
            ("a\u{200b}b\u{feff}", "a\\u{200b}b\\u{feff}"),
            (
                "\u{2066}x\u{2069}\u{e0041}",
                "\\u{2066}x\\u{2069}\\u{e0041}",
            ),
            ("日本語 e\u{301} ☃", "日本語 e\u{301} ☃"),
        ] {
            assert_eq!(harmless(text), shown);
            let json = escaped(&serde_json::to_string(text).unwrap());
            assert_eq!(serde_json::from_str::<String>(&json).unwrap(), text);
            assert!(!json.chars().any(is_invisible), "{json}");
        }
        assert_eq!(escaped("\"\u{9b}\""), "\"\\u009b\"");
    }

    #[test]
    fn errors_have_no_numbers_of_the_system() {
        let error = io::Error::from_raw_os_error(2).to_string();
        assert_eq!(without_numbers(&error), "No such file or directory");
        assert_eq!(
            without_numbers(&format!("a: {error}; b: {error}"))
                .matches("os error")
                .count(),
            0
        );
        assert_eq!(without_numbers("x (os error y)"), "x (os error y)");
    }
}
