//! The system's `ssh`, which carries the connections to a registry that only a far host reaches.
//!
//! One process a run, with the user's own configuration: it forwards a socket in a private directory
//! to the registry's port on the far loopback. Who is asked for a password or a host key is asked by
//! ssh itself. Invariants: the process, the socket and the directory end with this one, however it
//! ends; a tunnel that broke down is made anew when it is next needed; what ssh says is passed on.

use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::{Duration, Instant};

use tokio::process::{Child, ChildStdin, Command};

use super::ssh::SshAddress;
use super::ssh_words::Words;
use super::{Error, Listener};

/// How often to look whether ssh has come through.
const GLANCE: Duration = Duration::from_millis(5);
/// How long ssh has to end by itself when it is asked to.
const FAREWELL: Duration = Duration::from_millis(500);
/// The longest path that the address of a socket holds, less what ssh appends while it makes it.
const PATH_LIMIT: usize = 80;
/// What a shell ends with that does not find its command.
const NO_COMMAND: i32 = 127;

/// What stands between this process and ssh.
const SCRIPT: &str = include_str!("tunnel.sh");
/// What is said to the script when there is nothing to end.
const GONE: &[u8] = b"gone\n";
/// What is said to it otherwise.
const END: &[u8] = b"end\n";

/// The way to one registry.
pub(super) struct Tunnel {
    address: SshAddress,
    /// The registry as it was named.
    name: String,
    words: Words,
    // Ends before the directory goes.
    running: tokio::sync::Mutex<Option<Running>>,
    directory: Directory,
}

impl Tunnel {
    /// Starts nothing yet.
    pub(super) fn new(address: SshAddress, name: &str, listener: Listener) -> Result<Self, Error> {
        Ok(Self {
            address,
            name: name.to_owned(),
            words: Words::new(listener),
            running: tokio::sync::Mutex::default(),
            directory: Directory::new()?,
        })
    }

    /// The socket at which the registry is reached.
    pub(super) fn socket(&self) -> PathBuf {
        self.directory.socket()
    }

    /// Comes back when the registry's port can be connected to, as far as ssh knows.
    pub(super) async fn ready(&self) -> Result<(), Error> {
        let mut running = self.running.lock().await;
        if !running.as_mut().is_some_and(Running::goes_on) {
            *running = None;
            *running = Some(self.start().await?);
        }
        Ok(())
    }

    /// What did not carry a connection is not used again.
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
            lifeline: child.stdin.take(),
            listening: child.stderr.take().map(|stderr| self.words.listen(stderr)),
            child,
        };
        loop {
            self.words.air();
            if let Some(status) = running.child.try_wait().map_err(unusable)? {
                return Err(self.gone(status, &mut running).await);
            }
            if socket.exists() {
                self.words.come_through();
                return Ok(running);
            }
            tokio::time::sleep(GLANCE).await;
        }
    }

    /// Why there is no tunnel: ssh's last words, if it had any.
    async fn gone(&self, status: ExitStatus, running: &mut Running) -> Error {
        if let Some(listening) = running.listening.take() {
            // A program between the hosts may outlive ssh and keep the pipe.
            let _ = tokio::time::timeout(FAREWELL, listening).await;
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

    /// Why a connection through the tunnel came to nothing, if ssh has said so: the registry's port
    /// on the far host is closed, or may not be connected to.
    pub(super) async fn refusal(&self) -> Option<Error> {
        let words = self.words.refusal().await?;
        let hint = self.address.with_registry_port("PORT");
        Some(Error::Unreachable {
            host: self.name.clone(),
            reason: format!(
                "{} there can't be connected to: {words}",
                self.address.registry()
            ),
            hint: format!("start a registry there, or name its port: {hint}"),
        })
    }
}

/// A process that forwards, or that sees to it that another does.
struct Running {
    child: Child,
    /// Where the script listens.
    lifeline: Option<ChildStdin>,
    listening: Option<tokio::task::JoinHandle<()>>,
}

impl Running {
    fn goes_on(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let said = if self.goes_on() { END } else { GONE };
        let lifeline = self.lifeline.take();
        if let Some(lifeline) = lifeline.and_then(|lifeline| lifeline.into_owned_fd().ok()) {
            let _ = rustix::io::write(lifeline, said);
        }
        // Not at once with SIGKILL: ssh has a terminal to put back and a proxy to end.
        let deadline = Instant::now() + FAREWELL;
        while self.goes_on() && Instant::now() < deadline {
            std::thread::sleep(Duration::from_millis(1));
        }
    }
}

/// A directory that nobody else may enter. Dropped, it is removed.
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

    /// Removes what a tunnel that broke down left behind.
    #[expect(clippy::disallowed_methods, reason = "sockets are not of a store")]
    fn clear(&self) {
        let _ = std::fs::remove_file(self.socket());
    }
}

/// Where the directory is made: not where its path would be too long for a socket, or would have what
/// means something in ssh's words for a forwarding.
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
    fn a_directory_of_ones_own_that_goes() {
        use std::os::unix::fs::PermissionsExt;
        let directory = Directory::new().unwrap();
        let path = directory.0.clone();
        let mode = path.metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o700);
        drop(directory);
        assert!(!path.exists());
    }
}
