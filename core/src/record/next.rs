//! The next step: one pure function, one step, one reason.

use serde::{Deserialize, Serialize};

use super::{Derived, StepRecord, StepState};
use crate::protocol::{Author, ClockResult, Condition, Definition};

/// What to do next, and why it is this.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Next {
    pub step: String,
    pub because: NextReason,
}

/// A code; `view` makes the sentence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NextReason {
    Urgent,
    /// This clock ends first.
    Clock {
        clock: String,
        due: i64,
    },
    /// Nothing presses: the protocol's own order.
    InOrder,
}

/// Open urgent steps in order, then the required step whose clock ends first, then the protocol's order; never a
/// step that waits for someone, never another's.
///
/// A later phase waits for the earlier one, however its clocks run: a report due tomorrow must not displace what a
/// child needs now. Once such a clock has run out, it presses like any other.
pub fn next_step(definition: &Definition, derived: &Derived<'_>, reader: Author, now: i64) -> Option<Next> {
    let open = |record: &&StepRecord<'_>| {
        record.step.by == reader && matches!(record.state, StepState::Todo | StepState::Started)
    };
    let name = |record: &StepRecord<'_>, because| Next { step: record.step.id.clone(), because };

    if let Some(record) = derived.steps.iter().filter(open).find(|record| record.step.urgent) {
        return Some(name(record, NextReason::Urgent));
    }
    let required = || derived.steps.iter().filter(open).filter(|record| record.step.required);
    let first = required().min_by_key(|record| record.step.phase)?;
    let pressed = required()
        .filter_map(|record| {
            let (due, clock) = first_due(definition, derived, &record.step.id, now)?;
            (record.step.phase == first.step.phase || due < now).then_some((due, clock, record))
        })
        .min_by_key(|(due, _, _)| *due);
    Some(match pressed {
        Some((due, clock, record)) => name(record, NextReason::Clock { clock, due }),
        None => name(first, NextReason::InOrder),
    })
}

/// The earliest due instant among the clocks that this step can meet and that still run or have run out.
fn first_due(definition: &Definition, derived: &Derived<'_>, step: &str, now: i64) -> Option<(i64, String)> {
    derived
        .clocks
        .iter()
        .filter(|reading| matches!(reading.result(now), ClockResult::Running | ClockResult::Missed))
        .filter_map(|reading| {
            let clock = definition.clocks.get(reading.clock)?;
            (names_step(&clock.met_by, step)).then_some((reading.due?, clock.id.clone()))
        })
        .min()
}

/// Whether the condition reads this step.
fn names_step(condition: &Condition, step: &str) -> bool {
    match condition {
        Condition::All(parts) | Condition::Any(parts) => parts.iter().any(|part| names_step(part, step)),
        Condition::Not(part) => names_step(part, step),
        Condition::Answer { field, .. } => field.step == step,
        Condition::Step { id, .. } => id == step,
    }
}
