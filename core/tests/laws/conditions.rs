//! Conditions in a record: three-valued, as the plain rules say, and known stays known while only more is learnt.

use std::cell::Cell;

use firsthours_core::protocol::{Condition, Facts, Reading, Settled, Truth, Value, judge};
use firsthours_core::record::{Derived, State, StepState, derive};
use proptest::prelude::*;
use proptest::test_runner::TestRunner;

use super::{cases, is_whole_run};
use crate::random::naive::{self, Naive};
use crate::random::play::Play;
use crate::random::{Drawn, bytes, definitions};

fn truth(known: Option<bool>) -> Truth {
    known.map_or(Truth::Unknown, Truth::from)
}

proptest! {
    #![proptest_config(cases(3_000))]

    #[test]
    fn every_step_is_what_the_plain_rules_say(drawn in definitions(), acts in bytes(400)) {
        let play = Play::played(&drawn, &acts);
        let state = State::fold(play.events.iter().cloned());
        let heads = naive::heads(&play.events);
        let naive = Naive::new(&drawn.definition, &heads);
        let derived = derive(&drawn.definition, &state);
        for step in &drawn.definition.steps {
            let record = derived.step(&step.id).expect("every step is there");
            prop_assert_eq!(record.applies, truth(naive.applies(step)), "{}", &step.id);
            prop_assert_eq!(record.state, naive.state(step), "{}", &step.id);
            prop_assert_eq!(record.asks.is_some(), record.applies == Truth::Unknown);
            let entries: Vec<_> = record.entries.iter().map(|entry| entry.id).collect();
            prop_assert_eq!(entries, naive.entries(step), "{}", &step.id);
        }
        let facts = Seen(&derived);
        for condition in conditions(&drawn) {
            prop_assert_eq!(judge(condition, &facts, None).truth, truth(naive.truth(condition, None, None)));
        }
    }
}

/// A record as a condition reads it, from what is derived of it.
struct Seen<'d>(&'d Derived<'d>);

impl Facts for Seen<'_> {
    fn settled(&self, step: &str) -> Settled {
        match self.0.step(step).map(|record| record.state) {
            Some(StepState::Done) => Settled::Done,
            Some(StepState::Cannot) => Settled::Cannot,
            Some(StepState::NotApplicable) => Settled::NotApplicable,
            _ => Settled::Open,
        }
    }

    fn entries(&self, step: &str) -> usize {
        self.0.step(step).map_or(0, |record| record.entries.len())
    }

    fn reading(&self, step: &str, entry: usize, field: &str) -> Reading<'_> {
        let entry = self.0.step(step).and_then(|record| record.entries.get(entry));
        entry.map_or(Reading::Nothing, |entry| entry.reading(field))
    }
}

/// The conditions that read a record as a whole.
fn conditions(drawn: &Drawn) -> impl Iterator<Item = &Condition> {
    let of_steps = drawn.definition.steps.iter().filter_map(|step| step.applies.as_ref());
    let of_clocks = drawn
        .definition
        .clocks
        .iter()
        .flat_map(|clock| clock.applies.iter().chain([&clock.met_by]).chain(&clock.excused_by));
    of_steps.chain(of_clocks)
}

fn steps_of<'c>(condition: &'c Condition, steps: &mut Vec<&'c str>) {
    match condition {
        Condition::All(terms) | Condition::Any(terms) => {
            for term in terms {
                steps_of(term, steps);
            }
        }
        Condition::Not(inner) => steps_of(inner, steps),
        Condition::Answer { field, .. } => steps.push(&field.step),
        Condition::Step { id, .. } => steps.push(id),
    }
}

/// One step as a condition reads it, kept to compare.
#[derive(Clone, PartialEq)]
struct Snapshot {
    settled: Settled,
    /// By id, with what each field holds: nothing, one value, or several that disagree.
    entries: Vec<(Option<firsthours_core::record::EntryId>, Vec<Held>)>,
}

#[derive(Clone, PartialEq)]
enum Held {
    Nothing,
    One(Value),
    Disputed,
}

