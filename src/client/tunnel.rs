//! The system's `ssh` as a tunnel to a registry that only a remote host reaches.
//!
//! One process per run, with the user's own configuration: it forwards a socket in a private
//! directory to the registry's port on the remote loopback. ssh itself asks for passwords and host
//! keys. Invariants: the process, the socket and the directory end with this process, however it
//! ends; a broken tunnel is started again when it is next needed; ssh's output is forwarded.

use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::{Duration, Instant};

use tokio::process::{Child, ChildStdin, Command};

use super::ssh::SshAddress;
use super::ssh_output::SshOutput;
use super::{Error, Listener};

/// Interval of checks for ssh's connection.
const POLL_INTERVAL: Duration = Duration::from_millis(5);
/// Time for ssh to end by itself.
const STOP_TIMEOUT: Duration = Duration::from_millis(500);
/// Maximum length of a socket's path, minus the suffix that ssh appends temporarily.
const PATH_LIMIT: usize = 80;
/// ssh's message if it continues without any of its sockets.
const NO_FORWARDING: &str = "Could not request local forwarding.";
/// Exit code of a shell that does not find its command.
const NO_COMMAND: i32 = 127;

/// The script between this process and ssh.
const SCRIPT: &str = include_str!("tunnel.sh");
/// Message to the script if ssh has ended.
const GONE: &[u8] = b"gone\n";
/// Message to the script to end ssh.
const END: &[u8] = b"end\n";

/// The tunnel to one registry.
pub(super) struct Tunnel {
    address: SshAddress,
    /// The registry as the user named it.
    name: String,
    words: SshOutput,
    // Dropped before the directory.
    running: tokio::sync::Mutex<Option<Running>>,
    directory: Directory,
}

impl Tunnel {
    /// A tunnel that is not started yet.
    pub(super) fn new(address: SshAddress, name: &str, listener: Listener) -> Result<Self, Error> {
        Ok(Self {
            address,
            name: name.to_owned(),
            words: SshOutput::new(listener),
            running: tokio::sync::Mutex::default(),
            directory: Directory::new()?,
        })
    }

    /// The socket of the registry.
    pub(super) fn socket(&self) -> PathBuf {
        self.directory.socket()
    }

    /// Returns when ssh reports that the registry's port can be connected to.
    pub(super) async fn ready(&self) -> Result<(), Error> {
        let mut running = self.running.lock().await;
        if !running.as_mut().is_some_and(Running::is_running) {
            *running = None;
            *running = Some(self.start().await?);
        }
        Ok(())
    }

    /// Marks the tunnel as broken: it is not used again.
    pub(super) async fn broken(&self) {
        *self.running.lock().await = None;
    }

    async fn start(&self) -> Result<Running, Error> {
        let socket = self.socket();
        let mut command = Command::new("/bin/sh");
        command
            .args(["-c", SCRIPT, "regctl"])
            .arg(&self.directory.0)
            .arg(format!("{}:{}", socket.display(), self.address.registry()))
            .args(self.address.words())
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        self.directory.clear();
        let unusable = |error: std::io::Error| self.unreachable(error.to_string());
        let mut child = command.spawn().map_err(unusable)?;
        let mut running = Running {
            input: child.stdin.take(),
            listening: child.stderr.take().map(|stderr| self.words.listen(stderr)),
            child,
        };
        loop {
            self.words.flush_delayed();
            if let Some(status) = running.child.try_wait().map_err(unusable)? {
                return Err(self.gone(status, &mut running).await);
            }
            if socket.exists() {
                self.words.set_connected();
                return Ok(running);
            }
            if let Some(words) = self.words.last().filter(|words| words == NO_FORWARDING) {
                return Err(self.unreachable(words));
            }
            tokio::time::sleep(POLL_INTERVAL).await;
        }
    }

