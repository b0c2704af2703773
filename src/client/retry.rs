//! When a request is retried, after which delay, and when a slow answer is abandoned.
//!
//! Pure except for the clock: transient statuses, exponential back-off with jitter, `Retry-After`
//! in both forms (RFC 9110, 10.2.3). Only idempotent requests are retried.

use std::time::Duration;

use jiff::Timestamp;
use reqwest::StatusCode;

/// The first delay; it doubles with every attempt.
const FIRST: Duration = Duration::from_millis(400);
/// Maximum delay of the back-off.
const LONGEST: Duration = Duration::from_secs(15);
/// Maximum `Retry-After`; a longer one ends the request at once.
pub(super) const LONGEST_RETRY_AFTER: Duration = Duration::from_mins(1);

/// Time in which an answer may be arbitrarily slow.
const GRACE: Duration = Duration::from_secs(30);
/// Minimum average speed after that, in bytes per second.
const SLOWEST: u64 = 256;

/// Whether a retry may get another answer.
pub(super) fn is_transient(status: StatusCode) -> bool {
    matches!(
        status,
        StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_MANY_REQUESTS
    ) || (status.is_server_error() && status != StatusCode::NOT_IMPLEMENTED)
}

/// The delay after attempt number `attempt` (from 0): between half and all of the back-off, so that
/// clients that failed together do not retry together.
pub(super) fn delay(attempt: u32) -> Duration {
    let whole = FIRST
        .saturating_mul(2_u32.saturating_pow(attempt))
        .min(LONGEST);
    // A random UUID is random enough.
    let (_, low) = uuid::Uuid::new_v4().as_u64_pair();
    let share = f64::from(u32::try_from(low & 0xffff_ffff).unwrap_or(0)) / f64::from(u32::MAX);
    whole.mul_f64(0.5 + share / 2.0)
}

/// Whether a body read into memory is so slow that it is abandoned: below [`SLOWEST`] on average
/// after [`GRACE`].
pub(super) fn is_trickle(received: u64, elapsed: Duration) -> bool {
    elapsed > GRACE && received < SLOWEST * elapsed.as_secs()
}

/// Parses `Retry-After`, seconds or a date; `None` if it is neither.
pub(super) fn retry_after(value: &str, now: Timestamp) -> Option<Duration> {
    let value = value.trim();
    if let Ok(seconds) = value.parse::<u64>() {
        return Some(Duration::from_secs(seconds));
    }
    let date = jiff::fmt::rfc2822::DateTimeParser::new()
        .parse_timestamp(value)
        .ok()?;
    Some(Duration::try_from(date.duration_since(now)).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn back_off_doubles_within_its_bounds() {
        for attempt in [0, 1, 2, 10, u32::MAX] {
            let whole = FIRST
                .saturating_mul(2_u32.saturating_pow(attempt))
                .min(LONGEST);
            let delay = delay(attempt);
            assert!(delay >= whole / 2 && delay <= whole, "{attempt}: {delay:?}");
        }
    }

    #[test]
    fn retry_after_in_both_forms() {
        let now: Timestamp = "2026-11-21T07:00:00Z".parse().unwrap();
        let seconds = |value| retry_after(value, now).map(|wait| wait.as_secs());
        assert_eq!(seconds("3"), Some(3));
        assert_eq!(seconds("Sat, 21 Nov 2026 07:00:05 GMT"), Some(5));
        assert_eq!(seconds("Sat, 21 Nov 2026 06:00:05 GMT"), Some(0));
        assert_eq!(seconds("soon"), None);
        assert_eq!(seconds("-1"), None);
    }

    #[test]
    fn transient_statuses() {
        for (status, worth) in [
            (408, true),
            (429, true),
            (500, true),
            (501, false),
            (503, true),
            (404, false),
            (401, false),
        ] {
            assert_eq!(
                is_transient(StatusCode::from_u16(status).unwrap()),
                worth,
                "{status}"
            );
        }
    }

    #[test]
    fn a_slow_answer_is_abandoned() {
        for (received, seconds, given_up) in [
            (0, 29, false),
            (29, 30, false),
            (31, 31, true),
            (SLOWEST * 31 - 1, 31, true),
            (SLOWEST * 31, 31, false),
            (64 * 1024 * 1024, 3600, false),
        ] {
            let elapsed = Duration::from_secs(seconds);
            assert_eq!(is_trickle(received, elapsed), given_up, "{received}");
        }
    }
}
