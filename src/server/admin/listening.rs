//! The listening admin socket of a process that has locked a root: bound, bound again when it was
//! removed, and removed at the end.

#![expect(clippy::disallowed_methods, reason = "a socket is not in a store")]

use std::fs::{self, Permissions};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::net::UnixListener;
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use super::socket::{address, path, serve};
use crate::admin::Operations;
use crate::store::Ownership;

/// Interval of attempts to bind the socket, and of checks whether it still exists.
const CHECK: Duration = Duration::from_millis(if cfg!(test) { 50 } else { 2000 });

/// A listening socket.
pub(in crate::server) struct Listening(Acceptor);

impl Listening {
    /// Listens on the socket of a root that this process has locked. An existing socket belongs to
    /// a process that has ended, and is replaced.
    pub(in crate::server) fn start(
        root: &Path,
        operations: impl Into<Operations>,
    ) -> io::Result<Self> {
        let acceptor = Acceptor::new(root, operations.into());
        let listener = acceptor.replace()?;
        Ok(Self::accepting(acceptor, Some(listener)))
    }

    /// Like [`Listening::start`]; a socket that can't be bound now is bound as soon as possible.
    pub(in crate::server) fn keep(root: &Path, operations: impl Into<Operations>) -> Self {
        let acceptor = Acceptor::new(root, operations.into());
        let listener = acceptor.replace().inspect_err(|error| {
            tracing::warn!(
                %error,
                path = %acceptor.path.display(),
                retry_seconds = CHECK.as_secs(),
                "could not bind the admin socket; until that succeeds, regctl gc and other \
                 administration commands can't reach this server"
            );
        });
        Self::accepting(acceptor, listener.ok())
    }

    fn accepting(acceptor: Acceptor, listener: Option<UnixListener>) -> Self {
        let accepting = acceptor.clone().accept(listener);
        acceptor.operations.spawn(accepting);
        Self(acceptor)
    }

    /// Stops accepting, and waits for running operations.
    pub(in crate::server) async fn finish(self) {
        self.0.close();
        self.0.operations.finish().await;
    }

    /// Stops accepting, and stops running operations between two steps.
    pub(in crate::server) async fn stop(self) {
        self.0.close();
        self.0.operations.stop().await;
    }
}

/// What accepts connections until the socket is closed. Cheap to clone.
#[derive(Clone)]
struct Acceptor {
    path: PathBuf,
    operations: Operations,
    /// The device and the inode of the bound socket. Locked while the path is changed.
    bound: Arc<Mutex<Option<(u64, u64)>>>,
    closed: CancellationToken,
}

impl Acceptor {
    fn new(root: &Path, operations: Operations) -> Self {
        Self {
            path: path(root),
            operations,
            bound: Arc::default(),
            closed: CancellationToken::new(),
        }
    }

    /// Binds the socket, replacing one of a process that has ended.
    fn replace(&self) -> io::Result<UnixListener> {
        match fs::remove_file(&self.path) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        self.bind(&mut self.bound.lock())
    }

    fn bind(&self, bound: &mut Option<(u64, u64)>) -> io::Result<UnixListener> {
        let (address, _directory) = address(&self.path)?;
        let listener = UnixListener::bind(&address)?;
        *bound = identity(&self.path).ok();
        fs::set_permissions(&address, Permissions::from_mode(0o600))?;
        if let Err(error) = Ownership::at(&self.path).give_socket(&self.path) {
            tracing::debug!(%error, "the admin socket could not be given to the owner of its directory");
        }
        Ok(listener)
    }

    async fn accept(self, mut listener: Option<UnixListener>) {
        let mut checks = interval(CHECK);
        checks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        // The first one is immediate.
        checks.tick().await;
        loop {
            let accepted = async {
                match &listener {
                    Some(listener) => listener.accept().await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = self.closed.cancelled() => return,
                accepted = accepted => match accepted {
                    Ok((stream, _)) => self.operations.spawn(serve(self.operations.clone(), stream)),
                    Err(error) => {
                        tracing::warn!(%error, "could not accept a connection on the admin socket");
                        tokio::time::sleep(Duration::from_millis(100)).await;
                    }
                },
                _ = checks.tick() => if let Some(bound) = self.check(listener.is_some()) {
                    tracing::info!(path = %self.path.display(), "bound the admin socket");
                    listener = Some(bound);
                },
            }
        }
    }

    /// Binds the socket if it is not bound yet, or if it was removed. The socket of another process
    /// that has taken the path since is left alone.
    fn check(&self, was_bound: bool) -> Option<UnixListener> {
        if !was_bound {
            return self.replace().ok();
        }
        let mut bound = self.bound.lock();
        match identity(&self.path) {
            Err(error) if error.kind() == ErrorKind::NotFound && !self.closed.is_cancelled() => {
                self.bind(&mut bound).ok()
            }
            _ => None,
        }
    }

    /// Stops accepting, and removes the socket.
    fn close(&self) {
        let bound = self.bound.lock();
        self.closed.cancel();
        if bound.is_some() && identity(&self.path).ok() == *bound {
            // A socket that can't be removed is replaced by the next process.
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// The device and the inode at a path.
fn identity(path: &Path) -> io::Result<(u64, u64)> {
    let found = fs::symlink_metadata(path)?;
    Ok((found.dev(), found.ino()))
}

#[cfg(test)]
mod tests {
    use tokio::net::UnixStream;

    use super::super::socket::connect;
    use super::super::tests::root;
    use super::*;

    #[tokio::test]
    async fn a_removed_socket_is_bound_again() {
        let directory = tempfile::tempdir().unwrap();
        let (registry, listening, _) = root(directory.path()).await;
        let socket = path(directory.path());
        fs::remove_file(&socket).unwrap();
        while connect(&socket).await.is_err() {
            tokio::time::sleep(CHECK).await;
        }
        let mode = fs::metadata(&socket).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);

        // Another process has taken the path: its socket is neither replaced nor removed.
        fs::remove_file(&socket).unwrap();
        let other = UnixListener::bind(&socket).unwrap();
        tokio::time::sleep(3 * CHECK).await;
        let reaches_other = async || {
            let (stream, accepted) = tokio::join!(UnixStream::connect(&socket), other.accept());
            stream.is_ok() && accepted.is_ok()
        };
        assert!(reaches_other().await);
        listening.stop().await;
        assert!(reaches_other().await);
        registry.close().await.unwrap();
    }
}
