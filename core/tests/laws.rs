//! The laws that hold under every protocol, whoever writes and in whatever order it arrives.

mod clocks;
mod conditions;
mod coverage;
mod fold;
mod heads;
mod moves;
mod next;
mod registers;
mod submissions;
mod told;

use firsthours_scripted::times;
use proptest::prelude::*;

/// Whether so many random cases are run that what is rare must come up: in a shortened run that is left to chance.
fn is_whole_run() -> bool {
    times("FIRSTHOURS_SHORT") == 1
}

/// So many cases, `FIRSTHOURS_LONG` times as many when that is set, or a `FIRSTHOURS_SHORT`th of them, and no file of failures:
/// a failure prints what it needs to be seen again.
fn cases(count: u32) -> ProptestConfig {
    let count = u64::from(count).saturating_mul(times("FIRSTHOURS_LONG")) / times("FIRSTHOURS_SHORT");
    let count = u32::try_from(count).unwrap_or(u32::MAX).max(1);
    ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(count) }
}
