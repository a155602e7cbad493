//! Instants as people at the place read them. The only module that knows a calendar library.

use std::fmt;

use chrono::{
    DateTime, Datelike, Days, Local, MappedLocalTime, NaiveDate, NaiveDateTime, Offset, TimeDelta, TimeZone,
    Timelike, Utc,
};
use chrono_tz::Tz;

use super::Instant;

/// The first and last instants that are shown as they are: a day within the years -9999 and 9999, in every zone.
const FIRST: Instant = Instant::from_ms(-377_705_023_201_000);
const LAST: Instant = Instant::from_ms(253_402_207_200_999);
const LAST_YEAR: i32 = 9999;

/// The clock of a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Zone(Tz);

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

/// A day of the calendar, wherever.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Day(NaiveDate);

/// When the clock of a place showed a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resolved {
    Once(Instant),
    /// It was put back over it: the first and the second.
    Twice(Instant, Instant),
    /// It was put forward over it.
    Never,
}

impl Zone {
    /// The zone with this IANA name, if there is one.
    pub fn named(name: &str) -> Option<Self> {
        name.parse().ok().map(Self)
    }
}

/// The zone with this IANA name. A loaded definition names one that exists; any other name gives UTC.
pub fn zone(name: &str) -> Zone {
    Zone::named(name).unwrap_or(Zone(Tz::UTC))
}

/// An instant as it is read in a zone.
pub fn local(at: Instant, zone: Zone) -> LocalTime {
    let there = there(at, zone);
    let day = Day(there.date());
    LocalTime { date: day.to_string(), time: hours_and_minutes(there), weekday: day.weekday() }
}

/// `HH:MM` of an instant in a zone, 24 hours.
pub fn time_of_day(at: Instant, zone: Zone) -> String {
    hours_and_minutes(there(at, zone))
}

/// `HH:MM` of an instant in a zone, if it is of the same day there as the other.
pub fn time_on_day_of(other: Instant, at: Instant, zone: Zone) -> Option<String> {
    let shown = there(at, zone);
    (shown.date() == there(other, zone).date()).then(|| hours_and_minutes(shown))
}

/// When the clock of a place showed `YYYY-MM-DDTHH:MM`, or the same with seconds; `None` if that is no time.
pub fn resolve(text: &str, zone: Zone) -> Option<Resolved> {
    let format = match text.len() {
        16 => "%Y-%m-%dT%H:%M",
        19 => "%Y-%m-%dT%H:%M:%S",
        _ => return None,
    };
    Day::read(text.get(..10)?)?;
    let typed = NaiveDateTime::parse_from_str(text, format).ok()?;
    Some(match zone.0.from_local_datetime(&typed) {
        MappedLocalTime::Single(at) => Resolved::Once(instant(&at)),
        MappedLocalTime::Ambiguous(one, other) => {
            let (one, other) = (instant(&one), instant(&other));
            Resolved::Twice(one.min(other), one.max(other))
        }
        MappedLocalTime::None => Resolved::Never,
    })
}

/// Minutes east of UTC that clocks of the zone show at an instant.
pub fn minutes_east(at: Instant, zone: Zone) -> i32 {
    zone.0.offset_from_utc_datetime(&utc(at)).fix().local_minus_utc() / 60
}

/// Minutes east of UTC that this device's own clock shows at an instant: the one question here that the device answers. It is
/// asked where the clock comes in, and goes on as a parameter.
pub fn minutes_east_here(at: Instant) -> i32 {
    Local.offset_from_utc_datetime(&utc(at)).local_minus_utc() / 60
}

impl Day {
    /// The day of an instant in a zone.
    pub fn of(at: Instant, zone: Zone) -> Self {
        Self(there(at, zone).date())
    }

    /// A day from `YYYY-MM-DD`, if there is such a day.
    pub fn read(text: &str) -> Option<Self> {
        let shaped = text.len() == 10
            && text.bytes().enumerate().all(|(index, byte)| match index {
                4 | 7 => byte == b'-',
                _ => byte.is_ascii_digit(),
            });
        text.parse().ok().filter(|_| shaped).map(Self)
    }

    /// The day after; `None` behind the last one that is written in ten characters.
    pub fn next(self) -> Option<Self> {
        self.0.checked_add_days(Days::new(1)).filter(|day| day.year() <= LAST_YEAR).map(Self)
    }

    /// 1 = Monday … 7 = Sunday.
    pub fn weekday(self) -> u8 {
        u8::try_from(self.0.weekday().number_from_monday()).unwrap_or(1)
    }

