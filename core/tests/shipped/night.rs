//! A short night under each protocol that is shipped: whoever is asked answers what comes next, until nothing does.

use std::collections::BTreeMap;
use std::sync::Arc;

use firsthours_core::protocol::{Author as By, Definition, FieldKind, Instant, Phase, Step, Truth, Value};
use firsthours_core::record::{
    Act, Derived, EntryId, Event, EventId, Kind, PhaseStatus, Record, Refusal, Role, State, StepState,
    decide, derive, next_step, phase_status,
};

use super::{Shipped, of, shipped};
use crate::support::{Author, MINUTE, NIGHT, fold, opened_under, read};

/// More acts than any night needs: a night that does not end is a fault.
const MOST_ACTS: usize = 400;

const EVERYONE: [(Role, By); 4] = [
    (Role::Deputy, By::Deputy),
    (Role::County, By::County),
    (Role::Detective, By::Detective),
    (Role::Supervisor, By::Supervisor),
];

/// How questions are answered.
#[derive(Clone, Copy, PartialEq)]
enum Manner {
    /// The first option, and yes.
    First,
    /// The last option, and no.
    Last,
    /// *Cannot*, wherever that is allowed; else the first.
    Cannot,
}

/// What somebody answers to a question, whatever the manner.
type Answers<'a> = &'a [(&'static str, &'static str, Given)];

#[derive(Clone, Copy)]
enum Given {
    Option(&'static str),
    Number(i64),
    Flag(bool),
}

struct Night<'a> {
    definition: &'a Definition,
    people: BTreeMap<Role, Author>,
    events: Vec<Arc<Event>>,
    manner: Manner,
    answers: Answers<'a>,
    now: Instant,
}

impl<'a> Night<'a> {
    fn begin(file: &'a Shipped, manner: Manner, answers: Answers<'a>) -> Self {
        let phone = |role: Role, n: u8| (role, Author::phone(n, role));
        let people = BTreeMap::from([
            phone(Role::Deputy, 1),
            phone(Role::County, 2),
            phone(Role::Detective, 3),
            (Role::Supervisor, Author::desk(9, Role::Supervisor)),
        ]);
        let definition = &file.definition;
        let mut night = Self { definition, people, events: Vec::new(), manner, answers, now: NIGHT };
        night.write(Role::Deputy, opened_under(&file.text), Vec::new(), None);
        night
    }

    fn state(&self) -> State {
        fold(&self.events)
    }

    fn write(&mut self, role: Role, kind: Kind, base: Vec<EventId>, reason: Option<String>) {
        let stamp = self.state().next_stamp();
        self.now += MINUTE;
        let person = self.people.get_mut(&role).expect("everyone has a place to write");
        let written = person.write(stamp, self.now, kind, base, reason);
        self.events.push(read(&written));
    }

    fn act(&mut self, role: Role, act: Act) -> Result<(), Refusal> {
        let state = self.state();
        let person = &self.people[&role];
        let new_entry = EntryId((self.events.len() as u64).to_be_bytes());
        let record = Record { definition: self.definition, state: &state };
        let decision = decide(act, record, &person.actor, person.install, new_entry, &|_| true)?;
        self.write(role, decision.kind, decision.base, decision.reason);
        Ok(())
    }

    /// Does what comes next for one person, as long as it is of this phase or an earlier one.
    fn play(&mut self, role: Role, by: By, until: Phase) {
        for _ in 0..MOST_ACTS {
            let state = self.state();
            let derived = derive(self.definition, &state);
            let act = self.arrival(&derived, by).or_else(|| {
                let next = next_step(self.definition, &derived, by, self.now)?;
                let step = self.definition.step(&next.step).expect("what comes next is a step");
                (step.phase <= until).then(|| self.step(&derived, step))
            });
            let Some(act) = act else { return };
            let shown = format!("{act:?}");
            self.act(role, act).unwrap_or_else(|why| panic!("{}: {shown}: {why}", self.definition.id));
        }
        panic!("{}: the night does not end", self.definition.id);
    }

