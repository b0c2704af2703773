//! A proxy between a client and a registry that cuts connections after some bytes, in either
//! direction, answers instead of the registry, and records requests.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

/// A recorded request: method and target, and its `Authorization`.
#[derive(Debug, Clone)]
pub(crate) struct Passed {
    pub(crate) line: String,
    pub(crate) authorization: Option<String>,
    /// Its `Content-Length`, or otherwise its transfer encoding.
    pub(crate) length: Option<String>,
}

/// What the proxy does with a request.
#[derive(Debug, Clone)]
pub(crate) enum Action {
    /// It forwards the request and its answer.
    Pass,
    /// It sends this answer, including its head.
    Answer(Vec<u8>),
    /// It forwards this many bytes of the body or of the answer, whichever comes first, and cuts
    /// the connection.
    Cut { body: usize, answer: usize },
}

/// A proxy for one registry. Every request has its own connection.
pub(crate) struct Meddler {
    pub(crate) host: String,
    passed: Arc<Mutex<Vec<Passed>>>,
}

impl Meddler {
    /// `judge` receives each request and the number of earlier ones.
    pub(crate) fn start(
        upstream: SocketAddr,
        judge: impl Fn(&Passed, usize) -> Action + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let host = listener.local_addr().unwrap().to_string();
        let passed = Arc::new(Mutex::new(Vec::new()));
        let (log, judge) = (passed.clone(), Arc::new(judge));
        thread::spawn(move || {
            for client in listener.incoming() {
                let (log, judge) = (log.clone(), judge.clone());
                thread::spawn(move || {
                    // Errors of a disconnected client are ignored.
                    let _ = serve(client.unwrap(), upstream, &log, &*judge);
                });
            }
        });
        Self { host, passed }
    }

    pub(crate) fn passed(&self) -> Vec<Passed> {
        self.passed.lock().unwrap().clone()
    }

    /// Number of requests that began with this text: a method, or a method and a path.
    pub(crate) fn count(&self, start: &str) -> usize {
        let begins = |passed: &&Passed| passed.line.starts_with(start);
        self.passed.lock().unwrap().iter().filter(begins).count()
    }
}

fn serve(
    mut client: TcpStream,
    upstream: SocketAddr,
    log: &Mutex<Vec<Passed>>,
    judge: &(dyn Fn(&Passed, usize) -> Action + Send + Sync),
) -> std::io::Result<()> {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        // One byte at a time, so that nothing of the body is read with the head. TLS begins with
        // 0x16.
        if client.read(&mut byte)? == 0 || (head.is_empty() && byte[0] == 0x16) {
            return Ok(());
        }
        head.push(byte[0]);
    }
    let text = String::from_utf8_lossy(&head).into_owned();
    let field = |wanted: &str| {
        text.lines()
            .filter_map(|line| line.split_once(": "))
            .find(|(name, _)| name.eq_ignore_ascii_case(wanted))
            .map(|(_, value)| value.to_owned())
    };
    let line = text.lines().next().unwrap_or_default();
    let passed = Passed {
        line: line.trim_end_matches(" HTTP/1.1").to_owned(),
        authorization: field("authorization"),
        length: field("content-length").or_else(|| field("transfer-encoding")),
    };
    let action = {
        let mut log = log.lock().unwrap();
        let action = judge(&passed, log.len());
        log.push(passed);
        action
    };
    let (body, answer) = match action {
        Action::Pass => (usize::MAX, usize::MAX),
        Action::Cut { body, answer } => (body, answer),
        Action::Answer(bytes) => {
            client.write_all(&bytes)?;
            client.shutdown(Shutdown::Write)?;
            // Reads the rest of the request, or the answer would be lost.
            let _ = std::io::copy(&mut client, &mut std::io::sink());
            return Ok(());
        }
    };
    let mut server = TcpStream::connect(upstream)?;
    let lines = text.trim_end();
    server.write_all(format!("{lines}\r\nConnection: close\r\n\r\n").as_bytes())?;
    let (mut from_client, mut to_server) = (client.try_clone()?, server.try_clone()?);
    let up = thread::spawn(move || {
        if pass(&mut from_client, &mut to_server, body) {
            cut(&from_client, &to_server);
        }
        let _ = to_server.shutdown(Shutdown::Write);
    });
    pass(&mut server, &mut client, answer);
    cut(&client, &server);
    let _ = up.join();
    Ok(())
}

/// Forwards bytes. Returns whether there were more than the limit.
fn pass(from: &mut TcpStream, to: &mut TcpStream, mut limit: usize) -> bool {
    let mut buffer = vec![0; 64 << 10];
    loop {
        let Ok(length @ 1..) = from.read(&mut buffer) else {
            return false;
        };
        let part = length.min(limit);
        if to.write_all(&buffer[..part]).is_err() {
            return false;
        }
        limit -= part;
        if part < length {
            return true;
        }
    }
}

fn cut(client: &TcpStream, server: &TcpStream) {
    for stream in [client, server] {
        let _ = stream.shutdown(Shutdown::Both);
    }
}
