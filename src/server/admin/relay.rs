//! Requests of a command on another host, which arrive as lines on a pipe, for a root of this host.
//!
//! Each line is a request, which is forwarded unchanged over its own connection to the admin socket; so
//! is the answer. The first line to the other side is the version, so that it can skip the messages
//! that a shell prints at its start.

use std::io;

use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader};

use super::session::Session;
use super::socket::LIMIT;
use crate::admin::{Answer, Failure, FailureKind, Reason, Request, VERSION};
use crate::config;

/// Forwards requests until the input ends. An operation that the server has begun continues then.
pub async fn relay(
    request: &config::Request,
    input: impl AsyncRead + Unpin,
    mut output: impl AsyncWrite + Unpin,
) -> anyhow::Result<()> {
    let mut input = BufReader::new(input);
    send(&mut output, &Answer::Version(VERSION)).await?;
    let mut session = None;
    loop {
        let mut line = Vec::new();
        (&mut input)
            .take(LIMIT)
            .read_until(b'\n', &mut line)
            .await?;
        if !line.ends_with(b"\n") {
            break;
        }
        let opened = if let Some(opened) = session.take() {
            Ok(opened)
        } else {
            let first = Request::parse(&line);
            let may_begin = first.is_ok_and(|first| first.operation.may_begin_root());
            Session::open(request, may_begin).await
        };
        let mut opened = match opened {
            Ok(opened) => opened,
            Err(error) => {
                send(&mut output, &Answer::Failure(failure(error))).await?;
                continue;
            }
        };
        tokio::select! {
            passed = opened.pass(&line, &mut output) => match passed {
                Ok(()) => {}
                Err(error) => send(&mut output, &Answer::Failure(failure(error))).await?,
            },
            // The other side has closed the connection.
            () = ended(&mut input) => {
                session = Some(opened);
                break;
            }
        }
        session = Some(opened);
    }
    match session {
        Some(session) => session.close().await,
        None => Ok(()),
    }
}

/// Returns when the input ends; reads nothing from it.
async fn ended(input: &mut (impl AsyncBufReadExt + Unpin)) {
    match input.fill_buf().await {
        Ok([]) | Err(_) => {}
        Ok(_) => std::future::pending().await,
    }
}

async fn send(output: &mut (impl AsyncWrite + Unpin), answer: &Answer) -> io::Result<()> {
    let mut line = serde_json::to_vec(answer)?;
    line.push(b'\n');
    output.write_all(&line).await?;
    output.flush().await
}

fn failure(error: anyhow::Error) -> Failure {
    error.downcast::<Failure>().unwrap_or_else(|error| {
        Failure::new(FailureKind::Error, Reason::Unknown, format!("{error:#}"))
    })
}
