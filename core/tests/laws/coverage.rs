//! The random definitions use every construct that the format has.

use std::collections::BTreeMap;

use firsthours_core::protocol::{
    AnchorOf, AnswerIs, Clock, Comes, Condition, Deadline, Definition, Field, Phase, RowSource, Step,
};
use firsthours_core::record::{Kind, Role, State, derive, holders, phase_status};
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;

use crate::random::play::Play;
use crate::random::{bytes, definitions};

/// Every construct, by a name; a definition without one of them among 2,000 would test less than it says.
const ALL: &[&str] = &[
    "1 language",
    "2 languages",
    "Spanish first",
    "a zone without summer time",
    "1 step",
    "12 steps",
    "another order",
    "phase Scene",
    "phase FollowUp",
    "phase Outcome",
    "by Deputy",
    "by Detective",
    "by Supervisor",
    "by County",
    "optional step",
    "urgent",
    "fixed",
    "not fixed",
    "repeats",
    "shared",
    "call that comes",
    "call that does not come",
    "call with fields",
    "step without fields",
    "says",
    "step applies",
    "done_when",
    "kind Choice",
    "kind Choices",
    "kind Flag",
    "kind Moment",
    "kind Count",
    "kind Code",
    "kind Text",
    "kind Note",
    "optional field",
    "field applies",
    "min",
    "max_chars",
    "class Step",
    "class Identity",
    "class Location",
    "class Narrative",
    "class Health",
    "all",
    "any",
    "not",
    "is text",
    "is flag",
    "is count",
    "is_not",
    "at_least",
    "answered",
    "of First",
    "of Last",
    "of Any",
    "of Every",
    "of Same",
    "step Done",
    "step Cannot",
    "step NotApplicable",
    "a condition within a condition",
    "within_minutes",
    "within_days",
    "before",
    "before without met_at",
    "from First",
    "from Last",
    "from Each",
    "met_at First",
    "met_at Last",
    "met_at Each",
    "several met_at",
    "soft",
    "excused_by",
    "clock applies",
    "sheet",
    "note of a sheet",
    "row of a step",
    "row of a field",
    "row by hand",
];

#[derive(Default)]
struct Counts(BTreeMap<String, usize>);

impl Counts {
    fn one(&mut self, what: impl Into<String>) {
        *self.0.entry(what.into()).or_default() += 1;
    }

    fn when(&mut self, holds: bool, what: &str) {
        if holds {
            self.one(what);
        }
    }

    fn definition(&mut self, definition: &Definition) {
        self.when(definition.languages.len() == 1, "1 language");
        self.when(definition.languages.len() == 2, "2 languages");
        self.when(definition.languages[0] == "es", "Spanish first");
        self.when(definition.time_zone == "UTC", "a zone without summer time");
        self.when(definition.steps.len() == 1, "1 step");
        self.when(definition.steps.len() == 12, "12 steps");
        self.when(!definition.order.is_sorted(), "another order");
        definition.steps.iter().for_each(|step| self.step(step));
        definition.clocks.iter().for_each(|clock| self.clock(clock));
        for sheet in &definition.sheets {
            self.one("sheet");
            self.when(sheet.note.is_some(), "note of a sheet");
            for row in sheet.sections.iter().flat_map(|section| &section.rows) {
                self.one(match row.from {
                    RowSource::ByHand => "row by hand",
                    RowSource::Step(_) => "row of a step",
                    RowSource::Field(_) => "row of a field",
                });
            }
        }
    }

    fn step(&mut self, step: &Step) {
        self.one(format!("phase {:?}", step.phase));
        self.one(format!("by {:?}", step.by));
        self.when(!step.required, "optional step");
        self.when(step.urgent, "urgent");
        self.one(if step.fixed { "fixed" } else { "not fixed" });
        self.when(step.repeats, "repeats");
        self.when(step.shared, "shared");
        let comes = step.partner.as_ref().map(|partner| partner.comes);
        self.when(comes == Some(Comes::Yes), "call that comes");
        self.when(comes == Some(Comes::No), "call that does not come");
        self.when(comes.is_some() && !step.fields.last().is_some_and(is_of_call), "call with fields");
        self.when(step.fields.is_empty(), "step without fields");
        self.when(step.say.is_some(), "says");
        self.when(step.applies.is_some(), "step applies");
        self.when(step.done_when.is_some(), "done_when");
        step.applies.iter().chain(&step.done_when).for_each(|condition| self.condition(condition, 0));
        for field in step.fields.iter().filter(|field| !is_of_call(field)) {
            self.one(format!("kind {:?}", field.kind));
            self.one(format!("class {:?}", field.class));
            self.when(!field.required, "optional field");
            self.when(field.limits.min.is_some(), "min");
            self.when(field.limits.max_chars.is_some(), "max_chars");
            self.when(field.applies.is_some(), "field applies");
            field.applies.iter().for_each(|condition| self.condition(condition, 0));
        }
    }

