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

use proptest::prelude::*;

/// What the environment says of the length of a run; 1 when it says nothing.
fn said(name: &str) -> u32 {
    std::env::var(name).ok().and_then(|times| times.parse().ok()).unwrap_or(1).max(1)
}

/// Whether so many random cases are run that what is rare must come up: in a shortened run that is left to chance.
fn is_whole_run() -> bool {
    said("FIRSTHOURS_SHORT") == 1
}

/// So many cases, `FIRSTHOURS_LONG` times as many when that is set, or a `FIRSTHOURS_SHORT`th of them, and no file of failures:
/// a failure prints what it needs to be seen again.
fn cases(count: u32) -> ProptestConfig {
    let count = count.saturating_mul(said("FIRSTHOURS_LONG")) / said("FIRSTHOURS_SHORT");
    ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(count.max(1)) }
}
