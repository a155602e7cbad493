//! The first screen of a phone: its records, what waits, and whether the station has everything.

use super::encounter::kept;
use super::people::{handle_or_code, phase_label};
use super::{ClockView, Names};
use crate::protocol::{Definition, Instant, Outcome};
use crate::record::{PhaseStatus, Summary, code};
use crate::words::{Label, Language, PhaseSentence, StepSentence, SyncSentence, day_and_time, span};

/// The first screen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Home {
    pub rows: Vec<HomeRow>,
    /// What to say when there are none.
    pub nothing: String,
    pub sync: SyncLine,
    /// Warnings of the whole phone.
    pub notices: Vec<String>,
    pub can_start: bool,
}

/// One record in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HomeRow {
    pub id: String,
    pub handle: String,
    pub code: String,
    /// `At the scene: sent back by Sgt. Rivera` and the like, the phase that asks most first.
    pub sentence: String,
    pub kept: String,
    /// The clock that ends first.
    pub clock: String,
    pub due_at_ms: Option<i64>,
    /// It was sent back, or asks this person to take part.
    pub needs_you: bool,
    pub void: bool,
}

/// How the phone stands with the station.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SyncLine {
    /// `3 entries wait for a signal; they are safe here`.
    pub sentence: String,
    /// `Last sync 21:14`.
    pub last: String,
    pub unsent: i64,
}

/// Draws the row of a record from its summary alone.
pub fn home_row(
    summary: &Summary,
    definition: &Definition,
    unsent: Option<usize>,
    language: Language,
    now: Instant,
    names: &dyn Names,
) -> HomeRow {
    let zone = &definition.time_zone;
    let (clock, due) = first_clock(summary, definition, language, now);
    HomeRow {
        id: summary.encounter.to_string(),
        handle: handle_or_code(summary.encounter, summary.opened.as_ref(), zone, names),
        code: code(summary.encounter),
        sentence: if summary.void {
            Label::Void.text(language).to_owned()
        } else {
            phases_sentence(summary, zone, language, now, names)
        },
        kept: kept(unsent, language),
        clock: if summary.void { String::new() } else { clock },
        due_at_ms: due.filter(|_| !summary.void).map(Instant::ms),
        needs_you: summary.phases.values().any(|phase| phase.status == PhaseStatus::Returned),
        void: summary.void,
    }
}

/// Draws how the phone stands with the station.
pub fn sync_line(
    unsent: u64,
    last: Option<Instant>,
    now: Instant,
    zone: &str,
    language: Language,
) -> SyncLine {
    SyncLine {
        sentence: SyncSentence::Unsent { events: unsent }.text(language),
        last: last.map_or_else(
            || Label::SyncedNever.text(language).to_owned(),
            |at| SyncSentence::Synced { when: &day_and_time(at, now, zone, language) }.text(language),
        ),
        unsent: i64::try_from(unsent).unwrap_or(i64::MAX),
    }
}

/// How the phases stand: those that have moved, else that it is being recorded.
pub(super) fn phases_sentence(
    summary: &Summary,
    zone: &str,
    language: Language,
    now: Instant,
    names: &dyn Names,
) -> String {
    let moved: Vec<String> = summary
        .phases
        .iter()
        .filter(|(_, phase)| phase.status != PhaseStatus::Open)
        .map(|(phase, found)| {
            let who = found.by.as_ref().map(|person| names.name(person).unwrap_or_else(|| person.0.clone()));
            let who = who.unwrap_or_default();
            let when = found.since.map(|at| day_and_time(at, now, zone, language)).unwrap_or_default();
            let sentence = match found.status {
                PhaseStatus::Open => PhaseSentence::Open,
                PhaseStatus::Submitted => PhaseSentence::Submitted { when: &when },
                PhaseStatus::Returned => PhaseSentence::Returned { who: &who, steps: summary.threads_open },
                PhaseStatus::Answered => PhaseSentence::Answered { when: &when },
                PhaseStatus::Approved => PhaseSentence::Approved { who: &who },
                PhaseStatus::Stale => PhaseSentence::Stale,
            };
            let sentence = sentence.text(language);
            PhaseSentence::Line { phase: phase_label(*phase, language), sentence: &sentence }.text(language)
        })
        .collect();
    if moved.is_empty() { PhaseSentence::Open.text(language) } else { moved.join(". ") }
}

/// The running clock that ends first, as a sentence, and when.
pub(super) fn first_clock(
    summary: &Summary,
    definition: &Definition,
    language: Language,
    now: Instant,
) -> (String, Option<Instant>) {
    let running = summary.clocks.iter().filter(|clock| clock.outcome == Outcome::Running);
    let Some((due, clock)) = running.filter_map(|clock| clock.due.map(|due| (due, &clock.clock))).min()
    else {
        return (String::new(), None);
    };
    let title = definition.clocks.iter().find(|found| found.id == *clock);
    let title = title.map_or(clock.as_str(), |found| found.title.get(language.code()));
    let apart = span(due - now, language);
    let sentence = if due < now {
        StepSentence::NextOverdue { clock: title, over: &apart }
    } else {
        StepSentence::NextByClock { clock: title, left: &apart }
    };
    (sentence.text(language), Some(due))
}

impl ClockView {
    /// Whether it asks for haste.
    pub fn presses(&self) -> bool {
        use crate::protocol::ClockResult;
        matches!(self.state, ClockResult::Running | ClockResult::Missed)
    }
}
