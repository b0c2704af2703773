//! Cron patterns as in crontab(5): minute, hour, day of the month, month, day of the week, each
//! with lists, ranges, steps and, for the last two, names; and the nicknames (`@daily`).

use std::fmt;
use std::str::FromStr;

use jiff::Zoned;
use jiff::civil::{Date, date};
use jiff::tz::TimeZone;

/// Days until the rarest date occurs: the 29th of February on a day of the week, across a century
/// without one.
const SEARCHED_DAYS: usize = 366 * 41;

const MONTHS: [&str; 12] = [
    "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
];
const DAYS: [&str; 7] = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];
const NICKNAMES: [(&str, &str); 7] = [
    ("@yearly", "0 0 1 1 *"),
    ("@annually", "0 0 1 1 *"),
    ("@monthly", "0 0 1 * *"),
    ("@weekly", "0 0 * * 0"),
    ("@daily", "0 0 * * *"),
    ("@midnight", "0 0 * * *"),
    ("@hourly", "0 * * * *"),
];

/// The times of a cron pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CronPattern {
    text: String,
    minutes: Values,
    hours: Values,
    days: Values,
    months: Values,
    weekdays: Values,
}

/// The values of a field, a bit each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Values {
    bits: u64,
    /// Whether the field begins with `*`: crontab(5) then ignores it as a condition on the day.
    any: bool,
}

impl Values {
    fn has(self, value: i8) -> bool {
        u32::try_from(value).is_ok_and(|value| self.bits & (1 << value) != 0)
    }

    fn each(self, limit: i8) -> impl Iterator<Item = i8> {
        (0..limit).filter(move |value| self.has(*value))
    }
}

/// The valid values of a field.
struct Field {
    first: u32,
    last: u32,
    names: &'static [&'static str],
}

impl Field {
    const fn numbers(first: u32, last: u32) -> Self {
        Self {
            first,
            last,
            names: &[],
        }
    }

    fn parse(&self, text: &str) -> Option<Values> {
        let mut bits = 0;
        for item in text.split(',') {
            let (range, step) = match item.split_once('/') {
                Some((range, step)) => (range, step.parse().ok().filter(|step| *step > 0)?),
                None => (item, 1),
            };
            let (first, last) = if range == "*" {
                (self.first, self.last)
            } else if let Some((first, last)) = range.split_once('-') {
                (self.value(first)?, self.value(last)?)
            } else {
                let value = self.value(range)?;
                let stepped = item.contains('/');
                (value, if stepped { self.last } else { value })
            };
            if first > last {
                return None;
            }
            for value in (first..=last).step_by(step) {
                bits |= 1_u64 << value;
            }
        }
        Some(Values {
            bits,
            any: text.starts_with('*'),
        })
    }

    fn value(&self, text: &str) -> Option<u32> {
        let named = self.names.iter().zip(self.first..);
        let named = named
            .filter(|(name, _)| text.eq_ignore_ascii_case(name))
            .map(|(_, value)| value)
            .next();
        let number = || {
            let digits = text.bytes().all(|byte| byte.is_ascii_digit());
            text.parse().ok().filter(|_| digits)
        };
        named
            .or_else(number)
            .filter(|value| (self.first..=self.last).contains(value))
    }
}

impl CronPattern {
    /// The first time after `now`, in its time zone. A time that a clock change skips becomes later
    /// by the change. A time that occurs twice is used once, except where minutes or hours are `*`
    /// (crontab(5)): what runs all the time goes on in the second pass.
    pub fn after(&self, now: &Zoned) -> Option<Zoned> {
        let mut days = self.days_from(now.date());
        days.find_map(|day| self.on(day, now.time_zone()).filter(|at| at > now).min())
    }

    /// Whether any day has its date.
    pub(super) fn occurs(&self) -> bool {
        self.days_from(date(2000, 1, 1)).next().is_some()
    }

    fn days_from(&self, first: Date) -> impl Iterator<Item = Date> {
        let days = std::iter::successors(Some(first), |day| day.tomorrow().ok());
        days.take(SEARCHED_DAYS).filter(|day| self.is_on(*day))
    }

    /// The times on a day. Around a clock change they are out of order.
    fn on(&self, day: Date, zone: &TimeZone) -> impl Iterator<Item = Zoned> {
        let repeats = self.minutes.any || self.hours.any;
        let minutes = move |hour| {
            let each = self.minutes.each(60);
            each.map(move |minute| day.at(hour, minute, 0, 0))
        };
        self.hours.each(24).flat_map(minutes).flat_map(move |time| {
            let passes = zone.to_ambiguous_zoned(time);
            let second = repeats.then(|| passes.clone().later());
            let times = std::iter::once(passes.compatible()).chain(second);
            times.filter_map(Result::ok)
        })
    }

    /// If both the day of the month and that of the week are given, one of them is enough.
    fn is_on(&self, date: Date) -> bool {
        let day = self.days.has(date.day());
        let weekday = date.weekday().to_sunday_zero_offset();
        let weekday = self.weekdays.has(weekday);
        self.months.has(date.month())
            && if self.days.any || self.weekdays.any {
                day && weekday
            } else {
                day || weekday
            }
    }
}

