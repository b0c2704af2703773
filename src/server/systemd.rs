//! Socket activation and state notifications of systemd (sd_listen_fds(3), sd_notify(3)). Without
//! systemd there are no sockets, and notifications do nothing.

use std::ffi::OsString;
use std::io;
use std::os::fd::AsFd;
use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::time::Duration;

use anyhow::{anyhow, bail};
use listenfd::ListenFd;

use crate::http::{Address, Bound};

/// The sockets that systemd bound for this server.
pub(super) struct PassedSockets {
    sockets: ListenFd,
    used: usize,
}

impl PassedSockets {
    /// Removes the sockets from the environment and returns them. Child processes do not inherit
    /// them.
    pub(super) fn from_environment() -> Self {
        Self {
            sockets: ListenFd::from_env(),
            used: 0,
        }
    }

    /// Returns the next socket and its address, in the order of the `.socket` unit.
    pub(super) fn next(&mut self) -> anyhow::Result<Option<(Bound, Address)>> {
        let index = self.used;
        if index >= self.sockets.len() {
            return Ok(None);
        }
        self.used += 1;
        let bound = self.bound(index).map_err(|error| {
            anyhow!(
                "socket {index} of systemd: {error}; hint: in the .socket unit write \
                 ListenStream=PORT, and no Accept=yes"
            )
        })?;
        Ok(Some(bound))
    }

    fn bound(&mut self, index: usize) -> io::Result<(Bound, Address)> {
        let missing = || io::Error::new(io::ErrorKind::NotFound, "it is missing");
        if let Ok(socket) = self.sockets.take_unix_listener(index) {
            let socket = socket.ok_or_else(missing)?;
            check_listening(&socket)?;
            let address = socket.local_addr()?;
            let path = address.as_pathname().unwrap_or("".as_ref()).to_owned();
            return Ok((Bound::passed_unix(socket)?, Address::Unix(path)));
        }
        let socket = self.sockets.take_tcp_listener(index)?.ok_or_else(missing)?;
        check_listening(&socket)?;
        let address = socket.local_addr()?;
        let address = Address::Tcp(address.ip().to_string(), address.port());
        Ok((Bound::passed_tcp(socket)?, address))
    }

    /// Refuses unused sockets: clients that connect to them would wait forever.
    pub(super) fn finish(self) -> anyhow::Result<()> {
        if self.used < self.sockets.len() {
            bail!(
                "systemd passes {} sockets, and this configuration uses {}; hint: write one \
                 ListenStream= for the registry, and a second one only with http.debug.addr",
                self.sockets.len(),
                self.used
            );
        }
        Ok(())
    }
}

/// Checks that a socket listens. With `Accept=yes` systemd passes connections instead.
fn check_listening(socket: impl AsFd) -> io::Result<()> {
    if rustix::net::sockopt::socket_acceptconn(socket)? {
        return Ok(());
    }
    let message = "it does not listen";
    Err(io::Error::new(io::ErrorKind::InvalidInput, message))
}

/// The service manager that receives notifications, if there is one.
pub(super) struct ServiceManager {
    socket: Option<(UnixDatagram, SocketAddr)>,
    watchdog: Option<Duration>,
}

impl ServiceManager {
    /// Reads the socket and the watchdog interval from the environment.
    pub(super) fn from_environment() -> Self {
        let socket = std::env::var_os("NOTIFY_SOCKET").and_then(|name| match connect(&name) {
            Ok(socket) => Some(socket),
            Err(error) => {
                tracing::warn!(socket = %name.display(), %error, "NOTIFY_SOCKET can't be used");
                None
            }
        });
        Self {
            socket,
            watchdog: watchdog(
                std::env::var("WATCHDOG_USEC").ok().as_deref(),
                std::env::var("WATCHDOG_PID").ok().as_deref(),
            ),
        }
    }

    /// Notifies that the server answers requests, and its URL.
    pub(super) fn ready(&self, url: &str) {
        self.send(&format!("READY=1\nSTATUS=Serving {url}"));
    }

    /// Notifies that the stop has begun.
    pub(super) fn stopping(&self) {
        self.send("STOPPING=1\nSTATUS=Waiting for running requests");
    }

    /// Notifies the watchdog regularly, as long as this future is polled. A runtime that is stuck
    /// does not notify, and the manager restarts the server.
    pub(super) async fn keep_alive(&self) {
        let Some(limit) = self.watchdog else {
            return std::future::pending().await;
        };
        let mut interval = tokio::time::interval(limit / 3);
        loop {
            interval.tick().await;
            self.send("WATCHDOG=1");
        }
    }

    fn send(&self, state: &str) {
        if let Some((socket, address)) = &self.socket
            && let Err(error) = socket.send_to_addr(state.as_bytes(), address)
        {
            tracing::debug!(%error, state, "could not notify the service manager");
        }
    }
}

fn connect(name: &OsString) -> io::Result<(UnixDatagram, SocketAddr)> {
    // A name that begins with @ is in the abstract namespace.
    let address = match name.as_bytes().strip_prefix(b"@") {
        Some(rest) => SocketAddr::from_abstract_name(rest)?,
        None => SocketAddr::from_pathname(name)?,
    };
    let socket = UnixDatagram::unbound()?;
    socket.set_nonblocking(true)?;
    Ok((socket, address))
}

/// Parses the watchdog timeout; `None` if there is none for this process.
fn watchdog(microseconds: Option<&str>, process: Option<&str>) -> Option<Duration> {
    if process.is_some_and(|process| process.parse() != Ok(std::process::id())) {
        return None;
    }
    let microseconds: u64 = microseconds?.parse().ok()?;
    (microseconds > 0).then(|| Duration::from_micros(microseconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_watchdog_timeout_is_for_this_process() {
        let own = std::process::id().to_string();
        let second = Some(Duration::from_secs(1));
        assert_eq!(watchdog(Some("1000000"), None), second);
        assert_eq!(watchdog(Some("1000000"), Some(&own)), second);
        assert_eq!(watchdog(Some("1000000"), Some("1")), None);
        for nothing in [None, Some("0"), Some(""), Some("-1"), Some("soon")] {
            assert_eq!(watchdog(nothing, None), None);
        }
    }

    #[test]
    fn notifications_reach_sockets_in_files_and_in_the_abstract_namespace() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("notify");
        let abstract_name = format!("regctl-test-{}", std::process::id());
        let address = SocketAddr::from_abstract_name(&abstract_name).unwrap();
        for (name, receiver) in [
            (
                path.clone().into_os_string(),
                UnixDatagram::bind(&path).unwrap(),
            ),
            (
                format!("@{abstract_name}").into(),
                UnixDatagram::bind_addr(&address).unwrap(),
            ),
        ] {
            let manager = ServiceManager {
                socket: Some(connect(&name).unwrap()),
                watchdog: None,
            };
            manager.ready("http://127.0.0.1:5000");
            let mut received = [0; 64];
            let count = receiver.recv(&mut received).unwrap();
            assert_eq!(
                &received[..count],
                b"READY=1\nSTATUS=Serving http://127.0.0.1:5000"
            );
        }
    }
}