    /// Why there is no tunnel: ssh's last line, if there is one.
    async fn gone(&self, status: ExitStatus, running: &mut Running) -> Error {
        if let Some(listening) = running.listening.take() {
            // A program between the hosts may outlive ssh and keep the pipe open.
            let _ = tokio::time::timeout(STOP_TIMEOUT, listening).await;
        }
        match self.words.last() {
            _ if status.code() == Some(NO_COMMAND) => Error::Unreachable {
                host: self.name.clone(),
                reason: "there is no ssh on this machine".into(),
                hint: "install OpenSSH's client, or name another in REGCTL_SSH".into(),
            },
            Some(words) => self.unreachable(words),
            None => self.unreachable(format!("ssh ended with {status}")),
        }
    }

    fn unreachable(&self, reason: String) -> Error {
        Error::Unreachable {
            host: self.name.clone(),
            reason,
            hint: String::new(),
        }
    }

    /// Why a connection through the tunnel failed, if ssh reported it: the registry's port on the
    /// remote host is closed, or forbidden.
    pub(super) async fn refusal(&self) -> Option<Error> {
        let words = self.words.refusal().await?;
        let hint = self.address.with_registry_port("PORT");
        Some(Error::Unreachable {
            host: self.name.clone(),
            reason: format!(
                "can't connect to {} there: {words}",
                self.address.registry()
            ),
            hint: format!("start a registry there, or name its port: {hint}"),
        })
    }
}

/// The process that forwards, or the script that supervises it.
struct Running {
    child: Child,
    /// The input of the script.
    input: Option<ChildStdin>,
    listening: Option<tokio::task::JoinHandle<()>>,
}

impl Running {
    fn is_running(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let message = if self.is_running() { END } else { GONE };
        let input = self.input.take();
        if let Some(input) = input.and_then(|input| input.into_owned_fd().ok()) {
            let _ = rustix::io::write(input, message);
        }
        // Not SIGKILL at once: ssh has to restore a terminal and to end a proxy.
        let deadline = Instant::now() + STOP_TIMEOUT;
        while self.is_running() && Instant::now() < deadline {
            std::thread::sleep(Duration::from_millis(1));
        }
    }
}

/// A private directory, which is removed when dropped.
struct Directory(PathBuf);

impl Directory {
    fn new() -> Result<Self, Error> {
        let unique = uuid::Uuid::new_v4().simple().to_string();
        let path = place(&std::env::temp_dir()).join(format!("regctl-{}", &unique[..16]));
        let made = std::fs::DirBuilder::new().mode(0o700).create(&path);
        made.map_err(|error| Error::Setup {
            what: path.display().to_string(),
            reason: error.to_string(),
            hint: "TMPDIR names another place for temporary files".into(),
        })?;
        Ok(Self(path))
    }

    fn socket(&self) -> PathBuf {
        self.0.join("registry")
    }

    /// Removes the files of a broken tunnel.
    #[expect(clippy::disallowed_methods, reason = "sockets are not of a store")]
    fn clear(&self) {
        let _ = std::fs::remove_file(self.socket());
    }
}

/// The parent of the directory: its path must be short enough for a socket, and without characters
/// that are special in ssh's forwarding arguments.
fn place(temporary: &Path) -> &Path {
    let plain = |letter: char| letter.is_ascii_alphanumeric() || "/._-".contains(letter);
    match temporary.to_str() {
        Some(text) if text.len() + 32 <= PATH_LIMIT && text.chars().all(plain) => temporary,
        _ => Path::new("/tmp"),
    }
}

impl Drop for Directory {
    #[expect(clippy::disallowed_methods, reason = "sockets are not of a store")]
    fn drop(&mut self) {
        self.clear();
        let _ = std::fs::remove_dir(&self.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_for_a_socket() {
        for (temporary, there) in [
            ("/run/user/1000", true),
            ("/var/tmp/a b", false),
            ("/var/tmp/100%", false),
            ("/var/tmp/a:b", false),
            (&*format!("/{}", "a".repeat(60)), false),
        ] {
            assert_eq!(place(Path::new(temporary)) == Path::new(temporary), there);
        }
    }

    #[test]
    fn a_private_directory_is_removed() {
        use std::os::unix::fs::PermissionsExt;
        let directory = Directory::new().unwrap();
        let path = directory.0.clone();
        let mode = path.metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o700);
        drop(directory);
        assert!(!path.exists());
    }
}
