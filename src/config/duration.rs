//! Durations: in Go's format for the keys of registry:2, with days and weeks for those of regctl,
//! and in words for people.
//!
//! Pure: a text in, a value or a [`BadValue`] out.

use std::time::Duration;

use super::values::BadValue;

/// Nanoseconds of a day.
const DAY: u64 = 24 * 3_600_000_000_000;

/// A duration in Go's format: `168h`, `1h30m`, `1.5s`, `500ms`; a bare number is nanoseconds.
pub(super) fn duration(text: &str) -> Result<Duration, BadValue> {
    let bad = || {
        BadValue::not(
            text,
            "a duration",
            "write it with units, as in 10s, 5m or 1h30m",
        )
    };
    let unsigned = text.strip_prefix('+').unwrap_or(text);
    let digits = unsigned.replace('_', "");
    if digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return digits.parse().map(Duration::from_nanos).map_err(|_| bad());
    }
    let mut total: u64 = 0;
    let mut rest = unsigned;
    // Go has no days.
    if unsigned.contains(['d', 'w']) {
        return Err(bad());
    }
    while !rest.is_empty() {
        let (nanoseconds, after) = term(rest).ok_or_else(bad)?;
        total = total.checked_add(nanoseconds).ok_or_else(bad)?;
        rest = after;
    }
    Ok(Duration::from_nanos(total))
}

/// A duration that is not zero.
pub(super) fn positive_duration(text: &str) -> Result<Duration, BadValue> {
    match duration(text)? {
        Duration::ZERO => Err(BadValue {
            reason: "is zero".to_owned(),
            hint: "write how long to wait, as in 24h",
        }),
        duration => Ok(duration),
    }
}

/// A duration that may use days and weeks: `30d`, `2w`, `1d12h`. Units are required, except for a
/// bare `0`, because nobody means nanoseconds.
pub(super) fn period(text: &str) -> Result<Duration, BadValue> {
    let bad = || {
        BadValue::not(
            text,
            "a duration",
            "write it with units, as in 12h, 7d or 2w",
        )
    };
    if text == "0" {
        return Ok(Duration::ZERO);
    }
    let mut total: u64 = 0;
    let mut rest = text;
    while !rest.is_empty() {
        let (nanoseconds, after) = term(rest).ok_or_else(bad)?;
        total = total.checked_add(nanoseconds).ok_or_else(bad)?;
        rest = after;
    }
    if text.is_empty() {
        return Err(bad());
    }
    Ok(Duration::from_nanos(total))
}

/// A [`period`] that is not zero.
pub(super) fn positive_period(text: &str) -> Result<Duration, BadValue> {
    match period(text)? {
        Duration::ZERO => Err(BadValue {
            reason: "is zero".to_owned(),
            hint: "write how long, as in 24h",
        }),
        period => Ok(period),
    }
}

/// A duration as people write it: `30d`, `168h`, `1h30m`, `1.5s`, `500ms`.
pub(super) fn words(duration: Duration) -> String {
    let seconds = duration.as_secs();
    if duration.is_zero() {
        return "0s".to_owned();
    }
    if seconds == 0 || duration.subsec_nanos() != 0 {
        return format!("{duration:?}");
    }
    if seconds.is_multiple_of(86_400) && seconds > 7 * 86_400 {
        return format!("{}d", seconds / 86_400);
    }
    let mut text = String::new();
    for (count, unit) in [
        (seconds / 3600, 'h'),
        (seconds / 60 % 60, 'm'),
        (seconds % 60, 's'),
    ] {
        if count > 0 {
            text += &count.to_string();
            text.push(unit);
        }
    }
    text
}

/// The first number and unit of a duration in nanoseconds, and the rest.
fn term(text: &str) -> Option<(u64, &str)> {
    const UNITS: [(&str, u64); 10] = [
        ("ns", 1),
        ("us", 1_000),
        ("µs", 1_000),
        ("μs", 1_000),
        ("ms", 1_000_000),
        ("s", 1_000_000_000),
        ("m", 60_000_000_000),
        ("h", 3_600_000_000_000),
        ("d", DAY),
        ("w", 7 * DAY),
    ];
    let end = text.find(|character: char| !(character.is_ascii_digit() || character == '.'))?;
    let (number, after) = text.split_at(end);
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if whole.is_empty() && fraction.is_empty() || fraction.contains('.') {
        return None;
    }
    let end = after
        .find(|character: char| character.is_ascii_digit() || character == '.')
        .unwrap_or(after.len());
    let (unit, after) = after.split_at(end);
    let (_, scale) = UNITS.iter().find(|(name, _)| *name == unit)?;
    let whole: u64 = if whole.is_empty() {
        0
    } else {
        whole.parse().ok()?
    };
    let mut nanoseconds = whole.checked_mul(*scale)?;
    let mut place = *scale;
    // Digits below a nanosecond are ignored, as in Go.
    for digit in fraction.bytes() {
        place /= 10;
        nanoseconds = nanoseconds.checked_add(u64::from(digit - b'0').checked_mul(place)?)?;
    }
    Some((nanoseconds, after))
}
