//! The shared parts of commands that administer a root: flags, access to the root, and the output
//! of entries while an operation runs.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use serde::Serialize;

use super::context;
use super::exit::Usage;
use super::far::Far;
use super::output::{Format, Printer};
use super::received::Received;
use super::registry::Registry;
use super::sentences::{self, Line};
use crate::admin::{
    AccountOperation, AccountReport, Entry, Failure, Operation, Report, Request, Restorable,
};
use crate::client::{Client, SSH};
use crate::clock::Millis;
use crate::config::{self, ConfigChoice};
use crate::oci::ImageReference;
use crate::server::admin::Session;

/// Flags that select a root of this host.
#[derive(Debug, clap::Args)]
pub(super) struct PlaceArgs {
    /// The data directory [default: the user's]
    #[arg(long, value_name = "DIR", help_heading = "Root")]
    pub(super) root: Option<PathBuf>,
    /// A registry:2 configuration with the directory; without FILE the one at its usual places
    #[arg(long, value_name = "FILE", num_args = 0..=1, help_heading = "Root")]
    #[expect(clippy::option_option, reason = "the flag may have no value")]
    pub(super) config: Option<Option<PathBuf>>,
}

impl PlaceArgs {
    /// The request for the configuration.
    pub(super) fn request(&self, listen: Option<String>) -> config::Request {
        request(self.root.clone(), self.config.clone(), listen)
    }
}

/// Flags that select a root, of this host or elsewhere.
#[derive(Debug, clap::Args)]
pub(super) struct RootArgs {
    #[command(flatten)]
    place: PlaceArgs,
    #[command(flatten)]
    remote: RemoteArgs,
}

/// Flags for the root of a server on another host.
#[derive(Debug, clap::Args)]
struct RemoteArgs {
    /// The server of the root, over the network, as an account with the admin right
    ///
    /// HOST[:PORT], http://… or https://…, as for other commands. ssh://[USER@]HOST[:PORT] instead runs
    /// regctl on HOST, without an account: it works on the root there that --root or --config names.
    #[arg(long, value_name = "HOST[:PORT]", help_heading = "Root")]
    registry: Option<String>,
    /// Use https without verifying the server's certificate
    #[arg(
        long,
        requires = "registry",
        conflicts_with = "plain_http",
        help_heading = "Root"
    )]
    insecure: bool,
    /// Use http, and send credentials over it
    #[arg(long, requires = "registry", help_heading = "Root")]
    plain_http: bool,
}

/// The request for a configuration.
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
        accounts: None,
        tls: None,
        hosts: Vec::new(),
        acme: config::AcmeFlags::default(),
        environment,
    }
}

/// An open root.
pub(super) struct Administered {
    place: Place,
    printer: Printer,
}

/// Where a root is.
enum Place {
    /// On this host.
    Here(Box<Session>),
    /// Of a server elsewhere.
    Elsewhere(Arc<Client>),
    /// On a host that ssh reaches.
    Far(Box<Far>),
}

impl RootArgs {
    /// Opens the root, works on it and closes it.
    pub(super) async fn administer<T>(
        &self,
        printer: Printer,
        work: impl AsyncFnOnce(&mut Administered) -> anyhow::Result<T>,
    ) -> anyhow::Result<T> {
        let place = self.open(printer, false).await?;
        Self::work_on(place, printer, work).await
    }

    /// Works on an open root and closes it.
    async fn work_on<T>(
        place: Place,
        printer: Printer,
        work: impl AsyncFnOnce(&mut Administered) -> anyhow::Result<T>,
    ) -> anyhow::Result<T> {
        let mut administered = Administered { place, printer };
        let done = work(&mut administered).await;
        match administered.place {
            Place::Here(session) => session.close().await?,
            Place::Far(far) => far.close().await,
            Place::Elsewhere(_) => {}
        }
        done
    }

    /// Opens the root. If `may_begin`, a new directory on this host becomes one.
    async fn open(&self, printer: Printer, may_begin: bool) -> anyhow::Result<Place> {
        let remote = &self.remote;
        let Some(registry) = &remote.registry else {
            if self.place.root.is_none() && self.place.config.is_none() {
                Registry::warn_of_environment(printer);
            }
            let session = Session::open(&self.place.request(None), may_begin).await?;
            if let Some(root) = session.new_root() {
                printer.note(&format!("{} is a new root now", root.display()));
            }
            return Ok(Place::Here(Box::new(session)));
        };
        if registry.starts_with(SSH) {
            if remote.insecure || remote.plain_http {
                let text =
                    "--insecure and --plain-http are for http and https, which ssh:// needs not";
                return Err(Usage(text.to_owned()).into());
            }
            let far = Far::open(registry, &self.place, printer).await?;
            return Ok(Place::Far(Box::new(far)));
        }
        if self.place.root.is_some() || self.place.config.is_some() {
            return Err(Usage(format!(
                "--root and --config name a root of this host, and --registry {registry} a server \
                 elsewhere; hint: leave out one of them; through ssh:// they name a root there"
            ))
            .into());
        }
        let client = context::client(registry, remote.insecure, remote.plain_http, printer)?;
        Ok(Place::Elsewhere(client))
    }

