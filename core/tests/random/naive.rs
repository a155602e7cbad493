//! The rules once more, plainly: from a set of events to heads, and from heads to what each step is.
//!
//! Slow, and written from the design instead of the engine. Conditions ask for steps by calling, not in an order.

use std::cell::{Cell, RefCell};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use firsthours_core::protocol::{
    Anchor, AnswerIs, Comes, Condition, Definition, Field, FieldKind, Occurrence, PartnerStep, Step, StepIs,
    Value,
};
use firsthours_core::record::{
    Body, Conflict, Content, EntryId, Event, EventId, Kind, PhaseMark, Register, Sharing, StepState,
    ThreadMark,
};

/// One write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Said {
    pub(crate) stamp: u64,
    pub(crate) id: EventId,
    pub(crate) content: Content,
}

/// What nobody has replaced, the one to show first in front.
pub(crate) type Heads = BTreeMap<Register, Vec<Said>>;

/// What an event writes.
pub(crate) fn puts(body: &Body) -> Vec<(Register, Content)> {
    let one = |register, content| vec![(register, content)];
    let cannot = |step: &String, why| one(Register::Cannot { step: step.clone() }, Content::Cannot(why));
    let mark = |phase, mark| one(Register::Phase(phase), Content::Phase(mark));
    match &body.kind {
        Kind::Opened { protocol, incident, .. } => vec![
            (Register::Holder, Content::Holder(body.actor.person.clone())),
            (Register::Version, Content::Version(*protocol)),
            (Register::Incident, Content::Incident(*incident)),
        ],
        Kind::Answered { step, entry, values, .. } => {
            let mut puts = Vec::new();
            for (field, value) in values {
                let (step, entry, field) = (step.clone(), *entry, field.clone());
                puts.push((Register::Field { step, entry, field }, Content::Value(value.clone())));
            }
            if let Some(entry) = *entry {
                puts.push((Register::Entry { step: step.clone(), entry }, Content::Entry(true)));
            }
            puts
        }
        Kind::Cannot { step, why, .. } => cannot(step, Some(why.clone())),
        Kind::Reopened { step } => cannot(step, None),
        Kind::EntryWithdrawn { step, entry } => {
            one(Register::Entry { step: step.clone(), entry: *entry }, Content::Entry(false))
        }
        Kind::Submitted { phase, .. } => mark(*phase, PhaseMark::Submitted),
        Kind::Returned { phase } => mark(*phase, PhaseMark::Returned),
        Kind::Approved { phase, .. } => mark(*phase, PhaseMark::Approved),
        Kind::Voided { .. } => one(Register::Void, Content::Void(true)),
        Kind::Unvoided => one(Register::Void, Content::Void(false)),
        Kind::Accepted { how: Sharing::Pass, .. } => {
            one(Register::Holder, Content::Holder(body.actor.person.clone()))
        }
        Kind::Reassigned { to } => one(Register::Holder, Content::Holder(to.clone())),
        Kind::Moved { protocol } => one(Register::Version, Content::Version(*protocol)),
        Kind::IncidentLinked { incident } => one(Register::Incident, Content::Incident(*incident)),
        Kind::SameEncounter { with } => one(Register::Same, Content::Same(*with)),
        Kind::Replied { thread, .. } => one(Register::Thread(*thread), Content::Thread(ThreadMark::Replied)),
        Kind::Resolved { thread } => one(Register::Thread(*thread), Content::Thread(ThreadMark::Resolved)),
        _ => Vec::new(),
    }
}

/// The heads of a set of events: a write is replaced by one that names it and writes the same register.
pub(crate) fn heads(events: &[Arc<Event>]) -> Heads {
    let mut heads = Heads::new();
    let mut named: BTreeSet<(Register, EventId)> = BTreeSet::new();
    for event in events {
        let body = event.body.as_ref().expect("nothing is withheld here");
        for (register, content) in puts(body) {
            named.extend(body.base.iter().map(|id| (register.clone(), *id)));
            let said = Said { stamp: event.header.stamp, id: event.id, content };
            heads.entry(register).or_default().push(said);
        }
    }
    for (register, writes) in &mut heads {
        writes.retain(|said| !named.contains(&(register.clone(), said.id)));
        sort(writes);
    }
    heads
}

pub(crate) fn sort(heads: &mut [Said]) {
    heads.sort_by_key(|said| (Reverse(said.stamp), said.id));
}

/// Whether heads say different things.
pub(crate) fn differ<'s>(heads: impl IntoIterator<Item = &'s Said>) -> bool {
    let contents: BTreeSet<&Content> = heads.into_iter().map(|said| &said.content).collect();
    contents.len() > 1
}

