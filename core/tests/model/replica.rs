//! What one device should know, as plain maps: what it heard, what nobody has replaced, and what that comes to.

use std::collections::{BTreeMap, BTreeSet};

use firsthours_core::protocol::{Definition, Phase, Step, Value};
use firsthours_core::record::{
    Act, Actor, Content, EntryId, EventId, Hash, PersonId, PhaseMark, PhaseStatus, Register, Role, Sharing,
    StepState, ThreadMark, ThreadState,
};

use crate::random::naive::{Heads, Naive, Said, sort};
use crate::support::INCIDENT;

#[derive(Debug, Clone, Default)]
pub(crate) struct Replica {
    pub(crate) heads: Heads,
    pub(crate) heard: BTreeMap<EventId, Fact>,
}

/// What an event was about.
#[derive(Debug, Clone)]
pub(crate) struct Fact {
    pub(crate) person: PersonId,
    pub(crate) role: Role,
    pub(crate) what: What,
}

#[derive(Debug, Clone)]
pub(crate) enum What {
    OfStep(String),
    Submitted(Phase),
    Returned(Phase),
    /// With all that had been heard on the desk by then.
    Approved(BTreeSet<EventId>),
    Moved,
    Commented,
    Replied(EventId),
    Offered(Sharing, PersonId),
    Other,
}

impl Replica {
    /// A record that this person opened.
    pub(crate) fn opened(id: EventId, person: &PersonId, protocol: Hash) -> Self {
        let mut replica = Self::default();
        let content = [
            (Register::Holder, Content::Holder(person.clone())),
            (Register::Version, Content::Version(protocol)),
            (Register::Incident, Content::Incident(INCIDENT)),
        ];
        for (register, content) in content {
            replica.heads.insert(register, vec![Said { stamp: 1, id, content }]);
        }
        replica.heard.insert(id, Fact { person: person.clone(), role: Role::Deputy, what: What::Other });
        replica
    }

    /// Takes an act of its own owner in: it replaces whatever stood there.
    pub(crate) fn write(
        &mut self,
        (stamp, id): (u64, EventId),
        actor: &Actor,
        act: &Act,
        entry: Option<EntryId>,
    ) {
        for (register, content) in self.puts(act, actor, entry) {
            self.heads.insert(register, vec![Said { stamp, id, content }]);
        }
        let what = self.what(act);
        self.heard.insert(id, Fact { person: actor.person.clone(), role: actor.role, what });
    }

    /// Hears all that another one knows. What one of the two has heard of and no longer has, was replaced.
    pub(crate) fn hear(&mut self, other: &Self) {
        for (register, theirs) in &other.heads {
            let mine = self.heads.entry(register.clone()).or_default();
            mine.retain(|said| theirs.contains(said) || !other.heard.contains_key(&said.id));
            for said in theirs {
                if !mine.contains(said) && !self.heard.contains_key(&said.id) {
                    mine.push(said.clone());
                }
            }
            sort(mine);
        }
        self.heard.extend(other.heard.iter().map(|(id, fact)| (*id, fact.clone())));
    }

    fn puts(&self, act: &Act, actor: &Actor, entry: Option<EntryId>) -> Vec<(Register, Content)> {
        let cannot = |step: &String| Register::Cannot { step: step.clone() };
        let mark = |phase: &Phase, mark| vec![(Register::Phase(*phase), Content::Phase(mark))];
        match act {
            Act::Answer { step, values, .. } | Act::Copy { step, values, .. } => {
                let field = |(field, value): (&String, &Option<Value>)| {
                    let register = Register::Field { step: step.clone(), entry, field: field.clone() };
                    (register, Content::Value(value.clone()))
                };
                let mut puts: Vec<_> = values.iter().map(field).collect();
                if let Some(entry) = entry {
                    puts.push((Register::Entry { step: step.clone(), entry }, Content::Entry(true)));
                }
                puts
            }
            Act::Cannot { step, why, .. } => vec![(cannot(step), Content::Cannot(Some(why.clone())))],
            Act::Reopen { step, .. } => vec![(cannot(step), Content::Cannot(None))],
            Act::WithdrawEntry { step, entry, .. } => {
                vec![(Register::Entry { step: step.clone(), entry: *entry }, Content::Entry(false))]
            }
            Act::Move { protocol, .. } => vec![(Register::Version, Content::Version(*protocol))],
            Act::LinkIncident { incident } => vec![(Register::Incident, Content::Incident(*incident))],
            Act::Submit { phase } => mark(phase, PhaseMark::Submitted),
            Act::Return { phase } => mark(phase, PhaseMark::Returned),
            Act::Approve { phase } => mark(phase, PhaseMark::Approved),
            Act::Void { .. } => vec![(Register::Void, Content::Void(true))],
            Act::Unvoid => vec![(Register::Void, Content::Void(false))],
            Act::Accept { offer } => match self.heard.get(offer).map(|fact| &fact.what) {
                Some(What::Offered(Sharing::Pass, _)) => {
                    vec![(Register::Holder, Content::Holder(actor.person.clone()))]
                }
                _ => Vec::new(),
            },
            Act::Reassign { to } => vec![(Register::Holder, Content::Holder(to.clone()))],
            Act::SameEncounter { with } => vec![(Register::Same, Content::Same(*with))],
            Act::Reply { thread, .. } => {
                vec![(Register::Thread(*thread), Content::Thread(ThreadMark::Replied))]
            }
            Act::Resolve { thread } => {
                vec![(Register::Thread(*thread), Content::Thread(ThreadMark::Resolved))]
            }
            Act::Note { .. } | Act::Share { .. } | Act::Decline { .. } | Act::Comment { .. } => Vec::new(),
        }
    }

