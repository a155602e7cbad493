//! Acts: what a person can do to a record, checked and turned into the one event that says it.
//!
//! Pure: the caller gives the record as it stands, what the actor's screen showed, and the new ids.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    Actor, Dispute, EncounterId, EntryId, Event, EventId, Hash, IncidentId, Install, Kind, PersonId,
    PhaseStatus, Register, Role, Sharing, State, Thread, bounds, derive, disputes, is_settled, is_void,
    phase_status, settle, takes_submission_of, threads, versions,
};
use crate::protocol::{Author, Definition, FieldLimits, Misfit, Phase, Step, Value};

/// One thing a person can do. Each variant becomes one event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Act {
    /// `entry: None` on a step with entries begins a new one. `None` as a value withdraws it.
    Answer {
        step: String,
        entry: Option<EntryId>,
        values: BTreeMap<String, Option<Value>>,
        reason: Option<String>,
    },
    Cannot {
        step: String,
        why: String,
        note: Option<String>,
        reason: Option<String>,
    },
    Reopen {
        step: String,
        reason: Option<String>,
    },
    WithdrawEntry {
        step: String,
        entry: EntryId,
        reason: Option<String>,
    },
    Note {
        step: Option<String>,
        text: String,
    },
    /// Facts of the scene that were entered in the record `from` of another child. See [`super::copies`].
    Copy {
        from: EncounterId,
        step: String,
        entry: Option<EntryId>,
        values: BTreeMap<String, Option<Value>>,
    },
    /// From here on under this version of the protocol. That it is a version of it, and here, the caller has seen to.
    Move {
        protocol: Hash,
        reason: Option<String>,
    },
    /// The record belongs to this scene.
    LinkIncident {
        incident: IncidentId,
    },
    Submit {
        phase: Phase,
    },
    Void {
        why: String,
    },
    Unvoid,
    Share {
        how: Sharing,
        to: PersonId,
    },
    Accept {
        offer: EventId,
    },
    Decline {
        offer: EventId,
    },
    Reply {
        thread: EventId,
        text: String,
    },
    Comment {
        step: Option<String>,
        text: String,
    },
    Resolve {
        thread: EventId,
    },
    Return {
        phase: Phase,
    },
    /// Another person holds the record from now on.
    Reassign {
        to: PersonId,
    },
    /// This record and another are of one contact with one child; `None` takes that back.
    SameEncounter {
        with: Option<EncounterId>,
    },
    /// What is covered is what the page showed: see [`decide`].
    Approve {
        phase: Phase,
    },
}

impl Act {
    /// Whether it is part of a review: only who reviews the record may do it. The others are answers, for whom a step is.
    pub fn is_review(&self) -> bool {
        match self {
            Self::Comment { .. }
            | Self::Resolve { .. }
            | Self::Return { .. }
            | Self::Reassign { .. }
            | Self::SameEncounter { .. }
            | Self::Approve { .. } => true,
            Self::Answer { .. }
            | Self::Cannot { .. }
            | Self::Reopen { .. }
            | Self::WithdrawEntry { .. }
            | Self::Note { .. }
            | Self::Copy { .. }
            | Self::Move { .. }
            | Self::LinkIncident { .. }
            | Self::Submit { .. }
            | Self::Void { .. }
            | Self::Unvoid
            | Self::Share { .. }
            | Self::Accept { .. }
            | Self::Decline { .. }
            | Self::Reply { .. } => false,
        }
    }
}

/// A record under its definition. What is derived from it is derived by those acts that need it: most do not.
#[derive(Debug, Clone, Copy)]
pub struct Record<'a> {
    pub definition: &'a Definition,
    pub state: &'a State,
}

/// The event to write: its kind, its base, and the reason where one was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    pub kind: Kind,
    pub base: Vec<EventId>,
    pub reason: Option<String>,
}

