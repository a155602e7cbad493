//! What the steps of a record are, derived from its heads under its definition.
//!
//! Steps are derived in the definition's `order`, so that a condition only ever reads steps that are settled
//! already. Nothing here knows what time it is.

use std::collections::{BTreeMap, BTreeSet};

use super::version::{part, says_anything};
use super::{Carried, Content, EntryId, Head, Register, State};
use crate::protocol::{
    AnchorOf, Author, ClockReading, Definition, Facts, Field, FieldKind, FieldRef, FirstEntries, Instant,
    PartnerStep, Phase, Question, Reading, Settled, Step, Truth, Value, judge, read_clocks,
};

/// Everything derived from a record: the steps in the definition's order, and the clocks.
#[derive(Debug)]
pub struct Derived<'a> {
    pub steps: Vec<StepRecord<'a>>,
    pub clocks: Vec<ClockReading>,
    /// What was said under an earlier version and is not read under this one.
    pub carried: Vec<Carried<'a>>,
    by_id: BTreeMap<&'a str, usize>,
}

/// One step as it stands in a record.
#[derive(Debug)]
pub struct StepRecord<'a> {
    pub step: &'a Step,
    pub state: StepState,
    /// Whether it applies, three-valued.
    pub applies: Truth,
    /// The question that decides whether it applies, while that is unknown.
    pub asks: Option<Question>,
    /// Entries in the order of their first moment; a step without entry ids has at most one.
    pub entries: Vec<EntryRecord<'a>>,
    /// Entries that were withdrawn: kept and shown, not read.
    pub withdrawn: Vec<EntryRecord<'a>>,
    /// Heads of the *cannot* register.
    pub cannot: Vec<Head<'a>>,
    pub conflicts: Vec<Conflict>,
}

/// One occurrence of a step.
#[derive(Debug)]
pub struct EntryRecord<'a> {
    pub id: Option<EntryId>,
    /// Heads by field, in the definition's order of fields. A field never written is absent.
    pub fields: BTreeMap<&'a str, Vec<Head<'a>>>,
    /// Required fields that apply and have no value.
    pub missing: Vec<&'a str>,
    /// Fields that apply, or may: what a form asks for.
    pub asked: BTreeSet<&'a str>,
}

/// How far a step is. See DESIGN section 4.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StepState {
    Todo,
    MayApply,
    Started,
    /// The partner was reached and comes, and is neither here nor excused.
    Waiting,
    Done,
    Cannot,
    NotApplicable,
}

/// Something that two people said differently, until one decides.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Conflict {
    /// Different values of one field.
    Field { entry: Option<EntryId>, field: String },
    /// A value and a *cannot* at once.
    AnsweredAndCannot,
    /// Different reasons why it cannot be done, or *cannot* against *reopened*.
    Cannot,
    /// An entry that one withdrew and another wrote into.
    Entry { entry: EntryId },
}

/// Derives every step and clock.
pub fn derive<'a>(definition: &'a Definition, state: &'a State) -> Derived<'a> {
    let by_id = definition.steps.iter().enumerate().map(|(index, step)| (step.id.as_str(), index)).collect();
    let (mut entries, carried) = entries_by_step(definition, &by_id, state);
    let done = definition.steps.iter().map(|_| None).collect();
    let mut building = Building { state, by_id, done };
    for (index, step) in
        definition.order.iter().filter_map(|index| Some((*index, definition.steps.get(*index)?)))
    {
        let record = building.step(step, state, entries.remove(step.id.as_str()).unwrap_or_default());
        building.done[index] = Some(record);
    }
    let clocks = read_clocks(definition, &building);
    let Building { by_id, done, .. } = building;
    // Every step is in the order of a definition that was loaded, so that none is left out here.
    Derived { steps: done.into_iter().flatten().collect(), clocks, carried, by_id }
}

