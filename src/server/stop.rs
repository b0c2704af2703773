//! The stop of a server: signals, and draining.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::bail;
use tokio::signal::unix::{Signal, SignalKind, signal};

use super::systemd::ServiceManager;
use crate::http::{Health, Listening};

/// The signals that stop a server.
pub(super) struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    pub(super) fn listen() -> anyhow::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
        })
    }

    /// Does some work unless a signal comes first.
    pub(super) async fn unless_stopped<T>(&mut self, work: impl Future<Output = T>) -> Option<T> {
        tokio::select! {
            done = work => Some(done),
            () = self.next() => None,
        }
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

/// Serves until a signal, then drains running requests; a second signal ends that.
pub(super) async fn wait(
    mut signals: Signals,
    listening: Vec<Listening>,
    health: &Health,
    manager: &ServiceManager,
    limit: Duration,
) -> anyhow::Result<()> {
    tokio::select! {
        () = signals.next() => {}
        () = manager.keep_alive() => {}
    }
    manager.stopping();
    health.begin_shutdown();
    tracing::info!(
        seconds = limit.as_secs(),
        "stopping: waiting for running requests"
    );
    let drained = async {
        let drains = listening
            .into_iter()
            .map(|listening| listening.drain(limit));
        futures_util::future::join_all(drains)
            .await
            .into_iter()
            .all(|drained| drained)
    };
    tokio::select! {
        drained = drained => {
            if !drained {
                tracing::warn!("requests were aborted: they took longer than http.draintimeout");
            }
            Ok(())
        }
        () = manager.keep_alive() => Ok(()),
        () = signals.next() => bail!("stopped immediately by a second signal; acknowledged content is kept"),
    }
}

/// Removes the sockets, which are useless now.
#[expect(clippy::disallowed_methods, reason = "a socket is not in a store")]
pub(super) fn remove_sockets(sockets: &[PathBuf]) {
    for path in sockets {
        // A remaining socket is replaced by the next start.
        let _ = std::fs::remove_file(path);
    }
}
