//! Heads: the writes that no other write that counts names, whoever named what and whatever is held.

use std::collections::BTreeMap;
use std::sync::Arc;

use firsthours_core::protocol::Value;
use firsthours_core::record::{Event, EventId, HoldReason, Kind, Register, Role, State};
use proptest::prelude::*;

use super::cases;
use crate::support::{Author, NIGHT, read};

/// Answers to two fields, each naming any of the events before it, and holds and releases of any of them.
fn written(drawn: &[(u8, u8, [u8; 3])]) -> Vec<Arc<Event>> {
    let (mut phone, mut desk) = (Author::phone(1, Role::Deputy), Author::desk(9, Role::Server));
    let mut events: Vec<Arc<Event>> = Vec::new();
    for (what, which, named) in drawn {
        let any = |n: u8| events.get(usize::from(n) % events.len().max(1)).map(|event| event.id);
        let id = any(*which).unwrap_or(EventId([7; 32]));
        let base: Vec<EventId> = named.iter().filter(|n| **n < 200).filter_map(|n| any(*n)).collect();
        let stamp = u64::from(*which) + 1;
        let event = match what {
            0 => desk.write(stamp, NIGHT, Kind::Held { id, why: HoldReason::NoGrant }, base, None),
            1 => desk.write(stamp, NIGHT, Kind::Released { id }, base, None),
            _ => {
                let mut values = BTreeMap::new();
                for (field, bit) in [("address", 1), ("how", 2)] {
                    if what & bit != 0 {
                        values.insert(field.to_owned(), Some(Value::Text(what.to_string())));
                    }
                }
                let kind = Kind::Answered { step: "contact".to_owned(), entry: None, values, copied: None };
                phone.write(stamp, NIGHT, kind, base, None)
            }
        };
        events.push(read(&event));
    }
    events
}

/// As the contract says it.
fn heads(state: &State, register: &Register, visible: impl Fn(&Event) -> bool) -> Vec<EventId> {
    let writes: Vec<&Event> = state
        .events()
        .map(Arc::as_ref)
        .filter(|event| {
            let body = event.body.as_ref().expect("a body");
            body.kind.writes(&body.actor.person).iter().any(|(written, _)| written == register)
        })
        .filter(|event| visible(event) && (matches!(register, Register::Hold(_)) || state.counts(event)))
        .collect();
    let names = |other: &Event, id: EventId| {
        other.id != id && other.body.as_ref().expect("a body").base.contains(&id)
    };
    let mut heads: Vec<&Event> =
        writes.iter().copied().filter(|event| !writes.iter().any(|other| names(other, event.id))).collect();
    heads.sort_by_key(|event| event.rank());
    heads.iter().map(|event| event.id).collect()
}

proptest! {
    #![proptest_config(cases(4_000))]

    #[test]
    fn a_head_is_a_write_that_no_other_that_counts_names(
        drawn in proptest::collection::vec((0_u8..9, any::<u8>(), any::<[u8; 3]>()), 1..20),
        order in any::<[u8; 20]>(),
    ) {
        let events = written(&drawn);
        let mut shuffled: Vec<(u8, Arc<Event>)> = order.into_iter().zip(events.iter().cloned()).collect();
        shuffled.sort_by_key(|(rank, event)| (*rank, event.id));
        let state = State::fold(shuffled.into_iter().map(|(_, event)| event));
        for register in state.registers() {
            let said: Vec<EventId> = state.heads(register).iter().map(|head| head.event.id).collect();
            prop_assert_eq!(said, heads(&state, register, |_| true));
            let odd = |event: &Event| !event.id.0[0].is_multiple_of(3);
            let said: Vec<EventId> =
                state.heads_among(register, odd).iter().map(|head| head.event.id).collect();
            prop_assert_eq!(said, heads(&state, register, odd));
        }
        for event in &events {
            let hold = Register::Hold(event.id);
            let held = heads(&state, &hold, |_| true).iter().any(|id| {
                matches!(state.event(id).and_then(|event| event.kind()), Some(Kind::Held { .. }))
            });
            prop_assert_eq!(state.held(&event.id).is_some(), held);
        }
    }
}
