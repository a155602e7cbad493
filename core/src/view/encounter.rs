//! The view of one record: the screen of a phone, and the page of a supervisor.

use super::call::{CallView, calls};
use super::carried::{CarriedView, carried_views};
use super::clock::{ClockView, clock_views};
use super::context::Sibling;
use super::people::{handle_or_code, phase_label, status_label};
use super::sheet::{SheetLink, sheet_links};
use super::step::{
    NoteView, SaidOfSteps, StepView, ThreadView, author_of, loose_threads, said_by, step_title, step_view,
};
use super::{Context, Reader};
use crate::protocol::{Author, Definition, Phase};
use crate::record::{
    Derived, Dispute, EncounterId, Event, EventId, Kind, NextReason, PhaseStatus, Register, State, StepState,
    Thread, ThreadState, code, disputes, is_void, next_step, phase_head, phase_status, read_opened, same_as,
    takes_submission_of, threads,
};
use crate::words::{Label, Language, PhaseSentence, RecordSentence, StepSentence, SyncSentence, list, span};

/// A whole record, ready to draw.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EncounterView {
    pub id: String,
    /// The token of this view: an act made from it supersedes only what it showed.
    pub seen: i64,
    /// `B · 21:14 · Century`.
    pub handle: String,
    /// Five characters with a check.
    pub code: String,
    pub protocol: String,
    /// `on this phone`, `the station has it`; empty on the server.
    pub kept: String,
    pub phases: Vec<PhaseView>,
    /// Warnings of the whole record.
    pub notices: Vec<String>,
    pub void: bool,
    pub can_void: bool,
    pub next: Option<NextView>,
    pub sections: Vec<Section>,
    pub clocks: Vec<ClockView>,
    pub calls: Vec<CallView>,
    /// Comments on the whole record.
    pub threads: Vec<ThreadView>,
    /// Remarks on the whole record.
    pub notes: Vec<NoteView>,
    /// Requests to this reader.
    pub offers: Vec<OfferView>,
    /// Who could be asked to join.
    pub colleagues: Vec<PersonView>,
    /// How many conflicts wait for a person.
    pub conflicts: i32,
    /// What was answered under an earlier version and has no place in this one.
    pub carried: Vec<CarriedView>,
    /// A newer version that the record can be moved to.
    pub newer: Option<NewerView>,
    /// The other records of this scene.
    pub incident: Vec<SiblingView>,
    pub sheets: Vec<SheetLink>,
}

/// A newer version of the protocol.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewerView {
    /// Its fingerprint.
    pub protocol: String,
    /// `Version 2 of the protocol is here. You can move this record to it.`
    pub sentence: String,
}

/// Another record of the same scene.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SiblingView {
    pub id: String,
    pub handle: String,
    /// `2 entries of the scene are not yet in C · 21:14 · Century.`; empty when nothing is lacking.
    pub lacks: String,
}

/// How far one phase is, and what this reader may do with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PhaseView {
    pub phase: Phase,
    pub title: String,
    pub status: PhaseStatus,
    /// `At the scene: sent back by Sgt. Rivera, 1 step`.
    pub sentence: String,
    /// The label of the button, when this reader may submit it now.
    pub submit: Option<String>,
    /// What still stands in the way of that.
    pub still_open: Option<String>,
    pub can_review: bool,
}

/// The card of the next step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NextView {
    pub step: String,
    pub title: String,
    pub guidance: String,
    /// Why it is this one.
    pub because: String,
}

/// The steps of one phase.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Section {
    pub phase: Phase,
    pub title: String,
    /// `3 of 9 done`.
    pub progress: String,
    pub steps: Vec<StepView>,
}

/// A request to take part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OfferView {
    pub id: String,
    pub sentence: String,
    pub said: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PersonView {
    pub id: String,
    pub name: String,
}

