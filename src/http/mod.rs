//! The HTTP side: listeners, TLS, the parser of `/v2` paths, one handler for each verb, and the
//! only place that maps errors of the registry to a status and an OCI body.
//!
//! This room does not access files or SQL. A malformed request gets an error code and changes
//! nothing; a panic in a request is a 500 and a line in the log.

mod acme;
mod address;
mod answer_body;
mod api;
mod body;
mod challenge;
mod client_certificates;
mod connection;
mod date;
mod forwarded;
mod guard;
mod host;
mod identity;
mod listen;
mod location;
mod observe;
mod ops;
mod pages;
mod paging;
mod plain_http;
mod rates;
mod respond;
mod route;
mod slots;
mod tls;
mod token;
mod user_header;
mod v1;
mod v2;
mod write_timeout;

use std::net::IpAddr;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use http::header::{CONTENT_SECURITY_POLICY, HeaderName, HeaderValue, X_CONTENT_TYPE_OPTIONS};
use http::{Method, Request, StatusCode};
use tokio_util::sync::CancellationToken;

use crate::admin::Operations;
use crate::auth::Policy;
use crate::oci::{ErrorCode, MANIFEST_LIMIT};
use crate::registry::Registry;
use crate::telemetry::{AccessLog, HttpMetrics};
use crate::web::Pages;

pub use acme::AcmeChallenges;
pub use address::{Address, Bound, SocketAccess};
pub use listen::{Limits as ConnectionLimits, Listening, Protocols};
pub use location::Locations;
pub use ops::{FailedChecks, Health};
pub use tls::{Certificate, TlsError, TlsVersion};

pub use client_certificates::ClientAuthorities;
pub use rates::{Rate, RateLimits};
pub use tls::Tls;

use answer_body::Body;
use body::Incoming;
use forwarded::TrustedProxies;
use guard::Guard;
use observe::{Observer, REQUEST_ID};
use rates::Rates;
use respond::{Answer, Refusal};
use route::{Route, RouteError};
use slots::{Slot, SlotPool};
use user_header::UserHeader;

/// Maximum number of entries of a page.
#[derive(Debug, Clone, Copy)]
pub struct PageLimits {
    /// Repositories of a page of the catalog.
    pub catalog: usize,
    /// Tags of a page.
    pub tags: usize,
}

/// Settings of the HTTP side.
pub struct Options {
    /// How locations are written.
    pub locations: Locations,
    /// The rate limits of clients.
    pub rates: RateLimits,
    /// Networks (an address and its prefix length) of trusted proxies.
    pub trusted_proxies: Vec<(IpAddr, u8)>,
    /// The header in which they name the user, if there is one.
    pub user_header: Option<HeaderName>,
    /// Page sizes.
    pub limits: PageLimits,
    /// Headers of every answer.
    pub headers: Vec<(HeaderName, HeaderValue)>,
    /// The access log, if there is one.
    pub access_log: Option<AccessLog>,
    /// Whether lines of the access log are JSON.
    pub access_log_json: bool,
    /// The counters.
    pub metrics: Arc<HttpMetrics>,
    /// The results of the health checks.
    pub health: Arc<Health>,
    /// The path of the metrics on the debug address, if they are served.
    pub metrics_path: Option<String>,
    /// The pages for people, if they are served.
    pub pages: Option<Pages>,
}

/// The memory for manifests and forms being received. Normally they take seconds.
const MANIFEST_SLOTS: slots::Limits = slots::Limits {
    capacity: 24 * 1024 * 1024,
    waiting: 4096,
    timeout: Duration::from_secs(30),
    stall_after: Duration::from_secs(2),
};

const API_VERSION: HeaderName = HeaderName::from_static("docker-distribution-api-version");

/// The HTTP side of a registry. Cheap to clone.
#[derive(Clone)]
pub struct App(Arc<Shared>);

/// The shared state of all requests.
struct Shared {
    /// `None` if only the pages of another registry are served.
    guard: Option<Guard>,
    locations: Locations,
    proxies: TrustedProxies,
    user_header: UserHeader,
    rates: Rates,
    limits: PageLimits,
    headers: Vec<(HeaderName, HeaderValue)>,
    observer: Arc<Observer>,
    health: Arc<Health>,
    metrics_path: Option<String>,
    manifest_slots: SlotPool,
    pages: Option<Pages>,
}

impl App {
    /// The HTTP side of `registry`, with an access `policy`.
    pub fn new(
        registry: Registry,
        policy: Arc<Policy>,
        operations: Operations,
        options: Options,
    ) -> Self {
        Self::of(Some(Guard::new(registry, policy, operations)), options)
    }

    /// Serves only the pages of another registry: there is no `/v2`.
    pub fn of_pages(options: Options) -> Self {
        Self::of(None, options)
    }

    fn of(guard: Option<Guard>, options: Options) -> Self {
        Self(Arc::new(Shared {
            guard,
            locations: options.locations,
            proxies: TrustedProxies::new(options.trusted_proxies),
            user_header: UserHeader::new(options.user_header),
            rates: Rates::new(options.rates),
            limits: options.limits,
            headers: options.headers,
            observer: Arc::new(Observer {
                metrics: options.metrics,
                access_log: options.access_log,
                json: options.access_log_json,
            }),
            health: options.health,
            metrics_path: options.metrics_path,
            manifest_slots: SlotPool::new(MANIFEST_SLOTS),
            pages: options.pages,
        }))
    }
}

