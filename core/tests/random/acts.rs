//! What somebody might do next: mostly sensible, now and then what has to be refused.

use std::collections::{BTreeMap, BTreeSet};

use firsthours_core::protocol::{Definition, Field, FieldKind, Instant, Phase, Step, Value};
use firsthours_core::record::{
    Act, Actor, Content, EncounterId, EntryId, EventId, Hash, IncidentId, Kind, PersonId, Register, Role,
    Sharing, State,
};

use super::choices::Choices;
use crate::support::MINUTE;

/// Where and when somebody acts.
#[derive(Clone, Copy)]
pub(crate) struct Ground<'a> {
    pub(crate) definition: &'a Definition,
    pub(crate) state: &'a State,
    pub(crate) actor: &'a Actor,
    /// Moments are of the days from here.
    pub(crate) night: Instant,
    pub(crate) people: &'a [PersonId],
    /// Versions to move to.
    pub(crate) versions: &'a [Hash],
}

impl<'a> Ground<'a> {
    /// Chooses an act.
    pub(crate) fn act(self, choices: &mut Choices<'_>) -> Act {
        if self.actor.role == Role::Supervisor && choices.below(3) > 0 {
            return self.review(choices);
        }
        if !self.events(|kind| self.is_offered(kind)).is_empty() && choices.one_in(4) {
            return self.accept(choices);
        }
        if self.definition.steps.len() < 4 && choices.one_in(3) {
            return Act::Submit { phase: self.phase(choices) };
        }
        match choices.below(36) {
            0..11 => self.answer(choices),
            11..18 => self.unsaid(choices),
            18..20 => self.cannot(choices),
            20 => Act::Reopen { step: self.step(choices).id.clone(), reason: reason(choices) },
            21..24 => self.withdraw(choices),
            24 | 25 => Act::Submit { phase: self.phase(choices) },
            26 => Act::Note { step: None, text: text(choices) },
            27 => Act::Reply { thread: self.event(choices, is_comment), text: text(choices) },
            28 => {
                let how = *choices.pick(&[Sharing::Pass, Sharing::Pass, Sharing::Join]);
                Act::Share { how, to: choices.pick(self.people).clone() }
            }
            30 => Act::Decline { offer: self.event(choices, is_offer) },
            31 if choices.one_in(3) => Act::Void { why: text(choices) },
            31 if choices.one_in(3) => Act::Unvoid,
            29 | 31 | 32 => self.accept(choices),
            33 => self.copy(choices),
            34 if !self.versions.is_empty() => {
                Act::Move { protocol: *choices.pick(self.versions), reason: reason(choices) }
            }
            34 => Act::LinkIncident { incident: IncidentId([choices.byte() % 3; 16]) },
            _ => self.review(choices),
        }
    }

    /// Takes up an offer, mostly one to this person.
    fn accept(self, choices: &mut Choices<'_>) -> Act {
        let mine = self.events(|kind| self.is_offered(kind));
        let is_other = mine.is_empty() || choices.one_in(6);
        let offer = if is_other { self.event(choices, is_offer) } else { *choices.pick(&mine) };
        Act::Accept { offer }
    }

    fn is_offered(self, kind: &Kind) -> bool {
        matches!(kind, Kind::Shared { to, .. } if *to == self.actor.person)
    }

    fn events(self, is: impl Fn(&Kind) -> bool) -> Vec<EventId> {
        let events = self.state.counting().filter(|event| event.kind().is_some_and(&is));
        events.map(|event| event.id).collect()
    }

    fn review(self, choices: &mut Choices<'_>) -> Act {
        match choices.below(12) {
            0..4 => Act::Approve { phase: self.submitted(choices) },
            4 | 5 => Act::Return { phase: self.submitted(choices) },
            6 | 7 => {
                let step = choices.one_in(2).then(|| self.step(choices).id.clone());
                Act::Comment { step, text: text(choices) }
            }
            8 => Act::Resolve { thread: self.event(choices, is_comment) },
            9 => Act::Reassign { to: choices.pick(self.people).clone() },
            10 => {
                let with = choices.one_in(2).then(|| EncounterId([choices.byte() % 3; 16]));
                Act::SameEncounter { with }
            }
            _ => self.decision(choices),
        }
    }

