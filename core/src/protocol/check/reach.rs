//! Which step waits for which, and which can never come.

use std::collections::BTreeMap;

use super::Checker;
use super::condition::{Scope, is_readable};
use crate::protocol::fault::FaultKind;
use crate::protocol::path::Path;
use crate::protocol::{AnswerIs, Condition, Definition, FieldKind, Occurrence, Step, StepIs};

/// Indexes of the steps such that each comes after all that its conditions read; otherwise the order of the
/// document. Steps that wait for one another are left out.
pub(super) fn order(definition: &Definition) -> Vec<usize> {
    placed(&edges(definition))
}

/// Lists cycles, steps that can never apply, and conditions that can never be true.
pub(super) fn check(checker: &mut Checker<'_>) {
    let edges = edges(checker.definition);
    cycles(checker, &edges);
    let mut reach =
        Reach { definition: checker.definition, dead: vec![false; edges.len()], hidden: Vec::new() };
    let list = Path::Root.key("steps");
    reach.hidden =
        (0..edges.len()).map(|index| checker.damage.at(&list.index(index).key("applies"))).collect();
    for index in placed(&edges) {
        let step = &checker.definition.steps[index];
        if step.applies.as_ref().is_some_and(|condition| !reach.can_be_true(condition, Scope::Record)) {
            reach.dead[index] = true;
            checker.fault(&list.index(index).key("applies"), FaultKind::Unreachable);
        }
    }
    rest(checker, &reach);
}

/// Every condition that is not a step's own `applies`. What belongs to a step that never comes is the fault of
/// that step.
fn rest(checker: &mut Checker<'_>, reach: &Reach<'_>) {
    let list = Path::Root.key("steps");
    for (index, step) in checker.definition.steps.iter().enumerate().filter(|(index, _)| !reach.dead[*index])
    {
        let at = list.index(index);
        never_true(checker, reach, step.done_when.as_ref(), &at.key("done_when"), Scope::Record);
        let fields = at.key("fields");
        let built_in = super::built_in(step);
        for (number, field) in step.fields.iter().enumerate().skip(built_in) {
            let field_at = fields.index(number - built_in);
            let scope = Scope::Field { step, number };
            never_true(checker, reach, field.applies.as_ref(), &field_at.key("applies"), scope);
        }
    }
    let list = Path::Root.key("clocks");
    for (index, clock) in checker.definition.clocks.iter().enumerate() {
        if reach.find(&clock.from.field.step).is_some_and(|(step, _)| reach.dead[step]) {
            continue;
        }
        let at = list.index(index);
        let scope = Scope::of_clock(clock);
        never_true(checker, reach, clock.applies.as_ref(), &at.key("applies"), scope);
        never_true(checker, reach, Some(&clock.met_by), &at.key("met_by"), scope);
        never_true(checker, reach, clock.excused_by.as_ref(), &at.key("excused_by"), scope);
    }
}

fn never_true(
    checker: &mut Checker<'_>,
    reach: &Reach<'_>,
    condition: Option<&Condition>,
    at: &Path<'_>,
    scope: Scope<'_>,
) {
    if condition.is_some_and(|condition| !reach.can_be_true(condition, scope)) {
        checker.fault(at, FaultKind::NeverTrue);
    }
}

/// For each step, the steps that it waits for.
fn edges(definition: &Definition) -> Vec<Vec<usize>> {
    let mut by_id = BTreeMap::new();
    for (index, step) in definition.steps.iter().enumerate() {
        by_id.entry(step.id.as_str()).or_insert(index);
    }
    definition
        .steps
        .iter()
        .map(|step| {
            let mut names = Vec::new();
            if let Some(condition) = &step.applies {
                named(condition, None, &mut names);
            }
            // A step may read its own answers to tell whether it is done or a field applies, not its own state.
            let within =
                step.done_when.iter().chain(step.fields.iter().filter_map(|field| field.applies.as_ref()));
            for condition in within {
                named(condition, Some(&step.id), &mut names);
            }
            let mut edges: Vec<usize> = names.iter().filter_map(|name| by_id.get(name).copied()).collect();
            edges.sort_unstable();
            edges.dedup();
            edges
        })
        .collect()
}

/// The steps that a condition names, without answers of `own`.
fn named<'c>(condition: &'c Condition, own: Option<&str>, names: &mut Vec<&'c str>) {
    match condition {
        Condition::All(terms) | Condition::Any(terms) => {
            for term in terms {
                named(term, own, names);
            }
        }
        Condition::Not(inner) => named(inner, own, names),
        Condition::Step { id, .. } => names.push(id),
        Condition::Answer { field, .. } if own == Some(field.step.as_str()) => {}
        Condition::Answer { field, .. } => names.push(&field.step),
    }
}

fn placed(edges: &[Vec<usize>]) -> Vec<usize> {
    let mut order = Vec::with_capacity(edges.len());
    let mut is_placed = vec![false; edges.len()];
    let next = |is_placed: &[bool]| {
        (0..edges.len()).find(|&step| !is_placed[step] && edges[step].iter().all(|&before| is_placed[before]))
    };
    while let Some(step) = next(&is_placed) {
        is_placed[step] = true;
        order.push(step);
    }
    order
}

