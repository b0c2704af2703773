//! `regctl audit`: lists events: who did what, from where, and what was refused.

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan, Zoned};
use serde::Serialize;
use serde_json::Value;

use super::administration::{RootArgs, age, milliseconds, timestamp};
use super::exit::Exit;
use super::figures;
use super::output::{Format, FormatArgs, Printer};
use super::rule;
use super::table::Column;
use crate::admin::{AuditFilter, AuditReport, Entry, Event, Operation};
use crate::clock::Millis;
use crate::oci::Repository;

const COLUMNS: [Column; 5] = [
    Column::Name("WHEN"),
    Column::Text("WHO"),
    Column::Text("FROM"),
    Column::Text("WHAT"),
    Column::Line("ON"),
];

/// List who did what
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Every sign-in, refusal, push, delete and change of accounts and rights is listed, the latest first. Equal \
refusals within a minute are one line with their number. Events are stored for regctl.audit.keep, by \
default 90 days.

A caller is the name of an account, token:ID@OWNER for a token, workload:SUBJECT@RULE for a \
workload, uid:N for a command on the registry's host, task:NAME for a task of the registry itself, or anonymous.

JSON: an array of {\"time\", \"action\", \"actor\", \"account\", \"address\", \"request\", \"agent\", \
\"repository\", \"tag\", \"digest\", \"mediaType\", \"size\", \"detail\"}.

Examples:
  regctl audit --since 24h
  regctl audit --user alice --repo team/app -o json
  regctl audit --since 2026-01-01 --until 2026-02-01 --limit 0")]
pub(super) struct Args {
    /// Only events of this account, including its tokens, or of workload:RULE
    #[arg(long, value_name = "NAME")]
    user: Option<String>,
    /// Only events in this repository
    #[arg(long, value_name = "REPOSITORY")]
    repo: Option<Repository>,
    /// Only from this time on: an age as in 24h or 7d, a date, or a time as in 2026-01-31T12:00:00Z;
    /// without an offset as in +01:00 both are in UTC
    #[arg(long, value_name = "TIME", value_parser = time)]
    since: Option<Millis>,
    /// Only before this time
    #[arg(long, value_name = "TIME", value_parser = time)]
    until: Option<Millis>,
    /// Maximum number of lines, the latest ones; 0 for all
    #[arg(long, value_name = "N", default_value_t = 1000)]
    limit: u64,
    #[command(flatten)]
    output: FormatArgs,
    #[command(flatten)]
    root: RootArgs,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Row {
    time: Timestamp,
    #[serde(flatten)]
    event: Event,
}

pub(super) async fn run(args: &Args, printer: Printer) -> anyhow::Result<Exit> {
    let operation = Operation::Audit {
        filter: AuditFilter {
            user: args.user.clone(),
            repository: args.repo.clone(),
            since: args.since,
            until: args.until,
        },
        limit: args.limit,
    };
    let mut events: Vec<Event> = Vec::new();
    let report: AuditReport = args
        .root
        .administer(printer, async |root| {
            let mut take = |entry: Entry| {
                if let Entry::Event(event) = entry {
                    events.push(*event);
                }
            };
            root.execute(operation, &mut take).await
        })
        .await?;
    match args.output.format {
        Format::Json => {
            let rows = events.into_iter().map(|event| Row {
                time: timestamp(event.at),
                event,
            });
            printer.json(&rows.collect::<Vec<_>>())?;
        }
        Format::Name => printer.lines(events.iter().map(|event| &event.action))?,
        Format::Table if events.is_empty() => printer.remark("No events"),
        Format::Table => printer.table(&COLUMNS, events.iter().map(cells).collect())?,
    }
    if report.more {
        printer.remark(&format!(
            "Only the latest {} lines are listed; --limit 0 lists all",
            report.events
        ));
    }
    Ok(Exit::Done)
}

fn cells(event: &Event) -> Vec<String> {
    let refused = event.action == "refuse-sign-in";
    vec![
        figures::date(timestamp(event.at)),
        if refused {
            event.account.clone()
        } else {
            event.actor.clone()
        },
        event.address.clone().unwrap_or_else(|| "-".to_owned()),
        event.action.clone(),
        subject(event),
    ]
}

/// The subject of an event, in one line.
fn subject(event: &Event) -> String {
    let mut words = Vec::new();
    if let Some(repository) = &event.repository {
        words.push(match &event.tag {
            Some(tag) => format!("{repository}:{tag}"),
            None => repository.to_string(),
        });
    }
    words.extend(event.digest.map(|digest| digest.to_string()));
    words.extend(event.detail.iter().flat_map(facts));
    if words.is_empty() {
        "-".to_owned()
    } else {
        words.join(" ")
    }
}

/// The details of an event that have a value.
fn facts(detail: &Value) -> Vec<String> {
    let Value::Object(detail) = detail else {
        return Vec::new();
    };
    let given = detail
        .iter()
        // Without a time, a token never expires.
        .filter(|(name, value)| !value.is_null() || *name == "expiresAt");
    given.map(|(name, value)| fact(name, value)).collect()
}

/// A detail of an event as `name=value`, with grants and times as they are written elsewhere.
fn fact(name: &str, value: &Value) -> String {
    match (name, value.as_i64()) {
        ("expiresAt", Some(at)) => format!("expires={}", figures::date(timestamp(at))),
        ("expiresAt", None) => "expires=never".to_owned(),
        ("rule", _) => match serde_json::from_value(value.clone()) {
            Ok(rule) => format!("{} {}", rule::repositories(&rule), rule::conditions(&rule)),
            Err(_) => format!("rule={value}"),
        },
        _ => format!("{name}={}", plain(value)),
    }
}

fn plain(value: &Value) -> String {
    let grant = || {
        Some((
            value.get("pattern")?.as_str()?,
            value.get("rights")?.as_str()?,
        ))
    };
    match (value, grant()) {
        (_, Some((pattern, rights))) => format!("{pattern}:{rights}"),
        (Value::String(text), _) => text.clone(),
        (Value::Array(values), _) => values.iter().map(plain).collect::<Vec<_>>().join(","),
        (value, _) => value.to_string(),
    }
}

/// Parses a time: an age before now, a date (its beginning), or a time.
fn time(text: &str) -> Result<Millis, String> {
    if let Ok(time) = text.parse::<Timestamp>() {
        return Ok(time.as_millisecond());
    }
    if let Ok(time) = text.parse::<Zoned>() {
        return Ok(time.timestamp().as_millisecond());
    }
    if let Some(time) = in_utc(text) {
        // The days before and after the range of times.
        let end = if time.year() > 0 {
            Timestamp::MAX
        } else {
            Timestamp::MIN
        };
        let time = time.to_zoned(TimeZone::UTC);
        return Ok(time.map_or(end, |time| time.timestamp()).as_millisecond());
    }
    let age = age(text).map_err(|_| {
        format!(
            "{text:?} is not a time; hint: write an age as in 24h or 7d, a date as in 2026-01-31, or a \
             time as in 2026-01-31T12:00:00Z"
        )
    })?;
    let since = Timestamp::now().checked_sub(milliseconds(age).milliseconds());
    Ok(since.map_or(0, Timestamp::as_millisecond))
}

/// A date or a time with neither an offset nor a zone, or with `Z`. The library's own parsers of
/// these ignore whatever else the text says.
fn in_utc(text: &str) -> Option<DateTime> {
    let only = |text: &str, others: &str| {
        let mut letters = text.chars();
        letters.all(|letter| letter.is_ascii_digit() || others.contains(letter))
    };
    match text.split_once(['T', 't', ' ']) {
        None if only(text, "-") => Some(text.parse::<Date>().ok()?.to_datetime(Time::midnight())),
        Some((_, time)) if only(time.trim_end_matches(['Z', 'z']), ":.") => {
            text.trim_end_matches(['Z', 'z']).parse().ok()
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn details_are_written_as_on_the_command_line() {
        let grant = serde_json::json!({"pattern": "team/*", "rights": "pull,push"});
        for (name, value, text) in [
            ("grant", grant.clone(), "grant=team/*:pull,push"),
            (
                "scope",
                serde_json::json!([grant]),
                "scope=team/*:pull,push",
            ),
            ("accounts", serde_json::json!(["a", "b"]), "accounts=a,b"),
            ("admin", serde_json::json!(true), "admin=true"),
            (
                "expiresAt",
                serde_json::json!(86_400_000),
                "expires=1970-01-02T00:00:00Z",
            ),
            ("expiresAt", Value::Null, "expires=never"),
            (
                "rule",
                serde_json::json!({"repositories": ["a/*"], "keepLast": 2}),
                "'a/*' --keep-last 2",
            ),
            (
                "rule",
                serde_json::json!({"later": 1}),
                r#"rule={"later":1}"#,
            ),
        ] {
            assert_eq!(fact(name, &value), text);
        }
    }

    #[test]
    fn a_detail_without_a_value_is_left_out() {
        let detail = serde_json::json!({"failure": null, "blobs": 2, "expiresAt": null});
        assert_eq!(facts(&detail), ["blobs=2", "expires=never"]);
        assert!(facts(&Value::Null).is_empty());
    }

    #[test]
    fn times_are_ages_dates_and_instants() {
        const HOUR: Millis = 3_600_000;
        assert_eq!(time("1970-01-02").unwrap(), 86_400_000);
        for (text, at) in [
            ("1970-01-01T00:00:01Z", 1000),
            ("1970-01-01T08:00:00+00:00", 8 * HOUR),
            ("1970-01-01T08:00:00+01:00", 7 * HOUR),
            ("1970-01-01 08:00:00-01:00", 9 * HOUR),
            ("1970-01-01T08:00[UTC]", 8 * HOUR),
            ("1970-01-01T08:00[Asia/Tokyo]", -HOUR),
            ("1970-01-01T08:00:00", 8 * HOUR),
            ("1970-01-01 08:00", 8 * HOUR),
            ("9999-12-31", Timestamp::MAX.as_millisecond()),
            ("9999-12-31T23:59:59Z", Timestamp::MAX.as_millisecond()),
        ] {
            assert_eq!(time(text), Ok(at), "{text}");
        }
        let hour_ago = Timestamp::now().as_millisecond() - 3_600_000;
        assert!((time("1h").unwrap() - hour_ago).abs() < 5000);
        for bad in [
            "",
            "yesterday",
            "2026-13-01",
            "2026-01-01T25:00",
            "2026-01-01T08:00+99:00",
            "2026-01-01T08:00[Nowhere]",
            "2026-01-01 noon",
        ] {
            assert!(time(bad).is_err(), "{bad}");
        }
    }
}
