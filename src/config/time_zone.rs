//! The time zone in which a cron pattern is meant: that of `TZ`, else of `/etc/localtime`, else UTC.
//!
//! The program contains the zones, for systems and images without `/usr/share/zoneinfo`.

use jiff::tz::TimeZone;

use super::collection::Schedule;
use super::section::Warnings;

fn variable() -> Option<String> {
    let text = std::env::var_os("TZ").filter(|text| !text.is_empty())?;
    Some(text.to_string_lossy().into_owned())
}

/// Warns if the variable names no zone: then patterns are meant in UTC.
pub(super) fn check(schedule: Option<&Schedule>, warnings: &mut Warnings) {
    if let Some(text) = variable()
        && matches!(schedule, Some(Schedule::At(_)))
        && TimeZone::try_system().is_err()
    {
        warnings.add_line(format!(
            "TZ: there is no time zone {text:?}, so that the schedule of regctl.gc is in UTC; hint: \
             a name such as Europe/Berlin, or a rule such as CET-1CEST,M3.5.0,M10.5.0/3"
        ));
    }
}

/// The zone, for people.
pub(super) fn describe() -> String {
    match TimeZone::try_system() {
        Ok(zone) => match (zone.iana_name(), variable()) {
            (Some(name), _) => name.to_owned(),
            (None, Some(text)) => text,
            (None, None) => "that of /etc/localtime".to_owned(),
        },
        Err(_) => "UTC".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZoneDatabase;

    #[test]
    fn the_program_contains_the_zones() {
        let zones = TimeZoneDatabase::bundled();
        assert!(zones.get("Europe/Berlin").is_ok());
    }
}
