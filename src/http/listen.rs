//! Listeners: accepting within bounds, TLS, serving, draining.
//!
//! A connection takes a place in a room, and so does each of its requests, so that their number is
//! bounded and shared by client address; when descriptors run out all the same (`EMFILE`), accepting
//! waits and goes on. The time for a request's head is limited here, and a connection that is idle
//! or stalled is ended by `connection`; bodies are watched in `body`, writes in `patience`.

use std::convert::Infallible;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use http::Request;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpStream, UnixStream};
use tokio_util::sync::CancellationToken;

use super::acme::{Acceptor, AcmeChallenges};
use super::address::{Bound, Socket};
use super::body;
use super::connection::{Connection, Sending, Timeouts};
use super::patience::Patient;
use super::respond::{Answer, Refusal};
use super::room::{self, Client, Room};
use super::tls::{Tls, TlsError};
use super::{App, ops};

/// How long the head of a request may take, and how long a connection may be idle. Longer than the
/// 90 s after which Go's clients close an idle connection by themselves.
const HEAD_LIMIT: Duration = Duration::from_secs(100);
/// Header fields of a request at most; together they have room in [`READ_AHEAD`].
const HEADERS: usize = 1024;
/// How long a TLS handshake may take.
const HANDSHAKE_LIMIT: Duration = Duration::from_secs(20);
/// How long the other end may leave an answer untaken.
const WRITE_LIMIT: Duration = Duration::from_mins(2);
/// How long accepting waits when the system has no descriptor left.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
/// Bytes that a connection reads ahead at most.
const READ_AHEAD: usize = 64 * 1024;
/// Bytes of an HTTP/2 stream that wait to be written.
const SEND_BUFFER: usize = 64 * 1024;
/// Streams of an HTTP/2 connection at the same time.
const STREAMS: u32 = 64;
/// How long a connection or a request waits for room.
const PATIENCE: Duration = Duration::from_secs(30);
/// What has not moved for this long makes room for others.
const STILL: Duration = Duration::from_secs(10);
/// Connections that may wait for room.
const WAITING_CONNECTIONS: usize = 128;
const TIMEOUTS: Timeouts = Timeouts {
    idle: HEAD_LIMIT,
    stalled: Duration::from_mins(10),
};

/// What a listener speaks.
#[derive(Debug, Clone)]
pub struct Protocols {
    /// TLS; none is plain HTTP.
    pub tls: Option<Tls>,
    /// HTTP/2 over TLS.
    pub http2: bool,
    /// HTTP/2 without TLS.
    pub h2c: bool,
}

/// How many connections and requests a listener takes at the same time.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Connections.
    pub connections: usize,
    /// Requests, of all connections together.
    pub requests: usize,
}

impl Bound {
    /// Serves the registry.
    pub fn serve(
        self,
        app: App,
        protocols: &Protocols,
        limits: Limits,
    ) -> Result<Listening, TlsError> {
        let acceptor = match &protocols.tls {
            Some(tls) => Some(tls.acceptor(protocols.http2)?),
            None => None,
        };
        let http2 = if acceptor.is_some() {
            protocols.http2
        } else {
            protocols.h2c
        };
        Ok(self.start(
            Service {
                app,
                serves: Serves::Registry,
                acceptor,
                http2,
            },
            limits,
        ))
    }

    /// Serves what the debug address answers.
    pub fn serve_debug(self, app: App) -> Listening {
        self.serve_little(app, Serves::Debug)
    }

    /// Answers HTTP-01 challenges.
    pub fn serve_challenges(self, app: App, challenges: AcmeChallenges) -> Listening {
        self.serve_little(app, Serves::Challenges(challenges))
    }

    fn serve_little(self, app: App, serves: Serves) -> Listening {
        let service = Service {
            app,
            serves,
            acceptor: None,
            http2: false,
        };
        let limits = Limits {
            connections: 64,
            requests: 64,
        };
        self.start(service, limits)
    }

    fn start(self, service: Service, limits: Limits) -> Listening {
        let stop = CancellationToken::new();
        let task = tokio::spawn(accept(self.socket, service, limits, stop.clone()));
        Listening { stop, task }
    }
}