impl Snapshot {
    fn of(derived: &Derived<'_>, id: &str) -> Self {
        let record = derived.step(id).expect("every step is there");
        let entries = record.entries.iter().map(|entry| {
            let fields = record.step.fields.iter().map(|field| match entry.reading(&field.id) {
                Reading::Nothing => Held::Nothing,
                Reading::One(value) => Held::One(value.clone()),
                Reading::Disputed(_) => Held::Disputed,
            });
            (entry.id, fields.collect())
        });
        Self { settled: Seen(derived).settled(id), entries: entries.collect() }
    }

    fn is_empty(&self) -> bool {
        self.entries.iter().all(|(_, fields)| fields.iter().all(|held| *held == Held::Nothing))
    }

    /// Whether `after` only says more: values where there were none, one where two disagreed, an end of what was open.
    fn is_refined_by(&self, after: &Self) -> bool {
        let settled = match (self.settled, after.settled) {
            (Settled::Open, Settled::Open | Settled::Done) => true,
            (Settled::Open, _) => self.is_empty(),
            (one, other) => one == other,
        };
        let ends_are_kept = self
            .entries
            .first()
            .is_none_or(|first| after.entries[..].first().is_some_and(|now| now.0 == first.0))
            && self.entries.last().is_none_or(|last| after.entries.last().is_some_and(|now| now.0 == last.0));
        let no_more_came = self.settled == Settled::Open || self.entries.len() == after.entries.len();
        let kept = self.entries.iter().all(|(id, fields)| {
            after.entries.iter().find(|(now, _)| now == id).is_some_and(|(_, now)| {
                fields.iter().zip(now).all(|(was, is)| match was {
                    Held::Nothing => self.settled == Settled::Open || *is == Held::Nothing,
                    Held::One(_) => was == is,
                    Held::Disputed => true,
                })
            })
        });
        settled && ends_are_kept && no_more_came && kept
    }
}

#[test]
fn learning_more_never_turns_true_into_false_or_back() {
    let learnt = Cell::new((0_usize, 0_usize));
    let strategy = (definitions(), bytes(400));
    let law = |(drawn, acts): (Drawn, Vec<u8>)| {
        let mut before: Option<(Vec<Truth>, Vec<Snapshot>)> = None;
        let mut flipped = None;
        Play::played_in_line(&drawn, &acts, |play| {
            let state = State::fold(play.events.iter().cloned());
            let derived = derive(&drawn.definition, &state);
            let steps = &drawn.definition.steps;
            let now: Vec<Snapshot> = steps.iter().map(|step| Snapshot::of(&derived, &step.id)).collect();
            let truths: Vec<Truth> =
                conditions(&drawn).map(|condition| judge(condition, &Seen(&derived), None).truth).collect();
            if let Some((had, was)) = &before {
                for ((condition, had), has) in conditions(&drawn).zip(had).zip(&truths) {
                    let mut read = Vec::new();
                    steps_of(condition, &mut read);
                    let read = || {
                        steps
                            .iter()
                            .zip(was.iter().zip(&now))
                            .filter(|(step, _)| read.contains(&step.id.as_str()))
                    };
                    let only_more = read().all(|(_, (was, now))| was.is_refined_by(now));
                    let something = read().any(|(_, (was, now))| was != now);
                    if only_more && *had != Truth::Unknown && had != has {
                        flipped = Some(format!("{condition:?}: {had:?} became {has:?}"));
                    }
                    let (known, told) = learnt.get();
                    let is_told = *had == Truth::Unknown && *has != Truth::Unknown;
                    if only_more && something {
                        learnt
                            .set((known + usize::from(*had != Truth::Unknown), told + usize::from(is_told)));
                    }
                }
            }
            before = Some((truths, now));
        });
        prop_assert_eq!(flipped, None);
        Ok(())
    };
    let outcome = TestRunner::new(cases(2_000)).run(&strategy, law);
    outcome.unwrap_or_else(|failure| panic!("{failure}"));
    let (known, told) = learnt.get();
    let enough = known > 200 && told > 200;
    assert!(enough || !is_whole_run(), "{known} known conditions met news, {told} were decided by them");
}
