//! What the server tells of itself: the log, the access log, and the metrics, which have the names
//! of registry:2.
//!
//! Open to all rooms, and knows none.

use std::collections::BTreeMap;
use std::fmt;
use std::io::Write;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::mpsc::{SyncSender, TrySendError, sync_channel};
use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry as Metrics;
use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::registry::LookupSpan;

/// How lines of the log are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LineFormat {
    /// `time=… level=… msg=…`, as registry:2 has it.
    Text,
    /// A JSON object a line.
    Json,
    /// As JSON, with the field names of logstash.
    Logstash,
}

/// Sends the log to stderr from now on. A second call changes nothing.
pub fn start_log(level: &str, format: LineFormat, fields: BTreeMap<String, String>) {
    let filter = EnvFilter::new(format!("warn,regctl={level}"));
    let subscriber = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(false)
        .event_format(Lines { format, fields })
        .finish();
    // Fails only where there is a subscriber already.
    let _ = tracing::subscriber::set_global_default(subscriber);
}

struct Lines {
    format: LineFormat,
    fields: BTreeMap<String, String>,
}

/// The fields of an event, in the order they were written.
#[derive(Default)]
struct Collected {
    message: String,
    fields: Vec<(&'static str, String)>,
}

impl Visit for Collected {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if field.name() == "message" {
            self.message = format!("{value:?}");
        } else {
            self.fields.push((field.name(), format!("{value:?}")));
        }
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == "message" {
            value.clone_into(&mut self.message);
        } else {
            self.fields.push((field.name(), value.to_owned()));
        }
    }
}

impl<S, N> FormatEvent<S, N> for Lines
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        _: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let mut collected = Collected::default();
        event.record(&mut collected);
        let level = match *event.metadata().level() {
            tracing::Level::WARN => "warning".to_owned(),
            level => level.to_string().to_ascii_lowercase(),
        };
        let time = jiff::Timestamp::now()
            .strftime("%Y-%m-%dT%H:%M:%S.%3fZ")
            .to_string();
        let own = self
            .fields
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()));
        let said = collected
            .fields
            .iter()
            .map(|(name, value)| (*name, value.as_str()));
        let message = collected.message.as_str();
        match self.format {
            LineFormat::Text => {
                write!(
                    writer,
                    "time={} level={level} msg={}",
                    quoted(&time),
                    quoted(message)
                )?;
                for (name, value) in said.chain(own) {
                    write!(writer, " {name}={}", quoted(value))?;
                }
                writeln!(writer)
            }
            LineFormat::Json | LineFormat::Logstash => {
                let (time_name, message_name) = match self.format {
                    LineFormat::Logstash => ("@timestamp", "message"),
                    _ => ("time", "msg"),
                };
                let mut line = serde_json::Map::new();
                if self.format == LineFormat::Logstash {
                    line.insert("@version".into(), "1".into());
                }
                line.insert(time_name.into(), time.into());
                line.insert("level".into(), level.into());
                line.insert(message_name.into(), message.into());
                for (name, value) in said.chain(own) {
                    line.insert(name.into(), value.into());
                }
                writeln!(writer, "{}", serde_json::Value::Object(line))
            }
        }
    }
}

/// A value of a `name=value` pair: in quotes where it would not stand alone.
fn quoted(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._/@^+:".contains(&byte);
    if !text.is_empty() && text.bytes().all(plain) {
        text.to_owned()
    } else {
        format!("{text:?}")
    }
}

/// The access log: lines on stdout, written by a thread of its own so that no request waits for a
/// slow terminal or pipe.
#[derive(Clone)]
pub struct AccessLog {
    lines: SyncSender<String>,
    dropped: std::sync::Arc<AtomicU64>,
}

impl AccessLog {
    /// Starts the thread. It ends with the last clone.
    pub fn start() -> std::io::Result<Self> {
        let (lines, incoming) = sync_channel::<String>(8192);
        let dropped = std::sync::Arc::new(AtomicU64::new(0));
        let counted = std::sync::Arc::clone(&dropped);
        std::thread::Builder::new()
            .name("access-log".into())
            .spawn(move || {
                let mut stdout = std::io::BufWriter::with_capacity(64 * 1024, std::io::stdout());
                while let Ok(line) = incoming.recv() {
                    let mut written = stdout.write_all(line.as_bytes());
                    while let Ok(line) = incoming.try_recv() {
                        written = written.and_then(|()| stdout.write_all(line.as_bytes()));
                    }
                    let lost = counted.swap(0, Ordering::Relaxed);
                    if lost > 0 {
                        tracing::warn!(
                            lines = lost,
                            "the access log could not keep up; lines were left out"
                        );
                    }
                    // Nobody reads it any more: there is nothing left to do.
                    if written.and_then(|()| stdout.flush()).is_err() {
                        return;
                    }
                }
            })?;
        Ok(Self { lines, dropped })
    }

    /// Writes a line, which ends with a line feed.
    pub fn write(&self, line: String) {
        if let Err(TrySendError::Full(_)) = self.lines.try_send(line) {
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }
}

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

/// The counters of the HTTP side.
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
    /// All at zero.
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

    /// A request has come in.
    pub fn begin(&self, handler: &'static str) {
        self.in_flight.get_or_create(&ByHandler { handler }).inc();
    }

    /// Its answer has gone out, or has broken off.
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

    /// The text that a scrape gets, with what the system says of the process.
    pub fn text(&self) -> String {
        let mut text = String::new();
        // Writing to a string does not fail.
        let _ = encode(&mut text, &self.registry);
        let end = "# EOF\n";
        let mut text = text.strip_suffix(end).unwrap_or(&text).to_owned();
        let mut gauge = |name: &str, help: &str, value: String| {
            text.push_str(&format!(
                "# HELP {name} {help}.\n# TYPE {name} gauge\n{name} {value}\n"
            ));
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

/// Sizes as histograms want them; exact up to 2^53.
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
    /// From `/proc`; nothing where there is none.
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