impl FromStr for CronPattern {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let nickname = NICKNAMES
            .iter()
            .find(|(name, _)| text.trim().eq_ignore_ascii_case(name));
        let pattern = nickname.map_or(text, |(_, pattern)| pattern);
        let fields: Vec<_> = pattern.split_whitespace().collect();
        let [minutes, hours, days, months, weekdays] = fields[..] else {
            return Err(());
        };
        let month = Field {
            names: &MONTHS,
            ..Field::numbers(1, 12)
        };
        let weekday = Field {
            names: &DAYS,
            ..Field::numbers(0, 7)
        };
        let mut weekdays = weekday.parse(weekdays).ok_or(())?;
        // Sunday is 0 and 7.
        weekdays.bits |= weekdays.bits >> 7;
        Ok(Self {
            text: text.trim().to_owned(),
            minutes: Field::numbers(0, 59).parse(minutes).ok_or(())?,
            hours: Field::numbers(0, 23).parse(hours).ok_or(())?,
            days: Field::numbers(1, 31).parse(days).ok_or(())?,
            months: month.parse(months).ok_or(())?,
            weekdays,
        })
    }
}

impl fmt::Display for CronPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn next(pattern: &str, now: &str) -> String {
        let pattern: CronPattern = pattern.parse().unwrap();
        let now: Zoned = now.parse().unwrap();
        let next = pattern.after(&now);
        next.map_or("never".to_owned(), |next| next.to_string())
    }

    #[test]
    fn the_next_point_is_the_first_one_after_now() {
        for (pattern, now, expected) in [
            (
                "0 3 * * *",
                "2026-01-31T03:00[UTC]",
                "2026-02-01T03:00:00+00:00[UTC]",
            ),
            (
                "0 3 * * *",
                "2026-01-31T02:59:59[UTC]",
                "2026-01-31T03:00:00+00:00[UTC]",
            ),
            (
                "*/20 8-10/2 * * *",
                "2026-01-31T08:40[UTC]",
                "2026-01-31T10:00:00+00:00[UTC]",
            ),
            (
                "5/25 0 * * *",
                "2026-01-31T00:06[UTC]",
                "2026-01-31T00:30:00+00:00[UTC]",
            ),
            (
                "0 0 29 feb *",
                "2096-03-01T00:00[UTC]",
                "2104-02-29T00:00:00+00:00[UTC]",
            ),
            ("0 0 31 2 *", "2026-01-01T00:00[UTC]", "never"),
            // The 29th of February that is a Sunday: `*` ignores no condition here.
            (
                "0 0 29 2 */7",
                "2072-01-01T00:00[UTC]",
                "2088-02-29T00:00:00+00:00[UTC]",
            ),
            // The day of the month or that of the week.
            (
                "0 0 13 * Fri",
                "2026-11-01T00:00[UTC]",
                "2026-11-06T00:00:00+00:00[UTC]",
            ),
            (
                "0 0 * * 7",
                "2026-11-02T00:00[UTC]",
                "2026-11-08T00:00:00+00:00[UTC]",
            ),
            (
                "0 0 * * mon-Wed,5",
                "2026-11-04T00:00[UTC]",
                "2026-11-06T00:00:00+00:00[UTC]",
            ),
            (
                "@weekly",
                "2026-11-02T00:00[UTC]",
                "2026-11-08T00:00:00+00:00[UTC]",
            ),
            // Clocks go from 2:00 to 3:00, and back from 3:00 to 2:00.
            (
                "30 2 * * *",
                "2026-03-29T00:00[Europe/Berlin]",
                "2026-03-29T03:30:00+02:00[Europe/Berlin]",
            ),
            (
                "30 2 * * *",
                "2026-10-25T02:30+02:00[Europe/Berlin]",
                "2026-10-26T02:30:00+01:00[Europe/Berlin]",
            ),
            (
                "*/5 * * * *",
                "2026-10-25T02:55+02:00[Europe/Berlin]",
                "2026-10-25T02:00:00+01:00[Europe/Berlin]",
            ),
            (
                "*/5 * * * *",
                "2026-10-25T02:00+01:00[Europe/Berlin]",
                "2026-10-25T02:05:00+01:00[Europe/Berlin]",
            ),
            (
                "15 * * * *",
                "2026-10-25T02:15+02:00[Europe/Berlin]",
                "2026-10-25T02:15:00+01:00[Europe/Berlin]",
            ),
            (
                "*/30 * * * *",
                "2026-10-25T02:00+02:00[Europe/Berlin]",
                "2026-10-25T02:30:00+02:00[Europe/Berlin]",
            ),
            (
                "*/5 * * * *",
                "2026-03-29T01:55[Europe/Berlin]",
                "2026-03-29T03:00:00+02:00[Europe/Berlin]",
            ),
        ] {
            assert_eq!(next(pattern, now), expected, "{pattern} after {now}");
        }
    }

    #[test]
    fn patterns_outside_of_crontab_are_refused() {
        for pattern in [
            "",
            "* * * *",
            "* * * * * *",
            "60 * * * *",
            "* 24 * * *",
            "* * 0 * *",
            "* * 32 * *",
            "* * * 13 *",
            "* * * * 8",
            "*/0 * * * *",
            "5-1 * * * *",
            "a * * * *",
            "1, * * * *",
            "+1 * * * *",
            "-1 * * * *",
            "1--2 * * * *",
            "jan * * * *",
            "@never",
            "/5 * * * *",
            "99999999999 * * * *",
        ] {
            assert!(pattern.parse::<CronPattern>().is_err(), "{pattern:?}");
        }
    }
}
