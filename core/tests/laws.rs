//! The laws that hold under every protocol, whoever writes and in whatever order it arrives.

#[path = "laws/clocks.rs"]
mod clocks;
#[path = "laws/conditions.rs"]
mod conditions;
#[path = "laws/coverage.rs"]
mod coverage;
#[path = "laws/fold.rs"]
mod fold;
#[path = "laws/heads.rs"]
mod heads;
#[path = "laws/moves.rs"]
mod moves;
#[path = "laws/next.rs"]
mod next;
#[path = "support/random/mod.rs"]
mod random;
#[path = "laws/registers.rs"]
mod registers;
#[path = "laws/submissions.rs"]
mod submissions;
mod support;
#[path = "laws/told.rs"]
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
