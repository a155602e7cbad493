//! Deadlines in days: the days that count, and when such a deadline ends.

use super::local::{Day, Zone};
use super::{Calendar, Instant};

/// The first instant after the `n`-th counting day that follows the day of `anchor` in `zone`.
///
/// The day of the anchor is not counted, whether it counts or not. A deadline "within n days" still holds on
/// the whole of the n-th day, so this instant is the first that is late. Days are as long as the zone makes
/// them: 23 or 25 hours where its clocks change.
pub fn end_of_nth_day(anchor: Instant, n: u32, calendar: &Calendar, zone: Zone) -> Instant {
    let mut day = Day::of(anchor, zone);
    let mut left = n;
    while left > 0 {
        let Some(next) = day.next() else { return Instant::NEVER };
        day = next;
        if counts(calendar, day) {
            left -= 1;
        }
    }
    day.next().map_or(Instant::NEVER, |after| after.begins(zone))
}

fn counts(calendar: &Calendar, day: Day) -> bool {
    !calendar.closed_weekdays.contains(&day.weekday()) && !calendar.closed_dates.contains(&day.to_string())
}

#[cfg(test)]
mod tests {
    use super::super::local::zone;
    use super::*;
    use crate::protocol::Text;

    fn court_days() -> Calendar {
        Calendar {
            id: "court".into(),
            title: Text::default(),
            closed_weekdays: [6, 7].into(),
            closed_dates: ["2026-11-26".into(), "2026-11-27".into()].into(),
        }
    }

    fn at(text: &str) -> Instant {
        let text = text.strip_suffix('Z').expect("in UTC");
        match super::super::local::resolve(text, zone("UTC")) {
            Some(super::super::local::Resolved::Once(at)) => at,
            other => panic!("{text}: {other:?}"),
        }
    }

    fn end(anchor: &str, n: u32, zone_name: &str, calendar: &Calendar) -> Instant {
        end_of_nth_day(at(anchor), n, calendar, zone(zone_name))
    }

    #[test]
    fn weekends_and_closed_dates_do_not_count() {
        // Monday evening in Los Angeles; Thursday and Friday are closed. 1 = Tuesday, 2 = Wednesday, 3 = Monday.
        let anchor = "2026-11-24T05:14:00Z";
        let ends = [1, 2, 3].map(|n| end(anchor, n, "America/Los_Angeles", &court_days()));
        let expected = ["2026-11-25T08:00:00Z", "2026-11-26T08:00:00Z", "2026-12-01T08:00:00Z"].map(at);
        assert_eq!(ends, expected);
    }

    #[test]
    fn the_day_of_the_anchor_is_that_of_the_zone() {
        // The same instant is Monday in Los Angeles and Tuesday in London.
        let anchor = "2026-11-24T05:14:00Z";
        assert_eq!(end(anchor, 1, "Europe/London", &court_days()), at("2026-11-26T00:00:00Z"));
    }

    #[test]
    fn days_are_as_long_as_the_clocks_make_them() {
        let every_day = Calendar { closed_weekdays: [].into(), closed_dates: [].into(), ..court_days() };
        // Clocks go back on 2026-11-01 and forward on 2026-03-08 in Los Angeles.
        let back = end("2026-10-31T20:00:00Z", 1, "America/Los_Angeles", &every_day);
        assert_eq!(back, at("2026-11-02T08:00:00Z"));
        let forward = end("2026-03-07T20:00:00Z", 1, "America/Los_Angeles", &every_day);
        assert_eq!(forward, at("2026-03-09T07:00:00Z"));
    }

    #[test]
    fn a_day_that_begins_at_one_begins_there() {
        // In Santiago clocks go forward at midnight: 2026-09-06 begins at 01:00.
        let every_day = Calendar { closed_weekdays: [].into(), closed_dates: [].into(), ..court_days() };
        let end = end("2026-09-04T15:00:00Z", 1, "America/Santiago", &every_day);
        assert_eq!(end, at("2026-09-06T04:00:00Z"));
    }

    #[test]
    fn a_calendar_without_days_or_with_endless_ones_ends() {
        let never = Calendar { closed_weekdays: (1..=7).collect(), ..court_days() };
        assert_eq!(end("2026-11-24T05:14:00Z", 1, "UTC", &never), Instant::NEVER);
        assert_eq!(end_of_nth_day(Instant::NEVER, 1, &court_days(), zone("UTC")), Instant::NEVER);
    }
}