impl<'a> Derived<'a> {
    /// The step with this id.
    pub fn step(&self, id: &str) -> Option<&StepRecord<'a>> {
        self.steps.get(*self.by_id.get(id)?)
    }

    /// How many conflicts wait for a person.
    pub fn conflicts(&self) -> usize {
        self.steps.iter().map(|step| step.conflicts.len()).sum()
    }

    /// The steps of a phase that this author has to end before it can be submitted. `may_apply` never blocks: nobody
    /// can answer a question that may not exist.
    pub fn blocking(&self, phase: Phase, author: Author) -> impl Iterator<Item = &StepRecord<'a>> {
        let blocks =
            |state: StepState| matches!(state, StepState::Todo | StepState::Started | StepState::Waiting);
        self.steps.iter().filter(move |found| {
            found.step.phase == phase && found.step.by == author && found.step.required && blocks(found.state)
        })
    }

    /// Whether anything of the phase is recorded at all: an empty phase is not worth a review.
    pub fn has_begun(&self, phase: Phase) -> bool {
        self.begun(phase).next().is_some()
    }

    /// The steps of a phase of which something is recorded.
    pub(super) fn begun(&self, phase: Phase) -> impl Iterator<Item = &StepRecord<'a>> {
        let begun = |state: StepState| {
            matches!(state, StepState::Started | StepState::Waiting | StepState::Done | StepState::Cannot)
        };
        self.steps.iter().filter(move |found| found.step.phase == phase && begun(found.state))
    }
}

impl StepState {
    /// Whether the step still asks for something.
    pub fn is_open(self) -> bool {
        matches!(self, Self::Todo | Self::MayApply | Self::Started | Self::Waiting)
    }
}

impl StepRecord<'_> {
    /// The entry with this id (`None` for a step without entries).
    pub fn entry(&self, id: Option<EntryId>) -> Option<&EntryRecord<'_>> {
        self.entries.iter().find(|entry| entry.id == id)
    }
}

impl EntryRecord<'_> {
    /// The value to show first, if there is one.
    pub fn value(&self, field: &str) -> Option<&Value> {
        self.fields.get(field)?.iter().find_map(|head| value_of(head))
    }

    fn has_value(&self) -> bool {
        self.fields.values().flatten().any(|head| value_of(head).is_some())
    }

    /// What the field holds, as a condition reads it.
    pub fn reading(&self, field: &str) -> Reading<'_> {
        let Some(heads) = self.fields.get(field) else { return Reading::Nothing };
        if disagree(heads) {
            // A withdrawal among the heads is a disagreement too, but there is nothing in it to read.
            return Reading::Disputed(heads.iter().filter_map(|head| value_of(head)).collect());
        }
        heads.first().and_then(|head| value_of(head)).map_or(Reading::Nothing, Reading::One)
    }
}

/// Whether heads hold different contents.
pub(crate) fn disagree(heads: &[Head<'_>]) -> bool {
    heads.iter().any(|head| head.content != heads[0].content)
}

fn value_of<'h>(head: &Head<'h>) -> Option<&'h Value> {
    match head.content {
        Content::Value(value) => value.as_ref(),
        _ => None,
    }
}

type Fields<'a> = BTreeMap<&'a str, Vec<Head<'a>>>;

type Written<'a> = BTreeMap<&'a str, BTreeMap<Option<EntryId>, Fields<'a>>>;

/// Which steps, entries and fields have been written at all, with their heads; and what this version cannot read.
fn entries_by_step<'a>(
    definition: &'a Definition,
    by_id: &BTreeMap<&str, usize>,
    state: &'a State,
) -> (Written<'a>, Vec<Carried<'a>>) {
    let step_of = |id: &str| by_id.get(id).and_then(|index| definition.steps.get(*index));
    let mut steps: Written<'a> = BTreeMap::new();
    let mut carried = Vec::new();
    for register in state.registers() {
        match register {
            Register::Field { step, entry, field } => {
                let (read, kept) = part(step_of(step), *entry, field, state.heads(register));
                if !read.is_empty() {
                    steps.entry(step).or_default().entry(*entry).or_default().insert(field, read);
                }
                if says_anything(&kept) {
                    carried.push(Carried { step, entry: *entry, field: Some(field), heads: kept });
                }
            }
            Register::Cannot { step } if step_of(step).is_none_or(|step| step.fixed) => {
                let heads = state.heads(register);
                if says_anything(&heads) {
                    carried.push(Carried { step, entry: None, field: None, heads });
                }
            }
            _ => {}
        }
    }
    (steps, carried)
}

/// The steps settled so far: what the conditions of later steps read.
struct Building<'a> {
    state: &'a State,
    by_id: BTreeMap<&'a str, usize>,
    /// By their place in the definition.
    done: Vec<Option<StepRecord<'a>>>,
}

