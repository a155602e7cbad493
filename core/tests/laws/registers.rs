//! The register rule: nobody replaces what they had not seen, and nothing that was written is ever lost.

use std::collections::BTreeSet;

use firsthours_core::record::{Event, EventId, Register, State, derive, disputes};
use proptest::prelude::*;

use super::cases;
use crate::random::naive::{self, Naive, differ};
use crate::random::play::Play;
use crate::random::{bytes, definitions};

fn base(event: &Event) -> &[EventId] {
    event.body.as_ref().map(|body| body.base.as_slice()).unwrap_or_default()
}

fn writes(event: &Event, register: &Register) -> bool {
    event.body.as_ref().is_some_and(|body| naive::puts(body).iter().any(|(written, _)| written == register))
}

proptest! {
    #![proptest_config(cases(2_500))]

    #[test]
    fn nothing_is_replaced_unseen_and_nothing_is_lost(drawn in definitions(), acts in bytes(400)) {
        let play = Play::played(&drawn, &acts);
        let state = State::fold(play.events.iter().cloned());
        let heads = naive::heads(&play.events);
        let registers: BTreeSet<&Register> = state.registers().collect();
        prop_assert_eq!(&registers, &heads.keys().collect::<BTreeSet<_>>());
        for register in registers {
            let kept: Vec<(EventId, _)> =
                state.heads(register).iter().map(|head| (head.event.id, head.content.clone())).collect();
            let expected: Vec<(EventId, _)> =
                heads[register].iter().map(|said| (said.id, said.content.clone())).collect();
            prop_assert_eq!(&kept, &expected, "{:?}", register);
            prop_assert!(!kept.is_empty(), "{register:?} lost all");
            for write in play.events.iter().filter(|event| writes(event, register)) {
                let is_head = kept.iter().any(|(id, _)| *id == write.id);
                let replaced_by_one_who_saw_it = play.events.iter().any(|later| {
                    writes(later, register)
                        && base(later).contains(&write.id)
                        && play.shown[&later.id].contains(&write.id)
                });
                prop_assert!(is_head || replaced_by_one_who_saw_it, "{register:?} lost {write:?}");
                prop_assert!(!(is_head && replaced_by_one_who_saw_it), "{register:?} kept {write:?}");
            }
        }
        for event in &play.events {
            prop_assert!(base(event).iter().all(|named| play.shown[&event.id].contains(named)));
        }
    }

    #[test]
    fn different_values_are_a_conflict_and_equal_ones_are_none(drawn in definitions(), acts in bytes(400)) {
        let play = Play::played(&drawn, &acts);
        let state = State::fold(play.events.iter().cloned());
        let heads = naive::heads(&play.events);
        let naive = Naive::new(&drawn.definition, &heads);
        let derived = derive(&drawn.definition, &state);
        for step in &drawn.definition.steps {
            let expected = naive.conflicts(step);
            let record = derived.step(&step.id).expect("every step is there");
            prop_assert_eq!(record.conflicts.len(), expected.len());
            prop_assert_eq!(record.conflicts.iter().cloned().collect::<BTreeSet<_>>(), expected);
        }
        let whole = |register: &Register| !matches!(register,
            Register::Field { .. } | Register::Cannot { .. } | Register::Entry { .. } | Register::Thread(_));
        let disputed = heads.iter().filter(|(register, said)| whole(register) && differ(*said)).count();
        prop_assert_eq!(disputes(&state).len(), disputed);
    }
}
