//! Moments as a form holds them: `YYYY-MM-DDTHH:MM` on the clock of the protocol's place.

use firsthours_core::protocol::{Instant, Resolved, local, resolve, zone};

/// Why a typed time is no moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unclear {
    /// Not a day and a time.
    Unreadable,
    /// The clocks were put forward over it.
    Skipped,
    /// The clocks were put back over it, and both hours are past.
    Twice,
}

/// Which of two hours with the same name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which {
    First,
    Second,
}

/// The text of a moment.
pub fn text(at: Instant, zone_name: &str) -> String {
    let there = local(at, zone(zone_name));
    format!("{}T{}", there.date, there.time)
}

/// The moment of a text. An hour that came twice is the first one while the second is still to come: what is
/// recorded has happened.
pub fn read(text: &str, zone_name: &str, which: Option<Which>, now: Instant) -> Result<Instant, Unclear> {
    match (resolve(text.trim(), zone(zone_name)).ok_or(Unclear::Unreadable)?, which) {
        (Resolved::Never, _) => Err(Unclear::Skipped),
        (Resolved::Twice(_, second), Some(Which::Second)) => Ok(second),
        (Resolved::Twice(_, second), None) if second <= now => Err(Unclear::Twice),
        (Resolved::Once(at) | Resolved::Twice(at, _), _) => Ok(at),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: &str = "America/Los_Angeles";
    const HOUR: i64 = 3_600_000;
    /// 2026-11-01T08:30Z = 01:30 in Los Angeles, the first of the two.
    const FIRST: Instant = Instant::from_ms(1_793_521_800_000);

    #[test]
    fn a_moment_is_read_back_as_it_was_shown() {
        let at = Instant::from_ms(1_795_497_240_000); // 2026-11-24T05:14:00Z
        assert_eq!(text(at, HERE), "2026-11-23T21:14");
        assert_eq!(read("2026-11-23T21:14", HERE, None, at), Ok(at));
        assert_eq!(read(" 2026-11-23T21:14:00 ", HERE, None, at), Ok(at));
    }

    #[test]
    fn an_hour_that_came_twice_is_asked_for_once_both_are_past() {
        assert_eq!(text(FIRST, HERE), "2026-11-01T01:30");
        assert_eq!(text(FIRST + HOUR, HERE), "2026-11-01T01:30");
        let read = |which, now| read("2026-11-01T01:30", HERE, which, now);
        assert_eq!(read(None, FIRST + 60_000), Ok(FIRST), "the second is still to come");
        assert_eq!(read(None, FIRST + 2 * HOUR), Err(Unclear::Twice));
        assert_eq!(read(Some(Which::First), FIRST + 2 * HOUR), Ok(FIRST));
        assert_eq!(read(Some(Which::Second), FIRST + 2 * HOUR), Ok(FIRST + HOUR));
    }

    #[test]
    fn an_hour_that_never_was_is_not_moved_to_another() {
        assert_eq!(read("2027-03-14T02:30", HERE, None, Instant::NEVER), Err(Unclear::Skipped));
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for bad in ["", "21:14", "yesterday", "2026-13-01T00:00", "2026-11-23T25:00", "９"] {
            assert_eq!(read(bad, HERE, None, Instant::default()), Err(Unclear::Unreadable), "{bad}");
        }
    }
}
