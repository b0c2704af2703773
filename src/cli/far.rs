//! A root on a host that ssh reaches: `regctl relay` runs there and forwards operations.

use std::path::PathBuf;

use super::administration::PlaceArgs;
use super::context;
use super::exit::Usage;
use super::output::Printer;
use super::received::Received;
use crate::admin::{Answer, Entry, Failure, Operation, Report, Request};
use crate::client::{RemoteCommand, SshAddress};

/// A root of another host.
pub(super) struct Far(RemoteCommand);

impl Far {
    /// Runs `regctl relay` on the host of `name`, for the root that the flags select there.
    pub(super) async fn open(
        name: &str,
        place: &PlaceArgs,
        printer: Printer,
    ) -> anyhow::Result<Self> {
        let address: SshAddress = name.parse().map_err(|error| {
            Usage(format!(
                "{name:?} {error}; hint: a host is written ssh://[USER@]HOST[:PORT]"
            ))
        })?;
        if address.names_registry_port() {
            return Err(Usage(format!(
                "{name} names the port of a registry, and this command works on a root; hint: leave \
                 out the port, and name the root there with --root or --config"
            ))
            .into());
        }
        let mut arguments = vec!["relay".to_owned()];
        let shown = |path: &PathBuf| path.display().to_string();
        if let Some(root) = &place.root {
            arguments.extend(["--root".to_owned(), shown(root)]);
        }
        if let Some(config) = &place.config {
            arguments.push("--config".to_owned());
            arguments.extend(config.as_ref().map(shown));
        }
        let listener = context::listener(printer);
        let mut command = RemoteCommand::start(&address, name, &arguments, listener)?;
        // What a shell there prints at its start comes before the version.
        while !matches!(
            Answer::parse(&command.receive().await?),
            Ok(Some(Answer::Version(_)))
        ) {}
        command.set_connected();
        Ok(Self(command))
    }

    /// Executes an operation: the report, and how many entries were left out.
    pub(super) async fn ask(
        &mut self,
        operation: Operation,
        entries: &mut (dyn FnMut(Entry) + Send),
    ) -> anyhow::Result<(Report, u64)> {
        let request = serde_json::to_vec(&Request::new(operation))?;
        self.0.send(&request).await?;
        let mut received = Received::new(entries);
        while !received.is_complete() {
            received.line(&self.0.receive().await?);
        }
        received.finish(self.0.name()).map_err(|error| {
            let host = self.0.name();
            match error.downcast::<Failure>() {
                Ok(failure) => Failure {
                    message: format!("{host}: {}", failure.message),
                    ..failure
                }
                .into(),
                Err(error) => error,
            }
        })
    }

    /// Ends the command there.
    pub(super) async fn close(self) {
        self.0.finish().await;
    }
}
