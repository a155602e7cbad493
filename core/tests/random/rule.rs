//! Conditions and clocks over the steps of a plan: whatever the format can say, and nothing that can never hold.

use std::collections::BTreeSet;

use serde_json::{Value as Json, json};

use super::choices::Choices;
use super::document::words;
use super::plan::{FieldPlan, Plan, StepPlan};

/// What a condition may read.
#[derive(Clone, Copy)]
pub(crate) struct Reads<'p> {
    pub(crate) plan: &'p Plan,
    /// So many of the steps, from the first.
    pub(crate) steps: usize,
    /// The step that it stands in, and how many of its fields it may ask for.
    pub(crate) own: Option<(&'p StepPlan, usize)>,
    /// Whether one entry of that step is judged.
    pub(crate) judges_entry: bool,
}

impl Reads<'_> {
    /// Makes a condition. There must be something to read.
    pub(crate) fn condition(self, choices: &mut Choices<'_>, depth: usize) -> Json {
        match choices.below(if depth == 0 { 4 } else { 8 }) {
            0..4 => self.atom(choices),
            4 => json!({"not": self.condition(choices, depth - 1)}),
            5 | 6 => json!({"all": self.terms(choices, depth)}),
            _ => json!({"any": self.terms(choices, depth)}),
        }
    }

    /// No two of the terms ask for the same thing: they might exclude each other.
    fn terms(self, choices: &mut Choices<'_>, depth: usize) -> Vec<Json> {
        let mut asked = BTreeSet::new();
        let mut terms = Vec::new();
        for _ in 0..=choices.below(3) {
            let term = self.condition(choices, depth - 1);
            let mut asks = BTreeSet::new();
            asked_by(&term, &mut asks);
            if asked.is_disjoint(&asks) {
                asked.append(&mut asks);
                terms.push(term);
            }
        }
        terms
    }

    fn atom(self, choices: &mut Choices<'_>) -> Json {
        let own = self.own.filter(|(_, fields)| *fields > 0);
        if let Some((step, readable)) = own.filter(|_| self.steps == 0 || choices.one_in(2)) {
            let fields = step.all_fields(self.plan);
            let occurrences: &[&str] = match (self.judges_entry, step.has_entries()) {
                (true, true) => &["", "same", "any"],
                (true, false) => &["", "same", "first"],
                (false, _) => &["", "first", "last", "any", "every"],
            };
            return answer(step, choices.pick(&fields[..readable]), occurrences, choices);
        }
        let step = &self.plan.steps[choices.below(self.steps)];
        let fields = step.all_fields(self.plan);
        // A clock may count from a step that stands among the others as well.
        let is_own = self.own.is_some_and(|(own, _)| own.id == step.id);
        if fields.is_empty() || is_own || choices.one_in(4) {
            let mut states = vec!["done"];
            states.extend((!step.fixed).then_some("cannot"));
            states.extend(step.applies.then_some("not_applicable"));
            return json!({"step": {"id": step.id, "is": choices.pick(&states)}});
        }
        answer(step, choices.pick(&fields), &["", "first", "last", "any", "every"], choices)
    }
}

fn answer(step: &StepPlan, field: &FieldPlan, occurrences: &[&str], choices: &mut Choices<'_>) -> Json {
    let test = match (field.kind, choices.below(4)) {
        ("count", 2) => "at_least",
        ("choice" | "choices" | "flag" | "count", 0 | 2) => "is",
        ("choice" | "choices" | "flag" | "count", 1) => "is_not",
        _ => "answered",
    };
    let value = match (test, field.kind) {
        ("answered", _) => json!(true),
        (_, "count") => json!(choices.below(4)),
        (_, "flag") => json!(choices.one_in(2)),
        _ => json!(choices.pick(&field.options)),
    };
    let mut answer = json!({"step": step.id, "field": field.id, test: value});
    let of = *choices.pick(occurrences);
    if !of.is_empty() {
        answer["of"] = json!(of);
    }
    json!({"answer": answer})
}

/// The steps and fields that a condition names.
fn asked_by(condition: &Json, asks: &mut BTreeSet<String>) {
    let of = |part: &Json, name: &str| part[name].as_str().unwrap_or_default().to_owned();
    for (name, part) in condition.as_object().into_iter().flatten() {
        match (name.as_str(), part) {
            ("answer", part) => drop(asks.insert(of(part, "step") + "." + &of(part, "field"))),
            ("step", part) => drop(asks.insert(of(part, "id"))),
            (_, Json::Array(terms)) => terms.iter().for_each(|term| asked_by(term, asks)),
            (_, inner) => asked_by(inner, asks),
        }
    }
}

/// Makes up to six clocks, if there is a moment to count from.
pub(crate) fn clocks(plan: &Plan, choices: &mut Choices<'_>) -> Vec<Json> {
    let moments: Vec<(&StepPlan, FieldPlan)> = plan
        .steps
        .iter()
        .flat_map(|step| step.all_fields(plan).into_iter().map(move |field| (step, field)))
        .filter(|(_, field)| field.kind == "moment")
        .collect();
    if moments.is_empty() {
        return Vec::new();
    }
    (0..choices.below(7)).map(|number| clock(plan, number, &moments, choices)).collect()
}

fn clock(plan: &Plan, number: usize, moments: &[(&StepPlan, FieldPlan)], choices: &mut Choices<'_>) -> Json {
    let (from, field) = choices.pick(moments);
    let of = choices.word(&["first", "last", "each"]);
    let judges_entry = of == "each";
    let own = judges_entry.then(|| (*from, from.all_fields(plan).len()));
    let reads = Reads { plan, steps: plan.steps.len(), own, judges_entry };
    let mut clock = json!({
        "id": format!("clock_{number}"), "title": words(&plan.languages, "In time"),
        "from": {"step": from.id, "field": field.id, "of": of},
        "met_by": reads.condition(choices, 1),
    });
    let before = choices.pick(moments);
    let is_before = choices.one_in(4) && before.1.id != field.id;
    if is_before {
        clock["before"] = json!({"step": before.0.id, "field": before.1.id});
    } else if choices.one_in(2) {
        let calendar = choices.word(&["court_days", "all_days"]);
        clock["within_days"] = json!({"n": 1 + choices.below(4), "calendar": calendar});
    } else {
        clock["within_minutes"] = json!(1 + choices.below(256) * 7);
    }
    if !is_before || choices.one_in(2) {
        let met_at: Vec<Json> = (0..=choices.below(2))
            .map(|_| {
                let (step, field) = choices.pick(moments);
                let each = judges_entry && step.id == from.id;
                let of = choices.pick(if each { &["each", "first"] } else { &["first", "last"] });
                json!({"step": step.id, "field": field.id, "of": of})
            })
            .collect();
        clock["met_at"] = json!(met_at);
    }
    if choices.one_in(3) {
        clock["applies"] = reads.condition(choices, 1);
    }
    if choices.one_in(3) {
        clock["excused_by"] = reads.condition(choices, 1);
    }
    if choices.one_in(3) {
        clock["soft"] = json!(true);
    }
    clock
}
