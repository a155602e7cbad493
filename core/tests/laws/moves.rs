//! A record that moves to another version, whatever was changed in it, keeps all that was said; and moves back.

use std::cell::Cell;
use std::collections::BTreeSet;

use firsthours_core::record::{
    Act, Content, Derived, EntryId, EventId, Hash, IncidentId, Kind, Register, Role, State, derive,
    versions as versions_of,
};
use proptest::prelude::*;
use proptest::test_runner::TestRunner;

use super::clocks::{by_engine, by_hand};
use super::told::derived_text;
use super::{cases, is_whole_run};
use crate::random::choices::Choices;
use crate::random::naive::{self, Heads, Naive, value};
use crate::random::play::Play;
use crate::random::{Drawn, bytes, versions};
use crate::support::{Author, NIGHT, read as read_event};

/// One thing that was said: the event, and where it said it.
type Saying = (EventId, String, Option<EntryId>, Option<String>);

/// What is read under this version.
fn read(derived: &Derived<'_>) -> BTreeSet<Saying> {
    let mut read = BTreeSet::new();
    for record in &derived.steps {
        let id = &record.step.id;
        for entry in record.entries.iter().chain(&record.withdrawn) {
            for (field, heads) in &entry.fields {
                let said = heads.iter().filter(|head| *head.content != Content::Value(None));
                read.extend(
                    said.map(|head| (head.event.id, id.clone(), entry.id, Some((*field).to_owned()))),
                );
            }
        }
        let said = record.cannot.iter().filter(|head| *head.content != Content::Cannot(None));
        read.extend(said.map(|head| (head.event.id, id.clone(), None, None)));
    }
    read
}

/// What is carried.
fn carried(derived: &Derived<'_>) -> BTreeSet<Saying> {
    let mut carried = BTreeSet::new();
    for kept in &derived.carried {
        let nothing = |content: &Content| matches!(content, Content::Value(None) | Content::Cannot(None));
        for head in kept.heads.iter().filter(|head| !nothing(head.content)) {
            carried.insert((head.event.id, kept.step.to_owned(), kept.entry, kept.field.map(str::to_owned)));
        }
    }
    carried
}

/// All that was said and not taken back, and of it what this version can read.
fn said(heads: &Heads, drawn: &Drawn) -> (BTreeSet<Saying>, BTreeSet<Saying>) {
    let naive = Naive::new(&drawn.definition, heads);
    let (mut all, mut readable) = (BTreeSet::new(), BTreeSet::new());
    for (register, heads) in heads {
        for head in heads {
            let (saying, is_read) = match register {
                Register::Field { step, entry, field } if value(&head.content).is_some() => {
                    let found = drawn.definition.step(step);
                    let is_read = found.is_some_and(|step| {
                        naive.readable(step, *entry, field).iter().any(|said| said.id == head.id)
                    });
                    ((head.id, step.clone(), *entry, Some(field.clone())), is_read)
                }
                Register::Cannot { step } if head.content != Content::Cannot(None) => {
                    let is_read = drawn.definition.step(step).is_some_and(|step| !step.fixed);
                    ((head.id, step.clone(), None, None), is_read)
                }
                _ => continue,
            };
            if is_read {
                readable.insert(saying.clone());
            }
            all.insert(saying);
        }
    }
    (all, readable)
}

/// Nothing is lost, nothing is both, and what can be read is read.
fn nothing_is_lost(play: &Play<'_>, drawn: &Drawn) -> Result<usize, TestCaseError> {
    let state = State::fold(play.events.iter().cloned());
    let derived = derive(&drawn.definition, &state);
    let (read, carried) = (read(&derived), carried(&derived));
    let (all, readable) = said(&naive::heads(&play.events), drawn);
    prop_assert_eq!(&read, &readable);
    prop_assert_eq!(&read | &carried, all);
    prop_assert!(read.is_disjoint(&carried));
    Ok(carried.len())
}

#[test]
fn a_move_loses_nothing_and_can_be_taken_back() {
    let counts = Cell::new((0_usize, 0_usize));
    let strategy = (versions(), bytes(180), bytes(60));
    let law = |((first, second), acts, later): ((Drawn, Drawn), Vec<u8>, Vec<u8>)| {
        let mut play = Play::played(&first, &acts);
        let events = play.events.clone();
        play.devices[0].take(&events);
        play.act(0, Act::Unvoid, 0).expect("a deputy may");
        let state = State::fold(play.events.iter().cloned());
        let before = derived_text(&first.definition, &derive(&first.definition, &state));
        nothing_is_lost(&play, &first)?;

        let reason = Some("a newer version is in force".to_owned());
        let there = Act::Move { protocol: second.protocol(), reason: reason.clone() };
        play.act(0, there, 0).expect("a move can be made with a reason");
        let state = State::fold(play.events.iter().cloned());
        prop_assert_eq!(versions_of(&state)[0], second.protocol());
        let kept = nothing_is_lost(&play, &second)?;
        let (records, all) = counts.get();
        counts.set((records + usize::from(kept > 0), all + kept));

        let back = Act::Move { protocol: first.protocol(), reason };
        play.act(0, back, 0).expect("and taken back");
        let state = State::fold(play.events.iter().cloned());
        prop_assert_eq!(versions_of(&state)[0], first.protocol());
        prop_assert_eq!(derived_text(&first.definition, &derive(&first.definition, &state)), before);

        // What is said under the one version from here on is lost under neither.
        let mut under_second = Play { drawn: &second, ..play };
        let mut choices = Choices::new(&later);
        while !choices.is_spent() {
            let act = under_second.ground(0).act(&mut choices);
            under_second.act(0, act, 0).ok();
        }
        nothing_is_lost(&under_second, &second)?;
        nothing_is_lost(&under_second, &first)?;
        let state = State::fold(under_second.events.iter().cloned());
        prop_assert_eq!(by_engine(&second, &state), by_hand(&second, &under_second.events));
        Ok(())
    };
    let outcome = TestRunner::new(cases(10_000)).run(&strategy, law);
    outcome.unwrap_or_else(|failure| panic!("{failure}"));
    let (records, all) = counts.get();
    let enough = records > 1_000 && all > 2_000;
    assert!(enough || !is_whole_run(), "{all} answers were carried in {records} records");
}

/// A stamp orders what is shown, and an author may choose it: which version a record is read under is said by who saw what.
#[test]
fn a_record_is_read_under_the_version_that_nobody_moved_it_from_whatever_the_stamps() {
    let mut phone = Author::phone(1, Role::Deputy);
    let [first, second, third] = [1, 2, 3].map(|n| Hash([n; 32]));
    let opened = Kind::Opened {
        protocol: first,
        agency: "sheriff".into(),
        station: "century".into(),
        incident: IncidentId([1; 16]),
        letter: "A".to_owned(),
    };
    let opened = phone.write(1, NIGHT, opened, vec![], None);
    let moved = phone.write(9, NIGHT, Kind::Moved { protocol: second }, vec![opened.id], None);
    let again = phone.write(5, NIGHT, Kind::Moved { protocol: third }, vec![moved.id], None);
    let state = State::fold([&opened, &moved, &again].map(read_event));
    assert_eq!(versions_of(&state), [third, second, first]);
}
