//! How a night tells the time.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan, ZonedDateTime};

/// The evening that a night begins on. `21:04` is a time of it, `02:10+1` one of the day after, `22:20-4` one four days
/// before; `01:30+1b` is the second half past one of a night in which clocks are put back.
#[derive(Debug, Clone)]
pub(crate) struct Dates {
    evening: Date,
    zone: TimeZone,
}

impl Dates {
    /// `2026-11-23`.
    pub(crate) fn of(evening: &str, zone: TimeZone) -> Self {
        Self { evening: evening.parse().unwrap_or_else(|error| panic!("{evening}: {error}")), zone }
    }

    pub(crate) fn moment(&self, text: &str) -> i64 {
        let told = self.read(text).unwrap_or_else(|| panic!("{text} is no time of this night"));
        told.timestamp().as_millisecond()
    }

    fn read(&self, text: &str) -> Option<ZonedDateTime> {
        let (time, is_second) = text.strip_suffix('b').map_or((text, false), |time| (time, true));
        let (clock, days) = time.split_at(time.find(['+', '-']).unwrap_or(time.len()));
        let (hours, minutes) = clock.split_once(':')?;
        let days: i64 = if days.is_empty() { 0 } else { days.parse().ok()? };
        let date = self.evening.checked_add(days.days()).ok()?;
        let told = date.at(hours.parse().ok()?, minutes.parse().ok()?, 0, 0);
        let told = self.zone.to_ambiguous_zoned_datetime(told);
        match (is_second, told.is_ambiguous()) {
            (false, _) => told.earlier().ok(),
            (true, true) => told.later().ok(),
            (true, false) => None,
        }
    }

    /// The minute that an instant lies in.
    pub(crate) fn text(&self, ms: i64) -> String {
        let told: ZonedDateTime = Timestamp::from_millisecond(ms)
            .expect("an instant of our time")
            .to_zoned_datetime(self.zone.clone());
        let days = self.evening.until(told.date()).expect("two near days").get_days();
        let day = if days == 0 { String::new() } else { format!("{days:+}") };
        let twice = self.zone.to_ambiguous_zoned_datetime(told.datetime());
        let is_second = twice.is_ambiguous() && twice.later().is_ok_and(|later| later == told);
        let second = if is_second { "b" } else { "" };
        format!("{:02}:{:02}{day}{second}", told.hour(), told.minute())
    }
}

#[test]
fn a_time_is_told_as_it_is_written() {
    let dates = Dates::of("2026-10-31", TimeZone::get("America/Los_Angeles").expect("a zone"));
    for text in ["21:04", "02:10+1", "22:20-4", "01:30+1", "01:30+1b", "23:59+21"] {
        assert_eq!(dates.text(dates.moment(text)), text);
    }
    assert_eq!(dates.moment("01:30+1b") - dates.moment("01:30+1"), 3_600_000);
    assert_eq!(dates.moment("02:10+1") - dates.moment("01:40+1"), 90 * 60_000);
}
