//! A clock as it is drawn: the shell draws the digits and reads again when they change.

use super::Context;
use super::step::field_title;
use crate::protocol::{Clock, ClockReading, ClockResult, Instant, Outcome};
use crate::words::{ClockSentence, span};

/// One clock of a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClockView {
    pub id: String,
    pub title: String,
    pub state: ClockResult,
    /// The word for the state.
    pub state_text: String,
    /// A target for review, not a rule of law.
    pub soft: bool,
    /// When it ends, milliseconds since 1970 UTC.
    pub due_at_ms: Option<i64>,
    /// When this view is out of date: the next full minute while it runs.
    pub changes_at_ms: Option<i64>,
    /// `34 min left, until 22:44`.
    pub sentence: String,
    /// Where the moment it counts from was corrected: how it stands by the one that was entered first.
    pub first_entered: Option<String>,
}

const MINUTE: i64 = 60_000;

pub(super) fn clock_views(context: Context<'_>, readings: &[ClockReading]) -> Vec<ClockView> {
    let mut views: Vec<ClockView> = readings
        .iter()
        .filter_map(|reading| {
            let clock = context.definition.clocks.get(reading.clock)?;
            Some(clock_view(context, clock, reading))
        })
        .collect();
    // What presses comes first: overdue, then running by their end, then the rest.
    views.sort_by_key(|view| (rank(view.state), view.due_at_ms.unwrap_or(i64::MAX)));
    views
}

fn rank(state: ClockResult) -> u8 {
    match state {
        ClockResult::Missed => 0,
        ClockResult::Running => 1,
        ClockResult::Waiting => 2,
        ClockResult::MetLate => 3,
        ClockResult::Met => 4,
        ClockResult::Excused => 5,
    }
}

fn clock_view(context: Context<'_>, clock: &Clock, reading: &ClockReading) -> ClockView {
    let Context { language, now, .. } = context;
    let state = reading.result(now);
    let changes_at_ms = match (state, reading.due) {
        (ClockResult::Running | ClockResult::Missed, Some(due)) => {
            // The minutes said change when the distance to the end passes a full minute.
            Some((now + (MINUTE - (now - due).rem_euclid(MINUTE))).ms())
        }
        _ => None,
    };
    ClockView {
        id: clock.id.clone(),
        title: clock.title.get(language.code()).to_owned(),
        state,
        state_text: state_text(state).text(language).to_owned(),
        soft: clock.soft,
        due_at_ms: reading.due.map(Instant::ms),
        changes_at_ms,
        sentence: sentence(context, clock, reading.anchor, reading.due, reading.outcome, state),
        first_entered: reading.first_entered.map(|first| {
            let said =
                sentence(context, clock, Some(first.anchor), first.due, first.outcome, first.result(now));
            ClockSentence::FirstEntered { anchor: &context.when(first.anchor), sentence: &said }
                .text(language)
        }),
    }
}

fn state_text(state: ClockResult) -> crate::words::Label {
    use crate::words::Label;
    match state {
        ClockResult::Waiting => Label::ClockWaiting,
        ClockResult::Running => Label::ClockRunning,
        ClockResult::Met => Label::ClockMet,
        ClockResult::MetLate => Label::ClockMetLate,
        ClockResult::Missed => Label::ClockMissed,
        ClockResult::Excused => Label::ClockExcused,
    }
}

fn sentence(
    context: Context<'_>,
    clock: &Clock,
    begins: Option<Instant>,
    ends: Option<Instant>,
    outcome: Outcome,
    state: ClockResult,
) -> String {
    let Context { language, now, definition, .. } = context;
    let due = ends.unwrap_or(now);
    let apart = |from: Instant, to: Instant| span(to - from, language);
    let at = match outcome {
        Outcome::Met { at } => at.unwrap_or(due),
        Outcome::MetLate { at } => at,
        _ => due,
    };
    match state {
        ClockResult::Waiting => {
            let anchor = field_title(definition, &clock.from.field.step, &clock.from.field.field, language);
            ClockSentence::Waiting { anchor: &anchor }.text(language)
        }
        ClockResult::Running if ends.is_none() => ClockSentence::RunningOpen.text(language),
        ClockResult::Running => {
            ClockSentence::Running { left: &apart(now, due), at: &context.when(due) }.text(language)
        }
        ClockResult::Met if begins.is_some_and(|begins| at < begins) => {
            ClockSentence::MetBefore { at: &context.when(at) }.text(language)
        }
        ClockResult::Met => ClockSentence::Met { at: &context.when(at) }.text(language),
        ClockResult::MetLate => {
            ClockSentence::MetLate { at: &context.when(at), late: &apart(due, at) }.text(language)
        }
        ClockResult::Missed => {
            ClockSentence::Missed { over: &apart(due, now), at: &context.when(due) }.text(language)
        }
        ClockResult::Excused => ClockSentence::Excused.text(language),
    }
}
