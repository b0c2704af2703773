//! A small blocking HTTP/1.1 client over one persistent connection, for pushes, pages and pulls.
//!
//! Apart from following the `Location` of an upload it is independent of registries.

use std::fmt::Write as _;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::str::FromStr;
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};

/// The address of a registry: `host:port` of a plain http URL.
#[derive(Clone)]
pub(crate) struct Address(String);

impl Address {
    /// A port of this machine.
    pub(crate) fn loopback(port: u16) -> Self {
        Self(format!("127.0.0.1:{port}"))
    }

    /// The value for a `Host` header.
    pub(crate) fn authority(&self) -> &str {
        &self.0
    }
}

impl FromStr for Address {
    type Err = anyhow::Error;

    fn from_str(url: &str) -> Result<Self> {
        let authority = url.strip_prefix("http://").unwrap_or(url);
        let authority = authority.trim_end_matches('/');
        ensure!(
            authority.contains(':') && !authority.contains('/'),
            "{url} is not of the form http://HOST:PORT"
        );
        Ok(Self(authority.to_owned()))
    }
}

/// An answer with its whole body.
pub(crate) struct Answer {
    pub(crate) status: u16,
    head: String,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    /// A header by its name in lower case.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().skip(1).find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }

    /// Fails, with the server's message, unless the status is this one.
    pub(crate) fn expect(self, status: u16) -> Result<Self> {
        if self.status != status {
            bail!(
                "answered {} instead of {status}: {}",
                self.status,
                String::from_utf8_lossy(&self.body).trim()
            );
        }
        Ok(self)
    }

    /// The path and query of `Location`, for further parameters.
    pub(crate) fn location(&self) -> Result<String> {
        let location = self.header("location").context("no Location")?;
        let target = match location.split_once("://") {
            Some((_, rest)) => rest.find('/').map_or("/", |at| &rest[at..]),
            None => location,
        };
        let separator = if target.contains('?') { '&' } else { '?' };
        Ok(format!("{target}{separator}"))
    }
}

/// A persistent connection.
pub(crate) struct Connection {
    stream: BufReader<TcpStream>,
    authority: String,
}

impl Connection {
    /// Connects.
    pub(crate) fn open(address: &Address) -> Result<Self> {
        let stream = TcpStream::connect(address.authority())
            .with_context(|| format!("connecting to {}", address.authority()))?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(Duration::from_mins(5)))?;
        Ok(Self {
            stream: BufReader::with_capacity(1 << 20, stream),
            authority: address.authority().to_owned(),
        })
    }

    /// Sends a request with a body of known length (`headers`: whole lines) and reads the answer.
    pub(crate) fn request(
        &mut self,
        method: &str,
        target: &str,
        headers: &str,
        body: &[u8],
    ) -> Result<Answer> {
        let mut message = self.head(method, target, headers);
        if !(body.is_empty() && matches!(method, "GET" | "HEAD")) {
            let _ = write!(message, "Content-Length: {}\r\n", body.len());
        }
        message.push_str("\r\n");
        let mut message = message.into_bytes();
        message.extend_from_slice(body);
        self.send(&message)?;
        self.answer(method == "HEAD")
    }

    /// The start of a request; further header lines may follow.
    pub(crate) fn head(&self, method: &str, target: &str, headers: &str) -> String {
        format!(
            "{method} {target} HTTP/1.1\r\nHost: {}\r\n{headers}",
            self.authority
        )
    }

    /// Sends bytes unchanged.
    pub(crate) fn send(&mut self, bytes: &[u8]) -> Result<()> {
        self.stream
            .get_mut()
            .write_all(bytes)
            .context("sending a request")
    }

    /// Reads an answer whole.
    pub(crate) fn answer(&mut self, without_body: bool) -> Result<Answer> {
        let mut body = Vec::new();
        let (status, head) = self.receive(without_body, |bytes| body.extend_from_slice(bytes))?;
        Ok(Answer { status, head, body })
    }

    /// Downloads and discards content. Returns the number of bytes.
    pub(crate) fn discard(&mut self, target: &str) -> Result<usize> {
        let message = self.head("GET", target, "\r\n");
        self.send(message.as_bytes())?;
        let mut length = 0;
        let (status, _) = self.receive(false, |bytes| length += bytes.len())?;
        ensure!(status == 200, "GET {target} answered {status}");
        Ok(length)
    }

    fn receive(
        &mut self,
        without_body: bool,
        mut take: impl FnMut(&[u8]),
    ) -> Result<(u16, String)> {
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            let read = self
                .stream
                .read_line(&mut head)
                .context("reading an answer")?;
            ensure!(read > 0, "the server closed the connection");
        }
        let status = head
            .get(9..12)
            .and_then(|text| text.parse().ok())
            .context("no status line")?;
        let header = |name: &str| {
            head.lines().find_map(|line| {
                let (key, value) = line.split_once(':')?;
                key.eq_ignore_ascii_case(name).then(|| value.trim())
            })
        };
        if without_body || status == 204 || status == 304 {
            return Ok((status, head));
        }
        if header("transfer-encoding").is_some_and(|coding| coding.contains("chunked")) {
            loop {
                let mut line = String::new();
                self.stream.read_line(&mut line)?;
                let length = usize::from_str_radix(line.trim(), 16).context("a chunk's length")?;
                self.take(length, &mut take)?;
                self.stream.read_exact(&mut [0; 2])?;
                if length == 0 {
                    break;
                }
            }
        } else if let Some(length) = header("content-length") {
            self.take(length.parse()?, &mut take)?;
        }
        Ok((status, head))
    }

    fn take(&mut self, mut left: usize, take: &mut impl FnMut(&[u8])) -> Result<()> {
        while left > 0 {
            let bytes = self.stream.fill_buf()?;
            ensure!(!bytes.is_empty(), "the server closed the connection");
            let length = bytes.len().min(left);
            take(&bytes[..length]);
            self.stream.consume(length);
            left -= length;
        }
        Ok(())
    }
}