    /// The first instant that is of this day in a zone, or of a later one, where clocks were put forward over its beginning.
    pub fn begins(self, zone: Zone) -> Instant {
        let midnight = self.0.and_time(chrono::NaiveTime::MIN);
        if let Some(begins) = zone.0.from_local_datetime(&midnight).earliest() {
            return instant(&begins);
        }
        // Three hours before, clocks still showed what they then left; by those, midnight is when they were put forward.
        let before = midnight - TimeDelta::hours(3);
        let offset = match zone.0.offset_from_local_datetime(&before).earliest() {
            Some(offset) => offset.fix().local_minus_utc(),
            None => 0,
        };
        instant(&midnight.and_utc()) - i64::from(offset) * 1_000
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// What the clock of a place shows at an instant.
fn there(at: Instant, zone: Zone) -> NaiveDateTime {
    zone.0.from_utc_datetime(&utc(at)).naive_local()
}

/// What clocks of UTC show at an instant; beyond what is shown, the first or last.
fn utc(at: Instant) -> NaiveDateTime {
    DateTime::<Utc>::from_timestamp_millis(at.clamp(FIRST, LAST).ms()).unwrap_or_default().naive_utc()
}

fn instant<Z: TimeZone>(at: &DateTime<Z>) -> Instant {
    Instant::from_ms(at.timestamp_millis())
}

/// Not `format!`: a view has a hundred times in it, and is drawn at every tap.
fn hours_and_minutes(there: NaiveDateTime) -> String {
    let digit = |number: u32| char::from(b'0' + u8::try_from(number % 10).unwrap_or(0));
    let (hour, minute) = (there.hour(), there.minute());
    String::from_iter([digit(hour / 10), digit(hour), ':', digit(minute / 10), digit(minute)])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_instant_is_read_by_the_clock_of_the_place() {
        let at = Instant::from_ms(1_795_497_240_000); // 2026-11-24T05:14:00Z
        let there = local(at, zone("America/Los_Angeles"));
        let expected = LocalTime { date: "2026-11-23".into(), time: "21:14".into(), weekday: 1 };
        assert_eq!(there, expected);
        assert_eq!(local(at, zone("Europe/London")).time, "05:14");
    }

    #[test]
    fn the_offset_of_a_clock_changes_with_the_season() {
        let los_angeles = zone("America/Los_Angeles");
        assert_eq!(minutes_east(Instant::from_ms(1_795_497_240_000), los_angeles), -8 * 60, "November");
        assert_eq!(minutes_east(Instant::from_ms(1_782_000_000_000), los_angeles), -7 * 60, "June");
    }

    #[test]
    fn this_device_says_how_far_east_its_own_clock_is() {
        // The zone of a process is fixed when it starts, so the question is asked in another one, in this same test.
        const ASKED: &str = "FIRSTHOURS_ASKED_FOR_ITS_OWN_CLOCK";
        let name = "protocol::local::tests::this_device_says_how_far_east_its_own_clock_is";
        if std::env::var_os(ASKED).is_some() {
            assert_eq!(minutes_east_here(Instant::from_ms(1_795_497_240_000)), -8 * 60, "November");
            assert_eq!(minutes_east_here(Instant::from_ms(1_782_000_000_000)), -7 * 60, "June");
            return;
        }
        let mut test = std::process::Command::new(std::env::current_exe().expect("a path"));
        let output = test
            .args(["--exact", name])
            .env(ASKED, "yes")
            .env("TZ", "PST8PDT,M3.2.0,M11.1.0")
            .output()
            .expect("the test runs again");
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success() && said.contains("1 passed"), "{said}");
    }

    #[test]
    fn no_number_is_too_large_to_show() {
        for ms in [i64::MIN, i64::MAX, 0] {
            assert_eq!(local(Instant::from_ms(ms), zone("Pacific/Auckland")).time.len(), 5);
        }
    }

    #[test]
    fn a_time_is_read_as_often_as_the_clock_showed_it() {
        let los_angeles = zone("America/Los_Angeles");
        let resolve = |text: &str| resolve(text, los_angeles);
        assert_eq!(resolve("2026-11-23T21:14"), Some(Resolved::Once(Instant::from_ms(1_795_497_240_000))));
        assert_eq!(resolve("2026-11-23T21:14:30"), Some(Resolved::Once(Instant::from_ms(1_795_497_270_000))));
        // Put back over it on 2026-11-01, and forward over it on 2027-03-14.
        assert_eq!(
            resolve("2026-11-01T01:30"),
            Some(Resolved::Twice(Instant::from_ms(1_793_521_800_000), Instant::from_ms(1_793_525_400_000)))
        );
        assert_eq!(resolve("2027-03-14T02:30"), Some(Resolved::Never));
        for bad in
            ["", "2026-11-23", "2026-11-23 21:14", "2026-11-23T21:14Z", "+2026-11-23T21:14", "2026-1-3T21:14"]
        {
            assert_eq!(resolve(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_day_begins_when_the_clock_first_shows_it() {
        let begins = |day: &str, name: &str| Day::read(day).expect("a day").begins(zone(name)).ms();
        assert_eq!(begins("2026-11-24", "UTC"), 1_795_478_400_000);
        assert_eq!(begins("2026-11-24", "America/Los_Angeles"), 1_795_507_200_000);
        // Forward at midnight: it begins at one.
        assert_eq!(begins("2026-09-06", "America/Santiago"), 1_788_667_200_000);
        // Back at midnight: it begins with the first of two.
        assert_eq!(begins("2026-11-01", "America/Havana"), 1_793_505_600_000);
        // Left out whole: at its end.
        assert_eq!(begins("2011-12-30", "Pacific/Apia"), begins("2011-12-31", "Pacific/Apia"));
    }

    #[test]
    fn the_calendar_has_its_ends() {
        assert_eq!(Day::read("9999-12-31").and_then(Day::next), None);
        assert_eq!(
            Day::read("2026-02-28").and_then(Day::next).map(|day| day.to_string()),
            Some("2026-03-01".into())
        );
        for bad in ["2026-02-29", "2026-13-01", "20261124", "2026-1-24", "-026-11-24", "2026-11-24 "] {
            assert_eq!(Day::read(bad), None, "{bad}");
        }
        assert_eq!(Day::of(Instant::NEVER, zone("Pacific/Auckland")).to_string(), "9999-12-31");
    }
}