/// Whether a field takes a value.
pub(crate) fn fits(field: &Field, value: &Value) -> bool {
    let is_option = |id: &String| field.options.iter().any(|option| option.id == *id);
    let short = |text: &str, most: usize| {
        let most = field.limits.max_chars.map_or(most, |max| usize::try_from(max).expect("it is small"));
        !text.trim().is_empty() && text.chars().count() <= most
    };
    match (field.kind, value) {
        (FieldKind::Flag, Value::Flag(_)) => true,
        (FieldKind::Choice, Value::Text(id)) => is_option(id),
        (FieldKind::Choices, Value::List(ids)) => {
            !ids.is_empty() && ids.windows(2).all(|pair| pair[0] < pair[1]) && ids.iter().all(is_option)
        }
        (FieldKind::Moment, Value::Number(ms)) => (946_684_800_000..=4_102_444_800_000).contains(ms),
        (FieldKind::Count, Value::Number(n)) => {
            (field.limits.min.unwrap_or(0)..=field.limits.max.unwrap_or(1_000_000)).contains(n)
        }
        (FieldKind::Code, Value::Text(text)) => short(text, 64) && !text.contains(['\n', '\r']),
        (FieldKind::Text, Value::Text(text)) => short(text, 200) && !text.contains(['\n', '\r']),
        (FieldKind::Note, Value::Text(text)) => short(text, 4_000),
        _ => false,
    }
}

pub(crate) fn value(content: &Content) -> Option<&Value> {
    match content {
        Content::Value(value) => value.as_ref(),
        _ => None,
    }
}

/// The steps of a record under a definition.
pub(crate) struct Naive<'d> {
    pub(crate) definition: &'d Definition,
    pub(crate) heads: &'d Heads,
    known: RefCell<BTreeMap<&'d str, StepState>>,
    /// Fields of which the latest of several moments is read, while a clock is asked whether it is met.
    ends: Cell<&'d [Anchor]>,
}

/// The step that is being worked out counts as open.
type Own<'c> = Option<&'c str>;
/// The entry that is being judged.
pub(crate) type Same<'c> = Option<(&'c str, Option<EntryId>)>;

impl<'d> Naive<'d> {
    pub(crate) fn new(definition: &'d Definition, heads: &'d Heads) -> Self {
        Self { definition, heads, known: RefCell::new(BTreeMap::new()), ends: Cell::new(&[]) }
    }

