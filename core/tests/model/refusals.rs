//! Which acts have to be refused, and by which names: every reason there is, not only the first.

use std::collections::{BTreeMap, BTreeSet};

use firsthours_core::protocol::{Author, Definition, Phase, Step, Value};
use firsthours_core::record::{
    Act, Actor, Conflict, Content, EntryId, EventId, PersonId, PhaseStatus, Register, Role, StepState,
};

use super::replica::{Replica, What};
use crate::random::naive::{Naive, fits};

/// Somebody about to act.
pub(crate) struct Asked<'a> {
    pub(crate) replica: &'a Replica,
    pub(crate) definition: &'a Definition,
    pub(crate) actor: &'a Actor,
    pub(crate) at_desk: bool,
}

/// Those who have steps.
const ROLES: [Role; 4] = [Role::Deputy, Role::Detective, Role::Supervisor, Role::County];

type Values = BTreeMap<String, Option<Value>>;

/// The reasons against an act, by the names of the engine.
#[derive(Default)]
struct Against(BTreeSet<&'static str>);

impl Against {
    fn when(&mut self, holds: bool, name: &'static str) {
        if holds {
            self.0.insert(name);
        }
    }

    fn text(&mut self, text: &str) {
        self.when(text.trim().is_empty(), "EmptyText");
    }
}

impl Asked<'_> {
    /// Every reason against the act; none = it has to be accepted.
    pub(crate) fn refusals(&self, act: &Act) -> BTreeSet<&'static str> {
        let mut against = Against::default();
        against.when(self.replica.is_void() && *act != Act::Unvoid, "Void");
        against.when(!self.may(act), "MayNot");
        self.reason(act, &mut against);
        match act {
            Act::Answer { .. }
            | Act::Copy { .. }
            | Act::Cannot { .. }
            | Act::Reopen { .. }
            | Act::WithdrawEntry { .. } => self.of_step(act, &mut against),
            Act::Submit { .. } | Act::Return { .. } | Act::Approve { .. } => self.of_phase(act, &mut against),
            Act::Note { step, text } | Act::Comment { step, text } => {
                let unknown = step.as_ref().is_some_and(|step| self.definition.step(step).is_none());
                against.when(unknown, "NoSuchStep");
                against.text(text);
            }
            Act::Void { why } => against.text(why),
            Act::Reply { thread, text } => {
                against.when(!self.is_thread(*thread), "NoSuchThread");
                against.text(text);
            }
            Act::Resolve { thread } => against.when(!self.is_thread(*thread), "NoSuchThread"),
            Act::Accept { offer } | Act::Decline { offer } => {
                let is_mine = |to: &PersonId| *to == self.actor.person;
                let fact = self.replica.heard.get(offer).map(|fact| &fact.what);
                let open = matches!(fact, Some(What::Offered(_, to)) if is_mine(to));
                against.when(!open, "NoSuchThread");
            }
            Act::Move { protocol, .. } => {
                against.when(self.replica.protocol() == (*protocol, false), "SameVersion");
            }
            _ => {}
        }
        against.0
    }

    fn is_thread(&self, id: EventId) -> bool {
        self.replica.heard.get(&id).is_some_and(|fact| matches!(fact.what, What::Commented))
    }

    /// Whether this role, here, may do such a thing at all.
    fn may(&self, act: &Act) -> bool {
        let in_the_field = matches!(self.actor.role, Role::Deputy | Role::Detective);
        match act {
            Act::Void { .. }
            | Act::Unvoid
            | Act::Share { .. }
            | Act::Accept { .. }
            | Act::Decline { .. }
            | Act::Move { .. }
            | Act::LinkIncident { .. } => in_the_field && !self.at_desk,
            Act::Comment { .. }
            | Act::Resolve { .. }
            | Act::Return { .. }
            | Act::Reassign { .. }
            | Act::SameEncounter { .. }
            | Act::Approve { .. } => self.actor.role == Role::Supervisor && self.at_desk,
            _ => true,
        }
    }

    fn reason(&self, act: &Act, against: &mut Against) {
        let settled = |phase| self.replica.is_settled(self.definition, phase);
        let (reason, is_settled) = match act {
            Act::Answer { step, reason, .. }
            | Act::Cannot { step, reason, .. }
            | Act::Reopen { step, reason }
            | Act::WithdrawEntry { step, reason, .. } => {
                let Some(step) = self.definition.step(step) else { return };
                let own_part = ROLES.into_iter().any(|role| {
                    author(role) == Some(step.by) && self.replica.was_submitted_by(step.phase, role)
                });
                (reason, settled(step.phase) && own_part)
            }
            Act::Move { reason, .. } => (reason, Phase::ALL.into_iter().any(settled)),
            _ => return,
        };
        match reason {
            Some(reason) => against.text(reason),
            None => against.when(is_settled, "ReasonNeeded"),
        }
    }

    fn of_step(&self, act: &Act, against: &mut Against) {
        let (Act::Answer { step: id, .. }
        | Act::Copy { step: id, .. }
        | Act::Cannot { step: id, .. }
        | Act::Reopen { step: id, .. }
        | Act::WithdrawEntry { step: id, .. }) = act
        else {
            return;
        };
        let Some(step) = self.definition.step(id) else { return against.when(true, "NoSuchStep") };
        let is_own = author(self.actor.role) == Some(step.by);
        let decides = self.actor.role == Role::Supervisor && self.decides_between(step, act);
        against.when(!is_own && !decides, "NotYours");
        match act {
            Act::Answer { entry, values, .. } => {
                values_fit(step, values, against);
                self.known_entry(step, *entry, against);
            }
            Act::Copy { entry, values, .. } => {
                against.when(!step.shared, "NotShared");
                against.when(step.has_entries() != entry.is_some(), "NoSuchEntry");
                values_fit(step, values, against);
            }
            Act::Cannot { why, note, .. } => {
                against.when(step.fixed, "Fixed");
                against.when(!step.cannot_reasons.iter().any(|reason| reason.id == *why), "NoSuchReason");
                if let Some(text) = note {
                    against.text(text);
                }
            }
            Act::WithdrawEntry { entry, .. } => self.known_entry(step, Some(*entry), against),
            _ => {}
        }
    }

    fn known_entry(&self, step: &Step, entry: Option<EntryId>, against: &mut Against) {
        let unknown = entry.is_some_and(|entry| !self.replica.knows_entry(step, entry));
        against.when(unknown, "NoSuchEntry");
    }

    /// A supervisor says which of two answers counts.
    fn decides_between(&self, step: &Step, act: &Act) -> bool {
        let conflicts = Naive::new(self.definition, &self.replica.heads).conflicts(step);
        let said = |register: &Register, content: &Content| {
            self.replica.heads.get(register).into_iter().flatten().any(|said| said.content == *content)
        };
        match act {
            Act::Answer { entry, values, .. } => {
                !conflicts.is_empty()
                    && values.iter().all(|(field, value)| {
                        let field = field.clone();
                        let register = Register::Field { step: step.id.clone(), entry: *entry, field };
                        let against_cannot = conflicts.contains(&Conflict::AnsweredAndCannot);
                        let is_written = self.replica.heads.contains_key(&register);
                        said(&register, &Content::Value(value.clone()))
                            || value.is_none() && against_cannot && is_written
                    })
            }
            Act::Cannot { why, .. } => {
                let register = Register::Cannot { step: step.id.clone() };
                conflicts.contains(&Conflict::Cannot) && said(&register, &Content::Cannot(Some(why.clone())))
            }
            Act::Reopen { .. } => {
                conflicts.contains(&Conflict::Cannot) || conflicts.contains(&Conflict::AnsweredAndCannot)
            }
            Act::WithdrawEntry { entry, .. } => conflicts.contains(&Conflict::Entry { entry: *entry }),
            _ => false,
        }
    }

    fn of_phase(&self, act: &Act, against: &mut Against) {
        match act {
            Act::Submit { phase } => self.submit(*phase, against),
            Act::Return { phase } => against.when(!self.waits_for_review(*phase), "NotNow"),
            Act::Approve { phase } => {
                against.when(!self.waits_for_review(*phase), "NotNow");
                let own = self.replica.heard.values().any(|fact| match &fact.what {
                    What::OfStep(step) if fact.person == self.actor.person => self
                        .definition
                        .step(step)
                        .is_some_and(|step| step.phase == *phase && step.by != Author::Supervisor),
                    _ => false,
                });
                against.when(own, "OwnWork");
            }
            _ => {}
        }
    }

    fn waits_for_review(&self, phase: Phase) -> bool {
        let status = self.replica.status(self.definition, phase);
        matches!(status, PhaseStatus::Submitted | PhaseStatus::Answered | PhaseStatus::Stale)
    }

    fn submit(&self, phase: Phase, against: &mut Against) {
        let status = self.replica.status(self.definition, phase);
        let mut steps = self.replica.states(self.definition);
        steps.retain(|(step, _)| step.phase == phase);
        let begun = |state: StepState| {
            matches!(state, StepState::Started | StepState::Waiting | StepState::Done | StepState::Cannot)
        };
        against.when(!steps.iter().any(|(_, state)| begun(*state)), "NothingGiven");
        // Those who share a phase each submit their own part.
        let takes = matches!(status, PhaseStatus::Open | PhaseStatus::Returned | PhaseStatus::Stale);
        let is_own = |step: &Step| author(self.actor.role) == Some(step.by);
        let own_part_waits = self.waits_for_review(phase)
            && !self.replica.was_submitted_by(phase, self.actor.role)
            && steps.iter().any(|(step, state)| is_own(step) && begun(*state));
        against.when(!takes && !own_part_waits, "NotNow");
        let open =
            |state: StepState| matches!(state, StepState::Todo | StepState::Started | StepState::Waiting);
        let own = |step: &Step| author(self.actor.role) == Some(step.by);
        let waits = steps.iter().any(|(step, state)| own(step) && step.required && open(*state));
        against.when(waits, "StillOpen");
    }
}

fn values_fit(step: &Step, values: &Values, against: &mut Against) {
    against.when(values.is_empty(), "NothingGiven");
    for (id, value) in values {
        match step.fields.iter().find(|field| field.id == *id) {
            None => against.when(true, "NoSuchField"),
            Some(field) => {
                against.when(value.as_ref().is_some_and(|value| !fits(field, value)), "DoesNotFit");
            }
        }
    }
}

fn author(role: Role) -> Option<Author> {
    match role {
        Role::Deputy => Some(Author::Deputy),
        Role::Detective => Some(Author::Detective),
        Role::Supervisor => Some(Author::Supervisor),
        Role::County => Some(Author::County),
        _ => None,
    }
}
