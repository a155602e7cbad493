//! Small words: who, which phase, which state, and what an encounter is called.

use super::Names;
use crate::protocol::{Author, Phase};
use crate::record::{EncounterId, Opened, PhaseStatus, StepState, code};
use crate::words::{Label, Language, clock_time};

/// `B · 21:14 · Century`: the same on phone, page, sheet and log.
pub fn handle(opened: &Opened, zone: &str, names: &dyn Names) -> String {
    let station = names.station(&opened.station).unwrap_or_else(|| opened.station.to_string());
    format!("{} · {} · {station}", opened.letter, clock_time(opened.wall, zone))
}

/// The handle of a record whose beginning has not arrived: its code.
pub(super) fn handle_or_code(
    encounter: EncounterId,
    opened: Option<&Opened>,
    zone: &str,
    names: &dyn Names,
) -> String {
    opened.map_or_else(|| code(encounter), |opened| handle(opened, zone, names))
}

/// The name of a phase.
pub fn phase_label(phase: Phase, language: Language) -> &'static str {
    match phase {
        Phase::Scene => Label::PhaseScene,
        Phase::FollowUp => Label::PhaseFollowUp,
        Phase::Outcome => Label::PhaseOutcome,
    }
    .text(language)
}

/// Whose step it is.
pub fn author_label(author: Author, language: Language) -> &'static str {
    match author {
        Author::Deputy => Label::ByDeputy,
        Author::Detective => Label::ByDetective,
        Author::Supervisor => Label::BySupervisor,
        Author::County => Label::ByCounty,
    }
    .text(language)
}

/// How far a phase is, in a word or two.
pub fn status_label(status: PhaseStatus, language: Language) -> &'static str {
    match status {
        PhaseStatus::Open => Label::StatusOpen,
        PhaseStatus::Submitted => Label::StatusSubmitted,
        PhaseStatus::Returned => Label::StatusReturned,
        PhaseStatus::Answered => Label::StatusAnswered,
        PhaseStatus::Approved => Label::StatusApproved,
        PhaseStatus::Stale => Label::StatusStale,
    }
    .text(language)
}

/// The name of a step's state.
pub fn state_label(state: StepState, language: Language) -> &'static str {
    match state {
        StepState::Todo => Label::StateTodo,
        StepState::MayApply => Label::StateMayApply,
        StepState::Started => Label::StateStarted,
        StepState::Waiting => Label::StateWaiting,
        StepState::Done => Label::StateDone,
        StepState::Cannot => Label::StateCannot,
        StepState::NotApplicable => Label::StateNotApplicable,
    }
    .text(language)
}
