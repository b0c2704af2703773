//! Listeners: binding, accepting within bounds, TLS, serving, draining.
//!
//! A connection costs a permit, so their number is bounded; when descriptors run out all the same
//! (`EMFILE`), accepting waits and goes on. Headers have a time limit, which is also how long an
//! idle connection is kept; bodies are watched in `body`, answers in `patience`.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::os::unix::fs::FileTypeExt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use http::Request;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream, UnixListener, UnixStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;

use super::patience::Patient;
use super::respond::Answer;
use super::tls::{Certificate, TlsError, TlsVersion};
use super::{App, ops};

/// How long the head of a request may take, and how long a connection may be idle. Longer than the
/// 90 s after which Go's clients close an idle connection by themselves.
const HEAD_LIMIT: Duration = Duration::from_secs(100);
/// How long a TLS handshake may take.
const HANDSHAKE_LIMIT: Duration = Duration::from_secs(20);
/// How long the other end may leave an answer untaken.
const WRITE_LIMIT: Duration = Duration::from_mins(2);
/// How long accepting waits when the system has no descriptor left.
const BREATH: Duration = Duration::from_millis(50);
/// Bytes that a connection reads ahead at most.
const READ_AHEAD: usize = 64 * 1024;

/// Where to listen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Address {
    /// A host and a port; an empty host is every address of the machine.
    Tcp(String, u16),
    /// The path of a socket.
    Unix(PathBuf),
}

/// What a listener speaks.
#[derive(Debug, Clone)]
pub struct Protocols {
    /// The certificate, and the least version; none is plain HTTP.
    pub tls: Option<(Arc<Certificate>, TlsVersion)>,
    /// HTTP/2 over TLS.
    pub http2: bool,
    /// HTTP/2 without TLS.
    pub h2c: bool,
}

/// How many connections there may be.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// At the same time, on one listener.
    pub connections: usize,
}

enum Socket {
    Tcp(TcpListener),
    Unix(UnixListener),
}

/// A listener that is bound.
pub struct Bound {
    socket: Socket,
    address: String,
}

impl Bound {
    /// Binds an address. The socket of a server that is gone is replaced.
    #[expect(clippy::disallowed_methods, reason = "a socket is no file of a store")]
    pub async fn bind(address: &Address) -> io::Result<Self> {
        match address {
            Address::Tcp(host, port) => {
                let listener = if host.is_empty() {
                    // Both families, where the system has both.
                    match TcpListener::bind(("::", *port)).await {
                        Ok(listener) => listener,
                        Err(_) => TcpListener::bind(("0.0.0.0", *port)).await?,
                    }
                } else {
                    TcpListener::bind((host.as_str(), *port)).await?
                };
                let address = listener.local_addr()?.to_string();
                Ok(Self {
                    socket: Socket::Tcp(listener),
                    address,
                })
            }
            Address::Unix(path) => {
                let is_socket = path
                    .metadata()
                    .is_ok_and(|found| found.file_type().is_socket());
                if is_socket && UnixStream::connect(path).await.is_err() {
                    tokio::fs::remove_file(path).await?;
                }
                let listener = UnixListener::bind(path)?;
                Ok(Self {
                    socket: Socket::Unix(listener),
                    address: path.display().to_string(),
                })
            }
        }
    }

    /// Where it listens: the address with its real port, or the path.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Serves the registry.
    pub fn serve(
        self,
        app: App,
        protocols: &Protocols,
        limits: Limits,
    ) -> Result<Listening, TlsError> {
        let acceptor = match &protocols.tls {
            Some((certificate, minimum)) => {
                let config = certificate.server_config(*minimum, protocols.http2)?;
                Some(TlsAcceptor::from(config))
            }
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
                debug: false,
                acceptor,
                http2,
            },
            limits,
        ))
    }

    /// Serves what the debug address answers.
    pub fn serve_debug(self, app: App) -> Listening {
        let service = Service {
            app,
            debug: true,
            acceptor: None,
            http2: false,
        };
        self.start(service, Limits { connections: 64 })
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
    debug: bool,
    acceptor: Option<TlsAcceptor>,
    http2: bool,
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
    let connections = GracefulShutdown::new();
    let room = Arc::new(Semaphore::new(limits.connections));
    loop {
        let accepted = async {
            // The next waits in the system's queue until one of those that are here has gone.
            let permit = Arc::clone(&room)
                .acquire_owned()
                .await
                .map_err(io::Error::other)?;
            let stream = match &socket {
                Socket::Tcp(listener) => {
                    let (stream, peer) = listener.accept().await?;
                    Stream::Tcp(stream, peer)
                }
                Socket::Unix(listener) => Stream::Unix(listener.accept().await?.0),
            };
            Ok::<_, io::Error>((stream, permit))
        };
        let accepted = tokio::select! {
            accepted = accepted => accepted,
            () = stop.cancelled() => return connections,
        };
        match accepted {
            Ok((stream, permit)) => {
                let watcher = connections.watcher();
                tokio::spawn(connection(stream, service.clone(), permit, watcher));
            }
            Err(error) if is_of_one_connection(&error) => {}
            Err(error) => {
                tracing::warn!(%error, "no connection could be accepted; trying again");
                tokio::time::sleep(BREATH).await;
            }
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

async fn connection(
    stream: Stream,
    service: Service,
    permit: OwnedSemaphorePermit,
    watcher: Watcher,
) {
    let metrics = Arc::clone(&service.app.0.observer.metrics);
    metrics.connection(1);
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
                        Ok(Ok(stream)) => serve(stream, service, Some(peer), watcher).await,
                        Ok(Err(error)) => tracing::debug!(%error, %peer, "a TLS handshake failed"),
                        Err(_) => tracing::debug!(%peer, "a TLS handshake took too long"),
                    }
                }
                None => serve(stream, service, Some(peer), watcher).await,
            }
        }
        Stream::Unix(stream) => serve(stream, service, None, watcher).await,
    }
    metrics.connection(-1);
    drop(permit);
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
    // Whoever does not listen need not be told.
    let _ = tokio::time::timeout(HANDSHAKE_LIMIT, stream.write_all(answer.as_bytes())).await;
}

async fn serve<S>(stream: S, service: Service, peer: Option<IpAddr>, watcher: Watcher)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let tls = service.acceptor.is_some();
    let (app, debug, http2) = (service.app.0, service.debug, service.http2);
    let answering = service_fn(move |request: Request<Incoming>| {
        let app = Arc::clone(&app);
        async move {
            let answer: Answer = if debug {
                ops::debug(&app, request.map(Body::new)).await
            } else {
                app.answer(request, peer, tls).await
            };
            Ok::<_, std::convert::Infallible>(answer)
        }
    });
    let mut builder = Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_LIMIT)
        .max_buf_size(READ_AHEAD);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(128)
        .initial_stream_window_size(1024 * 1024)
        .initial_connection_window_size(4 * 1024 * 1024)
        .keep_alive_interval(Some(Duration::from_secs(30)));
    let builder = if http2 { builder } else { builder.http1_only() };
    let stream = TokioIo::new(Patient::new(stream, WRITE_LIMIT));
    let served = watcher
        .watch(builder.serve_connection(stream, answering).into_owned())
        .await;
    if let Err(error) = served {
        tracing::debug!(error, "a connection ended early");
    }
}
