//! HTTP/1.1 by hand, over a plain socket.
//!
//! A [`Connection`] sends any bytes: half a request, a wrong length, two requests at once.
//! [`Request`] and [`Response`] are the well-behaved layer above. This module is independent of
//! registries.

use std::fmt::Write as _;
use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::Duration;

use serde_json::Value;

/// Timeout of an answer.
pub(crate) const PATIENCE: Duration = Duration::from_mins(1);

/// What a request carries.
#[derive(Debug, Clone, Default)]
pub(crate) enum Body {
    #[default]
    None,
    /// With a `Content-Length`.
    Bytes(Vec<u8>),
    /// With `Transfer-Encoding: chunked`, one chunk for each element.
    Chunked(Vec<Vec<u8>>),
}

/// A request. The target is sent unchanged.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub(crate) method: String,
    pub(crate) target: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Body,
}

impl Request {
    pub(crate) fn new(method: &str, target: &str) -> Self {
        Self {
            method: method.to_owned(),
            target: target.to_owned(),
            headers: Vec::new(),
            body: Body::None,
        }
    }

    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn body(mut self, bytes: &[u8]) -> Self {
        self.body = Body::Bytes(bytes.to_vec());
        self
    }

    pub(crate) fn chunked(mut self, chunks: &[&[u8]]) -> Self {
        self.body = Body::Chunked(chunks.iter().map(|chunk| chunk.to_vec()).collect());
        self
    }

    /// The bytes of the request; `host` is used unless it has a `Host`.
    pub(crate) fn encode(&self, host: &str) -> Vec<u8> {
        let mut head = format!("{} {} HTTP/1.1\r\n", self.method, self.target);
        let named = |wanted: &str| {
            self.headers
                .iter()
                .any(|(name, _)| name.eq_ignore_ascii_case(wanted))
        };
        if !named("host") {
            let _ = write!(head, "Host: {host}\r\n");
        }
        for (name, value) in &self.headers {
            let _ = write!(head, "{name}: {value}\r\n");
        }
        match &self.body {
            Body::None if matches!(self.method.as_str(), "POST" | "PUT" | "PATCH") => {
                head.push_str("Content-Length: 0\r\n");
            }
            Body::None => {}
            Body::Bytes(bytes) => {
                let _ = write!(head, "Content-Length: {}\r\n", bytes.len());
            }
            Body::Chunked(_) => head.push_str("Transfer-Encoding: chunked\r\n"),
        }
        head.push_str("\r\n");
        let mut bytes = head.into_bytes();
        match &self.body {
            Body::None => {}
            Body::Bytes(body) => bytes.extend_from_slice(body),
            Body::Chunked(chunks) => {
                for chunk in chunks {
                    bytes.extend_from_slice(format!("{:x}\r\n", chunk.len()).as_bytes());
                    bytes.extend_from_slice(chunk);
                    bytes.extend_from_slice(b"\r\n");
                }
                bytes.extend_from_slice(b"0\r\n\r\n");
            }
        }
        bytes
    }
}

/// An answer.
#[derive(Debug, Clone)]
pub(crate) struct Response {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Response {
    /// The first header of this name.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(header, _)| header.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    /// The first header with this name, which must exist.
    #[track_caller]
    pub(crate) fn need(&self, name: &str) -> &str {
        self.header(name)
            .unwrap_or_else(|| panic!("the answer has no {name}: {self}"))
    }

    /// Every value of a header that is a list, on one line or several.
    pub(crate) fn list(&self, name: &str) -> Vec<&str> {
        self.headers
            .iter()
            .filter(|(header, _)| header.eq_ignore_ascii_case(name))
            .flat_map(|(_, value)| value.split(','))
            .map(str::trim)
            .collect()
    }

    #[track_caller]
    pub(crate) fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{self}");
        self
    }