impl<'a> Building<'a> {
    fn record(&self, step: &str) -> Option<&StepRecord<'a>> {
        self.done.get(*self.by_id.get(step)?)?.as_ref()
    }

    fn step(
        &self,
        step: &'a Step,
        state: &'a State,
        written: BTreeMap<Option<EntryId>, Fields<'a>>,
    ) -> StepRecord<'a> {
        let mut entries = Vec::new();
        let mut withdrawn = Vec::new();
        let mut conflicts = Vec::new();
        for (id, fields) in written {
            for (field, heads) in &fields {
                if disagree(heads) {
                    conflicts.push(Conflict::Field { entry: id, field: (*field).to_owned() });
                }
            }
            let entry = EntryRecord { id, fields, missing: Vec::new(), asked: BTreeSet::new() };
            match entry_stands(state, step, id) {
                Stands::Yes => entries.push(entry),
                Stands::Withdrawn => withdrawn.push(entry),
                Stands::Disputed(entry_id) => {
                    conflicts.push(Conflict::Entry { entry: entry_id });
                    entries.push(entry);
                }
            }
        }
        entries.sort_by_key(|entry| entry_rank(step, entry));

        // A step that may not be marked so under this version is open, whatever an earlier one allowed.
        let cannot =
            if step.fixed { Vec::new() } else { state.heads(&Register::Cannot { step: step.id.clone() }) };
        if disagree(&cannot) {
            conflicts.push(Conflict::Cannot);
        }
        let verdict = step.applies.as_ref().map(|condition| judge(condition, self, None));
        let (applies, asks) = verdict.map_or((Truth::True, None), |verdict| (verdict.truth, verdict.asks));
        let mut record =
            StepRecord { step, state: StepState::Todo, applies, asks, entries, withdrawn, cannot, conflicts };
        self.ask_fields(&mut record);
        let answered = record.entries.iter().any(EntryRecord::has_value);
        let cannot_stands = record.cannot.iter().any(|head| matches!(head.content, Content::Cannot(Some(_))));
        if answered && cannot_stands {
            record.conflicts.push(Conflict::AnsweredAndCannot);
        }
        record.state = self.state_of(&record, answered, cannot_stands);
        record
    }

    /// Finds which fields each entry asks for, and which of those it lacks.
    fn ask_fields(&self, record: &mut StepRecord<'a>) {
        let step = record.step;
        for index in 0..record.entries.len() {
            let mut missing = Vec::new();
            let mut asked = BTreeSet::new();
            for field in &step.fields {
                let applies = field.applies.as_ref().map_or(Truth::True, |condition| {
                    judge(condition, &Within { building: self, record }, Some((&step.id, index))).truth
                });
                if applies == Truth::False {
                    continue;
                }
                asked.insert(field.id.as_str());
                if field.required
                    && applies == Truth::True
                    && record.entries[index].value(&field.id).is_none()
                {
                    missing.push(field.id.as_str());
                }
            }
            record.entries[index].missing = missing;
            record.entries[index].asked = asked;
        }
    }

    fn state_of(&self, record: &StepRecord<'a>, answered: bool, cannot_stands: bool) -> StepState {
        if record.applies == Truth::False {
            return StepState::NotApplicable;
        }
        if answered && cannot_stands {
            return StepState::Started;
        }
        if cannot_stands {
            return StepState::Cannot;
        }
        if record.step.partner.is_some() {
            if let Some(state) = call_state(record) {
                return state;
            }
        } else {
            let done = match &record.step.done_when {
                Some(condition) => {
                    judge(condition, &Within { building: self, record }, None).truth == Truth::True
                }
                None => answered && record.entries.iter().all(|entry| entry.missing.is_empty()),
            };
            if done {
                return StepState::Done;
            }
        }
        match (answered, record.applies) {
            (true, _) => StepState::Started,
            (false, Truth::Unknown) => StepState::MayApply,
            (false, _) => StepState::Todo,
        }
    }
}

/// A call is done when an entry reached the partner, has answered the step's own questions and, if the partner comes, has
/// an arrival or a reason.
fn call_state(record: &StepRecord<'_>) -> Option<StepState> {
    let mut reached = record
        .entries
        .iter()
        .filter(|entry| entry.value("outcome") == Some(&Value::Text(PartnerStep::REACHED.to_owned())))
        .peekable();
    reached.peek()?;
    let settled = |entry: &EntryRecord<'_>| {
        entry.value("arrived_at").is_some() || entry.value("unavailable_because").is_some()
    };
    let answered =
        |entry: &&EntryRecord<'_>| entry.missing.iter().all(|field| PartnerStep::FIELDS.contains(field));
    let mut settled = reached.filter(|entry| !record.step.partner_comes() || settled(entry)).peekable();
    if settled.peek().is_none() {
        Some(StepState::Waiting)
    } else {
        settled.any(|entry| answered(&entry)).then_some(StepState::Done)
    }
}