    /// Executes an operation on accounts and rights.
    pub(super) async fn accounts(
        &self,
        operation: AccountOperation,
        printer: Printer,
    ) -> anyhow::Result<AccountReport> {
        let operation = Operation::Account(operation);
        let mut unused = None;
        let mut note = |entry| {
            if let Entry::AccountsUnused(reason) = entry {
                unused = Some(reason);
            }
        };
        let place = self.open(printer, operation.may_begin_root()).await?;
        let report = Self::work_on(place, printer, async |root| {
            root.execute(operation, &mut note).await
        });
        let report = report.await?;
        if let Some(reason) = unused {
            printer.warning(sentences::accounts_unused(reason));
        }
        Ok(report)
    }

    /// Executes one operation on the root.
    pub(super) async fn execute<R>(
        &self,
        operation: Operation,
        printer: Printer,
    ) -> anyhow::Result<R>
    where
        R: TryFrom<Report, Error = Failure>,
    {
        self.administer(printer, async |root| {
            root.execute(operation, &mut |_| {}).await
        })
        .await
    }
}

impl Administered {
    /// Executes an operation; `entries` receives the entries of its report while it runs.
    pub(super) async fn execute<R>(
        &mut self,
        operation: Operation,
        entries: &mut (dyn FnMut(Entry) + Send),
    ) -> anyhow::Result<R>
    where
        R: TryFrom<Report, Error = Failure>,
    {
        let done = match &mut self.place {
            Place::Here(session) => session.run(operation, entries).await,
            Place::Elsewhere(client) => ask(client, operation, entries).await,
            Place::Far(far) => far.ask(operation, entries).await,
        };
        let (report, skipped) = done.map_err(explained)?;
        if skipped > 0 {
            self.printer.warning(&format!(
                "{skipped} lines were left out: they were not read in time, or the server is newer"
            ));
        }
        Ok(R::try_from(report)?)
    }
}

/// Sends an operation to a server over the network. Returns the report, and how many entries were
/// left out.
async fn ask(
    client: &Client,
    operation: Operation,
    entries: &mut (dyn FnMut(Entry) + Send),
) -> anyhow::Result<(Report, u64)> {
    let request = serde_json::to_vec(&Request::new(operation))?;
    let mut received = Received::new(entries);
    let mut line = |line: &str| received.line(line);
    client.administer(request, &mut line).await?;
    received.finish(client.registry())
}

/// The error with its text for people.
fn explained(error: anyhow::Error) -> anyhow::Error {
    match error.downcast::<Failure>() {
        Ok(failure) => {
            let message = sentences::failure(&failure);
            Failure { message, ..failure }.into()
        }
        Err(error) => error,
    }
}

/// Parses an age: `12h`, `7d`, `2w`.
pub(super) fn age(text: &str) -> Result<Duration, String> {
    config::period(text)
}

/// An age in milliseconds.
pub(super) fn milliseconds(age: Duration) -> Millis {
    Millis::try_from(age.as_millis()).unwrap_or(Millis::MAX)
}

/// A time of a report.
pub(super) fn timestamp(time: Millis) -> Timestamp {
    Timestamp::from_millisecond(time).unwrap_or_default()
}

/// Parses a name in a root: `REPOSITORY`, `REPOSITORY:TAG` or `REPOSITORY@DIGEST`.
pub(super) fn name(text: &str) -> Result<Restorable, Usage> {
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
    match (image.tag, image.digest) {
        (Some(_), Some(_)) => Err(Usage(format!(
            "{text:?} names a tag and a digest; hint: leave out one of them"
        ))),
        (Some(tag), None) => Ok(Restorable::Tag(image.repository, tag)),
        (None, Some(digest)) => Ok(Restorable::Manifest(image.repository, digest)),
        (None, None) => Ok(Restorable::Repository(image.repository)),
    }
}

/// An entry as JSON.
#[derive(Serialize)]
pub(super) struct Row {
    kind: &'static str,
    name: String,
    action: &'static str,
    size: Option<u64>,
    until: Option<Timestamp>,
    reason: String,
}

/// The output of deleted and kept entries: printed immediately, or collected for JSON.
pub(super) struct Output {
    printer: Printer,
    format: Format,
    rows: Vec<Row>,
    failed: Option<std::io::Error>,
}

impl Output {
    pub(super) fn new(format: Format, printer: Printer) -> Self {
        Self {
            printer,
            format,
            rows: Vec::new(),
            failed: None,
        }
    }

    /// Adds an entry.
    pub(super) fn entry(&mut self, entry: &Entry) {
        let Some(line) = Line::of(entry) else { return };
        match self.format {
            Format::Table if !self.printer.reports() => {}
            Format::Table => self.print(&line.sentence()),
            Format::Name if line.deleted => self.print(&line.name),
            Format::Name => {}
            Format::Json => self.rows.push(Row {
                kind: line.kind,
                action: line.action(),
                name: line.name,
                size: line.bytes,
                until: line.until.map(timestamp),
                reason: line.reason,
            }),
        }
    }

    /// Prints a line, unless an earlier one failed.
    pub(super) fn print(&mut self, text: &str) {
        if self.failed.is_none() {
            self.failed = self.printer.line(text).err();
        }
    }

    /// The rows for JSON; an error if a line could not be printed.
    pub(super) fn finish(self) -> std::io::Result<Vec<Row>> {
        self.failed.map_or(Ok(self.rows), Err)
    }
}
