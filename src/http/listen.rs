//! Listeners: accepting within limits, TLS, serving, draining.
//!
//! A connection takes a slot, and so does each of its requests, so that their number is bounded
//! and shared by client address. If descriptors run out nevertheless (`EMFILE`), accepting pauses
//! and continues. The timeout of a request's head is here; `connection` closes idle and stalled
//! connections, `body` has the timeout of bodies, and `write_timeout` that of writes.

use std::convert::Infallible;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use http::header::{CONNECTION, EXPECT};
use http::{HeaderValue, Request, Version};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, UnixStream};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::acme::{Acceptor, AcmeChallenges};
use super::address::{Bound, Socket};
use super::connection::{Connection, Sending, Timeouts};
use super::plain_http;
use super::respond::{Answer, Refusal};
use super::slots::{self, Client, SlotPool};
use super::tls::{Tls, TlsError};
use super::write_timeout::WriteTimeout;
use super::{App, body, date, ops};

/// Timeout of the head of a request, and of an idle connection. Longer than the 90 s after which
/// Go's clients close an idle connection.
const HEAD_LIMIT: Duration = Duration::from_secs(100);
/// Maximum number of header fields of a request; together they must fit into [`READ_AHEAD`].
const HEADERS: usize = 1024;
/// Timeout of a TLS handshake, from the connection to its end.
pub(super) const HANDSHAKE_LIMIT: Duration = Duration::from_secs(20);
/// Timeout of a write to the socket.
const WRITE_LIMIT: Duration = Duration::from_mins(2);
/// Pause of accepting when no descriptors are left.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
/// Maximum number of bytes that a connection reads ahead.
pub(super) const READ_AHEAD: usize = 64 * 1024;
/// Bytes of an HTTP/2 stream in its send buffer.
const SEND_BUFFER: usize = 64 * 1024;
/// Maximum number of concurrent streams of an HTTP/2 connection.
const STREAMS: usize = 64;
/// Number of streams that the connections of a client share, as far as each has a few.
const STREAMS_OF_CLIENT: usize = 1024;
/// Number of streams that every connection may have.
const STREAMS_ALWAYS: usize = 8;
/// Timeout for the slot of a connection or a request.
const SLOT_TIMEOUT: Duration = Duration::from_secs(30);
/// Time without progress after which a slot may be revoked for others.
const STALL_AFTER: Duration = Duration::from_secs(10);
/// Maximum number of connections that wait for a slot.
const WAITING_CONNECTIONS: usize = 128;
const TIMEOUTS: Timeouts = Timeouts {
    idle: HEAD_LIMIT,
    stalled: Duration::from_mins(10),
};

/// The protocols of a listener.
#[derive(Debug, Clone)]
pub struct Protocols {
    /// TLS; none is plain HTTP.
    pub tls: Option<Tls>,
    /// HTTP/2 over TLS.
    pub http2: bool,
    /// HTTP/2 without TLS.
    pub h2c: bool,
}

/// Limits of a listener.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Maximum number of connections.
    pub connections: usize,
    /// Maximum number of requests over all connections.
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
                timeouts: TIMEOUTS,
            },
            limits,
        ))
    }

    /// Serves the endpoints of the debug address.
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
            timeouts: TIMEOUTS,
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

/// A running listener.
pub struct Listening {
    stop: CancellationToken,
    task: tokio::task::JoinHandle<GracefulShutdown>,
}

