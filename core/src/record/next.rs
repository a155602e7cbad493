//! The next step: one pure function, one step, one reason.

use serde::{Deserialize, Serialize};

use super::{Conflict, Derived, EntryRecord, StepRecord, StepState};
use crate::protocol::{
    Anchor, Author, ClockResult, Condition, Definition, Instant, PartnerStep, Question, Value,
};

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
        due: Instant,
    },
    /// Nothing presses: the protocol's own order.
    InOrder,
}

/// How long a call that nobody took stands back, so that the card goes on meanwhile: it is to be tried again, and not at
/// once. Then it comes again, at its own place.
const TRY_AGAIN_AFTER_MS: i64 = 5 * 60_000;

/// Open urgent steps in order, then the required step whose clock ends first, then the protocol's order; never a
/// step that waits for someone, never another's.
///
/// A later phase waits for the earlier one, however its clocks run: a report due tomorrow must not displace what a
/// child needs now. Once such a clock has run out, it presses like any other. What cannot be done just now (a call that
/// was tried a moment ago, a stay that goes on) is next only when nothing else of its phase is. A question that is
/// answered twice, differently, is open for as long as it decides what else is to be done.
pub fn next_step(
    definition: &Definition,
    derived: &Derived<'_>,
    reader: Author,
    now: Instant,
) -> Option<Next> {
    let open = |record: &&StepRecord<'_>| {
        record.step.by == reader
            && (record.step.urgent || record.step.required)
            && (matches!(record.state, StepState::Todo | StepState::Started)
                || holds_others_up(derived, record))
    };
    let can_be_done_now =
        |record: &StepRecord<'_>| !was_just_tried(record, now) && !goes_on(definition, derived, record, now);
    let all: Vec<&StepRecord<'_>> = derived.steps.iter().filter(open).collect();
    let now_possible: Vec<&StepRecord<'_>> =
        all.iter().copied().filter(|record| can_be_done_now(record)).collect();
    let phase = |open: &[&StepRecord<'_>]| open.iter().map(|record| record.step.phase).min();
    let open = if phase(&now_possible) == phase(&all) { &now_possible } else { &all };
    first_of(definition, derived, open, now)
}

fn first_of(
    definition: &Definition,
    derived: &Derived<'_>,
    open: &[&StepRecord<'_>],
    now: Instant,
) -> Option<Next> {
    let name = |record: &StepRecord<'_>, because| Next { step: record.step.id.clone(), because };
    if let Some(record) = open.iter().find(|record| record.step.urgent) {
        return Some(name(record, NextReason::Urgent));
    }
    let first = open.iter().min_by_key(|record| record.step.phase)?;
    let pressed = open
        .iter()
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

/// Whether two disagree on the answer that decides if some other step applies.
fn holds_others_up(derived: &Derived<'_>, record: &StepRecord<'_>) -> bool {
    let is_disputed = |asked: &Question| {
        asked.step == record.step.id
            && record.conflicts.iter().any(
                |conflict| matches!(conflict, Conflict::Field { field, .. } if Some(field) == asked.field.as_ref()),
            )
    };
    !record.conflicts.is_empty()
        && derived.steps.iter().filter_map(|other| other.asks.as_ref()).any(is_disputed)
}

/// Whether the step is a call that nobody took when it was tried last, a moment ago.
fn was_just_tried(record: &StepRecord<'_>, now: Instant) -> bool {
    let reached = Value::Text(PartnerStep::REACHED.to_owned());
    let in_vain = |entry: &EntryRecord<'_>| entry.value("outcome").is_some_and(|outcome| *outcome != reached);
    let called_at = |entry: &EntryRecord<'_>| entry.value("called_at").and_then(Value::moment);
    let last = record.entries.iter().filter_map(called_at).max();
    record.step.partner.is_some()
        && record.entries.iter().all(in_vain)
        && last.is_some_and(|at| (at..at + TRY_AGAIN_AFTER_MS).contains(&now))
}

/// Whether all that the step lacks is the end of what its own clock measures, as of a stay at the station: only the end
/// of the stay can answer it. Once the time is over it presses.
fn goes_on(definition: &Definition, derived: &Derived<'_>, record: &StepRecord<'_>, now: Instant) -> bool {
    let is_of_this_step = |anchor: &Anchor| anchor.field.step == record.step.id;
    let own = definition.clocks.iter().filter(|clock| is_of_this_step(&clock.from));
    let ends: Vec<&str> = own
        .flat_map(|clock| &clock.met_at)
        .filter(|anchor| is_of_this_step(anchor))
        .map(|anchor| anchor.field.field.as_str())
        .collect();
    let mut lacking = record.entries.iter().flat_map(|entry| &entry.missing).peekable();
    lacking.peek().is_some()
        && lacking.all(|field| ends.contains(field))
        && first_due(definition, derived, &record.step.id, now).is_none_or(|(due, _)| due >= now)
}

/// The earliest due instant among the clocks that this step can meet and that still run or have run out.
fn first_due(
    definition: &Definition,
    derived: &Derived<'_>,
    step: &str,
    now: Instant,
) -> Option<(Instant, String)> {
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
