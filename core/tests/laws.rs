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

/// So many cases, `FIRSTHOURS_LONG` times as many when that is set, or a `FIRSTHOURS_SHORT`th of them, and no file of failures: a failure prints what it
/// needs to be seen again.
fn cases(count: u32) -> ProptestConfig {
    let said =
        |name| std::env::var(name).ok().and_then(|times| times.parse::<u32>().ok()).unwrap_or(1).max(1);
    let count = count.saturating_mul(said("FIRSTHOURS_LONG")) / said("FIRSTHOURS_SHORT");
    ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(count.max(1)) }
}