enum Stands {
    Yes,
    Withdrawn,
    Disputed(EntryId),
}

fn entry_stands(state: &State, step: &Step, entry: Option<EntryId>) -> Stands {
    let Some(entry) = entry else { return Stands::Yes };
    let heads = state.heads(&Register::Entry { step: step.id.clone(), entry });
    if disagree(&heads) {
        return Stands::Disputed(entry);
    }
    match heads.first().map(|head| head.content) {
        Some(Content::Entry(false)) => Stands::Withdrawn,
        _ => Stands::Yes,
    }
}

/// Orders entries by their first moment, so that a call typed later but made earlier comes earlier.
fn entry_rank(step: &Step, entry: &EntryRecord<'_>) -> (Instant, u64, Option<EntryId>) {
    let moment = step
        .fields
        .iter()
        .filter(|field| field.kind == FieldKind::Moment)
        .find_map(|field| entry.value(&field.id).and_then(Value::moment))
        .unwrap_or(Instant::NEVER);
    let stamp = entry.fields.values().flatten().map(|head| head.event.header.stamp).min().unwrap_or(u64::MAX);
    (moment, stamp, entry.id)
}

impl Facts for Building<'_> {
    fn settled(&self, step: &str) -> Settled {
        self.record(step).map_or(Settled::Open, |record| match record.state {
            StepState::Done => Settled::Done,
            StepState::Cannot => Settled::Cannot,
            StepState::NotApplicable => Settled::NotApplicable,
            _ => Settled::Open,
        })
    }

    fn entries(&self, step: &str) -> usize {
        self.record(step).map_or(0, |record| record.entries.len())
    }

    fn reading(&self, step: &str, entry: usize, field: &str) -> Reading<'_> {
        self.record(step)
            .and_then(|record| record.entries.get(entry))
            .map_or(Reading::Nothing, |entry| entry.reading(field))
    }
}

impl FirstEntries for Building<'_> {
    fn as_first_entered(&self, field: &FieldRef, of: AnchorOf, entry: Option<usize>) -> Option<Instant> {
        let record = self.record(&field.step)?;
        let found = record.step.field(&field.field)?;
        let first = |entry: &EntryRecord<'_>| first_entered(self.state, record.step, found, entry.id);
        match (of, entry) {
            (AnchorOf::Each, Some(entry)) => first(record.entries.get(entry)?),
            // A call that was withdrawn and entered again has still been made when it was first said to be.
            (AnchorOf::First | AnchorOf::Each, _) => {
                record.entries.iter().chain(&record.withdrawn).filter_map(first).min()
            }
            (AnchorOf::Last, _) => record.entries.iter().filter_map(first).max(),
        }
    }
}

/// The moment that was written into a field first. A count that an earlier version asked for under this name is none.
fn first_entered(state: &State, step: &Step, field: &Field, entry: Option<EntryId>) -> Option<Instant> {
    let register = Register::Field { step: step.id.clone(), entry, field: field.id.clone() };
    state
        .writers(&register)
        .filter_map(|event| match event.kind() {
            Some(super::Kind::Answered { values, .. }) => {
                let value = values.get(&field.id)?.as_ref().filter(|value| value.fits(field).is_ok())?;
                Some((event.header.stamp, event.id, value.moment()?))
            }
            _ => None,
        })
        .min()
        .map(|(_, _, moment)| moment)
}

/// The settled steps, and the one being settled: its own entries may be read, and it counts as open.
struct Within<'b, 'a> {
    building: &'b Building<'a>,
    record: &'b StepRecord<'a>,
}

impl Facts for Within<'_, '_> {
    fn settled(&self, step: &str) -> Settled {
        if step == self.record.step.id { Settled::Open } else { self.building.settled(step) }
    }

    fn entries(&self, step: &str) -> usize {
        if step == self.record.step.id { self.record.entries.len() } else { self.building.entries(step) }
    }

    fn reading(&self, step: &str, entry: usize, field: &str) -> Reading<'_> {
        if step == self.record.step.id {
            self.record.entries.get(entry).map_or(Reading::Nothing, |entry| entry.reading(field))
        } else {
            self.building.reading(step, entry, field)
        }
    }
}
