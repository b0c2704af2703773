//! The admin socket: who may speak on it, and how operations and answers go over it.
//!
//! One operation a connection. The client writes it as a line of JSON; the answer is a line of JSON
//! for each event and a last one for the result. The credential is the peer's uid: root's or this
//! process's own. A client that goes away stops nothing that it asked for.

#![expect(clippy::disallowed_methods, reason = "a socket is no file of a store")]

use std::fs::Permissions;
use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::fs::{Mode, OFlags};
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::unix::OwnedWriteHalf;
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::operate::Administration;
use super::words::{Event, Failure, FailureKind, Operation, Outcome};

/// How long a client may take to say what it wants, and, at the end of the server, to listen.
const PATIENCE: Duration = Duration::from_secs(2);
/// Bytes of an operation at most.
const LIMIT: u64 = 1 << 20;
/// The longest path that fits into the address of a socket.
const ADDRESS: usize = 100;

/// A line of an answer.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Answer {
    /// Something that happened on the way.
    Event(Event),
    /// What came of it. The last line.
    Outcome(Box<Outcome>),
    /// Why it was not done. The last line.
    Failure(Failure),
}

/// Where the socket of a root is.
pub(super) fn path(root: &Path) -> PathBuf {
    root.join("regctl").join("admin.sock")
}

/// A name for the socket that fits into an address, and what has to be open meanwhile.
fn address(path: &Path) -> io::Result<(PathBuf, Option<OwnedFd>)> {
    let (Some(parent), Some(name)) = (path.parent(), path.file_name()) else {
        return Ok((path.to_owned(), None));
    };
    if path.as_os_str().len() <= ADDRESS {
        return Ok((path.to_owned(), None));
    }
    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let directory = rustix::fs::open(parent, flags, Mode::empty())?;
    let through = Path::new("/proc/self/fd").join(directory.as_raw_fd().to_string());
    Ok((through.join(name), Some(directory)))
}

/// Connects to the socket of a root.
pub(super) async fn connect(path: &Path) -> io::Result<UnixStream> {
    let (address, _directory) = address(path)?;
    UnixStream::connect(address).await
}

/// A socket that is listened on.
pub(in crate::server) struct Listening {
    path: PathBuf,
    /// Ends the taking of connections.
    closed: CancellationToken,
    /// Ends the work.
    stopped: CancellationToken,
    work: TaskTracker,
}

impl Listening {
    /// Listens on the socket of a root that this process has locked; one that is there is left
    /// over from a process that is no more.
    pub(in crate::server) fn start(
        root: &Path,
        administration: Administration,
    ) -> io::Result<Self> {
        let path = path(root);
        match std::fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let (address, _directory) = address(&path)?;
        let listener = UnixListener::bind(&address)?;
        std::fs::set_permissions(&address, Permissions::from_mode(0o600))?;
        let listening = Self {
            path,
            closed: CancellationToken::new(),
            stopped: CancellationToken::new(),
            work: TaskTracker::new(),
        };
        let (closed, stopped) = (listening.closed.clone(), listening.stopped.clone());
        let work = listening.work.clone();
        listening.work.spawn(async move {
            while let Some(accepted) = closed.run_until_cancelled(listener.accept()).await {
                match accepted {
                    Ok((stream, _)) => {
                        let connection = Connection {
                            administration: administration.clone(),
                            work: work.clone(),
                            stopped: stopped.clone(),
                        };
                        work.spawn(connection.serve(stream));
                    }
                    Err(error) => {
                        tracing::warn!(%error, "the admin socket took no connection");
                        tokio::time::sleep(Duration::from_millis(100)).await;
                    }
                }
            }
        });
        Ok(listening)
    }

    /// Takes no more connections, and lets the work under way end.
    pub(in crate::server) async fn finish(self) {
        self.close();
        self.work.wait().await;
    }

    /// Takes no more connections, and ends the work under way between two steps.
    pub(in crate::server) async fn stop(self) {
        self.close();
        self.stopped.cancel();
        self.work.wait().await;
    }

    fn close(&self) {
        self.closed.cancel();
        self.work.close();
        // One that is left behind is replaced by the next process.
        let _ = std::fs::remove_file(&self.path);
    }
}

/// What a connection needs.
struct Connection {
    administration: Administration,
    work: TaskTracker,
    stopped: CancellationToken,
}