    fn condition(&mut self, condition: &Condition, depth: usize) {
        self.when(depth > 0, "a condition within a condition");
        match condition {
            Condition::All(terms) => {
                self.one("all");
                for term in terms {
                    self.condition(term, depth + 1);
                }
            }
            Condition::Any(terms) => {
                self.one("any");
                for term in terms {
                    self.condition(term, depth + 1);
                }
            }
            Condition::Not(inner) => {
                self.one("not");
                self.condition(inner, depth + 1);
            }
            Condition::Step { is, .. } => self.one(format!("step {is:?}")),
            Condition::Answer { test, of, .. } => {
                self.one(format!("of {of:?}"));
                self.one(match test {
                    AnswerIs::Is(firsthours_core::protocol::Value::Flag(_)) => "is flag",
                    AnswerIs::Is(firsthours_core::protocol::Value::Number(_)) => "is count",
                    AnswerIs::Is(_) => "is text",
                    AnswerIs::IsNot(_) => "is_not",
                    AnswerIs::AtLeast(_) => "at_least",
                    AnswerIs::Answered => "answered",
                });
            }
        }
    }

    fn clock(&mut self, clock: &Clock) {
        self.one(format!("from {:?}", clock.from.of));
        self.one(match clock.deadline {
            Deadline::WithinMinutes(_) => "within_minutes",
            Deadline::WithinDays { .. } => "within_days",
            Deadline::Before(_) => "before",
        });
        self.when(clock.met_at.is_empty(), "before without met_at");
        self.when(clock.met_at.len() > 1, "several met_at");
        for anchor in &clock.met_at {
            self.one(format!("met_at {:?}", anchor.of));
            self.when(anchor.of == AnchorOf::Each && clock.from.of != AnchorOf::Each, "each elsewhere");
        }
        self.when(clock.soft, "soft");
        self.when(clock.excused_by.is_some(), "excused_by");
        self.when(clock.applies.is_some(), "clock applies");
        let conditions = clock.applies.iter().chain([&clock.met_by]).chain(&clock.excused_by);
        conditions.for_each(|condition| self.condition(condition, 0));
    }
}

/// The fields of a call have no titles.
fn is_of_call(field: &Field) -> bool {
    field.title.is_empty()
}

#[test]
fn the_random_definitions_use_every_construct() {
    let mut runner = TestRunner::deterministic();
    let mut counts = Counts::default();
    for _ in 0..2_000 {
        let drawn = definitions().new_tree(&mut runner).expect("a definition can be made").current();
        counts.definition(&drawn.definition);
    }
    let never: Vec<&&str> = ALL.iter().filter(|name| !counts.0.contains_key(**name)).collect();
    assert!(never.is_empty(), "never used: {never:?}\nof {:?}", counts.0);
    let unknown: Vec<&String> = counts.0.keys().filter(|name| !ALL.contains(&name.as_str())).collect();
    assert!(unknown.is_empty(), "not listed: {unknown:?}");
}

/// What the random acts have to lead to.
const ACTED: &[&str] = &[
    "Answered",
    "Cannot",
    "Reopened",
    "EntryWithdrawn",
    "Noted",
    "Submitted",
    "Voided",
    "Unvoided",
    "Shared",
    "Accepted",
    "Declined",
    "IncidentLinked",
    "Replied",
    "Commented",
    "Resolved",
    "Returned",
    "Reassigned",
    "SameEncounter",
    "Approved",
    "a copy",
    "by a county worker",
    "by a detective",
    "by a supervisor",
    "step Todo",
    "step MayApply",
    "step Started",
    "step Waiting",
    "step Done",
    "step Cannot",
    "step NotApplicable",
    "phase Open",
    "phase Submitted",
    "phase Returned",
    "phase Answered",
    "phase Approved",
    "phase Stale",
    "conflict Field",
    "conflict AnsweredAndCannot",
    "conflict Cannot",
    "conflict Entry",
    "two holders",
    "an older screen",
];

#[test]
fn the_random_acts_lead_everywhere() {
    let mut runner = TestRunner::deterministic();
    let mut counts = Counts::default();
    let name = |debug: String| debug.split([' ', '{', '(']).next().unwrap_or_default().to_owned();
    for _ in 0..2_000 {
        let strategy = (definitions(), bytes(400));
        let (drawn, acts) = strategy.new_tree(&mut runner).expect("a case can be made").current();
        let play = Play::played(&drawn, &acts);
        for (number, event) in play.events.iter().enumerate().skip(1) {
            let body = event.body.as_ref().expect("nothing is withheld");
            counts.one(name(format!("{:?}", body.kind)));
            counts.when(matches!(body.kind, Kind::Answered { copied: Some(_), .. }), "a copy");
            counts.when(body.actor.role == Role::County, "by a county worker");
            counts.when(body.actor.role == Role::Detective, "by a detective");
            counts.when(body.actor.role == Role::Supervisor, "by a supervisor");
            counts.when(play.shown[&event.id].len() < number, "an older screen");
        }
        let state = State::fold(play.events.iter().cloned());
        let derived = derive(&drawn.definition, &state);
        for record in &derived.steps {
            counts.one(format!("step {:?}", record.state));
            record
                .conflicts
                .iter()
                .for_each(|found| counts.one(format!("conflict {}", name(format!("{found:?}")))));
        }
        for phase in Phase::ALL {
            counts.one(format!("phase {:?}", phase_status(&state, &drawn.definition, phase)));
        }
        counts.when(holders(&state).len() > 1, "two holders");
    }
    let seldom: Vec<&&str> =
        ACTED.iter().filter(|name| counts.0.get(**name).is_none_or(|count| *count == 0)).collect();
    assert!(seldom.is_empty(), "too seldom: {seldom:?}\nof {:?}", counts.0);
}
