//! How far a phase is in review, and what the comment threads say.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::{Content, Derived, Event, EventId, Head, Install, Kind, PhaseMark, Register, State, ThreadMark};
use crate::protocol::{Author, Definition, Phase, Step};

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

impl PhaseStatus {
    /// Whether it can be submitted: for the first time, or again.
    pub fn takes_submission(self) -> bool {
        matches!(self, Self::Open | Self::Returned | Self::Stale)
    }

    /// Whether a supervisor is to look at it.
    pub fn waits_for_review(self) -> bool {
        matches!(self, Self::Submitted | Self::Answered | Self::Stale)
    }

    /// Whether it was submitted and not sent back.
    pub fn is_settled(self) -> bool {
        !matches!(self, Self::Open | Self::Returned)
    }
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

/// Whether an author can submit a phase: for the first time, or again after it was sent back. Those who share a phase
/// each submit their own part, whenever it is ready.
pub fn takes_submission_of(
    state: &State,
    definition: &Definition,
    derived: &Derived<'_>,
    phase: Phase,
    author: Author,
) -> bool {
    let status = phase_status(state, definition, phase);
    let own_part_waits = || {
        !is_submitted_by(state, phase, author) && derived.begun(phase).any(|found| found.step.by == author)
    };
    status.takes_submission() || status.waits_for_review() && own_part_waits()
}

/// Whether a step was submitted, with the part of its phase that its author submits, and not sent back since: a change of
/// it then needs a reason. What somebody else of the phase submitted says nothing about it.
pub fn is_settled(state: &State, definition: &Definition, step: &Step) -> bool {
    phase_status(state, definition, step.phase).is_settled() && is_submitted_by(state, step.phase, step.by)
}

fn is_submitted_by(state: &State, phase: Phase, author: Author) -> bool {
    state.writers(&Register::Phase(phase)).any(|event| submits_as(event, author))
}

pub(super) fn submits_as(event: &Event, author: Author) -> bool {
    event.body.as_ref().is_some_and(|body| {
        matches!(body.kind, Kind::Submitted { .. }) && body.actor.role.author() == Some(author)
    })
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
    let mut writers = state.writers(&Register::Phase(phase));
    writers.any(|event| matches!(event.kind(), Some(Kind::Returned { .. })))
}

/// The event that last brought the phase to where it is: the head to show first.
pub fn phase_head(state: &State, phase: Phase) -> Option<&Event> {
    state.heads(&Register::Phase(phase)).first().map(|head| head.event)
}

/// Every approval that stands missed something: a write of the phase, or one that was released later.
fn approval_is_stale(state: &State, definition: &Definition, phase: Phase, heads: &[Head<'_>]) -> bool {
    let missed_something = |covers: &BTreeMap<Install, Vec<EventId>>| {
        let covered = state.covered(covers.values().flatten());
        let released_later: BTreeSet<EventId> = state
            .counting_of(|kind| matches!(kind, Kind::Released { .. }))
            .filter(|event| !covered.contains(&event.id))
            .filter_map(|event| match event.kind() {
                Some(Kind::Released { id }) => Some(*id),
                _ => None,
            })
            .collect();
        state
            .counting()
            .filter(|event| writes_phase(event, definition, phase))
            .any(|event| !covered.contains(&event.id) || released_later.contains(&event.id))
    };
    heads
        .iter()
        .filter_map(|head| match head.event.kind() {
            Some(Kind::Approved { covers, .. }) => Some(covers),
            _ => None,
        })
        .all(missed_something)
}

fn writes_phase(event: &Event, definition: &Definition, phase: Phase) -> bool {
    event.kind().is_some_and(|kind| {
        let step = kind.step().and_then(|id| definition.step(id));
        kind.changes_a_step() && step.is_some_and(|step| step.phase == phase)
            || matches!(kind, Kind::Submitted { phase: submitted, .. } if *submitted == phase)
            // Another version may ask for something else: whoever approved looks again.
            || matches!(kind, Kind::Moved { .. })
    })
}

/// Every thread, oldest first.
pub fn threads(state: &State) -> Vec<Thread<'_>> {
    let mut replies: BTreeMap<EventId, Vec<&Event>> = BTreeMap::new();
    for event in state.counting_of(|kind| matches!(kind, Kind::Replied { .. })) {
        if let Some(Kind::Replied { thread, .. }) = event.kind() {
            replies.entry(*thread).or_default().push(event);
        }
    }
    state
        .counting_of(|kind| matches!(kind, Kind::Commented { .. }))
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

/// Whether the record was opened in error.
pub fn is_void(state: &State) -> bool {
    let heads = state.heads(&Register::Void);
    // Void against not void: it stays in sight until someone decides.
    !heads.is_empty() && heads.iter().all(|head| *head.content == Content::Void(true))
}
