//! When to call again: full jitter, decided by a pure function.

use crate::protocol::Instant;

/// The longest wait while a person looks on: 5 minutes.
pub const FOREGROUND_CAP_MS: i64 = 5 * 60_000;

const FIRST_MS: i64 = 1_000;

/// The earliest time of the next call after `failures` in a row: `now` plus a random part of 1 s * 2^failures, at most
/// [`FOREGROUND_CAP_MS`]; later if the server asked for it.
///
/// `random` is any number; 1,000 phones that lost the station at once thereby do not come back at once.
pub fn next_call(now: Instant, failures: u32, random: u64, asked_ms: i64) -> Instant {
    let span = FIRST_MS.saturating_mul(1_i64 << failures.min(20)).min(FOREGROUND_CAP_MS);
    let jitter = i64::try_from(random % span.unsigned_abs().max(1)).unwrap_or(0);
    now + jitter.max(asked_ms)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const AT: Instant = Instant::from_ms(7);

    #[test]
    fn the_first_wait_is_a_second_at_most_and_the_longest_five_minutes() {
        assert_eq!(next_call(AT, 0, 999, 0), AT + 999);
        assert_eq!(next_call(AT, 0, 1_000, 0), AT);
        assert_eq!(next_call(AT, 3, 7_999, 0), AT + 7_999);
        for failures in [9, 30, u32::MAX] {
            assert_eq!(next_call(AT, failures, 299_999, 0), AT + 299_999, "{failures}");
            assert_eq!(next_call(AT, failures, 300_000, 0), AT, "{failures}");
        }
    }

    proptest! {
        #[test]
        fn the_wait_is_bounded_and_never_shorter_than_the_server_asked(
            failures in any::<u32>(), random in any::<u64>(), asked in 0_i64..1_000_000,
        ) {
            let at = next_call(AT, failures, random, asked);
            prop_assert!(at >= AT + asked);
            prop_assert!(at <= AT + asked.max(FOREGROUND_CAP_MS));
        }

        /// A thousand phones that lost the station at once come back all over the time there is, and not at its ends.
        #[test]
        fn phones_that_failed_together_come_back_apart(failures in 0_u32..30, seed in any::<u32>()) {
            let span = FIRST_MS.saturating_mul(1 << failures.min(20)).min(FOREGROUND_CAP_MS);
            let mut tenths = [0; 10];
            for n in 0..1_000_u64 {
                // Multiples of an odd number go through all remainders.
                let random = (u64::from(seed) + n).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 11;
                let wait = next_call(AT, failures, random, 0) - AT;
                tenths[usize::try_from(wait * 10 / span).unwrap_or(9).min(9)] += 1;
            }
            prop_assert!(tenths.iter().all(|phones| (40..=200).contains(phones)), "{:?}", tenths);
        }
    }
}
