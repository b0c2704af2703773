//! The `Date` of answers while the clock is behind where it was before.
//!
//! hyper keeps the text of a second for a thread until the clock shows a later one. After the clock
//! was set back it would send the same text until then, and clients that compare clocks would be
//! misled; it leaves a `Date` alone that is set here.

use std::sync::atomic::{AtomicI64, Ordering};

use http::header::DATE;
use http::{HeaderMap, HeaderValue};
use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimePrinter;

use crate::clock::{Clock, Millis};

/// The latest second of an answer.
static LATEST: AtomicI64 = AtomicI64::new(0);

/// Sets the date of an answer now, unless hyper's is right.
pub(super) fn correct(headers: &mut HeaderMap) {
    if let Some(date) = value(&LATEST, Clock::system().now()) {
        headers.insert(DATE, date);
    }
}

/// The value for an answer; `None` while hyper's is right.
fn value(latest: &AtomicI64, now: Millis) -> Option<HeaderValue> {
    let second = now.div_euclid(1000);
    let known = latest.load(Ordering::Relaxed);
    if second > known {
        // A thread that has read the clock earlier must not undo it.
        latest.fetch_max(second, Ordering::Relaxed);
    }
    // hyper's text is of the latest second at most, and is valid until the end of it.
    if second >= known {
        return None;
    }
    let time = Timestamp::from_second(second).ok()?;
    let text = DateTimePrinter::new()
        .timestamp_to_rfc9110_string(&time)
        .ok()?;
    HeaderValue::try_from(text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_does_not_stand_still_while_the_clock_is_behind() {
        let latest = AtomicI64::new(0);
        let noon: Millis = 1_772_366_400_000;
        for at in [noon, noon + 999, noon + 1000, noon + 1999] {
            assert_eq!(value(&latest, at), None);
        }
        let sent = |at| value(&latest, at).map(|value| value.to_str().unwrap().to_owned());
        assert_eq!(sent(noon).as_deref(), Some("Sun, 01 Mar 2026 12:00:00 GMT"));
        assert_eq!(
            sent(noon - 86_400_000).as_deref(),
            Some("Sat, 28 Feb 2026 12:00:00 GMT")
        );
        assert_eq!(
            sent(noon - 86_399_000).as_deref(),
            Some("Sat, 28 Feb 2026 12:00:01 GMT")
        );
        assert_eq!(sent(noon + 1000), None);
        assert_eq!(sent(noon + 5000), None);
    }
}