/// Why an act is not possible. Each has a sentence in `words`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("the protocol has no step {step}")]
    NoSuchStep { step: String },
    #[error("the step {step} has no field {field}")]
    NoSuchField { step: String, field: String },
    #[error("the step {step} is for the {by:?}")]
    NotYours { step: String, by: Author },
    #[error("field {field}: {misfit}")]
    DoesNotFit { field: String, misfit: Misfit },
    #[error("no value was given")]
    NothingGiven,
    #[error("the step {step} has no such entry")]
    NoSuchEntry { step: String },
    #[error("the step {step} must be done")]
    Fixed { step: String },
    #[error("{why} is no reason that the step {step} offers")]
    NoSuchReason { step: String, why: String },
    #[error("the phase is submitted; a change needs a reason")]
    ReasonNeeded { phase: Phase },
    #[error("steps are still open: {steps:?}")]
    StillOpen { steps: Vec<String> },
    #[error("the phase is not waiting for that")]
    NotNow { status: PhaseStatus },
    #[error("this role may not do that")]
    MayNot { role: Role },
    #[error("nobody approves steps that they answered themselves")]
    OwnWork { steps: Vec<String> },
    #[error("no such comment or offer")]
    NoSuchThread,
    #[error("the facts of the step {step} are of one child, not of the scene")]
    NotShared { step: String },
    #[error("the record is of that version already")]
    SameVersion,
    #[error("no record is the same contact as itself")]
    ItsOwn,
    #[error("the text is empty")]
    EmptyText,
    #[error("{chars} characters, at most {max}")]
    TooLong { chars: u32, max: u32 },
    #[error("the record was opened in error; take that back first")]
    Void,
    #[error("the record holds as many entries as one can")]
    RecordFull,
    #[error("this was changed as often as it can be")]
    ChangedTooOften,
}

/// Checks an act and says which event it becomes.
///
/// `visible` = the events that the actor's screen showed, and this install's own later ones. The event's base names
/// the heads among those, so that no act replaces a value its author had not seen.
pub fn decide(
    act: Act,
    record: Record<'_>,
    actor: &Actor,
    install: Install,
    new_entry: EntryId,
    visible: &dyn Fn(&Event) -> bool,
) -> Result<Decision, Refusal> {
    if is_void(record.state) && act != Act::Unvoid {
        return Err(Refusal::Void);
    }
    let reason = given_reason(&act, record)?;
    let kind = kind_of(act, record, actor, new_entry, visible)?;
    if !kind.may_be_made_by(install, actor.role) {
        return Err(Refusal::MayNot { role: actor.role });
    }
    // At a desk one may always say something of what others wrote too much of.
    if !install.is_server() {
        within_bounds(&kind, record.state, actor)?;
    }
    let base = base_of(&kind, record.state, actor, visible);
    Ok(Decision { kind, base, reason })
}

fn within_bounds(kind: &Kind, state: &State, actor: &Actor) -> Result<(), Refusal> {
    if state.len() >= bounds::RECORD_EVENTS {
        return Err(Refusal::RecordFull);
    }
    let mut writes = kind.writes(&actor.person).into_iter();
    if writes.any(|(register, _)| bounds::is_full(state, &register)) {
        return Err(Refusal::ChangedTooOften);
    }
    Ok(())
}

/// The heads of every register that `kind` writes, as far as they are visible: sorted, none twice. Of more than
/// [`bounds::BASE_IDS`] the others stay, as answers in conflict that the next act ends.
pub fn base_of(kind: &Kind, state: &State, actor: &Actor, visible: &dyn Fn(&Event) -> bool) -> Vec<EventId> {
    let registers: BTreeSet<Register> =
        kind.writes(&actor.person).into_iter().map(|(register, _)| register).collect();
    let heads: BTreeSet<EventId> = registers
        .iter()
        .flat_map(|register| state.heads_among(register, visible))
        .map(|head| head.event.id)
        .collect();
    heads.into_iter().take(bounds::BASE_IDS).collect()
}

