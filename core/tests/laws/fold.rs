//! The fold: whatever the order, the number and the batches of arrivals, the same state to the byte.

use std::sync::Arc;

use firsthours_core::record::{Event, State};
use proptest::prelude::*;

use crate::cases;
use crate::random::play::Play;
use crate::random::{bytes, definitions};
use crate::told::told;

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
}
