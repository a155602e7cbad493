//! What lists sort records by, and whose lists they are in: copied in the transaction that writes the summary.

use firsthours_core::protocol::{Author, Outcome, Truth};
use firsthours_core::record::{Derived, PhaseStatus, Summary};

use crate::store::{Result, Tx};

/// Stands for a time that there is not: after every other.
const NEVER: i64 = 9_000_000_000_000_000;

/// See [`Queue::order`].
pub(super) type Order = [i64; 5];

/// What lists sort by, copied out of the summary.
pub(super) struct Queue {
    pub(super) phase_state: String,
    /// 0 waits for a review, 1 is with its deputy, 2 is approved.
    pub(super) rank: i64,
    pub(super) waiting_since_ms: i64,
    pub(super) due_ms: i64,
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
            waiting_since_ms: NEVER,
            due_ms: NEVER,
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
            waiting_since_ms: summary
                .phases
                .values()
                .filter(|phase| waits(phase.status))
                .filter_map(|phase| phase.since)
                .min()
                .unwrap_or(NEVER),
            due_ms: summary
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
        [self.rank, self.due_ms, self.waiting_since_ms, i64::from(self.voided), detective * 2 + county]
    }
}

/// Puts a record into the queues of those who may see it, as its row and its parties now stand, and into no other.
pub(crate) fn enter(tx: &mut dyn Tx, encounter: &str) -> Result<()> {
    tx.run("delete from queue where encounter = $1", &[encounter.into()])?;
    tx.run(
        "insert into queue (encounter, agency, station, person, role, queue_rank, due_ms, waiting_since_ms) \
         select e.id, s.agency, s.station, s.person, s.role, e.queue_rank, e.due_ms, e.waiting_since_ms \
         from encounter e \
         join (select agency, station, '' as person, '' as role from encounter where id = $1 and station <> '' \
         union select agency, '', '', '' from encounter where id = $1 \
         union select agency, '', '', 'detective' from encounter where id = $1 and asks_detective = 1 \
         union select agency, '', '', 'county' from encounter where id = $1 and asks_county = 1 \
         union select q.agency, q.station, '', '' from party p join person q on q.id = p.person \
         where p.encounter = $1 and p.until_ms is null and q.station is not null \
         union select '', '', person, '' from party where encounter = $1 and until_ms is null and person <> '' \
         union select agency, '', '', 'party' from party where encounter = $1 and until_ms is null and person = '') \
         as s on 1 = 1 where e.id = $1 and e.voided = 0 and e.sealed = 0 and e.shredded = 0",
        &[encounter.into()],
    )?;
    Ok(())
}

/// A variant's name as it stands in JSON.
pub(crate) fn word<T: serde::Serialize>(variant: &T) -> String {
    match serde_json::to_value(variant) {
        Ok(serde_json::Value::String(word)) => word,
        _ => String::new(),
    }
}