    fn what(&self, act: &Act) -> What {
        match act {
            Act::Answer { step, .. }
            | Act::Copy { step, .. }
            | Act::Cannot { step, .. }
            | Act::Reopen { step, .. }
            | Act::WithdrawEntry { step, .. } => What::OfStep(step.clone()),
            Act::Submit { phase } => What::Submitted(*phase),
            Act::Return { phase } => What::Returned(*phase),
            Act::Approve { .. } => What::Approved(self.heard.keys().copied().collect()),
            Act::Move { .. } => What::Moved,
            Act::Comment { .. } => What::Commented,
            Act::Reply { thread, .. } => What::Replied(*thread),
            Act::Share { how, to } => What::Offered(*how, to.clone()),
            _ => What::Other,
        }
    }

    fn contents(&self, register: &Register) -> Vec<&Content> {
        self.heads.get(register).into_iter().flatten().map(|said| &said.content).collect()
    }

    /// The version that it is read under, and whether people disagree on it.
    pub(crate) fn protocol(&self) -> (Hash, bool) {
        let versions = self.contents(&Register::Version);
        let Content::Version(first) = versions[0] else { panic!("a version is written there") };
        (*first, versions.iter().any(|other| *other != versions[0]))
    }

    pub(crate) fn is_void(&self) -> bool {
        let marks = self.contents(&Register::Void);
        !marks.is_empty() && marks.iter().all(|mark| **mark == Content::Void(true))
    }

    pub(crate) fn holders(&self) -> Vec<PersonId> {
        let mut holders = BTreeSet::new();
        for content in self.contents(&Register::Holder) {
            if let Content::Holder(person) = content {
                holders.insert(person.clone());
            }
        }
        holders.into_iter().collect()
    }

    pub(crate) fn same_as(&self) -> Option<firsthours_core::record::EncounterId> {
        self.contents(&Register::Same).into_iter().find_map(|content| match content {
            Content::Same(with) => *with,
            _ => None,
        })
    }

    /// Every thread, by its comment, with the number of its replies.
    pub(crate) fn threads(&self) -> BTreeMap<EventId, (ThreadState, usize)> {
        let mut threads = BTreeMap::new();
        for (id, _) in self.heard.iter().filter(|(_, fact)| matches!(fact.what, What::Commented)) {
            let marks = self.contents(&Register::Thread(*id));
            let state = if marks.is_empty() {
                ThreadState::Open
            } else if marks.contains(&&Content::Thread(ThreadMark::Replied)) {
                ThreadState::Replied
            } else {
                ThreadState::Resolved
            };
            let is_reply = |fact: &&Fact| matches!(fact.what, What::Replied(thread) if thread == *id);
            threads.insert(*id, (state, self.heard.values().filter(is_reply).count()));
        }
        threads
    }

    pub(crate) fn status(&self, definition: &Definition, phase: Phase) -> PhaseStatus {
        let heads = self.heads.get(&Register::Phase(phase)).map(Vec::as_slice).unwrap_or_default();
        let has = |mark| heads.iter().any(|said| said.content == Content::Phase(mark));
        let was_returned =
            self.heard.values().any(|fact| matches!(fact.what, What::Returned(of) if of == phase));
        if has(PhaseMark::Returned) {
            PhaseStatus::Returned
        } else if has(PhaseMark::Submitted) {
            if was_returned { PhaseStatus::Answered } else { PhaseStatus::Submitted }
        } else if !has(PhaseMark::Approved) {
            PhaseStatus::Open
        } else if heads.iter().any(|said| self.covers_all(said.id, definition, phase)) {
            PhaseStatus::Approved
        } else {
            PhaseStatus::Stale
        }
    }

    /// Whether an approval was made on a page that showed all that was done in this phase.
    fn covers_all(&self, approval: EventId, definition: &Definition, phase: Phase) -> bool {
        let What::Approved(covered) = &self.heard[&approval].what else { return false };
        let concerns = |fact: &Fact| match &fact.what {
            What::OfStep(step) => definition.step(step).is_some_and(|step| step.phase == phase),
            What::Submitted(of) => *of == phase,
            What::Moved => true,
            _ => false,
        };
        self.heard.iter().all(|(id, fact)| covered.contains(id) || !concerns(fact))
    }

    /// Whether a change of the phase needs a reason.
    pub(crate) fn is_settled(&self, definition: &Definition, phase: Phase) -> bool {
        !matches!(self.status(definition, phase), PhaseStatus::Open | PhaseStatus::Returned)
    }

    /// Whether somebody of this role ever submitted the phase.
    pub(crate) fn was_submitted_by(&self, phase: Phase, role: Role) -> bool {
        let is_it =
            |fact: &Fact| matches!(fact.what, What::Submitted(of) if of == phase) && fact.role == role;
        self.heard.values().any(is_it)
    }

    /// Whether anything was ever written into the entry.
    pub(crate) fn knows_entry(&self, step: &Step, entry: EntryId) -> bool {
        self.heads.keys().any(|register| {
            matches!(register, Register::Field { step: of, entry: Some(known), .. } if *of == step.id && *known == entry)
        })
    }

    /// The states of the steps.
    pub(crate) fn states<'d>(&'d self, definition: &'d Definition) -> Vec<(&'d Step, StepState)> {
        let naive = Naive::new(definition, &self.heads);
        definition.steps.iter().map(|step| (step, naive.state(step))).collect()
    }
}
