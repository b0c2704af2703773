//! The admin socket: its address, its permissions, and the transport of requests and answers.
//!
//! One operation per connection, in the lines that `admin::protocol` defines. The credential is the
//! peer's uid: root's or this process's own. An operation continues when its client goes away.

use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::fs::{Mode, OFlags};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::UnixStream;
use tokio::net::unix::OwnedWriteHalf;
use tokio::sync::mpsc;

use crate::admin::{
    Answer, Entry, Failure, FailureKind, Operation, Operations, Reason, Report, Request, VERSION,
};
use crate::auth::decide_local;
use crate::oci::Context;

/// Timeout for a client to send its request and, when the server stops, to read the answer.
const CLIENT_TIMEOUT: Duration = Duration::from_secs(2);
/// Maximum number of lines sent together.
const LINES: usize = 256;
/// Maximum size of a request in bytes.
pub(super) const LIMIT: u64 = 1 << 20;
/// Maximum length of a path in the address of a socket.
const ADDRESS: usize = 100;

/// The path of a root's socket.
pub(super) fn path(root: &Path) -> PathBuf {
    root.join("regctl").join("admin.sock")
}

/// A path of the socket that fits into an address, and a descriptor that must stay open for it.
pub(super) fn address(path: &Path) -> io::Result<(PathBuf, Option<OwnedFd>)> {
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

/// A connection to operations of this process.
pub(super) fn pair(operations: &Operations) -> io::Result<UnixStream> {
    let (client, server) = UnixStream::pair()?;
    let serving = serve(operations.clone(), server);
    operations.spawn(serving);
    Ok(client)
}

/// Serves a connection: one operation.
pub(super) async fn serve(operations: Operations, stream: UnixStream) {
    let (reader, writer) = stream.into_split();
    let own = rustix::process::geteuid().as_raw();
    let permit = match writer.as_ref().peer_cred() {
        Ok(peer) => decide_local(Context::uid(peer.uid()), own).ok(),
        Err(_) => None,
    };
    let request = match (permit, read(reader).await) {
        (Some(permit), request) => request.map(|request| (permit, request)),
        (None, _) => Err(Failure::new(
            FailureKind::Denied,
            Reason::NotPermitted,
            "only the user that serves this root, and root, may administer it",
        )),
    };
    let answers = match request {
        Ok((permit, request)) => operations.begin(&permit, request.operation),
        Err(failure) => {
            // The queue has space for both lines.
            let (queue, answers) = mpsc::channel(2);
            let _ = queue.try_send(Answer::Version(VERSION));
            let _ = queue.try_send(Answer::Failure(failure));
            answers
        }
    };
    let too_late = async {
        operations.stopping().await;
        tokio::time::sleep(CLIENT_TIMEOUT).await;
    };
    tokio::select! {
        // The client may have gone away.
        _ = write(writer, answers) => {}
        () = too_late => {}
    }
}

/// Writes answers until the queue ends.
async fn write(mut writer: OwnedWriteHalf, mut answers: mpsc::Receiver<Answer>) -> io::Result<()> {
    let mut lines = Vec::new();
    while answers.recv_many(&mut lines, LINES).await > 0 {
        let mut text = Vec::new();
        for line in lines.drain(..) {
            serde_json::to_writer(&mut text, &line)?;
            text.push(b'\n');
        }
        writer.write_all(&text).await?;
    }
    Ok(())
}

async fn read(reader: impl tokio::io::AsyncRead + Unpin) -> Result<Request, Failure> {
    let mut line = Vec::new();
    let mut reader = BufReader::new(reader.take(LIMIT));
    let read = tokio::time::timeout(CLIENT_TIMEOUT, reader.read_until(b'\n', &mut line)).await;
    match read {
        Ok(Ok(_)) => Request::parse(&line),
        _ => Err(Failure::new(
            FailureKind::Usage,
            Reason::Unknown,
            "no request was received",
        )),
    }
}

/// Passes a request on as it is, and its answer line by line.
pub(super) async fn pass(
    stream: UnixStream,
    request: &[u8],
    output: &mut (impl AsyncWrite + Unpin),
) -> anyhow::Result<()> {
    let mut stream = BufReader::new(stream);
    stream
        .write_all(request)
        .await
        .map_err(|error| lost(&error))?;
    let mut line = Vec::new();
    loop {
        line.clear();
        if stream
            .read_until(b'\n', &mut line)
            .await
            .map_err(|error| lost(&error))?
            == 0
        {
            return Err(lost(&io::ErrorKind::UnexpectedEof.into()).into());
        }
        output.write_all(&line).await?;
        let is_last = Answer::is_last(&line);
        if is_last || stream.buffer().is_empty() {
            output.flush().await?;
        }
        if is_last {
            return Ok(());
        }
    }
}

fn lost(error: &io::Error) -> Failure {
    Failure::new(
        FailureKind::Busy,
        Reason::Unknown,
        format!(
            "the connection to the server was lost: {error}; hint: the operation continues \
             without this command, unless the server was stopped"
        ),
    )
}

/// Sends a request on a connection. Returns the report, and how many of its entries were left out.
/// `on_entry` receives the others while the operation runs.
pub(super) async fn ask(
    mut stream: UnixStream,
    operation: &Operation,
    on_entry: &mut (dyn FnMut(Entry) + Send),
) -> Result<(Report, u64), Failure> {
    let request = Request::new(operation.clone());
    let mut line = serde_json::to_vec(&request).map_err(|error| lost(&error.into()))?;
    line.push(b'\n');
    stream
        .write_all(&line)
        .await
        .map_err(|error| lost(&error))?;
    let mut lines = BufReader::new(stream).lines();
    let mut skipped = 0;
    while let Some(line) = lines.next_line().await.map_err(|error| lost(&error))? {
        match Answer::parse(&line)? {
            Some(Answer::Entry(entry)) => on_entry(entry),
            Some(Answer::Skipped(count)) => skipped += count,
            Some(Answer::Report(report)) => return Ok((*report, skipped)),
            Some(Answer::Failure(failure)) => return Err(failure),
            Some(Answer::Version(_)) => {}
            // From a newer server.
            None => skipped += 1,
        }
    }
    Err(lost(&io::ErrorKind::UnexpectedEof.into()))
}
