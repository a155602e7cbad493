//! What the parts of a definition say of one another: names that must exist, tests that must fit, steps that
//! can be reached and told done, clocks that can start and be met.
//!
//! The checks run even where reading found faults, so that one look lists everything. What a fault of reading
//! would only echo (a step whose id could not be read is "unknown" to all who name it) is left out.

mod clock;
mod condition;
mod reach;
mod sheet;

use std::collections::{BTreeMap, BTreeSet};

use super::fault::{Fault, FaultKind};
use super::path::Path;
use super::{Author, Comes, Definition, Field, FieldRef, PartnerStep, Step};
use condition::Scope;

/// Adds what is wrong to the faults of reading. Where nothing is wrong, finishes the definition: `order`, and
/// what `of` means where it was left out.
pub(super) fn check(definition: &mut Definition, read: Vec<Fault>) -> Vec<Fault> {
    let mut checker = Checker::new(definition, read);
    checker.steps();
    checker.clocks();
    checker.sheets();
    reach::check(&mut checker);
    let faults = checker.faults;
    if faults.is_empty() {
        condition::settle_occurrences(definition);
        definition.order = reach::order(definition);
    }
    faults
}

struct Checker<'d> {
    definition: &'d Definition,
    /// Of two steps with one id, the first.
    by_id: BTreeMap<&'d str, usize>,
    damage: Damage,
    faults: Vec<Fault>,
}

/// Where reading failed.
struct Damage(BTreeSet<String>);

impl Damage {
    /// Whether something at this place or below it could not be read.
    fn at(&self, path: &Path<'_>) -> bool {
        if self.0.is_empty() {
            return false;
        }
        let path = path.to_string();
        let below = |joint: char| {
            let start = format!("{path}{joint}");
            self.0.range(start.clone()..).next().is_some_and(|found| found.starts_with(&start))
        };
        self.0.contains(&path) || below('.') || below('[')
    }

    /// Whether this very thing could not be read.
    fn exactly(&self, path: &Path<'_>) -> bool {
        !self.0.is_empty() && self.0.contains(&path.to_string())
    }

    /// Whether an item of this list may have an id that we do not know.
    fn hides_ids(&self, list: &Path<'_>, len: usize) -> bool {
        !self.0.is_empty()
            && (self.exactly(list)
                || (0..len).any(|index| {
                    let item = list.index(index);
                    self.exactly(&item) || self.exactly(&item.key("id"))
                }))
    }
}

impl<'d> Checker<'d> {
    fn new(definition: &'d Definition, read: Vec<Fault>) -> Self {
        let mut by_id = BTreeMap::new();
        for (index, step) in definition.steps.iter().enumerate() {
            by_id.entry(step.id.as_str()).or_insert(index);
        }
        let damage = Damage(read.iter().map(|fault| fault.path.clone()).collect());
        Self { definition, by_id, damage, faults: read }
    }

    fn fault(&mut self, at: &Path<'_>, what: FaultKind) {
        self.faults.push(Fault { path: at.to_string(), what });
    }

    fn steps(&mut self) {
        let list = Path::Root.key("steps");
        for (index, step) in self.definition.steps.iter().enumerate() {
            let at = list.index(index);
            if self.damage.exactly(&at) {
                continue;
            }
            self.partner(step, &at);
            self.shared(step, &at);
            self.reasons(step, &at);
            self.can_be_done(step, &at);
            if let Some(condition) = &step.applies {
                self.condition(condition, &at.key("applies"), Scope::Record);
            }
            if let Some(condition) = &step.done_when {
                self.condition(condition, &at.key("done_when"), Scope::Record);
            }
            let fields = at.key("fields");
            let built_in = built_in(step);
            for (number, field) in step.fields.iter().enumerate().skip(built_in) {
                if let Some(condition) = &field.applies {
                    let field_at = fields.index(number - built_in);
                    self.condition(condition, &field_at.key("applies"), Scope::Field { step, number });
                }
            }
        }
    }

    fn partner(&mut self, step: &Step, at: &Path<'_>) {
        let Some(call) = &step.partner else { return };
        let at = at.key("partner");
        if self.damage.at(&at) {
            return;
        }
        let partners = Path::Root.key("partners");
        let list = &self.definition.partners;
        let Some(index) = list.iter().position(|partner| partner.id == call.id) else {
            if !self.damage.hides_ids(&partners, list.len()) {
                self.fault(&at.key("id"), FaultKind::NoSuchPartner { partner: call.id.clone() });
            }
            return;
        };
        let silent = list[index].unavailable.is_empty();
        if silent && call.comes == Comes::Yes && !self.damage.at(&partners.index(index).key("unavailable")) {
            self.fault(&at, FaultKind::NoUnavailableReasons { partner: call.id.clone() });
        }
    }

