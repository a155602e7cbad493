//! Times as people say them, in the protocol's own time zone.

use super::Language;
use crate::protocol::{Instant, local};

const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// `21:14`.
pub fn clock_time(at: Instant, zone: &str) -> String {
    crate::protocol::time_of_day(at, crate::protocol::zone(zone))
}

/// `21:14` on the day of `now`, else `Nov 22, 21:14` or `22 nov, 21:14`.
pub fn day_and_time(at: Instant, now: Instant, zone: &str, language: Language) -> String {
    let zone = crate::protocol::zone(zone);
    if let Some(time) = crate::protocol::time_on_day_of(now, at, zone) {
        return time;
    }
    let then = local(at, zone);
    let mut parts = then.date.split('-');
    let (year, month, day) = (parts.next(), parts.next(), parts.next());
    let month_name = month.and_then(|m| m.parse::<usize>().ok()).and_then(|m| MONTHS.get(m.checked_sub(1)?));
    match (year, month_name, day) {
        (Some(_), Some((en, es)), Some(day)) => {
            let day = day.trim_start_matches('0');
            match language {
                Language::En => format!("{en} {day}, {}", then.time),
                Language::Es => format!("{day} {es}, {}", then.time),
            }
        }
        _ => format!("{} {}", then.date, then.time),
    }
}

const MONTHS: [(&str, &str); 12] = [
    ("Jan", "ene"),
    ("Feb", "feb"),
    ("Mar", "mar"),
    ("Apr", "abr"),
    ("May", "may"),
    ("Jun", "jun"),
    ("Jul", "jul"),
    ("Aug", "ago"),
    ("Sep", "sep"),
    ("Oct", "oct"),
    ("Nov", "nov"),
    ("Dec", "dic"),
];

/// A length of time: `less than a minute`, `34 min`, `5 h 10 min`, `3 d 4 h`. The sign is not said.
pub fn span(ms: i64, language: Language) -> String {
    let ms = ms.saturating_abs();
    if ms < MINUTE {
        return language.pick("less than a minute", "menos de un minuto").to_owned();
    }
    if ms < HOUR {
        return format!("{} min", ms / MINUTE);
    }
    let (large, small) = if ms < 2 * DAY {
        ((ms / HOUR, "h"), (ms % HOUR / MINUTE, "min"))
    } else {
        ((ms / DAY, "d"), (ms % DAY / HOUR, "h"))
    };
    if small.0 == 0 {
        format!("{} {}", large.0, large.1)
    } else {
        format!("{} {} {} {}", large.0, large.1, small.0, small.1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_is_said_in_its_two_largest_units() {
        let said = |ms| span(ms, Language::En);
        assert_eq!(said(59_999), "less than a minute");
        assert_eq!(said(MINUTE), "1 min");
        assert_eq!(said(-(90 * MINUTE)), "1 h 30 min");
        assert_eq!(said(47 * HOUR), "47 h");
        assert_eq!(said(2 * DAY + 4 * HOUR), "2 d 4 h");
    }
}
