//! How a night tells the time.

use chrono::{DateTime, Days, MappedLocalTime, NaiveDate, NaiveDateTime, TimeZone, Timelike};
use chrono_tz::Tz;
use firsthours_core::protocol::Instant;

/// The evening that a night begins on. `21:04` is a time of it, `02:10+1` one of the day after, `22:20-4` one four days
/// before; `01:30+1b` is the second half past one of a night in which clocks are put back.
#[derive(Debug, Clone)]
pub(crate) struct Dates {
    evening: NaiveDate,
    zone: Tz,
}

impl Dates {
    /// `2026-11-23`.
    pub(crate) fn of(evening: &str, zone: Tz) -> Self {
        Self { evening: evening.parse().unwrap_or_else(|error| panic!("{evening}: {error}")), zone }
    }

    pub(crate) fn moment(&self, text: &str) -> Instant {
        self.read(text).unwrap_or_else(|| panic!("{text} is no time of this night"))
    }

    fn read(&self, text: &str) -> Option<Instant> {
        let (time, is_second) = text.strip_suffix('b').map_or((text, false), |time| (time, true));
        let (clock, days) = time.split_at(time.find(['+', '-']).unwrap_or(time.len()));
        let (hours, minutes) = clock.split_once(':')?;
        let days: i64 = if days.is_empty() { 0 } else { days.parse().ok()? };
        let date = match u64::try_from(days) {
            Ok(after) => self.evening.checked_add_days(Days::new(after))?,
            Err(_) => self.evening.checked_sub_days(Days::new(days.unsigned_abs()))?,
        };
        let told = date.and_hms_opt(hours.parse().ok()?, minutes.parse().ok()?, 0)?;
        match (self.told(told)?, is_second) {
            ((first, _), false) => Some(first),
            ((_, second), true) => second,
        }
    }

    /// When the clock showed it, and when once more.
    fn told(&self, told: NaiveDateTime) -> Option<(Instant, Option<Instant>)> {
        let instant = |at: DateTime<Tz>| Instant::from_ms(at.timestamp_millis());
        match self.zone.from_local_datetime(&told) {
            MappedLocalTime::Single(at) => Some((instant(at), None)),
            MappedLocalTime::Ambiguous(first, second) => Some((instant(first), Some(instant(second)))),
            MappedLocalTime::None => None,
        }
    }

    /// The minute that an instant lies in.
    pub(crate) fn text(&self, at: Instant) -> String {
        let told =
            self.zone.timestamp_millis_opt(at.ms()).single().expect("an instant of our time").naive_local();
        let days = (told.date() - self.evening).num_days();
        let day = if days == 0 { String::new() } else { format!("{days:+}") };
        let is_second = self.told(told).is_some_and(|(_, second)| second.is_some_and(|second| at >= second));
        let second = if is_second { "b" } else { "" };
        format!("{:02}:{:02}{day}{second}", told.hour(), told.minute())
    }
}

#[test]
fn a_time_is_told_as_it_is_written() {
    let dates = Dates::of("2026-10-31", chrono_tz::America::Los_Angeles);
    for text in ["21:04", "02:10+1", "22:20-4", "01:30+1", "01:30+1b", "23:59+21"] {
        assert_eq!(dates.text(dates.moment(text)), text);
    }
    assert_eq!(dates.moment("01:30+1b") - dates.moment("01:30+1"), 3_600_000);
    assert_eq!(dates.moment("02:10+1") - dates.moment("01:40+1"), 90 * 60_000);
}