    /// Somebody who was called and is on the way comes.
    fn arrival(&self, derived: &Derived<'_>, by: By) -> Option<Act> {
        let waiting =
            derived.steps.iter().find(|record| record.step.by == by && record.state == StepState::Waiting)?;
        let entry = waiting.entries.last()?.id;
        Some(answer(waiting.step, entry, "arrived_at", Value::from(self.now)))
    }

    /// One value more, or *cannot*.
    fn step(&self, derived: &Derived<'_>, step: &Step) -> Act {
        if let Some(why) = step.cannot_reasons.first().filter(|_| self.manner == Manner::Cannot) {
            return Act::Cannot { step: step.id.clone(), why: why.id.clone(), note: None, reason: None };
        }
        let record = derived.step(&step.id).expect("every step is derived");
        let entry = record.entries.last();
        let missing = entry.and_then(|entry| entry.missing.first().copied());
        let first = || {
            let fields = || step.fields.iter().filter(|field| field.applies.is_none());
            fields().find(|field| field.required).or_else(|| fields().next()).map(|field| field.id.as_str())
        };
        let field = missing.or_else(|| entry.is_none().then(first).flatten());
        let field = field.unwrap_or_else(|| panic!("{}: nothing more to say", step.id));
        answer(step, entry.and_then(|entry| entry.id), field, self.value(step, field))
    }

    fn value(&self, step: &Step, name: &str) -> Value {
        let given = self.answers.iter().find(|(of, field, _)| *of == step.id && *field == name);
        let field = step.field(name).expect("a field of its step");
        let is_last = self.manner == Manner::Last;
        let option = || {
            if let Some((_, _, Given::Option(option))) = given {
                return (*option).to_owned();
            }
            let option =
                if is_last && name != "outcome" { field.options.last() } else { field.options.first() };
            option.expect("a choice has options").id.clone()
        };
        match field.kind {
            FieldKind::Choice => Value::Text(option()),
            FieldKind::Choices => Value::List(vec![option()]),
            FieldKind::Flag => match given {
                Some((_, _, Given::Flag(flag))) => Value::Flag(*flag),
                _ => Value::Flag(!is_last),
            },
            FieldKind::Moment => Value::from(self.now),
            FieldKind::Count => match given {
                Some((_, _, Given::Number(number))) => Value::Number(*number),
                _ => Value::Number(15),
            },
            FieldKind::Code | FieldKind::Text | FieldKind::Note => Value::Text("AB 12".to_owned()),
        }
    }

    /// The scene, and its submission.
    fn scene(&mut self) {
        self.play(Role::Deputy, By::Deputy, Phase::Scene);
        let submitted = self.act(Role::Deputy, Act::Submit { phase: Phase::Scene });
        assert_eq!(submitted, Ok(()), "{}", self.definition.id);
        let status = phase_status(&self.state(), self.definition, Phase::Scene);
        assert_eq!(status, PhaseStatus::Submitted, "{}", self.definition.id);
    }

    /// What comes after the scene, by everyone whose it is.
    fn after(&mut self) {
        for phase in [Phase::FollowUp, Phase::Outcome] {
            for (role, by) in EVERYONE {
                self.play(role, by, phase);
            }
        }
    }

    fn applies(&self, step: &str) -> Truth {
        let state = self.state();
        let derived = derive(self.definition, &state);
        derived.step(step).unwrap_or_else(|| panic!("there is no step {step}")).applies
    }
}

fn answer(step: &Step, entry: Option<EntryId>, field: &str, value: Value) -> Act {
    let values = BTreeMap::from([(field.to_owned(), Some(value))]);
    Act::Answer { step: step.id.clone(), entry, values, reason: None }
}

#[test]
fn a_night_of_suspicion_ends_with_everything_done() {
    for file in shipped() {
        let mut night = Night::begin(&file, Manner::First, &[]);
        night.scene();
        night.after();
        let state = night.state();
        let derived = derive(&file.definition, &state);
        let open: Vec<&str> = derived
            .steps
            .iter()
            .filter(|record| record.step.required && record.state.is_open())
            .map(|record| record.step.id.as_str())
            .collect();
        assert_eq!(open, Vec::<&str>::new(), "{}", file.name);
        let done = derived.steps.iter().filter(|record| record.state == StepState::Done).count();
        assert!(done * 2 > derived.steps.len(), "{}: only {done} steps were asked", file.name);
        assert_eq!(derived.conflicts(), 0);
    }
}

