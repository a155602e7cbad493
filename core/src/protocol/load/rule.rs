//! Reads conditions and clocks.

use serde_json::Value as Json;

use super::most;
use super::read::{DefinitionReader, HasId, Object};
use crate::protocol::fault::{FaultKind, Shape};
use crate::protocol::path::Path;
use crate::protocol::{
    Anchor, AnchorOf, AnswerIs, Clock, Condition, Deadline, FieldRef, Occurrence, StepIs, Value,
};

const STEP_IS: [(&str, StepIs); 3] =
    [("done", StepIs::Done), ("cannot", StepIs::Cannot), ("not_applicable", StepIs::NotApplicable)];

const OCCURRENCES: [(&str, Occurrence); 5] = [
    ("first", Occurrence::First),
    ("last", Occurrence::Last),
    ("any", Occurrence::Any),
    ("every", Occurrence::Every),
    ("same", Occurrence::Same),
];

const ANCHORS: [(&str, AnchorOf); 3] =
    [("first", AnchorOf::First), ("last", AnchorOf::Last), ("each", AnchorOf::Each)];

/// Ten years: a longer deadline is a typing mistake.
const MAX_DAYS: u32 = 3_650;
const MAX_MINUTES: u32 = MAX_DAYS * 24 * 60;

/// A condition, or nothing where any part of it is faulty: half a condition means something else.
pub(super) fn condition(reader: &mut DefinitionReader, value: &Json, at: &Path<'_>) -> Option<Condition> {
    let mut it = reader.object(value, at);
    let name = it.one_of(&["all", "any", "not", "answer", "step"]);
    let condition = name.and_then(|name| match name {
        "all" => it.optional(name, terms).map(Condition::All),
        "any" => it.optional(name, terms).map(Condition::Any),
        "not" => it.optional(name, condition).map(|inner| Condition::Not(Box::new(inner))),
        "answer" => it.optional(name, answer),
        _ => it.optional(name, step),
    });
    it.close();
    condition
}

fn terms(reader: &mut DefinitionReader, value: &Json, at: &Path<'_>) -> Option<Vec<Condition>> {
    let terms = reader.list(value, at, most::TERMS, condition)?;
    if terms.is_empty() {
        reader.fault(at, FaultKind::Empty);
        return None;
    }
    terms.into_iter().collect()
}

fn answer(reader: &mut DefinitionReader, value: &Json, at: &Path<'_>) -> Option<Condition> {
    let mut it = reader.object(value, at);
    let field = field_ref_of(&mut it);
    let of = it.optional("of", |r, v, at| r.word(v, at, &OCCURRENCES)).unwrap_or_default();
    let test = it.one_of(&["is", "is_not", "at_least", "answered"]);
    let test = test.and_then(|name| match name {
        "is" => it.optional(name, answer_value).map(AnswerIs::Is),
        "is_not" => it.optional(name, answer_value).map(AnswerIs::IsNot),
        "at_least" => it.optional(name, |r, v, at| r.whole(v, at, 0, i64::MAX)).map(AnswerIs::AtLeast),
        _ => it.optional(name, answered),
    });
    it.close();
    Some(Condition::Answer { field: field?, test: test?, of })
}

fn answer_value(reader: &mut DefinitionReader, value: &Json, at: &Path<'_>) -> Option<Value> {
    match value {
        Json::Bool(flag) => Some(Value::Flag(*flag)),
        Json::String(text) => Some(Value::Text(text.clone())),
        Json::Number(number) => number.as_i64().map(Value::Number),
        other => {
            reader.fault(at, FaultKind::WrongShape { expected: Shape::Text, found: Shape::of(other) });
            None
        }
    }
}

fn answered(reader: &mut DefinitionReader, value: &Json, at: &Path<'_>) -> Option<AnswerIs> {
    let flag = reader.flag(value, at)?;
    if !flag {
        reader.fault(at, FaultKind::AnsweredFalse);
    }
    flag.then_some(AnswerIs::Answered)
}

fn step(reader: &mut DefinitionReader, value: &Json, at: &Path<'_>) -> Option<Condition> {
    let mut it = reader.object(value, at);
    let id = it.required("id", DefinitionReader::name);
    let is = it.required("is", |r, v, at| r.word(v, at, &STEP_IS));
    it.close();
    Some(Condition::Step { id: id?, is: is? })
}

fn field_ref_of(it: &mut Object<'_, '_, '_>) -> Option<FieldRef> {
    let step = it.required("step", DefinitionReader::name);
    let field = it.required("field", DefinitionReader::name);
    Some(FieldRef { step: step?, field: field? })
}

pub(super) fn clock(reader: &mut DefinitionReader, value: &Json, at: &Path<'_>) -> Clock {
    let mut it = reader.object(value, at);
    let id = it.required("id", DefinitionReader::id).unwrap_or_default();
    let title = it.required("title", DefinitionReader::text).unwrap_or_default();
    let applies = it.optional("applies", condition);
    let from = it.required("from", anchor);
    let met_by = it.required("met_by", condition);
    let met_at = it.optional("met_at", |r, v, at| r.list(v, at, most::MOMENTS, anchor)).unwrap_or_default();
    let excused_by = it.optional("excused_by", condition);
    let soft = it.flag("soft", false);
    let deadline = deadline(&mut it);
    it.close();
    Clock {
        id,
        title,
        applies,
        // What stands in for a faulty part names nothing; the checks pass over it, and loading fails anyway.
        from: from.unwrap_or_else(no_anchor),
        deadline: deadline.unwrap_or(Deadline::Before(no_field())),
        met_by: met_by.unwrap_or(Condition::All(Vec::new())),
        met_at: met_at.into_iter().map(|anchor| anchor.unwrap_or_else(no_anchor)).collect(),
        excused_by,
        soft,
    }
}

fn anchor(reader: &mut DefinitionReader, value: &Json, at: &Path<'_>) -> Option<Anchor> {
    let mut it = reader.object(value, at);
    let field = field_ref_of(&mut it);
    let of = it.required("of", |r, v, at| r.word(v, at, &ANCHORS));
    it.close();
    Some(Anchor { field: field?, of: of? })
}

fn deadline(it: &mut Object<'_, '_, '_>) -> Option<Deadline> {
    match it.one_of(&["within_minutes", "within_days", "before"])? {
        "within_minutes" => it
            .optional("within_minutes", |r, v, at| r.small(v, at, 1, MAX_MINUTES))
            .map(Deadline::WithinMinutes),
        "within_days" => it.optional("within_days", |r, v, at| {
            let mut it = r.object(v, at);
            let n = it.required("n", |r, v, at| r.small(v, at, 1, MAX_DAYS));
            let calendar = it.required("calendar", DefinitionReader::name);
            it.close();
            Some(Deadline::WithinDays { n: n?, calendar: calendar? })
        }),
        _ => it.optional("before", |r, v, at| {
            let mut it = r.object(v, at);
            let field = field_ref_of(&mut it);
            it.close();
            field.map(Deadline::Before)
        }),
    }
}

fn no_field() -> FieldRef {
    FieldRef { step: String::new(), field: String::new() }
}

fn no_anchor() -> Anchor {
    Anchor { field: no_field(), of: AnchorOf::First }
}

impl HasId for Clock {
    fn id(&self) -> &str {
        &self.id
    }
}
