//! Checks of one condition: what it names exists, and what it asks can be asked.

use std::collections::BTreeSet;

use super::{Checker, Found};
use crate::protocol::fault::{FaultKind, Shape};
use crate::protocol::path::{Path, shortened};
use crate::protocol::{
    AnchorOf, AnswerIs, Clock, Condition, Definition, FieldKind, FieldRef, Occurrence, Step, Value,
};

/// Greatest number of questions in one condition; nobody could read more.
const MAX_QUESTIONS: usize = 200;

/// Where a condition stands, and so what it may name.
#[derive(Clone, Copy)]
pub(super) enum Scope<'d> {
    /// It judges the record: there is no *same* entry.
    Record,
    /// It judges one entry, for the field with this number of the step.
    Field { step: &'d Step, number: usize },
    /// It judges one entry of this step: a clock of each.
    Entry { step: &'d str },
}

impl<'d> Scope<'d> {
    pub(super) fn of_clock(clock: &'d Clock) -> Self {
        match clock.from.of {
            AnchorOf::Each => Self::Entry { step: &clock.from.field.step },
            AnchorOf::First | AnchorOf::Last => Self::Record,
        }
    }

    /// The step whose entry is being judged.
    pub(super) fn step(self) -> Option<&'d str> {
        match self {
            Self::Record => None,
            Self::Field { step, .. } => Some(&step.id),
            Self::Entry { step } => Some(step),
        }
    }
}

impl<'d> Checker<'d> {
    pub(super) fn condition(&mut self, condition: &Condition, at: &Path<'_>, scope: Scope<'d>) {
        let found = questions(condition);
        if found > MAX_QUESTIONS {
            self.fault(at, FaultKind::TooMany { found, max: MAX_QUESTIONS });
        }
        self.part(condition, at, scope);
    }

    fn part(&mut self, condition: &Condition, at: &Path<'_>, scope: Scope<'d>) {
        match condition {
            Condition::All(terms) => self.parts(terms, &at.key("all"), scope),
            Condition::Any(terms) => self.parts(terms, &at.key("any"), scope),
            Condition::Not(inner) => self.part(inner, &at.key("not"), scope),
            Condition::Step { id, .. } => {
                let step = at.key("step");
                self.find_step(id, &step.key("id"));
            }
            Condition::Answer { field, test, of } => self.answer(field, test, *of, &at.key("answer"), scope),
        }
    }

    fn parts(&mut self, terms: &[Condition], at: &Path<'_>, scope: Scope<'d>) {
        for (index, term) in terms.iter().enumerate() {
            self.part(term, &at.index(index), scope);
        }
    }

    fn answer(&mut self, name: &FieldRef, test: &AnswerIs, of: Occurrence, at: &Path<'_>, scope: Scope<'d>) {
        let here = scope.step() == Some(name.step.as_str());
        let Some(found) = self.find_field(name, at) else { return };
        if of == Occurrence::Same && !here {
            self.fault(&at.key("of"), FaultKind::SameOutside);
        }
        let picks = matches!(of, Occurrence::First | Occurrence::Last | Occurrence::Every);
        if here && picks && found.step.has_entries() {
            self.fault(&at.key("of"), FaultKind::SameExpected);
        }
        if let Scope::Field { number, .. } = scope
            && here
            && found.number >= number
        {
            let what = FaultKind::NotAnEarlierField { field: found.field.id.clone() };
            self.fault(&at.key("field"), what);
        }
        self.test(&found, test, at);
    }

    fn test(&mut self, found: &Found<'_>, test: &AnswerIs, at: &Path<'_>) {
        if self.is_damaged(found, "kind") {
            return;
        }
        let kind = found.field.kind;
        let (name, value) = match test {
            AnswerIs::Answered => return,
            AnswerIs::AtLeast(_) if kind == FieldKind::Count => return,
            AnswerIs::AtLeast(_) => ("at_least", None),
            AnswerIs::Is(value) => ("is", Some(value)),
            AnswerIs::IsNot(value) => ("is_not", Some(value)),
        };
        let at = at.key(name);
        let expected = match kind {
            FieldKind::Choice | FieldKind::Choices => Some(Shape::Text),
            FieldKind::Flag => Some(Shape::Flag),
            FieldKind::Count => Some(Shape::Number),
            FieldKind::Moment | FieldKind::Code | FieldKind::Text | FieldKind::Note => None,
        };
        let (Some(value), Some(expected)) = (value, expected) else {
            let field = found.field.id.clone();
            self.fault(&at, FaultKind::WrongTest { test: name, field, kind });
            return;
        };
        match (expected, value) {
            (Shape::Text, Value::Text(option)) => {
                let known = found.field.options.iter().any(|known| known.id == *option);
                if !known && !self.is_damaged(found, "options") {
                    let field = found.field.id.clone();
                    self.fault(&at, FaultKind::NoSuchOption { field, option: shortened(option) });
                }
            }
            (Shape::Flag, Value::Flag(_)) | (Shape::Number, Value::Number(_)) => {}
            (expected, value) => {
                let found = match value {
                    Value::Flag(_) => Shape::Flag,
                    Value::Number(_) => Shape::Number,
                    Value::Text(_) => Shape::Text,
                    Value::List(_) => Shape::List,
                };
                self.fault(&at, FaultKind::WrongShape { expected, found });
            }
        }
    }
}

/// How many questions a condition asks.
pub(super) fn questions(condition: &Condition) -> usize {
    match condition {
        Condition::All(terms) | Condition::Any(terms) => terms.iter().map(questions).sum(),
        Condition::Not(inner) => questions(inner),
        Condition::Answer { .. } | Condition::Step { .. } => 1,
    }
}

/// Whether a condition is small enough for the checks that compare its parts with one another.
pub(super) fn is_readable(condition: &Condition) -> bool {
    questions(condition) <= MAX_QUESTIONS
}

/// Says what `of` means where it does not matter or was left out, so that evaluation need not know the steps:
/// a step that does not repeat has its *first* entry only, and the entry being judged is the *same*.
pub(super) fn settle_occurrences(definition: &mut Definition) {
    let repeating: BTreeSet<String> =
        definition.steps.iter().filter(|step| step.has_entries()).map(|step| step.id.clone()).collect();
    for step in &mut definition.steps {
        for condition in step.applies.iter_mut().chain(&mut step.done_when) {
            settle(condition, None, &repeating);
        }
        for condition in step.fields.iter_mut().filter_map(|field| field.applies.as_mut()) {
            settle(condition, Some(&step.id), &repeating);
        }
    }
    for clock in &mut definition.clocks {
        let same = (clock.from.of == AnchorOf::Each).then_some(clock.from.field.step.as_str());
        let conditions = clock.applies.iter_mut().chain([&mut clock.met_by]).chain(&mut clock.excused_by);
        for condition in conditions {
            settle(condition, same, &repeating);
        }
    }
}

fn settle(condition: &mut Condition, same: Option<&str>, repeating: &BTreeSet<String>) {
    match condition {
        Condition::All(terms) | Condition::Any(terms) => {
            for term in terms {
                settle(term, same, repeating);
            }
        }
        Condition::Not(inner) => settle(inner, same, repeating),
        Condition::Step { .. } => {}
        Condition::Answer { field, of, .. } => {
            if same == Some(field.step.as_str()) {
                *of = Occurrence::Same;
            } else if !repeating.contains(&field.step) {
                *of = Occurrence::First;
            }
        }
    }
}
