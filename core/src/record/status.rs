//! How far a phase is in review, and what the comment threads say.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::{Content, Event, EventId, Head, Kind, PhaseMark, Register, State, ThreadMark};
use crate::protocol::{Definition, Phase};

/// How far a phase is. What the station holds is not part of it: that is a receipt's word, not a fold's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PhaseStatus {
    /// Being recorded.
    Open,
    /// Waiting for review.
    Submitted,
    /// Sent back.
    Returned,
    /// Submitted again after it was sent back: look again.
    Answered,
    Approved,
    /// Approved, but something was written that the approval did not cover: look again.
    Stale,
}

/// A comment and what followed.
#[derive(Debug, Clone)]
pub struct Thread<'a> {
    pub comment: &'a Event,
    pub step: Option<&'a str>,
    pub text: &'a str,
    pub replies: Vec<&'a Event>,
    pub state: ThreadState,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ThreadState {
    Open,
    Replied,
    Resolved,
}

/// The status of a phase.
pub fn phase_status(state: &State, definition: &Definition, phase: Phase) -> PhaseStatus {
    let heads = state.heads(&Register::Phase(phase));
    let Some(mark) = decisive(&heads) else { return PhaseStatus::Open };
    match mark {
        PhaseMark::Returned => PhaseStatus::Returned,
        PhaseMark::Submitted if was_returned(state, phase) => PhaseStatus::Answered,
        PhaseMark::Submitted => PhaseStatus::Submitted,
        PhaseMark::Approved if approval_is_stale(state, definition, phase, &heads) => PhaseStatus::Stale,
        PhaseMark::Approved => PhaseStatus::Approved,
    }
}

/// When heads disagree the phase is what asks most of people: sent back before submitted before approved.
fn decisive(heads: &[Head<'_>]) -> Option<PhaseMark> {
    let marks: BTreeSet<PhaseMark> = heads.iter().filter_map(mark_of).collect();
    [PhaseMark::Returned, PhaseMark::Submitted, PhaseMark::Approved]
        .into_iter()
        .find(|mark| marks.contains(mark))
}

fn mark_of(head: &Head<'_>) -> Option<PhaseMark> {
    match head.content {
        Content::Phase(mark) => Some(*mark),
        _ => None,
    }
}

fn was_returned(state: &State, phase: Phase) -> bool {
    state.counting().iter().any(|event| event.kind() == Some(&Kind::Returned { phase }))
}

/// The event that last brought the phase to where it is: the head to show first.
pub fn phase_head(state: &State, phase: Phase) -> Option<&Event> {
    state.heads(&Register::Phase(phase)).first().map(|head| head.event)
}

fn approval_is_stale(state: &State, definition: &Definition, phase: Phase, heads: &[Head<'_>]) -> bool {
    let Some(Kind::Approved { covers, .. }) = heads.iter().find_map(|head| head.event.kind()) else {
        return false;
    };
    let covered = ancestors(state, covers.values().flatten());
    let writes_phase = |event: &Event| {
        event.kind().is_some_and(|kind| {
            let step = kind.step().and_then(|id| definition.step(id));
            kind.changes_a_step() && step.is_some_and(|step| step.phase == phase)
                || *kind == Kind::Submitted { phase }
        })
    };
    let released_later = state
        .counting()
        .into_iter()
        .filter_map(|event| match event.kind() {
            Some(Kind::Released { id }) if !covered.contains(&event.id) => Some(*id),
            _ => None,
        })
        .collect::<BTreeSet<EventId>>();
    state
        .counting()
        .into_iter()
        .filter(|event| writes_phase(event))
        .any(|event| !covered.contains(&event.id) || released_later.contains(&event.id))
}

/// `tips` and everything before them by `enc_prev`.
pub(crate) fn ancestors<'t>(state: &State, tips: impl Iterator<Item = &'t EventId>) -> BTreeSet<EventId> {
    let mut covered = BTreeSet::new();
    for tip in tips {
        let mut at = Some(*tip);
        while let Some(id) = at.filter(|id| covered.insert(*id)) {
            at = state.event(&id).and_then(|event| event.header.enc_prev);
        }
    }
    covered
}

/// Every thread, oldest first.
pub fn threads(state: &State) -> Vec<Thread<'_>> {
    let counting = state.counting();
    let mut replies: BTreeMap<EventId, Vec<&Event>> = BTreeMap::new();
    for event in &counting {
        if let Some(Kind::Replied { thread, .. }) = event.kind() {
            replies.entry(*thread).or_default().push(event);
        }
    }
    counting
        .iter()
        .filter_map(|event| match event.kind() {
            Some(Kind::Commented { step, text }) => Some(Thread {
                comment: event,
                step: step.as_deref(),
                text,
                replies: replies.remove(&event.id).unwrap_or_default(),
                state: thread_state(state, event.id),
            }),
            _ => None,
        })
        .collect()
}

/// A thread is what its least settled head says.
fn thread_state(state: &State, thread: EventId) -> ThreadState {
    let marks = state.heads(&Register::Thread(thread)).into_iter().filter_map(|head| match head.content {
        Content::Thread(mark) => Some(*mark),
        _ => None,
    });
    match marks.min() {
        None => ThreadState::Open,
        Some(ThreadMark::Replied) => ThreadState::Replied,
        Some(ThreadMark::Resolved) => ThreadState::Resolved,
    }
}

/// Whether the event changed a step after its phase was submitted or approved, without saying why.
pub fn changed_after_submission(state: &State, definition: &Definition, event: &Event) -> bool {
    let Some(body) = event.body.as_ref().filter(|body| body.kind.changes_a_step() && body.reason.is_none())
    else {
        return false;
    };
    let Some(step) = body.kind.step().and_then(|id| definition.step(id)) else { return false };
    let before = state
        .counting()
        .into_iter()
        .filter(|other| other.header.stamp < event.header.stamp)
        .filter_map(|other| match other.kind() {
            Some(Kind::Submitted { phase } | Kind::Approved { phase, .. }) if *phase == step.phase => {
                Some(true)
            }
            Some(Kind::Returned { phase }) if *phase == step.phase => Some(false),
            _ => None,
        })
        .next_back();
    before == Some(true)
}

/// Whether the record was opened in error.
pub fn is_void(state: &State) -> bool {
    let heads = state.heads(&Register::Void);
    // Void against not void: it stays in sight until someone decides.
    !heads.is_empty() && heads.iter().all(|head| *head.content == Content::Void(true))
}
