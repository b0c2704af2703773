//! Plain HTTP on a port with TLS gets the answer of Go's servers, which clients recognise.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::Instant;

use super::listen::{HANDSHAKE_LIMIT, READ_AHEAD};

/// Whether the first byte, if it comes until then, does not begin a TLS handshake (RFC 8446, section
/// 5.1: it begins with 22).
pub(super) async fn is_sent(stream: &TcpStream, deadline: Instant) -> bool {
    let mut first = [0];
    match tokio::time::timeout_at(deadline, stream.peek(&mut first)).await {
        Ok(Ok(1)) => first[0].is_ascii_uppercase(),
        _ => false,
    }
}

/// Answers with the text of Go's servers.
pub(super) async fn refuse(mut stream: TcpStream) {
    let text = "Client sent an HTTP request to an HTTPS server.\n";
    let answer = format!(
        "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\nContent-Length: {}\r\n\
         Connection: close\r\n\r\n{text}",
        text.len()
    );
    // A client that does not read is ignored. Its request is read before the connection is closed:
    // with unread bytes the system resets the connection, and the answer is lost.
    let answered = async {
        stream.write_all(answer.as_bytes()).await?;
        stream.shutdown().await?;
        let mut rest = (&mut stream).take(READ_AHEAD as u64);
        tokio::io::copy(&mut rest, &mut tokio::io::sink()).await
    };
    let _ = tokio::time::timeout(HANDSHAKE_LIMIT, answered).await;
}
