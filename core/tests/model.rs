//! The record against a model of plain maps: whatever deputies, supervisors and county workers do, alone or apart.

mod refusals;
mod replica;

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use crate::random::choices::Choices;
use crate::random::naive::{Naive, differ, value};
use crate::random::play::Play;
use crate::random::{Drawn, bytes, versions};
use firsthours_core::protocol::{Definition, Phase, Reading};
use firsthours_core::record::{
    Act, Content, EntryId, Hash, State, derive, disputes, holders, is_void, phase_status, same_as, threads,
    versions as versions_of,
};
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use refusals::Asked;
use replica::Replica;

type Counts = RefCell<BTreeMap<String, usize>>;

/// A record, and the model of what each device should hold.
struct Match<'d> {
    drawn: BTreeMap<Hash, &'d Drawn>,
    play: Play<'d>,
    replicas: Vec<Replica>,
    counts: &'d Counts,
}

impl<'d> Match<'d> {
    fn new(first: &'d Drawn, second: &'d Drawn, choices: &mut Choices<'_>, counts: &'d Counts) -> Self {
        let mut play = Play::new(first, choices);
        play.versions = vec![first.protocol(), second.protocol()];
        let person = &play.devices[0].author.actor.person;
        let replica = Replica::opened(play.events[0].id, person, first.protocol());
        let replicas = vec![replica; play.devices.len()];
        let drawn = [first, second].map(|drawn| (drawn.protocol(), drawn)).into();
        Self { drawn, play, replicas, counts }
    }

    fn count(&self, what: &str) {
        *self.counts.borrow_mut().entry(what.to_owned()).or_default() += 1;
    }

    /// Hands over all that the one device holds to the other.
    fn sync(&mut self, from: usize, to: usize) {
        let held = self.play.devices[from].held.clone();
        self.play.devices[to].take(&held);
        let theirs = self.replicas[from].clone();
        self.replicas[to].hear(&theirs);
    }

    /// Somebody does something; the engine has to accept it exactly where the model does.
    fn act(&mut self, at: usize, choices: &mut Choices<'_>) -> Result<(), TestCaseError> {
        self.play.devices[at].sits_down(choices);
        let drawn = self.drawn[&self.replicas[at].protocol().0];
        self.play.drawn = drawn;
        let act = self.play.ground(at).act(choices);
        let author = &self.play.devices[at].author;
        let actor = author.actor.clone();
        let at_desk = author.install.is_server();
        let asked =
            Asked { replica: &self.replicas[at], definition: &drawn.definition, actor: &actor, at_desk };
        let refusals = asked.refusals(&act);
        let entry = entry_of(&act, &drawn.definition, EntryId((self.play.events.len() as u64).to_be_bytes()));
        match self.play.act(at, act.clone(), 0) {
            Ok(event) => {
                prop_assert!(refusals.is_empty(), "{act:?} by {:?} was accepted: {refusals:?}", actor.role);
                self.replicas[at].write((event.header.stamp, event.id), &actor, &act, entry);
            }
            Err(refusal) => {
                let debug = format!("{refusal:?}");
                let name = debug.split([' ', '{']).next().unwrap_or_default();
                prop_assert!(refusals.contains(name), "{act:?} was refused: {debug}, not {refusals:?}");
                self.count(name);
            }
        }
        self.compare(at)
    }

    /// Whether the device holds what the model says.
    fn compare(&self, at: usize) -> Result<(), TestCaseError> {
        let (state, replica) = (&self.play.devices[at].state, &self.replicas[at]);
        let (protocol, _) = replica.protocol();
        let definition = &self.drawn[&protocol].definition;
        prop_assert_eq!(versions_of(state)[0], protocol);
        prop_assert_eq!(state.len(), replica.heard.len());
        steps(definition, state, replica)?;
        for phase in Phase::ALL {
            let status = replica.status(definition, phase);
            prop_assert_eq!(phase_status(state, definition, phase), status, "{:?}", phase);
            self.count(&format!("{status:?}"));
        }
        prop_assert_eq!(holders(state), replica.holders());
        prop_assert_eq!(is_void(state), replica.is_void());
        prop_assert_eq!(same_as(state), replica.same_as());
        let found: BTreeMap<_, _> = threads(state)
            .iter()
            .map(|thread| (thread.comment.id, (thread.state, thread.replies.len())))
            .collect();
        prop_assert_eq!(found, replica.threads());
        Ok(())
    }
}

/// The entry that an act writes into.
fn entry_of(act: &Act, definition: &Definition, new: EntryId) -> Option<EntryId> {
    match act {
        Act::Answer { step, entry, .. } => {
            let has_entries = definition.step(step).is_some_and(firsthours_core::protocol::Step::has_entries);
            entry.or_else(|| has_entries.then_some(new))
        }
        Act::Copy { entry, .. } => *entry,
        _ => None,
    }
}

