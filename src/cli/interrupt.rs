//! Signals that end a command: progress is cleared, resources are dropped, and the exit code
//! follows the shell's convention.
//!
//! The listener is a separate task, so that it also receives a signal while a command waits for a
//! line on the terminal. `serve` has its own listener and does not use this.

use std::future::Future;
use std::time::Duration;

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::oneshot;

use super::{Exit, progress};

/// Time for a command to drop its resources.
const GRACE: Duration = Duration::from_secs(2);

/// Runs a command until it ends, or until a signal does.
pub(super) async fn guard(command: impl Future<Output = Exit>) -> Exit {
    let (sender, receiver) = oneshot::channel();
    let listener = async move {
        let Ok(exit) = signalled().await else {
            return std::future::pending().await;
        };
        progress::clear();
        // If the command has ended in the meantime, its exit code is used.
        let _ = sender.send(exit);
        tokio::time::sleep(GRACE).await;
        std::process::exit(exit.into());
    };
    tokio::spawn(listener);
    tokio::select! {
        exit = command => exit,
        Ok(exit) = receiver => exit,
    }
}

/// Makes a write beyond the limit for the size of files an error. Otherwise its signal ends the
/// process: a large push would end the server.
pub(super) fn ignore_size_limit() {
    let number = rustix::process::Signal::XFSZ.as_raw();
    // The handler stays without the stream.
    let _ = signal(SignalKind::from_raw(number));
}

/// Waits for the first signal to end this process.
async fn signalled() -> std::io::Result<Exit> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let mut hangup = signal(SignalKind::hangup())?;
    Ok(tokio::select! {
        _ = interrupt.recv() => Exit::Interrupted,
        _ = terminate.recv() => Exit::Terminated,
        _ = hangup.recv() => Exit::HungUp,
    })
}
