//! The laws of records: whatever events were accepted, the fold is one of the set, and everything drawn from it draws.

use std::sync::Arc;

use firsthours_core::bundle::Manifest;
use firsthours_core::evidence::check_encounter;
use firsthours_core::protocol::{Author, Definition};
use firsthours_core::record::{
    Actor, Directory, Event, Hash, PersonId, Record, Role, State, Submissions, Summary, copies, derive,
    disputes, next_step, summarise, versions,
};
use firsthours_core::view::{
    Context, Draft, EncounterView, OnPhone, Reader, alarms, home_row, queue_row, sheet, timeline, view,
};
use firsthours_core::words::Language;

use crate::support::{ENCOUNTER, EPOCH, MINUTE, NIGHT};

/// Folds in several ways and draws in one that `how` chooses.
pub(crate) fn folds_and_draws(definition: &Definition, events: &[Arc<Event>], how: u8) -> State {
    let state = State::fold(events.iter().cloned());
    let backwards = State::fold(events.iter().rev().cloned());
    assert_eq!(state, backwards, "the order of arrival changed the state");
    let (one, other) = events.split_at(events.len() / 2);
    let mut merged = State::fold(other.iter().cloned());
    merged.merge(&State::fold(one.iter().cloned()));
    merged.merge(&state);
    assert_eq!(state, merged, "merging changed the state");
    draws(definition, &state, how);
    let _ = check_encounter(events.iter().map(|event| (event.id, &event.header)), |_, _| None);
    let manifest = Manifest::of("station", ENCOUNTER, Hash::of(b""), EPOCH, events, NIGHT);
    let text = serde_json::to_string(&manifest).expect("a manifest is JSON");
    let again: Manifest = serde_json::from_str(&text).expect("and is read again");
    assert_eq!(manifest, again);
    state
}

/// Summarises and draws everything that is drawn from a record.
pub(crate) fn draws(definition: &Definition, state: &State, how: u8) -> EncounterView {
    let derived = derive(definition, state);
    assert_eq!(derived.steps.len(), definition.steps.len(), "every step stands somewhere");
    let summary = summarise(ENCOUNTER, Hash([7; 32]), definition, state, &derived);
    let bytes = summary.to_bytes();
    assert_eq!(Summary::from_bytes(&bytes).as_ref(), Some(&summary), "a summary is read as it was written");
    let names = Directory::default();
    let reader = reader(how);
    let here = here(how);
    let language = Language::ALL[usize::from(how & 1)];
    let now = NIGHT + i64::from(how) * 7 * MINUTE;
    let context = Context { definition, here: &here, reader: &reader, language, now, names: &names };
    let drawn = view(ENCOUNTER, state, &derived, context);
    assert_eq!(timeline(state, context).len(), state.len(), "every event has its line");
    let _ = queue_row(&summary, definition, language, now, &names);
    let _ = home_row(&summary, definition, here.unsent, language, now, &names);
    for found in &definition.sheets {
        let made = sheet(&found.id, ENCOUNTER, state, &derived, context).expect("it is the protocol's own");
        assert!(made.text().contains(&made.title), "a sheet begins with what it is");
    }
    let author = reader.author().unwrap_or(Author::Deputy);
    let rings = alarms([(&summary, definition)], author, language, now);
    assert!(rings.iter().all(|ring| ring.at_ms >= now.ms()), "nothing rings in the past");
    let folded = Record { definition, state };
    assert_eq!(copies(ENCOUNTER, &derived, folded), [], "a record lacks nothing of its own");
    let _ = (disputes(state), versions(state));
    let _ = next_step(definition, &derived, reader.author().unwrap_or(Author::Deputy), now);
    let submissions = Submissions::of(state);
    for event in state.events() {
        let _ = submissions.changed_after(definition, event);
    }
    drawn
}

/// A deputy with a phone, or a supervisor, detective or county worker at a desk.
pub(crate) fn reader(how: u8) -> Reader {
    let (person, role) = match how >> 1 & 3 {
        0 => ("p-1", Role::Deputy),
        1 => ("p-9", Role::Supervisor),
        2 => ("p-3", Role::Detective),
        _ => ("p-4", Role::County),
    };
    let actor = Actor { person: PersonId(person.to_owned()), role, agency: "sheriff".into() };
    Reader { actor, sees_all: how & 8 != 0, at_desk: role != Role::Deputy }
}

fn here(how: u8) -> OnPhone {
    if how & 6 != 0 {
        return OnPhone { seen: u64::from(how), ..OnPhone::default() };
    }
    let draft = Draft {
        step: "contact".to_owned(),
        entry: None,
        field: "hurt_note".to_owned(),
        text: "half a sent".to_owned(),
    };
    OnPhone {
        seen: u64::from(how),
        drafts: vec![draft],
        unsent: Some(usize::from(how)),
        numbers: Vec::new(),
        colleagues: vec![(PersonId("p-2".to_owned()), "Dep. Example".to_owned())],
        clock_off_ms: Some(-i64::from(how) * MINUTE),
        recalled: how & 16 != 0,
        lacks_version: how & 32 != 0,
        newer: (how & 64 != 0).then_some((Hash([8; 32]), 3)),
        ..OnPhone::default()
    }
}
