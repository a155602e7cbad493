//! When to call again: full jitter, decided by a pure function.

/// The longest wait while a person looks on: 5 minutes.
pub const FOREGROUND_CAP_MS: i64 = 5 * 60_000;

const FIRST_MS: i64 = 1_000;

/// The earliest time of the next call after `failures` in a row: `now` plus a random part of 1 s * 2^failures, at most
/// [`FOREGROUND_CAP_MS`]; later if the server asked for it.
///
/// `random` is any number; 1,000 phones that lost the station at once thereby do not come back at once.
pub fn next_call(now: i64, failures: u32, random: u64, asked_ms: i64) -> i64 {
    let span = FIRST_MS.saturating_mul(1_i64 << failures.min(20)).min(FOREGROUND_CAP_MS);
    let jitter = i64::try_from(random % span.unsigned_abs().max(1)).unwrap_or(0);
    now + jitter.max(asked_ms)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_wait_is_bounded_and_never_shorter_than_the_server_asked(
            failures in any::<u32>(), random in any::<u64>(), asked in 0_i64..1_000_000,
        ) {
            let at = next_call(0, failures, random, asked);
            prop_assert!(at >= asked);
            prop_assert!(at <= asked.max(FOREGROUND_CAP_MS));
        }
    }
}