/// A listener at work.
pub struct Listening {
    stop: CancellationToken,
    task: tokio::task::JoinHandle<GracefulShutdown>,
}

impl Listening {
    /// Takes no more connections, and waits for the requests under way, at most for `limit`;
    /// whether all of them ended.
    pub async fn drain(self, limit: Duration) -> bool {
        self.stop.cancel();
        let Ok(connections) = self.task.await else {
            return false;
        };
        tokio::time::timeout(limit, connections.shutdown())
            .await
            .is_ok()
    }
}

/// What connections are served with.
#[derive(Clone)]
struct Service {
    app: App,
    serves: Serves,
    acceptor: Option<Acceptor>,
    http2: bool,
}

/// What the requests of a listener are for.
#[derive(Clone)]
enum Serves {
    Registry,
    Debug,
    Challenges(AcmeChallenges),
}

enum Stream {
    Tcp(TcpStream, SocketAddr),
    Unix(UnixStream),
}

async fn accept(
    socket: Socket,
    service: Service,
    limits: Limits,
    stop: CancellationToken,
) -> GracefulShutdown {
    let drain = GracefulShutdown::new();
    let rooms = Rooms::new(limits);
    loop {
        let accepted = async {
            Ok::<_, io::Error>(match &socket {
                Socket::Tcp(listener) => {
                    let (stream, peer) = listener.accept().await?;
                    Stream::Tcp(stream, peer)
                }
                Socket::Unix(listener) => Stream::Unix(listener.accept().await?.0),
            })
        };
        let accepted = tokio::select! {
            accepted = accepted => accepted,
            () = stop.cancelled() => return drain,
        };
        match accepted {
            Ok(stream) => {
                tokio::spawn(admit(
                    stream,
                    service.clone(),
                    rooms.clone(),
                    drain.watcher(),
                ));
            }
            Err(error) if is_of_one_connection(&error) => {}
            Err(error) => {
                tracing::warn!(%error, "no connection could be accepted; trying again");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

/// What the connections of a listener share.
#[derive(Clone)]
struct Rooms {
    connections: Room,
    requests: Room,
}

impl Rooms {
    fn new(limits: Limits) -> Self {
        let limits_of = |most, waiting| room::Limits {
            most,
            waiting,
            patience: PATIENCE,
            still: STILL,
        };
        Self {
            connections: Room::new(limits_of(limits.connections, WAITING_CONNECTIONS)),
            requests: Room::new(limits_of(limits.requests, limits.requests)),
        }
    }
}

/// Whether an error of accepting says something about one connection only.
fn is_of_one_connection(error: &io::Error) -> bool {
    use io::ErrorKind as Kind;
    matches!(
        error.kind(),
        Kind::ConnectionAborted
            | Kind::ConnectionReset
            | Kind::ConnectionRefused
            | Kind::Interrupted
    )
}

/// Serves a connection once there is room for it, and as long as others don't need the room more.
async fn admit(stream: Stream, service: Service, rooms: Rooms, watcher: Watcher) {
    let client = match &stream {
        Stream::Tcp(_, peer) => Client::of(peer.ip()),
        Stream::Unix(_) => Client::LOCAL,
    };
    let let_go = CancellationToken::new();
    let Some(place) = rooms.connections.enter(client, 1, let_go.clone()).await else {
        tracing::debug!("a connection was refused: as many as are allowed are busy");
        return;
    };
    let metrics = Arc::clone(&service.app.0.observer.metrics);
    metrics.connection(1);
    let connection = Connection::new(client, place, rooms.requests, let_go.clone());
    tokio::select! {
        () = open(stream, service, &connection, watcher) => {}
        reason = connection.expired(TIMEOUTS) => {
            tracing::debug!(reason, "a connection was ended");
        }
        () = let_go.cancelled() => {
            tracing::debug!("a connection was ended to make room for another");
        }
    }
    metrics.connection(-1);
}

async fn open(stream: Stream, service: Service, connection: &Arc<Connection>, watcher: Watcher) {
    match stream {
        Stream::Tcp(stream, peer) => {
            // Answers are written whole; waiting for more to send only delays them.
            let _ = stream.set_nodelay(true);
            let peer = peer.ip().to_canonical();
            match service.acceptor.clone() {
                Some(_) if speaks_plain_http(&stream).await => refuse_plain_http(stream).await,
                Some(acceptor) => {
                    let handshake = tokio::time::timeout(HANDSHAKE_LIMIT, acceptor.accept(stream));
                    match handshake.await {
                        Ok(Ok(None)) => {}
                        Ok(Ok(Some(stream))) => {
                            serve(stream, service, Some(peer), connection, watcher).await;
                        }
                        Ok(Err(error)) => tracing::debug!(%error, %peer, "a TLS handshake failed"),
                        Err(_) => tracing::debug!(%peer, "a TLS handshake took too long"),
                    }
                }
                None => serve(stream, service, Some(peer), connection, watcher).await,
            }
        }
        Stream::Unix(stream) => serve(stream, service, None, connection, watcher).await,
    }
}

/// Whether the first byte is of no TLS handshake (RFC 8446, section 5.1: it begins with 22).
async fn speaks_plain_http(stream: &TcpStream) -> bool {
    let mut first = [0];
    match tokio::time::timeout(HANDSHAKE_LIMIT, stream.peek(&mut first)).await {
        Ok(Ok(1)) => first[0].is_ascii_uppercase(),
        _ => false,
    }
}

/// Says what is wrong in the words that clients know from Go's servers.
async fn refuse_plain_http(mut stream: TcpStream) {
    let text = "Client sent an HTTP request to an HTTPS server.\n";
    let answer = format!(
        "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\nContent-Length: {}\r\n\
         Connection: close\r\n\r\n{text}",
        text.len()
    );
    // A client that does not read need not be told. What it sent is read before the connection is
    // closed: with unread bytes the system resets it, and the answer is lost.
    let told = async {
        stream.write_all(answer.as_bytes()).await?;
        stream.shutdown().await?;
        let mut rest = (&mut stream).take(READ_AHEAD as u64);
        tokio::io::copy(&mut rest, &mut tokio::io::sink()).await
    };
    let _ = tokio::time::timeout(HANDSHAKE_LIMIT, told).await;
}

async fn serve<S>(
    stream: S,
    service: Service,
    peer: Option<IpAddr>,
    connection: &Arc<Connection>,
    watcher: Watcher,
) where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let tls = service.acceptor.is_some();
    let (app, serves, http2) = (service.app.0, service.serves, service.http2);
    let begun = Arc::clone(connection);
    let answering = service_fn(move |request: Request<Incoming>| {
        let (app, connection) = (Arc::clone(&app), Arc::clone(&begun));
        let serves = serves.clone();
        async move {
            let underway = connection.begin().await;
            let request =
                request.map(|incoming| body::Incoming::new(incoming, Arc::clone(&underway)));
            let answer: Answer = match serves {
                _ if !underway.is_admitted() => {
                    Refusal::busy("too many requests are being answered").answer()
                }
                Serves::Registry => app.answer(request, peer, tls).await,
                Serves::Debug => ops::debug(&app, request.map(drop)).await,
                Serves::Challenges(challenges) => challenges.answer(request.uri().path()),
            };
            Ok::<_, Infallible>(answer.map(|body| Sending::new(body, underway)))
        }
    });
    let mut builder = Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_LIMIT)
        .max_headers(HEADERS)
        .max_buf_size(READ_AHEAD);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(STREAMS)
        .adaptive_window(true)
        .max_send_buf_size(SEND_BUFFER)
        .keep_alive_interval(Some(Duration::from_secs(30)));
    let builder = if http2 { builder } else { builder.http1_only() };
    let stream = Patient::new(stream, WRITE_LIMIT, Arc::clone(connection));
    let served = watcher
        .watch(
            builder
                .serve_connection(TokioIo::new(stream), answering)
                .into_owned(),
        )
        .await;
    if let Err(error) = served {
        tracing::debug!(error, "a connection ended early");
    }
}