impl Listening {
    /// Stops accepting, and waits for running requests, at most for `limit`. Returns whether all of
    /// them ended.
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

/// The handler and settings of connections.
#[derive(Clone)]
struct Service {
    app: App,
    serves: Serves,
    acceptor: Option<Acceptor>,
    http2: bool,
    timeouts: Timeouts,
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
    let capacity = Capacity::new(limits);
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
                    capacity.clone(),
                    drain.watcher(),
                ));
            }
            Err(error) if is_of_one_connection(&error) => {}
            Err(error) => {
                tracing::warn!(%error, "could not accept a connection; trying again");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

/// The limits that the connections of a listener share.
#[derive(Clone)]
struct Capacity {
    connections: SlotPool,
    requests: SlotPool,
}

impl Capacity {
    fn new(limits: Limits) -> Self {
        let limits_of = |capacity, waiting| slots::Limits {
            capacity,
            waiting,
            timeout: SLOT_TIMEOUT,
            stall_after: STALL_AFTER,
        };
        Self {
            connections: SlotPool::new(limits_of(limits.connections, WAITING_CONNECTIONS)),
            requests: SlotPool::new(limits_of(limits.requests, limits.requests)),
        }
    }
}

/// Whether an error of accepting concerns only one connection.
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

/// Serves a connection once it has a slot, until the slot is revoked for others.
async fn admit(stream: Stream, service: Service, capacity: Capacity, watcher: Watcher) {
    let client = match &stream {
        Stream::Tcp(_, peer) => Client::of(peer.ip()),
        Stream::Unix(_) => Client::LOCAL,
    };
    let revoked = CancellationToken::new();
    let Some(slot) = capacity
        .connections
        .acquire(client, 1, revoked.clone())
        .await
    else {
        tracing::debug!("a connection was refused: all slots are busy");
        return;
    };
    let metrics = Arc::clone(&service.app.0.observer.metrics);
    metrics.connection(1);
    let timeouts = service.timeouts;
    let connection = Connection::new(client, slot, capacity.requests, revoked.clone());
    tokio::select! {
        () = open(stream, service, &connection, watcher) => {}
        reason = connection.expired(timeouts) => {
            tracing::debug!(reason, "a connection was closed");
        }
        () = revoked.cancelled() => {
            tracing::debug!("a connection was closed to free its slot");
        }
    }
    metrics.connection(-1);
}

async fn open(stream: Stream, service: Service, connection: &Arc<Connection>, watcher: Watcher) {
    match stream {
        Stream::Tcp(stream, peer) => {
            // Answers are written completely; waiting for more data would only delay them.
            let _ = stream.set_nodelay(true);
            let peer = peer.ip().to_canonical();
            let deadline = Instant::now() + HANDSHAKE_LIMIT;
            match service.acceptor.clone() {
                Some(_) if plain_http::is_sent(&stream, deadline).await => {
                    plain_http::refuse(stream).await;
                }
                Some(acceptor) => {
                    let handshake = tokio::time::timeout_at(deadline, acceptor.accept(stream));
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
            let running = connection.begin().await;
            let is_http1 = request.version() < Version::HTTP_2;
            let drains = is_http1 && !request.headers().contains_key(EXPECT);
            let request =
                request.map(|incoming| body::Incoming::new(incoming, Arc::clone(&running), drains));
            let mut answer: Answer = match serves {
                _ if !running.is_admitted() => {
                    drop(request);
                    Refusal::busy("too many requests are being answered").answer()
                }
                // Boxed: a request that waits for its slot needs no memory for its handler.
                Serves::Registry => Box::pin(app.answer(request, peer, tls)).await,
                Serves::Debug => ops::debug(&app, request.map(drop)).await,
                Serves::Challenges(challenges) => {
                    let (head, _) = request.into_parts();
                    challenges.answer(head.uri.path())
                }
            };
            if is_http1 && body::is_too_much_left(&running) {
                let close = HeaderValue::from_static("close");
                answer.headers_mut().insert(CONNECTION, close);
            }
            date::correct(answer.headers_mut());
            Ok::<_, Infallible>(answer.map(|body| Sending::new(body, running)))
        }
    });
    let mut builder = Builder::new(TokioExecutor::new());
    let streams = STREAMS_OF_CLIENT / connection.connections_of_client();
    let streams = streams.clamp(STREAMS_ALWAYS, STREAMS);
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_LIMIT)
        .max_headers(HEADERS)
        .max_buf_size(READ_AHEAD);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(u32::try_from(streams).unwrap_or(u32::MAX))
        .adaptive_window(true)
        .max_send_buf_size(SEND_BUFFER)
        .keep_alive_interval(Some(Duration::from_secs(30)));
    let builder = if http2 { builder } else { builder.http1_only() };
    let stream = WriteTimeout::new(stream, WRITE_LIMIT, Arc::clone(connection));
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

#[cfg(test)]
mod tests;
