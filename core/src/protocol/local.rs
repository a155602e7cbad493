//! Instants as people at the place read them.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;

/// An instant on the clock and calendar of a zone. In digits only: words belong to the catalogues.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LocalTime {
    /// `YYYY-MM-DD`.
    pub date: String,
    /// `HH:MM`, 24 hours.
    pub time: String,
    /// 1 = Monday … 7 = Sunday.
    pub weekday: u8,
}

/// The zone with this IANA name. A loaded definition names one that exists; any other name gives UTC.
pub fn zone(name: &str) -> TimeZone {
    TimeZone::get(name).unwrap_or(TimeZone::UTC)
}

/// An instant as it is read in a zone.
pub fn local(ms: i64, zone: &TimeZone) -> LocalTime {
    let there = instant(ms).to_zoned_datetime(zone.clone());
    LocalTime {
        date: there.date().to_string(),
        time: hours_and_minutes(there.datetime()),
        weekday: weekday(there.date()),
    }
}

/// `HH:MM` of an instant in a zone, 24 hours.
pub fn time_of_day(ms: i64, zone: &TimeZone) -> String {
    hours_and_minutes(zone.to_datetime(instant(ms)))
}

/// `HH:MM` of an instant in a zone, if it is of the same day there as the other.
pub fn time_on_day_of(other_ms: i64, ms: i64, zone: &TimeZone) -> Option<String> {
    let there = zone.to_datetime(instant(ms));
    (there.date() == zone.to_datetime(instant(other_ms)).date()).then(|| hours_and_minutes(there))
}

/// Not `format!`: a view has a hundred times in it, and is drawn at every tap.
fn hours_and_minutes(there: DateTime) -> String {
    let digit = |number: i8| char::from(b'0' + number.unsigned_abs() % 10);
    let (hour, minute) = (there.hour(), there.minute());
    String::from_iter([digit(hour / 10), digit(hour), ':', digit(minute / 10), digit(minute)])
}

/// Minutes east of UTC that clocks of the zone show at an instant.
pub fn minutes_east(ms: i64, zone: &TimeZone) -> i32 {
    zone.to_offset(instant(ms)).seconds() / 60
}

/// The instant of so many milliseconds since 1970; beyond what a calendar holds, its first or last.
pub(super) fn instant(ms: i64) -> Timestamp {
    Timestamp::from_millisecond(ms).unwrap_or(if ms < 0 { Timestamp::MIN } else { Timestamp::MAX })
}

/// 1 = Monday … 7 = Sunday.
pub(super) fn weekday(date: Date) -> u8 {
    u8::try_from(date.weekday().to_monday_one_offset()).unwrap_or(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_instant_is_read_by_the_clock_of_the_place() {
        let ms = 1_795_497_240_000; // 2026-11-24T05:14:00Z
        let there = local(ms, &zone("America/Los_Angeles"));
        let expected = LocalTime { date: "2026-11-23".into(), time: "21:14".into(), weekday: 1 };
        assert_eq!(there, expected);
        assert_eq!(local(ms, &zone("Europe/London")).time, "05:14");
    }

    #[test]
    fn the_offset_of_a_clock_changes_with_the_season() {
        let los_angeles = zone("America/Los_Angeles");
        assert_eq!(minutes_east(1_795_497_240_000, &los_angeles), -8 * 60, "November");
        assert_eq!(minutes_east(1_782_000_000_000, &los_angeles), -7 * 60, "June");
    }

    #[test]
    fn no_number_is_too_large_to_show() {
        for ms in [i64::MIN, i64::MAX, 0] {
            assert_eq!(local(ms, &zone("Pacific/Auckland")).time.len(), 5);
        }
    }
}