#[test]
fn a_night_without_suspicion_ends_soon() {
    for file in shipped() {
        let mut night = Night::begin(&file, Manner::Last, &[]);
        night.scene();
        let state = night.state();
        let derived = derive(&file.definition, &state);
        let scene = |state: StepState| {
            let of = |record: &&firsthours_core::record::StepRecord<'_>| record.step.phase == Phase::Scene;
            derived.steps.iter().filter(of).filter(|record| record.state == state).count()
        };
        assert!(scene(StepState::NotApplicable) >= 2, "{}", file.name);
        assert_eq!(scene(StepState::MayApply), 0, "{}", file.name);
    }
}

#[test]
fn a_night_on_which_nothing_can_be_done_can_be_sent_in() {
    for file in shipped() {
        Night::begin(&file, Manner::Cannot, &[]).scene();
    }
}

#[test]
fn in_washington_the_age_opens_doors() {
    let file = of("us-wa");
    let doors = |age: i64, answers: Answers<'_>| {
        let answers: Vec<_> =
            [("age", "years", Given::Number(age))].into_iter().chain(answers.to_vec()).collect();
        let mut night = Night::begin(&file, Manner::First, &answers);
        night.scene();
        night.after();
        (night.applies("receiving_center"), night.applies("screening"))
    };
    let unclear = ("concern", "level", Given::Option("unclear"));
    let missing = ("missing_check", "missing", Given::Option("missing_care"));
    let no_case = ("welfare_response", "case", Given::Option("none"));
    assert_eq!(doors(10, &[unclear]).1, Truth::False, "a case that opens under 11, and no concern yet");
    assert_eq!(doors(11, &[unclear]).1, Truth::True, "from 11 on, every case that opens");
    assert_eq!(doors(10, &[]).1, Truth::True, "a concern in a case, at any age");
    assert_eq!(doors(8, &[unclear, missing, no_case]).1, Truth::True, "back from being missing, at any age");
    let center: Vec<Truth> = [11, 12, 17, 18].map(|age| doors(age, &[]).0).into();
    assert_eq!(
        center,
        [Truth::False, Truth::True, Truth::True, Truth::False],
        "a receiving center: 12 to 17"
    );
}

#[test]
fn in_washington_only_more_than_suspicion_is_reported_within_a_day() {
    let file = of("us-wa");
    let has = |answers: Answers<'_>| {
        let mut night = Night::begin(&file, Manner::First, answers);
        night.scene();
        let state = night.state();
        let derived = derive(&file.definition, &state);
        derived.clocks.iter().any(|reading| file.definition.clocks[reading.clock].id == "police_24")
    };
    assert!(!has(&[]), "suspected");
    assert!(has(&[("concern", "level", Given::Option("indicated"))]));
    assert!(has(&[("concern", "level", Given::Option("confirmed"))]));
}

#[test]
fn in_the_united_kingdom_whoever_may_be_a_child_is_one() {
    let file = of("uk-nrm");
    let calls = |answers: Answers<'_>| {
        let mut night = Night::begin(&file, Manner::First, answers);
        night.scene();
        (night.applies("local_authority_call"), night.applies("nrm_referral"))
    };
    assert_eq!(calls(&[("age", "age", Given::Option("not_certain"))]), (Truth::True, Truth::True));
    assert_eq!(calls(&[("age", "age", Given::Option("adult"))]), (Truth::False, Truth::True));
}

#[test]
fn in_the_united_kingdom_no_interpreter_is_called_when_none_is_needed() {
    let file = of("uk-nrm");
    let mut night = Night::begin(&file, Manner::First, &[("safety", "interpreter", Given::Flag(false))]);
    night.scene();
    assert_eq!(night.applies("interpreter_call"), Truth::False);
}
