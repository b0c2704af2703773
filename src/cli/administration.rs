//! What every command that administers a root shares: its flags, the way to the root, and the lines
//! for what goes, stays, or is not as it should be.

use std::path::PathBuf;
use std::time::Duration;

use jiff::Timestamp;
use serde::Serialize;

use super::exit::Usage;
use super::figures;
use super::output::Printer;
use crate::clock::Millis;
use crate::config::{self, ConfigChoice};
use crate::oci::ImageReference;
use crate::server::admin::{Event, Line, Name, Session, Thing};

/// Flags that say which root is meant.
#[derive(Debug, clap::Args)]
pub(super) struct RootArgs {
    /// Where the data is kept [default: the user's data directory]
    #[arg(long, value_name = "DIR", help_heading = "Root")]
    pub(super) root: Option<PathBuf>,
    /// A registry:2 configuration that says so; without FILE the one at its usual places
    #[arg(long, value_name = "FILE", num_args = 0..=1, help_heading = "Root")]
    #[expect(clippy::option_option, reason = "the flag may stand without a value")]
    pub(super) config: Option<Option<PathBuf>>,
}

/// What a configuration is asked to go by.
#[expect(clippy::option_option, reason = "as the flag is")]
pub(super) fn request(
    root: Option<PathBuf>,
    config: Option<Option<PathBuf>>,
    listen: Option<String>,
) -> config::Request {
    let environment = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect();
    config::Request {
        config: match config {
            None => ConfigChoice::None,
            Some(None) => ConfigChoice::Search,
            Some(Some(file)) => ConfigChoice::File(file),
        },
        root,
        listen,
        environment,
    }
}

impl RootArgs {
    /// Finds the root, and a way to it.
    pub(super) async fn open(&self) -> anyhow::Result<Session> {
        Session::open(&request(self.root.clone(), self.config.clone(), None)).await
    }
}

/// Reads an age: `12h`, `7d`, `2w`.
pub(super) fn age(text: &str) -> Result<Duration, String> {
    config::period(text)
}

/// An age as it is asked for.
pub(super) fn milliseconds(age: Duration) -> Millis {
    Millis::try_from(age.as_millis()).unwrap_or(Millis::MAX)
}

/// A time that was told.
pub(super) fn timestamp(time: Millis) -> Timestamp {
    Timestamp::from_millisecond(time).unwrap_or_default()
}

/// What a text names in a root: `REPOSITORY`, `REPOSITORY:TAG` or `REPOSITORY@DIGEST`.
pub(super) fn name(text: &str) -> Result<Name, Usage> {
    let image: ImageReference = text.parse().map_err(|error| {
        Usage(format!(
            "{text:?} is not a reference: {error}; hint: one is written REPOSITORY, \
             REPOSITORY:TAG or REPOSITORY@DIGEST"
        ))
    })?;
    if let Some(host) = &image.registry {
        return Err(Usage(format!(
            "{text:?} names the registry {host}, and this command works on a root; hint: leave it \
             out, and name the root with --root or --config"
        )));
    }
    if image.tag.is_some() && image.digest.is_some() {
        return Err(Usage(format!(
            "{text:?} names a tag and a digest; hint: leave out one of them"
        )));
    }
    Ok(Name {
        repository: image.repository,
        tag: image.tag,
        digest: image.digest,
    })
}

/// What goes or stays, for a script.
#[derive(Serialize)]
pub(super) struct Row {
    kind: Thing,
    name: String,
    goes: bool,
    size: Option<u64>,
    until: Option<Timestamp>,
    why: String,
}

impl Row {
    /// Of what was told, if that is a thing that goes or stays.
    pub(super) fn of(event: &Event) -> Option<Self> {
        let (goes, line) = match event {
            Event::Goes(line) => (true, line),
            Event::Stays(line) => (false, line),
            _ => return None,
        };
        Some(Self {
            kind: line.thing,
            name: line.name.clone(),
            goes,
            size: line.bytes,
            until: line.until.map(timestamp),
            why: line.why.clone(),
        })
    }
}

/// What goes or stays, for a person.
pub(super) fn sentence(event: &Event) -> Option<String> {
    let (verb, line) = match event {
        Event::Goes(line) => ("goes", line),
        Event::Stays(line) => ("stays", line),
        _ => return None,
    };
    let Line {
        thing,
        name,
        repository,
        bytes,
        until,
        why,
    } = line;
    let kind = match thing {
        Thing::Blob => "blob ",
        Thing::Manifest => "manifest ",
        Thing::Repository => "repository ",
        Thing::Upload => "upload ",
        Thing::File => "file ",
        // That it is one is to be seen.
        Thing::Tag => "",
    };
    // Other names say where they are.
    let of = match (line.thing, repository) {
        (Thing::Blob | Thing::Upload, Some(repository)) => format!(" of {repository}"),
        _ => String::new(),
    };
    let until = until.map(|until| format!(" until {}", figures::date(timestamp(until))));
    let until = until.unwrap_or_default();
    let size = bytes.map(|bytes| format!("{}, ", figures::size(bytes)));
    let size = size.unwrap_or_default();
    Some(format!("{kind}{name}{of} {verb}{until}: {size}{why}"))
}

/// Prints as lines come; what can't be printed is told at the end.
pub(super) struct Lines {
    printer: Printer,
    failed: Option<std::io::Error>,
}

impl Lines {
    pub(super) fn new(printer: Printer) -> Self {
        Self {
            printer,
            failed: None,
        }
    }

    /// Prints a line, unless one could not be.
    pub(super) fn print(&mut self, text: &str) {
        if self.failed.is_none() {
            self.failed = self.printer.report(text).err();
        }
    }

    /// Ends it.
    pub(super) fn end(self) -> std::io::Result<()> {
        self.failed.map_or(Ok(()), Err)
    }
}