/// Draws a record.
pub fn view(
    encounter: EncounterId,
    state: &State,
    derived: &Derived<'_>,
    context: Context<'_>,
) -> EncounterView {
    let Context { definition, here, reader, language, .. } = context;
    let opened = state.opened().and_then(read_opened);
    let threads = threads(state);
    let said = SaidOfSteps::read(definition, state, &threads);
    let sections: Vec<Section> =
        phases_of(definition).map(|phase| section(context, derived, &said, phase)).collect();
    let void = is_void(state);
    let disputes = disputes(state);
    EncounterView {
        id: encounter.to_string(),
        seen: i64::try_from(here.seen).unwrap_or(i64::MAX),
        handle: handle_or_code(encounter, opened.as_ref(), &definition.time_zone, context.names),
        code: code(encounter),
        protocol: definition.title.get(language.code()).to_owned(),
        kept: kept(here.unsent, language),
        phases: phases_of(definition)
            .map(|phase| phase_view(context, state, derived, &threads, phase))
            .collect(),
        notices: notices(context, state, &disputes, void),
        void,
        can_void: !reader.at_desk && !void,
        next: if void { None } else { next_view(context, state, derived, &threads) },
        sections,
        clocks: if void { Vec::new() } else { clock_views(context, &derived.clocks) },
        calls: calls(context, derived),
        threads: loose_threads(context, &threads),
        notes: loose_notes(context, state),
        offers: offers(context, state),
        colleagues: here
            .colleagues
            .iter()
            .map(|(id, name)| PersonView { id: id.0.clone(), name: name.clone() })
            .collect(),
        conflicts: i32::try_from(
            derived.conflicts() + disputes.iter().filter(|dispute| dispute.waits()).count(),
        )
        .unwrap_or(i32::MAX),
        carried: carried_views(context, derived),
        newer: if void { None } else { newer(context) },
        incident: incident(context),
        sheets: sheet_links(context),
    }
}

fn newer(context: Context<'_>) -> Option<NewerView> {
    let (protocol, version) = context.here.newer?;
    let sentence = RecordSentence::NewerVersion { version }.text(context.language);
    Some(NewerView { protocol: protocol.to_string(), sentence })
}

fn incident(context: Context<'_>) -> Vec<SiblingView> {
    let draw = |found: &Sibling| SiblingView {
        id: found.id.to_string(),
        handle: found.handle.clone(),
        lacks: match found.lacks {
            0 => String::new(),
            facts => RecordSentence::IncidentLacks { facts, record: &found.handle }.text(context.language),
        },
    };
    context.here.incident.iter().map(draw).collect()
}

/// The phases that the definition has steps for, in order.
pub(super) fn phases_of(definition: &Definition) -> impl Iterator<Item = Phase> {
    Phase::ALL.into_iter().filter(|phase| definition.steps.iter().any(|step| step.phase == *phase))
}

pub(super) fn kept(unsent: Option<usize>, language: Language) -> String {
    match unsent {
        None => String::new(),
        Some(0) => SyncSentence::StationHasIt.text(language),
        Some(unsent) => SyncSentence::OnThisPhone { unsent }.text(language),
    }
}

fn notices(context: Context<'_>, state: &State, disputes: &[Dispute], void: bool) -> Vec<String> {
    let Context { here, language, .. } = context;
    let clock =
        here.clock_off_ms.map(|off| SyncSentence::ClockWrong { by: &span(off, language) }.text(language));
    let recalled = here.recalled.then(|| RecordSentence::ProtocolRecalled.text(language));
    let lacks = here.lacks_version.then(|| RecordSentence::VersionNotHere.text(language));
    let void = void.then(|| Label::Void.text(language).to_owned());
    let same = same_as(state).map(|other| RecordSentence::SameAs { code: &code(other) }.text(language));
    let disputes = disputes.iter().map(|dispute| dispute_sentence(context, state, dispute));
    [recalled, lacks, clock, void, same].into_iter().flatten().chain(disputes).collect()
}

/// What two people decided differently, and which of the two counts meanwhile.
fn dispute_sentence(context: Context<'_>, state: &State, dispute: &Dispute) -> String {
    let Context { definition, language, .. } = context;
    match dispute {
        Dispute::Holder(people) => {
            let names: Vec<String> = people.iter().map(|person| context.name(person)).collect();
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            RecordSentence::DisputeHolder { who: &list(&names, language) }.text(language)
        }
        Dispute::Void => RecordSentence::DisputeVoid.text(language),
        Dispute::Version => RecordSentence::DisputeVersion.text(language),
        Dispute::Incident => RecordSentence::DisputeIncident.text(language),
        Dispute::Same => RecordSentence::DisputeSame.text(language),
        Dispute::Phase(phase) => {
            let counts_as = status_label(phase_status(state, definition, *phase), language);
            RecordSentence::DisputePhase { phase: phase_label(*phase, language), counts_as }.text(language)
        }
    }
}