fn kind_of(
    act: Act,
    record: Record<'_>,
    actor: &Actor,
    new_entry: EntryId,
    visible: &dyn Fn(&Event) -> bool,
) -> Result<Kind, Refusal> {
    Ok(match act {
        Act::Answer { step, entry, values, .. } => {
            let chooses = |found: &Step| settle::chooses(record, found, entry, &values);
            let found = step_of(record, &step, actor.role, chooses)?;
            check_values(found, &values)?;
            let entry = entry_of(record, found, entry)?.or_else(|| found.has_entries().then_some(new_entry));
            Kind::Answered { step, entry, values, copied: None }
        }
        Act::Cannot { step, why, note, .. } => {
            let says = |found: &Step| settle::may_say_cannot(record, found, &why);
            let found = step_of(record, &step, actor.role, says)?;
            if found.fixed {
                return Err(Refusal::Fixed { step });
            }
            if !found.cannot_reasons.iter().any(|reason| reason.id == why) {
                return Err(Refusal::NoSuchReason { step, why });
            }
            Kind::Cannot { step, why, note: note.map(written).transpose()? }
        }
        Act::Reopen { step, .. } => {
            step_of(record, &step, actor.role, |found| settle::may_reopen(record, found))?;
            Kind::Reopened { step }
        }
        Act::WithdrawEntry { step, entry, .. } => {
            let withdraws = |found: &Step| settle::may_withdraw(record, found, entry);
            let found = step_of(record, &step, actor.role, withdraws)?;
            entry_of(record, found, Some(entry))?;
            Kind::EntryWithdrawn { step, entry }
        }
        Act::Note { step, text } => {
            known_step(record.definition, step.as_deref())?;
            Kind::Noted { step, text: written(text)? }
        }
        Act::Copy { from, step, entry, values } => {
            let found = own_step(record.definition, &step, actor.role)?;
            if !found.shared {
                return Err(Refusal::NotShared { step });
            }
            if found.has_entries() != entry.is_some() {
                return Err(Refusal::NoSuchEntry { step });
            }
            check_values(found, &values)?;
            Kind::Answered { step, entry, values, copied: Some(from) }
        }
        Act::Move { protocol, .. } => {
            let disputed = disputes(record.state).contains(&Dispute::Version);
            if !disputed && versions(record.state).first() == Some(&protocol) {
                return Err(Refusal::SameVersion);
            }
            Kind::Moved { protocol }
        }
        Act::LinkIncident { incident } => Kind::IncidentLinked { incident },
        Act::Submit { phase } => submit(record, actor.role, phase, visible)?,
        Act::Void { why } => Kind::Voided { why: written(why)? },
        Act::Unvoid => Kind::Unvoided,
        Act::Share { how, to } => Kind::Shared { how, to },
        Act::Accept { offer } => Kind::Accepted { offer, how: offered(record.state, offer, actor)? },
        Act::Decline { offer } => {
            offered(record.state, offer, actor)?;
            Kind::Declined { offer }
        }
        Act::Reply { thread, text } => {
            known_thread(record.state, thread)?;
            Kind::Replied { thread, text: written(text)? }
        }
        Act::Comment { step, text } => {
            known_step(record.definition, step.as_deref())?;
            Kind::Commented { step, text: written(text)? }
        }
        Act::Resolve { thread } => {
            known_thread(record.state, thread)?;
            Kind::Resolved { thread }
        }
        Act::Return { phase } => {
            reviewable(record, phase)?;
            Kind::Returned { phase }
        }
        Act::Reassign { to } => Kind::Reassigned { to },
        Act::SameEncounter { with } => {
            if with.is_some() && with == record.state.opened().and_then(|opened| opened.header.encounter) {
                return Err(Refusal::ItsOwn);
            }
            Kind::SameEncounter { with }
        }
        Act::Approve { phase } => approve(record, actor, phase, visible)?,
    })
}

fn own_step<'d>(definition: &'d Definition, id: &str, role: Role) -> Result<&'d Step, Refusal> {
    let step = definition.step(id).ok_or_else(|| Refusal::NoSuchStep { step: id.to_owned() })?;
    if role.author() == Some(step.by) {
        Ok(step)
    } else {
        Err(Refusal::NotYours { step: id.to_owned(), by: step.by })
    }
}

/// A step of this role's own; or another's, where a supervisor decides between what others said.
fn step_of<'d>(
    record: Record<'d>,
    id: &str,
    role: Role,
    decides_between: impl Fn(&Step) -> bool,
) -> Result<&'d Step, Refusal> {
    own_step(record.definition, id, role).or_else(|refusal| {
        let step = record.definition.step(id).filter(|_| role == Role::Supervisor);
        step.filter(|step| decides_between(step)).ok_or(refusal)
    })
}

fn known_step(definition: &Definition, step: Option<&str>) -> Result<(), Refusal> {
    match step {
        Some(id) if definition.step(id).is_none() => Err(Refusal::NoSuchStep { step: id.to_owned() }),
        _ => Ok(()),
    }
}

fn known_thread(state: &State, id: EventId) -> Result<Thread<'_>, Refusal> {
    threads(state).into_iter().find(|thread| thread.comment.id == id).ok_or(Refusal::NoSuchThread)
}

/// Checks values against the fields of a step: what the server does again before it accepts them.
pub fn check_values(step: &Step, values: &BTreeMap<String, Option<Value>>) -> Result<(), Refusal> {
    if values.is_empty() {
        return Err(Refusal::NothingGiven);
    }
    for (id, value) in values {
        let field = step
            .field(id)
            .ok_or_else(|| Refusal::NoSuchField { step: step.id.clone(), field: id.clone() })?;
        if let Some(value) = value {
            value.fits(field).map_err(|misfit| Refusal::DoesNotFit { field: id.clone(), misfit })?;
        }
    }
    Ok(())
}

fn entry_of(record: Record<'_>, step: &Step, entry: Option<EntryId>) -> Result<Option<EntryId>, Refusal> {
    let Some(id) = entry else { return Ok(None) };
    // An entry that was withdrawn can be written into again.
    let writes_it = |register: &&Register| matches!(register, Register::Field { step: of, entry: Some(entry), .. } if *of == step.id && *entry == id);
    let known =
        record.state.registers().filter(writes_it).any(|register| !record.state.heads(register).is_empty());
    if known { Ok(entry) } else { Err(Refusal::NoSuchEntry { step: step.id.clone() }) }
}