impl Shared {
    /// The registry behind the decision.
    fn guard(&self) -> Result<&Guard, Refusal> {
        self.guard.as_ref().ok_or_else(|| {
            Refusal::new(
                StatusCode::NOT_FOUND,
                ErrorCode::Unsupported,
                "this address serves only the pages of another registry",
            )
        })
    }

    /// Answers a request to the main address.
    async fn answer(
        self: Arc<Self>,
        mut request: Request<Incoming>,
        peer: Option<IpAddr>,
        tls: bool,
    ) -> Answer {
        let headers = request.headers_mut();
        self.user_header.distrust(headers, &self.proxies, peer);
        let peer = self.proxies.client(request.headers(), peer);
        let id = observe::request_id(request.headers());
        let mut context = Arc::new(identity::context(request.headers(), peer, &id));
        // Outside of the prefix there are only health checks for operators, and the server itself.
        let prefix = self.locations.prefix.as_str();
        let path = match request.uri().path() {
            whole @ ("/livez" | "/readyz" | "*") => Some(whole),
            path => path.strip_prefix(prefix),
        };
        let is_outside = path.is_none();
        let path = path.unwrap_or_default();
        let in_v2 = path == "/v2" || path.starts_with("/v2/");
        let outside = if in_v2 {
            String::new()
        } else {
            path.to_owned()
        };
        let route = in_v2.then(|| Route::parse(path));
        let handler = match &route {
            Some(Ok(route)) => route.handler(),
            Some(Err(_)) => "unknown",
            None => "ops",
        };
        let head = request.method() == Method::HEAD;
        let observed = self.observer.begin(&request, handler, &context);
        let host = host::check(&request);
        let app = Arc::clone(&self);
        // What is not of `/v2` is boxed, because every request would have its size otherwise.
        let answering = async {
            host?;
            match route {
                Some(Ok(route)) => {
                    app.rates.admit_address(&context)?;
                    v2::answer(app, request, route, &mut context, tls).await
                }
                Some(Err(error)) => Err(error.into()),
                None if is_outside => Err(RouteError::Unknown.into()),
                None if let Some(answer) = ops::options(&request, &outside) => Ok(answer),
                None if outside == token::PATH => {
                    app.rates.admit_address(&context)?;
                    Box::pin(token::answer(&app, request, &mut context, tls)).await
                }
                None if outside == api::PATH => {
                    app.rates.admit_address(&context)?;
                    Box::pin(api::answer(&app, request, &mut context, tls)).await
                }
                None if outside.starts_with("/api/") => Err(api::unknown()),
                None => match &app.pages {
                    Some(pages) if pages::wanted(&request, &outside) && !v1::owns(&outside) => {
                        Box::pin(pages::answer(
                            &app,
                            pages,
                            request,
                            &mut context,
                            &outside,
                            tls,
                        ))
                        .await
                    }
                    _ if v1::wanted(&request, &outside) => {
                        app.rates.admit_address(&context)?;
                        Box::pin(v1::answer(&app, request, &outside, &mut context, tls)).await
                    }
                    _ => ops::public(&app, &request, &outside).await,
                },
            }
        };
        let mut answer = match AssertUnwindSafe(answering).catch_unwind().await {
            Ok(Ok(answer)) => answer,
            Ok(Err(refusal)) => {
                if refusal.status.is_server_error() {
                    tracing::error!(
                        request = id.to_str().unwrap_or_default(),
                        status = refusal.status.as_u16(),
                        message = refusal.message,
                        "a request was not answered"
                    );
                }
                refusal.answer()
            }
            // The panic hook has logged the message and the position.
            Err(_) => Refusal::new(
                StatusCode::INTERNAL_SERVER_ERROR,
                ErrorCode::Unknown,
                "internal error; the server's log has the details",
            )
            .answer(),
        };
        if head {
            // hyper omits the body on HTTP/1.1; on HTTP/2 it would be a protocol error.
            *answer.body_mut() = Body::empty();
        }
        let set = answer.headers_mut();
        if in_v2 {
            set.insert(API_VERSION, HeaderValue::from_static("registry/2.0"));
        }
        set.insert(REQUEST_ID, id);
        respond::configure(set, &self.headers);
        if in_v2 {
            // Pushed content is not trusted: browsers must not render it.
            for (name, value) in [
                (X_CONTENT_TYPE_OPTIONS, "nosniff"),
                (CONTENT_SECURITY_POLICY, "sandbox; default-src 'none'"),
            ] {
                let value = HeaderValue::from_static(value);
                set.entry(name).or_insert(value);
            }
        }
        observed.follow(answer, context)
    }

    /// Waits for memory to receive a small body of `announced` bytes.
    async fn memory_for_body(
        &self,
        body: &Incoming,
        announced: Option<u64>,
    ) -> Result<Slot, Refusal> {
        let bytes = announced.and_then(|length| usize::try_from(length).ok());
        let bytes = bytes.unwrap_or(MANIFEST_LIMIT).min(MANIFEST_LIMIT);
        let slot = self
            .manifest_slots
            .acquire(body.client(), bytes.max(1024), CancellationToken::new())
            .await;
        slot.ok_or_else(|| Refusal::busy("too many manifests and forms are being received"))
    }
}