impl Connection {
    async fn serve(self, stream: UnixStream) {
        let (reader, writer) = stream.into_split();
        let own = rustix::process::geteuid().as_raw();
        let allowed = match writer.as_ref().peer_cred() {
            Ok(peer) => peer.uid() == 0 || peer.uid() == own,
            Err(_) => false,
        };
        let operation = match (allowed, read(reader).await) {
            (true, operation) => operation,
            (false, _) => Err(Failure::new(
                FailureKind::Denied,
                "only the user that serves this root, and root, may administer it; hint: use sudo",
            )),
        };
        let (sender, answers) = mpsc::unbounded_channel();
        match operation {
            Ok(operation) => self.begin(operation, sender),
            Err(failure) => {
                // Its end is the end of the answer.
                let sender = sender;
                let _ = sender.send(Answer::Failure(failure));
            }
        }
        let too_late = async {
            self.stopped.cancelled().await;
            tokio::time::sleep(PATIENCE).await;
        };
        tokio::select! {
            // A client that has gone away does not want to know.
            _ = write(writer, answers) => {}
            () = too_late => {}
        }
    }

    /// Begins the work, in a task of its own: it goes on when nobody listens any more.
    fn begin(&self, operation: Operation, sender: mpsc::UnboundedSender<Answer>) {
        let (administration, stopped) = (self.administration.clone(), self.stopped.clone());
        self.work.spawn(async move {
            let events = sender.clone();
            let told = move |event| drop(events.send(Answer::Event(event)));
            let done = stopped.run_until_cancelled(administration.execute(operation, &told));
            let answer = match done.await {
                Some(Ok(outcome)) => Answer::Outcome(Box::new(outcome)),
                Some(Err(failure)) => Answer::Failure(failure),
                None => Answer::Failure(Failure::new(
                    FailureKind::Busy,
                    "the server stopped meanwhile; what was done is kept; hint: run it again",
                )),
            };
            let _ = sender.send(answer);
        });
    }
}

/// Writes answers until there are no more.
async fn write(
    mut writer: OwnedWriteHalf,
    mut answers: mpsc::UnboundedReceiver<Answer>,
) -> io::Result<()> {
    let mut lines = Vec::new();
    while answers.recv_many(&mut lines, 256).await > 0 {
        let mut text = Vec::new();
        for line in lines.drain(..) {
            serde_json::to_writer(&mut text, &line)?;
            text.push(b'\n');
        }
        writer.write_all(&text).await?;
    }
    Ok(())
}

async fn read(reader: impl tokio::io::AsyncRead + Unpin) -> Result<Operation, Failure> {
    let mut line = Vec::new();
    let mut reader = BufReader::new(reader.take(LIMIT));
    let read = tokio::time::timeout(PATIENCE, reader.read_until(b'\n', &mut line)).await;
    match read {
        Ok(Ok(_)) => serde_json::from_slice(&line).map_err(|error| {
            let reason = format!("the server does not know what is asked: {error}");
            Failure::new(
                FailureKind::Usage,
                format!("{reason}; hint: is it of the same version as this command?"),
            )
        }),
        _ => Err(Failure::new(FailureKind::Usage, "nothing was asked")),
    }
}

/// Asks for an operation on a connection: what came of it, and what happened on the way.
pub(super) async fn ask(
    mut stream: UnixStream,
    operation: &Operation,
    told: &mut (dyn FnMut(Event) + Send),
) -> Result<Outcome, Failure> {
    let lost = |error: io::Error| {
        let reason = format!("the connection to the server was lost: {error}");
        Failure::new(
            FailureKind::Busy,
            format!("{reason}; hint: what it has begun goes on without it, unless it was stopped"),
        )
    };
    let mut line = serde_json::to_vec(operation).map_err(|error| lost(error.into()))?;
    line.push(b'\n');
    stream.write_all(&line).await.map_err(lost)?;
    let mut lines = BufReader::new(stream).lines();
    while let Some(line) = lines.next_line().await.map_err(lost)? {
        match serde_json::from_str(&line) {
            Ok(Answer::Event(event)) => told(event),
            Ok(Answer::Outcome(outcome)) => return Ok(*outcome),
            Ok(Answer::Failure(failure)) => return Err(failure),
            Err(error) => return Err(lost(error.into())),
        }
    }
    Err(lost(io::ErrorKind::UnexpectedEof.into()))
}
