//! A server whose answers are given by the test.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use crate::cli_support::MANIFEST;

/// A received request.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    /// Method and target.
    pub(crate) line: String,
    pub(crate) authorization: Option<String>,
    pub(crate) body: String,
}

/// A server whose answers are given by the test, one request per connection.
pub(crate) struct Strange {
    pub(crate) host: String,
    seen: Arc<Mutex<Vec<Seen>>>,
}

impl Strange {
    /// `answer` receives the request and the number of earlier ones, and returns the whole answer.
    pub(crate) fn start(answer: impl FnMut(&Seen, usize) -> Vec<u8> + Send + 'static) -> Self {
        Self::on(TcpListener::bind("127.0.0.1:0").unwrap(), answer)
    }

    /// The same at a given address.
    pub(crate) fn on(
        listener: TcpListener,
        mut answer: impl FnMut(&Seen, usize) -> Vec<u8> + Send + 'static,
    ) -> Self {
        let host = listener.local_addr().unwrap().to_string();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let log = seen.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                // A probe for TLS is not passed to the test.
                if let Some(request) = read(&mut stream) {
                    let mut log = log.lock().unwrap();
                    let answer = answer(&request, log.len());
                    log.push(request);
                    let _ = stream.write_all(&answer);
                }
            }
        });
        Self { host, seen }
    }

    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }
}

fn read(stream: &mut TcpStream) -> Option<Seen> {
    let mut reader = BufReader::new(stream);
    if reader.fill_buf().ok()?.first() == Some(&0x16) {
        return None;
    }
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        if line.trim().is_empty() {
            break;
        }
        lines.push(line.trim().to_owned());
    }
    let header = |name: &str| {
        lines.iter().find_map(|line| {
            let (key, value) = line.split_once(": ")?;
            key.eq_ignore_ascii_case(name).then(|| value.to_owned())
        })
    };
    let length = header("content-length").map_or(0, |length| length.parse().unwrap());
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some(Seen {
        line: lines.first()?.trim_end_matches(" HTTP/1.1").to_owned(),
        authorization: header("authorization"),
        body: String::from_utf8_lossy(&body).into_owned(),
    })
}

pub(crate) fn answer(status: &str, headers: &[&str], body: &[u8]) -> Vec<u8> {
    let mut bytes = format!("HTTP/1.1 {status}\r\nConnection: close\r\n").into_bytes();
    for header in headers {
        bytes.extend(format!("{header}\r\n").bytes());
    }
    bytes.extend(format!("Content-Length: {}\r\n\r\n", body.len()).bytes());
    bytes.extend(body);
    bytes
}

/// The header by which a registry shows that it is one.
pub(crate) const REGISTRY: &str = "Docker-Distribution-Api-Version: registry/2.0";

/// A manifest without references.
pub(crate) const BODY: &[u8] = br#"{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":{"mediaType":"application/vnd.oci.empty.v1+json","digest":"sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a","size":2},"layers":[]}"#;

pub(crate) fn manifest(announced: &str) -> Vec<u8> {
    let headers = [
        format!("Content-Type: {MANIFEST}"),
        format!("Docker-Content-Digest: {announced}"),
    ];
    answer("200 OK", &[&headers[0], &headers[1]], BODY)
}

/// The command that prints it unchanged.
pub(crate) const RAW: [&str; 4] = ["manifest", "inspect", "--raw", "app:1"];