/// Compares every step: its state, its entries, every value in them, *cannot*, and what people disagree on.
fn steps(definition: &Definition, state: &State, replica: &Replica) -> Result<(), TestCaseError> {
    let derived = derive(definition, state);
    let naive = Naive::new(definition, &replica.heads);
    for step in &definition.steps {
        let record = derived.step(&step.id).expect("every step is there");
        prop_assert_eq!(record.state, naive.state(step), "{}", &step.id);
        let entries: Vec<_> = record.entries.iter().map(|entry| entry.id).collect();
        prop_assert_eq!(&entries, &naive.entries(step));
        let written: BTreeSet<_> =
            entries.into_iter().chain(record.withdrawn.iter().map(|entry| entry.id)).collect();
        prop_assert_eq!(written, naive.written(step).into_iter().collect::<BTreeSet<_>>());
        for entry in record.entries.iter().chain(&record.withdrawn) {
            for field in &step.fields {
                let heads = naive.readable(step, entry.id, &field.id);
                let values: Vec<_> = heads.iter().filter_map(|said| value(&said.content)).collect();
                let expected = match values.first() {
                    _ if differ(heads.iter().copied()) => Reading::Disputed(values),
                    Some(first) => Reading::One(first),
                    None => Reading::Nothing,
                };
                prop_assert_eq!(entry.reading(&field.id), expected, "{}.{}", &step.id, &field.id);
            }
        }
        let cannot: Vec<&Content> = record.cannot.iter().map(|head| head.content).collect();
        let register = firsthours_core::record::Register::Cannot { step: step.id.clone() };
        let expected = replica.heads.get(&register).filter(|_| !step.fixed);
        let expected: Vec<&Content> = expected.into_iter().flatten().map(|said| &said.content).collect();
        prop_assert_eq!(cannot, expected);
        let conflicts: BTreeSet<_> = record.conflicts.iter().cloned().collect();
        prop_assert_eq!(conflicts, naive.conflicts(step));
    }
    Ok(())
}

/// Plays so many matches; gives how often what happened.
fn play(
    cases: u32,
    run: impl Fn(&mut Match<'_>, &mut Choices<'_>) -> Result<(), TestCaseError>,
) -> BTreeMap<String, usize> {
    let counts = Counts::default();
    let config = ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(cases) };
    let law = |((first, second), acts): ((Drawn, Drawn), Vec<u8>)| {
        let mut choices = Choices::new(&acts);
        let mut played = Match::new(&first, &second, &mut choices, &counts);
        run(&mut played, &mut choices)
    };
    let outcome = TestRunner::new(config).run(&(versions(), bytes(400)), law);
    outcome.unwrap_or_else(|failure| panic!("{failure}"));
    counts.into_inner()
}

/// Every status of a phase, and every refusal, has to come about.
fn saw_all(counts: &BTreeMap<String, usize>) {
    let names = [
        "Open",
        "Submitted",
        "Returned",
        "Answered",
        "Approved",
        "Stale",
        "NoSuchStep",
        "NoSuchField",
        "NotYours",
        "DoesNotFit",
        "NothingGiven",
        "NoSuchEntry",
        "Fixed",
        "NoSuchReason",
        "ReasonNeeded",
        "StillOpen",
        "NotNow",
        "MayNot",
        "OwnWork",
        "NoSuchThread",
        "NotShared",
        "SameVersion",
        "EmptyText",
        "Void",
    ];
    let never: Vec<&&str> = names.iter().filter(|name| !counts.contains_key(**name)).collect();
    assert!(never.is_empty(), "never: {never:?} of {counts:?}");
}

#[test]
fn where_everybody_has_everything_the_record_is_what_was_said_last() {
    let counts = play(6_000, |played, choices| {
        while !choices.is_spent() && played.play.events.len() < 24 {
            let at = choices.below(played.replicas.len());
            for from in 0..played.replicas.len() {
                played.sync(from, at);
            }
            played.act(at, choices)?;
            // In one line of history nothing is ever disputed but a step that is answered and cannot be done.
            let replica = &played.replicas[at];
            prop_assert!(replica.heads.values().all(|heads| heads.len() == 1));
            prop_assert_eq!(disputes(&played.play.devices[at].state), []);
        }
        Ok(())
    });
    saw_all(&counts);
}

#[test]
fn where_people_write_apart_every_head_stands_until_one_who_saw_it_writes() {
    let counts = play(4_000, |played, choices| {
        let count = played.replicas.len();
        while !choices.is_spent() && played.play.events.len() < 24 {
            let at = choices.below(count);
            if choices.one_in(3) {
                played.sync(at, choices.below(count));
            }
            played.act(at, choices)?;
        }
        for from in 0..count {
            played.sync(from, 0);
        }
        played.compare(0)?;
        for to in 1..count {
            played.sync(0, to);
            played.compare(to)?;
        }
        let mut kinds: Vec<usize> = played.replicas[0].heads.values().map(Vec::len).collect();
        kinds.sort_unstable();
        played.count(if kinds.last().is_some_and(|most| *most > 1) { "apart" } else { "together" });
        Ok(())
    });
    saw_all(&counts);
    assert!(counts["apart"] > 400, "{counts:?}");
}
