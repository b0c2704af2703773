//! HTTP metrics under registry:2's names, and figures of the process from the system.

use std::fmt::Write as _;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry as Metrics;

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ByHandler {
    handler: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ByMethod {
    handler: &'static str,
    method: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ByCode {
    code: u16,
    handler: &'static str,
    method: &'static str,
}

/// HTTP metrics.
pub struct HttpMetrics {
    registry: Metrics,
    requests: Family<ByCode, Counter>,
    in_flight: Family<ByHandler, Gauge>,
    duration: Family<ByMethod, Histogram>,
    request_size: Family<ByHandler, Histogram>,
    response_size: Family<ByHandler, Histogram>,
    connections: AtomicI64,
}

fn durations() -> Histogram {
    Histogram::new([
        0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 25.0, 50.0, 100.0,
    ])
}

fn sizes() -> Histogram {
    Histogram::new([
        1024.0,
        2048.0,
        4096.0,
        16384.0,
        65536.0,
        262_144.0,
        1_048_576.0,
        4_194_304.0,
        16_777_216.0,
        67_108_864.0,
        268_435_456.0,
        1_073_741_824.0,
        4_294_967_296.0,
    ])
}

impl Default for HttpMetrics {
    fn default() -> Self {
        Self::new()
    }
}

impl HttpMetrics {
    /// Creates the metrics, all zero.
    pub fn new() -> Self {
        let mut registry = Metrics::default();
        let requests = Family::<ByCode, Counter>::default();
        let in_flight = Family::<ByHandler, Gauge>::default();
        let duration = Family::<ByMethod, Histogram>::new_with_constructor(durations);
        let request_size = Family::<ByHandler, Histogram>::new_with_constructor(sizes);
        let response_size = Family::<ByHandler, Histogram>::new_with_constructor(sizes);
        registry.register(
            "registry_http_requests",
            "Total number of HTTP requests made",
            requests.clone(),
        );
        registry.register(
            "registry_http_in_flight_requests",
            "The in-flight HTTP requests",
            in_flight.clone(),
        );
        registry.register(
            "registry_http_request_duration_seconds",
            "The HTTP request latencies in seconds",
            duration.clone(),
        );
        registry.register(
            "registry_http_request_size_bytes",
            "The HTTP request sizes in bytes",
            request_size.clone(),
        );
        registry.register(
            "registry_http_response_size_bytes",
            "The HTTP response sizes in bytes",
            response_size.clone(),
        );
        let connections = AtomicI64::new(0);
        Self {
            registry,
            requests,
            in_flight,
            duration,
            request_size,
            response_size,
            connections,
        }
    }

    /// Counts a request that has begun.
    pub fn begin(&self, handler: &'static str) {
        self.in_flight.get_or_create(&ByHandler { handler }).inc();
    }

    /// Counts a request that has ended, with its whole answer sent or not.
    pub fn end(
        &self,
        handler: &'static str,
        method: &'static str,
        code: u16,
        took: Duration,
        received: u64,
        sent: u64,
    ) {
        let by_handler = ByHandler { handler };
        self.in_flight.get_or_create(&by_handler).dec();
        self.requests
            .get_or_create(&ByCode {
                code,
                handler,
                method,
            })
            .inc();
        self.duration
            .get_or_create(&ByMethod { handler, method })
            .observe(took.as_secs_f64());
        self.request_size
            .get_or_create(&by_handler)
            .observe(approximate(received));
        self.response_size
            .get_or_create(&by_handler)
            .observe(approximate(sent));
    }

    /// A connection was opened (1) or closed (-1).
    pub fn connection(&self, change: i64) {
        self.connections.fetch_add(change, Ordering::Relaxed);
    }

    /// The metrics as text, with the figures of the process.
    pub fn text(&self) -> String {
        let mut text = String::new();
        // Writing to a string does not fail.
        let _ = encode(&mut text, &self.registry);
        let end = "# EOF\n";
        let mut text = text.strip_suffix(end).unwrap_or(&text).to_owned();
        let mut gauge = |name: &str, help: &str, value: String| {
            // Writing to a string does not fail.
            let _ = write!(
                text,
                "# HELP {name} {help}.\n# TYPE {name} gauge\n{name} {value}\n"
            );
        };
        let connections = self.connections.load(Ordering::Relaxed);
        gauge(
            "registry_http_open_connections",
            "Open connections",
            connections.to_string(),
        );
        if let Some(process) = Process::read() {
            gauge(
                "process_resident_memory_bytes",
                "Resident memory",
                process.resident.to_string(),
            );
            gauge(
                "process_open_fds",
                "Open file descriptors",
                process.descriptors.to_string(),
            );
            gauge("process_threads", "Threads", process.threads.to_string());
        }
        text + end
    }
}

/// A size as a value of a histogram; exact up to 2^53.
#[expect(
    clippy::cast_precision_loss,
    reason = "a histogram needs no more than 53 bits"
)]
fn approximate(bytes: u64) -> f64 {
    bytes as f64
}

struct Process {
    resident: u64,
    threads: u64,
    descriptors: usize,
}

impl Process {
    /// Reads `/proc`; `None` where there is none.
    #[expect(
        clippy::disallowed_methods,
        reason = "the files of /proc are not of a store"
    )]
    fn read() -> Option<Self> {
        let status = std::fs::read_to_string("/proc/self/status").ok()?;
        let number = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name))?;
            line.split_whitespace().next()?.parse::<u64>().ok()
        };
        Some(Self {
            resident: number("VmRSS:")? * 1024,
            threads: number("Threads:")?,
            descriptors: std::fs::read_dir("/proc/self/fd").ok()?.count(),
        })
    }
}
