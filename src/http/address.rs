//! Addresses to listen on, and binding them.

use std::io;
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::path::{Path, PathBuf};

use tokio::net::{TcpListener, UnixListener, UnixStream};

/// An address to listen on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Address {
    /// A host and a port; an empty host means every address of the machine.
    Tcp(String, u16),
    /// The path of a socket.
    Unix(PathBuf),
}

/// The permissions of a Unix socket; `None` is the default of the process.
#[derive(Debug, Clone, Copy, Default)]
pub struct SocketAccess {
    /// The mode of its file.
    pub mode: Option<u32>,
    /// The id of its group.
    pub group: Option<u32>,
}

pub(super) enum Socket {
    Tcp(TcpListener),
    Unix(UnixListener),
}

impl SocketAccess {
    fn apply(self, path: &Path) -> io::Result<()> {
        if let Some(group) = self.group {
            std::os::unix::fs::chown(path, None, Some(group))?;
        }
        if let Some(mode) = self.mode {
            std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode))?;
        }
        Ok(())
    }
}

/// A bound listener.
pub struct Bound {
    pub(super) socket: Socket,
    address: String,
}

impl Bound {
    /// Binds an address. A socket without a listening process is replaced.
    #[expect(clippy::disallowed_methods, reason = "a socket is not in a store")]
    pub async fn bind(address: &Address, access: SocketAccess) -> io::Result<Self> {
        match address {
            Address::Tcp(host, port) => {
                let listener = if host.is_empty() {
                    // Both address families, if the system has both.
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
                if UnixStream::connect(path).await.is_ok() {
                    return Err(io::ErrorKind::AddrInUse.into());
                }
                if let Ok(found) = path.symlink_metadata()
                    && !found.file_type().is_socket()
                {
                    return Err(io::ErrorKind::AlreadyExists.into());
                }
                // The socket gets its mode and group before its name, so that no client connects
                // earlier.
                let mut name = path.clone().into_os_string();
                name.push(format!(".{}", std::process::id()));
                let unnamed = PathBuf::from(name);
                let listener = UnixListener::bind(&unnamed)?;
                let named = access
                    .apply(&unnamed)
                    .and_then(|()| std::fs::rename(&unnamed, path));
                if let Err(error) = named {
                    let _ = std::fs::remove_file(&unnamed);
                    return Err(error);
                }
                Ok(Self {
                    socket: Socket::Unix(listener),
                    address: path.display().to_string(),
                })
            }
        }
    }

    /// A listener bound by a service manager.
    pub fn passed_tcp(listener: std::net::TcpListener) -> io::Result<Self> {
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?.to_string();
        Ok(Self {
            socket: Socket::Tcp(TcpListener::from_std(listener)?),
            address,
        })
    }

    /// A socket bound by a service manager.
    pub fn passed_unix(listener: std::os::unix::net::UnixListener) -> io::Result<Self> {
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let path = address.as_pathname().unwrap_or(Path::new(""));
        Ok(Self {
            address: path.display().to_string(),
            socket: Socket::Unix(UnixListener::from_std(listener)?),
        })
    }

    /// The bound address: with its actual port, or the path.
    pub fn address(&self) -> &str {
        &self.address
    }
}