/// One fault for each group of steps that wait for one another, at its first step.
fn cycles(checker: &mut Checker<'_>, edges: &[Vec<usize>]) {
    let reached: Vec<Vec<bool>> = (0..edges.len()).map(|from| reached_from(from, edges)).collect();
    for (first, from_first) in reached.iter().enumerate() {
        let is_in_group = |step: &usize| from_first[*step] && reached[*step][first];
        let group: Vec<usize> = (0..edges.len()).filter(is_in_group).collect();
        if group.first() == Some(&first) {
            let through = group.iter().map(|&step| checker.definition.steps[step].id.clone()).collect();
            checker.fault(&Path::Root.key("steps").index(first), FaultKind::Cycle { through });
        }
    }
}

fn reached_from(from: usize, edges: &[Vec<usize>]) -> Vec<bool> {
    let mut reached = vec![false; edges.len()];
    let mut open = edges[from].clone();
    while let Some(step) = open.pop() {
        if !std::mem::replace(&mut reached[step], true) {
            open.extend_from_slice(&edges[step]);
        }
    }
    reached
}

/// What is known of steps that can never apply.
struct Reach<'d> {
    definition: &'d Definition,
    dead: Vec<bool>,
    /// Whether the `applies` of a step could not be read.
    hidden: Vec<bool>,
}

/// Whether a condition can become true, and whether it can become false. Where we cannot tell, it can.
#[derive(Clone, Copy)]
struct Possible {
    yes: bool,
    no: bool,
}

impl Reach<'_> {
    fn can_be_true(&self, condition: &Condition, scope: Scope<'_>) -> bool {
        // Too large a condition is a fault already.
        !is_readable(condition) || self.possible(condition, scope).yes
    }

    fn possible(&self, condition: &Condition, scope: Scope<'_>) -> Possible {
        match condition {
            Condition::All(terms) => {
                let opposed = self.is_contradiction(terms, scope);
                let parts: Vec<Possible> = terms.iter().map(|term| self.possible(term, scope)).collect();
                let yes = !opposed && parts.iter().all(|part| part.yes);
                Possible { yes, no: opposed || parts.iter().any(|part| part.no) }
            }
            Condition::Any(terms) => {
                let parts: Vec<Possible> = terms.iter().map(|term| self.possible(term, scope)).collect();
                Possible { yes: parts.iter().any(|part| part.yes), no: parts.iter().all(|part| part.no) }
            }
            Condition::Not(inner) => {
                let inner = self.possible(inner, scope);
                Possible { yes: inner.no, no: inner.yes }
            }
            Condition::Answer { field, .. } => {
                let dead = self.find(&field.step).is_some_and(|(index, _)| self.dead[index]);
                Possible { yes: !dead, no: true }
            }
            Condition::Step { id, is } => self.state(id, *is),
        }
    }

    fn state(&self, id: &str, is: StepIs) -> Possible {
        let Some((index, step)) = self.find(id) else { return Possible { yes: true, no: true } };
        let always_applies = step.applies.is_none() && !self.hidden[index];
        match is {
            StepIs::NotApplicable => Possible { yes: !always_applies, no: !self.dead[index] },
            StepIs::Cannot => Possible { yes: !self.dead[index] && !step.fixed, no: true },
            StepIs::Done => Possible { yes: !self.dead[index], no: true },
        }
    }

    fn find(&self, id: &str) -> Option<(usize, &Step)> {
        self.definition.steps.iter().enumerate().find(|(_, step)| step.id == id)
    }

    /// Whether two of the terms exclude each other.
    fn is_contradiction(&self, terms: &[Condition], scope: Scope<'_>) -> bool {
        let mut flat = Vec::new();
        flatten(terms, &mut flat);
        flat.iter()
            .enumerate()
            .any(|(index, one)| flat[..index].iter().any(|other| self.are_opposed(one, other, scope)))
    }

    fn are_opposed(&self, one: &Condition, other: &Condition, scope: Scope<'_>) -> bool {
        match (one, other) {
            (Condition::Not(inner), other) if **inner == *other => true,
            (one, Condition::Not(inner)) if **inner == *one => true,
            (Condition::Step { id: a, is: one }, Condition::Step { id: b, is: other }) => {
                a == b && one != other
            }
            (
                Condition::Answer { field: a, test: one, of: one_of },
                Condition::Answer { field: b, test: other, of: other_of },
            ) if a == b => {
                let Some((_, step)) = self.find(&a.step) else { return false };
                let one_entry = !step.has_entries()
                    || scope.step() == Some(a.step.as_str())
                    || (one_of == other_of && matches!(one_of, Occurrence::First | Occurrence::Last));
                let one_value = step.field(&a.field).is_some_and(|field| field.kind != FieldKind::Choices);
                one_entry
                    && match (one, other) {
                        (AnswerIs::Is(one), AnswerIs::Is(other)) => one_value && one != other,
                        (AnswerIs::Is(one), AnswerIs::IsNot(other))
                        | (AnswerIs::IsNot(one), AnswerIs::Is(other)) => one == other,
                        _ => false,
                    }
            }
            _ => false,
        }
    }
}

/// The terms of an `all`, with those of every `all` directly inside it.
fn flatten<'c>(terms: &'c [Condition], flat: &mut Vec<&'c Condition>) {
    for term in terms {
        match term {
            Condition::All(inner) => flatten(inner, flat),
            other => flat.push(other),
        }
    }
}
