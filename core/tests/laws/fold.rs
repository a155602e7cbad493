//! The fold: whatever the order, the number and the batches of arrivals, the same state to the byte.

use std::sync::Arc;

use firsthours_core::record::{Event, EventId, HoldReason, Kind, Role, State, bounds};
use proptest::prelude::*;

use super::cases;
use super::told::told;
use crate::random::play::Play;
use crate::random::{bytes, definitions};
use crate::support::{Author, NIGHT, read};

/// The greatest stamp as the contract says it: of the events that count, as far as each goes on from the one before it.
fn greatest(state: &State) -> u64 {
    let mut greatest = 0;
    for event in state.counting() {
        if event.header.stamp > greatest + bounds::STAMP_STEP {
            break;
        }
        greatest = event.header.stamp;
    }
    greatest.min(bounds::STAMP)
}

proptest! {
    #![proptest_config(cases(2_500))]

    #[test]
    fn arrivals_in_any_order_number_and_batches_are_one_record(
        drawn in definitions(), acts in bytes(400), order in any::<[u8; 24]>(), cut in any::<u32>(),
    ) {
        let mut play = Play::played(&drawn, &acts);
        let whole = State::fold(play.events.iter().cloned());
        let expected = told(&drawn, &whole);

        let mut shuffled: Vec<(u8, Arc<Event>)> = order.into_iter().zip(play.events.iter().cloned()).collect();
        shuffled.sort_by_key(|(rank, event)| (*rank, event.id));
        let shuffled: Vec<Arc<Event>> = shuffled.into_iter().map(|(_, event)| event).collect();
        let again = State::fold(shuffled.iter().chain(&play.events).chain(&shuffled).cloned());
        prop_assert_eq!(&again, &whole);
        prop_assert_eq!(&told(&drawn, &again), &expected);

        // Batches that begin anew wherever a bit is set, folded apart and put together from the last.
        let mut batches = vec![State::default()];
        for (number, event) in shuffled.into_iter().enumerate() {
            if cut >> number & 1 == 1 {
                batches.push(State::default());
            }
            batches.last_mut().expect("there is one").add(event);
        }
        let mut merged = State::default();
        for batch in batches.iter().rev() {
            merged.merge(batch);
        }
        prop_assert_eq!(&merged, &whole);
        prop_assert_eq!(&told(&drawn, &merged), &expected);

        // Each device got them in its own order; once it has all, it has what the others have.
        for device in &mut play.devices {
            device.take(&play.events);
            prop_assert_eq!(&device.state, &whole);
        }
    }

    /// It is kept as events come, so it must be the same whatever came first: events that jump, their holds and releases.
    #[test]
    fn the_greatest_stamp_is_the_same_in_whatever_order_events_and_their_holds_come(
        drawn in proptest::collection::vec((0_u8..6, 0_usize..4, any::<u8>()), 1..24), order in any::<[u8; 64]>(),
    ) {
        let (mut phone, mut desk) = (Author::phone(1, Role::Deputy), Author::desk(9, Role::Server));
        let mut events: Vec<Arc<Event>> = Vec::new();
        for (what, far, which) in drawn {
            let stamps: Vec<u64> = events.iter().map(|event| event.header.stamp).collect();
            let near = stamps.get(usize::from(which) % stamps.len().max(1)).copied().unwrap_or(0);
            let stamp = (near + [1, 7, bounds::STAMP_STEP, bounds::STAMP_STEP + 1][far]).min(bounds::STAMP);
            let about = EventId([which; 32]);
            let id = events.get(usize::from(which) % events.len().max(1)).map_or(about, |event| event.id);
            let written = match what {
                0 => desk.write(stamp, NIGHT, Kind::Held { id, why: HoldReason::OverLimit }, vec![], None),
                1 => {
                    let holds = events.iter().filter(|event| matches!(event.kind(), Some(Kind::Held { id: of, .. }) if *of == id));
                    let base = holds.map(|event| event.id).collect();
                    desk.write(stamp, NIGHT, Kind::Released { id }, base, None)
                }
                _ => phone.write(stamp, NIGHT, Kind::Noted { step: None, text: "seen".to_owned() }, vec![], None),
            };
            events.push(read(&written));
        }
        let mut state = State::default();
        let mut shuffled: Vec<(u8, Arc<Event>)> = order.into_iter().cycle().zip(events.iter().cloned()).collect();
        shuffled.sort_by_key(|(rank, event)| (*rank, event.id));
        for (_, event) in shuffled {
            // First as it is without its body, then with it: that is how a shredded one and a late one come.
            state.add(Arc::new(Event { body: None, ..(*event).clone() }));
            prop_assert_eq!(state.greatest_stamp(), greatest(&state));
            state.add(event);
            prop_assert_eq!(state.greatest_stamp(), greatest(&state));
        }
        prop_assert_eq!(state, State::fold(events));
    }
}