    /// What one deputy enters for every child is the deputy's to enter.
    fn shared(&mut self, step: &Step, at: &Path<'_>) {
        if step.shared && step.by != Author::Deputy && !self.damage.at(&at.key("by")) {
            self.fault(&at.key("shared"), FaultKind::SharedNotDeputys);
        }
    }

    fn reasons(&mut self, step: &Step, at: &Path<'_>) {
        let reasons = at.key("cannot_reasons");
        if step.fixed && !step.cannot_reasons.is_empty() {
            self.fault(&reasons, FaultKind::FixedWithReasons);
        }
        let known = !self.damage.at(&reasons) && !self.damage.at(&at.key("fixed"));
        if !step.fixed && step.cannot_reasons.is_empty() && known {
            self.fault(&reasons, FaultKind::NoCannotReasons);
        }
    }

    fn can_be_done(&mut self, step: &Step, at: &Path<'_>) {
        let done_when = at.key("done_when");
        if step.partner.is_some() {
            if step.done_when.is_some() {
                self.fault(&done_when, FaultKind::CallDoneWhen);
            }
            return;
        }
        if step.done_when.is_some() || self.damage.at(&done_when) || self.damage.exactly(&at.key("fields")) {
            return;
        }
        if step.fields.is_empty() {
            self.fault(at, FaultKind::NoFields);
        } else if !step.fields.iter().any(|field| field.required) {
            self.fault(at, FaultKind::NothingRequired);
        }
    }

    /// The index of a step that is named at `at`.
    fn find_step(&mut self, id: &str, at: &Path<'_>) -> Option<usize> {
        let found = self.by_id.get(id).copied();
        if found.is_none() && !self.damage.hides_ids(&Path::Root.key("steps"), self.definition.steps.len()) {
            self.fault(at, FaultKind::NoSuchStep { step: super::path::shortened(id) });
        }
        found
    }

    /// The step and the field named under `step` and `field` at `at`.
    fn find_field(&mut self, name: &FieldRef, at: &Path<'_>) -> Option<Found<'d>> {
        let step_index = self.find_step(&name.step, &at.key("step"))?;
        let step = &self.definition.steps[step_index];
        if let Some(number) = step.fields.iter().position(|field| field.id == name.field) {
            return Some(Found { step_index, step, number, field: &step.fields[number] });
        }
        let steps = Path::Root.key("steps");
        let step_at = steps.index(step_index);
        let own = step.fields.len().saturating_sub(built_in(step));
        let hidden = self.damage.exactly(&step_at)
            || self.damage.at(&step_at.key("partner"))
            || self.damage.hides_ids(&step_at.key("fields"), own);
        if !hidden {
            let what = FaultKind::NoSuchField {
                step: super::path::shortened(&name.step),
                field: super::path::shortened(&name.field),
            };
            self.fault(&at.key("field"), what);
        }
        None
    }

    /// Whether a name of a field could not be read, so that its value here stands for nothing.
    fn is_damaged(&self, found: &Found<'_>, name: &str) -> bool {
        let steps = Path::Root.key("steps");
        let step_at = steps.index(found.step_index);
        match found.number.checked_sub(built_in(found.step)) {
            Some(index) => {
                let fields = step_at.key("fields");
                let field_at = fields.index(index);
                self.damage.at(&field_at.key(name))
            }
            None => self.damage.at(&step_at.key("partner")) || self.damage.at(&Path::Root.key("partners")),
        }
    }
}

/// A field that a condition or a clock names.
struct Found<'d> {
    step_index: usize,
    step: &'d Step,
    /// Its place among the fields of the step.
    number: usize,
    field: &'d Field,
}

/// How many of a step's fields are a call's own: they stand before those of the document.
fn built_in(step: &Step) -> usize {
    match step.partner.as_ref().map(|call| call.comes) {
        None => 0,
        Some(Comes::Yes) => PartnerStep::FIELDS.len(),
        Some(Comes::No) => PartnerStep::FIELDS.len() - 2,
    }
}
