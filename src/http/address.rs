//! Addresses to listen at, and binding them.

use std::io;
use std::os::unix::fs::FileTypeExt;
use std::path::PathBuf;

use tokio::net::{TcpListener, UnixListener, UnixStream};

/// Where to listen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Address {
    /// A host and a port; an empty host is every address of the machine.
    Tcp(String, u16),
    /// The path of a socket.
    Unix(PathBuf),
}

pub(super) enum Socket {
    Tcp(TcpListener),
    Unix(UnixListener),
}

/// A listener that is bound.
pub struct Bound {
    pub(super) socket: Socket,
    address: String,
}

impl Bound {
    /// Binds an address. A socket that no process listens on any more is replaced.
    #[expect(clippy::disallowed_methods, reason = "a socket is no file of a store")]
    pub async fn bind(address: &Address) -> io::Result<Self> {
        match address {
            Address::Tcp(host, port) => {
                let listener = if host.is_empty() {
                    // Both families, where the system has both.
                    match TcpListener::bind(("::", *port)).await {
                        Ok(listener) => listener,
                        Err(_) => TcpListener::bind(("0.0.0.0", *port)).await?,
                    }
                } else {
                    TcpListener::bind((host.as_str(), *port)).await?
                };
                let address = listener.local_addr()?.to_string();
                Ok(Self {
                    socket: Socket::Tcp(listener),
                    address,
                })
            }
            Address::Unix(path) => {
                let is_socket = path
                    .metadata()
                    .is_ok_and(|found| found.file_type().is_socket());
                if is_socket && UnixStream::connect(path).await.is_err() {
                    tokio::fs::remove_file(path).await?;
                }
                let listener = UnixListener::bind(path)?;
                Ok(Self {
                    socket: Socket::Unix(listener),
                    address: path.display().to_string(),
                })
            }
        }
    }

    /// Where it listens: the address with its real port, or the path.
    pub fn address(&self) -> &str {
        &self.address
    }
}