    /// Takes one of two heads that stand beside each other.
    fn decision(self, choices: &mut Choices<'_>) -> Act {
        let reason = Some("seen".to_owned());
        for register in self.state.registers() {
            let heads = self.state.heads(register);
            if heads.len() < 2 {
                continue;
            }
            match (register, choices.pick(&heads).content) {
                (Register::Field { step, entry, field }, Content::Value(value)) => {
                    let values = BTreeMap::from([(field.clone(), value.clone())]);
                    return Act::Answer { step: step.clone(), entry: *entry, values, reason };
                }
                (Register::Cannot { step }, _) => return Act::Reopen { step: step.clone(), reason },
                (Register::Entry { step, entry }, _) => {
                    return Act::WithdrawEntry { step: step.clone(), entry: *entry, reason };
                }
                _ => {}
            }
        }
        self.answer(choices)
    }

    /// A step, mostly one of the actor's own.
    fn step(self, choices: &mut Choices<'_>) -> &'a Step {
        let steps = &self.definition.steps;
        let own: Vec<&Step> = steps.iter().filter(|step| self.actor.role.author() == Some(step.by)).collect();
        let number = usize::from(choices.byte());
        let any = own.is_empty() || choices.one_in(6);
        if any { &steps[number % steps.len()] } else { own[number % own.len()] }
    }

    fn phase(self, choices: &mut Choices<'_>) -> Phase {
        if choices.one_in(4) { *choices.pick(&Phase::ALL) } else { self.step(choices).phase }
    }

    /// A phase that was submitted once, if there is one.
    fn submitted(self, choices: &mut Choices<'_>) -> Phase {
        let is = |phase: &Phase| !self.state.heads(&Register::Phase(*phase)).is_empty();
        let submitted: Vec<Phase> = Phase::ALL.into_iter().filter(is).collect();
        let any = submitted.is_empty() || choices.one_in(8);
        if any { self.phase(choices) } else { *choices.pick(&submitted) }
    }

    /// An event of some kind, else one that was never written.
    fn event(self, choices: &mut Choices<'_>, is: fn(&Kind) -> bool) -> EventId {
        let found = self.events(is);
        if found.is_empty() || choices.one_in(9) { EventId([9; 32]) } else { *choices.pick(&found) }
    }

    fn entries(self, step: &Step) -> Vec<EntryId> {
        let entries: BTreeSet<EntryId> = self
            .state
            .registers()
            .filter_map(|register| match register {
                Register::Entry { step: of, entry } if *of == step.id => Some(*entry),
                _ => None,
            })
            .collect();
        entries.into_iter().collect()
    }

    /// An entry of the step, or a new one.
    fn entry(self, step: &Step, choices: &mut Choices<'_>) -> Option<EntryId> {
        let entries = self.entries(step);
        match choices.below(12) {
            0..4 => None,
            11 => Some(EntryId([7; 8])),
            _ => (!entries.is_empty()).then(|| *choices.pick(&entries)),
        }
    }

    fn answer(self, choices: &mut Choices<'_>) -> Act {
        let step = self.step(choices);
        let entry = self.entry(step, choices);
        let mut values = BTreeMap::new();
        for field in &step.fields {
            // Whoever was called comes later, if they come.
            let is_later = matches!(field.id.as_str(), "arrived_at" | "unavailable_because");
            if choices.below(3) > usize::from(is_later) {
                values.insert(field.id.clone(), self.given(field, choices));
            }
        }
        if choices.one_in(40) {
            values.insert("no_such_field".to_owned(), None);
        }
        let name = if choices.one_in(40) { "no_such_step" } else { &step.id };
        Act::Answer { step: name.to_owned(), entry, values, reason: reason(choices) }
    }

    /// Says all of a step that nobody has said anything of.
    fn unsaid(self, choices: &mut Choices<'_>) -> Act {
        let said = |step: &Step| {
            self.state.registers().any(|register| match register {
                Register::Field { step: of, .. } | Register::Cannot { step: of } => *of == step.id,
                _ => false,
            })
        };
        let own = |step: &&Step| self.actor.role.author() == Some(step.by);
        let Some(step) = self.definition.steps.iter().filter(own).find(|step| !said(step)) else {
            return self.answer(choices);
        };
        if !step.cannot_reasons.is_empty() && choices.one_in(3) {
            let why = choices.pick(&step.cannot_reasons).id.clone();
            return Act::Cannot { step: step.id.clone(), why, note: None, reason: reason(choices) };
        }
        let values =
            step.fields.iter().map(|field| (field.id.clone(), Some(self.value(field, choices)))).collect();
        Act::Answer { step: step.id.clone(), entry: None, values, reason: reason(choices) }
    }

    fn cannot(self, choices: &mut Choices<'_>) -> Act {
        let step = self.step(choices);
        let why = if step.cannot_reasons.is_empty() || choices.one_in(12) {
            "no_such_reason".to_owned()
        } else {
            choices.pick(&step.cannot_reasons).id.clone()
        };
        let note = choices.one_in(4).then(|| text(choices));
        Act::Cannot { step: step.id.clone(), why, note, reason: reason(choices) }
    }

    fn withdraw(self, choices: &mut Choices<'_>) -> Act {
        let with_entries: Vec<&Step> =
            self.definition.steps.iter().filter(|step| !self.entries(step).is_empty()).collect();
        let step = if with_entries.is_empty() { self.step(choices) } else { *choices.pick(&with_entries) };
        let entry = self.entry(step, choices).unwrap_or(EntryId([7; 8]));
        Act::WithdrawEntry { step: step.id.clone(), entry, reason: reason(choices) }
    }

    fn copy(self, choices: &mut Choices<'_>) -> Act {
        let shared: Vec<&Step> = self.definition.steps.iter().filter(|step| step.shared).collect();
        let step = if shared.is_empty() { self.step(choices) } else { *choices.pick(&shared) };
        let entry = step.has_entries().then(|| EntryId([choices.byte() % 2; 8]));
        let values =
            step.fields.iter().take(2).map(|field| (field.id.clone(), self.given(field, choices))).collect();
        Act::Copy { from: EncounterId([5; 16]), step: step.id.clone(), entry, values }
    }

    /// A value, or its withdrawal, or what no field of this kind takes.
    fn given(self, field: &Field, choices: &mut Choices<'_>) -> Option<Value> {
        match choices.below(20) {
            18 => None,
            19 if choices.one_in(6) => Some(Value::List(Vec::new())),
            _ => Some(self.value(field, choices)),
        }
    }

    /// A value that the field takes.
    pub(crate) fn value(self, field: &Field, choices: &mut Choices<'_>) -> Value {
        let words = |text: &str| Value::Text(text.to_owned());
        match field.kind {
            FieldKind::Flag => Value::Flag(choices.one_in(2)),
            FieldKind::Moment => Value::from(self.night + choices.wide() % (4 * 1_440) * MINUTE),
            FieldKind::Count => {
                let least = field.limits.min.unwrap_or(0);
                Value::Number((least + choices.wide() % 4).min(field.limits.max.unwrap_or(4)))
            }
            FieldKind::Choice if field.id == "outcome" && choices.one_in(2) => words("reached"),
            FieldKind::Choice => words(&choices.pick(&field.options).id),
            FieldKind::Choices => {
                let chosen: BTreeSet<&String> = (0..2).map(|_| &choices.pick(&field.options).id).collect();
                Value::List(chosen.into_iter().cloned().collect())
            }
            FieldKind::Code | FieldKind::Text | FieldKind::Note => words(choices.word(&["one", "two"])),
        }
    }
}

fn is_comment(kind: &Kind) -> bool {
    matches!(kind, Kind::Commented { .. })
}

fn is_offer(kind: &Kind) -> bool {
    matches!(kind, Kind::Shared { .. })
}

fn reason(choices: &mut Choices<'_>) -> Option<String> {
    match choices.below(16) {
        0..6 => None,
        15 => Some(" ".to_owned()),
        _ => Some("seen later".to_owned()),
    }
}

fn text(choices: &mut Choices<'_>) -> String {
    choices.word(&["so", "so", "so", "so", " "]).to_owned()
}
