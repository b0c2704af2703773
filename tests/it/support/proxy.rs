//! A proxy like that of an office: `CONNECT` and plain requests, all of which it forwards to one
//! target, whatever they name.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

/// A running proxy.
pub(crate) struct Proxy {
    /// `host:port`
    pub(crate) host: String,
    seen: Arc<Mutex<Vec<String>>>,
}

impl Proxy {
    /// Forwards to `target`, `host:port`; with `refusal` it answers that instead.
    pub(crate) fn start(target: &str, refusal: Option<&'static str>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let host = listener.local_addr().expect("its address").to_string();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let (log, target) = (seen.clone(), target.to_owned());
        thread::spawn(move || {
            for stream in listener.incoming() {
                let (log, target) = (log.clone(), target.clone());
                thread::spawn(move || lead(&stream.ok()?, &log, &target, refusal));
            }
        });
        Self { host, seen }
    }

    /// The first lines of the requests, each with its `Proxy-Authorization` if it has one.
    pub(crate) fn seen(&self) -> Vec<String> {
        self.seen.lock().expect("the log").clone()
    }
}

fn lead(
    near: &TcpStream,
    log: &Mutex<Vec<String>>,
    target: &str,
    refusal: Option<&str>,
) -> Option<()> {
    let mut reader = BufReader::new(near.try_clone().ok()?);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if reader.read_line(&mut head).ok()? == 0 {
            return None;
        }
    }
    let first = head.lines().next()?.to_owned();
    let shown = head
        .lines()
        .find(|line| line.to_lowercase().starts_with("proxy-authorization"));
    let seen = [Some(&*first), shown].into_iter().flatten();
    log.lock().ok()?.push(seen.collect::<Vec<_>>().join(" "));
    let mut back = near.try_clone().ok()?;
    if let Some(refusal) = refusal {
        let answer = format!("HTTP/1.1 {refusal}\r\nContent-Length: 0\r\n\r\n");
        return back.write_all(answer.as_bytes()).ok();
    }
    let mut far = TcpStream::connect(target).ok()?;
    if first.starts_with("CONNECT ") {
        back.write_all(b"HTTP/1.1 200 OK\r\n\r\n").ok()?;
    } else {
        far.write_all(head.as_bytes()).ok()?;
    }
    let mut answers = far.try_clone().ok()?;
    thread::spawn(move || {
        let _ = std::io::copy(&mut answers, &mut back);
        back.shutdown(Shutdown::Write)
    });
    let _ = std::io::copy(&mut reader, &mut far);
    far.shutdown(Shutdown::Write).ok()
}
