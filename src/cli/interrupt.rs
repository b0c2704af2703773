//! Signals that end a command: what it draws is cleared, what it holds is dropped, and the exit code
//! is the one that a shell gives.
//!
//! The listener is a task of its own, so that it also hears a signal while a command waits for a
//! line on the terminal. `serve` has its own listener and is not run here.

use std::future::Future;
use std::time::Duration;

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::oneshot;

use super::{Exit, progress};

/// How long a command has to drop what it holds.
const GRACE: Duration = Duration::from_secs(2);

/// Runs a command until it ends, or until a signal does.
pub(super) async fn guard(command: impl Future<Output = Exit>) -> Exit {
    let (sender, receiver) = oneshot::channel();
    let listener = async move {
        let Ok(exit) = signalled().await else {
            return std::future::pending().await;
        };
        progress::clear();
        // Where the command has ended meanwhile, its exit code counts.
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

/// Waits for the first signal that asks this process to end.
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