/// The card: an urgent step, else a comment that waits for an answer, else the protocol's next step.
fn next_view(
    context: Context<'_>,
    state: &State,
    derived: &Derived<'_>,
    threads: &[Thread<'_>],
) -> Option<NextView> {
    let Context { definition, reader, language, now, .. } = context;
    let next = next_step(definition, derived, reader.author()?, now);
    let urgent = next.as_ref().is_some_and(|next| next.because == NextReason::Urgent);
    if !urgent && let Some(card) = comment_card(context, state, threads) {
        return Some(card);
    }
    let next = next?;
    let because = match &next.because {
        NextReason::Urgent => StepSentence::NextUrgent.text(language),
        NextReason::InOrder => StepSentence::NextInOrder.text(language),
        NextReason::Clock { clock, due } => {
            let found = definition.clocks.iter().find(|found| found.id == *clock);
            let title = found.map_or(clock.as_str(), |found| found.title.get(language.code()));
            let apart = span(*due - now, language);
            if *due < now {
                StepSentence::NextOverdue { clock: title, over: &apart }.text(language)
            } else {
                StepSentence::NextByClock { clock: title, left: &apart }.text(language)
            }
        }
    };
    card(context, &next.step, because)
}

/// A phase was sent back, and a comment on a step of this reader's waits for an answer.
fn comment_card(context: Context<'_>, state: &State, threads: &[Thread<'_>]) -> Option<NextView> {
    let Context { definition, reader, language, .. } = context;
    threads.iter().filter(|thread| thread.state == ThreadState::Open).find_map(|thread| {
        let step = definition.step(thread.step?)?;
        let returned = phase_status(state, definition, step.phase) == PhaseStatus::Returned;
        if !returned || reader.author() != Some(step.by) {
            return None;
        }
        let who = thread.comment.body.as_ref().map(|body| context.name(&body.actor.person))?;
        card(context, &step.id, StepSentence::NextComment { who: &who }.text(language))
    })
}

fn card(context: Context<'_>, step: &str, because: String) -> Option<NextView> {
    let Context { definition, language, .. } = context;
    let step = definition.step(step)?;
    Some(NextView {
        step: step.id.clone(),
        title: step.title.get(language.code()).to_owned(),
        guidance: step.guidance.get(language.code()).to_owned(),
        because,
    })
}

fn section(context: Context<'_>, derived: &Derived<'_>, said: &SaidOfSteps<'_>, phase: Phase) -> Section {
    let records = || derived.steps.iter().filter(|record| record.step.phase == phase);
    let counted = records().filter(|record| record.step.required && record.state != StepState::NotApplicable);
    let settled = |state: StepState| matches!(state, StepState::Done | StepState::Cannot);
    let (done, of) =
        counted.fold((0, 0), |(done, of), record| (done + usize::from(settled(record.state)), of + 1));
    Section {
        phase,
        title: phase_label(phase, context.language).to_owned(),
        progress: StepSentence::StepsDone { done, of }.text(context.language),
        steps: records().map(|record| step_view(context, record, said)).collect(),
    }
}

