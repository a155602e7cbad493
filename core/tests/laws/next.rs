//! The next step: open, the reader's own, in the phase that is worked on, and what is urgent before all else.

use firsthours_core::protocol::{Author, ClockResult, Condition, Definition, Instant, Truth, Value};
use firsthours_core::record::{
    Conflict, Derived, NextReason, State, StepRecord, StepState, derive, next_step,
};
use proptest::prelude::*;

use super::cases;
use crate::random::play::Play;
use crate::random::{bytes, definitions};

fn reads(condition: &Condition, step: &str) -> bool {
    match condition {
        Condition::All(terms) | Condition::Any(terms) => terms.iter().any(|term| reads(term, step)),
        Condition::Not(inner) => reads(inner, step),
        Condition::Answer { field, .. } => field.step == step,
        Condition::Step { id, .. } => id == step,
    }
}

/// Whether an answer of this step is disputed, and another step waits for it to know whether it applies.
fn holds_up(derived: &Derived<'_>, record: &StepRecord<'_>) -> bool {
    let asked = derived.steps.iter().filter_map(|other| other.asks.as_ref());
    let mut asked = asked.filter(|asked| asked.step == record.step.id);
    asked.any(|asked| {
        let is_it = |conflict: &Conflict| matches!(conflict, Conflict::Field { field, .. } if asked.field.as_ref() == Some(field));
        record.conflicts.iter().any(is_it)
    })
}

/// A call that was tried in vain within the last five minutes, or a stay of which only the end is lacking and that is in
/// time.
fn stands_back(
    definition: &Definition,
    derived: &Derived<'_>,
    record: &StepRecord<'_>,
    now: Instant,
) -> bool {
    if record.step.partner.is_some() {
        let outcome = |entry: &firsthours_core::record::EntryRecord<'_>| entry.value("outcome").cloned();
        let reached = Some(Value::Text("reached".to_owned()));
        let in_vain =
            record.entries.iter().all(|entry| outcome(entry).is_some() && outcome(entry) != reached);
        let called = record.entries.iter().filter_map(|entry| entry.value("called_at")?.moment()).max();
        if in_vain && called.is_some_and(|at| at <= now && now < at + 5 * crate::support::MINUTE) {
            return true;
        }
    }
    let here = |step: &str| step == record.step.id;
    let ends: Vec<&str> = definition
        .clocks
        .iter()
        .filter(|clock| here(&clock.from.field.step))
        .flat_map(|clock| &clock.met_at)
        .filter(|end| here(&end.field.step))
        .map(|end| end.field.field.as_str())
        .collect();
    let lacking: Vec<&str> = record.entries.iter().flat_map(|entry| entry.missing.iter().copied()).collect();
    let is_over = derived.clocks.iter().any(|reading| {
        let clock = &definition.clocks[reading.clock];
        let runs = matches!(reading.result(now), ClockResult::Running | ClockResult::Missed);
        runs && reads(&clock.met_by, &record.step.id) && reading.due.is_some_and(|due| due < now)
    });
    !lacking.is_empty() && lacking.iter().all(|field| ends.contains(field)) && !is_over
}

proptest! {
    #![proptest_config(cases(2_500))]

    #[test]
    fn the_next_step_is_one_that_can_be_done_now(
        drawn in definitions(), acts in bytes(300), minutes in -1_000..20_000_i64,
    ) {
        let play = Play::played(&drawn, &acts);
        let state = State::fold(play.events.iter().cloned());
        let derived = derive(&drawn.definition, &state);
        let now = play.night + minutes * crate::support::MINUTE;
        for reader in [Author::Deputy, Author::Detective, Author::Supervisor, Author::County] {
            let all: Vec<&StepRecord<'_>> = derived
                .steps
                .iter()
                .filter(|record| record.step.by == reader && (record.step.required || record.step.urgent))
                .filter(|record| {
                    matches!(record.state, StepState::Todo | StepState::Started) || holds_up(&derived, record)
                })
                .collect();
            let next = next_step(&drawn.definition, &derived, reader, now);
            let Some(next) = next else {
                prop_assert!(all.is_empty(), "{:?} waits", all[0].step.id);
                continue;
            };
            // What cannot be done just now gives way to the rest of its phase, and to nothing else.
            let mut required = all.clone();
            required.retain(|record| !stands_back(&drawn.definition, &derived, record, now));
            let phase_of = |records: &[&StepRecord<'_>]| records.iter().map(|record| record.step.phase).min();
            if phase_of(&required) != phase_of(&all) {
                required = all;
            }
            let record = derived.step(&next.step).expect("it is a step");
            prop_assert!(required.iter().any(|open| open.step.id == next.step), "{:?} is not open", record.state);
            prop_assert!(record.applies != Truth::False);
            // One that waits is no next step, unless an answer in it is in dispute that decides what else applies.
            prop_assert!(record.state != StepState::Waiting || holds_up(&derived, record));
            if let Some(urgent) = required.iter().find(|record| record.step.urgent) {
                prop_assert_eq!(&next.step, &urgent.step.id);
                prop_assert_eq!(&next.because, &NextReason::Urgent);
                continue;
            }
            prop_assert!(record.step.required && next.because != NextReason::Urgent);
            // What could press: clocks that a step can meet, of the phase that is worked on or run out.
            let phase = required.iter().map(|record| record.step.phase).min().expect("one is required");
            let mut pressing = Vec::new();
            for reading in &derived.clocks {
                let clock = &drawn.definition.clocks[reading.clock];
                let runs = matches!(reading.result(now), ClockResult::Running | ClockResult::Missed);
                let Some(due) = reading.due.filter(|_| runs) else { continue };
                for open in required.iter().filter(|record| reads(&clock.met_by, &record.step.id)) {
                    if open.step.phase == phase || due < now {
                        pressing.push((due, open.step.id.as_str()));
                    }
                }
            }
            if let Some((first, _)) = pressing.iter().min() {
                let NextReason::Clock { due, .. } = &next.because else { panic!("{first} presses") };
                prop_assert_eq!(due, first);
                prop_assert!(pressing.contains(&(*due, next.step.as_str())));
            } else {
                let first = required.iter().find(|record| record.step.phase == phase).expect("one of it");
                prop_assert_eq!((&next.step, &next.because), (&first.step.id, &NextReason::InOrder));
            }
        }
    }
}
