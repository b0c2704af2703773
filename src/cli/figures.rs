//! Formats sizes, times and counts for people.
//!
//! Pure: the current time is a parameter.

use jiff::{Timestamp, Unit};

const UNITS: [&str; 6] = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];

/// `512 B`, `1.5 MiB`: three digits at most before the unit, one after the point below 100.
pub(super) fn size(bytes: u64) -> String {
    let mut unit = 0;
    let mut tenths = u128::from(bytes) * 10;
    while tenths >= 10 * 1024 && unit + 1 < UNITS.len() {
        tenths = (tenths + 512) / 1024;
        unit += 1;
    }
    let (whole, rest) = (tenths / 10, tenths % 10);
    if unit == 0 || whole >= 100 {
        format!("{} {}", (tenths + 5) / 10, UNITS[unit])
    } else {
        format!("{whole}.{rest} {}", UNITS[unit])
    }
}

/// `3 days ago`; a time in the future or too long ago as a date.
pub(super) fn ago(time: Timestamp, now: Timestamp) -> String {
    let seconds = now.duration_since(time).as_secs();
    let (count, unit) = match seconds {
        0..60 => return "just now".into(),
        60..3_600 => (seconds / 60, "minute"),
        3_600..86_400 => (seconds / 3_600, "hour"),
        86_400..1_209_600 => (seconds / 86_400, "day"),
        1_209_600..5_184_000 => (seconds / 604_800, "week"),
        5_184_000..63_072_000 => (seconds / 2_629_800, "month"),
        63_072_000..1_577_880_000 => (seconds / 31_557_600, "year"),
        _ => return date(time),
    };
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {unit}{plural} ago")
}

/// A duration in its largest unit: `40 s`, `3 min`, `2 h`.
pub(super) fn duration(seconds: u64) -> String {
    match seconds {
        0..120 => format!("{seconds} s"),
        120..7_200 => format!("{} min", seconds / 60),
        _ => format!("{} h", seconds / 3_600),
    }
}

/// RFC 3339, UTC, in whole seconds.
pub(super) fn date(time: Timestamp) -> String {
    time.round(Unit::Second).unwrap_or(time).to_string()
}

/// A count with its noun.
pub(super) fn count(number: usize, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes() {
        for (bytes, text) in [
            (0, "0 B"),
            (1023, "1023 B"),
            (1024, "1.0 KiB"),
            (1536, "1.5 KiB"),
            (1_572_864, "1.5 MiB"),
            (104_857_600, "100 MiB"),
            (1_073_741_823, "1.0 GiB"),
            (u64::MAX, "16384 PiB"),
        ] {
            assert_eq!(size(bytes), text, "{bytes}");
        }
    }

    #[test]
    fn times() {
        let now: Timestamp = "2026-11-21T07:00:00Z".parse().unwrap();
        for (time, text) in [
            ("2026-11-21T06:59:30Z", "just now"),
            ("2026-11-21T06:58:30Z", "1 minute ago"),
            ("2026-11-21T04:00:00Z", "3 hours ago"),
            ("2026-11-18T04:00:00Z", "3 days ago"),
            ("2026-10-21T04:00:00Z", "4 weeks ago"),
            ("2026-05-21T04:00:00Z", "6 months ago"),
            ("2020-05-21T04:00:00Z", "6 years ago"),
            ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00Z"),
            ("2026-11-21T08:00:00.4Z", "2026-11-21T08:00:00Z"),
        ] {
            assert_eq!(ago(time.parse().unwrap(), now), text);
        }
    }
}
