//! When a request is tried again, how long to wait before that, and when an answer is given up.
//!
//! Pure but for the clock: what is worth a retry, exponential back-off with jitter, `Retry-After`
//! in both of its forms (RFC 9110, 10.2.3). Requests that are retried are idempotent, always.

use std::time::Duration;

use jiff::Timestamp;
use reqwest::StatusCode;

/// The first wait; it doubles with every further try.
const FIRST: Duration = Duration::from_millis(400);
/// The longest wait that back-off comes to.
const LONGEST: Duration = Duration::from_secs(15);
/// The longest `Retry-After` that is waited out; a longer one ends the request at once.
pub(super) const LONGEST_RETRY_AFTER: Duration = Duration::from_mins(1);

/// How long an answer may come at any speed.
const GRACE: Duration = Duration::from_secs(30);
/// The least speed of an answer after that, in bytes a second on average.
const SLOWEST: u64 = 256;

/// Whether an answer may be another one a moment later.
pub(super) fn is_transient(status: StatusCode) -> bool {
    matches!(
        status,
        StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_MANY_REQUESTS
    ) || (status.is_server_error() && status != StatusCode::NOT_IMPLEMENTED)
}

/// How long to wait after the try number `attempt` (from 0): between half and all of the back-off,
/// so that clients that failed together do not come back together.
pub(super) fn delay(attempt: u32) -> Duration {
    let whole = FIRST
        .saturating_mul(2_u32.saturating_pow(attempt))
        .min(LONGEST);
    // A random UUID is all the randomness that this needs.
    let (_, low) = uuid::Uuid::new_v4().as_u64_pair();
    let share = f64::from(u32::try_from(low & 0xffff_ffff).unwrap_or(0)) / f64::from(u32::MAX);
    whole.mul_f64(0.5 + share / 2.0)
}

/// Whether a body that is to be held in memory comes so slowly that it is given up: at less than
/// [`SLOWEST`] on average after [`GRACE`].
pub(super) fn is_trickle(received: u64, elapsed: Duration) -> bool {
    elapsed > GRACE && received < SLOWEST * elapsed.as_secs()
}

/// What `Retry-After` says, in seconds or as a date; `None` for what is neither.
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
    fn what_is_worth_a_retry() {
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
    fn an_answer_that_trickles_is_given_up() {
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