    #[track_caller]
    pub(crate) fn expect_one_of(self, statuses: &[u16]) -> Self {
        assert!(
            statuses.contains(&self.status),
            "expected one of {statuses:?}: {self}"
        );
        self
    }

    /// Refused with this status and this code.
    #[track_caller]
    pub(crate) fn refused(self, status: u16, code: &str) -> Self {
        let answer = self.expect(status);
        assert_eq!(answer.code(), code, "{answer}");
        answer
    }

    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("the body is not JSON ({error}): {self}"))
    }

    /// The code of the first error in the body; empty when there is none.
    pub(crate) fn code(&self) -> String {
        serde_json::from_slice::<Value>(&self.body)
            .ok()
            .and_then(|body| body["errors"][0]["code"].as_str().map(str::to_owned))
            .unwrap_or_default()
    }
}

impl std::fmt::Display for Response {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(f, "status {}", self.status)?;
        for (name, value) in &self.headers {
            writeln!(f, "  {name}: {value}")?;
        }
        let shown = &self.body[..self.body.len().min(2000)];
        write!(f, "  {:?}", String::from_utf8_lossy(shown))
    }
}

/// A socket to a server.
pub(crate) struct Connection {
    stream: BufReader<TcpStream>,
}

impl Connection {
    pub(crate) fn open(address: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect_timeout(&address, PATIENCE)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        Ok(Self {
            stream: BufReader::with_capacity(64 << 10, stream),
        })
    }

    pub(crate) fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.get_mut().write_all(bytes)
    }

    /// Ends the sending direction; reading continues.
    pub(crate) fn finish_sending(&mut self) {
        let _ = self.stream.get_mut().shutdown(Shutdown::Write);
    }

    /// Reads one answer to a request of this method; informational ones are passed over.
    pub(crate) fn receive(&mut self, method: &str) -> io::Result<Response> {
        loop {
            let response = self.receive_head()?;
            if (100..200).contains(&response.status) {
                continue;
            }
            return self.receive_body(method, response);
        }
    }

    fn receive_head(&mut self) -> io::Result<Response> {
        let line = self.line()?;
        let status = line
            .split(' ')
            .nth(1)
            .and_then(|status| status.parse().ok())
            .ok_or_else(|| io::Error::other(format!("no status line: {line:?}")))?;
        let mut headers = Vec::new();
        loop {
            let line = self.line()?;
            let Some((name, value)) = line.split_once(':') else {
                break;
            };
            headers.push((name.to_owned(), value.trim().to_owned()));
        }
        Ok(Response {
            status,
            headers,
            body: Vec::new(),
        })
    }

    fn receive_body(&mut self, method: &str, mut response: Response) -> io::Result<Response> {
        if method == "HEAD" || matches!(response.status, 204 | 304) {
            return Ok(response);
        }
        if response.list("Transfer-Encoding").contains(&"chunked") {
            loop {
                let length = usize::from_str_radix(self.line()?.trim(), 16)
                    .map_err(|_| io::Error::other("a chunk without a length"))?;
                let start = response.body.len();
                response.body.resize(start + length, 0);
                self.stream.read_exact(&mut response.body[start..])?;
                self.line()?;
                if length == 0 {
                    return Ok(response);
                }
            }
        }
        match response.header("Content-Length").map(str::parse::<usize>) {
            Some(Ok(length)) => {
                response.body.resize(length, 0);
                self.stream.read_exact(&mut response.body)?;
            }
            Some(Err(_)) => return Err(io::Error::other("Content-Length is no number")),
            None => {
                self.stream.read_to_end(&mut response.body)?;
            }
        }
        Ok(response)
    }

    fn line(&mut self) -> io::Result<String> {
        let mut line = Vec::new();
        self.stream.read_until(b'\n', &mut line)?;
        if line.pop() != Some(b'\n') {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        if line.last() == Some(&b'\r') {
            line.pop();
        }
        Ok(String::from_utf8_lossy(&line).into_owned())
    }
}
