//! What lists sort records by, and whose lists they are in: copied in the transaction that writes the summary.

use firsthours_core::protocol::{Author, Instant, Outcome, Truth};
use firsthours_core::record::{Derived, PhaseStatus, Summary};

use crate::store::word;

/// Stands for a time that there is not: after every other.
const NEVER: Instant = Instant::from_ms(9_000_000_000_000_000);

/// See [`Queue::order`].
pub(super) type Order = [i64; 5];

/// What lists sort by, copied out of the summary.
pub(super) struct Queue {
    pub(super) phase_state: String,
    /// 0 waits for a review, 1 is with its deputy, 2 is approved.
    pub(super) rank: i64,
    pub(super) waiting_since: Instant,
    pub(super) due: Instant,
    pub(super) conflicts: i64,
    pub(super) threads_open: i64,
    pub(super) voided: bool,
    /// Whether a step for a detective applies, and one for a county worker.
    pub(super) asks: [bool; 2],
}

impl Default for Queue {
    fn default() -> Self {
        Self {
            phase_state: word(&PhaseStatus::Open),
            rank: 1,
            waiting_since: NEVER,
            due: NEVER,
            conflicts: 0,
            threads_open: 0,
            voided: false,
            asks: [false; 2],
        }
    }
}

impl Queue {
    /// The phase that asks most of a supervisor speaks for the record.
    pub(super) fn of(summary: &Summary, derived: &Derived<'_>) -> Self {
        const MOST_FIRST: [PhaseStatus; 6] = [
            PhaseStatus::Stale,
            PhaseStatus::Answered,
            PhaseStatus::Submitted,
            PhaseStatus::Returned,
            PhaseStatus::Open,
            PhaseStatus::Approved,
        ];
        let waits =
            |status| matches!(status, PhaseStatus::Submitted | PhaseStatus::Answered | PhaseStatus::Stale);
        let status = MOST_FIRST
            .into_iter()
            .find(|status| summary.phases.values().any(|phase| phase.status == *status))
            .unwrap_or(PhaseStatus::Open);
        let count = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
        Self {
            phase_state: word(&status),
            rank: match status {
                status if waits(status) => 0,
                PhaseStatus::Approved => 2,
                _ => 1,
            },
            waiting_since: summary
                .phases
                .values()
                .filter(|phase| waits(phase.status))
                .filter_map(|phase| phase.since)
                .min()
                .unwrap_or(NEVER),
            due: summary
                .clocks
                .iter()
                .filter(|clock| clock.outcome == Outcome::Running)
                .filter_map(|clock| clock.due)
                .min()
                .unwrap_or(NEVER),
            conflicts: count(summary.conflicts),
            threads_open: count(summary.threads_open),
            voided: summary.void,
            asks: [Author::Detective, Author::County].map(|author| {
                derived.steps.iter().any(|found| found.step.by == author && found.applies == Truth::True)
            }),
        }
    }

    /// Where the record stands in every queue that it is in, and in which: rank, due, waiting since, voided, whom it asks.
    pub(super) fn order(&self) -> Order {
        let [detective, county] = self.asks.map(i64::from);
        [self.rank, self.due.ms(), self.waiting_since.ms(), i64::from(self.voided), detective * 2 + county]
    }
}
