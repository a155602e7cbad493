//! A row of the review queue: what needs a supervisor, oldest risk first.

use super::Names;
use super::home::{first_clock, phases_sentence};
use super::people::handle_or_code;
use crate::protocol::{Definition, Instant};
use crate::record::{PhaseStatus, Summary, code};
use crate::words::Language;

/// One record in the queue. It holds no identity and no narrative.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueueRow {
    pub id: String,
    pub handle: String,
    pub code: String,
    pub sentence: String,
    pub holder: String,
    pub clock: String,
    pub due: Option<Instant>,
    pub overdue: bool,
    /// It waits for a review, the first or another.
    pub waits: bool,
    /// Since when.
    pub since: Option<Instant>,
    pub conflicts: i32,
    pub threads_open: i32,
    pub held: i32,
}

/// Draws the row of a record from its summary alone.
pub fn queue_row(
    summary: &Summary,
    definition: &Definition,
    language: Language,
    now: Instant,
    names: &dyn Names,
) -> QueueRow {
    let zone = &definition.time_zone;
    let (clock, due) = first_clock(summary, definition, language, now);
    let waiting = summary
        .phases
        .values()
        .filter(|phase| {
            matches!(phase.status, PhaseStatus::Submitted | PhaseStatus::Answered | PhaseStatus::Stale)
        })
        .collect::<Vec<_>>();
    let holders: Vec<String> =
        summary.holder.iter().map(|person| names.name(person).unwrap_or_else(|| person.0.clone())).collect();
    let count = |n: usize| i32::try_from(n).unwrap_or(i32::MAX);
    QueueRow {
        id: summary.encounter.to_string(),
        handle: handle_or_code(summary.encounter, summary.opened.as_ref(), zone, names),
        code: code(summary.encounter),
        sentence: phases_sentence(summary, zone, language, now, names),
        holder: holders.join(", "),
        clock,
        due,
        overdue: due.is_some_and(|due| due < now),
        waits: !waiting.is_empty(),
        since: waiting.iter().filter_map(|phase| phase.since).min(),
        conflicts: count(summary.conflicts),
        threads_open: count(summary.threads_open),
        held: count(summary.held),
    }
}
