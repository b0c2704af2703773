//! Numbers, sizes, dates and ages, by language.

use jiff::Timestamp;
use maud::{Markup, html};

use super::text::Language;
use crate::clock::Millis;

/// A time this far ahead is one of another clock or of an image, and not of just now.
const AHEAD: Millis = 60_000;

/// Bytes in decimal units, as docker shows them.
pub(super) fn bytes(bytes: u64) -> String {
    const UNITS: [&str; 5] = ["kB", "MB", "GB", "TB", "PB"];
    if bytes < 1000 {
        return format!("{bytes} B");
    }
    // Tenths of the unit, so that nothing is rounded twice.
    let mut size = u128::from(bytes) * 10 / 1000;
    let mut unit = 0;
    while size >= 10_000 && unit + 1 < UNITS.len() {
        size /= 1000;
        unit += 1;
    }
    if size >= 1000 {
        format!("{} {}", size / 10, UNITS[unit])
    } else {
        format!("{}.{} {}", size / 10, size % 10, UNITS[unit])
    }
}

/// A number with separated thousands.
pub(super) fn number(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A count that may be a lower bound.
pub(super) fn count((count, exact): (u64, bool)) -> String {
    if exact {
        number(count)
    } else {
        format!("{}+", number(count))
    }
}

/// A time (RFC 3339); empty if it is out of range.
pub(super) fn exact(at: Millis) -> String {
    Timestamp::from_millisecond(at)
        .map(|time| time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string())
        .unwrap_or_default()
}

/// A time, to the minute.
pub(super) fn time(at: Millis) -> Markup {
    let exact = exact(at);
    let shown = exact.get(..16).unwrap_or_default().replace('T', " ");
    html! { time datetime=(exact) { (shown) " UTC" } }
}

/// How long ago something was, with the exact time as a tooltip; the date if that is yet to come.
pub(super) fn age(language: Language, at: Millis, now: Millis) -> Markup {
    let exact = exact(at);
    let shown = exact.replace('T', " ").replace('Z', " UTC");
    let text = if at.saturating_sub(now) > AHEAD {
        date(at)
    } else {
        ago(language, now.saturating_sub(at))
    };
    html! { time datetime=(exact) title=(shown) { (text) } }
}

/// Like [`age`], for a date in a configuration; empty if it is not a date.
pub(super) fn age_of(language: Language, date: &str, now: Millis) -> Markup {
    let Ok(time) = date.parse::<Timestamp>() else {
        return html! { "–" };
    };
    age(language, time.as_millisecond(), now)
}

fn ago(language: Language, milliseconds: i64) -> String {
    const MINUTE: i64 = 60;
    const HOUR: i64 = 60 * MINUTE;
    const DAY: i64 = 24 * HOUR;
    let seconds = (milliseconds / 1000).max(0);
    let (number, english, chinese) = match seconds {
        ..MINUTE => {
            return match language {
                Language::English => "just now",
                Language::Chinese => "刚刚",
            }
            .to_owned();
        }
        MINUTE..HOUR => (seconds / MINUTE, "minute", "分钟"),
        HOUR..DAY => (seconds / HOUR, "hour", "小时"),
        DAY.. => match seconds / DAY {
            days @ ..61 => (days, "day", "天"),
            days @ ..730 => (days / 30, "month", "个月"),
            days => (days / 365, "year", "年"),
        },
    };
    match language {
        Language::English if number == 1 => format!("1 {english} ago"),
        Language::English => format!("{number} {english}s ago"),
        Language::Chinese => format!("{number} {chinese}前"),
    }
}

/// A duration in the largest unit of which it is a multiple.
pub(super) fn period(language: Language, milliseconds: Millis) -> String {
    const SECOND: Millis = 1000;
    const UNITS: [(Millis, &str, &str); 4] = [
        (24 * 60 * 60 * SECOND, "day", "天"),
        (60 * 60 * SECOND, "hour", "小时"),
        (60 * SECOND, "minute", "分钟"),
        (SECOND, "second", "秒"),
    ];
    let whole = |unit: Millis| milliseconds >= unit && milliseconds % unit == 0;
    let unit = UNITS.iter().find(|(unit, ..)| whole(*unit));
    let (unit, english, chinese) = unit.copied().unwrap_or((SECOND, "second", "秒"));
    let number = milliseconds / unit;
    match language {
        Language::English if number == 1 => format!("1 {english}"),
        Language::English => format!("{number} {english}s"),
        Language::Chinese => format!("{number} {chinese}"),
    }
}

/// The duration of a run.
pub(super) fn duration(milliseconds: Millis) -> String {
    let tenths = milliseconds.max(0) / 100;
    match tenths / 10 {
        0..60 => format!("{}.{} s", tenths / 10, tenths % 10),
        seconds @ 60..3600 => format!("{} min {} s", seconds / 60, seconds % 60),
        seconds => format!("{} h {} min", seconds / 3600, seconds / 60 % 60),
    }
}

/// The date of a time (UTC).
pub(super) fn date(at: Millis) -> String {
    exact(at).chars().take(10).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes() {
        for (size, text) in [
            (0, "0 B"),
            (999, "999 B"),
            (1000, "1.0 kB"),
            (1555, "1.5 kB"),
            (99_999, "99.9 kB"),
            (100_000, "100 kB"),
            (999_999, "999 kB"),
            (31_415_926, "31.4 MB"),
            (u64::MAX, "18446 PB"),
        ] {
            assert_eq!(bytes(size), text, "{size}");
        }
    }

    #[test]
    fn numbers() {
        for (value, text) in [
            (0, "0"),
            (999, "999"),
            (1000, "1,000"),
            (1_234_567, "1,234,567"),
        ] {
            assert_eq!(number(value), text);
        }
        assert_eq!(count((1000, false)), "1,000+");
    }

    #[test]
    fn periods() {
        const HOUR: i64 = 60 * 60 * 1000;
        for (time, english, chinese) in [
            (30 * 24 * HOUR, "30 days", "30 天"),
            (24 * HOUR, "1 day", "1 天"),
            (36 * HOUR, "36 hours", "36 小时"),
            (90_000, "90 seconds", "90 秒"),
            (1500, "1 second", "1 秒"),
            (0, "0 seconds", "0 秒"),
        ] {
            assert_eq!(period(Language::English, time), english);
            assert_eq!(period(Language::Chinese, time), chinese);
        }
        for (time, text) in [
            (-1, "0.0 s"),
            (1250, "1.2 s"),
            (61_000, "1 min 1 s"),
            (2 * HOUR + 60_000, "2 h 1 min"),
        ] {
            assert_eq!(duration(time), text);
        }
    }

    #[test]
    fn a_time_to_come_is_its_date() {
        let shown = |at| age(Language::English, at, 1_000_000).into_string();
        assert!(shown(1_060_000).contains(">just now<"));
        assert!(shown(200_000_000_000).contains(">1976-05-03<"));
    }

    #[test]
    fn ages() {
        const DAY: i64 = 24 * 60 * 60 * 1000;
        for (time, english, chinese) in [
            (-5, "just now", "刚刚"),
            (60_000, "1 minute ago", "1 分钟前"),
            (3 * 60 * 60 * 1000, "3 hours ago", "3 小时前"),
            (DAY, "1 day ago", "1 天前"),
            (60 * DAY, "60 days ago", "60 天前"),
            (61 * DAY, "2 months ago", "2 个月前"),
            (800 * DAY, "2 years ago", "2 年前"),
        ] {
            assert_eq!(ago(Language::English, time), english);
            assert_eq!(ago(Language::Chinese, time), chinese);
        }
    }
}
