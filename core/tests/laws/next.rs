//! The next step: open, the reader's own, in the phase that is worked on, and what is urgent before all else.

use firsthours_core::protocol::{Author, ClockResult, Condition, Truth};
use firsthours_core::record::{NextReason, State, StepRecord, StepState, derive, next_step};
use proptest::prelude::*;

use crate::cases;
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
            let open: Vec<&StepRecord<'_>> = derived
                .steps
                .iter()
                .filter(|record| record.step.by == reader)
                .filter(|record| matches!(record.state, StepState::Todo | StepState::Started))
                .collect();
            let required: Vec<&&StepRecord<'_>> = open.iter().filter(|record| record.step.required).collect();
            let next = next_step(&drawn.definition, &derived, reader, now);
            let Some(next) = next else {
                prop_assert!(required.is_empty(), "{:?} waits", required[0].step.id);
                prop_assert!(!open.iter().any(|record| record.step.urgent));
                continue;
            };
            let record = derived.step(&next.step).expect("it is a step");
            prop_assert!(open.iter().any(|open| open.step.id == next.step), "{:?} is not open", record.state);
            prop_assert!(record.applies != Truth::False && record.state != StepState::Waiting);
            if let Some(urgent) = open.iter().find(|record| record.step.urgent) {
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
