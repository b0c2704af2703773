//! When a scheduled operation is due, although the clock may be set at any moment, and the machine
//! may sleep.
//!
//! Pure: times in, the time to wait out. The caller waits a part of it and asks again.

use std::time::Duration;

use jiff::{Timestamp, Zoned};

use super::rules::milliseconds;
use crate::clock::Millis;
use crate::config::Schedule;

/// Minimum time between the start of the server and an operation that is overdue: a start is not
/// slowed.
const AFTER_START: Duration = Duration::from_mins(1);
/// A clock set back by less than this repeats no point of a pattern. By more, it was wrong before.
const SET_BACK: Duration = Duration::from_hours(1);

/// A schedule, and when it last took effect.
#[derive(Debug)]
pub(super) struct Timetable {
    schedule: Schedule,
    /// The last run or, for a pattern, the last point at which one was looked for.
    last: Timestamp,
    /// The start of the server or the last run in it, by the steady clock.
    since: Millis,
    /// The point of a pattern that is waited for.
    point: Timestamp,
    /// Nothing is due earlier, by the steady clock.
    not_before: Millis,
}

impl Timetable {
    /// A schedule whose last run was at `last`, at the start of a server. Points of a pattern that
    /// passed before the start are skipped, as by cron.
    pub(super) fn new(schedule: Schedule, last: Millis, now: &Zoned, steady: Millis) -> Self {
        let now = now.timestamp();
        let (last, pause) = match &schedule {
            Schedule::Every(interval) => {
                let last = Timestamp::from_millisecond(last).unwrap_or(now);
                (last, AFTER_START.min(*interval))
            }
            Schedule::At(_) => (now, Duration::ZERO),
        };
        Self {
            schedule,
            last,
            since: steady,
            point: last,
            not_before: steady.saturating_add(milliseconds(pause)),
        }
    }

    /// The time until the next run, zero if it is due; `None` if a pattern has no more points.
    pub(super) fn wait(&mut self, now: &Zoned, steady: Millis) -> Option<Duration> {
        let left = match &self.schedule {
            // A clock that was set back makes the wait no longer, and one that was ahead neither.
            Schedule::Every(interval) => {
                let passed = Duration::try_from(now.timestamp().duration_since(self.last));
                let passed = passed.unwrap_or_default().max(between(self.since, steady));
                interval.saturating_sub(passed)
            }
            Schedule::At(pattern) => {
                let ahead = Duration::try_from(self.last.duration_since(now.timestamp()));
                if ahead.unwrap_or_default() > SET_BACK {
                    self.last = now.timestamp();
                }
                let last = self.last.to_zoned(now.time_zone().clone());
                let next = pattern.after(&last)?;
                self.point = next.timestamp();
                Duration::try_from(now.duration_until(&next)).unwrap_or_default()
            }
        };
        Some(left.max(between(steady, self.not_before)))
    }

    /// Notes a run that was due.
    pub(super) fn ran(&mut self, now: &Zoned, steady: Millis) {
        // After a clock was set back a little, the points until the old time have had their run.
        self.last = match self.schedule {
            Schedule::Every(_) => now.timestamp(),
            Schedule::At(_) => now.timestamp().max(self.last).max(self.point),
        };
        self.since = steady;
    }
}

/// The time from one moment to a later one; zero if it is not later.
fn between(earlier: Millis, later: Millis) -> Duration {
    let passed = u64::try_from(later.saturating_sub(earlier));
    Duration::from_millis(passed.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Millis = 60_000;
    const HOUR: Millis = 60 * MINUTE;
    const YEAR: Millis = 365 * 24 * HOUR;

    /// A clock at 2026-01-01 02:00 UTC whose steady time begins at zero.
    struct Clocks {
        wall: Millis,
        steady: Millis,
    }

    impl Clocks {
        fn new() -> Self {
            let start: Timestamp = "2026-01-01T02:00:00Z".parse().unwrap();
            Self {
                wall: start.as_millisecond(),
                steady: 0,
            }
        }

        fn now(&self) -> Zoned {
            let now = Timestamp::from_millisecond(self.wall).unwrap();
            now.to_zoned(jiff::tz::TimeZone::UTC)
        }

        fn pass(&mut self, time: Millis) {
            self.wall += time;
            self.steady += time;
        }

        fn timetable(&self, schedule: &str, last: Millis) -> Timetable {
            let schedule = schedule.parse().unwrap();
            Timetable::new(schedule, last, &self.now(), self.steady)
        }

        /// The time to wait, in milliseconds.
        fn wait(&self, timetable: &mut Timetable) -> Millis {
            milliseconds(timetable.wait(&self.now(), self.steady).unwrap())
        }

        fn run(&self, timetable: &mut Timetable) {
            assert_eq!(self.wait(timetable), 0);
            timetable.ran(&self.now(), self.steady);
        }
    }

    #[test]
    fn an_interval_runs_across_restarts() {
        let mut clocks = Clocks::new();
        let last = clocks.wall;
        for _ in 0..7 {
            clocks.pass(3 * HOUR);
            let mut started = clocks.timetable("24h", last);
            assert_eq!(clocks.wait(&mut started), last + 24 * HOUR - clocks.wall);
        }
        // Overdue: soon after the start, but not at once.
        clocks.pass(4 * HOUR);
        let mut late = clocks.timetable("24h", last);
        assert_eq!(clocks.wait(&mut late), MINUTE);
        clocks.pass(MINUTE);
        clocks.run(&mut late);
        assert_eq!(clocks.wait(&mut late), 24 * HOUR);
        // A last run in the future is one by a wrong clock.
        let mut ahead = clocks.timetable("24h", last + YEAR);
        assert_eq!(clocks.wait(&mut ahead), 24 * HOUR);
        let mut short = clocks.timetable("1s", 0);
        assert_eq!(clocks.wait(&mut short), 1000);
    }

    #[test]
    fn a_clock_that_is_set_does_not_prolong_an_interval() {
        for step in [-YEAR, -HOUR, HOUR] {
            let mut clocks = Clocks::new();
            let mut timetable = clocks.timetable("24h", clocks.wall);
            clocks.pass(HOUR);
            clocks.wall += step;
            let passed = HOUR + step.max(0);
            assert_eq!(clocks.wait(&mut timetable), 24 * HOUR - passed, "{step}");
        }
    }

    #[test]
    fn a_pattern_follows_a_clock_that_is_set() {
        let mut clocks = Clocks::new();
        let mut timetable = clocks.timetable("0 3 * * *", 0);
        assert_eq!(clocks.wait(&mut timetable), HOUR);
        // Forward beyond the point, as after sleep: late rather than never, and once.
        clocks.wall += 50 * HOUR;
        clocks.run(&mut timetable);
        assert_eq!(clocks.wait(&mut timetable), 23 * HOUR);
        clocks.pass(23 * HOUR);
        clocks.run(&mut timetable);
        // Back by half an hour: not again.
        clocks.wall -= HOUR / 2;
        assert_eq!(clocks.wait(&mut timetable), 24 * HOUR + HOUR / 2);
        // Back during a run: not again, either.
        clocks.pass(24 * HOUR + HOUR / 2);
        assert_eq!(clocks.wait(&mut timetable), 0);
        clocks.wall -= HOUR / 2;
        timetable.ran(&clocks.now(), clocks.steady);
        assert_eq!(clocks.wait(&mut timetable), 24 * HOUR + HOUR / 2);
        // Back by years: at the next point.
        clocks.wall -= 10 * YEAR;
        assert_eq!(clocks.wait(&mut timetable), HOUR / 2);
    }
}