fn written(text: String) -> Result<String, Refusal> {
    let chars = u32::try_from(text.chars().count()).unwrap_or(u32::MAX);
    if text.trim().is_empty() {
        Err(Refusal::EmptyText)
    } else if chars > FieldLimits::NOTE_CHARS {
        Err(Refusal::TooLong { chars, max: FieldLimits::NOTE_CHARS })
    } else {
        Ok(text)
    }
}

/// After a step is submitted, a change of it needs a reason.
fn given_reason(act: &Act, record: Record<'_>) -> Result<Option<String>, Refusal> {
    if let Act::Move { reason, .. } = act {
        return reason_to_move(record, reason.as_deref());
    }
    let (Act::Answer { step, reason, .. }
    | Act::Cannot { step, reason, .. }
    | Act::Reopen { step, reason }
    | Act::WithdrawEntry { step, reason, .. }) = act
    else {
        return Ok(None);
    };
    let Some(found) = record.definition.step(step) else { return Ok(None) };
    match reason {
        Some(reason) => written(reason.clone()).map(Some),
        None if is_settled(record.state, record.definition, found) => {
            Err(Refusal::ReasonNeeded { phase: found.phase })
        }
        None => Ok(None),
    }
}

/// A version may ask for more than was submitted or approved.
fn reason_to_move(record: Record<'_>, reason: Option<&str>) -> Result<Option<String>, Refusal> {
    let settled = Phase::ALL
        .into_iter()
        .find(|phase| phase_status(record.state, record.definition, *phase).is_settled());
    match (reason, settled) {
        (Some(reason), _) => written(reason.to_owned()).map(Some),
        (None, Some(phase)) => Err(Refusal::ReasonNeeded { phase }),
        (None, None) => Ok(None),
    }
}

fn submit(
    record: Record<'_>,
    role: Role,
    phase: Phase,
    visible: &dyn Fn(&Event) -> bool,
) -> Result<Kind, Refusal> {
    let Record { definition, state } = record;
    let derived = derive(definition, state);
    let takes = |author| takes_submission_of(state, definition, &derived, phase, author);
    if !role.author().is_some_and(takes) {
        return Err(Refusal::NotNow { status: phase_status(state, definition, phase) });
    }
    if !derived.has_begun(phase) {
        return Err(Refusal::NothingGiven);
    }
    let blocking = role.author().into_iter().flat_map(|author| derived.blocking(phase, author));
    let steps: Vec<String> = blocking.map(|found| found.step.id.clone()).collect();
    if steps.is_empty() {
        Ok(Kind::Submitted { phase, covers: state.tips(visible) })
    } else {
        Err(Refusal::StillOpen { steps })
    }
}

fn reviewable(record: Record<'_>, phase: Phase) -> Result<(), Refusal> {
    let status = phase_status(record.state, record.definition, phase);
    if status.waits_for_review() { Ok(()) } else { Err(Refusal::NotNow { status }) }
}

fn approve(
    record: Record<'_>,
    actor: &Actor,
    phase: Phase,
    visible: &dyn Fn(&Event) -> bool,
) -> Result<Kind, Refusal> {
    reviewable(record, phase)?;
    let own: BTreeSet<String> = record
        .state
        .counting()
        .filter_map(|event| event.body.as_ref())
        .filter(|body| body.kind.changes_a_step() && body.actor.person == actor.person)
        .filter_map(|body| record.definition.step(body.kind.step()?))
        .filter(|step| step.phase == phase && step.by != Author::Supervisor)
        .map(|step| step.id.clone())
        .collect();
    if !own.is_empty() {
        return Err(Refusal::OwnWork { steps: own.into_iter().collect() });
    }
    Ok(Kind::Approved { phase, covers: record.state.tips(visible) })
}

/// The offer, if it is open to this person.
fn offered(state: &State, offer: EventId, actor: &Actor) -> Result<Sharing, Refusal> {
    let event = state.event(&offer).filter(|event| state.counts(event)).ok_or(Refusal::NoSuchThread)?;
    match event.kind() {
        Some(Kind::Shared { how, to }) if *to == actor.person => Ok(*how),
        _ => Err(Refusal::NoSuchThread),
    }
}

impl Role {
    /// Whose steps this role answers.
    pub fn author(self) -> Option<Author> {
        match self {
            Self::Deputy => Some(Author::Deputy),
            Self::Detective => Some(Author::Detective),
            Self::Supervisor => Some(Author::Supervisor),
            Self::County => Some(Author::County),
            _ => None,
        }
    }
}
