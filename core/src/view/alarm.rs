//! What should ring, and when: from summaries alone, so that a shell can hand it to the phone before it is locked.
//!
//! The words are neutral: whoever sees the lock screen learns that something is due, and nothing else.

use crate::protocol::{Author, Clock, Condition, Deadline, Definition, Instant, Outcome};
use crate::record::Summary;
use crate::words::{ClockSentence, Language, clock_time};

/// One ring.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Alarm {
    /// When, milliseconds since 1970 UTC.
    pub at_ms: i64,
    /// Whose record it is about, for the screen that opens after unlock.
    pub encounter: String,
    /// A rule of law, not a target for review.
    pub strict: bool,
    /// `Something is due at 22:44.`
    pub text: String,
}

/// A phone takes so many; the rest are asked for again before they come.
pub const MOST_ALARMS: usize = 50;

const MINUTE: i64 = 60_000;

/// The rings from `now` on, the next one first, at most [`MOST_ALARMS`]: each running clock that this reader's steps can
/// meet rings once before it ends and once when it ends.
pub fn alarms<'s>(
    records: impl IntoIterator<Item = (&'s Summary, &'s Definition)>,
    reader: Author,
    language: Language,
    now: Instant,
) -> Vec<Alarm> {
    let mut alarms: Vec<Alarm> = records
        .into_iter()
        .filter(|(summary, _)| !summary.void && summary.same_as.is_none())
        .flat_map(|(summary, definition)| rings(summary, definition, reader, language))
        .filter(|alarm| alarm.at_ms >= now.ms())
        .collect();
    alarms.sort();
    alarms.dedup();
    alarms.truncate(MOST_ALARMS);
    alarms
}

fn rings(summary: &Summary, definition: &Definition, reader: Author, language: Language) -> Vec<Alarm> {
    let mut rings = Vec::new();
    for reading in summary.clocks.iter().filter(|clock| clock.outcome == Outcome::Running) {
        let clock = definition.clocks.iter().find(|clock| clock.id == reading.clock);
        let (Some(clock), Some(due)) = (clock, reading.due) else { continue };
        if !meets(definition, &clock.met_by, reader) {
            continue;
        }
        let ring = |at: Instant, text: ClockSentence<'_>| Alarm {
            at_ms: at.ms(),
            encounter: summary.encounter.to_string(),
            strict: !clock.soft,
            text: text.text(language),
        };
        let time = clock_time(due, &definition.time_zone);
        rings.push(ring(due - lead(clock), ClockSentence::AlarmSoon { at: &time }));
        rings.push(ring(due, ClockSentence::AlarmDue));
    }
    rings
}

/// How long before its end a clock rings: a sixth of it, from 5 minutes to 2 hours; one in days, six hours.
fn lead(clock: &Clock) -> i64 {
    match &clock.deadline {
        Deadline::WithinMinutes(minutes) => (i64::from(*minutes) / 6).clamp(5, 120) * MINUTE,
        Deadline::WithinDays { .. } => 6 * 60 * MINUTE,
        Deadline::Before(_) => 15 * MINUTE,
    }
}

/// Whether a step of this reader's can meet the condition.
fn meets(definition: &Definition, condition: &Condition, reader: Author) -> bool {
    let theirs = |step: &str| definition.step(step).is_some_and(|step| step.by == reader);
    match condition {
        Condition::All(parts) | Condition::Any(parts) => {
            parts.iter().any(|part| meets(definition, part, reader))
        }
        Condition::Not(part) => meets(definition, part, reader),
        Condition::Answer { field, .. } => theirs(&field.step),
        Condition::Step { id, .. } => theirs(id),
    }
}
