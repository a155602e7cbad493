//! How much one author may write into a record: each bound at its edge, as the server judges and as the phone refuses.

use std::sync::Arc;

use firsthours_core::protocol::Value;
use firsthours_core::record::bounds::{
    BASE_IDS, Bound, RECORD_EVENTS, REGISTER_WRITES, STAMP, STAMP_STEP, beyond, is_full, letter_fits,
};
use firsthours_core::record::{
    Act, Event, EventId, HoldReason, Kind, Record, Refusal, Register, Role, State, decide,
};

use super::paper::answer;
use crate::support::{Author, NIGHT, answered, los_angeles, opened, read, text};

/// A record that is only begun, and its author.
fn begun() -> (State, Author) {
    let mut state = State::default();
    let mut author = Author::phone(1, Role::Deputy);
    state.add(read(&author.write(1, NIGHT, opened(), Vec::new(), None)));
    (state, author)
}

/// The author's next event, not yet in the record.
fn next(state: &State, author: &mut Author, kind: Kind, base: Vec<EventId>) -> Arc<Event> {
    read(&author.write(state.greatest_stamp() + 1, NIGHT, kind, base, None))
}

fn contact(minutes: i64) -> Kind {
    answered("contact", None, &[("at", Some(Value::from(NIGHT + minutes * 60_000)))])
}

fn decided(state: &State, author: &Author, act: Act) -> Result<(), Refusal> {
    let record = Record { definition: los_angeles(), state };
    let entry = firsthours_core::record::EntryId([7; 8]);
    decide(act, record, &author.actor, author.install, entry, &|_| true).map(|_| ())
}

#[test]
fn a_register_takes_its_writes_and_no_more_and_those_that_are_held_do_not_count() {
    let (mut state, mut author) = begun();
    let register = Register::Field { step: "contact".to_owned(), entry: None, field: "at".to_owned() };
    let mut last: Option<EventId> = None;
    let mut write = |state: &mut State, author: &mut Author| {
        let written = next(state, author, contact(0), last.into_iter().collect());
        let found = beyond(state, &written);
        last = Some(written.id);
        state.add(written);
        found
    };
    for _ in 0..REGISTER_WRITES {
        assert!(!is_full(&state, &register));
        assert_eq!(write(&mut state, &mut author), None);
    }
    assert!(is_full(&state, &register));
    let at = || answer("contact", &[("at", Value::from(NIGHT))]);
    assert_eq!(decided(&state, &author, at()), Err(Refusal::ChangedTooOften));
    let place = || answer("contact", &[("place", text("street"))]);
    assert_eq!(decided(&state, &author, place()), Ok(()), "only what was changed too often");
    assert_eq!(write(&mut state, &mut author), Some(Bound::RegisterWrites));
    let other =
        next(&state, &mut author, answered("contact", None, &[("place", Some(text("street")))]), Vec::new());
    assert_eq!(beyond(&state, &other), None);

    let mut server = Author::desk(9, Role::Server);
    let newest = state.writers(&register).map(|event| event.id).collect::<Vec<_>>();
    for id in newest.into_iter().take(2) {
        let held = Kind::Held { id, why: HoldReason::NoGrant };
        let held = next(&state, &mut server, held, Vec::new());
        state.add(held);
    }
    assert!(!is_full(&state, &register), "one below the bound counts");
    assert_eq!(decided(&state, &author, at()), Ok(()));
}

#[test]
fn a_record_takes_its_events_and_no_more_and_the_desk_may_always_say_something() {
    assert!(State::default().is_empty());
    let (mut state, mut author) = begun();
    assert!(!state.is_empty());
    let noted = || Kind::Noted { step: None, text: "seen".to_owned() };
    while state.len() < RECORD_EVENTS - 1 {
        let event = next(&state, &mut author, noted(), Vec::new());
        state.add(event);
    }
    let last = next(&state, &mut author, noted(), Vec::new());
    assert_eq!(beyond(&state, &last), None);
    assert_eq!(decided(&state, &author, Act::Note { step: None, text: "seen".to_owned() }), Ok(()));
    state.add(last);
    let more = next(&state, &mut author, noted(), Vec::new());
    assert_eq!(beyond(&state, &more), Some(Bound::RecordEvents));
    let note = || Act::Note { step: None, text: "seen".to_owned() };
    assert_eq!(decided(&state, &author, note()), Err(Refusal::RecordFull));
    let comment = Act::Comment { step: None, text: "It is full.".to_owned() };
    assert_eq!(decided(&state, &Author::desk(9, Role::Supervisor), comment), Ok(()));
}

#[test]
fn an_event_names_no_more_events_as_those_before_it_than_it_may() {
    let (state, mut author) = begun();
    let of = |author: &mut Author, count: usize| {
        let base = (0..count).map(|n| EventId([u8::try_from(n).expect("few"); 32])).collect();
        next(&state, author, contact(0), base)
    };
    assert_eq!(beyond(&state, &of(&mut author, BASE_IDS)), None);
    assert_eq!(beyond(&state, &of(&mut author, BASE_IDS + 1)), Some(Bound::Base));
}

#[test]
fn a_letter_is_one_or_two_of_a_to_z() {
    for (letter, fits) in [
        ("A", true),
        ("Z", true),
        ("AZ", true),
        ("", false),
        ("ABC", false),
        ("a", false),
        ("Aa", false),
        ("1", false),
        ("Ñ", false),
        (" A", false),
    ] {
        assert_eq!(letter_fits(letter), fits, "{letter:?}");
        let mut kind = opened();
        let Kind::Opened { letter: named, .. } = &mut kind else { unreachable!("an opening") };
        letter.clone_into(named);
        let event = next(&State::default(), &mut Author::phone(1, Role::Deputy), kind, Vec::new());
        assert_eq!(beyond(&State::default(), &event), (!fits).then_some(Bound::Letter), "{letter:?}");
    }
}

#[test]
fn a_stamp_begins_at_one_and_goes_up_by_no_more_than_a_step_and_to_no_more_than_the_greatest() {
    let (mut state, mut author) = begun();
    let mut at = |state: &State, stamp: u64| {
        beyond(state, &read(&author.write(stamp, NIGHT, contact(0), Vec::new(), None)))
    };
    assert_eq!(at(&state, 0), Some(Bound::Stamp));
    assert_eq!(at(&state, 1), None);
    assert_eq!(at(&state, 1 + STAMP_STEP), None);
    assert_eq!(at(&state, 2 + STAMP_STEP), Some(Bound::Stamp));
    assert_eq!(at(&state, STAMP + 1), Some(Bound::Stamp));
    // One that is far above the others does not count: the bound stays where it was.
    let far = Author::phone(2, Role::Deputy).write(STAMP, NIGHT, opened(), Vec::new(), None);
    state.add(read(&far));
    assert_eq!(at(&state, 1 + STAMP_STEP), None);
    assert_eq!(at(&state, 2 + STAMP_STEP), Some(Bound::Stamp));
}
