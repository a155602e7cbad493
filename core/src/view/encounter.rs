//! The view of one record: the screen of a phone, and the page of a supervisor.

use super::clock::{ClockView, clock_views};
use super::people::{handle_or_code, phase_label};
use super::step::{
    NoteView, SaidOfSteps, StepView, ThreadView, channel_text, loose_threads, said_by, step_title, step_view,
};
use super::{Context, Reader};
use crate::protocol::{Author, Definition, Phase};
use crate::record::{
    Derived, EncounterId, EventId, Kind, NextReason, PhaseStatus, State, StepState, Thread, ThreadState,
    code, is_void, next_step, phase_head, phase_status, read_opened, threads,
};
use crate::words::{Label, Language, Sentence, span};

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

/// One row of the calls board.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallView {
    pub step: String,
    pub partner: String,
    pub why: String,
    pub state: StepState,
    pub state_text: String,
    /// Valid for this station now.
    pub numbers: Vec<NumberView>,
    /// What to say when there is none.
    pub no_number: String,
    pub attempts: i32,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NumberView {
    pub channel: String,
    pub number: String,
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
        notices: notices(context, void),
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
        conflicts: i32::try_from(derived.conflicts()).unwrap_or(i32::MAX),
    }
}

/// The phases that the definition has steps for, in order.
pub(super) fn phases_of(definition: &Definition) -> impl Iterator<Item = Phase> {
    [Phase::Scene, Phase::FollowUp, Phase::Outcome]
        .into_iter()
        .filter(|phase| definition.steps.iter().any(|step| step.phase == *phase))
}

pub(super) fn kept(unsent: Option<usize>, language: Language) -> String {
    match unsent {
        None => String::new(),
        Some(0) => Sentence::StationHasIt.text(language),
        Some(unsent) => Sentence::OnThisPhone { unsent }.text(language),
    }
}

fn notices(context: Context<'_>, void: bool) -> Vec<String> {
    let Context { here, language, .. } = context;
    let clock = here.clock_off_ms.map(|off| Sentence::ClockWrong { by: &span(off, language) }.text(language));
    let recalled = here.recalled.then(|| Sentence::ProtocolRecalled.text(language));
    let void = void.then(|| Label::Void.text(language).to_owned());
    [recalled, clock, void].into_iter().flatten().collect()
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
        NextReason::Urgent => Sentence::NextUrgent.text(language),
        NextReason::InOrder => Sentence::NextInOrder.text(language),
        NextReason::Clock { clock, due } => {
            let found = definition.clocks.iter().find(|found| found.id == *clock);
            let title = found.map_or(clock.as_str(), |found| found.title.get(language.code()));
            let apart = span(due - now, language);
            if *due < now {
                Sentence::NextOverdue { clock: title, over: &apart }.text(language)
            } else {
                Sentence::NextByClock { clock: title, left: &apart }.text(language)
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
        card(context, &step.id, Sentence::NextComment { who: &who }.text(language))
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
        progress: Sentence::StepsDone { done, of }.text(context.language),
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
    let may_submit = status.takes_submission()
        && submits(definition, reader, phase)
        && derived.has_begun(phase)
        && !is_void(state);
    let blocking = reader.author().into_iter().flat_map(|author| derived.blocking(phase, author));
    let titles: Vec<String> =
        blocking.map(|found| step_title(definition, &found.step.id, language)).collect();
    let titles: Vec<&str> = titles.iter().map(String::as_str).collect();
    let label = if status == PhaseStatus::Open { Label::ButtonSubmit } else { Label::ButtonSubmitAgain };
    PhaseView {
        phase,
        sentence: Sentence::PhaseLine { phase: &title, sentence: &sentence }.text(language),
        title,
        status,
        submit: (may_submit && titles.is_empty()).then(|| label.text(language).to_owned()),
        still_open: (may_submit && !titles.is_empty())
            .then(|| Sentence::StillOpen { steps: &crate::words::list(&titles, language) }.text(language)),
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
    let who = head.map(|body| context.name(&body.actor.person)).unwrap_or_default();
    let when = head.map(|body| context.when(body.at.corrected())).unwrap_or_default();
    match status {
        PhaseStatus::Open => Sentence::PhaseOpen.text(language),
        PhaseStatus::Submitted => Sentence::PhaseSubmitted { when: &when }.text(language),
        PhaseStatus::Answered => Sentence::PhaseAnswered { when: &when }.text(language),
        PhaseStatus::Approved => Sentence::PhaseApproved { who: &who }.text(language),
        PhaseStatus::Stale => Sentence::PhaseStale.text(language),
        PhaseStatus::Returned => {
            let steps: std::collections::BTreeSet<&str> = threads
                .iter()
                .filter(|thread| thread.state == ThreadState::Open)
                .filter_map(|thread| thread.step)
                .filter(|step| context.definition.step(step).is_some_and(|found| found.phase == phase))
                .collect();
            Sentence::PhaseReturned { who: &who, steps: steps.len() }.text(language)
        }
    }
}

fn calls(context: Context<'_>, derived: &Derived<'_>) -> Vec<CallView> {
    let Context { definition, here, language, .. } = context;
    derived
        .steps
        .iter()
        .filter(|record| record.state != StepState::NotApplicable)
        .filter_map(|record| {
            let partner = definition.partner(&record.step.partner.as_ref()?.id)?;
            let numbers: Vec<NumberView> = here
                .numbers
                .iter()
                .filter(|number| number.partner == partner.id)
                .map(|number| NumberView {
                    channel: channel_text(number.channel, language),
                    number: number.number.clone(),
                })
                .collect();
            Some(CallView {
                step: record.step.id.clone(),
                partner: partner.title.get(language.code()).to_owned(),
                why: partner.why.get(language.code()).to_owned(),
                state: record.state,
                state_text: super::people::state_label(record.state, language).to_owned(),
                no_number: if numbers.is_empty() {
                    Label::NoNumber.text(language).to_owned()
                } else {
                    String::new()
                },
                numbers,
                attempts: i32::try_from(record.entries.len()).unwrap_or(i32::MAX),
            })
        })
        .collect()
}

fn loose_notes(context: Context<'_>, state: &State) -> Vec<NoteView> {
    state
        .counting()
        .filter_map(|event| match event.kind() {
            Some(Kind::Noted { step, text })
                if step.as_deref().is_none_or(|step| context.definition.step(step).is_none()) =>
            {
                Some(NoteView { text: context.narrative(text), said: said_by(context, event) })
            }
            _ => None,
        })
        .collect()
}

/// Offers to this reader that were neither taken up nor declined.
fn offers(context: Context<'_>, state: &State) -> Vec<OfferView> {
    let me = &context.reader.actor.person;
    let settled: std::collections::BTreeSet<EventId> = state
        .counting()
        .filter_map(|event| match event.kind() {
            Some(Kind::Accepted { offer, .. } | Kind::Declined { offer }) => Some(*offer),
            _ => None,
        })
        .collect();
    state
        .counting()
        .filter_map(|event| match event.kind() {
            Some(Kind::Shared { to, .. }) if to == me && !settled.contains(&event.id) => {
                let who =
                    event.body.as_ref().map(|body| context.name(&body.actor.person)).unwrap_or_default();
                Some(OfferView {
                    id: event.id.to_string(),
                    sentence: Sentence::OfferJoin { who: &who }.text(context.language),
                    said: said_by(context, event),
                })
            }
            _ => None,
        })
        .collect()
}
