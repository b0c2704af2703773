//! The load generator: many kept connections on one thread, each sending its next request as soon
//! as it has the answer to the last.
//!
//! It shares two cores or so with the server that it measures, so it does as little as it can:
//! requests are bytes made beforehand, of an answer it reads the status and the length, and one
//! epoll instance wakes it for all connections. Against a server that does nothing it costs a few
//! microseconds a request.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use rustix::buffer::spare_capacity;
use rustix::event::epoll;

use crate::processes::Meter;
use crate::wire::Address;

/// How many requests are under way at a time.
pub(crate) const WORKERS: usize = 16;

/// The requests that are sent, over and over, in order.
pub(crate) struct Requests {
    /// Each as it goes over the wire.
    pub(crate) bytes: Vec<Vec<u8>>,
    /// Whether they are HEAD requests, whose answers have no body.
    pub(crate) head: bool,
}

/// What came of it.
pub(crate) struct Outcome {
    /// Answers, all of them 200, a second.
    pub(crate) rate: f64,
    /// Microseconds of CPU in the server for each.
    pub(crate) server_cpu: Option<f64>,
    /// Microseconds of CPU in this process for each.
    pub(crate) own_cpu: f64,
}

/// Keeps a server busy for that time, after a fifth of it for warming up.
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

    /// Goes on for that time; the number of answers that came.
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
    /// The head of the answer as far as it has come, while it is not complete.
    head: Vec<u8>,
    /// Bytes of the body still to come.
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
        // A request is far smaller than the socket's buffer, and the last one has been answered.
        let sent = self.stream.write(request).context("sending a request")?;
        ensure!(sent == request.len(), "a request did not fit the socket");
        Ok(())
    }

    /// Takes what has come; whether the answer is complete.
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
        // Almost always the head comes whole, and is read where it lies.
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
    // The lines are counted by their feeds: the first that follows another one directly ends it.
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
