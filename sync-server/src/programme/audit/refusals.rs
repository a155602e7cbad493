//! How many refusals get an entry: a log that anybody could fill would hide what matters, and end with the disk; and a writer
//! that anybody could keep busy would serve nobody else.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use super::{MINUTE_MS, REFUSALS, What, Who};
use firsthours_core::protocol::Instant;

/// What was refused lately, by author and kind. It stands before the store, so that a flood costs the store nothing; which
/// refusal gets its entry, the log itself decides ([`super::append_refusal`]), also right after a start and beside others.
#[derive(Debug, Default)]
pub struct Refusals(Mutex<BTreeMap<(String, &'static str), Window>>);

#[derive(Debug, Default)]
struct Window {
    since: Instant,
    written: i64,
    left_out: i64,
}

impl Refusals {
    /// Whether a refusal gets its entry, and how many before it got none: [`REFUSALS`] of a kind in a minute for one phone or
    /// person, and as many for all who have not said who they are.
    pub(crate) fn admit(&self, who: Who<'_>, what: What, now: Instant) -> Option<i64> {
        let kind = match what {
            What::CodeRefused => "code",
            _ => "access",
        };
        let mut windows = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let window = windows.entry((who.text(), kind)).or_default();
        let goes_on = (window.since..window.since + MINUTE_MS).contains(&now);
        if !goes_on {
            *window = Window { since: now, written: 0, left_out: window.left_out };
        }
        if window.written >= REFUSALS {
            window.left_out += 1;
            return None;
        }
        window.written += 1;
        Some(std::mem::take(&mut window.left_out))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::programme::audit::Source;

    #[test]
    fn a_flood_leaves_its_first_entries_and_a_count() {
        let refusals = Refusals::default();
        let nobody = Who::Unknown(&Source::HERE);
        let admitted = (0..1_000)
            .filter(|n| refusals.admit(nobody, What::AccessRefused, Instant::from_ms(5_000 + n)).is_some());
        assert_eq!(i64::try_from(admitted.count()).expect("few"), REFUSALS);
        // Others, and other kinds, have a minute of their own.
        assert_eq!(
            refusals.admit(
                Who::Person(&"p1".into(), &Source::HERE),
                What::AccessRefused,
                Instant::from_ms(5_500)
            ),
            Some(0)
        );
        assert_eq!(refusals.admit(nobody, What::CodeRefused, Instant::from_ms(5_500)), Some(0));
        let next = 5_000 + MINUTE_MS;
        assert_eq!(
            refusals.admit(nobody, What::AccessRefused, Instant::from_ms(next)),
            Some(1_000 - REFUSALS)
        );
        assert_eq!(refusals.admit(nobody, What::AccessRefused, Instant::from_ms(next)), Some(0), "said once");
        // A clock that was put back does not keep anybody out of the log.
        assert_eq!(refusals.admit(nobody, What::AccessRefused, Instant::from_ms(1)), Some(0));
    }
}