fn phase_view(
    context: Context<'_>,
    state: &State,
    derived: &Derived<'_>,
    threads: &[Thread<'_>],
    phase: Phase,
) -> PhaseView {
    let Context { definition, reader, language, .. } = context;
    let status = phase_status(state, definition, phase);
    let title = phase_label(phase, language).to_owned();
    let sentence = phase_sentence(context, state, threads, phase, status);
    let takes = |author| takes_submission_of(state, definition, derived, phase, author);
    let may_submit = reader.author().is_some_and(takes)
        && submits(definition, reader, phase)
        && derived.has_begun(phase)
        && !is_void(state);
    let blocking = reader.author().into_iter().flat_map(|author| derived.blocking(phase, author));
    let titles: Vec<String> =
        blocking.map(|found| step_title(definition, &found.step.id, language)).collect();
    let titles: Vec<&str> = titles.iter().map(String::as_str).collect();
    let is_first = status == PhaseStatus::Open || !status.takes_submission();
    let label = if is_first { Label::ButtonSubmit } else { Label::ButtonSubmitAgain };
    PhaseView {
        phase,
        sentence: PhaseSentence::Line { phase: &title, sentence: &sentence }.text(language),
        title,
        status,
        submit: (may_submit && titles.is_empty()).then(|| label.text(language).to_owned()),
        still_open: (may_submit && !titles.is_empty())
            .then(|| RecordSentence::StillOpen { steps: &list(&titles, language) }.text(language)),
        can_review: reader.at_desk
            && reader.author() == Some(Author::Supervisor)
            && status.waits_for_review(),
    }
}

/// A phase is submitted by those who have steps in it.
fn submits(definition: &Definition, reader: &Reader, phase: Phase) -> bool {
    let author = reader.author().filter(|author| *author != Author::Supervisor);
    author.is_some_and(|author| definition.steps.iter().any(|step| step.phase == phase && step.by == author))
}

/// How far a phase is, as a sentence.
pub(super) fn phase_sentence(
    context: Context<'_>,
    state: &State,
    threads: &[Thread<'_>],
    phase: Phase,
    status: PhaseStatus,
) -> String {
    let language = context.language;
    let head = phase_head(state, phase).and_then(|event| event.body.as_ref());
    let who = if status == PhaseStatus::Approved {
        approvers(context, state, phase)
    } else {
        head.map(|body| context.name(&body.actor.person)).unwrap_or_default()
    };
    let when = head.map(|body| context.when(body.at.corrected())).unwrap_or_default();
    match status {
        PhaseStatus::Open => PhaseSentence::Open.text(language),
        PhaseStatus::Submitted => PhaseSentence::Submitted { when: &when }.text(language),
        PhaseStatus::Answered => PhaseSentence::Answered { when: &when }.text(language),
        PhaseStatus::Approved => PhaseSentence::Approved { who: &who }.text(language),
        PhaseStatus::Stale => PhaseSentence::Stale.text(language),
        PhaseStatus::Returned => {
            let steps: std::collections::BTreeSet<&str> = threads
                .iter()
                .filter(|thread| thread.state == ThreadState::Open)
                .filter_map(|thread| thread.step)
                .filter(|step| context.definition.step(step).is_some_and(|found| found.phase == phase))
                .collect();
            PhaseSentence::Returned { who: &who, steps: steps.len() }.text(language)
        }
    }
}

/// Those whose approvals stand: two may have approved without knowing of each other, and both are named.
fn approvers(context: Context<'_>, state: &State, phase: Phase) -> String {
    let approved = |event: &Event| match (event.kind(), &event.body) {
        (Some(Kind::Approved { .. }), Some(body)) => Some(context.name(&body.actor.person)),
        _ => None,
    };
    let heads = state.heads(&Register::Phase(phase));
    let names: std::collections::BTreeSet<String> =
        heads.iter().filter_map(|head| approved(head.event)).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    list(&names, context.language)
}

fn loose_notes(context: Context<'_>, state: &State) -> Vec<NoteView> {
    state
        .counting_of(|kind| matches!(kind, Kind::Noted { .. }))
        .filter_map(|event| match event.kind() {
            Some(Kind::Noted { step, text })
                if step.as_deref().is_none_or(|step| context.definition.step(step).is_none()) =>
            {
                Some(NoteView {
                    text: context.narrative(text, author_of(event)),
                    said: said_by(context, event),
                })
            }
            _ => None,
        })
        .collect()
}

/// Offers to this reader that were neither taken up nor declined.
fn offers(context: Context<'_>, state: &State) -> Vec<OfferView> {
    let me = &context.reader.actor.person;
    let settled: std::collections::BTreeSet<EventId> = state
        .counting_of(|kind| matches!(kind, Kind::Accepted { .. } | Kind::Declined { .. }))
        .filter_map(|event| match event.kind() {
            Some(Kind::Accepted { offer, .. } | Kind::Declined { offer }) => Some(*offer),
            _ => None,
        })
        .collect();
    state
        .counting_of(|kind| matches!(kind, Kind::Shared { .. }))
        .filter_map(|event| match event.kind() {
            Some(Kind::Shared { to, .. }) if to == me && !settled.contains(&event.id) => {
                let who =
                    event.body.as_ref().map(|body| context.name(&body.actor.person)).unwrap_or_default();
                Some(OfferView {
                    id: event.id.to_string(),
                    sentence: RecordSentence::OfferJoin { who: &who }.text(context.language),
                    said: said_by(context, event),
                })
            }
            _ => None,
        })
        .collect()
}
