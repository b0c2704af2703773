//! Log, access log and metrics. The metrics have registry:2's names.
//!
//! Every module may use this one; it uses none.

mod access_log;
mod metrics;

use std::collections::BTreeMap;
use std::fmt;

use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::registry::LookupSpan;

pub use access_log::AccessLog;
pub use metrics::HttpMetrics;

/// The format of log lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LineFormat {
    /// `time=… level=… msg=…`, as in registry:2.
    Text,
    /// One JSON object per line.
    Json,
    /// As JSON, with the field names of logstash.
    Logstash,
}

/// Starts logging to stderr. A second call does nothing.
pub fn start_log(level: &str, format: LineFormat, fields: BTreeMap<String, String>) {
    let filter = Targets::new()
        .with_default(LevelFilter::WARN)
        .with_target("regctl", level.parse().unwrap_or(LevelFilter::INFO));
    let lines = tracing_subscriber::fmt::layer()
        .with_writer(std::io::stderr)
        .with_ansi(false)
        .event_format(Lines { format, fields });
    let subscriber = tracing_subscriber::registry().with(lines).with(filter);
    // Fails only if a subscriber is set already.
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
        let fields = collected
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
                for (name, value) in fields.chain(own) {
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
                for (name, value) in fields.chain(own) {
                    line.insert(name.into(), value.into());
                }
                writeln!(writer, "{}", serde_json::Value::Object(line))
            }
        }
    }
}

/// The value of a `name=value` pair, quoted if it has other than plain characters.
fn quoted(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._/@^+:".contains(&byte);
    if !text.is_empty() && text.bytes().all(plain) {
        text.to_owned()
    } else {
        format!("{text:?}")
    }
}
