//! The load generator: many persistent connections on one thread, each of which sends its next
//! request after the answer to the last.
//!
//! It shares the cores with the measured server, so it does as little as possible: requests are
//! prepared bytes, only status and length of answers are parsed, and one epoll instance serves all
//! connections. It costs a few microseconds per request.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use rustix::buffer::spare_capacity;
use rustix::event::epoll;

use crate::processes::Meter;
use crate::wire::Address;

/// Number of concurrent requests.
pub(crate) const WORKERS: usize = 16;

/// The requests to send repeatedly, in order.
pub(crate) struct Requests {
    /// The bytes of each request.
    pub(crate) bytes: Vec<Vec<u8>>,
    /// Whether they are HEAD requests, whose answers have no body.
    pub(crate) head: bool,
}

/// The result.
pub(crate) struct Outcome {
    /// Answers per second, all with status 200.
    pub(crate) rate: f64,
    /// Microseconds of the server's CPU per request.
    pub(crate) server_cpu: Option<f64>,
    /// Microseconds of this process's CPU per request.
    pub(crate) own_cpu: f64,
}

/// Sends requests for this time, after a warm-up of a fifth of it.
pub(crate) fn hammer(
    address: &Address,
    pid: Option<u32>,
    requests: &Requests,
    time: Duration,
) -> Result<Outcome> {
    let mut connections = Vec::new();
    for _ in 0..WORKERS {
        connections.push(Connection::open(address)?);
    }
    let mut generator = Generator {
        connections,
        epoll: epoll::create(epoll::CreateFlags::CLOEXEC)?,
        requests,
        next: 0,
    };
    generator.begin()?;
    generator.run(time / 5)?;
    let meter = Meter::start(pid)?;
    let started = Instant::now();
    let answers = generator.run(time)?;
    let seconds = started.elapsed().as_secs_f64();
    let (server, own) = meter.stop()?;
    let answers = f64::from(answers);
    Ok(Outcome {
        rate: answers / seconds,
        server_cpu: server.map(|seconds| seconds * 1e6 / answers),
        own_cpu: own * 1e6 / answers,
    })
}

struct Generator<'a> {
    connections: Vec<Connection>,
    epoll: std::os::fd::OwnedFd,
    requests: &'a Requests,
    next: usize,
}

impl Generator<'_> {
    /// Sends the first request on every connection.
    fn begin(&mut self) -> Result<()> {
        for (number, connection) in self.connections.iter_mut().enumerate() {
            let data = epoll::EventData::new_u64(number as u64);
            epoll::add(&self.epoll, &connection.stream, data, epoll::EventFlags::IN)?;
            connection.send(&self.requests.bytes[self.next % self.requests.bytes.len()])?;
            self.next += 1;
        }
        Ok(())
    }

    /// Continues for this time. Returns the number of answers.
    fn run(&mut self, time: Duration) -> Result<u32> {
        let deadline = Instant::now() + time;
        let mut events = Vec::with_capacity(WORKERS);
        let mut scratch = vec![0; 64 << 10];
        let mut answers = 0;
        while Instant::now() < deadline {
            let timeout = rustix::event::Timespec {
                tv_sec: 10,
                tv_nsec: 0,
            };
            epoll::wait(&self.epoll, spare_capacity(&mut events), Some(&timeout))?;
            ensure!(!events.is_empty(), "no answer within 10 s");
            for event in events.drain(..) {
                let number = usize::try_from(event.data.u64())?;
                let connection = &mut self.connections[number];
                if connection.receive(&mut scratch, self.requests.head)? {
                    connection.send(&self.requests.bytes[self.next % self.requests.bytes.len()])?;
                    self.next += 1;
                    answers += 1;
                }
            }
        }
        Ok(answers)
    }
}

struct Connection {
    stream: TcpStream,
    /// The received part of an answer's head, while it is incomplete.
    head: Vec<u8>,
    /// Remaining bytes of the body.
    left: usize,
}

impl Connection {
    fn open(address: &Address) -> Result<Self> {
        let stream = TcpStream::connect(address.authority())
            .with_context(|| format!("connecting to {}", address.authority()))?;
        stream.set_nodelay(true)?;
        stream.set_nonblocking(true)?;
        Ok(Self {
            stream,
            head: Vec::new(),
            left: 0,
        })
    }

    fn send(&mut self, request: &[u8]) -> Result<()> {
        // A request is far smaller than the socket's buffer, and the last one was answered.
        let sent = self.stream.write(request).context("sending a request")?;
        ensure!(sent == request.len(), "a request did not fit the socket");
        Ok(())
    }

    /// Reads available bytes. Returns whether the answer is complete.
    fn receive(&mut self, scratch: &mut [u8], without_body: bool) -> Result<bool> {
        let read = match self.stream.read(scratch) {
            Ok(0) => bail!("the server closed the connection"),
            Ok(read) => read,
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(false),
            Err(error) => return Err(error).context("reading an answer"),
        };
        let bytes = &scratch[..read];
        if self.left > 0 {
            ensure!(read <= self.left, "more came than was announced");
            self.left -= read;
            return Ok(self.left == 0);
        }
        // The head is nearly always received at once, and parsed in place.
        if self.head.is_empty() {
            if let Some(end) = end_of_head(bytes) {
                return self.begin_body(&bytes[..end], read - end, without_body);
            }
            self.head.extend_from_slice(bytes);
            return Ok(false);
        }
        self.head.extend_from_slice(bytes);
        let head = std::mem::take(&mut self.head);
        if let Some(end) = end_of_head(&head) {
            return self.begin_body(&head[..end], head.len() - end, without_body);
        }
        self.head = head;
        Ok(false)
    }

    fn begin_body(&mut self, head: &[u8], come: usize, without_body: bool) -> Result<bool> {
        if !head.starts_with(b"HTTP/1.1 200") {
            let line = head.split(|&byte| byte == b'\r').next().unwrap_or_default();
            bail!("answered {}", String::from_utf8_lossy(line));
        }
        let length = if without_body {
            0
        } else {
            content_length(head).context("an answer without Content-Length")?
        };
        self.left = length
            .checked_sub(come)
            .context("more came than was announced")?;
        Ok(self.left == 0)
    }
}

fn end_of_head(bytes: &[u8]) -> Option<usize> {
    // Counts line feeds: an empty line ends the head.
    let mut from = 0;
    while let Some(at) = bytes[from..].iter().position(|&byte| byte == b'\n') {
        let feed = from + at;
        if bytes[feed + 1..].starts_with(b"\r\n") {
            return Some(feed + 3);
        }
        from = feed + 1;
    }
    None
}

fn content_length(head: &[u8]) -> Option<usize> {
    const NAME: &[u8] = b"content-length:";
    head.split(|&byte| byte == b'\n')
        .find(|line| line.len() > NAME.len() && line[..NAME.len()].eq_ignore_ascii_case(NAME))
        .and_then(|line| std::str::from_utf8(&line[NAME.len()..]).ok())
        .and_then(|value| value.trim().parse().ok())
}