    pub(crate) fn step(&self, id: &str) -> &'d Step {
        self.definition.steps.iter().find(|step| step.id == id).expect("conditions name steps that exist")
    }

    pub(crate) fn state(&self, step: &'d Step) -> StepState {
        if let Some(known) = self.known.borrow().get(step.id.as_str()) {
            return *known;
        }
        let state = self.work_out(step);
        self.known.borrow_mut().insert(&step.id, state);
        state
    }

    fn work_out(&self, step: &'d Step) -> StepState {
        let applies = self.applies(step);
        if applies == Some(false) {
            return StepState::NotApplicable;
        }
        let entries = self.entries(step);
        let answered = entries.iter().any(|entry| self.has_value(step, *entry));
        match (answered, self.cannot_stands(step)) {
            (true, true) => return StepState::Started,
            (false, true) => return StepState::Cannot,
            _ => {}
        }
        if let Some(call) = &step.partner {
            let text = |entry: Option<EntryId>| self.first_value(step, entry, "outcome");
            let reached: Vec<_> = entries
                .iter()
                .filter(|entry| text(**entry) == Some(&Value::Text("reached".to_owned())))
                .collect();
            let told = |entry: &&Option<EntryId>| {
                ["arrived_at", "unavailable_because"]
                    .iter()
                    .any(|field| self.first_value(step, **entry, field).is_some())
            };
            let settled: Vec<_> =
                reached.iter().copied().filter(|entry| call.comes == Comes::No || told(entry)).collect();
            let own_are_answered = |entry: &&Option<EntryId>| {
                self.missing(step, **entry).iter().all(|field| PartnerStep::FIELDS.contains(field))
            };
            if settled.iter().any(own_are_answered) {
                return StepState::Done;
            }
            if !reached.is_empty() && settled.is_empty() {
                return StepState::Waiting;
            }
        } else {
            let done = match &step.done_when {
                Some(condition) => self.truth(condition, Some(&step.id), None) == Some(true),
                None => answered && entries.iter().all(|entry| self.missing(step, *entry).is_empty()),
            };
            if done {
                return StepState::Done;
            }
        }
        match (answered, applies) {
            (true, _) => StepState::Started,
            (false, None) => StepState::MayApply,
            (false, _) => StepState::Todo,
        }
    }

    pub(crate) fn applies(&self, step: &'d Step) -> Option<bool> {
        step.applies.as_ref().map_or(Some(true), |condition| self.truth(condition, None, None))
    }

    pub(crate) fn cannot_stands(&self, step: &Step) -> bool {
        let heads = self.heads.get(&Register::Cannot { step: step.id.clone() });
        !step.fixed
            && heads.into_iter().flatten().any(|said| matches!(said.content, Content::Cannot(Some(_))))
    }

    /// Required fields that apply and have no value.
    fn missing(&self, step: &'d Step, entry: Option<EntryId>) -> Vec<&'d str> {
        let mut missing = Vec::new();
        for field in step.fields.iter().filter(|field| field.required) {
            let same = Some((step.id.as_str(), entry));
            let applies = field
                .applies
                .as_ref()
                .map_or(Some(true), |condition| self.truth(condition, Some(&step.id), same));
            if applies == Some(true) && self.first_value(step, entry, &field.id).is_none() {
                missing.push(field.id.as_str());
            }
        }
        missing
    }

    /// The heads of a field that the step can read.
    pub(crate) fn readable(&self, step: &Step, entry: Option<EntryId>, field: &str) -> Vec<&'d Said> {
        let found = step.fields.iter().find(|known| known.id == field);
        let Some(found) = found.filter(|_| step.has_entries() == entry.is_some()) else { return Vec::new() };
        let register = Register::Field { step: step.id.clone(), entry, field: field.to_owned() };
        let heads = self.heads.get(&register).into_iter().flatten();
        heads.filter(|said| value(&said.content).is_none_or(|value| fits(found, value))).collect()
    }

    pub(crate) fn first_value(&self, step: &Step, entry: Option<EntryId>, field: &str) -> Option<&'d Value> {
        self.readable(step, entry, field).into_iter().find_map(|said| value(&said.content))
    }

    fn has_value(&self, step: &Step, entry: Option<EntryId>) -> bool {
        step.fields.iter().any(|field| self.first_value(step, entry, &field.id).is_some())
    }

    /// Entries that stand, by their first moment.
    pub(crate) fn entries(&self, step: &Step) -> Vec<Option<EntryId>> {
        let mut entries = self.written(step);
        entries.retain(|entry| !self.is_withdrawn(step, *entry));
        entries.sort_by_key(|entry| {
            let moments = step.fields.iter().filter(|field| field.kind == FieldKind::Moment);
            let mut moments = moments.filter_map(|field| self.first_value(step, *entry, &field.id)?.number());
            let moment = moments.next().unwrap_or(i64::MAX);
            let fields = step.fields.iter();
            let stamp = fields
                .flat_map(|field| self.readable(step, *entry, &field.id))
                .map(|said| said.stamp)
                .min()
                .unwrap_or(u64::MAX);
            (moment, stamp, *entry)
        });
        entries
    }

    /// Entries that anything readable was ever written into.
    pub(crate) fn written(&self, step: &Step) -> Vec<Option<EntryId>> {
        let entries: BTreeSet<Option<EntryId>> = self
            .heads
            .keys()
            .filter_map(|register| match register {
                Register::Field { step: of, entry, field } if *of == step.id => {
                    (!self.readable(step, *entry, field).is_empty()).then_some(*entry)
                }
                _ => None,
            })
            .collect();
        entries.into_iter().collect()
    }

    pub(crate) fn is_withdrawn(&self, step: &Step, entry: Option<EntryId>) -> bool {
        let Some(entry) = entry else { return false };
        let heads = self.heads.get(&Register::Entry { step: step.id.clone(), entry });
        heads.is_some_and(|heads| {
            !heads.is_empty() && heads.iter().all(|said| said.content == Content::Entry(false))
        })
    }

    /// What people said differently of a step.
    pub(crate) fn conflicts(&self, step: &Step) -> BTreeSet<Conflict> {
        let mut found = BTreeSet::new();
        for (register, heads) in self.heads {
            match register {
                Register::Field { step: of, entry, field }
                    if *of == step.id && differ(self.readable(step, *entry, field)) =>
                {
                    found.insert(Conflict::Field { entry: *entry, field: field.clone() });
                }
                Register::Entry { step: of, entry }
                    if *of == step.id && differ(heads) && self.written(step).contains(&Some(*entry)) =>
                {
                    found.insert(Conflict::Entry { entry: *entry });
                }
                Register::Cannot { step: of } if *of == step.id && !step.fixed && differ(heads) => {
                    found.insert(Conflict::Cannot);
                }
                _ => {}
            }
        }
        let answered = self.entries(step).into_iter().any(|entry| self.has_value(step, entry));
        if answered && self.cannot_stands(step) {
            found.insert(Conflict::AnsweredAndCannot);
        }
        found
    }

    /// Whether a clock's condition is met: of an end that was told differently the latest counts.
    pub(crate) fn is_met(&self, condition: &Condition, ends: &'d [Anchor], same: Same<'_>) -> bool {
        // What the steps are is worked out first: for them the end is disputed all the same.
        for step in &self.definition.steps {
            self.state(step);
        }
        self.ends.set(ends);
        let truth = self.truth(condition, None, same);
        self.ends.set(&[]);
        truth == Some(true)
    }

    /// Judges a condition; `None` = not known.
    pub(crate) fn truth(&self, condition: &Condition, own: Own<'_>, same: Same<'_>) -> Option<bool> {
        match condition {
            Condition::All(terms) => {
                let terms: Vec<_> = terms.iter().map(|term| self.truth(term, own, same)).collect();
                if terms.contains(&Some(false)) {
                    Some(false)
                } else if terms.contains(&None) {
                    None
                } else {
                    Some(true)
                }
            }
            Condition::Any(terms) => {
                let terms: Vec<_> = terms.iter().map(|term| self.truth(term, own, same)).collect();
                if terms.contains(&Some(true)) {
                    Some(true)
                } else if terms.contains(&None) {
                    None
                } else {
                    Some(false)
                }
            }
            Condition::Not(inner) => self.truth(inner, own, same).map(|truth| !truth),
            Condition::Step { id, is } => match (self.state_of(id, own), is) {
                (StepState::Done, is) => Some(*is == StepIs::Done),
                (StepState::Cannot, is) => Some(*is == StepIs::Cannot),
                (StepState::NotApplicable, is) => Some(*is == StepIs::NotApplicable),
                _ => None,
            },
            Condition::Answer { field, test, of } => {
                let is_done = match self.state_of(&field.step, own) {
                    StepState::NotApplicable => return Some(false),
                    StepState::Cannot => return None,
                    state => state == StepState::Done,
                };
                let step = self.step(&field.step);
                let ask = |entry: Option<EntryId>| self.asked(step, entry, &field.field, test, is_done);
                if let Some((_, entry)) = same.filter(|(of, _)| *of == field.step) {
                    return ask(entry);
                }
                let entries = self.entries(step);
                let all: Vec<Option<bool>> = entries.into_iter().map(ask).collect();
                let missing = is_done.then_some(false);
                match of {
                    Occurrence::First | Occurrence::Same => all.first().copied().unwrap_or(missing),
                    Occurrence::Last => all.last().copied().unwrap_or(missing),
                    Occurrence::Any if all.contains(&Some(true)) => Some(true),
                    Occurrence::Every if all.contains(&Some(false)) => Some(false),
                    // More may come, or heads disagree.
                    _ if !is_done || all.contains(&None) => None,
                    // Of no entry at all, nothing was said.
                    Occurrence::Any => Some(false),
                    Occurrence::Every => Some(!all.is_empty()),
                }
            }
        }
    }

    fn state_of(&self, id: &str, own: Own<'_>) -> StepState {
        if own == Some(id) { StepState::Started } else { self.state(self.step(id)) }
    }

    fn asked(
        &self,
        step: &Step,
        entry: Option<EntryId>,
        field: &str,
        test: &AnswerIs,
        is_done: bool,
    ) -> Option<bool> {
        let heads = self.readable(step, entry, field);
        let values: Vec<&Value> = heads.iter().filter_map(|said| value(&said.content)).collect();
        let is_end = self.ends.get().iter().any(|end| end.field.step == step.id && end.field.field == field);
        let value = if differ(heads.iter().copied()) {
            match (is_end, values.iter().max_by_key(|value| value.number())) {
                (true, Some(latest)) if values.len() > 1 => *latest,
                _ => return None,
            }
        } else if let Some(value) = values.first() {
            *value
        } else {
            return is_done.then_some(false);
        };
        let is = |wanted: &Value| match (value, wanted) {
            (Value::List(chosen), Value::Text(option)) => chosen.contains(option),
            _ => value == wanted,
        };
        Some(match test {
            AnswerIs::Is(wanted) => is(wanted),
            AnswerIs::IsNot(wanted) => !is(wanted),
            AnswerIs::AtLeast(least) => value.number().is_some_and(|number| number >= *least),
            AnswerIs::Answered => true,
        })
    }
}
